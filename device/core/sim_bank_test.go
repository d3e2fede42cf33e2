package core_test

import (
	"slices"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// back returns answers to the run of posd that asked, after a while.
type back struct {
	w    *world
	life int
}

// tell answers with an event that stands already.
func (b back) tell(d time.Duration, e core.Event) { b.w.push(d, plan{event: e, life: b.life}) }

// ask answers with what is so by then.
func (b back) ask(d time.Duration, e func() core.Event) {
	b.w.push(d, plan{ask: e, life: b.life})
}

// bank is the terminals and the card's host: it keeps what was really taken, of
// which a terminal may remember less.
type bank struct {
	records   map[string]*record // by ECR reference
	list      []*record
	running   *running
	late      []sale.CardAnswer // given up by posd, still on their way
	number    int
	closed    map[string]int // batches closed, by terminal
	unplugged bool
	foreign   time.Duration // when another register last charged here; 0: never

	terminal string // serial number of the one on the line
	line     int    // counts the connections
	sentOn   map[string]int
	finds    int               // the run of posd in which this terminal found something by reference
	blind    time.Duration     // until when look-ups find nothing: it was started anew
	refused  map[string]string // what the host refused and posd did not hear of is on record, too: by reference, the terminal
	odd      oddities
}

// oddities are what a shop's terminal does that others do not.
type oddities struct {
	lookupOff bool // finds nothing by reference
	marksOnly bool // a void leaves a mark on its original and no record
	hides     bool // what was approved offline is not found
	swaps     bool // a second terminal takes turns with the first
	forgets   bool // somebody closes batches on the keypad in mid-trade, or clears its memory
	garbles   bool // says approved in ways that cannot be read, late, or after another verdict
}

// record is a transaction that the host approved.
type record struct {
	ref                    string
	kind                   sale.CardKind
	asked, approved        sale.Amount
	tip, cashback, surplus sale.Amount
	offline, wrong         bool
	partial                bool   // approved for less than was to be charged
	hidden                 bool   // no look-up finds it by our reference
	on                     string // serial number of the terminal that took it
	taken, voided          bool   // taken: an authorisation that was completed
	number, batch          int
	undone                 sale.Amount // given back by later voids and returns
}

type running struct {
	ref     string
	aborted bool
	foreign bool
	until   time.Duration
}

func (b *bank) init(w *world) {
	b.refused = map[string]string{}
	b.records, b.sentOn, b.closed, b.terminal, b.line = map[string]*record{}, map[string]int{}, map[string]int{}, serial, 1
	if w.wires != nil {
		return // the simulated terminal on the wire has none of them
	}
	one := func(n int) bool { return w.rnd.IntN(n) == 0 }
	b.odd = oddities{lookupOff: one(12), marksOnly: one(4), hides: one(6), swaps: one(4), forgets: one(3), garbles: one(2)}
	w.policy.TerminalOffline = b.odd.hides
}

// Serial numbers of the two terminals that a shop may have.
const serial, otherSerial = "123456789", "987654321"

// charge takes a transaction: the request may be lost, the customer thinks, the answer may be lost or late.
func (b *bank) charge(w *world, o sale.CardRequest, back back) {
	w.intended(o.Ref)
	answer := func(d time.Duration, verdict sale.Verdict, words string) {
		back.ask(d, func() core.Event {
			return core.CardAnswered{Answer: sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: verdict, Words: words, Serial: b.terminal}}
		})
	}
	if b.unplugged || w.chance(0.03) {
		w.say("terminal: line closed, %s %s not sent", o.Kind, o.Ref)
		answer(time.Second, sale.VerdictNotSent, "not plugged in")
		return
	}
	if o.Serial != "" && o.Serial != b.terminal {
		w.say("terminal: %s is not the one that %s %s was meant for", b.terminal, o.Kind, o.Ref)
		answer(time.Second, sale.VerdictNotSent, "another terminal is on the line now")
		return
	}
	b.sentOn[o.Ref] = b.line
	if b.running == nil && b.odd.garbles && o.Kind == sale.CardSale && w.chance(0.02) {
		answer(10*time.Second, sale.VerdictUnsure, "no answer")
		b.approveLate(w, o)
		return
	}
	if w.chance(0.04) || b.running != nil {
		w.say("terminal: request %s lost", o.Ref)
		answer(10*time.Second, sale.VerdictUnsure, "no ACK")
		return
	}
	think, life := w.human(time.Second, 25*time.Second), w.life
	r := &running{ref: o.Ref, until: w.now + think}
	b.running = r
	lost := w.chance(0.08)
	if lost {
		b.line++
		answer(w.human(time.Second, 3*time.Minute), sale.VerdictUnsure, "line lost")
	}
	w.after(think, func() {
		b.running = nil
		a := b.decide(w, o, r)
		if w.wires != nil {
			a = w.wires.charge(w, o, a)
		}
		switch {
		case a.Verdict == sale.VerdictCancelled && w.chance(0.2) && w.wires == nil: // A14 is answered by EOT alone, and nothing follows
			w.say("terminal: %s is cancelled, and it says nothing", o.Ref)
			answer(3*time.Second, sale.VerdictUnsure, "the wish to cancel was heard, and nothing came after it")
		case lost || b.unplugged:
			w.say("terminal: answer to %s (%s) lost", o.Ref, a.Verdict)
			if !lost {
				answer(0, sale.VerdictUnsure, "line lost")
			}
			b.meanwhile(w)
			if a.Verdict == sale.VerdictDeclined {
				b.refused[o.Ref] = b.terminal
			}
			if a.Verdict == sale.VerdictApproved && w.rnd.IntN(3) == 0 { // it comes after all, now and then twice
				b.late = append(b.late, slices.Repeat([]sale.CardAnswer{a}, 1+w.rnd.IntN(2))...)
			}
		default:
			if w.life == life { // else nobody hears it
				a = b.garble(w, a)
			}
			w.answered(a, back)
		}
	})
}

