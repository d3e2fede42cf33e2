package pax_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// TestAnswerDecides runs one sale per behaviour of the terminal and checks the
// verdict, how often the money frame was taken, and how often it was approved.
func TestAnswerDecides(t *testing.T) {
	for _, tc := range []struct {
		name      string
		faults    string // parted by spaces
		verdict   sale.Verdict
		reason    sale.Reason
		taken     int
		approvals int
	}{
		{"approved", "", sale.VerdictApproved, "", 1, 1},
		{"declined", "decline", sale.VerdictDeclined, sale.ReasonIssuer, 1, 0},
		{"aborted", "abort", sale.VerdictCancelled, sale.ReasonAborted, 1, 0},
		{"nobody showed a card", "timeout", sale.VerdictCancelled, sale.ReasonTimeout, 1, 0},
		{"offline", "offline", sale.VerdictApproved, "", 1, 1},
		{"partial", "partial=1000", sale.VerdictApproved, "", 1, 1},
		{"format error", "code=100003", sale.VerdictCancelled, sale.ReasonRefused, 1, 0},
		{"type not supported", "code=100004", sale.VerdictCancelled, sale.ReasonRefused, 1, 0},
		{"tender not supported", "code=100005", sale.VerdictCancelled, sale.ReasonRefused, 1, 0},
		{"out of paper is looked up", "code=100032", sale.VerdictUnsure, "", 1, 0},
		{"no answer from the host is looked up", "code=100009", sale.VerdictUnsure, "", 1, 0},
		{"host duplicate is looked up", "code=103000", sale.VerdictUnsure, "", 1, 0},
		{"unknown code is looked up", "code=987654", sale.VerdictUnsure, "", 1, 0},
		{"duplicate of another", "duplicate", sale.VerdictDeclined, sale.ReasonDuplicateOf, 1, 0},
		{"lost ACK", "lose-ack", sale.VerdictApproved, "", 1, 1},
		{"lost EOT", "lose-eot", sale.VerdictApproved, "", 1, 1},
		{"lost answer", "lose-answer", sale.VerdictUnsure, sale.ReasonNoAnswer, 1, 1},
		{"NAK once", "nak-once", sale.VerdictApproved, "", 1, 1},
		{"NAK twice", "nak-once=x2", sale.VerdictApproved, "", 1, 1},
		{"NAK always", "nak-always", sale.VerdictNotSent, sale.ReasonRefused, 0, 0},
		{"bad LRC once", "bad-lrc-once", sale.VerdictApproved, "", 1, 1},
		{"bad LRC twice", "bad-lrc-once=x2", sale.VerdictApproved, "", 1, 1},
		{"bad LRC always", "bad-lrc-always", sale.VerdictUnsure, sale.ReasonNoAnswer, 1, 1},
		{"EOT for the answer", "eot-for-answer", sale.VerdictUnsure, sale.ReasonNoAnswer, 1, 1},
		{"progress reports", "a35", sale.VerdictApproved, "", 1, 1},
		{"another command's answer", "other-answer", sale.VerdictApproved, "", 1, 1},
		{"noise before the answer", "garbage", sale.VerdictApproved, "", 1, 1},
		{"not acknowledged", "busy", sale.VerdictUnsure, sale.ReasonNoAnswer, 0, 0},
		{"line cut before the ACK", "unplug-at=out:0", sale.VerdictUnsure, sale.ReasonNoAnswer, 1, 0},
		{"line cut in the answer", "unplug-at=out:60", sale.VerdictUnsure, sale.ReasonNoAnswer, 1, 1},
		{"answer glued to the ACK", "glued", sale.VerdictApproved, "", 1, 1},
		{"answer byte by byte", "split", sale.VerdictApproved, "", 1, 1},
		{"surcharge not applied", "no-surcharge", sale.VerdictApproved, "", 1, 1},
		{"time-out once a card was read is looked up", "code-after-card=100001", sale.VerdictUnsure, sale.ReasonTimeout, 1, 0},
		{"abort once a card was read is looked up", "code-after-card=100002", sale.VerdictUnsure, sale.ReasonAborted, 1, 0},
		{"chip read failed is looked up", "code-after-card=101401", sale.VerdictUnsure, "", 1, 0},
		{"line cut in the request", "unplug-at=in:30", sale.VerdictUnsure, sale.ReasonNoAnswer, 0, 0},
		{"line cut at the request's first byte", "unplug-at=in:0", sale.VerdictUnsure, sale.ReasonNoAnswer, 0, 0},
		{"line cut at our ACK", "unplug-at=in:51", sale.VerdictApproved, "", 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
				if _, err := c.box.Greet(c.ctx); err != nil {
					c.Fatal(err)
				}
				for f := range strings.FieldsSeq(tc.faults) {
					if f == "busy" {
						f = "busy=T"
					}
					c.fault(f)
				}
				a := c.box.Charge(c.ctx, saleOf(ref1, 2865))
				if a.Verdict != tc.verdict || a.Reason != tc.reason {
					c.Errorf("verdict %s (%s), want %s (%s); words %q", a.Verdict, a.Reason, tc.verdict, tc.reason, a.Words)
				}
				if a.Ref != ref1 || a.Kind != sale.CardSale || a.Words == "" {
					c.Errorf("answer does not say what it is about: %+v", a)
				}
				if n := c.sim.State().Frames["T00"]; n != tc.taken {
					c.Errorf("the terminal took %d money frames, want %d", n, tc.taken)
				}
				time.Sleep(time.Minute)
				if n := c.approvals(ref1); n != tc.approvals {
					c.Errorf("%d approvals, want %d", n, tc.approvals)
				}
			})
		})
	}
}

