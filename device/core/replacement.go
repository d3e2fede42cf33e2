package core

import "posd/device/sale"

// passOn makes the new sale stand for the bill towards every older one of its
// chain: whichever of them is paid after all is undone if the new one is paid.
func (c *Machine) passOn(old sale.ID, to *live) {
	for _, l := range c.byAge {
		if l.s.ReplacedBy == old {
			l.s.ReplacedBy, l.s.ReplacerState = to.s.ID, ""
			for i := range l.s.Refunds {
				if m := &l.s.Refunds[i]; l.s.State == sale.Paid && m.State == sale.MovementWaiting && !c.pending(l, m).sent {
					m.KeepUntil, c.pending(l, m).at = nil, timer{}
				}
			}
			c.touch(l)
		}
	}
}

// tellReplaced tells both sides of a replacement how the other ended.
func (c *Machine) tellReplaced(l *live) {
	if l.s.Replaces == "" || l.s.Replaces == "none" {
		return
	}
	for _, old := range c.byAge {
		if old.s.ReplacedBy == l.s.ID {
			c.replacementEnded(old, l)
		}
	}
}

func (c *Machine) replacementEnded(old, l *live) {
	old.s.ReplacerState = l.s.State
	c.event(old, "sale.replacement-ended", string(l.s.State))
	if old.s.State != sale.Paid {
		return
	}
	for i := range old.s.Refunds {
		m := &old.s.Refunds[i]
		if m.State == sale.MovementWaiting && !c.pending(old, m).sent {
			c.planLate(old, m)
			return
		}
	}
	if l.s.State == sale.Paid && len(old.s.Refunds) == 0 {
		c.latePayment(old)
	}
}

// notReplaced follows a replacement that could not be stored. The old sale may
// have been paid in between: its late refund then waits for a sale that never
// was. It has its minute now, or is kept if nobody had given the sale up.
func (c *Machine) notReplaced(l *live) {
	c.touch(l)
	for i := range l.s.Refunds {
		m := &l.s.Refunds[i]
		if m.State != sale.MovementWaiting || c.pending(l, m).sent {
			continue
		}
		if l.s.GivenUp {
			c.planLate(l, m)
		} else {
			c.movementIs(l, m, sale.MovementKept, "the sale that was to replace it could not be stored")
		}
	}
}
