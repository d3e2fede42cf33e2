package core_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// shop is the cashier and the customers. The cashier is honest about which
// bill is which, and as impatient and clumsy as people are.
type shop struct {
	bills []*bill
	asked map[core.Token]*ask
	token core.Token
	keys  map[string]sale.ID // what posd said a key belongs to: for ever
	bare  bool               // bills have no numbers
}

type bill struct {
	n      int
	amount sale.Amount
	ref    string
	sales  []sale.ID
	tries  int
	left   bool          // the customer has gone
	kind   sale.CardKind // return: money is given; else taken
}

// ask is a request whose answer the cashier waits for.
type ask struct {
	bill *bill
	req  payRequest // if it is one for a payment
	// holds is the authorisation that a completion takes.
	holds   *sale.Sale
	closing bool // the day is to be closed, and nothing stands in the way
}

// payRequest is what a cashier asks to be paid.
type payRequest struct {
	Key, Reference, Replaces, By string
	Amount                       sale.Amount
	Method                       sale.Method
	Kind                         sale.CardKind
	AuthCode                     sale.Secret
}

func (s *shop) init() { s.keys = map[string]sale.ID{} }

// lifeBegins repeats what an earlier run was asked and did not answer, under the same keys.
func (s *shop) lifeBegins(w *world) {
	tokens := make([]core.Token, 0, len(s.asked))
	for t := range s.asked {
		tokens = append(tokens, t)
	}
	slices.Sort(tokens)
	for _, t := range tokens {
		if a := s.asked[t]; a.req.Key != "" && w.rnd.IntN(2) == 0 {
			w.after(w.human(time.Second, 5*time.Second), func() { s.send(w, a) })
		}
	}
	s.asked = map[core.Token]*ask{}
}

// open lets n customers come, one after the other.
func (s *shop) open(w *world, n int) {
	if n == 0 {
		return
	}
	b := &bill{n: len(s.bills), amount: sale.Amount(500 + w.rnd.IntN(5)*100)}
	if !s.bare {
		b.ref = fmt.Sprintf("BILL-%d", b.n)
	}
	s.bills = append(s.bills, b)
	if w.chance(0.2) {
		items := []sale.Item{{Name: "tea", Amount: b.amount}}
		s.ask(w, func(t core.Token) core.Event { return core.DisplayAsked{Token: t, Items: items} }, nil)
	}
	s.sell(w, b, "")
	s.serve(w, b, n)
}

// serve looks at the sale every few seconds and does what a cashier would.
func (s *shop) serve(w *world, b *bill, n int) {
	w.after(w.human(time.Second, 20*time.Second), func() {
		if w.machine == nil {
			s.serve(w, b, n)
			return
		}
		last, ok := s.lookUp(w, b)
		switch {
		case ok && last.State == sale.Waiting && len(last.Attempts) == 0 && last.Method != sale.Cash && w.chance(0.7):
			tip := core.TipChosen{Sale: last, Tip: sale.Amount(w.rnd.IntN(3) * 75)}
			s.ask(w, func(t core.Token) core.Event { tip.Token = t; return tip }, nil)
		case !ok || last.State == sale.Cancelled || last.State == sale.Declined:
			if b.tries > 5 || w.chance(0.2) {
				b.left = true
			} else {
				s.sell(w, b, "")
			}
		case last.State == sale.Paid:
			b.left = s.paid(w, b, last)
		case last.State == sale.Waiting && w.chance(0.15):
			cancel := core.CancelAsked{Sale: last}
			s.ask(w, func(t core.Token) core.Event { cancel.Token = t; return cancel }, nil)
		case last.State == sale.Unsure:
			if last.Attention != "" && w.chance(0.2) {
				s.resolve(w, last)
			} else if w.chance(0.5) {
				s.sell(w, b, "")
			} else {
				b.left = w.chance(0.5)
			}
		}
		for i := range s.bills {
			s.keepSome(w, s.bills[i])
		}
		if w.chance(0.1) {
			s.retry(w)
		}
		if w.chance(0.02) {
			s.closeDay(w)
		}
		if w.chance(0.01) && w.wires == nil && b.kind == "" {
			s.giveMoney(w)
		}
		if b.left || b.tries > 8 || w.calm {
			w.after(w.human(time.Second, 30*time.Second), func() { s.open(w, n-1) })
			return
		}
		s.serve(w, b, n)
	})
}

// paid is what happens to some sales once they are paid; it reports whether the
// customer leaves.
func (s *shop) paid(w *world, b *bill, st sale.Sale) bool {
	if st.Kind == sale.CardAuth && w.chance(0.8) {
		s.complete(w, b, st)
		return false
	}
	if held, ok := w.disk.Rows.Sales[st.Original]; ok && w.chance(0.2) {
		s.complete(w, b, held) // forgotten that it is done
		return true
	}
	if w.chance(0.15) {
		s.giveBack(w, b, st)
	}
	if st.Offline && w.chance(0.7) {
		s.uploaded(w, st)
	}
	if w.chance(0.1) {
		s.ask(w, func(t core.Token) core.Event { return core.PrintAsked{Token: t, Sale: st} }, nil)
	}
	return true
}