// answered hands an answer to the core, and what came beside it.
func (w *world) answered(a sale.CardAnswer, back back) {
	back.ask(30*time.Millisecond, func() core.Event { return core.CardAnswered{Answer: a, Owner: w.saleOf(a.Foreign)} })
	if len(a.Late) > 0 {
		back.ask(30*time.Millisecond+1, func() core.Event { return w.heard(a.Late) })
	}
}

// heard is the event of answers that nobody waited for.
func (w *world) heard(late []sale.CardAnswer) core.Event {
	var h core.CardHeard
	for _, a := range late {
		h.Answers = append(h.Answers, core.HeardAnswer{Answer: a, Owner: w.saleOf(a.Ref)})
	}
	return h
}

// decide is the moment of truth: money is taken here, or not.
func (b *bank) decide(w *world, o sale.CardRequest, r *running) sale.CardAnswer {
	a := sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Serial: b.terminal, Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: b.terminal}}
	if r.aborted {
		a.Verdict, a.Reason, a.Words = sale.VerdictCancelled, sale.ReasonAborted, "ABORTED"
		return a
	}
	if b.records[o.Ref] != nil {
		w.fail("I1: the terminal was asked twice for reference %s", o.Ref)
	}
	rec := &record{ref: o.Ref, kind: o.Kind, asked: o.Amount, approved: o.Amount, tip: o.Tip, batch: b.closed[b.terminal], on: b.terminal}
	switch {
	case o.Kind == sale.CardComplete:
		held := b.records[o.Original.Ref]
		if held == nil || held.batch != b.closed[held.on] || held.on != b.terminal || held.undone > 0 {
			a.Verdict, a.Words = sale.VerdictDeclined, "NOT FOUND"
			return a
		}
		if held.taken || o.Amount > held.approved {
			w.fail("I1: %s is taken of %s, which held %s (taken before: %v)", o.Amount, held.ref, held.approved, held.taken)
		}
		held.taken = true
	case o.Kind == sale.CardReturn && o.Original == nil:
		if w.chance(0.1) {
			a.Verdict, a.Reason, a.Words = sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED"
			return a
		}
	case o.Kind != sale.CardSale && o.Kind != sale.CardAuth:
		orig := b.original(o)
		if orig != nil && o.Kind == sale.CardVoid && o.Original.Amount != orig.approved {
			w.fail("I6: %s is voided as %s, and the terminal approved %s", orig.ref, o.Original.Amount, orig.approved)
		}
		if orig == nil || w.chance(0.02) {
			a.Verdict, a.Words = sale.VerdictDeclined, "NOT FOUND"
			return a
		}
		if orig.voided = o.Kind == sale.CardVoid; orig.voided { // all of it, whatever was asked
			rec.approved, rec.hidden = orig.approved, b.odd.marksOnly
		}
		byHand := func(s *sale.Sale) bool { return s != nil && s.Resolved != nil } // a person called a part all of it
		if orig.undone += rec.approved; orig.undone > orig.approved && !byHand(w.saleOf(orig.ref)) {
			w.fail("I1: %s was given back of %s, which took %s", orig.undone, orig.ref, orig.approved)
		}
	case w.chance(0.01) && len(b.list) > 0:
		a.Verdict, a.Reason, a.Foreign, a.Words = sale.VerdictDeclined, sale.ReasonDuplicateOf, b.list[len(b.list)-1].ref, "DUP TRANSACTION"
		return a
	case w.chance(0.1):
		a.Verdict, a.Reason, a.Words = sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED"
		return a
	default:
		b.extras(w, rec)
	}
	b.number++
	rec.number = b.number
	b.records[o.Ref], b.list = rec, append(b.list, rec)
	w.say("terminal: %s %s approved for %s", o.Kind, o.Ref, rec.approved)
	return b.answer(w, rec)
}

