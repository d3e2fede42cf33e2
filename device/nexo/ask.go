package nexo

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posd/device"
	"posd/device/sale"
)

// pay takes a payment, or gives money back that comes from no sale, and waits for its end.
func (s *Server) pay(ctx context.Context, h header, p paymentRequest) map[string]any {
	amounts := p.PaymentTransaction.AmountsReq
	amount, err := cents(amounts.RequestedAmount)
	refund := p.PaymentData.PaymentType == "Refund"
	switch {
	case err != nil:
		return s.unpaid(p, failed("MessageFormat", err.Error()))
	case amounts.refused() != "":
		return s.unpaid(p, failed("NotAllowed", amounts.refused()))
	case !refund && p.PaymentData.PaymentType != "" && p.PaymentData.PaymentType != "Normal":
		return s.unpaid(p, failed("NotAllowed", "of payments Normal and Refund are taken"))
	}
	ask := device.SellRequest{Amount: amount, Currency: amounts.Currency, Method: sale.Card}
	if name := p.SaleData.SaleTransactionID.TransactionID; named(name) {
		ask.Foreign = name
	}
	if refund {
		ask.Kind, ask.By, ask.Why = sale.CardReturn, s.c.By, "asked for by the register"
	}
	x, err := s.begin(ctx, h, p, func(ctx context.Context, x *exchange) error {
		x.Asked, x.Refund = p.SaleData.SaleTransactionID, refund
		ask.Key = x.Key
		if err := s.desk.begin(x); err != nil {
			return noteFault(err)
		}
		made, _, err := s.till.Sell(ctx, ask)
		if err == nil {
			s.desk.begun(x, made.ID, "")
		}
		return err
	})
	if err != nil {
		return s.unpaid(p, refusal(err))
	}
	return s.follow(ctx, x)
}

// begin asks the till for something, unless it was asked before and took it. The
// error is a refusal, of which nothing was begun, or errOpen.
func (s *Server) begin(ctx context.Context, h header, body any, ask func(context.Context, *exchange) error) (exchange, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askLimit) // a register that goes away stops nothing
	defer cancel()
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	x, err := s.desk.take(h, body)
	if err != nil {
		return exchange{}, err
	}
	if x.Sale != "" {
		return *x, nil
	}
	if err := ask(ctx, x); err != nil {
		if !s.desk.refused(x, err) {
			err = errOpen
		}
		return exchange{}, err
	}
	return *x, nil
}

// errOpen says that it is not known whether anything was begun.
var errOpen = errors.New("posd cannot tell yet whether this was begun: ask for it again under the same ServiceID")

// noteFault is the refusal of what cannot be noted, and so is not begun.
func noteFault(err error) error {
	return &sale.Refusal{Kind: sale.ErrNoDevice, Words: "posd cannot write the request down, so nothing was sent: " + err.Error()}
}

// follow waits until a transaction has ended, or has been held for long.
func (s *Server) follow(ctx context.Context, x exchange) map[string]any {
	held, cancel := context.WithTimeout(ctx, s.c.HoldFor)
	defer cancel()
	now, err := s.till.Await(held, x.Sale, x.over)
	if ctx.Err() != nil {
		return nil // the register is gone; what it began goes on
	}
	if err != nil && now.ID == "" {
		now = sale.Sale{ID: x.Sale, State: sale.Unsure}
	}
	return s.told(x, now)
}

// told is the response about a transaction as it stands.
func (s *Server) told(x exchange, now sale.Sale) map[string]any {
	if x.over(now) {
		s.desk.mu.Lock()
		kept, ok := s.desk.kept.Find(func(k *exchange) bool { return k.Name == x.Name })
		if ok {
			x.Aborted = kept.Aborted // meanwhile, perhaps
		}
		s.desk.mu.Unlock()
		if ok {
			s.desk.ended(kept)
		}
	}
	if x.Movement != "" {
		return reversalResponse(x, now)
	}
	return paymentResponse(x, now)
}

// over reports whether a transaction has ended.
func (x exchange) over(now sale.Sale) bool {
	if x.Movement == "" {
		return now.State.Final()
	}
	m, ok := movement(now, x.Movement)
	return ok && m.Final()
}

func movement(s sale.Sale, id string) (sale.Movement, bool) {
	i := slices.IndexFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == id })
	if i < 0 {
		return sale.Movement{}, false
	}
	return s.Refunds[i], true
}

// reverse undoes a payment, or gives a part of it back.
func (s *Server) reverse(ctx context.Context, h header, r reversalRequest) map[string]any {
	id, _, _ := strings.Cut(r.OriginalPOITransaction.POITransactionID.TransactionID, ".")
	part := sale.Amount(0)
	if r.ReversedAmount != "" {
		var err error
		if part, err = cents(r.ReversedAmount); err != nil {
			return failed("MessageFormat", err.Error())
		}
	}
	of, err := s.till.Sale(ctx, sale.ID(id))
	if err != nil {
		return refusal(err)
	}
	x, err := s.begin(ctx, h, r, func(ctx context.Context, x *exchange) error {
		x.Asked = r.OriginalPOITransaction.POITransactionID
		if x.Reversal == "" {
			x.Reversal = string(sale.Void)
			if of.Method.Wallet() || part > 0 && part != of.ApprovedAmount {
				x.Reversal = string(sale.Refund)
			}
		}
		if err := s.desk.begin(x); err != nil {
			return noteFault(err)
		}
		err := s.giveBack(ctx, x, of, part)
		if x.Reversal == string(sale.Void) && errors.Is(err, sale.ErrNotPossible) { // its batch is closed, say
			x.Reversal = string(sale.Refund)
			if err := s.desk.kept.Note(x); err != nil {
				return noteFault(err)
			}
			err = s.giveBack(ctx, x, of, part)
		}
		return err
	})
	if err != nil {
		return refusal(err)
	}
	return s.follow(ctx, x)
}

func (s *Server) giveBack(ctx context.Context, x *exchange, of sale.Sale, part sale.Amount) error {
	ask := device.GiveBackRequest{Key: x.Key, Sale: of.ID, By: s.c.By, Why: "asked for by the register"}
	do := s.till.Void
	if x.Reversal == string(sale.Refund) {
		do, ask.Amount = s.till.Refund, part
	}
	made, id, _, err := do(ctx, ask)
	if err == nil {
		s.desk.begun(x, made.ID, id)
	}
	return err
}

// status says what became of an earlier request. What posd cannot tell is in progress.
func (s *Server) status(ctx context.Context, h header, m *messageReference) map[string]any {
	x, ok, err := s.desk.find(ctx, h, m)
	switch {
	case !ok:
		return failed("NotFound", "no transaction is known by this name")
	case err != nil || x.Sale == "":
		return failed("InProgress", "posd cannot tell yet")
	}
	now, err := s.till.Sale(ctx, x.Sale)
	if err != nil || !x.over(now) {
		return failed("InProgress", "it has not ended yet")
	}
	repeated := under("PaymentResponse", s.told(x, now))
	if x.Movement != "" {
		repeated = under("ReversalResponse", s.told(x, now))
	}
	was := x.Header
	was.MessageType = "Response"
	return map[string]any{"Response": map[string]any{"Result": "Success"},
		"MessageReference":        messageReference{was.MessageCategory, was.SaleID, was.ServiceID, was.POIID},
		"RepeatedMessageResponse": map[string]any{"MessageHeader": was, "RepeatedResponseMessageBody": repeated}}
}