// complete takes what an authorisation holds, or less, now and then by two taps.
func (s *shop) complete(w *world, b *bill, held sale.Sale) {
	b.tries++
	r := payRequest{Key: fmt.Sprintf("c%d-%d", b.n, b.tries), Amount: held.Amount - sale.Amount(w.rnd.IntN(2)*100), Method: sale.Card, Kind: sale.CardComplete}
	for range 1 + w.rnd.IntN(2) {
		s.send(w, &ask{bill: b, req: r, holds: &held})
		r.Key += "x"
	}
}

// lookUp returns the bill's latest sale as posd knows it.
func (s *shop) lookUp(w *world, b *bill) (st sale.Sale, ok bool) {
	for i := len(b.sales) - 1; i >= 0; i-- {
		if st, _, ok = w.machine.Sale(b.sales[i]); ok {
			return st, true
		}
		if st, ok = w.disk.Rows.Sales[b.sales[i]]; ok {
			return st, true
		}
	}
	return st, false
}

var simMethods = []sale.Method{sale.Card, sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan}

func (s *shop) sell(w *world, b *bill, replaces sale.ID) {
	b.tries++
	r := payRequest{Key: fmt.Sprintf("k%d-%d", b.n, b.tries), Amount: b.amount, Method: simMethods[w.rnd.IntN(len(simMethods))], Reference: b.ref, Replaces: string(replaces)}
	switch {
	case b.kind == sale.CardReturn:
		r.Method, r.Kind, r.By, r.Replaces = sale.Card, sale.CardReturn, "Ann", ""
	case r.Method == sale.Scan:
		r.AuthCode = secretCode
	case r.Method == sale.Card && w.wires == nil && w.chance(0.15):
		r.Kind = sale.CardAuth
	}
	s.send(w, &ask{bill: b, req: r})
	if w.chance(0.1) { // a double tap
		s.send(w, &ask{bill: b, req: r})
	}
}

// send asks as the shell does: look up, step and queue in one turn.
func (s *shop) send(w *world, a *ask) {
	if w.machine == nil {
		return
	}
	r := a.req
	s.ask(w, func(t core.Token) core.Event {
		ev := core.SellAsked{
			Token: t, Key: r.Key, Amount: r.Amount, Method: r.Method, Reference: r.Reference, Replaces: r.Replaces, AuthCode: r.AuthCode,
			Kind: r.Kind, By: r.By, Original: a.holds, Digest: r.Key + string(r.Method) + r.Replaces, Queue: w.disk.Stats(),
		}
		if h, err := w.disk.Key(context.Background(), r.Key); err == nil {
			st := w.disk.Rows.Sales[h.Sale]
			ev.Bound, ev.BoundSale = &h, &st
		}
		ev.SameBill, _ = w.disk.SameBill(context.Background(), r.Reference)
		if r.Reference == "" {
			for _, id := range w.machine.PaidLately() {
				ev.SameBill = append(ev.SameBill, w.disk.Rows.Sales[id])
			}
		}
		if old, ok := w.disk.Rows.Sales[sale.ID(r.Replaces)]; ok {
			ev.Replaced = &old
		}
		if a.holds != nil {
			ev.Completions, _ = w.disk.Completions(context.Background(), a.holds.ID)
		}
		return ev
	}, a)
}

func (s *shop) ask(w *world, build func(t core.Token) core.Event, a *ask) {
	if w.machine == nil {
		return
	}
	s.token++
	if a == nil {
		a = &ask{}
	}
	s.asked[s.token] = a
	w.step(build(s.token))
}

// answered takes posd's answer to a request: what it says must be durable (I4).
func (s *shop) answered(w *world, r *core.Reply) {
	a := s.asked[r.Token]
	delete(s.asked, r.Token)
	if a == nil {
		return
	}
	if r.Err == nil && r.Sale.ID != "" {
		w.acknowledged(r)
	}
	if no, ok := r.Err.(*sale.Refusal); ok && a.closing && no.Kind == sale.ErrUnavailable {
		w.fail("the day cannot be closed although all is well: %s", no.Words)
	}
	if a.bill == nil || a.req.Key == "" {
		return
	}
	if r.Err == nil && r.Sale.ID == "" {
		w.fail("I4: key %s is answered with a sale that is none", a.req.Key)
	}
	if r.Err == nil {
		w.say("cashier: bill %d is sale %s (%s), %s", a.bill.n, r.Sale.ID, a.req.Method, r.Sale.State)
		if was, ok := s.keys[a.req.Key]; ok && was != r.Sale.ID {
			w.fail("I4: key %s belongs to sale %s and to sale %s", a.req.Key, was, r.Sale.ID)
		}
		s.keys[a.req.Key] = r.Sale.ID
		if !slices.Contains(a.bill.sales, r.Sale.ID) {
			a.bill.sales = append(a.bill.sales, r.Sale.ID)
		}
		return
	}
	no, ok := r.Err.(*sale.Refusal)
	if !ok {
		w.fail("refused without words: %v", r.Err)
		return
	}
	w.say("cashier: bill %d is refused: %s", a.bill.n, no.Words)
	if no.Kind == sale.ErrUnavailable && w.chance(0.3) { // the application repeats it under its key
		w.after(w.human(time.Second, 20*time.Second), func() { s.send(w, a) })
	}
	if no.Kind == sale.ErrSameBill && !w.chance(0.3) {
		bill := a.bill
		w.after(w.human(time.Second, 5*time.Second), func() {
			if w.machine != nil {
				other := no.Other
				if s.bare && !slices.Contains(bill.sales, other) {
					other = "none" // another customer's
				}
				s.sell(w, bill, other)
			}
		})
	}
}