// forget takes back what the terminal on the wire was never asked for.
func (b *bank) forget(o sale.CardRequest) {
	r := b.records[o.Ref]
	if r == nil {
		return
	}
	delete(b.records, o.Ref)
	b.list = b.list[:len(b.list)-1]
	if o.Original != nil {
		orig := b.records[o.Original.Ref]
		orig.undone, orig.voided = orig.undone-r.approved, false
	}
}

// original finds what a void or return gives back.
func (b *bank) original(o sale.CardRequest) *record {
	if o.Original == nil {
		return nil
	}
	orig := b.records[o.Original.Ref]
	if orig != nil && o.Kind == sale.CardVoid && (orig.batch != b.closed[orig.on] || orig.on != b.terminal || orig.voided || orig.taken) {
		return nil
	}
	return orig
}

// extras is what the customer adds at the terminal, and what the host makes of it.
func (b *bank) extras(w *world, r *record) {
	if w.chance(0.1) {
		r.tip += 150
	}
	if w.chance(0.05) {
		r.cashback = 2000
	}
	if w.chance(0.05) {
		r.surplus = 35
	}
	for _, part := range w.policy.ApprovedIncludes {
		r.approved += map[string]sale.Amount{"tip": r.tip, "cashback": r.cashback, "surcharge": r.surplus}[part]
	}
	switch {
	case w.chance(0.03):
		r.part(w)
	case w.chance(0.005) && w.wires == nil:
		r.approved, r.wrong = r.approved+7, true // nobody can explain that one
	case w.chance(0.01) && w.wires == nil && slices.Contains(w.policy.ApprovedIncludes, "tip"):
		r.approved, r.tip, r.cashback, r.surplus, r.wrong = r.asked, r.tip+150, 0, 0, true // the tip stands beside the amount, and the shop says that it does not
	case b.odd.hides && w.chance(0.2), w.chance(0.02) && (w.wires != nil || w.seed%3 == 0):
		r.offline = true
	}
}

// part approves less than was to be charged, tip and surcharge included: about
// half, or a dollar less, which may still be more than was asked.
func (r *record) part(w *world) {
	if slices.Contains(w.policy.ApprovedIncludes, "cashback") {
		r.approved -= r.cashback
	}
	r.cashback, r.partial = 0, true // no cash is handed out on such an approval
	if w.rnd.IntN(2) == 0 {
		r.approved -= 100
	} else {
		r.approved = r.approved/2 + 1
	}
}