func TestUnopenedLineIsNotSent(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.link.refuse = errors.New("no such device")
		a := c.box.Charge(c.ctx, saleOf(ref1, 100))
		if a.Verdict != sale.VerdictNotSent || !strings.Contains(a.Words, "no such device") {
			c.Errorf("got %+v", a)
		}
	})
}

func TestBusyTerminalIsNotSent(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("busy")
		a := c.box.Charge(c.ctx, saleOf(ref1, 100))
		if a.Verdict != sale.VerdictNotSent || !strings.Contains(a.Words, "start screen") {
			c.Errorf("got %+v", a)
		}
		if n := c.sim.State().Frames["T00"]; n != 0 {
			c.Errorf("%d money frames went to a terminal that did not say who it is", n)
		}
	})
}

func TestCancelledContextLeavesTheSaleUnsure(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{Think: time.Minute}, func(c *counter) {
		ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
		defer cancel()
		start := time.Now()
		a := c.box.Charge(ctx, saleOf(ref1, 100))
		if a.Verdict != sale.VerdictUnsure || time.Since(start) != 10*time.Second {
			c.Errorf("after %s: %+v", time.Since(start), a)
		}
	})
}

func TestLostAnswerIsFound(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{Deaf: 2 * time.Second}, func(c *counter) {
		c.fault("lose-answer")
		if a := c.box.Charge(c.ctx, saleOf(ref1, 2865)); a.Verdict != sale.VerdictUnsure {
			c.Fatalf("got %+v", a)
		}
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865, Serial: "0123456789"})
		if !f.Reached || f.Result != sale.FoundIt || f.Answer.Verdict != sale.VerdictApproved || f.Answer.Approved != 2865 {
			c.Errorf("got %+v", f)
		}
		if f.Answer.Extra == "" || f.Answer.Card.Number != "XXXXXXXXXXXX1166" || f.Answer.Ref != ref1 {
			c.Errorf("the record lost what the report needs: %+v", f.Answer)
		}
		f = c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2866})
		if f.Result != sale.FoundUnclear {
			c.Errorf("another amount counts as ours: %+v", f)
		}
		f = c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardReturn, Amount: 2865})
		if f.Result != sale.FoundUnclear {
			c.Errorf("another type counts as ours: %+v", f)
		}
	})
}

func TestNotFoundNeedsTheControl(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		ask := sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 100, Control: &sale.CardControl{Ref: ref1, Amount: 500}}
		if f := c.box.Find(c.ctx, ask); f.Result != sale.FoundNot || f.Control != sale.FoundIt {
			c.Errorf("got %+v", f)
		}
		c.sim.Settle()
		if f := c.box.Find(c.ctx, ask); f.Result != sale.FoundNot || f.Control != sale.FoundNot {
			c.Errorf("after the terminal closed its batch: %+v", f)
		}
		c.fault("several")
		if f := c.box.Find(c.ctx, ask); f.Result != sale.FoundUnclear {
			c.Errorf("100023 with other words: %+v", f)
		}
		c.fault("dead")
		if f := c.box.Find(c.ctx, ask); f.Reached || f.Result != sale.FoundUnasked || f.Words == "" {
			c.Errorf("a deaf terminal: %+v", f)
		}
	})
}

