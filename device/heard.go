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

// heard makes the event of answers that nobody waited for: the journal says whose they
// are. One that is heard for the first time is told at once, whoever's it is.
func (t *Till) heard(ctx context.Context, late []sale.CardAnswer, first bool) core.CardHeard {
	var h core.CardHeard
	for _, a := range late {
		one := core.HeardAnswer{Answer: a}
		owner, err := t.o.Journal.SaleOf(ctx, a.Ref)
		switch {
		case err == nil:
			one.Owner = &owner
		case errors.Is(err, sale.ErrNotFound):
		default:
			t.hearAgain(ctx, a, err)
		}
		if first || one.Owner != nil {
			h.Answers = append(h.Answers, one)
		}
	}
	return h
}

// hearAgain keeps an answer until the journal can say whose it is.
func (t *Till) hearAgain(ctx context.Context, a sale.CardAnswer, err error) {
	stopped := t.turn(ctx, func() {
		u := &t.unheard
		if len(u.answers) == 0 {
			t.o.Log.Error("the sale of an answer that came late cannot be looked up; the answer is kept, and looked up again", "ref", a.Ref, "words", a.Words, "err", err)
		}
		if len(u.answers) < maxUnheard {
			u.answers, u.due = append(u.answers, a), time.Now().Add(retryAfter)
			return
		}
		t.o.Log.Error("too many answers came late: this one is dropped", "ref", a.Ref, "words", a.Words)
	})
	if stopped != nil {
		t.o.Log.Error("the sale of an answer that came late could not be looked up before posd stopped", "ref", a.Ref, "words", a.Words, "err", err)
	}
}

// hearAgainIfDue looks the answers up again whose sale could not be read.
func (t *Till) hearAgainIfDue() {
	u := &t.unheard
	if len(u.answers) == 0 || time.Now().Before(u.due) {
		return
	}
	late := u.answers
	u.answers = nil
	t.work(func(ctx context.Context) {
		if h := t.heard(ctx, late, false); len(h.Answers) > 0 {
			t.post(h)
		}
	})
}

// TerminalSaid takes an answer of the terminal that nobody waited for.
func (t *Till) TerminalSaid(a sale.CardAnswer) {
	select {
	case <-t.ready:
		t.post(t.heard(t.ctx, []sale.CardAnswer{a}, true))
	case <-t.done:
	}
}
