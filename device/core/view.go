package core

import (
	"cmp"
	"fmt"
	"iter"
	"time"

	"posd/device/sale"
)

// Whoever runs a machine may ask it between two steps. What it answers is a
// copy: nothing outside changes a machine but Step.

// Sale returns a sale that the machine holds, as it stands; durable is false
// while a row about it is not committed.
func (c *Machine) Sale(id sale.ID) (s sale.Sale, durable, ok bool) {
	l := c.live[id]
	if l == nil {
		return s, false, false
	}
	return l.s.Clone(), l.writes == 0, true
}

// Sales returns the sales that the machine holds, in the order of creation.
func (c *Machine) Sales() iter.Seq[sale.Sale] {
	return func(yield func(sale.Sale) bool) {
		for _, l := range c.byAge {
			if !yield(l.s.Clone()) {
				return
			}
		}
	}
}

// Amend tells a sale read from the journal what is not durable yet of its
// receipt and its report.
func (c *Machine) Amend(s *sale.Sale) {
	if f := c.facts[s.ID]; f != nil {
		f.tell(s)
	}
}

// Current returns the sale that is under way, or else the latest one of this
// run; it is empty if there was none.
func (c *Machine) Current() sale.ID {
	if c.current != "" {
		return c.current
	}
	return c.glass.last
}

// PaidLately returns the sales that were unsure and became paid within the bill
// window: who asks for a payment without a bill's number may mean one of them.
func (c *Machine) PaidLately() []sale.ID {
	var ids []sale.ID
	for _, m := range c.moments {
		if m.What == wasPaid && c.within(m) {
			ids = append(ids, m.Sale)
		}
	}
	return ids
}

// Gap says in words what a restore could not learn of; empty if there is nothing.
func (c *Machine) Gap() string { return c.gap }

// Steady returns the clock by which reports are due, at a moment of this run.
func (c *Machine) Steady(mono time.Duration) time.Time {
	return c.anchor.Add(c.ran + mono).Truncate(time.Millisecond)
}

// Awaited returns the sale whose order the gateway is still asked about; ok is
// false for an order whose end is known, or that is not ours.
func (c *Machine) Awaited(mchOrderNo string) (s sale.Sale, ok bool) {
	for _, l := range c.byAge {
		if l.watch != nil && l.watch.no == mchOrderNo {
			s, ok = l.s.Clone(), true
		}
	}
	return s, ok
}

// Screen returns what the customer sees.
func (c *Machine) Screen() sale.Screen { return c.glass.shown }

// Link is the link to the gateway as people see it.
type Link struct {
	State string        // up, down or stopped
	Words string        // why it is not up
	Next  time.Duration // when the gateway is turned to again, on the machine's clock; 0 if the link is up or an answer is waited for
}

// Link returns the state of the link to the gateway.
func (c *Machine) Link() Link {
	l := Link{State: c.queue.link, Words: c.queue.words}
	if c.queue.link != LinkUp {
		l.Next = c.queue.at.at
	}
	return l
}

// OpenDay returns the number of the open business day and when the one before was closed.
func (c *Machine) OpenDay() (no int, opened time.Time) { return c.day, c.opened }

// DayTrouble says in words why a day that was to be closed is not; empty if none is.
func (c *Machine) DayTrouble() string {
	open := cmp.Or(c.staysOpen, c.lostClose)
	switch k := c.closing; {
	case k != nil && k.unread:
		return fmt.Sprintf("day %d is settled at the terminal, and the journal cannot be read to sum it up (%s): selling goes on, and the report is made as soon as it can be read", k.note.No, k.words)
	case k == nil && open != "":
		return fmt.Sprintf("day %d could not be closed (%s): selling goes on; close it again", c.day, open)
	}
	return ""
}

// Calendar returns the shop's business days.
func (c *Machine) Calendar() sale.Calendar { return c.calendar }
