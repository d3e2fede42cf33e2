package core

import (
	"fmt"

	"posd/device/sale"
)

// happen takes a person's word on what posd says it cannot tell (money rule 13).
func (w ResolveAsked) happen(c *Machine) {
	if c.lacks(w.Token, sale.RightManage) {
		return
	}
	w.By = c.by(w.By)
	l := c.live[w.Sale.ID]
	s := c.latest(&w.Sale)
	if w.Movement != "" {
		c.resolveMovement(l, w)
		return
	}
	switch {
	case s.State != sale.Unsure || l == nil:
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s is %s: only an unsure sale can be resolved by a person", s.ID, s.State)
		return
	case s.Attention == "":
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "posd is still finding out how sale %s ended: wait until it says that it cannot tell", s.ID)
		return
	case !w.As.Final():
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "resolve it as paid, declined or cancelled")
		return
	case w.nameless():
		c.refuse(w.Token, sale.ErrInvalid, s.ID, namelessWords)
		return
	}
	l.s.Resolved = &sale.Word{By: w.By, Reason: w.Reason, At: c.wall()}
	c.end(l, outcome{state: w.As, reason: sale.ReasonPerson, words: w.Reason + " (" + w.By + ")", approved: c.expected(l)})
	if seek := l.seek; seek != nil && seek.movement == "" { // asked on: a machine that disagrees later is an incident. Of a void nothing was said
		seek.resolved, seek.since, seek.at = true, c.mono(), c.timer(c.slowProbe())
	}
	l.waiting = append(l.waiting, Reply{Token: w.Token})
}

const namelessWords = "a name (at most 64 characters) and a reason (at most 200) are needed"

// nameless reports that nobody stands for the word, or nothing.
func (w ResolveAsked) nameless() bool {
	return w.By == "" || w.Reason == "" || len(w.By) > 64 || len(w.Reason) > 200 || !sale.Printable(w.By+w.Reason)
}

// resolveMovement takes a person's word on a refund or void. The terminal is
// still asked about it in the quiet, and holds nothing any more.
func (c *Machine) resolveMovement(l *live, w ResolveAsked) {
	as := sale.MovementState(w.As)
	var m *sale.Movement
	if l != nil {
		m = l.movement(w.Movement)
	}
	switch {
	case m == nil || m.State != sale.MovementUnsure:
		c.refuse(w.Token, sale.ErrNotPossible, w.Sale.ID, "%s is no refund or void that posd cannot tell the end of: see posd show %s", w.Movement, w.Sale.ID)
		return
	case l.s.Attention == "":
		c.refuse(w.Token, sale.ErrNotPossible, w.Sale.ID, "posd is still finding out how the %s ended: wait until it says that it cannot tell", m.Kind)
		return
	case as != sale.MovementDone && as != sale.MovementRefused:
		c.refuse(w.Token, sale.ErrInvalid, w.Sale.ID, "resolve a refund or void as done or refused")
		return
	case w.nameless():
		c.refuse(w.Token, sale.ErrInvalid, w.Sale.ID, namelessWords)
		return
	}
	seek := l.seek
	l.seek = nil
	c.movementIs(l, m, as, fmt.Sprintf("%s (%s)", w.Reason, w.By))
	switch {
	case l.s.Method != sale.Card:
	case as == sale.MovementDone:
		c.undone(l, m)
	default:
		c.notUndone(l)
	}
	if seek != nil && seek.movement == m.ID {
		l.seek = seek
		seek.resolved, seek.since, seek.at = true, c.mono(), c.timer(c.slowProbe())
	}
	l.waiting = append(l.waiting, Reply{Token: w.Token, Movement: m.ID})
}

// happen takes a person's word on what became of an offline approval.
func (w UploadTold) happen(c *Machine) {
	if c.lacks(w.Token, sale.RightManage) {
		return
	}
	w.By = c.by(w.By)
	s := c.latest(&w.Sale)
	switch {
	case s.State != sale.Paid || !s.Offline:
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s was not approved offline: there is no upload of it to confirm", s.ID)
		return
	case s.Upload != "":
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "the upload of sale %s is %s already", s.ID, s.Upload)
		return
	case w.By == "" || len(w.By) > 64 || len(w.Why) > 200 || !sale.Printable(w.By+w.Why):
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "a name (at most 64 characters) is needed, and a reason of at most 200")
		return
	}
	l := c.hold(*s)
	l.s.Upload = w.Upload
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	c.urgent()
	words := string(w.Upload) + " by " + w.By
	if w.Why != "" {
		words += ": " + w.Why
	}
	c.event(l, "sale.upload", words)
	if w.Upload == sale.UploadRefused {
		c.incident(l, "approved offline, and refused when the terminal uploaded it: the customer has not paid, ask for another payment")
		return
	}
	if w.Report != nil && w.Report.State == sale.QueueHeld && l.s.Incident == "" {
		c.release(*w.Report)
	}
}
