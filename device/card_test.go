package device

import (
	"context"
	"errors"
	"testing"
	"time"

	"posd/device/sale"
)

func TestApprovedCardIsPaidReportedAndPrinted(t *testing.T) {
	atCounter(t, func(c *counter) {
		sub := c.till.Subscribe()
		defer sub.Close()
		s := c.sell(sale.Card, 2865)
		if s.State != sale.Waiting || c.glass.last().Kind != sale.ScreenCard {
			t.Fatalf("accepted as %s, glass shows %s", s.State, c.glass.last().Kind)
		}
		c.terminal.answers <- approve(2865)
		s = c.want(s.ID, sale.Paid, sale.ReasonNone)
		c.wait(time.Second)
		s = c.now(s.ID)
		var told []sale.Sale
		for len(sub.C()) > 0 {
			if m := <-sub.C(); m.Event == "sale" {
				told = append(told, m.Data.(sale.Sale))
			}
		}
		if s.ApprovedAmount != 2865 || s.Printed != sale.PrintDone || s.Reported != sale.ReportDone {
			t.Errorf("approved %s, printed %s, reported %s", s.ApprovedAmount, s.Printed, s.Reported)
		}
		if last := told[len(told)-1]; last.Printed != sale.PrintDone || last.Reported != sale.ReportDone {
			t.Errorf("the stream's last word: printed %s, reported %s", last.Printed, last.Reported)
		}
		if n := len(c.gateway.reports()); n != 1 {
			t.Errorf("%d reports were sent, want 1", n)
		}
		if c.journal.Waiting() != 0 {
			t.Errorf("the queue still holds %d reports", c.journal.Waiting())
		}
		if k := c.glass.last().Kind; k != sale.ScreenPaid {
			t.Errorf("glass shows %s", k)
		}
		c.wait(time.Minute)
		if k := c.glass.last().Kind; k != sale.ScreenWelcome {
			t.Errorf("a minute later glass shows %s", k)
		}
	})
}

func TestPaidAndReportAreOneTransaction(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 100)
		before := c.journal.Barriers()
		c.journal.Fill(errDiskFull)
		c.terminal.answers <- approve(100)
		c.wait(5 * time.Second)
		if c.journal.Barriers() != before {
			t.Fatal("something was stored while the disk was full")
		}
		if _, err := c.trySell(sale.Card, 200); !errors.Is(err, sale.ErrUnavailable) {
			t.Fatalf("a sale was taken with a full disk: %v", err)
		}
		c.journal.Fill(nil)
		c.wait(5 * time.Second)
		stored, err := c.journal.Sale(context.Background(), s.ID)
		if err != nil || stored.State != sale.Paid {
			t.Fatalf("stored as %s, %v", stored.State, err)
		}
		if n := len(c.gateway.reports()); n != 1 {
			t.Errorf("%d reports, want 1", n)
		}
	})
}

func TestAnEndIsNotToldBeforeItIsDurable(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 100)
		c.journal.Fill(errDiskFull)
		c.terminal.answers <- approve(100)
		c.want(s.ID, sale.Waiting, sale.ReasonNone)
		if list, err := c.till.Sales(context.Background(), sale.Filter{}); err != nil || len(list) != 1 || list[0].State != sale.Waiting {
			t.Errorf("listed: %v, %v", list, err)
		}
		c.journal.Fill(nil)
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)

		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "undo", Sale: s.ID, By: "Ana"}); err != nil {
			t.Fatal(err)
		}
		c.wait(0)
		c.journal.Fill(errDiskFull)
		c.terminal.answers <- approve(100)
		if got := c.now(s.ID); got.Refunds[0].State != sale.MovementWaiting {
			t.Errorf("the void is told as %s", got.Refunds[0].State)
		}
		c.journal.Fill(nil)
		c.wait(5 * time.Second)
		if got := c.now(s.ID); got.Refunds[0].State != sale.MovementDone {
			t.Errorf("the void is %s in the end", got.Refunds[0].State)
		}
	})
}

