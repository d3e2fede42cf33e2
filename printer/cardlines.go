package printer

import (
	"strings"
	"time"

	"posd/device/sale"
)

// card lays a card purchase out, however it ended.
func (p *page) card(r sale.Receipt) {
	s := r.Sale
	p.text(Bold, Centre, p.Record)
	p.blank()
	p.text(Bold, Left, p.Purchase)
	p.cardFacts(s)
	p.rule()
	p.amounts(s)
	p.rule()
	p.chip(s.Card)
	p.outcome(s)
	p.cardCopy(r, s.State == sale.Paid)
}

// cardMovement lays a refund to the card, or a void, out. What the terminal
// said of the sale stands under its own heading: it is the original's.
func (p *page) cardMovement(r sale.Receipt, m sale.Movement) {
	s := r.Sale
	c := s.Card
	if c == nil {
		c = &sale.CardInfo{}
	}
	p.text(Bold, Centre, p.Record)
	p.blank()
	p.text(Bold, Left, p.movementName(m))
	p.pair(0, p.DateTime, m.CreatedAt.In(p.Zone).Format(timeForm))
	p.pair(0, p.movementNo(m), m.ID)
	p.pair(0, p.Card, cardName(c.Type))
	p.pair(0, p.CardNumber, MaskCard(c.Number))
	p.pair(0, p.Account, p.account(c.Account))
	p.pair(0, p.Terminal, safe(c.TerminalID))
	p.pair(0, p.By, m.By)
	p.rule()
	p.total(p.movementName(m), s.Currency, m.Amount)
	p.rule()
	if s.State == sale.Paid {
		p.original(s, c)
	}
	p.blank()
	p.movementOutcome(m, p.Approved, p.Declined)
	p.cardCopy(r, m.State == sale.MoveDone)
}

// original prints the sale that a refund or void belongs to.
func (p *page) original(s sale.Sale, c *sale.CardInfo) {
	p.text(Bold, Left, p.Original)
	p.pair(0, p.SaleNo, string(s.ID))
	p.pair(0, p.Bill, s.Reference)
	p.pair(0, p.DateTime, p.when(s))
	p.pair(0, p.Entry, p.entry(c.Entry))
	p.pair(0, p.Reference, reference(c))
	p.pair(0, p.Auth, safe(c.AuthCode))
	p.pair(0, p.Total, s.Currency+" "+s.Taken().String())
}

func (p *page) movementName(m sale.Movement) string {
	if m.Kind == sale.Void {
		return p.Void
	}
	return p.Refund
}

// movementNo names the number of a refund or void.
func (p *page) movementNo(m sale.Movement) string {
	if m.Kind == sale.Void {
		return p.Reference
	}
	return p.RefundNo
}

// movementOutcome says what became of a refund or void.
func (p *page) movementOutcome(m sale.Movement, done, refused string) {
	switch m.State {
	case sale.MoveDone:
		p.text(Bold, Centre, done)
	case sale.MoveRefused, sale.MoveKept:
		p.text(Bold, Centre, refused)
		p.text(0, Centre, safe(m.Words))
	default:
		p.text(Bold, Centre, p.Unknown)
	}
}

// cardFacts prints what identifies the transaction, as the terminal gave it.
func (p *page) cardFacts(s sale.Sale) {
	c := s.Card
	if c == nil {
		c = &sale.CardInfo{}
	}
	p.pair(0, p.DateTime, p.when(s))
	p.pair(0, p.Bill, s.Reference)
	if !p.CardQR {
		p.pair(0, p.SaleNo, string(s.ID))
	}
	p.pair(0, p.Card, cardName(safe(c.Type)))
	p.pair(0, p.CardNumber, MaskCard(c.Number))
	p.pair(0, p.Account, p.account(safe(c.Account)))
	p.pair(0, p.Entry, p.entry(c.Entry))
	p.pair(0, p.Reference, reference(c))
	p.pair(0, p.Retrieval, safe13(c.Reference))
	p.pair(0, p.Terminal, safe(c.TerminalID))
	p.pair(0, p.Invoice, safe(c.Invoice))
	switch {
	case c.AuthCode != "":
		p.pair(0, p.Auth, safe(c.AuthCode))
	case s.State == sale.Declined:
		p.title(0, p.Auth, "")
	}
}

// chip prints what the card's chip said.
func (p *page) chip(c *sale.CardInfo) {
	if c == nil || c.AID == "" && c.Label == "" {
		return
	}
	p.text(0, Left, safe(c.Label))
	p.pair(0, p.AID, c.AID)
	p.pair(0, p.TVR, c.TVR)
	p.pair(0, p.TSI, c.TSI)
}

