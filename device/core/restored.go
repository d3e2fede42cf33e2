package core

import "posd/device/sale"

// After a restore from a copy, where the journal that was moved aside could not be
// read to its end, posd does not know what was done in between: a bill that is asked
// for may be paid, and what is to be given back may be gone. Nobody is charged
// or paid a second time by himself: a person who has looked says so, until a day is
// closed, whose report is compared with the terminal and the gateway.

// recoverGap takes up what a restore could not learn of. It comes before the open
// sales are taken up: all of them stood in the copy.
func (c *Machine) recoverGap(r sale.Recovered) {
	if c.gap = r.Gap.Words; c.gap == "" {
		return
	}
	c.inCopy = map[sale.ID]bool{}
	for _, s := range r.Open {
		c.inCopy[s.ID] = true
	}
}

// mayBePaid asks whether a bill was paid in the gap; it reports whether it did.
func (c *Machine) mayBePaid(w SellAsked) bool {
	if c.gap == "" || w.Replaces == "none" {
		return false
	}
	c.refuse(w.Token, sale.ErrSameBill, "", "%s: look at the terminal's receipts and at IOTPay whether this bill is among it; if it is not, say so (another customer), and it is taken", c.gap)
	return true
}

// mayBeGivenBack says why money of a sale that stood in the copy cannot be given
// back yet, or nothing.
func (c *Machine) mayBeGivenBack(w GiveBackAsked) string {
	if c.gap == "" || !w.InCopy {
		return ""
	}
	return c.gap + ", and what was given back of this sale may be among it: look at the terminal and at IOTPay, and give it back there, or here once the day is closed"
}