func TestTwoBarriersPerCardSale(t *testing.T) {
	atCounter(t, func(c *counter) {
		before := c.journal.Barriers()
		s := c.sell(sale.Card, 100)
		if got := c.journal.Barriers() - before; got != 1 {
			t.Errorf("%d commits for the intent, want 1", got)
		}
		c.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayNotSent}
			}
		})
		c.terminal.answers <- approve(100)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if got := c.journal.Barriers() - before; got != 2 {
			t.Errorf("%d commits up to paid, want 2", got)
		}
	})
}

func TestDeclineIsFinalAndNotReported(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 500)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictDeclined, Reason: sale.ReasonIssuer, Words: "DECLINED (051)"}
		s = c.want(s.ID, sale.Declined, sale.ReasonIssuer)
		if s.Reported != sale.ReportNotNeeded || c.journal.Waiting() != 0 {
			t.Errorf("reported %s, %d in the queue", s.Reported, c.journal.Waiting())
		}
	})
}

func TestLostAnswerIsFoundByReference(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Reason: sale.ReasonNoAnswer, Words: "no answer within 3m0s"}
		c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer)
		if _, err := c.trySell(sale.Card, 300); !errors.Is(err, sale.ErrTerminalHeld) {
			t.Fatalf("the terminal is free while its answer is unknown: %v", err)
		}
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: withRef(approve(1000), l.Ref)}
		})
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if requests, _ := c.terminal.count(); requests != 1 {
			t.Errorf("%d transactions were sent, want 1", requests)
		}
		c.sell(sale.Card, 300)
	})
}

func withRef(a sale.CardAnswer, ref string) sale.CardAnswer {
	a.Ref = ref
	return a
}

// approveOne puts an approved sale before the one under test: the control.
func approveOne(c *counter) {
	s := c.sell(sale.Card, 4242)
	c.terminal.answers <- approve(4242)
	c.want(s.ID, sale.Paid, sale.ReasonNone)
}

func TestNotFoundNeedsItsProofTwice(t *testing.T) {
	notFound := func(control sale.Found) func(l sale.CardLookup) sale.CardFinding {
		return func(l sale.CardLookup) sale.CardFinding {
			f := sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundNot}
			if l.Control != nil {
				f.Control = control
			}
			return f
		}
	}
	t.Run("with its control", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			approveOne(c)
			s := c.sell(sale.Card, 1000)
			c.terminal.finds(notFound(sale.FoundIt))
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
			c.wait(3 * time.Second)
			if _, looked := c.terminal.count(); looked != 1 {
				t.Fatalf("asked %d times so far, want 1", looked)
			}
			c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer)
			c.wait(10 * time.Second)
			c.want(s.ID, sale.Cancelled, sale.ReasonNotFound)
			if _, looked := c.terminal.count(); looked != 2 {
				t.Errorf("asked %d times, want 2", looked)
			}
		})
	})
	t.Run("the control is gone, too", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			approveOne(c)
			s := c.sell(sale.Card, 1000)
			c.terminal.finds(notFound(sale.FoundNot))
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
			c.wait(10 * time.Minute)
			if s := c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer); s.Attention == "" {
				t.Error("nobody is told")
			}
		})
	})
	t.Run("first sale of a batch", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := c.sell(sale.Card, 1000)
			c.terminal.finds(notFound(sale.FoundIt))
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
			c.wait(20 * time.Second)
			c.want(s.ID, sale.Cancelled, sale.ReasonNotFound)
		})
	})
	t.Run("first sale of a batch, long ago", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := c.sell(sale.Card, 1000)
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
			c.wait(16 * time.Minute)
			c.terminal.finds(notFound(sale.FoundIt))
			c.wait(10 * time.Minute)
			c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer)
		})
	})
	t.Run("another register works on the terminal", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			approveOne(c)
			s := c.sell(sale.Card, 1000)
			c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
				f := notFound(sale.FoundIt)(l)
				f.Foreign = "REG2-77"
				return f
			})
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
			c.wait(time.Minute)
			c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer)
		})
	})
}

