package pax_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// TestAWordOfApprovalIsTold: whatever posd may conclude from it, that the
// terminal said approved goes with the answer, or with what came beside it.
func TestAWordOfApprovalIsTold(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	for fault, beside := range map[string]bool{
		"odd-approval=no-ref": false, "odd-approval=no-amount": false, "odd-approval=point-amount": false,
		"odd-approval=cut-ref": true,
	} {
		onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
			c.fault(fault)
			c.fault("lookup-off")
			a := c.box.Charge(c.ctx, saleOf(ref1, 2865))
			if a.Verdict != sale.VerdictUnsure || a.SaidApproved == beside {
				c.Errorf("%s: %+v", fault, a)
			}
			if beside && (len(a.Late) != 1 || a.Late[0].Ref != ref1[:12] || !a.Late[0].SaidApproved) {
				c.Errorf("%s: beside it came %+v", fault, a.Late)
			}
			if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865}); f.Result != sale.FoundNot || f.Finds {
				c.Errorf("%s: %+v", fault, f)
			}
		})
	}
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("stray-approval")
		if a := c.box.Charge(c.ctx, saleOf(ref1, 2865)); a.Verdict != sale.VerdictApproved || len(a.Late) != 1 || a.Late[0].Ref != "ANOTHERTILL00001" {
			c.Errorf("a stray approval: %+v", a)
		}
	})
}

func TestSerialNumbersHaveOneForm(t *testing.T) {
	for _, printed := range []string{"0123456789", "SN:0123456789", "sn 123456789", "S/N 00123456789"} {
		if got := sale.SerialNumber(printed); got != "123456789" {
			t.Errorf("%q is %q", printed, got)
		}
	}
	if a, b := sale.SerialNumber("185a0012B"), sale.SerialNumber("185A0012B"); a != b || a == sale.SerialNumber("185A0012C") {
		t.Errorf("%q, %q", a, b)
	}
}

// TestAnotherTerminalIsAskedForNothing that the stored intent does not name it for.
func TestAnotherTerminalIsAskedForNothing(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		o := saleOf(ref1, 500)
		o.Serial = sale.SerialNumber("SN0123456789")
		if a := c.approved(o); a.Serial != o.Serial {
			c.Errorf("answered by %q", a.Serial)
		}
		c.sim.Swap("9999999999")
		if _, err := c.box.Greet(c.ctx); err != nil {
			c.Fatal(err)
		}
		o.Ref = ref2
		a := c.box.Charge(c.ctx, o)
		if a.Verdict != sale.VerdictNotSent || a.Serial != "9999999999" || !strings.Contains(a.Words, "another terminal") || c.approvals(ref2) != 0 {
			c.Errorf("got %+v", a)
		}
		o.Serial = a.Serial
		c.approved(o)
		if b := c.box.CloseBatch(c.ctx); b.Serial != o.Serial || b.Number != "1" {
			c.Errorf("got %+v", b)
		}
	})
}

// TestWhatElseALookUpTells: without a control, only the same line and a terminal
// that has found something make not found worth anything.
func TestWhatElseALookUpTells(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	ask := sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 500}
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		c.box.Greet(c.ctx)
		c.fault("busy=T")
		c.box.Charge(c.ctx, saleOf(ref2, 500))
		if f := c.box.Find(c.ctx, ask); f.Result != sale.FoundNot || !f.SameLine || f.Finds {
			c.Errorf("on the same line, of a terminal that has found nothing yet: %+v", f)
		}
		c.approved(saleOf(ref1, 500))
		c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500})
		if f := c.box.Find(c.ctx, ask); !f.SameLine || !f.Finds {
			c.Errorf("once it has found something: %+v", f)
		}
		c.link.Close()
		if f := c.box.Find(c.ctx, ask); f.SameLine || !f.Finds {
			c.Errorf("on a line that was lost: %+v", f)
		}
		c.sim.Swap("777")
		if f := c.box.Find(c.ctx, ask); f.Finds {
			c.Errorf("another terminal: %+v", f)
		}
	})
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		if f := c.box.Find(c.ctx, ask); f.SameLine {
			c.Errorf("of an earlier run's attempt: %+v", f)
		}
	})
}

// TestATerminalThatStartedAnewFindsNothing for some seconds, its own approvals included.
func TestATerminalThatStartedAnewFindsNothing(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = time.Second
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		c.approved(saleOf(ref1, 100))
		c.fault("reboot")
		c.box.Charge(c.ctx, saleOf(ref2, 500))
		time.Sleep(2 * time.Second)
		ask := sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 500, Control: &sale.CardControl{Ref: ref1, Amount: 100}}
		if f := c.box.Find(c.ctx, ask); f.Reached && (f.Result != sale.FoundNot || f.Control != sale.FoundNot) {
			c.Errorf("at first: %+v", f)
		}
		time.Sleep(10 * time.Second)
		if f := c.box.Find(c.ctx, ask); f.Result != sale.FoundIt {
			c.Errorf("then: %+v", f)
		}
	})
}