// answer is what the terminal says of an approval, at once or when asked later.
func (b *bank) answer(w *world, r *record) sale.CardAnswer {
	a := sale.CardAnswer{
		Ref: r.ref, Kind: r.kind, Verdict: sale.VerdictApproved, Approved: r.approved, Partial: r.partial, SaidApproved: true, Serial: r.on, Offline: r.offline,
		Tip: r.tip, Cashback: r.cashback, Surcharge: r.surplus, Words: "APPROVED", Extra: `{"expDate":"` + secretExpiry + `"}`,
		Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: r.on, Transaction: "7", Batch: batchName(r.batch)},
	}
	if r.number%50 == 49 {
		a.Extra, a.ExtraErr = "", "the terminal gave no authorisation number"
	}
	return a
}

// find looks up, as the terminal and its driver would.
func (b *bank) find(w *world, l sale.CardLookup, back back) {
	f := sale.CardFinding{Ref: l.Ref}
	switch {
	case b.running != nil || b.unplugged || w.now < b.blind-blindFor || w.chance(0.15):
		back.tell(3*time.Second, core.CardFound{Finding: f})
		return
	case w.chance(0.05):
		f.Reached, f.Result, f.Words = true, sale.FoundUnclear, "noise"
	case b.foreign != 0 && w.chance(0.1):
		f.Reached, f.Result, f.Foreign, f.Words = true, sale.FoundUnclear, otherRef, "the terminal found another reference"
	case w.wires != nil:
		f = w.wires.find(w, l)
	default:
		b.lookUp(w, l, &f)
	}
	late := append(f.Late, b.late...)
	f.Late, b.late = nil, nil
	wait := w.between(50*time.Millisecond, time.Second)
	if len(late) > 0 {
		back.ask(wait, func() core.Event { return w.heard(late) })
	}
	back.tell(wait+1, core.CardFound{Finding: f})
}

// lookUp is what a terminal that is idle and understood says.
func (b *bank) lookUp(w *world, l sale.CardLookup, f *sale.CardFinding) {
	f.Reached, f.Identity.Serial = true, b.terminal
	f.SameLine = b.sentOn[l.Ref] == b.line
	if l.Serial != "" && l.Serial != b.terminal {
		f.Swapped, f.Result = true, sale.FoundUnclear
		return
	}
	if f.Result = b.look(w, l.Ref); f.Result == sale.FoundIt {
		if r := b.records[l.Ref]; l.Amount != r.asked && l.Kind != sale.CardVoid {
			w.fail("I6: %s is looked for with %s, and %s was asked", l.Ref, l.Amount, r.asked)
		}
		f.Answer = b.answer(w, b.records[l.Ref])
	} else {
		if l.Original != nil {
			f.Original = b.look(w, l.Original.Ref)
			if r := b.records[l.Original.Ref]; f.Original == sale.FoundIt && r.voided {
				f.Original = sale.FoundVoided
			}
		}
		if l.Control != nil {
			f.Control = b.look(w, l.Control.Ref)
			if r := b.records[l.Control.Ref]; f.Control == sale.FoundIt && l.Control.Amount != r.approved {
				w.fail("I6: the control %s is looked for with %s, and the terminal approved %s", r.ref, l.Control.Amount, r.approved)
			}
		}
	}
	f.Finds = b.finds == w.life
}

// look is whether the terminal on the line finds a reference.
func (b *bank) look(w *world, ref string) sale.Found {
	r := b.records[ref]
	switch {
	case b.refused[ref] == b.terminal && w.now >= b.blind && !b.odd.lookupOff: // on record, and not as approved
		return sale.FoundUnclear
	case r == nil, r.on != b.terminal, r.hidden, b.odd.lookupOff, w.now < b.blind:
		return sale.FoundNot
	case r.offline && b.odd.hides, r.batch != b.closed[r.on] && !r.offline: // what was approved offline survives a close
		return sale.FoundNot
	}
	b.finds = w.life
	return sale.FoundIt
}

func (b *bank) abort(w *world) {
	if r := b.running; r != nil && !r.foreign && !b.unplugged && !w.chance(0.3) && r.until > w.now {
		r.aborted = true
	}
}

// saleOf returns the sale whose attempt a reference is, as the journal has it.
func (w *world) saleOf(ref string) *sale.Sale {
	if s, ok := w.disk.Rows.Sales[w.stored[ref]]; ok && ref != "" {
		return &s
	}
	return nil
}
