package core_test

import (
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// trouble plans what becomes of the terminal's memory without posd's doing.
func (b *bank) trouble(w *world) {
	if b.odd.forgets || w.wires != nil {
		w.nowAndThen(40*time.Minute, func() {
			if b.running == nil {
				b.settle(w)
			}
		})
	}
	if b.odd.swaps {
		w.nowAndThen(12*time.Minute, func() { b.swap(w) })
	}
	if w.wires == nil {
		w.nowAndThen(40*time.Minute, func() { b.reboot(w) })
	}
	w.nowAndThen(10*time.Minute, func() { w.shop.resolveMovements(w) })
}

// resolveMovements is a person's word on voids and returns that posd cannot tell the
// end of: the bank's list has them or not.
func (s *shop) resolveMovements(w *world) {
	for _, id := range w.disk.Rows.Order {
		st := w.disk.Rows.Sales[id]
		for _, m := range st.Refunds {
			if st.Method != sale.Card || m.State != sale.MovementUnsure || st.Attention == "" || w.machine == nil {
				continue
			}
			as := sale.MovementRefused
			if w.bank.records[m.ID] != nil {
				as = sale.MovementDone
			}
			w.say("manager: resolves %s %s of sale %s as %s", m.Kind, m.ID, st.ID, as)
			s.ask(w, func(t core.Token) core.Event {
				return core.ResolveAsked{Token: t, Sale: st, Movement: m.ID, As: sale.State(as), By: "Ann", Reason: "the bank's list says so"}
			}, nil)
		}
	}
}

// swap puts the shop's other terminal on the line.
func (b *bank) swap(w *world) {
	if b.running != nil {
		return
	}
	if b.terminal == serial {
		b.terminal = otherSerial
	} else {
		b.terminal = serial
	}
	b.line++
	b.finds = 0
	w.say("terminal %s is plugged in now", b.terminal)
}

// meanwhile is what becomes of the terminal while posd does not know how a
// transaction on it ended: it gives way to the other one, its batch is closed on
// the keypad, or it starts anew.
func (b *bank) meanwhile(w *world) {
	switch {
	case w.wires != nil:
	case b.odd.swaps && w.chance(0.4):
		b.swap(w)
	case b.odd.forgets && w.chance(0.3):
		b.settle(w)
	case w.chance(0.2):
		b.reboot(w)
	}
}

// blindFor is how long a terminal that was started anew finds nothing.
const blindFor = 6 * time.Second

// reboot starts the terminal anew. On a serial line nothing shows it.
func (b *bank) reboot(w *world) {
	if b.running != nil {
		return
	}
	b.blind = w.now + w.human(5*time.Second, 40*time.Second) + blindFor
	w.say("the terminal starts anew")
}

// garble makes an approval one that says so in a way that cannot be read, under
// a reference cut short, or after another verdict in the same conversation.
func (b *bank) garble(w *world, a sale.CardAnswer) sale.CardAnswer {
	if a.Verdict != sale.VerdictApproved || a.Kind != sale.CardSale || !b.odd.garbles || !w.chance(0.08) {
		return a
	}
	first := sale.CardAnswer{Ref: a.Ref, Kind: a.Kind, Serial: a.Serial}
	switch w.rnd.IntN(3) {
	case 0:
		first.Verdict, first.SaidApproved, first.Words = sale.VerdictUnsure, true, "APPROVED but without an amount"
		b.records[a.Ref].hidden = true
	case 1:
		first.Verdict, first.Words = sale.VerdictUnsure, "no answer"
		a.Ref, a.Extra = a.Ref[:12], ""
		first.Late = []sale.CardAnswer{a}
		b.records[first.Ref].hidden = true
	default: // another verdict in the same conversation, before it
		first.Verdict, first.Reason, first.Words = sale.VerdictCancelled, sale.ReasonAborted, "ABORTED"
		if w.rnd.IntN(2) == 0 {
			first.Verdict, first.Reason, first.Words = sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED"
		}
		first.Late = []sale.CardAnswer{a}
		w.after(time.Minute, func() { b.tell(w, a) })
	}
	w.say("terminal: approval of %s told as %s %q", first.Ref, first.Verdict, first.Words)
	return first
}

// approveLate approves what the terminal knew nothing of before, and says so
// once posd listens.
func (b *bank) approveLate(w *world, o sale.CardRequest) {
	asked := b.terminal
	w.after(w.between(20*time.Second, 3*time.Minute), func() {
		if b.records[o.Ref] != nil || b.terminal != asked { // nobody would ever hear of it
			return
		}
		a := b.decide(w, o, &running{ref: o.Ref})
		w.say("terminal: %s %s comes to its end late: %s", o.Kind, o.Ref, a.Verdict)
		if a.Verdict == sale.VerdictApproved {
			b.tell(w, a)
		}
	})
}

// tell says an approval unasked, and again as long as nothing of it is stored: a
// word that comes while the disk is full, or posd is killed, is heard once more.
func (b *bank) tell(w *world, a sale.CardAnswer) {
	s := w.saleOf(a.Ref)
	if s == nil {
		return
	}
	now := *s // what posd holds may be further than what it could store
	if w.machine != nil {
		if held, _, ok := w.machine.Sale(s.ID); ok {
			now = held
		}
	}
	switch {
	case s.Incident != "", s.Resolved != nil, s.State == sale.Paid, s.State == sale.Unsure && s.Attention != "" && now.State == sale.Unsure:
		return
	case w.machine != nil:
		w.step(w.heard([]sale.CardAnswer{a}))
	}
	w.after(20*time.Second, func() { b.tell(w, a) })
}
