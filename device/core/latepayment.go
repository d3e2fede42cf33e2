package core

import "posd/device/sale"

// latePayment gives back what came after giving up, unless a person keeps it
// (money rule 7), or at once if the sale that replaced it is paid (rule 6).
func (c *Machine) latePayment(l *live) {
	l.s.Attention = "the customer has paid after all"
	if c.policy.LatePayment == "keep" && l.s.ReplacedBy == "" {
		return
	}
	if c.inCopy[l.s.ID] && c.gap != "" {
		c.incident(l, "the customer has paid after all, and it may have been given back already, for posd was "+c.gap+": look at IOTPay and at the terminal first")
		return
	}
	kind := sale.Refund
	if l.s.Method == sale.Card {
		kind = sale.Void
	}
	m := c.addMovement(l, sale.Movement{Kind: kind, Amount: l.s.ApprovedAmount, By: "posd", Why: "late payment"})
	c.planLate(l, m)
}

// planLate says when a late refund goes: at once when the bill is paid by
// another sale, not yet while that one is open, else after the minute in which
// a person may keep it.
func (c *Machine) planLate(l *live, m *sale.Movement) {
	mv := c.pending(l, m)
	switch {
	case l.s.ReplacerState == sale.Paid:
		m.Why, m.KeepUntil = "the bill was paid by sale "+string(l.s.ReplacedBy), nil
		mv.at = c.soon()
	case l.s.ReplacedBy != "" && l.s.ReplacerState == "":
		mv.at = timer{}
	default:
		until := c.wall().Add(c.policy.KeepFor)
		m.KeepUntil, mv.at = &until, c.timer(c.policy.KeepFor)
	}
	c.touch(l)
}

// happen stops a late refund before its first byte.
func (w KeepAsked) happen(c *Machine) {
	w.By = c.by(w.By)
	l := c.live[w.Sale.ID]
	if l != nil {
		for i := range l.s.Refunds {
			m := &l.s.Refunds[i]
			if m.State != sale.MovementWaiting || m.KeepUntil == nil || c.pending(l, m).sent {
				continue
			}
			c.movementIs(l, m, sale.MovementKept, "kept by "+w.By)
			l.waiting = append(l.waiting, Reply{Token: w.Token, Movement: m.ID})
			return
		}
	}
	c.refuse(w.Token, sale.ErrNotPossible, w.Sale.ID, "there is no late refund of sale %s that could still be stopped", w.Sale.ID)
}