func TestSwappedTerminalProvesNothing(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.sim.Swap("9999999999")
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500, Serial: "0123456789"})
		if !f.Swapped || f.Result != sale.FoundUnclear || f.Identity.Serial != "9999999999" {
			c.Errorf("got %+v", f)
		}
		if n := c.sim.State().Frames["R02"]; n != 0 {
			c.Errorf("asked the wrong terminal %d times", n)
		}
	})
}

func TestForeignReferenceIsNamed(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.fault("foreign")
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500})
		if f.Result != sale.FoundUnclear || f.Foreign != "ANOTHERTILL00001" {
			c.Errorf("got %+v", f)
		}
	})
}

func TestLateReplyStillCounts(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		c.fault("late-answer=20s")
		if a := c.box.Charge(c.ctx, saleOf(ref1, 700)); a.Verdict != sale.VerdictUnsure {
			c.Fatalf("got %+v", a)
		}
		time.Sleep(time.Minute)
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 700})
		if len(f.Late) != 1 || f.Late[0].Ref != ref1 || f.Late[0].Verdict != sale.VerdictApproved || f.Late[0].Extra == "" {
			c.Errorf("late: %+v", f.Late)
		}
	})
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		c.fault("late-answer=20s")
		c.box.Charge(c.ctx, saleOf(ref1, 700))
		time.Sleep(time.Minute)
		a := c.box.Charge(c.ctx, saleOf(ref2, 800))
		if a.Verdict != sale.VerdictApproved || a.Approved != 800 {
			c.Errorf("the next sale took the late answer for its own: %+v", a)
		}
		if len(a.Late) != 1 || a.Late[0].Ref != ref1 {
			c.Errorf("late: %+v", a.Late)
		}
	})
}

// TestNamelessLateAnswerDecidesNothing: an aborted sale's answer names no
// reference. While one is owed, the next sale must not end by it.
func TestNamelessLateAnswerDecidesNothing(t *testing.T) {
	cfg := pax.Defaults()
	cfg.AnswerWait = 5 * time.Second
	onCounter(t, cfg, paxsim.Options{Think: 3 * time.Second}, func(c *counter) {
		c.fault("abort")
		c.fault("late-answer=10s")
		if a := c.box.Charge(c.ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictUnsure {
			c.Fatalf("got %+v", a)
		}
		time.Sleep(4 * time.Second) // the late one comes while the next customer thinks
		a := c.box.Charge(c.ctx, saleOf(ref2, 200))
		if a.Verdict == sale.VerdictCancelled {
			c.Errorf("ended by another sale's answer: %+v", a)
		}
		time.Sleep(time.Minute)
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 200}); f.Result != sale.FoundIt {
			c.Errorf("got %+v", f)
		}
		time.Sleep(15 * time.Minute)
		c.fault("abort")
		if a := c.box.Charge(c.ctx, saleOf(ref3, 200)); a.Verdict != sale.VerdictCancelled {
			c.Errorf("long after: %+v", a)
		}
	})
}

func TestCancelIsAWish(t *testing.T) {
	for _, way := range []string{"a15", "eot", "ack-eot", "none"} {
		t.Run(way, func(t *testing.T) {
			onCounter(t, pax.Defaults(), paxsim.Options{Cancel: way, Think: 20 * time.Second}, func(c *counter) {
				time.AfterFunc(5*time.Second, func() {
					if err := c.box.Abort(c.ctx); err != nil {
						c.Error(err)
					}
				})
				start := time.Now()
				a := c.box.Charge(c.ctx, saleOf(ref1, 100))
				if a.Verdict != sale.VerdictCancelled || a.Reason != sale.ReasonAborted {
					c.Errorf("got %+v", a)
				}
				if took := time.Since(start); took > 8*time.Second {
					c.Errorf("took %s", took)
				}
				if a := c.box.Charge(c.ctx, saleOf(ref2, 100)); a.Verdict != sale.VerdictApproved {
					c.Errorf("the next sale: %+v", a)
				}
			})
		})
	}
}

func TestCancelWithoutASaleIsRefused(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		if err := c.box.Abort(c.ctx); err == nil {
			c.Error("no error")
		}
	})
}

