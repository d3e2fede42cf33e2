package core

import (
	"encoding/json"
	"slices"

	"posd/device/sale"
)

// noteOutcomes remembers, over every restart, the outcomes that nobody has seen.
const noteOutcomes = "outcomes"

// mostOutcomes bounds them; nobody who lets so many stand reads the oldest.
const mostOutcomes = 200

// tellOutcome puts how an unsure sale ended before people until one of them has put
// it away (money rule 16), and on the glass if nothing else is there. A person
// who resolved it has seen it.
func (c *Machine) tellOutcome(l *live) {
	if l.s.WentUnsureAt == nil {
		return
	}
	if l.s.Resolved == nil {
		c.outcomes = append(slices.DeleteFunc(c.outcomes, func(id sale.ID) bool { return id == l.s.ID }), l.s.ID)
		c.outcomes = c.outcomes[max(0, len(c.outcomes)-mostOutcomes):]
		c.note(noteOutcomes, c.outcomes)
	}
	if c.current == "" && len(c.glass.items) == 0 && !c.glass.choose && (c.glass.result == "" || c.glass.result == l.s.ID) {
		c.result(l)
	}
}

// happen takes note that a person has seen how a sale ended.
func (w SeenAsked) happen(c *Machine) {
	w.By = c.by(w.By)
	s := c.latest(&w.Sale)
	if len(w.By) > 64 || !sale.Printable(w.By) {
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "a name of at most 64 characters is possible")
		return
	}
	i := slices.Index(c.outcomes, s.ID)
	if i < 0 { // somebody else was faster
		c.reply(Reply{Token: w.Token, Sale: *s})
		return
	}
	c.outcomes = slices.Delete(slices.Clone(c.outcomes), i, i+1)
	c.note(noteOutcomes, c.outcomes)
	l := c.hold(*s)
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	c.urgent()
	c.event(l, "sale.seen", w.By)
}

// happen takes a person's word that what could not be reported was entered at
// the gateway by hand.
func (w CorrectedTold) happen(c *Machine) {
	if c.lacks(w.Token, sale.RightManage) {
		return
	}
	w.By = c.by(w.By)
	s := c.latest(&w.Sale)
	back := slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return m.State == sale.MovementDone })
	switch {
	case s.Method != sale.Card || s.Reported != sale.ReportByHand && (!back || s.Attention == ""):
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "nothing about sale %s is to be entered at IOTPay by hand", s.ID)
		return
	case s.Incident != "":
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s is an incident: it is not done by entering it at IOTPay", s.ID)
		return
	case w.By == "" || len(w.By) > 64 || len(w.Why) > 200 || !sale.Printable(w.By+w.Why):
		c.refuse(w.Token, sale.ErrInvalid, s.ID, "a name (at most 64 characters) is needed, and a note of at most 200")
		return
	}
	l := c.hold(*s)
	if l.s.Reported == sale.ReportByHand {
		l.s.Reported = sale.ReportDone
	}
	l.s.Attention = ""
	l.s.Corrected = &sale.Word{By: w.By, Reason: w.Why, At: c.wall()}
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	c.urgent()
	words := "entered by " + w.By
	if w.Why != "" {
		words += ": " + w.Why
	}
	c.event(l, "report.by-hand-done", words)
}

// recoverOutcomes takes up what nobody had seen when posd stopped.
func (c *Machine) recoverOutcomes(r sale.Recovered) {
	if text := r.Notes[noteOutcomes]; text != "" && json.Unmarshal([]byte(text), &c.outcomes) != nil {
		c.outcomes = nil // written by a posd that did it otherwise
	}
}

// Outcomes returns the sales whose end is not known to people yet, the oldest first.
func (c *Machine) Outcomes() []sale.ID { return slices.Clone(c.outcomes) }
