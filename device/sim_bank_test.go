package device

import (
	"slices"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// back returns an answer to the core after a while.
type back func(d time.Duration, h func() core.Event)

// bank is the terminal and the card's host: it keeps what was really taken.
type bank struct {
	records   map[string]*record // by ECR reference
	list      []*record
	running   *running
	late      []sale.CardAnswer // given up by posd, still on their way
	number    int
	closed    int // batches closed
	used      time.Duration
	unplugged bool
	foreign   time.Duration // when another register last charged here; 0: never
}

// record is a transaction that the host approved.
type record struct {
	ref                    string
	kind                   sale.CardKind
	asked, approved        sale.Amount
	tip, cashback, surplus sale.Amount
	offline, wrong         bool
	partial                bool // approved for less than was to be charged
	taken, voided          bool // taken: an authorisation that was completed
	number, batch          int
	undone                 sale.Amount // given back by later voids and returns
}

type running struct {
	ref     string
	aborted bool
	foreign bool
	until   time.Duration
}

func (b *bank) init() { b.records = map[string]*record{} }

const serial = "0123456789"

// charge takes a transaction: the request may be lost, the customer thinks, the answer may be lost or late.
func (b *bank) charge(w *world, o sale.CardRequest, back back) {
	w.intended(o.Ref)
	b.used = w.now
	unsure := func(why string) func() core.Event {
		return func() core.Event {
			return core.CardAnswered{Answer: sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictUnsure, Words: why}}
		}
	}
	if b.unplugged || w.chance(0.03) {
		w.say("terminal: line closed, %s %s not sent", o.Kind, o.Ref)
		back(time.Second, func() core.Event {
			return core.CardAnswered{Answer: sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictNotSent, Words: "not plugged in"}}
		})
		return
	}
	if w.chance(0.04) || b.running != nil {
		w.say("terminal: request %s lost", o.Ref)
		back(10*time.Second, unsure("no ACK"))
		return
	}
	think := w.human(time.Second, 25*time.Second)
	r := &running{ref: o.Ref, until: w.now + think}
	b.running = r
	lost := w.chance(0.08)
	if lost {
		back(w.human(time.Second, 3*time.Minute), unsure("line lost"))
	}
	w.after(think, func() {
		b.running = nil
		a := b.decide(w, o, r)
		if w.wires != nil {
			a = w.wires.charge(w, o, a)
		}
		switch {
		case lost || b.unplugged:
			w.say("terminal: answer to %s (%s) lost", o.Ref, a.Verdict)
			if !lost {
				back(0, unsure("line lost"))
			}
			if a.Verdict == sale.VerdictApproved && w.rnd.IntN(3) == 0 { // it comes after all, now and then twice
				b.late = append(b.late, slices.Repeat([]sale.CardAnswer{a}, 1+w.rnd.IntN(2))...)
			}
		default:
			back(30*time.Millisecond, func() core.Event { return core.CardAnswered{Answer: a, Known: w.saleOf(a.Foreign)} })
		}
	})
}

// decide is the moment of truth: money is taken here, or not.
func (b *bank) decide(w *world, o sale.CardRequest, r *running) sale.CardAnswer {
	a := sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: serial}}
	if r.aborted {
		a.Verdict, a.Reason, a.Words = sale.VerdictCancelled, sale.ReasonAborted, "ABORTED"
		return a
	}
	if b.records[o.Ref] != nil {
		w.fail("I1: the terminal was asked twice for reference %s", o.Ref)
	}
	rec := &record{ref: o.Ref, kind: o.Kind, asked: o.Amount, approved: o.Amount, batch: b.closed}
	switch {
	case o.Kind == sale.CardComplete:
		held := b.records[o.Original.Ref]
		if held == nil || held.batch != b.closed || held.undone > 0 {
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
		if orig == nil || w.chance(0.02) {
			a.Verdict, a.Words = sale.VerdictDeclined, "NOT FOUND"
			return a
		}
		orig.voided = o.Kind == sale.CardVoid
		if orig.undone += o.Amount; orig.undone > orig.approved {
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
	if orig != nil && o.Kind == sale.CardVoid && (orig.batch != b.closed || orig.undone > 0 || orig.taken) {
		return nil
	}
	return orig
}

// extras is what the customer adds at the terminal, and what the host makes of it.
func (b *bank) extras(w *world, r *record) {
	if w.chance(0.1) {
		r.tip = 150
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
	case w.chance(0.02):
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
		Ref: r.ref, Kind: r.kind, Verdict: sale.VerdictApproved, Approved: r.approved, Partial: r.partial, Offline: r.offline,
		Tip: r.tip, Cashback: r.cashback, Surcharge: r.surplus, Words: "APPROVED", Extra: `{"expDate":"` + secretExpiry + `"}`,
		Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: serial, Transaction: "7", Batch: batchName(r.batch)},
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
	case b.running != nil || b.unplugged || w.chance(0.15):
		back(3*time.Second, func() core.Event { return core.CardFound{Finding: f} })
		return
	case w.chance(0.05):
		f.Reached, f.Result, f.Words = true, sale.FoundUnclear, "noise"
	case b.foreign != 0 && w.chance(0.1):
		f.Reached, f.Result, f.Foreign, f.Words = true, sale.FoundUnclear, otherRef, "the terminal found another reference"
	case w.wires != nil:
		f = w.wires.find(w, l)
	default:
		f.Reached, f.Identity.Serial = true, serial
		if f.Result = b.look(l.Ref); f.Result == sale.FoundIt {
			f.Answer = b.answer(w, b.records[l.Ref])
		} else if l.Control != nil {
			f.Control = b.look(l.Control.Ref)
		}
	}
	f.Late, b.late = append(f.Late, b.late...), nil
	back(w.between(50*time.Millisecond, time.Second), func() core.Event { return core.CardFound{Finding: f} })
}

func (b *bank) look(ref string) sale.Found {
	if r := b.records[ref]; r != nil && r.batch == b.closed {
		return sale.FoundIt
	}
	return sale.FoundNot
}

func (b *bank) abort(w *world) {
	if r := b.running; r != nil && !r.foreign && !b.unplugged && !w.chance(0.3) && r.until > w.now {
		r.aborted = true
	}
}

// saleOf returns the sale whose attempt a reference is, as the journal has it.
func (w *world) saleOf(ref string) *sale.Sale {
	if s, ok := w.disk.sales[w.stored[ref]]; ok && ref != "" {
		return &s
	}
	return nil
}
