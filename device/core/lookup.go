package core

import (
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
	tip      sale.Amount   // asked beside it
	since    time.Duration // when the seeking began, in this run
	at       timer         // next probe
	unclear  int           // answers in a row that could not be read
	notFound time.Duration // when it was proven not found for the first time; 0 if not yet
	resolved bool          // a person has resolved it: asked in the quiet, holds nothing
}

// slowProbe is the pause between probes once a person has been told: half a
// minute, unless the shop asks more often.
func (c *Machine) slowProbe() time.Duration { return 12 * c.policy.AskTerminalEvery }

// A sale that a person has resolved is asked about every resolvedProbe, for
// resolvedFor of running time: the terminal may still disagree.
const (
	resolvedProbe = 5 * time.Minute
	resolvedFor   = 24 * time.Hour
)

// startSeek begins to look a lost answer up.
func (c *Machine) startSeek(l *live, m *sale.Movement) {
	if l.seek != nil && !l.seek.resolved { // what a person has resolved gives way to what nobody knows
		return
	}
	l.seek = &seek{kind: l.s.Kind, since: c.mono(), at: c.timer(c.policy.AskTerminalEvery)}
	if m != nil {
		l.seek.ref, l.seek.movement, l.seek.kind, l.seek.amount = m.ID, m.ID, cardKind(m.Kind), m.Amount
		return
	}
	l.seek.ref, l.seek.amount, l.seek.tip = l.attempt().Ref, l.s.Amount, l.s.Tip
}

// seekDue probes the terminal when it is time and the line is free.
func (c *Machine) seekDue(l *live) {
	s := l.seek
	if s == nil || !c.term.free() || !s.at.over(c.mono()) || !c.has.Terminal {
		return
	}
	c.term.claim(s.ref)
	p := c.proofOf(s.ref)
	look := sale.CardLookup{Ref: s.ref, Kind: s.kind, Amount: s.amount, Tip: s.tip, Serial: p.Serial, Control: p.Control}
	if s.kind == sale.CardVoid {
		look.Original = original(&l.s)
	}
	c.now(Find{Lookup: look})
}

// happen weighs what a look-up brought (the POSLINK facts on recovery).
func (w CardFound) happen(c *Machine) {
	c.term.release()
	f := w.Finding
	if f.Identity.Serial != "" {
		c.serial = sale.SerialNumber(f.Identity.Serial)
	}
	l, m := c.byRef(f.Ref)
	if l == nil || l.seek == nil || l.seek.ref != f.Ref {
		return
	}
	s := l.seek
	if s.resolved {
		c.stillAsked(l, m, f)
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
		s.notFound, s.at = 0, c.timer(c.slowProbe())
		c.attend(l, fmt.Sprintf("another terminal (%s) is connected than the one that was asked (%s): connect that one again, or resolve it by its paper%s",
			f.Identity.Serial, c.proofOf(s.ref).Serial, wayOut(l, s)))
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
		s.at = c.timer(c.slowProbe())
		c.attend(l, "the terminal's answer is not clear ("+f.Words+"): look for it in its batch and resolve it"+wayOut(l, s))
	}
}

// wayOut names how a person resolves what posd cannot tell.
func wayOut(l *live, s *seek) string {
	if s.movement != "" {
		return fmt.Sprintf(" (posd resolve %s -as done|refused)", s.movement)
	}
	return fmt.Sprintf(" (posd resolve %s -as paid|declined|cancelled)", l.s.ID)
}

// notFound concludes only from a proof, given twice; see proof.go. A void may have
// left nothing but a mark on what it voided.
func (c *Machine) notFound(l *live, m *sale.Movement, f sale.CardFinding) {
	s, p := l.seek, c.proofOf(l.seek.ref)
	if m != nil && f.Original == sale.FoundVoided {
		l.seek = nil
		c.movementAnswered(l, m, sale.CardAnswer{Ref: s.ref, Verdict: sale.VerdictApproved, Words: "the terminal has the sale as voided"})
		return
	}
	if f.Control == sale.FoundNot && !p.Refuted {
		p.Refuted = true
		c.urgent()
		c.noteProofs()
	}
	if why := c.unproven(p, s.kind, f); why != "" {
		s.notFound, s.at = 0, c.timer(c.slowProbe())
		c.attend(l, "the terminal does not know the transaction, and that proves nothing: "+why+"; look at its journal or its paper and resolve it"+wayOut(l, s))
		return
	}
	spacing := proofSpacing
	if p.Control == nil {
		spacing = proofSpacingAlone
	}
	if s.notFound == 0 {
		s.notFound, s.at = c.mono(), c.timer(spacing)
		return
	}
	if c.mono()-s.notFound < spacing {
		s.at = timer{s.notFound + spacing}
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

// stillAsked weighs what the terminal says of a sale that a person has resolved:
// a word that disagrees changes nothing and is an incident (money rule 13).
func (c *Machine) stillAsked(l *live, m *sale.Movement, f sale.CardFinding) {
	s := l.seek
	disagrees := c.disagrees
	if m != nil {
		disagrees = func(l *live, a sale.CardAnswer) { c.movementOtherwise(l, m, a) }
	}
	s.at = c.timer(resolvedProbe)
	told := f.Reached && !f.Swapped
	switch {
	case told && f.Result == sale.FoundIt:
		disagrees(l, f.Answer)
	case told && m != nil && f.Original == sale.FoundVoided:
		disagrees(l, sale.CardAnswer{Verdict: sale.VerdictApproved, Words: "the terminal has the sale as voided"})
	case told && f.Result == sale.FoundNot && c.unproven(c.proofOf(s.ref), s.kind, f) == "":
		disagrees(l, sale.CardAnswer{Verdict: sale.VerdictCancelled, Words: "never heard of it"})
	case c.mono()-s.since < resolvedFor:
		return
	}
	l.seek = nil
}
