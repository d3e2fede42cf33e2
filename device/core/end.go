package core

import (
	"fmt"

	"posd/device/sale"
)

// outcome is what a handler has found out about a sale. Handlers decide it, and
// end alone applies it.
type outcome struct {
	state     sale.State
	reason    sale.Reason
	words     string           // the other side's, or posd's own
	approved  sale.Amount      // of a paid sale: what was taken, held or given
	due       sale.Amount      // of a paid sale: what is still to be paid of the bill
	incident  string           // what disagrees: automatic steps wait for a person
	attention string           // what a person must do
	answer    *sale.CardAnswer // the terminal's, if it says so itself
}

// end brings a sale to its outcome: the one place where a sale changes its
// state. The table of device/sale says what may become what; a final state
// stays as it was, and end reports false.
//
//	state and day -> event -> till and glass free -> the other side of a
//	replacement -> incident -> report -> control -> paper -> late refund
func (c *Machine) end(l *live, o outcome) bool {
	s, at := &l.s, c.wall()
	if !s.State.CanBecome(o.state) {
		return false
	}
	s.State, s.Reason, s.Words = o.state, o.reason, o.words
	if !o.state.Final() {
		s.WentUnsureAt = &at
		c.stamp(s.ID, wentUnsure)
		if l.watch != nil {
			l.watch.code = ""
		}
	} else {
		s.FinalAt, s.Day, s.Attention = &at, c.day, ""
		if o.state == sale.Paid && s.WentUnsureAt != nil {
			c.stamp(s.ID, wasPaid)
		}
		if o.reason != sale.ReasonPerson { // after a person's word the other side is asked on
			l.seek, l.watch = nil, nil
		}
	}
	if o.state == sale.Paid {
		s.ApprovedAmount, s.Due = o.approved, o.due
	}
	c.urgent()
	c.event(l, "sale."+string(o.state), o.words)
	c.log(l, !o.state.Final(), "sale "+string(o.state), o.words)
	c.leave(l)
	if o.state.Final() {
		c.tellOutcome(l)
		c.tellReplaced(l)
		c.follow(l, o)
	}
	return true
}

// follow does what comes after the end of a sale.
func (c *Machine) follow(l *live, o outcome) {
	if o.incident != "" {
		c.incident(l, o.incident)
	}
	if o.attention != "" {
		l.s.Attention = o.attention
	}
	if o.state == sale.Paid {
		c.reportPaid(l, o.answer)
		if o.answer != nil {
			c.addControl(l, *o.answer)
		}
	}
	c.paperOf(l, o)
	if o.state == sale.Paid && o.reason == sale.ReasonNone && l.s.GivenUp {
		c.latePayment(l)
	}
}

// reportPaid sees to what IOTPay must hear of a card sale. What the report of a
// capture is made of comes with the terminal's answer and is kept nowhere else;
// of money given there is no report.
func (c *Machine) reportPaid(l *live, a *sale.CardAnswer) {
	switch {
	case l.s.Method != sale.Card:
	case a == nil, l.s.Kind == sale.CardReturn:
		l.s.Reported = sale.ReportByHand
	case a.Reported: // the gateway charged the card itself, under the attempt's reference
		l.s.MchOrderNo, l.s.Reported = l.attempt().Ref, sale.ReportDone
	case l.s.Captures():
		c.queueReport(l, *a)
	}
}

// paperOf prints what the end of a sale is worth on paper. A person's word is
// worth none; the shop's copy goes with the terminal's own answer.
func (c *Machine) paperOf(l *live, o outcome) {
	switch {
	case o.reason == sale.ReasonPerson:
	case o.state == sale.Paid && o.answer != nil:
		c.printCopies(l, "", l.s.Card)
	case o.state == sale.Paid:
		c.print(l, "", sale.CustomerCopy, false)
	case o.state == sale.Declined && o.answer != nil && o.answer.Card.Number != "" && c.policy.PrintDeclined:
		c.print(l, "", sale.CustomerCopy, false)
	}
}

// neverStored ends a sale whose intent could not be stored: nothing of it was
// sent, no row tells of it, and it leaves the machine at once.
func (l *live) neverStored() {
	l.s.State, l.s.Reason = sale.Cancelled, sale.ReasonNotSent
	l.watch, l.seek, l.tip, l.writes = nil, nil, nil, 0
}

// leave frees the till and puts the result on glass for a while.
func (c *Machine) leave(l *live) {
	if c.current == l.s.ID {
		c.current = ""
		c.result(l)
	}
}

// result puts a sale's result on glass for a while.
func (c *Machine) result(l *live) {
	c.glass.result = l.s.ID
	c.glass.screen = c.resultScreen(l.s)
	c.glass.until = c.timer(c.policy.ResultShownFor)
	c.glass.thanks = l.s.State == sale.Paid && l.s.Due == 0
	c.glass.items, c.glass.message, c.glass.choose = nil, "", false
}

// attemptIs notes what became of the latest attempt, and the other side's words:
// the one place where an attempt changes its state.
func (c *Machine) attemptIs(l *live, state sale.AttemptState, words string) {
	a := l.attempt()
	if a.State.CanBecome(state) {
		a.State = state
	}
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
	if l.seek != nil {
		if m := l.movement(l.seek.movement); m != nil && m.State == sale.MovementWaiting { // taken up after a restart: from now on a person may say how it ended
			c.movementIs(l, m, sale.MovementUnsure, words)
		}
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
