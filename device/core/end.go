package core

import (
	"fmt"

	"posd/device/sale"
)

// finish makes a sale final. What was final before stays as it was.
func (c *Machine) finish(l *live, state sale.State, why sale.Reason, words string) bool {
	if !l.s.State.CanBecome(state) {
		return false
	}
	at := c.wall()
	l.s.State, l.s.Reason, l.s.Words, l.s.FinalAt, l.s.Day = state, why, words, &at, c.day
	l.s.Attention = ""
	l.seek, l.watch = nil, nil
	c.urgent()
	c.event(l, "sale."+string(state), words)
	c.log(l, false, "sale "+string(state), words)
	c.leave(l)
	c.settleReplacement(l)
	return true
}

// becomeUnsure is what every conversation ends in that proves nothing.
func (c *Machine) becomeUnsure(l *live, why sale.Reason, words string) {
	if !l.s.State.CanBecome(sale.Unsure) {
		return
	}
	if l.watch != nil {
		l.watch.code = ""
	}
	at := c.wall()
	l.s.State, l.s.Reason, l.s.Words, l.s.WentUnsureAt = sale.Unsure, why, words, &at
	c.urgent()
	c.event(l, "sale.unsure", words)
	c.log(l, true, "sale unsure", words)
	c.leave(l)
}

// leave frees the till and puts the result on glass for a while.
func (c *Machine) leave(l *live) {
	if c.current == l.s.ID {
		c.current = ""
		c.glass.result = l.s.ID
		c.glass.screen = c.resultScreen(l.s)
		c.glass.until = c.mono() + c.policy.ResultShownFor
		c.glass.thanks = l.s.State == sale.Paid && l.s.Due == 0
		c.glass.items, c.glass.message, c.glass.choose = nil, "", false
	}
}

func (c *Machine) endAttempt(l *live, state sale.AttemptState, words string) {
	a := l.attempt()
	a.State = state
	if words != "" {
		a.Words = words
	}
}

func (c *Machine) incident(l *live, words string) {
	l.s.Incident, l.s.Attention = words, words
	c.urgent()
	c.event(l, "sale.incident", words)
	c.log(l, true, "incident", words)
}

// attend says, once, what a person must do.
func (c *Machine) attend(l *live, words string) {
	if l.s.Attention == words {
		return
	}
	l.s.Attention = words
	c.event(l, "sale.attention", words)
	c.log(l, true, "a person is needed", words)
}

// disagrees notes a machine's word that contradicts a final state: the state
// stays, a person is told.
func (c *Machine) disagrees(l *live, a sale.CardAnswer) {
	if (a.Verdict == sale.VerdictApproved) == (l.s.State == sale.Paid) || a.Verdict == sale.VerdictUnsure {
		return
	}
	c.incident(l, fmt.Sprintf("the terminal says %q, but the sale is %s: compare with the terminal's batch", a.Words, l.s.State))
}
