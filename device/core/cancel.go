package core

import "posd/device/sale"

// happen takes a cashier's wish. It is not a state: the other side decides, unless
// there is proof that nothing reached it or no code reached glass.
func (w CancelAsked) happen(c *Machine) {
	l := c.live[w.Sale.ID]
	if l == nil || l.s.State.Final() {
		s := c.latest(&w.Sale)
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s has ended already: it is %s", s.ID, s.State)
		return
	}
	if l.s.Method == sale.Cash {
		c.refuse(w.Token, sale.ErrNotPossible, l.s.ID, "the cash of sale %s is taken: give it back by a refund", l.s.ID)
		return
	}
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	c.urgent()
	switch {
	case l.tip != nil:
		c.tipOver(l)
		c.notSent(l, "cancelled before it was sent")
	case l.s.Method == sale.Card && len(l.s.Attempts) > 0:
		l.s.CancelWished = true
		c.event(l, "sale.cancel-wished", "")
		c.after(Abort{})
	case l.watch != nil && !l.watch.shown: // this run knows that no code reached glass
		c.attemptIs(l, sale.AttemptEnded, "no code was shown")
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotShown, words: "cancelled before a code was shown"})
	default:
		l.s.GivenUp, l.s.CancelWished = true, true
		if !c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonCashier, words: "cancelled here, still watched"}) {
			c.event(l, "sale.given-up", "cancelled here, still watched")
		}
	}
}
