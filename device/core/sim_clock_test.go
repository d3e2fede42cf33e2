package core_test

import (
	"time"

	"posd/device/core"
)

// clock is the world's time and what will happen in it, in order: things at the
// same moment happen in the order they were planned.
type clock struct {
	now   time.Duration // virtual, since the beginning of the world
	order int
	plans []plan // a heap, the next one first
	wake  plan   // the one moment at which posd wants a Tick; its do is nil if there is none
	idle  int    // things done since time last returned
}

// plan is one of: something to do, an event for posd, and one that is made when its
// time has come. Events are for one run of posd. A field each, because most of a
// world's plans are events, and a closure around each would be its main garbage.
type plan struct {
	at    time.Duration
	order int
	do    func()
	event core.Event
	ask   func() core.Event
	life  int
}

func (p *plan) before(q *plan) bool { return p.at < q.at || p.at == q.at && p.order < q.order }

// after plans something a while from now.
func (c *clock) after(d time.Duration, do func()) { c.push(d, plan{do: do}) }

func (c *clock) push(d time.Duration, p plan) {
	c.order++
	p.at, p.order = c.now+d, c.order
	h := append(c.plans, plan{})
	i := len(h) - 1
	for i > 0 && p.before(&h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i], c.plans = p, h
}

// wakeAt plans posd's Tick, and forgets the one planned before: most are
// never reached, because something else happens first.
func (c *clock) wakeAt(at time.Duration, do func()) {
	c.order++
	c.wake = plan{at: max(at, c.now), order: c.order, do: do}
}

// next takes what happens next, if it happens before until, and moves time there.
func (c *clock) next(until time.Duration) (p plan, ok bool) {
	switch {
	case c.wake.do != nil && (len(c.plans) == 0 || c.wake.before(&c.plans[0])):
		if p = c.wake; p.at > until {
			return p, false
		}
		c.wake.do = nil
	case len(c.plans) > 0 && c.plans[0].at <= until:
		p = c.pop()
	default:
		return p, false
	}
	if c.idle++; p.at > c.now {
		c.idle = 0
	}
	c.now = p.at
	return p, true
}

func (c *clock) pop() plan {
	h := c.plans
	top, last := h[0], h[len(h)-1]
	h[len(h)-1] = plan{}
	h = h[:len(h)-1]
	i := 0
	for 2*i+1 < len(h) {
		next := 2*i + 1
		if next+1 < len(h) && h[next+1].before(&h[next]) {
			next++
		}
		if !h[next].before(&last) {
			break
		}
		h[i] = h[next]
		i = next
	}
	if len(h) > 0 {
		h[i] = last
	}
	c.plans = h
	return top
}