// TestAVoidThatOnlyMarksIsSeen: the void has no record, and its original is marked.
func TestAVoidThatOnlyMarksIsSeen(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	for _, done := range []bool{true, false} {
		onCounter(t, cfg, paxsim.Options{Voided: "mark-only", Deaf: time.Second}, func(c *counter) {
			a := c.approved(saleOf(ref1, 500))
			if done {
				c.fault("lose-answer")
			} else {
				c.fault("busy=T")
			}
			o := voidOf(ref2, a)
			if v := c.box.Charge(c.ctx, o); v.Verdict != sale.VerdictUnsure {
				c.Fatalf("got %+v", v)
			}
			f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardVoid, Amount: 500, Original: o.Original})
			want := map[bool]sale.Found{true: sale.FoundVoided, false: sale.FoundIt}[done]
			if f.Result != sale.FoundNot || f.Original != want {
				c.Errorf("done %v: %+v", done, f)
			}
		})
	}
}

// TestPartialIsWhatTheTerminalCallsSo, and what it approved can be voided and
// found for what it is.
func TestPartialIsWhatTheTerminalCallsSo(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("tip-beside=500")
		a := c.approved(saleOf(ref1, 2865))
		if a.Partial || a.Approved != 2865 || a.Tip != 500 {
			c.Errorf("a tip beside the approved amount: %+v", a)
		}
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865})
		if f.Result != sale.FoundIt || f.Answer.Partial {
			c.Errorf("found: %+v", f)
		}
		c.fault("partial=500")
		part := c.approved(saleOf(ref2, 2865))
		if !part.Partial || part.Approved != 500 {
			c.Errorf("a part: %+v", part)
		}
		f = c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 2865})
		if f.Result != sale.FoundIt || !f.Answer.Partial {
			c.Errorf("found: %+v", f)
		}
		f = c.box.Find(c.ctx, sale.CardLookup{Ref: "NEVER00000000000", Kind: sale.CardSale, Amount: 1, Control: &sale.CardControl{Ref: ref2, Amount: 500}})
		if f.Control != sale.FoundIt {
			c.Errorf("a part as control: %+v", f)
		}
		c.approved(voidOf(ref3, part))
	})
}

// TestFoundIsNotApproved: a record whose host refused is one of the unclear
// answers, and an approval with such words contradicts itself.
func TestFoundIsNotApproved(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("odd-approval=host-refused")
		a := c.approved(saleOf(ref1, 2865))
		if !strings.Contains(a.Contradiction, "DECLINED (05)") {
			c.Errorf("contradiction %q", a.Contradiction)
		}
		c.fault("odd-approval=host-refused,R02")
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865})
		if f.Result != sale.FoundUnclear || !strings.Contains(f.Words, "not as approved: DECLINED (05)") {
			c.Errorf("got %+v", f)
		}
		if f = c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865}); f.Result != sale.FoundIt || f.Answer.Contradiction != "" {
			c.Errorf("without the fault: %+v", f)
		}
	})
}

// TestASecondVerdictGoesOn: the first one is the answer, and the other one,
// with the sale's own reference, goes with it.
func TestASecondVerdictGoesOn(t *testing.T) {
	for code, first := range map[string]sale.Verdict{"100002": sale.VerdictCancelled, "000100": sale.VerdictDeclined} {
		onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
			c.fault("first-verdict=" + code)
			a := c.box.Charge(c.ctx, saleOf(ref1, 2865))
			if a.Verdict != first || len(a.Late) != 1 || a.Late[0].Ref != ref1 || a.Late[0].Verdict != sale.VerdictApproved {
				c.Errorf("%s: %+v", code, a)
			}
		})
	}
}

