package core

import "posd/device/sale"

// live is a sale that the step still holds: under way, watched, or not durable yet.
type live struct {
	s        sale.Sale
	dirty    bool
	writes   int      // commits under way that hold it
	waiting  []Reply  // answers that wait for its first commit
	seek     *seek    // a card attempt or movement being looked up
	watch    *watch   // an order being asked about
	tip      *tipping // the customer is asked for a tip: nothing was sent yet
	pending  map[string]*pendingMovement
	replaced *live // the sale it replaces, while both are live
	// replacedWasGivenUp restores that sale if this one's intent cannot be stored.
	replacedWasGivenUp bool
}

// hold takes a sale into the step's hands.
func (c *Machine) hold(s sale.Sale) *live {
	if l := c.live[s.ID]; l != nil {
		return l
	}
	l := &live{s: s.Clone(), pending: map[string]*pendingMovement{}}
	if f := c.facts[s.ID]; f != nil { // the journal that s was read from does not say it yet
		f.tell(&l.s)
	}
	c.live[s.ID] = l
	c.byAge = append(c.byAge, l)
	return l
}

// latest returns the sale as the step holds it, which is newer than what was read.
func (c *Machine) latest(s *sale.Sale) *sale.Sale {
	if s == nil {
		return nil
	}
	if l := c.live[s.ID]; l != nil {
		return &l.s
	}
	return s
}

func (c *Machine) touch(l *live) {
	if !l.dirty {
		l.dirty = true
		c.dirty = append(c.dirty, l)
	}
}

// attempt returns the sale's latest attempt.
func (l *live) attempt() *sale.Attempt { return &l.s.Attempts[len(l.s.Attempts)-1] }

func (c *Machine) newAttempt(l *live) *sale.Attempt {
	a := sale.Attempt{State: sale.AttemptIntended, StartedAt: c.wall()}
	if l.s.Method == sale.Card {
		a.Ref = c.newRef()
	} else {
		a.Ref = c.newID()
		l.s.MchOrderNo = a.Ref
	}
	l.s.Attempts = append(l.s.Attempts, a)
	return l.attempt()
}

// fact is what became of the receipt or report of a sale that the step does
// not hold. Until it is durable it is told to whoever takes the sale up again:
// the journal would answer with what was before.
type fact struct {
	writes   int
	printed  sale.Printed
	reported sale.Reported
}

// fact updates a sale's receipt or report, whether the step still holds the sale or not.
func (c *Machine) fact(id sale.ID, printed sale.Printed, reported sale.Reported) {
	if l := c.live[id]; l != nil {
		(&fact{printed: printed, reported: reported}).tell(&l.s)
		c.touch(l)
		return
	}
	c.row(sale.FactRow{Sale: id, Printed: printed, Reported: reported})
	f := c.facts[id]
	if f == nil {
		f = &fact{}
		c.facts[id] = f
	}
	f.writes++
	if printed != "" {
		f.printed = printed
	}
	if reported != "" {
		f.reported = reported
	}
}

func (f *fact) tell(s *sale.Sale) {
	if f.printed != "" {
		s.Printed = f.printed
	}
	if f.reported != "" {
		s.Reported = f.reported
	}
}
