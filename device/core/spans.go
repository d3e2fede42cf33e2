package core

import (
	"slices"
	"time"

	"posd/device/sale"
)

// What is "a moment ago" is told by running time: a wall clock that jumps makes no
// bill old, and one that was ahead makes none young for ever.

// happening is what a span is counted from.
type happening int8

const (
	wasMade happening = iota
	wentUnsure
	wasEnded
)

// moment is when something happened to a sale, in this run's running time.
type moment struct {
	sale sale.ID
	what happening
	at   time.Duration
}

// stamp notes that something happens to a sale now, and forgets what lies
// longer ago than anybody asks.
func (c *Machine) stamp(id sale.ID, what happening) {
	old := slices.IndexFunc(c.moments, func(m moment) bool { return c.mono()-m.at < c.policy.BillWindow })
	if old < 0 {
		old = len(c.moments)
	}
	c.moments = append(c.moments[old:], moment{id, what, c.mono()})
}

// recent reports whether something happened to a sale within the bill window. Of
// what an earlier run did only the wall clock's word is left, and only until this
// run is as old as the window: then it is certainly longer ago.
func (c *Machine) recent(id sale.ID, what happening, t *time.Time) bool {
	if t == nil {
		return false
	}
	for _, m := range slices.Backward(c.moments) {
		if m.sale == id && m.what == what {
			return c.mono()-m.at < c.policy.BillWindow
		}
	}
	return c.mono() < c.policy.BillWindow && c.in.Wall.Sub(*t) < c.policy.BillWindow
}
