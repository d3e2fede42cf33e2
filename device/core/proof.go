package core

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"posd/device/sale"
)

// What proves what is a table in pax/DESIGN.md; proves is that table.

// proof is what a terminal's "not found" about one attempt will be weighed by.
// It is stored with the attempt's intent, and again when words are heard that
// take something from it.
type proof struct {
	Serial   string            `json:"serial,omitempty"`   // the terminal that was asked
	Control  *sale.CardControl `json:"control,omitempty"`  // its latest approved sale then: a later one may be in another batch
	Approval string            `json:"approval,omitempty"` // a word of approval was heard: not found proves nothing any more
	Refuted  bool              `json:"refuted,omitempty"`  // the control was not found once: nor does it then
	Open     bool              `json:"open,omitempty"`     // what ended its conversation with the terminal is not stored yet

	asked time.Duration // when, in this run; 0: in an earlier one
	wall  time.Time     // and what the wall clock said then
}

// noteProofs is the name under which the journal keeps the proofs of attempts
// whose end is not known, by reference; noteOffline that of the terminals that have
// approved something offline.
const (
	noteProofs  = "proofs"
	noteOffline = "offline"
)

// A proof counts only when it was given twice, this far apart. Without a control
// the terminal may have been started anew, and finds nothing for some seconds.
const (
	proofSpacing      = 4 * time.Second
	proofSpacingAlone = 15 * time.Second
)

// freshFor is how long, of running time, an attempt can be proven without a control.
const freshFor = 15 * time.Minute

// maxControls is how many approved sales are remembered to look others up by.
const maxControls = 8

// ask notes with the intent what the attempt called ref can be proven by, and
// returns the terminal that it is for.
func (c *Machine) ask(ref string) (serial string) {
	c.proofs[ref] = &proof{Serial: c.serial, Control: c.control(ref), Open: true, asked: max(c.mono(), 1), wall: c.in.Wall}
	c.noteProofs()
	return c.serial
}

// proofOf returns what an attempt is weighed by; of one that nothing is known of
// nothing is ever proven.
func (c *Machine) proofOf(ref string) *proof {
	if c.proofs[ref] == nil {
		c.proofs[ref] = &proof{}
	}
	return c.proofs[ref]
}

// noteProofs stores the proofs of attempts whose end is not known.
func (c *Machine) noteProofs() {
	open := map[string]bool{c.term.claimed: true}
	for _, l := range c.byAge {
		if l.seek != nil {
			open[l.seek.ref] = true
		}
		if l.s.Method == sale.Card && !l.s.State.Final() {
			open[l.attempt().Ref] = true
		}
		for _, m := range l.s.Refunds {
			open[m.ID] = open[m.ID] || !m.Final()
		}
	}
	for ref := range c.proofs {
		if !open[ref] {
			delete(c.proofs, ref)
		}
	}
	c.note(noteProofs, c.proofs)
}

// control is the latest sale that this terminal approved online into the batch
// that is open, and that was not voided since: a voided one is not found as the
// sale it was.
func (c *Machine) control(but string) *sale.CardControl {
	for _, k := range slices.Backward(c.controls) {
		if k.Ref != but && k.Serial == c.serial && k.Serial != "" {
			return &k
		}
	}
	return nil
}

// addControl takes an approved sale as a control for later ones. What was approved
// offline survives a batch close and proves nothing by being there.
func (c *Machine) addControl(l *live, a sale.CardAnswer) {
	if l.s.Kind != sale.CardSale || a.Offline || a.Serial == "" {
		return
	}
	c.controls = append(c.controls, sale.CardControl{Ref: l.attempt().Ref, Amount: a.Approved, Serial: a.Serial})
	if len(c.controls) > maxControls {
		c.controls = c.controls[1:]
	}
}

// heardFrom learns from an answer which terminal is on the line, and what it says
// of the attempt beside its verdict.
func (c *Machine) heardFrom(a sale.CardAnswer) {
	if a.Serial != "" {
		c.serial = a.Serial
	}
	if a.Offline && a.Serial != "" && !c.offline[a.Serial] {
		c.offline[a.Serial] = true
		c.note(noteOffline, c.offline)
	}
	p := c.proofs[a.Ref]
	if p == nil || a.Verdict == sale.VerdictNotSent {
		return
	}
	if p.Serial == "" && a.Serial != "" {
		p.Serial = a.Serial
		c.noteProofs()
	}
	if a.SaidApproved && a.Verdict != sale.VerdictApproved {
		c.approvalHeard(a.Ref, fmt.Sprintf("it said %q", a.Words))
	}
}

