package device

import (
	"context"
	"errors"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// unheard are words of the terminal whose sale the journal could not name: it could not
// be read. They are looked up again until it can, for they may be the only ones that say
// that money was taken.
type unheard struct {
	answers []sale.CardAnswer
	due     time.Time // when they are looked up again
}

// maxUnheard bounds them: a terminal that says more about transactions of which nobody
// waits for a word is out of order.
const maxUnheard = 64

// hear hands the machine answers that nobody waited for. Whose they are the journal says
// in the same turn: a sale that was read beside the loop may have been given back, or ended,
// until it is heard, and would undo that. One that is heard for the first time is told at
// once, whoever's it is. Loop only.
func (t *Till) hear(late []sale.CardAnswer, first bool) {
	var h core.CardHeard
	for _, a := range late {
		one := core.HeardAnswer{Answer: a}
		owner, err := t.o.Journal.SaleOf(t.ctx, a.Ref)
		switch {
		case err == nil:
			one.Owner = &owner
		case errors.Is(err, sale.ErrNotFound):
		default:
			t.hearAgain(a, err)
		}
		if first || one.Owner != nil {
			h.Answers = append(h.Answers, one)
		}
	}
	if len(h.Answers) > 0 {
		t.step(h)
	}
}

// hearLate hears answers that came beside another one.
func (t *Till) hearLate(late []sale.CardAnswer) {
	if len(late) == 0 {
		return
	}
	if t.turn(t.ctx, func() { t.hear(late, true) }) != nil {
		for _, a := range late {
			t.o.Log.Error("an answer came late, and posd stopped before it was heard: compare with the terminal's batch", "ref", a.Ref, "words", a.Words)
		}
	}
}

// hearAgain keeps an answer until the journal can say whose it is. Loop only.
func (t *Till) hearAgain(a sale.CardAnswer, err error) {
	u := &t.unheard
	if len(u.answers) == 0 {
		t.o.Log.Error("the sale of an answer that came late cannot be looked up; the answer is kept, and looked up again", "ref", a.Ref, "words", a.Words, "err", err)
	}
	if len(u.answers) < maxUnheard {
		u.answers, u.due = append(u.answers, a), time.Now().Add(retryAfter)
		return
	}
	t.o.Log.Error("too many answers came late: this one is dropped", "ref", a.Ref, "words", a.Words)
}

// hearAgainIfDue looks the answers up again whose sale could not be read.
func (t *Till) hearAgainIfDue() {
	u := &t.unheard
	if len(u.answers) == 0 || time.Now().Before(u.due) {
		return
	}
	late := u.answers
	u.answers = nil
	t.hear(late, false)
}

// TerminalSaid takes an answer of the terminal that nobody waited for.
func (t *Till) TerminalSaid(a sale.CardAnswer) {
	select {
	case <-t.ready:
		t.hearLate([]sale.CardAnswer{a})
	case <-t.done:
	}
}

// Notice makes the till ask about an order at once: the gateway sent word of it.
func (t *Till) Notice(ctx context.Context, mchOrderNo string) {
	select {
	case t.inbox <- core.OrderNoticed{MchOrderNo: mchOrderNo}:
	case <-ctx.Done():
	case <-t.done:
	}
}

// PrintedLate takes the printer's word that a receipt which was called failed
// came out after all.
func (t *Till) PrintedLate(r sale.PrintResult) {
	select {
	case t.inbox <- core.JobDone{Result: r}:
	case <-t.done:
	}
}