func TestSilentTerminalNeverBecomesADecline(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
		c.wait(48 * time.Hour)
		if s := c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer); s.Attention == "" {
			t.Error("after two days of silence nobody is told")
		}
	})
}

func TestLateAnswerCounts(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			return sale.CardFinding{Ref: l.Ref, Late: []sale.CardAnswer{withRef(approve(1000), l.Ref)}}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
	})
}

func TestRestartLooksUpAndNeverSendsAgain(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.restart()
		c.want(s.ID, sale.Unsure, sale.ReasonRestart)
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: withRef(approve(1000), l.Ref)}
		})
		c.wait(10 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if requests, _ := c.terminal.count(); requests != 1 {
			t.Errorf("%d transactions were sent, want 1", requests)
		}
		if n := len(c.gateway.reports()); n != 1 {
			t.Errorf("%d reports were sent, want 1", n)
		}
	})
}

func TestCancelOfACardIsAWish(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		got, err := c.till.Cancel(context.Background(), s.ID)
		if err != nil || got.State != sale.Waiting || !got.CancelWished {
			t.Fatalf("after cancel: %s, wished %v, %v", got.State, got.CancelWished, err)
		}
		c.wait(0)
		if c.terminal.aborts() != 1 {
			t.Errorf("the terminal was told %d times", c.terminal.aborts())
		}
		c.terminal.answers <- approve(1000)
		s = c.want(s.ID, sale.Paid, sale.ReasonNone)
		if s.Attention == "" || len(s.Refunds) != 0 {
			t.Errorf("attention %q, movements %v: want it said loudly and nothing voided", s.Attention, s.Refunds)
		}
	})
}

func TestPartialApprovalIsVoidedByItself(t *testing.T) {
	for name, tt := range map[string]struct {
		void  sale.Verdict
		state sale.State
		due   sale.Amount
	}{
		"void done":    {sale.VerdictApproved, sale.Declined, 0},
		"void refused": {sale.VerdictDeclined, sale.Paid, 600},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				s := c.sell(sale.Card, 1000)
				a := approve(400)
				a.Partial = true
				c.terminal.answers <- a
				s = c.want(s.ID, sale.Unsure, sale.ReasonPartial)
				if s.ApprovedAmount != 400 {
					t.Errorf("approved %s is stored, want 4.00", s.ApprovedAmount)
				}
				c.terminal.answers <- sale.CardAnswer{Verdict: tt.void}
				s = c.want(s.ID, tt.state, sale.ReasonPartial)
				if s.Due != tt.due {
					t.Errorf("due %s, want %s", s.Due, tt.due)
				}
				if requests, _ := c.terminal.count(); requests != 2 || c.terminal.charged()[1].Kind != sale.CardVoid || c.terminal.charged()[1].Ref == c.terminal.charged()[0].Ref {
					t.Errorf("the void is not a request of its own: %+v", c.terminal.charged())
				}
			})
		})
	}
}

func TestPartialApprovalThatIsHeardTwiceIsVoidedOnce(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			a := approve(400)
			a.Ref, a.Kind, a.Partial = l.Ref, l.Kind, true
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: a, Late: []sale.CardAnswer{a, a}}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(10 * time.Second)
		if s = c.want(s.ID, sale.Unsure, sale.ReasonPartial); len(s.Refunds) != 1 {
			t.Errorf("%d voids", len(s.Refunds))
		}
		c.terminal.answers <- approve(400)
		c.want(s.ID, sale.Declined, sale.ReasonPartial)
	})
}