// approvalHeard notes that the terminal said approved, in whatever way.
func (c *Machine) approvalHeard(ref, words string) {
	if p := c.proofOf(ref); p.Approval == "" {
		p.Approval = words
		c.urgent()
		c.noteProofs()
	}
}

// strayApproval notes an approval of what posd does not know, on every attempt
// that it may be the answer to.
func (c *Machine) strayApproval(a sale.CardAnswer) {
	words := fmt.Sprintf("it approved %s under the reference %q meanwhile", a.Approved, a.Ref)
	for _, ref := range slices.Sorted(maps.Keys(c.proofs)) {
		if c.undecided(ref) {
			c.approvalHeard(ref, words)
		}
	}
	c.log(nil, true, "the terminal approved what nobody here asked for", words+": "+a.Words)
}

// conversationEnded stores, with what the answer came to, that nothing which the
// terminal said about the attempt in its own conversation can be lost any more. What
// is heard beside the answer is stored later: an approval among it keeps the mark.
func (c *Machine) conversationEnded(a sale.CardAnswer) {
	p := c.proofs[a.Ref]
	if p == nil || !c.undecided(a.Ref) || slices.ContainsFunc(a.Late, func(l sale.CardAnswer) bool { return l.SaidApproved }) {
		return
	}
	p.Open = false
	c.noteProofs()
}

// undecided reports whether the attempt called ref may still be any of its ends.
func (c *Machine) undecided(ref string) bool {
	if ref == c.term.claimed {
		return true
	}
	l, m := c.byRef(ref)
	return l != nil && (m != nil && !m.Final() || m == nil && !l.s.State.Final())
}

// unproven says why "not found" proves nothing of an attempt, or nothing if it
// proves that the terminal never heard of it.
func (c *Machine) unproven(p *proof, kind sale.CardKind, f sale.CardFinding) string {
	switch {
	case f.Foreign != "":
		return "another cash register works on it"
	case p.Approval != "":
		return p.Approval
	case p.Open && p.asked == 0:
		return "posd was stopped before it had written down what the terminal said"
	case p.Serial == "":
		return "it is not known which terminal was asked"
	case c.offline[p.Serial] || c.policy.TerminalOffline:
		return "it may have approved it offline, and keep that to itself"
	case p.Refuted || f.Control == sale.FoundNot:
		return "its batch may have been closed"
	case kind == sale.CardVoid && f.Original != sale.FoundIt:
		return "it does not show the sale that was to be voided"
	case f.Control == sale.FoundIt:
		return ""
	case f.Control != sale.FoundUnasked:
		return "it does not find an earlier sale as it was"
	case p.asked == 0 || !f.SameLine || !f.Finds || c.stale(p):
		return "nothing shows that it would remember it"
	}
	return ""
}

// stale reports whether an attempt of this run was asked so long ago, or an hour
// has passed since at which the terminal may settle by itself, that its batch may
// be another one. Running time counts; the wall clock only names the hours, and
// where it was set meanwhile both of its words do.
func (c *Machine) stale(p *proof) bool {
	elapsed := c.mono() - p.asked
	if elapsed > freshFor {
		return true
	}
	now := c.in.Wall
	for _, hour := range c.policy.AutoSettle {
		batches, err := sale.NewCalendar(c.calendar.Zone(), hour) // a batch ends at that hour as a day does at its own
		if err != nil || batches.Day(now.Add(-elapsed)) != batches.Day(now) || batches.Day(p.wall) != batches.Day(p.wall.Add(elapsed)) {
			return true
		}
	}
	return false
}

// recoverProofs takes up what an earlier run left to prove by.
func (c *Machine) recoverProofs(notes map[string]string) {
	recall(notes[noteProofs], &c.proofs)
	recall(notes[noteOffline], &c.offline)
}

// recall reads a note; one that cannot be read is as if it were not there.
func recall[V any](text string, into *map[string]V) {
	var m map[string]V
	if json.Unmarshal([]byte(text), &m) == nil && m != nil {
		*into = m
	}
}
