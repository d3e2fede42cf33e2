package core

import "posd/device/sale"

// replaces checks the sale that the request gives up; ok is false when it was refused.
func (c *Machine) replaces(w SellAsked) (*live, bool) {
	if w.Replaces == "" || w.Replaces == "none" {
		return nil, true
	}
	old := c.latest(w.Replaced)
	if old == nil {
		c.refuse(w.Token, sale.ErrInvalid, "", "replaces names sale %s, which does not exist: name a sale of this bill, or none for another customer", w.Replaces)
		return nil, false
	}
	same := old.Amount == w.Amount
	if w.Reference != "" || old.Reference != "" {
		same = w.Reference == old.Reference
	}
	if !same || !sameWay(&w, old) {
		c.refuse(w.Token, sale.ErrInvalid, old.ID, "sale %s is of another bill: only a sale of the same bill can be replaced", old.ID)
		return nil, false
	}
	if old.State == sale.Paid && !old.Undone() {
		c.refuse(w.Token, sale.ErrBillPaid, old.ID, "sale %s is paid: void or refund it first", old.ID)
		return nil, false
	}
	if old.State != sale.Unsure {
		return nil, true
	}
	return c.hold(*old), true
}

// sameBill refuses a second capture of one bill (money rule 6); it reports whether
// it did. A completion is of its authorisation's bill, and taken once: there is
// nothing to ask about it.
func (c *Machine) sameBill(w SellAsked, asked sale.Sale) bool {
	if w.Kind == sale.CardComplete {
		return false
	}
	for i := range w.SameBill {
		if c.ofSameBill(&w, &asked, c.latest(&w.SameBill[i])) {
			return true
		}
	}
	for _, l := range c.byAge {
		if c.ofSameBill(&w, &asked, &l.s) {
			return true
		}
	}
	return false
}

// ofSameBill refuses what is asked if a stored sale stands in its way.
func (c *Machine) ofSameBill(w *SellAsked, asked, s *sale.Sale) bool {
	if !sameWay(w, s) || string(s.ID) == w.Replaces || s.ReplacedBy != "" && string(s.ReplacedBy) == w.Replaces {
		return false // given up for the sale that is now given up in turn
	}
	byReference := asked.Reference != "" && s.Reference == asked.Reference
	byAmount := asked.Reference == "" && s.Amount == asked.Amount
	switch {
	case !byReference && !byAmount:
		return false
	case s.State == sale.Unsure && (byReference || c.recent(s.ID, wentUnsure)):
		c.refuse(w.Token, sale.ErrSameBill, s.ID, "sale %s of %s may still be paid: is this the same bill, or another customer?", s.ID, s.Amount)
		return true
	case s.State == sale.Paid && !s.Undone() && byReference && (s.Due == 0 || s.Due != asked.Amount):
		c.refuse(w.Token, sale.ErrBillPaid, s.ID, "bill %s is paid by sale %s of %s", s.Reference, s.ID, s.Amount)
		return true
	case s.State == sale.Paid && !s.Undone() && byAmount && c.recent(s.ID, wasPaid):
		c.refuse(w.Token, sale.ErrBillPaid, s.ID, "sale %s of the same amount was paid after all a moment ago: is this another customer?", s.ID)
		return true
	}
	return false
}

// sameWay reports whether a stored sale may be of the bill that is asked for:
// money taken and money given are never the same bill, and a completion goes
// with its authorisation.
func sameWay(w *SellAsked, s *sale.Sale) bool {
	if w.Original != nil && s.ID == w.Original.ID {
		return false
	}
	return (w.Kind == sale.CardReturn) == (s.Kind == sale.CardReturn)
}