func TestPartialApprovalIsNotTakenBackByALaterWord(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			a := approve(400)
			a.Ref, a.Kind, a.Partial = l.Ref, l.Kind, true
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: a, Late: []sale.CardAnswer{a,
				{Ref: l.Ref, Kind: l.Kind, Verdict: sale.VerdictCancelled, Words: "ABORTED"}}}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(10 * time.Second)
		if s = c.want(s.ID, sale.Unsure, sale.ReasonPartial); s.Incident == "" || len(s.Refunds) != 1 {
			t.Errorf("incident %q, %d voids", s.Incident, len(s.Refunds))
		}
	})
}

func TestMoreApprovedThanAskedIsAnIncident(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.answers <- approve(1500)
		s = c.want(s.ID, sale.Paid, sale.ReasonNone)
		c.wait(time.Minute)
		if s.Incident == "" || len(c.gateway.reports()) != 0 {
			t.Errorf("incident %q, %d reports sent: want it said and the report held", s.Incident, len(c.gateway.reports()))
		}
		if n, err := c.till.Retry(context.Background(), ""); err != nil || n != 0 {
			t.Errorf("retry -all lets go of %d held reports, %v: each is a person's decision", n, err)
		}
		if n, err := c.till.Retry(context.Background(), s.MchOrderNo); err != nil || n != 1 {
			t.Errorf("a person lets it go: %d, %v", n, err)
		}
		c.wait(time.Minute)
		if s = c.now(s.ID); s.Reported != sale.ReportDone || len(c.gateway.reports()) != 1 {
			t.Errorf("reported %s, %d sent", s.Reported, len(c.gateway.reports()))
		}
	})
}

func TestVoidWithdrawsAReportIOTPayNeverSaw(t *testing.T) {
	for name, tt := range map[string]struct {
		link sale.GatewayResult
		want sale.Reported
	}{
		"already tried": {sale.GatewayNotSent, sale.ReportQueued},
		"never tried":   {"", sale.ReportWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				c.gateway.does(func(g *fakeGateway) {
					g.report = func(r sale.Report) sale.GatewayAnswer {
						return sale.GatewayAnswer{No: r.No, Result: sale.GatewayNotSent}
					}
				})
				// With the link known to be down, a new report is not handed out at once.
				s := c.sell(sale.Card, 100)
				c.terminal.answers <- approve(100)
				c.want(s.ID, sale.Paid, sale.ReasonNone)
				c.wait(50 * time.Millisecond) // the report is tried, in vain
				if tt.link == "" {
					s = c.sell(sale.Card, 200)
					c.terminal.answers <- approve(200)
					c.want(s.ID, sale.Paid, sale.ReasonNone)
				}
				go func() { c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictApproved} }()
				if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "void", Sale: s.ID, By: "Ann"}); err != nil {
					t.Fatal(err)
				}
				s = c.now(s.ID)
				if len(s.Refunds) != 1 || s.Refunds[0].State != sale.MovementDone || s.Reported != tt.want {
					t.Errorf("movements %+v, reported %s, want %s", s.Refunds, s.Reported, tt.want)
				}
				if tt.link != "" && s.Attention == "" {
					t.Error("nobody is told to correct it at IOTPay")
				}
			})
		})
	}
}

func TestOneUnclearAnswerCallsNobody(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		n := 0
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			if n++; n < 3 {
				return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundUnclear, Words: "EOT"}
			}
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: withRef(approve(1000), l.Ref)}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
		c.wait(10 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
	})
}

func TestManyUnclearAnswersCallAPerson(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 1000)
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundUnclear, Words: "SEVERAL RECORDS"}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
		c.wait(time.Minute)
		if s := c.want(s.ID, sale.Unsure, sale.ReasonNoAnswer); s.Attention == "" {
			t.Error("nobody is told")
		}
		got, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: sale.Paid, Reason: "on the terminal's paper", By: "Ann"})
		if err != nil || got.State != sale.Paid || got.Reported != sale.ReportByHand || got.Resolved.By != "Ann" {
			t.Errorf("resolved as %+v, %v", got, err)
		}
		if len(c.gateway.reports()) != 0 {
			t.Error("a person's word was reported")
		}
		c.sell(sale.Card, 200) // the terminal is free again
	})
}
