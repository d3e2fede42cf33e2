package core

import (
	"cmp"
	"fmt"
	"time"

	"posd/device/sale"
)

// seek is a card transaction whose answer was lost, being looked up by its
// reference until the terminal's words or a proof say how it ended.
type seek struct {
	ref      string
	movement string // ID of the void or return; empty for the sale itself
	kind     sale.CardKind
	amount   sale.Amount
	started  time.Time     // of the attempt, wall
	since    time.Duration // when the seeking began, in this run
	at       timer         // next probe
	unclear  int           // answers in a row that could not be read
	notFound time.Duration // when it was proven not found for the first time; 0 if not yet
	resolved bool          // a person has resolved the sale: asked in the quiet, holds nothing
	// control is the latest approved sale before the attempt: a later one may be
	// in another batch, and proves nothing of this one.
	control *sale.CardControl
}

// A proof counts only when it was given twice, this far apart.
const proofSpacing = 4 * time.Second

// slowProbe is the pause between probes once a person has been told.
const slowProbe = 30 * time.Second

// A sale that a person has resolved is asked about every resolvedProbe, for
// resolvedFor of running time: the terminal may still disagree.
const (
	resolvedProbe = 5 * time.Minute
	resolvedFor   = 24 * time.Hour
)

// maxControls is how many approved sales are remembered to look others up by.
const maxControls = 8

// control is the latest approved sale of the batch that was not voided since:
// a voided one is not found as the sale it was.
func (c *Machine) control() *sale.CardControl {
	if len(c.controls) == 0 {
		return nil
	}
	last := c.controls[len(c.controls)-1]
	return &last
}

// addControl remembers an approved sale to look others up by.
func (c *Machine) addControl(k sale.CardControl) {
	c.controls = append(c.controls, k)
	if len(c.controls) > maxControls {
		c.controls = c.controls[1:]
	}
}

// startSeek begins to look a lost answer up.
func (c *Machine) startSeek(l *live, m *sale.Movement) {
	if l.seek != nil && !l.seek.resolved { // what a person has resolved gives way to what nobody knows
		return
	}
	l.seek = &seek{kind: l.s.Kind, since: c.mono(), at: c.timer(c.policy.AskTerminalEvery), control: c.control()}
	if m != nil {
		l.seek.ref, l.seek.movement, l.seek.kind, l.seek.amount, l.seek.started = m.ID, m.ID, cardKind(m.Kind), m.Amount, m.CreatedAt
		return
	}
	a := l.attempt()
	l.seek.ref, l.seek.amount, l.seek.started = a.Ref, l.s.Amount, a.StartedAt
}

// seekDue probes the terminal when it is time and the line is free.
func (c *Machine) seekDue(l *live) {
	s := l.seek
	if s == nil || !c.term.free() || !s.at.over(c.mono()) || !c.has.Terminal {
		return
	}
	c.term.claim(s.ref)
	serial := ""
	if l.s.Card != nil {
		serial = l.s.Card.Serial
	}
	look := sale.CardLookup{Ref: s.ref, Kind: s.kind, Amount: s.amount, Serial: cmp.Or(serial, c.serial), Control: s.control}
	if look.Control != nil && look.Control.Ref == s.ref {
		look.Control = nil
	}
	c.now(Find{Lookup: look})
}

