package printer

import (
	"cmp"

	"posd/device/sale"
)

// wallet lays a purchase by wallet or in cash out. No scheme prescribes its form.
func (p *page) wallet(r sale.Receipt) {
	s := r.Sale
	p.text(Bold, Centre, p.Receipt)
	p.blank()
	p.text(Bold, Left, p.Purchase)
	p.walletFacts(s)
	p.rule()
	p.bought(s)
	if s.Amount != s.Charged() {
		p.amount(p.Amount, s.Amount)
		p.amount(p.Tip, s.Tip)
		p.amount(p.Rounding, s.Rounding)
	}
	p.total(p.Total, s.Currency, s.Charged())
	if s.Method == sale.Cash {
		p.pair(0, p.Given, s.Given.String())
		p.pair(0, p.Change, (s.Given - s.Charged()).String())
	}
	p.rule()
	p.blank()
	switch s.State {
	case sale.Paid:
		p.text(Bold|Tall, Centre, p.Paid)
	case sale.Declined, sale.Cancelled:
		p.text(Bold|Tall, Centre, p.NotPaid)
		p.text(0, Centre, safe(s.Words))
	default:
		p.text(Bold, Centre, p.Unknown)
	}
	if s.Resolved != nil {
		p.text(0, Centre, p.Resolved+": "+s.Resolved.By)
	}
	p.copy(r)
}

// bought prints what the amount is made of, as far as the request told.
func (p *page) bought(s sale.Sale) {
	for _, i := range s.Items {
		p.pair(0, i.Name, i.Amount.String())
	}
	if len(s.Items) > 0 {
		p.rule()
	}
	p.amount(p.Subtotal, s.Subtotal)
	for _, t := range s.Taxes {
		p.pair(0, t.Name, t.Amount.String())
	}
}

// walletMovement lays a refund at the gateway, or in cash, out.
func (p *page) walletMovement(r sale.Receipt, m sale.Movement) {
	s := r.Sale
	p.text(Bold, Centre, p.Receipt)
	p.blank()
	p.text(Bold, Left, p.movementName(m))
	p.pair(0, p.DateTime, m.CreatedAt.In(p.Zone).Format(timeForm))
	p.pair(0, p.RefundNo, m.ID)
	p.pair(0, p.By, m.By)
	p.rule()
	p.total(p.movementName(m), s.Currency, m.Amount)
	p.rule()
	p.text(Bold, Left, p.Original)
	p.walletFacts(s)
	p.pair(0, p.Total, s.Currency+" "+s.Taken().String())
	p.blank()
	p.movementOutcome(m, orNone(nil), p.Refunded, p.NotBack)
	p.copy(r)
}

// walletFacts prints what identifies the order here and at the gateway.
func (p *page) walletFacts(s sale.Sale) {
	p.pair(0, p.DateTime, p.when(orNone(s.Card), s.FinalAt, s.CreatedAt))
	if s.Method == sale.Cash {
		p.text(0, Left, p.Cash)
	} else {
		p.pair(0, p.Wallet, p.walletName(s))
	}
	p.pair(0, p.Bill, s.Reference)
	p.pair(0, p.SaleNo, string(s.ID))
	p.pair(0, p.OrderNo, s.MchOrderNo)
	p.pair(0, p.GatewayNo, s.PayOrderID)
}

func (p *page) copy(r sale.Receipt) {
	p.blank()
	if r.Copy == sale.MerchantCopy {
		p.text(0, Centre, p.Merchant)
	} else {
		p.text(0, Centre, p.Customer)
	}
}

// walletName is the wallet that paid; of a scanned code the channel knows it. A
// brand that wants its mark on receipts stands instead of its own wallet, and
// beside any other.
func (p *page) walletName(s sale.Sale) string {
	wallet := cmp.Or(s.ChannelID.Wallet(), s.Method)
	switch {
	case s.Brand == "":
		return p.mark(wallet)
	case wallet == sale.Alipay:
		return string(s.Brand)
	}
	return p.mark(wallet) + ", " + string(s.Brand)
}

// mark is the name that a wallet goes by.
func (w words) mark(m sale.Method) string {
	switch m {
	case sale.WeChat:
		return w.WeChat
	case sale.Alipay:
		return w.Alipay
	case sale.UnionPay:
		return w.UnionPay
	}
	return w.AnyWallet
}