// TestADuplicateNamesItsOriginal, whatever else is still owed.
func TestADuplicateNamesItsOriginal(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	onCounter(t, cfg, paxsim.Options{Deaf: time.Second}, func(c *counter) {
		c.approved(saleOf(ref1, 500))
		c.fault("busy=T")
		c.box.Charge(c.ctx, saleOf(ref2, 700))
		c.fault("duplicate")
		a := c.box.Charge(c.ctx, saleOf(ref3, 500))
		if a.Verdict != sale.VerdictDeclined || a.Reason != sale.ReasonDuplicateOf || a.Foreign != ref1 {
			c.Errorf("got %+v", a)
		}
	})
	host := func(ref string) func(p *player) {
		return func(p *player) {
			p.greet("0123456789")
			p.expect()
			p.say(pax.ACK)
			p.frame("0", "T01", "1.58", "103000", "DUPLICATE", "000\x1fAPPROVED\x1f01046Z", "01", "500", "1166\x1f2", "12\x1f"+ref, "", "", "", "")
			p.expect()
			p.say(pax.EOT)
			p.silence()
		}
	}
	withTerminal(t, pax.Defaults(), host(ref1), func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		if a := box.Charge(ctx, saleOf(ref3, 500)); a.Verdict != sale.VerdictDeclined || a.Foreign != ref1 {
			t.Errorf("the host's, of another: %+v", a)
		}
	})
	withTerminal(t, pax.Defaults(), host(ref3), func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		if a := box.Charge(ctx, saleOf(ref3, 500)); a.Verdict != sale.VerdictUnsure {
			t.Errorf("the host's, of this one: %+v", a)
		}
	})
}

// TestAnEmptyBatchIsClosed, and one whose sums differ.
func TestAnEmptyBatchIsClosed(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{EmptyBatch: "not-found"}, func(c *counter) {
		if b := c.box.CloseBatch(c.ctx); b.End != sale.BatchClosed || !b.Empty || !strings.Contains(b.Words, "nothing to settle") {
			c.Errorf("an empty one: %+v", b)
		}
		c.approved(saleOf(ref1, 500))
		c.fault("out-of-balance")
		if b := c.box.CloseBatch(c.ctx); b.End != sale.BatchClosed || b.Empty || !strings.Contains(b.Difference, "000300") || b.Totals[0].Amount != 500 {
			c.Errorf("one out of balance: %+v", b)
		}
	})
}

// TestAWishAnsweredByEOTAlone is heard: the terminal is asked some seconds later.
func TestAWishAnsweredByEOTAlone(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{Cancel: "eot-alone", Think: time.Minute}, func(c *counter) {
		time.AfterFunc(5*time.Second, func() {
			if err := c.box.Abort(c.ctx); err != nil {
				c.Error(err)
			}
		})
		start := time.Now()
		a := c.box.Charge(c.ctx, saleOf(ref1, 100))
		if took := time.Since(start).Round(time.Second); a.Verdict != sale.VerdictUnsure || took != 20*time.Second || !strings.Contains(a.Words, "wish to cancel") {
			c.Errorf("after %s: %+v", took, a)
		}
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 100}); f.Result != sale.FoundNot {
			c.Errorf("got %+v", f)
		}
	})
}

// TestALateApprovalIsHeardAtOnce: nobody asks, and the line is read.
func TestALateApprovalIsHeardAtOnce(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		heard := make(chan sale.CardAnswer, 1)
		c.box.Hear(func(a sale.CardAnswer) { heard <- a })
		ctx, stop := context.WithCancel(c.ctx)
		defer stop()
		go c.box.Run(ctx, func(sale.Identity, error) {})
		synctest.Wait()
		c.fault("late-approval=30s")
		c.box.Charge(c.ctx, saleOf(ref1, 700))
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 700}); f.Result != sale.FoundNot {
			c.Errorf("got %+v", f)
		}
		start := time.Now()
		if a := <-heard; a.Ref != ref1 || a.Verdict != sale.VerdictApproved || a.Serial == "" || a.Extra == "" {
			c.Errorf("heard %+v", a)
		}
		if waited := time.Since(start); waited > 30*time.Second {
			c.Errorf("heard after %s", waited)
		}
		c.approved(saleOf(ref2, 800))
		if n := c.sim.State().Frames["A00"]; n > 3 {
			c.Errorf("%d greetings: listening must not disturb", n)
		}
	})
}

// TestWhoAsksIsNotKeptFrom the terminal by the one that listens.
func TestWhoAsksIsNotKeptFrom(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		ctx, stop := context.WithCancel(c.ctx)
		ended := make(chan struct{})
		go func() { defer close(ended); c.box.Run(ctx, func(sale.Identity, error) {}) }()
		for i := range 20 {
			start := time.Now()
			if _, err := c.box.Greet(c.ctx); err != nil || time.Since(start) > 2*time.Second {
				c.Errorf("greeting %d: %v after %s", i, err, time.Since(start))
			}
		}
		c.link.Close()
		time.Sleep(time.Minute)
		if _, err := c.box.Greet(c.ctx); err != nil {
			c.Error(err)
		}
		stop()
		<-ended
	})
}