// amounts prints asked, tip, cashback, surcharge and total; of a partial
// approval what was taken and what is still due.
func (p *page) amounts(s sale.Sale) {
	if s.State == sale.Paid && s.Due > 0 {
		p.amount(p.Asked, s.Charged())
		p.total(p.Total, s.Currency, s.ApprovedAmount)
		p.pair(Bold, p.Due, s.Currency+" "+s.Due.String())
		return
	}
	p.amount(p.Amount, s.Amount)
	p.amount(p.Tip, s.Tip)
	p.amount(p.Cashback, s.Cashback)
	p.amount(p.Surcharge, s.Surcharge)
	p.total(p.Total, s.Currency, s.Charged())
}

// outcome prints the answer: posd's words for it, and the host's own.
func (p *page) outcome(s sale.Sale) {
	c := s.Card
	if c == nil {
		c = &sale.CardInfo{}
	}
	p.blank()
	verdict := p.Unknown
	switch s.State {
	case sale.Paid:
		verdict = p.Approved
		if s.Due > 0 {
			verdict = p.Partial
		}
	case sale.Declined:
		verdict = p.Declined
	case sale.Cancelled:
		verdict = p.Incomplete
	}
	p.text(Bold, Centre, strings.TrimSpace(safe(c.HostCode)+" "+verdict))
	if text := safe(c.HostText); text != "" && !strings.Contains(verdict, strings.ToUpper(text)) {
		p.text(0, Centre, text)
	} else if text == "" && (s.State == sale.Declined || s.State == sale.Cancelled) {
		p.text(0, Centre, safe(s.Words))
	}
	if s.State == sale.Paid && s.Offline {
		p.text(0, Centre, p.Offline)
	}
	if s.Settled != nil {
		p.text(0, Centre, p.Settled+": "+s.Settled.By)
	}
}

// cardCopy prints how the cardholder was verified and for whom the copy is.
func (p *page) cardCopy(r sale.Receipt, approved bool) {
	c := r.Sale.Card
	if approved && c != nil {
		refund := r.Movement != ""
		signs := c.CVM == "signature" || refund && c.Account == ""
		switch {
		case r.Copy == sale.MerchantCopy && signs && !p.voided(r):
			p.blank()
			p.blankLines(2)
			p.rule()
			p.text(0, Centre, p.Sign)
		case refund:
		case c.CVM == "pin":
			p.text(0, Centre, p.PIN)
		case c.CVM == "none" || c.CVM == "device":
			p.text(0, Centre, p.NoSign)
		}
	}
	p.blank()
	if r.Copy == sale.MerchantCopy {
		p.text(0, Centre, p.Merchant)
		return
	}
	p.text(0, Centre, p.Retain)
	p.text(0, Centre, p.Customer)
}

// voided reports whether the receipt is of a void, which nobody signs.
func (p *page) voided(r sale.Receipt) bool {
	m, ok := findMovement(r)
	return ok && m.Kind == sale.Void
}

// blankLines leaves room to sign.
func (p *page) blankLines(n int) {
	for range n {
		p.lines = append(p.lines, Line{})
	}
}

// timeForm is year, month, day and 24 hours: read the same way in every language here.
const timeForm = "2006-01-02 15:04:05"

// when is the terminal's own time if it told one, else posd's in the shop's zone.
func (p *page) when(s sale.Sale) string {
	if s.Card != nil {
		if t, err := time.Parse("20060102150405", s.Card.TerminalTime); err == nil {
			return t.Format(timeForm)
		}
	}
	t := s.CreatedAt
	if s.FinalAt != nil {
		t = *s.FinalAt
	}
	return t.In(p.Zone).Format(timeForm)
}

func (p *page) account(a string) string {
	switch strings.ToLower(a) {
	case "chequing":
		return p.Chequing
	case "savings":
		return p.Savings
	case "default":
		return p.Flash
	}
	return strings.ToUpper(a)
}

func (p *page) entry(e sale.EntryMode) string {
	switch e {
	case sale.EntryChip:
		return p.Chip
	case sale.EntryTap:
		return p.Tap
	case sale.EntrySwipe:
		return p.Swiped
	case sale.EntryManual:
		return p.Manual
	}
	return strings.ToUpper(string(e))
}

// cardName is the card's name; the Canadian debit scheme is called by its own.
func cardName(t string) string {
	if strings.EqualFold(t, "debit") {
		return "INTERAC"
	}
	return strings.ToUpper(t)
}

// reference is terminal, batch and sequence with the letter of the entry.
func reference(c *sale.CardInfo) string {
	letter := map[sale.EntryMode]string{sale.EntryChip: "C", sale.EntryTap: "H", sale.EntrySwipe: "S", sale.EntryManual: "M"}[c.Entry]
	if c.Transaction == "" {
		return ""
	}
	return strings.Join(strings.Fields(safe(c.TerminalID)+" "+safe(c.Batch)+" "+safe(c.Transaction)+" "+letter), " ")
}
