package core

import "time"

// timer is when something is to be done, on the monotonic clock of this run.
// The zero timer is off.
type timer struct{ at time.Duration }

// timer returns the timer that ends in d, and not in this step.
func (c *Machine) timer(d time.Duration) timer { return timer{c.mono() + max(d, 1)} }

// soon returns the timer of what is done at once, but in a step of its own:
// what this one wrote goes first.
func (c *Machine) soon() timer { return c.timer(0) }

// on reports whether the timer runs, or has ended and nothing was done yet.
func (t timer) on() bool { return t.at != 0 }

// over reports whether the timer has ended.
func (t timer) over(now time.Duration) bool { return t.on() && now >= t.at }

// first returns the timer that ends first of those that are on.
func first(t, u timer) timer {
	if !t.on() || u.on() && u.at < t.at {
		return u
	}
	return t
}

// hastened is over at once if it is on: in the first instant of a run, whose time is 0, too.
func (t timer) hastened(now time.Duration) timer {
	if t.on() {
		t.at = max(min(t.at, now), 1)
	}
	return t
}
