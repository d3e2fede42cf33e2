package device

import (
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// terminal is what the step knows of the card terminal.
type terminal struct {
	busy string // the reference that a Charge or Find is under way for; one at a time
}

// seek is a card transaction whose answer was lost, being looked up by its
// reference until the terminal's words or a proof settle it.
type seek struct {
	ref      string
	movement string // ID of the void or return; empty for the sale itself
	kind     sale.CardKind
	amount   sale.Amount
	started  time.Time     // of the attempt, wall
	since    time.Duration // when the seeking began, in this run
	at       time.Duration // next probe
	unclear  int           // answers in a row that could not be read
	notFound time.Duration // when it was proven not found for the first time; 0 if not yet
	settled  bool          // a person has settled the sale: asked in the quiet, holds nothing
	// control is the latest approved sale before the attempt: a later one may be
	// in another batch, and proves nothing of this one.
	control *sale.CardControl
}

// maxControls is how many approved sales are remembered to look others up by.
const maxControls = 8

// control is the latest approved sale of the batch that was not voided since:
// a voided one is not found as the sale it was.
func (c *Core) control() *sale.CardControl {
	if len(c.controls) == 0 {
		return nil
	}
	last := c.controls[len(c.controls)-1]
	return &last
}

// A proof counts only when it was given twice, this far apart.
const proofSpacing = 4 * time.Second

// slowProbe is the pause between probes once a person has been told.
const slowProbe = 30 * time.Second

// A sale that a person has settled is asked about every settledProbe, for
// settledFor of running time: the terminal may still disagree.
const (
	settledProbe = 5 * time.Minute
	settledFor   = 24 * time.Hour
)

// terminalFree reports whether a new card transaction may start, or refuses it.
func (c *Core) terminalFree(t sale.Token) bool {
	for _, l := range c.order {
		if l.seek == nil || l.seek.settled {
			continue
		}
		c.refuse(t, ErrTerminalHeld, l.s.ID, "the terminal has not said yet how sale %s of %s ended: %s", l.s.ID, l.s.Amount, orElse(l.s.Attention, "posd is asking it; take a wallet meanwhile"))
		return false
	}
	if c.term.busy != "" {
		c.refuse(t, ErrTerminalHeld, "", "the terminal is busy: wait a moment")
		return false
	}
	return true
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// charge asks the terminal for the sale's money, once its intent is durable.
func (c *Core) charge(l *live, w sale.SellAsked) {
	o := sale.CardOrder{Kind: l.s.Kind, Ref: l.attempt().Ref, Amount: l.s.Amount, Tender: l.s.Tender, AllowDuplicate: w.AllowDuplicate}
	if l.s.Kind == sale.CardComplete {
		o.Original = original(c.latest(w.Original))
	}
	c.term.busy = o.Ref
	c.after(sale.Charge{Order: o})
}

// original names a sale to the terminal, for what builds on it.
func original(s *sale.Sale) *sale.CardOriginal {
	o := &sale.CardOriginal{Kind: s.Kind, Ref: s.Attempts[len(s.Attempts)-1].Ref, Amount: s.ApprovedAmount, Tender: s.Tender}
	if s.Card != nil {
		o.Transaction = s.Card.Transaction
	}
	return o
}

// foreign says what a terminal's duplicate check means that named another
// transaction than the one it was asked.
func (c *Core) foreign(w sale.CardAnswered) {
	l, _ := c.byRef(w.Answer.Ref)
	if l == nil || w.Answer.Foreign == "" {
		return
	}
	known := c.latest(w.Known)
	if w.Lost || known != nil && known.State != sale.Paid && known.State != sale.Unsure {
		c.incident(l, "the terminal holds it for the same payment as our attempt "+w.Answer.Foreign+", which is not known here as paid: compare with the terminal's batch before it is taken again")
		return
	}
	c.attend(l, "the terminal took the same amount from the same card a moment ago: if the customer means to pay again, take it again as a duplicate that is meant")
}

// cardAnswered takes a transaction's answer, on time or late.
func (c *Core) cardAnswered(a sale.CardAnswer) {
	if a.Card.Serial != "" {
		c.serial = a.Card.Serial
	}
	l, m := c.byRef(a.Ref)
	switch {
	case l == nil:
		c.log(nil, true, "answer for a transaction that is settled", a.Ref+": "+a.Words)
	case m != nil:
		c.cardMoved(l, m, a)
	case l.s.State.Final():
		c.disagrees(l, a)
	default:
		c.cardSold(l, a)
	}
}

// byRef finds the sale, and the movement if it is one, that a card reference belongs to.
func (c *Core) byRef(ref string) (*live, *sale.Movement) {
	for _, l := range c.order {
		if l.s.Method != sale.Card {
			continue
		}
		for i := range l.s.Refunds {
			if l.s.Refunds[i].ID == ref {
				return l, &l.s.Refunds[i]
			}
		}
		if slices.ContainsFunc(l.s.Attempts, func(a sale.Attempt) bool { return a.Ref == ref }) {
			return l, nil
		}
	}
	return nil, nil
}

// disagrees notes a machine's word that contradicts a final state: the state
// stays, a person is told.
func (c *Core) disagrees(l *live, a sale.CardAnswer) {
	if (a.Verdict == sale.VerdictApproved) == (l.s.State == sale.Paid) || a.Verdict == sale.VerdictUnsure {
		return
	}
	c.incident(l, fmt.Sprintf("the terminal says %q, but the sale is %s: compare with the terminal's batch", a.Words, l.s.State))
}

func (c *Core) incident(l *live, words string) {
	l.s.Incident, l.s.Attention = words, words
	c.urgent()
	c.event(l, "sale.incident", words)
	c.log(l, true, "incident", words)
}

// cardSold settles a sale by the terminal's answer to it.
func (c *Core) cardSold(l *live, a sale.CardAnswer) {
	if l.attempt().State == sale.AttemptPaid { // approved in part, and being voided: late answers may come twice
		if a.Verdict != sale.VerdictApproved && a.Verdict != sale.VerdictUnsure {
			c.incident(l, fmt.Sprintf("the terminal approved %s and then said %q: compare with the terminal's batch", l.s.ApprovedAmount, a.Words))
		}
		return
	}
	switch a.Verdict {
	case sale.VerdictApproved:
		c.approved(l, a)
	case sale.VerdictDeclined:
		c.noteCard(l, a)
		c.endAttempt(l, sale.AttemptEnded, a.Words)
		if c.finish(l, sale.Declined, a.Reason, a.Words) && c.policy.PrintDeclined && a.Card.Number != "" {
			c.print(l, "", sale.CustomerCopy, false)
		}
	case sale.VerdictCancelled, sale.VerdictNotSent:
		c.noteCard(l, a)
		c.endAttempt(l, sale.AttemptEnded, a.Words)
		c.finish(l, sale.Cancelled, orReason(a.Reason, sale.ReasonNotSent), a.Words)
	default:
		if l.s.State == sale.Waiting {
			c.becomeUnsure(l, orReason(a.Reason, sale.ReasonNoAnswer), a.Words)
		}
		c.startSeek(l, nil)
	}
}

func orReason(r, other sale.Reason) sale.Reason {
	if r != "" {
		return r
	}
	return other
}

func (c *Core) noteCard(l *live, a sale.CardAnswer) {
	card := a.Card
	l.s.Card = &card
	l.s.Tip, l.s.Cashback, l.s.Surcharge = a.Tip, a.Cashback, a.Surcharge
	if a.Tender != "" {
		l.s.Tender = a.Tender
	}
}

// expected is what the terminal's approved amount must be if all was approved.
func (c *Core) expected(l *live) sale.Amount {
	sum := l.s.Amount
	for _, name := range c.policy.ApprovedIncludes {
		switch name {
		case "tip":
			sum += l.s.Tip
		case "cashback":
			sum += l.s.Cashback
		case "surcharge":
			sum += l.s.Surcharge
		}
	}
	return sum
}

// approved takes the terminal's approval (money rule 9): in full, in part, or
// with an amount that nobody asked for.
func (c *Core) approved(l *live, a sale.CardAnswer) {
	c.noteCard(l, a)
	l.s.ApprovedAmount, l.s.Offline = a.Approved, a.Offline
	c.endAttempt(l, sale.AttemptPaid, a.Words)
	want := c.expected(l)
	switch {
	case a.Approved > 0 && a.Approved < want && c.policy.Partial == "refuse":
		c.partial(l, a)
		return
	case a.Approved > 0 && a.Approved < want:
		l.s.Due = want - a.Approved
	}
	if !c.finish(l, sale.Paid, sale.ReasonNone, a.Words) {
		return
	}
	if a.Approved != want && l.s.Due == 0 {
		c.incident(l, fmt.Sprintf("the terminal approved %s where %s was asked: compare with the terminal's batch", a.Approved, want))
	}
	if l.s.CancelWished && l.s.Attention == "" {
		l.s.Attention = "approved although cancel was pressed: void it if the customer does not want it"
	}
	if l.s.Due > 0 {
		l.s.Attention = fmt.Sprintf("approved for %s only: %s is still due", a.Approved, l.s.Due)
	}
	switch {
	case l.s.Kind == sale.CardReturn:
		l.s.Reported = sale.ReportByHand // there is no report of money given
	case l.s.Captures():
		c.queueReport(l, a)
	}
	if l.s.Kind == sale.CardSale {
		c.controls = append(c.controls, sale.CardControl{Ref: l.attempt().Ref, Amount: a.Approved})
		if len(c.controls) > maxControls {
			c.controls = c.controls[1:]
		}
	}
	c.printCopies(l, "", l.s.Card)
	if l.s.GivenUp {
		c.latePayment(l)
	}
}

// partial refuses an approval for less than asked: unsure until posd's own void is done.
func (c *Core) partial(l *live, a sale.CardAnswer) {
	words := fmt.Sprintf("approved for %s of %s only; posd voids it", a.Approved, l.s.Amount)
	l.seek = nil
	if l.s.State == sale.Waiting {
		c.becomeUnsure(l, sale.ReasonPartial, words)
	} else {
		l.s.Reason = sale.ReasonPartial
		c.event(l, "sale.partial", words)
	}
	c.addMovement(l, sale.Movement{Kind: sale.Void, Amount: a.Approved, By: "posd", Why: "partial approval"})
	c.moves(l, l.lastMovement()).at = c.mono() + 1
}

// startSeek begins to look a lost answer up.
func (c *Core) startSeek(l *live, m *sale.Movement) {
	if l.seek != nil && !l.seek.settled { // what a person has settled gives way to what nobody knows
		return
	}
	l.seek = &seek{kind: l.s.Kind, since: c.mono(), at: c.mono() + c.policy.AskTerminalEvery, control: c.control()}
	if m != nil {
		l.seek.ref, l.seek.movement, l.seek.kind, l.seek.amount, l.seek.started = m.ID, m.ID, cardKind(m.Kind), m.Amount, m.CreatedAt
		return
	}
	a := l.attempt()
	l.seek.ref, l.seek.amount, l.seek.started = a.Ref, l.s.Amount, a.StartedAt
}

func cardKind(k sale.MovementKind) sale.CardKind {
	if k == sale.Void {
		return sale.CardVoid
	}
	return sale.CardReturn
}

// seekDue probes the terminal when it is time and the line is free.
func (c *Core) seekDue(l *live) {
	s := l.seek
	if s == nil || c.term.busy != "" || c.mono() < s.at || !c.has.Terminal {
		return
	}
	c.term.busy = s.ref
	serial := ""
	if l.s.Card != nil {
		serial = l.s.Card.Serial
	}
	look := sale.CardLookup{Ref: s.ref, Kind: s.kind, Amount: s.amount, Serial: orElse(serial, c.serial), Control: s.control}
	if look.Control != nil && look.Control.Ref == s.ref {
		look.Control = nil
	}
	c.now(sale.Find{Lookup: look})
}

// cardFound weighs what a look-up brought (the POSLINK facts on recovery).
func (c *Core) cardFound(f sale.CardFinding) {
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
	if s.settled {
		c.stillAsked(l, f)
		return
	}
	s.at = c.mono() + c.policy.AskTerminalEvery
	switch {
	case !f.Reached:
		s.notFound = 0
		if c.mono()-s.since > c.policy.TerminalSilentFor {
			c.attend(l, "the terminal does not answer: look at its screen, bring it back to its start screen, check cable and power")
		}
	case f.Swapped:
		s.notFound, s.at = 0, c.mono()+slowProbe
		c.attend(l, fmt.Sprintf("another terminal (%s) is connected than the one that was asked: connect that one again, or settle the sale by its paper", f.Identity.Serial))
	case f.Result == sale.FoundIt:
		l.seek = nil
		if m != nil {
			c.cardMoved(l, m, f.Answer)
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
		s.at = c.mono() + slowProbe
		c.attend(l, "the terminal's answer is not clear ("+f.Words+"): look for the sale in its batch and settle it")
	}
}

// notFound concludes only from a proof: the same terminal still finds our control sale,
// or there is none and the attempt is fresh; and it said so twice.
func (c *Core) notFound(l *live, m *sale.Movement, f sale.CardFinding) {
	s := l.seek
	if !c.proves(s, f) {
		s.notFound, s.at = 0, c.mono()+slowProbe
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
		s.notFound, s.at = c.mono(), c.mono()+proofSpacing
		return
	}
	if c.mono()-s.notFound < proofSpacing {
		s.at = s.notFound + proofSpacing
		return
	}
	l.seek = nil
	words := "the terminal never heard of it"
	if m != nil {
		c.cardMoved(l, m, sale.CardAnswer{Ref: s.ref, Verdict: sale.VerdictCancelled, Reason: sale.ReasonNotFound, Words: words})
		return
	}
	c.endAttempt(l, sale.AttemptEnded, words)
	c.finish(l, sale.Cancelled, sale.ReasonNotFound, words)
}

// proves reports whether "not found" means that the terminal never heard of it.
func (c *Core) proves(s *seek, f sale.CardFinding) bool {
	switch {
	case f.Foreign != "":
		return false
	case f.Control == sale.FoundUnasked:
		return c.freshWithoutSettle(s.started)
	}
	return f.Control == sale.FoundIt
}

// stillAsked weighs what the terminal says of a sale that a person has settled:
// a word that disagrees changes nothing and is an incident (money rule 13).
func (c *Core) stillAsked(l *live, f sale.CardFinding) {
	s := l.seek
	s.at = c.mono() + settledProbe
	told := f.Reached && !f.Swapped
	switch {
	case told && f.Result == sale.FoundIt:
		c.disagrees(l, f.Answer)
	case told && f.Result == sale.FoundNot && c.proves(s, f):
		c.disagrees(l, sale.CardAnswer{Verdict: sale.VerdictCancelled, Words: "never heard of it"})
	case c.mono()-s.since < settledFor:
		return
	}
	l.seek = nil
}

// freshWithoutSettle reports whether an attempt is so young that its batch is
// still open: a quarter of an hour at most, and no auto-settle hour since.
func (c *Core) freshWithoutSettle(started time.Time) bool {
	now := c.ev.Wall
	if age := now.Sub(started); age < 0 || age > 15*time.Minute {
		return false
	}
	for _, hhmm := range c.policy.AutoSettle {
		t, err := time.Parse("15:04", hhmm)
		if err != nil {
			return false
		}
		local := now.In(c.zone)
		settle := time.Date(local.Year(), local.Month(), local.Day(), t.Hour(), t.Minute(), 0, 0, c.zone)
		if settle.After(now) {
			settle = settle.AddDate(0, 0, -1)
		}
		if settle.After(started) {
			return false
		}
	}
	return true
}

// attend says, once, what a person must do.
func (c *Core) attend(l *live, words string) {
	if l.s.Attention == words {
		return
	}
	l.s.Attention = words
	c.event(l, "sale.attention", words)
	c.log(l, true, "a person is needed", words)
}
