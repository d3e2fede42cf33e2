package core

import "posd/device/sale"

// happen takes a person's word on what posd says it cannot tell (money rule 13).
func (w ResolveAsked) happen(c *Machine) {
	l := c.live[w.Sale.ID]
	s := c.latest(&w.Sale)
	switch {
	case s.State != sale.Unsure || l == nil:
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s is %s: only an unsure sale can be settled by a person", s.ID, s.State)
		return
	case s.Attention == "":
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "posd is still finding out how sale %s ended: wait until it says that it cannot tell", s.ID)
		return
	case !w.As.Final():
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "settle it as paid, declined or cancelled")
		return
	case w.By == "" || w.Reason == "" || len(w.By) > 64 || len(w.Reason) > 200 || !sale.Printable(w.By+w.Reason):
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "a name (at most 64 characters) and a reason (at most 200) are needed")
		return
	}
	l.s.Settled = &sale.Word{By: w.By, Reason: w.Reason, At: c.wall()}
	c.end(l, outcome{state: w.As, reason: sale.ReasonPerson, words: w.Reason + " (" + w.By + ")", approved: l.s.Amount})
	if seek := l.seek; seek != nil { // asked on: a machine that disagrees later is an incident
		seek.resolved, seek.since, seek.at = true, c.mono(), c.timer(slowProbe)
	}
	l.waiting = append(l.waiting, Reply{Token: w.Token})
}

// happen takes a person's word on what became of an offline approval.
func (w UploadTold) happen(c *Machine) {
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