// happen weighs what a look-up brought (the POSLINK facts on recovery).
func (w CardFound) happen(c *Machine) {
	c.term.release()
	f := w.Finding
	if f.Identity.Serial != "" && !f.Swapped {
		c.serial = f.Identity.Serial
	}
	for _, a := range f.Late {
		c.cardAnswered(a)
	}
	l, m := c.byRef(f.Ref)
	if l == nil || l.seek == nil || l.seek.ref != f.Ref {
		return
	}
	s := l.seek
	if s.resolved {
		c.stillAsked(l, f)
		return
	}
	s.at = c.timer(c.policy.AskTerminalEvery)
	switch {
	case !f.Reached:
		s.notFound = 0
		if c.mono()-s.since > c.policy.TerminalSilentFor {
			c.attend(l, "the terminal does not answer: look at its screen, bring it back to its start screen, check cable and power")
		}
	case f.Swapped:
		s.notFound, s.at = 0, c.timer(slowProbe)
		c.attend(l, fmt.Sprintf("another terminal (%s) is connected than the one that was asked: connect that one again, or settle the sale by its paper", f.Identity.Serial))
	case f.Result == sale.FoundIt:
		l.seek = nil
		if m != nil {
			c.movementAnswered(l, m, f.Answer)
		} else {
			c.cardSold(l, f.Answer)
		}
	case f.Result == sale.FoundNot:
		c.notFound(l, m, f)
	default:
		s.notFound = 0
		if s.unclear++; s.unclear < 4 {
			return // noise, or the end of an earlier conversation: ask again before a person is called
		}
		s.at = c.timer(slowProbe)
		c.attend(l, "the terminal's answer is not clear ("+f.Words+"): look for the sale in its batch and settle it")
	}
}

// notFound concludes only from a proof: the same terminal still finds our control sale,
// or there is none and the attempt is fresh; and it said so twice.
func (c *Machine) notFound(l *live, m *sale.Movement, f sale.CardFinding) {
	s := l.seek
	if !c.proves(s, f) {
		s.notFound, s.at = 0, c.timer(slowProbe)
		words := "the terminal does not know the transaction, and that proves nothing"
		if f.Foreign != "" {
			words += ": another cash register works on it"
		} else {
			words += ": its batch may have been closed"
		}
		c.attend(l, words+"; look at its journal or its paper and settle the sale")
		return
	}
	if s.notFound == 0 {
		s.notFound, s.at = c.mono(), c.timer(proofSpacing)
		return
	}
	if c.mono()-s.notFound < proofSpacing {
		s.at = timer{s.notFound + proofSpacing}
		return
	}
	l.seek = nil
	words := "the terminal never heard of it"
	if m != nil {
		c.movementAnswered(l, m, sale.CardAnswer{Ref: s.ref, Verdict: sale.VerdictCancelled, Reason: sale.ReasonNotFound, Words: words})
		return
	}
	c.attemptIs(l, sale.AttemptEnded, words)
	c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotFound, words: words})
}

// proves reports whether "not found" means that the terminal never heard of it.
func (c *Machine) proves(s *seek, f sale.CardFinding) bool {
	switch {
	case f.Foreign != "":
		return false
	case f.Control == sale.FoundUnasked:
		return c.freshWithoutSettle(s.started)
	}
	return f.Control == sale.FoundIt
}

// stillAsked weighs what the terminal says of a sale that a person has resolved:
// a word that disagrees changes nothing and is an incident (money rule 13).
func (c *Machine) stillAsked(l *live, f sale.CardFinding) {
	s := l.seek
	s.at = c.timer(resolvedProbe)
	told := f.Reached && !f.Swapped
	switch {
	case told && f.Result == sale.FoundIt:
		c.disagrees(l, f.Answer)
	case told && f.Result == sale.FoundNot && c.proves(s, f):
		c.disagrees(l, sale.CardAnswer{Verdict: sale.VerdictCancelled, Words: "never heard of it"})
	case c.mono()-s.since < resolvedFor:
		return
	}
	l.seek = nil
}

// freshWithoutSettle reports whether an attempt is so young that its batch is
// still open: a quarter of an hour at most, and no auto-settle hour since.
func (c *Machine) freshWithoutSettle(started time.Time) bool {
	now := c.in.Wall
	if age := now.Sub(started); age < 0 || age > 15*time.Minute {
		return false
	}
	for _, hour := range c.policy.AutoSettle {
		batches, err := sale.NewCalendar(c.calendar.Zone(), hour) // a batch ends at that hour as a day does at its own
		if err != nil || batches.Day(started) != batches.Day(now) {
			return false
		}
	}
	return true
}
