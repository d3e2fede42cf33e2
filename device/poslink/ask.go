package poslink

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posd/device"
	"posd/device/books"
	"posd/device/door"
	"posd/device/sale"
)

// Till is what a register's wishes are asked of.
type Till interface {
	Sell(ctx context.Context, r device.SellRequest) (s sale.Sale, replayed bool, err error)
	Refund(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Void(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Cancel(ctx context.Context, id sale.ID) (sale.Sale, error)
	Sale(ctx context.Context, id sale.ID) (sale.Sale, error)
	// Await returns the sale once it is enough, or as it stands with ctx's error.
	Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error)
	Sales(ctx context.Context, f sale.Filter) ([]sale.Sale, error)
	CloseDay(ctx context.Context, r device.CloseRequest) (books.Books, error)
}

// pay asks the till for what a register wants and waits until it has ended, or
// until nobody can tell for so long that the register must hear of it.
func (s *Server) pay(ctx context.Context, x *exchange, p payment) result {
	if p.kind == typeVoid || p.kind == typeReturn && (p.original != "" || p.href != "") {
		return s.giveBack(ctx, x, p)
	}
	return s.sell(ctx, x, p)
}

func (s *Server) sell(ctx context.Context, x *exchange, p payment) result {
	r := device.SellRequest{Key: x.Key, Amount: p.amount, Method: s.method(p), Foreign: p.ref}
	r.AllowDuplicate = p.again && r.Method == sale.Card
	if s.c.Reference == referenceBill && p.ref != "" {
		r.Reference = p.ref
	}
	if p.again {
		r.Replaces = "none" // the cashier was asked, and means another payment
	}
	if p.command == "T02" {
		r.Tender = sale.Debit
	}
	switch p.kind {
	case typeReturn:
		r.Kind, r.By, r.Why = sale.CardReturn, s.c.By, "asked for by the register"
	case typeAuth:
		r.Kind = sale.CardAuth
	case typeComplete:
		auth, ok, err := s.original(ctx, p)
		if err != nil {
			return unavailable(err)
		} else if !ok {
			return s.refusal(x, errNoOriginal)
		}
		r.Kind, r.Original = sale.CardComplete, auth.ID
	}
	made, replayed, err := s.till.Sell(ctx, r)
	if err != nil {
		return s.refusal(x, err)
	}
	s.desk.begun(x, made.ID, replayed)
	return ended(s.await(ctx, made, func(now sale.Sale) bool { return now.State == sale.Waiting }, func(now sale.Sale) bool { return now.State.Final() }))
}

// method is how a register wants to be paid: by card, or by the wallet that its
// gift tender stands for here.
func (s *Server) method(p payment) sale.Method {
	if p.command == "T06" {
		return s.c.Gift
	}
	return sale.Card
}

func (s *Server) giveBack(ctx context.Context, x *exchange, p payment) result {
	from, ok, err := s.original(ctx, p)
	if err != nil {
		return unavailable(err)
	} else if !ok {
		return s.refusal(x, errNoOriginal)
	}
	do := s.till.Void
	if p.kind == typeReturn || from.Method.Wallet() { // of which there is no void
		do = s.till.Refund
	}
	made, id, replayed, err := do(ctx, device.GiveBackRequest{Key: x.Key, Sale: from.ID, Amount: p.amount, By: s.c.By, Why: "asked for by the register"})
	if err != nil {
		return s.refusal(x, err)
	}
	s.desk.begun(x, made.ID, replayed)
	find := func(now sale.Sale) (sale.Movement, bool) {
		i := slices.IndexFunc(now.Refunds, func(m sale.Movement) bool { return m.ID == id })
		if i < 0 {
			return sale.Movement{}, false
		}
		return now.Refunds[i], true
	}
	state := func(want func(sale.Movement) bool) func(sale.Sale) bool {
		return func(now sale.Sale) bool { m, ok := find(now); return ok && want(m) }
	}
	now := s.await(ctx, made, state(func(m sale.Movement) bool { return m.State == sale.MovementWaiting }), state(sale.Movement.Final))
	m, ok := find(now)
	if !ok {
		return result{code: codeNoAnswer, text: "TIMEOUT CHECK TERMINAL", sale: &now}
	}
	return gaveBack(now, m)
}

// await follows a sale until done. Once it has been held for long it returns as
// soon as nobody works at it.
func (s *Server) await(ctx context.Context, made sale.Sale, working, done func(sale.Sale) bool) sale.Sale {
	held, cancel := context.WithTimeout(ctx, s.c.HoldFor)
	defer cancel()
	now, err := s.till.Await(held, made.ID, done)
	if err != nil && ctx.Err() == nil {
		now, err = s.till.Await(ctx, made.ID, func(now sale.Sale) bool { return done(now) || !working(now) })
	}
	if err != nil {
		return made // it is under way, and how it ends is not known here
	}
	return now
}

// original finds the sale that a register means: by its ID, which earlier
// answers gave as the host's reference, or by the terminal's transaction number,
// the newest of that number; numbers begin again with each batch.
func (s *Server) original(ctx context.Context, p payment) (sale.Sale, bool, error) {
	if p.href != "" {
		found, err := s.till.Sale(ctx, sale.ID(p.href))
		if errors.Is(err, sale.ErrNotFound) {
			return found, false, nil
		}
		return found, err == nil, err
	}
	if p.original == "" {
		return sale.Sale{}, false, nil
	}
	list, err := s.till.Sales(ctx, sale.Filter{Method: sale.Card, State: sale.Paid, Limit: 500})
	if err != nil {
		return sale.Sale{}, false, err
	}
	i := slices.IndexFunc(list, func(v sale.Sale) bool {
		return v.Card != nil && strings.TrimLeft(v.Card.Transaction, "0") == p.original && (p.auth == "" || p.auth == v.Card.AuthCode)
	})
	if i < 0 {
		return sale.Sale{}, false, nil
	}
	return list[i], true, nil
}

// errNoOriginal is the refusal of what names no sale that is known here.
var errNoOriginal = &sale.Refusal{Kind: sale.ErrNotFound, Words: "the register names no sale that is known here"}

// refusal says in a terminal's words why nothing was begun, if the error proves that.
func (s *Server) refusal(x *exchange, err error) result {
	switch {
	case !door.NothingBegun(err, x.asked):
		s.log.Warn("it is not known what came of a register's wish; the same frame asks again", "err", err)
		return unavailable(err)
	case errors.Is(err, sale.ErrTillBusy), errors.Is(err, sale.ErrTerminalHeld):
		return refused(codeRefused, "TERMINAL BUSY")
	case errors.Is(err, sale.ErrBillPaid), errors.Is(err, sale.ErrSameBill):
		return refused(codeDuplicate, "DUP TRANSACTION")
	case errors.Is(err, sale.ErrNotFound):
		return refused(codeNotFound, "NOT FOUND")
	case errors.Is(err, sale.ErrNoDevice), errors.Is(err, sale.ErrUnavailable):
		return refused(codeLineError, "TERMINAL UNAVAILABLE")
	}
	return refused(codeRefused, "NOT POSSIBLE")
}

// unavailable answers an error of which it is not known how far it came: the
// exchange stands, and the same frame asks again under its key.
func unavailable(error) result {
	return result{code: codeNoAnswer, text: "TIMEOUT CHECK TERMINAL", sale: &sale.Sale{}}
}
