package pax_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// charge plays a terminal by hand that greets, and then does as play says from
// the money frame on, which is read already.
func charge(t *testing.T, play func(p *player), check func(ctx context.Context, box *pax.Terminal)) {
	t.Helper()
	withTerminal(t, pax.Defaults(), func(p *player) {
		p.greet("0123456789")
		p.expect()
		play(p)
		p.silence()
	}, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) { check(ctx, box) })
}

func wantVerdict(t *testing.T, want sale.Verdict, within time.Duration) func(context.Context, *pax.Terminal) {
	return func(ctx context.Context, box *pax.Terminal) {
		t.Helper()
		start := time.Now()
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != want {
			t.Errorf("got %+v", a)
		}
		if took := time.Since(start); took > within {
			t.Errorf("took %s", took)
		}
	}
}

func TestThreeCopiesAreSentOnNAK(t *testing.T) {
	copies := 1
	charge(t, func(p *player) {
		for {
			p.say(pax.NAK)
			if p.expect().Kind != pax.TokenFrame {
				return
			}
			copies++
		}
	}, wantVerdict(t, sale.VerdictNotSent, time.Second))
	if copies != 3 {
		t.Errorf("%d copies", copies)
	}
}

func TestNAKAfterACKSendsNothing(t *testing.T) {
	charge(t, func(p *player) {
		p.say(pax.ACK, pax.NAK)
		p.wait(5 * time.Second)
		p.approve(ref1)
		if tok := p.expect(); tok.Control != pax.ACK {
			t.Errorf("the box sent %q", tok.Body)
		}
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, 10*time.Second))
}

func TestUnreadableAnswerIsNotWaitedForTwice(t *testing.T) {
	charge(t, func(p *player) {
		p.say(pax.ACK)
		p.say(pax.STX, '0', pax.FS, pax.ETX, 0x55)
	}, wantVerdict(t, sale.VerdictUnsure, 15*time.Second))
}

func TestAnswerBrokenOffBeforeItsCheckByte(t *testing.T) {
	charge(t, func(p *player) {
		p.say(pax.ACK)
		p.say(pax.STX, '0', pax.FS, 'T', pax.ETX)
		if tok := p.expect(); tok.Control != pax.NAK {
			t.Errorf("got %#x for half a frame", tok.Control)
		}
		p.approve(ref1)
		p.expect()
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, 5*time.Second))
}

func TestAnswerBeforeTheACKIsNotOurs(t *testing.T) {
	charge(t, func(p *player) {
		p.frame("0", "T01", "1.58", "100002", "ABORTED") // of an earlier sale
		p.expect()
		p.say(pax.EOT, pax.ACK)
		p.approve(ref1)
		p.expect()
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, 5*time.Second))
}

func TestAnswerWithoutAnACKCounts(t *testing.T) {
	charge(t, func(p *player) {
		p.approve(ref1)
		p.expect()
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, 5*time.Second))
}

func TestOneByteAtATime(t *testing.T) {
	charge(t, func(p *player) {
		p.say(0, 0xFF, 'x', 0)
		p.say(pax.ACK)
		for _, b := range pax.AppendFrame(nil, "0", "T01", "1.58", "000000", "OK", "000\x1fAPPROVED", "01", "100", "1166", "1\x1f"+ref1) {
			p.wait(100 * time.Millisecond)
			p.say(b)
		}
		p.expect()
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, time.Minute))
}

func TestGluedAnswer(t *testing.T) {
	charge(t, func(p *player) {
		all := append([]byte{pax.ACK}, pax.AppendFrame(nil, "0", "A35", "1.58", "000000", "OK", "0")...)
		all = append(all, pax.AppendFrame(nil, "0", "T01", "1.58", "000000", "OK", "000\x1fAPPROVED", "01", "100", "1166", "1\x1f"+ref1)...)
		go func() { // the box answers in between, and nobody reads it before all is written
			p.conn.Write(all)
		}()
		p.expect()
		p.expect()
		p.say(pax.EOT)
	}, wantVerdict(t, sale.VerdictApproved, 5*time.Second))
}

