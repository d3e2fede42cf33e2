package pax_test

import (
	"context"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// TestTheAnswerDoesNotWaitForEOT: it is returned once it was acknowledged, where somebody
// hears what else may come. The answer again is no news, another verdict is, and who
// speaks next waits for EOT.
func TestTheAnswerDoesNotWaitForEOT(t *testing.T) {
	returned, heard := make(chan struct{}), make(chan sale.CardAnswer, 9)
	play := func(p *player) {
		defer p.hangUp()
		acked := func(after string) bool {
			tok := p.expect()
			if tok.Control != pax.ACK {
				t.Errorf("after %s: %+v instead of ACK", after, tok)
			}
			return tok.Control == pax.ACK
		}
		p.greet("0123456789")
		p.expect()
		p.say(pax.ACK)
		p.approve(ref1)
		if !acked("the answer") {
			return
		}
		<-returned
		p.wait(500 * time.Millisecond)
		p.approve(ref1)
		if !acked("the answer again") {
			return
		}
		p.frame("0", "T01", "1.58", "000100", "DECLINE", "", "01", "", "", "1\x1f"+ref1)
		if !acked("another verdict") {
			return
		}
		p.say(pax.EOT)
		if tok := p.expect(); tok.Kind != pax.TokenFrame {
			t.Errorf("after EOT: %+v instead of the next sale", tok)
		}
		p.say(pax.ACK)
		p.approve(ref2)
		acked("the next answer")
		p.say(pax.EOT)
		p.silence()
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		box.Hear(func(a sale.CardAnswer) { heard <- a })
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
		close(returned)
		if a := box.Charge(ctx, saleOf(ref2, 100)); a.Verdict != sale.VerdictApproved || len(a.Late) != 0 {
			t.Errorf("the next one: %+v", a)
		}
		if len(heard) != 1 {
			t.Fatalf("%d were heard", len(heard))
		}
		if a := <-heard; a.Ref != ref1 || a.Verdict != sale.VerdictDeclined {
			t.Errorf("heard %+v", a)
		}
	})
}

// TestALostEOTHoldsTheTurnAlone: the answer is there at once, the next request when EOT was
// waited for, and the terminal is greeted before it.
func TestALostEOTHoldsTheTurnAlone(t *testing.T) {
	cfg := pax.Defaults()
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		c.box.Hear(func(a sale.CardAnswer) { c.Errorf("heard %+v", a) })
		took := func(ref string) time.Duration {
			start := time.Now()
			c.approved(saleOf(ref, 100))
			return time.Since(start)
		}
		took(ref1)
		c.box.Greet(c.ctx)
		usual, greeted := took(ref2), c.sim.State().Frames["A00"]
		c.box.Greet(c.ctx)
		c.fault("lose-eot")
		if lost := took(ref3); lost != usual {
			c.Errorf("without EOT an answer takes %s, else %s", lost, usual)
		}
		if next := took("3123456789ABCDEF"); next < cfg.EndWait {
			c.Errorf("the next one began before EOT was waited for: %s", next)
		}
		if n := c.sim.State().Frames["A00"] - greeted; n != 2 {
			c.Errorf("%d greetings: one asked for, and one after a conversation that did not end", n)
		}
	})
}
