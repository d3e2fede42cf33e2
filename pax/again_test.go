package pax_test

import (
	"context"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
)

// unended plays a terminal that approves a sale and does not end the
// conversation, and returns when the ACK was said again, since the answer.
func unended(t *testing.T, cfg pax.Config, then func(p *player), use func(ctx context.Context, box *pax.Terminal)) []time.Duration {
	var again []time.Duration
	play := func(p *player) {
		p.greet("0123456789")
		p.expect()
		p.say(pax.ACK)
		p.approve(ref1)
		p.expect()
		start := time.Now()
		for {
			tok := p.expect()
			if tok.Kind == pax.TokenNone {
				return
			}
			if tok.Control == pax.ACK {
				again = append(again, time.Since(start).Round(time.Second))
				then(p)
			}
		}
	}
	withTerminal(t, cfg, play, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
		use(ctx, box)
	})
	return again
}

func TestACKIsSaidAgainOnce(t *testing.T) {
	wait := func(context.Context, *pax.Terminal) { time.Sleep(time.Minute) }
	never := pax.Defaults()
	never.AckAgain = 0
	for name, tc := range map[string]struct {
		cfg  pax.Config
		then func(p *player)
		want int
	}{
		"silence":         {pax.Defaults(), func(p *player) {}, 1},
		"EOT then":        {pax.Defaults(), func(p *player) { p.say(pax.EOT) }, 1},
		"never, as asked": {never, func(p *player) {}, 0},
	} {
		again := unended(t, tc.cfg, tc.then, wait)
		if len(again) != tc.want || tc.want == 1 && again[0] != 3*time.Second {
			t.Errorf("%s: said again after %v", name, again)
		}
	}
}

// TestAnswerSaidAgainIsNoNews: a terminal that lost our ACK repeats its answer,
// and gets another ACK for it; nobody takes it for a late one.
func TestAnswerSaidAgainIsNoNews(t *testing.T) {
	first := true
	again := unended(t, pax.Defaults(), func(p *player) {
		if first {
			first = false
			p.approve(ref1)
		} else {
			p.say(pax.EOT)
		}
	}, func(ctx context.Context, box *pax.Terminal) {
		time.Sleep(time.Minute)
		ctx, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if f := box.Find(ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 1}); len(f.Late) != 0 {
			t.Errorf("late: %+v", f.Late)
		}
	})
	if len(again) != 2 {
		t.Errorf("said again after %v", again)
	}
}

// TestNextRequestInsteadOfAnotherACK: what comes next ends the wait.
func TestNextRequestInsteadOfAnotherACK(t *testing.T) {
	again := unended(t, pax.Defaults(), func(*player) {}, func(ctx context.Context, box *pax.Terminal) {
		ctx, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		_, _ = box.Greet(ctx) // nobody answers
	})
	if len(again) != 0 {
		t.Errorf("said again after %v", again)
	}
}