func TestCancelBeforeTheMoneyFrameSendsNone(t *testing.T) {
	play := func(p *player) {
		p.expect()
		p.say(pax.ACK)
		p.wait(2 * time.Second)
		p.frame("0", "A01", "1.58", "000000", "OK", "0123456789")
		p.expect()
		p.say(pax.EOT)
		if tok := p.expect(); tok.Kind == pax.TokenFrame {
			t.Errorf("sent %q", tok.Body)
		}
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		time.AfterFunc(time.Second, func() { box.Abort(ctx) })
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictNotSent || a.Reason != sale.ReasonAborted {
			t.Errorf("got %+v", a)
		}
	})
}

func TestCancelBeforeTheACKFollowsIt(t *testing.T) {
	charge(t, func(p *player) {
		p.wait(3 * time.Second)
		p.say(pax.ACK)
		if tok := p.expect(); !strings.HasPrefix(string(tok.Body), "A14") {
			t.Errorf("sent %q", tok.Body)
		}
		p.say(pax.EOT) // its answer
		p.frame("0", "T01", "1.58", "100002", "ABORTED")
		p.expect()
		p.say(pax.EOT)
	}, func(ctx context.Context, box *pax.Terminal) {
		time.AfterFunc(time.Second, func() {
			if err := box.Abort(ctx); err != nil {
				t.Error(err)
			}
		})
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictCancelled || a.Reason != sale.ReasonAborted {
			t.Errorf("got %+v", a)
		}
	})
}

func TestApprovedDespiteTheWish(t *testing.T) {
	charge(t, func(p *player) {
		p.say(pax.ACK)
		p.expect() // A14, too late
		p.approve(ref1)
		p.expect()
		p.say(pax.EOT)
		p.say(pax.EOT) // A14's answer after all
	}, func(ctx context.Context, box *pax.Terminal) {
		time.AfterFunc(time.Second, func() { box.Abort(ctx) })
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
	})
}

func TestNoEOTMeansAGreetingBeforeMoney(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("lose-eot")
		c.box.Charge(c.ctx, saleOf(ref1, 100))
		c.box.Charge(c.ctx, saleOf(ref2, 100))
		c.box.Charge(c.ctx, saleOf(ref3, 100))
		if n := c.sim.State().Frames["A00"]; n != 2 {
			c.Errorf("%d greetings", n)
		}
	})
}

// flappingLink is another connection each time it is opened.
type flappingLink struct {
	*pipeLink
	opened uint64
}

func (l *flappingLink) Open(ctx context.Context) (uint64, error) {
	l.opened++
	_, err := l.pipeLink.Open(ctx)
	return l.opened, err
}

func TestReopenedLineProvesNothing(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		box := pax.New(&flappingLink{pipeLink: c.link}, pax.Defaults(), quiet)
		box.Charge(c.ctx, saleOf(ref1, 100))
		f := box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 100, Control: &sale.CardControl{Ref: ref1, Amount: 100}})
		if f.Result != sale.FoundUnclear || f.Control != sale.FoundUnclear {
			c.Errorf("got %+v", f)
		}
	})
}

func TestSeveralRecordsAreNone(t *testing.T) {
	play := func(p *player) {
		p.greet("0123456789")
		p.expect()
		p.say(pax.ACK)
		p.frame("0", "R03", "1.58", "000000", "OK", "2", "1", "000\x1fAPPROVED\x1fA1", "01", "01", "", "100", "1166", "1\x1f"+ref1)
		p.expect()
		p.say(pax.EOT)
		p.silence()
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		if f := box.Find(ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 100}); f.Result != sale.FoundUnclear || !strings.Contains(f.Words, "2 records") {
			t.Errorf("got %+v", f)
		}
	})
}

// TestDeafLineIsMadeAnew: a TCP connection whose other end is gone says nothing for ever.
func TestDeafLineIsMadeAnew(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Greet(c.ctx)
		c.fault("dead")
		for range 20 {
			if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 100}); f.Reached {
				c.Fatalf("got %+v", f)
			}
			time.Sleep(2 * time.Second)
		}
		if c.link.epoch != 2 { // 100 s of silence, made anew after 60
			c.Errorf("%d connections", c.link.epoch)
		}
	})
}