// giveBack asks for a refund or a void, now and then of a part, now and then twice.
func (s *shop) giveBack(w *world, b *bill, st sale.Sale) {
	kind, amount := sale.Refund, sale.Amount(0)
	if st.Method == sale.Card && (w.rnd.IntN(2) == 0 || !st.Captures()) {
		kind = sale.Void
	} else if w.rnd.IntN(3) == 0 {
		amount = st.Amount / 2
	}
	s.returnMoney(w, b, st, kind, amount)
	if amount > 0 && st.Method == sale.Card { // a part goes back, and then the customer wants none of it
		w.after(w.human(30*time.Second, 2*time.Minute), func() {
			if w.machine == nil {
				return
			}
			if now, ok := s.lookUp(w, b); ok {
				s.returnMoney(w, b, now, sale.Void, 0)
			}
		})
	}
}

func (s *shop) returnMoney(w *world, b *bill, st sale.Sale, kind sale.MovementKind, amount sale.Amount) {
	key := fmt.Sprintf("m%d-%d", b.n, w.order)
	for try := range 1 + w.rnd.IntN(2) {
		s.ask(w, func(t core.Token) core.Event { // what a wallet may not take is asked for again, or left
			ev := core.GiveBackAsked{Token: t, Key: key, Digest: key, Kind: kind, Sale: st, Amount: amount, By: "Ann", Anyway: try > 0}
			if h, err := w.disk.Key(context.Background(), key); err == nil {
				now := w.disk.Rows.Sales[h.Sale]
				ev.Bound, ev.BoundSale = &h, &now
			}
			if rep, ok := w.disk.Rows.Reports[st.MchOrderNo]; ok {
				ev.Report = &rep
			}
			return ev
		}, &ask{bill: b})
	}
}

// keepSome keeps a late payment now and then.
func (s *shop) keepSome(w *world, b *bill) {
	if w.machine == nil || !w.chance(0.02) {
		return
	}
	if st, ok := s.lookUp(w, b); ok {
		s.ask(w, func(t core.Token) core.Event { return core.KeepAsked{Token: t, Sale: st, By: "Ann"} }, nil)
	}
}

// resolve is a person's word on a sale that posd cannot tell; people look at
// the terminal's paper, and now and then at the wrong line.
func (s *shop) resolve(w *world, st sale.Sale) {
	as := sale.Cancelled
	if w.captured(st) != w.chance(0.1) {
		as = sale.Paid
	}
	w.say("cashier: resolves sale %s as %s", st.ID, as)
	s.ask(w, func(t core.Token) core.Event {
		return core.ResolveAsked{Token: t, Sale: st, As: as, By: "Ann", Reason: "the paper says so"}
	}, nil)
}

// retry is a person who has mended what was set aside, and lets go what was held.
func (s *shop) retry(w *world) {
	reports, _ := w.disk.Reports(context.Background(), 1000)
	reports = slices.DeleteFunc(reports, func(r sale.Report) bool { return r.State == sale.QueueDue })
	if len(reports) == 0 {
		return
	}
	for _, r := range reports {
		delete(w.gateway.blocked, r.No)
	}
	w.say("manager: %d reports may go again", len(reports))
	s.ask(w, func(t core.Token) core.Event { return core.RetryAsked{Token: t, Reports: reports} }, nil)
}

// look is the customer in front of the display: a code that was seen may be paid
// at any time from then on, on glass or not.
func (s *shop) look(w *world, g sale.Screen) {
	o := w.gateway.orders[w.gateway.codes[g.Code]]
	if g.Code == "" || o == nil || o.shown {
		return
	}
	o.shown = true
	no := o.no
	if w.rnd.IntN(10) < 7 {
		w.after(w.human(2*time.Second, 4*time.Minute), func() { w.gateway.pay(w, no) })
	} else if w.rnd.IntN(2) == 0 {
		w.after(w.human(10*time.Second, 20*time.Minute), func() { w.gateway.close(w, no, sale.StatusClosedByBuyer) })
	}
}
