package device

import (
	"context"
	"fmt"
	"time"

	"posd/device/sale"
)

// shop is the cashier and the customers. The cashier is honest about which
// bill is which, and as impatient and clumsy as people are.
type shop struct {
	bills []*bill
	at    *bill
	asked map[sale.Token]*ask
	token sale.Token
	paper []sale.Receipt
	seen  map[string]bool // codes a customer has looked at
}

type bill struct {
	n      int
	amount sale.Amount
	ref    string
	sales  []sale.ID
	tries  int
	left   bool // the customer has gone
}

// ask is a request whose answer the cashier waits for.
type ask struct {
	bill *bill
	req  SellRequest
	move bool
}

func (s *shop) lifeBegins() {
	s.asked = map[sale.Token]*ask{}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
}

// open lets n customers come, one after the other.
func (s *shop) open(w *world, n int) {
	if n == 0 {
		return
	}
	b := &bill{n: len(s.bills), amount: sale.Amount(500 + w.rnd.IntN(5)*100)}
	b.ref = fmt.Sprintf("BILL-%d", b.n)
	s.bills, s.at = append(s.bills, b), b
	s.sell(w, b, "")
	s.serve(w, b, n)
}

// serve looks at the sale every few seconds and does what a cashier would.
func (s *shop) serve(w *world, b *bill, n int) {
	w.after(w.between(time.Second, 20*time.Second), func() {
		if w.core == nil {
			s.serve(w, b, n)
			return
		}
		last := s.lookUp(w, b)
		switch {
		case last == nil || last.State == sale.Cancelled || last.State == sale.Declined:
			if b.tries > 5 || w.chance(0.2) {
				b.left = true
			} else {
				s.sell(w, b, "")
			}
		case last.State == sale.Paid:
			b.left = true
			if w.chance(0.15) {
				s.giveBack(w, b, *last)
			}
		case last.State == sale.Waiting && w.chance(0.15):
			s.ask(w, func(t sale.Token) sale.Happening { return sale.CancelAsked{Token: t, Sale: *last} }, nil)
		case last.State == sale.Unsure:
			if w.chance(0.5) {
				s.sell(w, b, "")
			} else {
				b.left = w.chance(0.5)
			}
		}
		for i := range s.bills {
			s.keepSome(w, s.bills[i])
		}
		if b.left || b.tries > 8 || w.calm {
			w.after(w.between(time.Second, 30*time.Second), func() { s.open(w, n-1) })
			return
		}
		s.serve(w, b, n)
	})
}

// lookUp returns the bill's latest sale as posd knows it, or nil.
func (s *shop) lookUp(w *world, b *bill) *sale.Sale {
	for i := len(b.sales) - 1; i >= 0; i-- {
		if l := w.core.live[b.sales[i]]; l != nil {
			return &l.s
		}
		if st, ok := w.disk.sales[b.sales[i]]; ok {
			return &st
		}
	}
	return nil
}

var simMethods = []sale.Method{sale.Card, sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan}

func (s *shop) sell(w *world, b *bill, replaces sale.ID) {
	b.tries++
	r := SellRequest{Key: fmt.Sprintf("k%d-%d", b.n, b.tries), Amount: b.amount, Method: simMethods[w.rnd.IntN(len(simMethods))], Reference: b.ref, Replaces: string(replaces)}
	if r.Method == sale.Scan {
		r.AuthCode = "130000000000000000"
	}
	s.send(w, &ask{bill: b, req: r})
	if w.chance(0.1) { // a double tap
		s.send(w, &ask{bill: b, req: r})
	}
}

// send asks as the shell does: look up, step and queue in one turn.
func (s *shop) send(w *world, a *ask) {
	if w.core == nil {
		return
	}
	r := a.req
	s.ask(w, func(t sale.Token) sale.Happening {
		ev := sale.SellAsked{
			Token: t, Key: r.Key, Amount: r.Amount, Method: r.Method, Reference: r.Reference, Replaces: r.Replaces, AuthCode: r.AuthCode,
			Digest: digest("sell", r.Amount, r.Currency, r.Method, r.Reference, r.Replaces),
		}
		if h, err := w.disk.Key(context.Background(), r.Key); err == nil {
			st := w.disk.sales[h.Sale]
			ev.Hit, ev.HitSale = &h, &st
		}
		ev.Bill, _ = w.disk.SameBill(context.Background(), r.Reference, r.Amount, w.wall().Add(-simPolicy.BillWindow))
		if old, ok := w.disk.sales[sale.ID(r.Replaces)]; ok {
			ev.Replaced = &old
		}
		return ev
	}, a)
}