func TestVoidNeedsTheTerminalsRecord(t *testing.T) {
	void := func(number string, amount sale.Amount) sale.CardRequest {
		return sale.CardRequest{Kind: sale.CardVoid, Ref: ref2, Amount: amount, Original: &sale.CardOriginal{Kind: sale.CardSale, Ref: ref1, Transaction: number, Amount: amount}}
	}
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		paid := c.box.Charge(c.ctx, saleOf(ref1, 500))
		for _, o := range []sale.CardRequest{void("77", 500), void(paid.Card.Transaction, 501)} {
			if a := c.box.Charge(c.ctx, o); a.Verdict != sale.VerdictNotSent {
				c.Errorf("void of what the terminal does not have: %+v", a)
			}
		}
		if a := c.box.Charge(c.ctx, void(paid.Card.Transaction, 500)); a.Verdict != sale.VerdictApproved || a.Kind != sale.CardVoid || a.Approved != 500 || a.Ref != ref2 {
			c.Errorf("void: %+v", a)
		}
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardVoid, Amount: 500}); f.Result != sale.FoundIt {
			c.Errorf("look-up of the void: %+v", f)
		}
		if a := c.box.Charge(c.ctx, void(paid.Card.Transaction, 500)); a.Verdict != sale.VerdictNotSent {
			c.Errorf("second void: %+v", a)
		}
	})
}

func TestCompletionNeedsItsAuthorisation(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		held := c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardAuth, Ref: ref1, Amount: 5000})
		if held.Verdict != sale.VerdictApproved || held.Kind != sale.CardAuth || held.Extra != "" {
			c.Fatalf("authorisation: %+v", held)
		}
		complete := func(ref string, original sale.CardOriginal) sale.CardAnswer {
			return c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardComplete, Ref: ref, Amount: 4200, Original: &original})
		}
		if a := complete(ref2, sale.CardOriginal{Kind: sale.CardAuth, Ref: ref1, Transaction: "9", Amount: 5000}); a.Verdict != sale.VerdictNotSent {
			c.Errorf("completion of another transaction: %+v", a)
		}
		a := complete(ref3, sale.CardOriginal{Kind: sale.CardAuth, Ref: ref1, Transaction: held.Card.Transaction, Amount: 5000})
		if a.Verdict != sale.VerdictApproved || a.Kind != sale.CardComplete || a.Approved != 4200 || a.Extra == "" {
			c.Errorf("completion: %+v", a)
		}
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref3, Kind: sale.CardComplete, Amount: 4200}); f.Result != sale.FoundIt {
			c.Errorf("look-up of the completion: %+v", f)
		}
		if a := complete(refNo(4), sale.CardOriginal{Kind: sale.CardAuth, Ref: ref1, Transaction: held.Card.Transaction, Amount: 5000}); a.Verdict != sale.VerdictUnsure || c.approvals(refNo(4)) != 0 {
			c.Errorf("second completion: %+v", a)
		}
	})
}

func TestDebitAndReturn(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		o := saleOf(ref1, 2865)
		o.Tender = sale.Debit
		c.fault("cashback=1000")
		a := c.box.Charge(c.ctx, o)
		if a.Verdict != sale.VerdictApproved || a.Tender != sale.Debit || a.Approved != 3865 || a.Cashback != 1000 || a.Card.Type != "INTERAC" || a.Card.CVM != "pin" {
			c.Errorf("debit: %+v", a)
		}
		a = c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: ref2, Amount: 700, Tender: sale.Credit})
		if a.Verdict != sale.VerdictApproved || a.Kind != sale.CardReturn || a.Approved != 700 || a.Extra != "" {
			c.Errorf("return: %+v", a)
		}
	})
}

func TestOwnDuplicateIsOurApproval(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.fault("duplicate")
		if a := c.box.Charge(c.ctx, saleOf(ref1, 500)); a.Verdict != sale.VerdictApproved || a.Extra == "" {
			c.Errorf("got %+v", a)
		}
		c.fault("duplicate")
		a := c.box.Charge(c.ctx, saleOf(ref1, 501))
		if a.Verdict != sale.VerdictUnsure {
			c.Errorf("same reference, another amount: %+v", a)
		}
		c.fault("duplicate")
		a = c.box.Charge(c.ctx, saleOf(ref2, 500))
		if a.Verdict != sale.VerdictDeclined || a.Reason != sale.ReasonDuplicateOf || !strings.Contains(a.Words, ref1) || a.Extra != "" {
			c.Errorf("another's: %+v", a)
		}
	})
}

func TestConfiguredTerminalOnly(t *testing.T) {
	cfg := pax.Defaults()
	cfg.SerialNumber = "5555555555"
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		a := c.box.Charge(c.ctx, saleOf(ref1, 100))
		if a.Verdict != sale.VerdictNotSent || !strings.Contains(a.Words, "5555555555") || c.sim.State().Frames["T00"] != 0 {
			c.Errorf("got %+v", a)
		}
	})
}

