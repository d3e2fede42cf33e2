package core

import (
	"encoding/json"
	"slices"
	"time"

	"posd/device/sale"
)

// What is "a moment ago" is told by running time, over restarts: a wall clock that
// jumps makes no bill old, and one that was ahead makes none young for ever. A run
// begins where the journal says that the one before was; what that one ran on
// after its last word is not counted, so that a span is never taken for longer.

// noteRunning is the name under which the journal keeps a runningNote.
const noteRunning = "running"

// runningNote is how long posd has run so far, and what lies a moment ago.
type runningNote struct {
	Ms      int64     `json:"ms"`
	Anchor  time.Time `json:"anchor"` // see steady
	Moments []moment  `json:"moments,omitempty"`
}

// saveRunning is how often the running time is stored while a span is counted.
const saveRunning = 5 * time.Minute

// happening is what a span is counted from.
type happening string

const (
	wentUnsure happening = "unsure"
	wasPaid    happening = "paid" // after it had been unsure
)

// moment is when something happened to a sale, in running time.
type moment struct {
	Sale sale.ID   `json:"sale"`
	What happening `json:"what"`
	Ms   int64     `json:"ms"`
}

// running is how long posd has run, all runs together.
func (c *Machine) running() time.Duration { return c.ran + c.mono() }

// steady is a clock that nobody sets: it went with the wall clock when the first
// report was queued, and counts running time. Reports are due by it.
func (c *Machine) steady() time.Time { return c.Steady(c.mono()) }

// stamp notes that something happens to a sale now, and stores it.
func (c *Machine) stamp(id sale.ID, what happening) {
	c.moments = append(c.lately(), moment{id, what, c.running().Milliseconds()})
	c.noteRunning()
}

// lately returns what lies within the bill window, and when sales that are still
// unsure became so: of one that is not among them nothing is known.
func (c *Machine) lately() []moment {
	return slices.DeleteFunc(c.moments, func(m moment) bool {
		l := c.live[m.Sale]
		return !c.within(m) && (l == nil || l.s.State != sale.Unsure || m.What != wentUnsure)
	})
}

func (c *Machine) within(m moment) bool {
	return c.running()-time.Duration(m.Ms)*time.Millisecond < c.policy.BillWindow
}

// recent reports whether something happened to a sale within the bill window.
func (c *Machine) recent(id sale.ID, what happening) bool {
	return slices.ContainsFunc(c.moments, func(m moment) bool { return m.Sale == id && m.What == what && c.within(m) })
}

// noteRunning stores the running time, and goes on doing so while a span is counted.
func (c *Machine) noteRunning() {
	c.anchored = true
	c.note(noteRunning, runningNote{c.running().Milliseconds(), c.anchor, c.moments})
	if c.saveAt = (timer{}); c.counting() {
		c.saveAt = c.timer(saveRunning)
	}
}

// counting reports whether a span is counted that a restart must not forget.
func (c *Machine) counting() bool {
	return slices.ContainsFunc(c.moments, c.within) || c.policy.OfflineMaxAge > 0 && c.queue.waits
}

// runningDue stores the running time again, as long as that matters.
func (c *Machine) runningDue() {
	if !c.saveAt.over(c.mono()) {
		return
	}
	c.saveAt = timer{}
	if c.counting() {
		c.moments = c.lately()
		c.noteRunning()
	}
}

// recoverSpans goes on where the run before was. A sale that is unsure and of which
// no moment is known, as after a restore, counts as having become so now.
func (c *Machine) recoverSpans(r sale.Recovered) {
	var n runningNote
	if json.Unmarshal([]byte(r.Notes[noteRunning]), &n) != nil {
		n = runningNote{}
	}
	c.ran, c.moments = max(time.Duration(n.Ms)*time.Millisecond, r.Queue.NewestAfter), n.Moments
	c.queue.waits = r.Queue.Queued > 0
	if c.anchor, c.anchored = n.Anchor, !n.Anchor.IsZero(); !c.anchored {
		c.anchor = c.wall().Add(-c.running()).Truncate(time.Millisecond)
	}
	unknown := false
	for _, s := range r.Open {
		if s.State == sale.Unsure && !slices.ContainsFunc(n.Moments, func(m moment) bool { return m.Sale == s.ID }) {
			c.moments, unknown = append(c.moments, moment{s.ID, wentUnsure, c.running().Milliseconds()}), true
		}
	}
	if unknown {
		c.noteRunning()
	} else if c.counting() {
		c.saveAt = c.timer(saveRunning)
	}
}