func (s *shop) ask(w *world, build func(t sale.Token) sale.Happening, a *ask) {
	s.token++
	if a != nil {
		s.asked[s.token] = a
	}
	w.step(build(s.token))
}

// answered takes posd's answer to a request.
func (s *shop) answered(w *world, r sale.Reply) {
	a := s.asked[r.Token]
	delete(s.asked, r.Token)
	if a == nil || a.move {
		return
	}
	if r.Err == nil {
		w.say("cashier: bill %d is sale %s (%s), %s", a.bill.n, r.Sale.ID, a.req.Method, r.Sale.State)
		if _, ok := w.disk.sales[r.Sale.ID]; !ok {
			w.fail("sale %s was accepted and is not stored", r.Sale.ID)
		}
		a.bill.sales = append(a.bill.sales, r.Sale.ID)
		return
	}
	no, ok := r.Err.(*Refusal)
	if !ok {
		w.fail("refused without words: %v", r.Err)
		return
	}
	w.say("cashier: bill %d is refused: %s", a.bill.n, no.Words)
	if no.Kind == ErrSameBill && !w.chance(0.3) {
		bill := a.bill
		w.after(w.between(time.Second, 5*time.Second), func() {
			if w.core != nil {
				s.sell(w, bill, no.Other)
			}
		})
	}
}

// giveBack asks for a refund or a void.
func (s *shop) giveBack(w *world, b *bill, st sale.Sale) {
	kind := sale.Refund
	if st.Method == sale.Card && w.rnd.IntN(2) == 0 {
		kind = sale.Void
	}
	key := fmt.Sprintf("m%d-%d", b.n, w.order)
	s.ask(w, func(t sale.Token) sale.Happening {
		ev := sale.MoveAsked{Token: t, Key: key, Digest: digest(key), Kind: kind, Sale: st, By: "Ann"}
		if rep, ok := w.disk.reports[st.MchOrderNo]; ok {
			ev.Report = &rep
		}
		return ev
	}, &ask{bill: b, move: true})
}

// keepSome keeps a late payment now and then.
func (s *shop) keepSome(w *world, b *bill) {
	if w.core == nil || !w.chance(0.02) {
		return
	}
	if st := s.lookUp(w, b); st != nil {
		at := *st
		s.ask(w, func(t sale.Token) sale.Happening { return sale.KeepAsked{Token: t, Sale: at, By: "Ann"} }, &ask{bill: b, move: true})
	}
}

// look is the customer in front of the display: a code that was seen may be paid
// at any time from then on, on glass or not.
func (s *shop) look(w *world, g sale.Screen) {
	if g.Code == "" || s.seen[g.Code] {
		return
	}
	s.seen[g.Code] = true
	no := g.Code[len("code:"):]
	if w.rnd.IntN(10) < 7 {
		w.after(w.between(2*time.Second, 4*time.Minute), func() { w.gateway.pay(w, no) })
	} else if w.rnd.IntN(2) == 0 {
		w.after(w.between(10*time.Second, 20*time.Minute), func() { w.gateway.close(w, no, sale.StatusClosedByBuyer) })
	}
}

func (g *wallet) pay(w *world, no string) {
	if o := g.orders[no]; o != nil && !o.status.Closed() && !o.status.Paid() {
		o.status, o.paidAt = sale.StatusPaid, w.now
		w.say("customer: pays %s of %s", no, o.amount)
	}
}

func (g *wallet) close(w *world, no string, st sale.OrderStatus) {
	if o := g.orders[no]; o != nil && !o.status.Closed() && !o.status.Paid() {
		o.status = st
		w.say("gateway: closes %s unpaid", no)
	}
}