func TestTerminalIsGreetedAfterReopening(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.box.Charge(c.ctx, saleOf(ref1, 100))
		c.box.Charge(c.ctx, saleOf(ref2, 100))
		if n := c.sim.State().Frames["A00"]; n != 1 {
			c.Errorf("%d greetings on one connection", n)
		}
		c.link.Close()
		c.sim.Swap("9999999999")
		a := c.box.Charge(c.ctx, saleOf(ref3, 100))
		if a.Verdict != sale.VerdictNotSent || !strings.Contains(a.Words, "9999999999") || c.approvals(ref3) != 0 {
			c.Errorf("money went to another terminal unseen: %+v", a)
		}
	})
}

// approve sends a T01 that approves ref for 1.00.
func (p *player) approve(ref string) {
	p.frame("0", "T01", "1.58", "000000", "OK", "000\x1fAPPROVED\x1fA1", "01", "100", "1166\x1f4\x1f1230\x1f\x1f\x1f\x1f01", "1\x1f"+ref)
}

func TestAnswerCountsThoughOurAckCannotLeave(t *testing.T) {
	play := func(p *player) {
		p.greet("0123456789")
		p.expect()
		p.say(pax.ACK)
		p.approve(ref1)
		p.hangUp()
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, link *pipeLink) {
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
	})
}

// TestOnlyAnACKReaches: what else a terminal says to A00 may belong to another
// conversation, and does not prove that it is idle.
func TestOnlyAnACKReaches(t *testing.T) {
	torn := []byte{pax.STX, '0', pax.ETX, 0x55}
	for name, said := range map[string][][]byte{"EOT": {{pax.EOT}}, "torn frames": {torn, torn, torn}, "nothing": nil} {
		play := func(p *player) {
			p.expect()
			for _, b := range said {
				p.say(b...)
				if len(b) > 1 {
					p.expect() // NAK
				}
			}
			p.silence()
		}
		withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, link *pipeLink) {
			f := box.Find(ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 100})
			if f.Reached || f.Result != sale.FoundUnasked || f.Words == "" {
				t.Errorf("%s: got %+v", name, f)
			}
		})
	}
}

// TestRepeatedAnswerIsNoLateOne: a terminal that did not hear our ACK says it again.
func TestRepeatedAnswerIsNoLateOne(t *testing.T) {
	play := func(p *player) {
		p.greet("0123456789")
		p.expect()
		p.say(pax.ACK)
		p.approve(ref1)
		p.expect()
		p.wait(500 * time.Millisecond)
		p.approve(ref1)
		p.expect()
		p.say(pax.EOT)
		p.greet("0123456789")
		p.silence()
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, link *pipeLink) {
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
		ctx, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if f := box.Find(ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 100}); len(f.Late) != 0 || !f.Reached {
			t.Errorf("got %+v", f)
		}
	})
}

// TestStrangeAnswersAreNotBelieved plays answers that look like approvals.
func TestStrangeAnswersAreNotBelieved(t *testing.T) {
	host, card := "000\x1fAPPROVED\x1fA1", "1166\x1f4\x1f1230\x1f\x1f\x1f\x1f01"
	for name, fields := range map[string][]string{
		"without our reference": {"0", "T01", "1.58", "000000", "OK", host, "01", "100", card, "1"},
		"of another type":       {"0", "T01", "1.58", "000000", "OK", host, "02", "100", card, "1\x1f" + ref1},
		"without an amount":     {"0", "T01", "1.58", "000000", "OK", host, "01", "", card, "1\x1f" + ref1},
		"of a negative amount":  {"0", "T01", "1.58", "000000", "OK", host, "01", "-100", card, "1\x1f" + ref1},
		"of nothing":            {"0", "T01", "1.58", "000000", "OK", host, "01", "0", card, "1\x1f" + ref1},
		"in many packets":       {"1", "T01", "1.58", "000000", "OK", host, "01", "100", card, "1\x1f" + ref1},
		"with no groups":        {"0", "T01", "1.58", "000000", "OK"},
	} {
		t.Run(name, func(t *testing.T) {
			play := func(p *player) {
				p.greet("0123456789")
				p.expect()
				p.say(pax.ACK)
				p.frame(fields...)
				p.expect()
				p.say(pax.EOT)
				p.silence()
			}
			withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, link *pipeLink) {
				if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictUnsure || a.Extra != "" {
					t.Errorf("got %+v", a)
				}
			})
		})
	}
}
