package core_test

import "time"

// clock is the world's time and what will happen in it, in order: things at the
// same moment happen in the order they were planned.
type clock struct {
	now   time.Duration // virtual, since the beginning of the world
	order int
	plans []plan // a heap, the next one first
	wake  plan   // the one moment at which posd wants a Tick; its do is nil if there is none
	idle  int    // things done since time last returned
}

type plan struct {
	at    time.Duration
	order int
	do    func()
}

func (p plan) before(q plan) bool { return p.at < q.at || p.at == q.at && p.order < q.order }

// after plans something a while from now.
func (c *clock) after(d time.Duration, do func()) {
	c.order++
	h := append(c.plans, plan{})
	i := len(h) - 1
	p := plan{c.now + d, c.order, do}
	for i > 0 && p.before(h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i], c.plans = p, h
}

// wakeAt plans posd's Tick, and forgets the one planned before: most are
// never reached, because something else happens first.
func (c *clock) wakeAt(at time.Duration, do func()) {
	c.order++
	c.wake = plan{max(at, c.now), c.order, do}
}

// next takes what happens next, if it happens before until, and moves time there.
func (c *clock) next(until time.Duration) (do func(), ok bool) {
	var p plan
	switch {
	case c.wake.do != nil && (len(c.plans) == 0 || c.wake.before(c.plans[0])):
		if p = c.wake; p.at > until {
			return nil, false
		}
		c.wake.do = nil
	case len(c.plans) > 0 && c.plans[0].at <= until:
		p = c.pop()
	default:
		return nil, false
	}
	if c.idle++; p.at > c.now {
		c.idle = 0
	}
	c.now = p.at
	return p.do, true
}

func (c *clock) pop() plan {
	h := c.plans
	top, last := h[0], h[len(h)-1]
	h[len(h)-1] = plan{}
	h = h[:len(h)-1]
	i := 0
	for 2*i+1 < len(h) {
		next := 2*i + 1
		if next+1 < len(h) && h[next+1].before(h[next]) {
			next++
		}
		if !h[next].before(last) {
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
