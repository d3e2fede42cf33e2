package device

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/books"
	"posd/device/core"
	"posd/device/sale"
)

func ofKind(k sale.CardKind) func(*SellRequest) { return func(r *SellRequest) { r.Kind = k } }

// authorise holds an amount on a card.
func (c *counter) authorise(amount sale.Amount) sale.Sale {
	c.t.Helper()
	auth := c.sell(sale.Card, amount, ofKind(sale.CardAuth), func(r *SellRequest) { r.Reference = "room 7" })
	c.terminal.answers <- approve(amount)
	return c.want(auth.ID, sale.Paid, "")
}

func completing(auth sale.Sale) func(*SellRequest) {
	return func(r *SellRequest) { r.Kind, r.Original = sale.CardComplete, auth.ID }
}

func TestAuthorisationHoldsAndCompletionTakes(t *testing.T) {
	atCounter(t, func(c *counter) {
		auth := c.authorise(5000)
		if auth.Taken() != 0 || auth.Reported != sale.ReportNotNeeded || len(c.gateway.reports()) != 0 {
			t.Fatalf("an authorisation took money or was reported: %+v", auth)
		}
		_, err := c.trySell(sale.Card, 5001, completing(auth))
		wantRefusal(t, err, sale.ErrInvalid, "holds 50.00")

		done := c.sell(sale.Card, 4200, completing(auth))
		o := c.terminal.charged()[1]
		if o.Kind != sale.CardComplete || o.Amount != 4200 || o.Original == nil || o.Original.Kind != sale.CardAuth ||
			o.Original.Ref != auth.Attempts[0].Ref || o.Original.Transaction != "12" || o.Original.Amount != 5000 {
			t.Fatalf("asked of the terminal: %+v, original %+v", o, o.Original)
		}
		c.terminal.answers <- approve(4200)
		done = c.want(done.ID, sale.Paid, "")
		if done.Original != auth.ID || done.Reference != "room 7" || done.Taken() != 4200 {
			t.Errorf("completion %+v", done)
		}
		c.wait(time.Second)
		if sent := c.gateway.reports(); len(sent) != 1 || sent[0].Amount != 4200 {
			t.Errorf("reports %+v", sent)
		}
		_, err = c.trySell(sale.Card, 100, completing(auth))
		wantRefusal(t, err, sale.ErrInvalid, "once only")
		_, _, _, err = c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: auth.ID, By: "Ann"})
		wantRefusal(t, err, sale.ErrNotPossible, "is completed by sale")
	})
}

func TestDeclinedCompletionLeavesTheAuthorisation(t *testing.T) {
	atCounter(t, func(c *counter) {
		auth := c.authorise(5000)
		first := c.sell(sale.Card, 0, completing(auth)) // all that is held
		if first.Amount != 5000 {
			t.Fatalf("asked %s", first.Amount)
		}
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictDeclined, Words: "DECLINED"}
		c.want(first.ID, sale.Declined, "")
		second := c.sell(sale.Card, 3000, completing(auth))
		c.terminal.answers <- approve(3000)
		c.want(second.ID, sale.Paid, "")
	})
}

func TestAuthorisationIsReleasedByAVoid(t *testing.T) {
	atCounter(t, func(c *counter) {
		auth := c.authorise(5000)
		_, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r", Sale: auth.ID, By: "Ann"})
		wantRefusal(t, err, sale.ErrNotPossible, "took no money")
		if _, _, _, err = c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: auth.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if o := c.terminal.charged()[1]; o.Kind != sale.CardVoid || o.Original.Kind != sale.CardAuth {
			t.Errorf("asked of the terminal: %+v, original %+v", o, o.Original)
		}
		c.terminal.answers <- approve(5000)
		if s := c.now(auth.ID); !s.Undone() || s.Attention != "" {
			t.Errorf("after the void: %+v", s)
		}
		_, err = c.trySell(sale.Card, 100, completing(auth))
		wantRefusal(t, err, sale.ErrInvalid, "has been voided")
	})
}

func TestAuthorisedBillIsNotSoldBeside(t *testing.T) {
	atCounter(t, func(c *counter) {
		auth := c.authorise(5000)
		_, err := c.trySell(sale.Card, 4000, func(r *SellRequest) { r.Reference = "room 7" })
		wantRefusal(t, err, sale.ErrBillPaid, string(auth.ID))
	})
}

func TestReturnGivesMoneyAndIsCorrectedByHand(t *testing.T) {
	atCounter(t, func(c *counter) {
		_, err := c.trySell(sale.Card, 1500, ofKind(sale.CardReturn))
		wantRefusal(t, err, sale.ErrInvalid, "say who asks")
		give := c.sell(sale.Card, 1500, ofKind(sale.CardReturn), func(r *SellRequest) { r.By, r.Why = "Ann", "broken cup" })
		if o := c.terminal.charged()[0]; o.Kind != sale.CardReturn || o.Amount != 1500 || o.Original != nil {
			t.Errorf("asked of the terminal: %+v", o)
		}
		c.terminal.answers <- approve(1500)
		s := c.want(give.ID, sale.Paid, "")
		if s.Taken() != 0 || s.Reported != sale.ReportByHand || s.By != "Ann" || s.Why != "broken cup" || len(c.gateway.reports()) != 0 {
			t.Errorf("returned: %+v", s)
		}
		b := books.SumDay(c.today(), c.today().AddDate(0, 0, 1), "CAD", c.all())
		if b.Total.Net != -1500 || b.Total.Refunds != (books.BookLine{Count: 1, Cents: 1500}) || b.Total.Paid.Count != 0 || b.ByHand.Count != 1 {
			t.Errorf("books: %+v, by hand %+v", b.Total, b.ByHand)
		}
	})
}

func TestLostReturnIsLookedUpAndNotGivenTwice(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			if l.Kind != sale.CardReturn || l.Amount != 1500 {
				t.Errorf("looked up %+v", l)
			}
			a := approve(1500)
			a.Ref, a.Kind = l.Ref, l.Kind
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: a}
		})
		by := func(r *SellRequest) { r.Kind, r.By, r.Reference = sale.CardReturn, "Ann", "R1" }
		give := c.sell(sale.Card, 1500, by)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.want(give.ID, sale.Unsure, sale.ReasonNoAnswer)
		_, err := c.trySell(sale.Card, 1500, by)
		wantRefusal(t, err, sale.ErrSameBill, string(give.ID))
		c.wait(10 * time.Second)
		c.want(give.ID, sale.Paid, "")
		_, err = c.trySell(sale.Card, 1500, by)
		wantRefusal(t, err, sale.ErrBillPaid, string(give.ID))
		if n, _ := c.terminal.count(); n != 1 {
			t.Errorf("%d transactions", n)
		}
		// Money taken under the same number is another matter.
		c.sell(sale.Card, 1500, func(r *SellRequest) { r.Reference = "R1" })
		c.terminal.answers <- approve(1500)
	})
}

func TestVoidOfAReturnTakesTheMoneyBack(t *testing.T) {
	atCounter(t, func(c *counter) {
		give := c.sell(sale.Card, 1500, ofKind(sale.CardReturn), func(r *SellRequest) { r.By = "Ann" })
		c.terminal.answers <- approve(1500)
		c.want(give.ID, sale.Paid, "")
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: give.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.terminal.answers <- approve(1500)
		s := c.now(give.ID)
		if !s.Undone() || s.Reported != sale.ReportNotNeeded {
			t.Errorf("%+v", s)
		}
		b := books.SumDay(c.today(), c.today().AddDate(0, 0, 1), "CAD", c.all())
		if b.Total.Net != 0 || b.Total.Refunds.Cents != 1500 || b.Total.Voids.Cents != -1500 || b.ByHand.Count != 0 {
			t.Errorf("books: %+v", b.Total)
		}
	})
}

func TestTenderIsAskedForAndKeptForTheVoid(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 2865, func(r *SellRequest) { r.Tender = sale.Debit })
		c.terminal.answers <- approve(2865)
		c.want(s.ID, sale.Paid, "")
		other := c.sell(sale.Card, 100)
		credit := approve(100)
		credit.Tender = sale.Credit // the terminal decided
		c.terminal.answers <- credit
		if s := c.want(other.ID, sale.Paid, ""); s.Tender != sale.Credit {
			t.Errorf("tender %q", s.Tender)
		}
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: s.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		orders := c.terminal.charged()
		if orders[0].Tender != sale.Debit || orders[1].Tender != "" || orders[2].Tender != sale.Debit || orders[2].Original.Tender != sale.Debit {
			t.Errorf("asked of the terminal: %+v", orders)
		}
		c.terminal.answers <- approve(2865)
	})
}

func TestDuplicateIsTakenAgainOnlyByAPersonsWord(t *testing.T) {
	declined := sale.CardAnswer{Verdict: sale.VerdictDeclined, Words: "DECLINED"}
	for about, k := range map[string]struct {
		earlier  *sale.CardAnswer // to the attempt that the terminal names; nil: another register's
		incident bool
	}{
		"another register's":          {nil, false},
		"ours, which is paid":         {ptr(approve(2865)), false},
		"ours, which was not to take": {&declined, true},
	} {
		atCounter(t, func(c *counter) {
			foreign := "ANOTHERREGISTER1"
			if k.earlier != nil {
				earlier := c.sell(sale.Card, 2865)
				c.terminal.answers <- *k.earlier
				foreign = c.now(earlier.ID).Attempts[0].Ref
			}
			s := c.sell(sale.Card, 2865)
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictDeclined, Reason: sale.ReasonDuplicateOf, Foreign: foreign, Words: "DUP TRANSACTION (100011)"}
			s = c.want(s.ID, sale.Declined, sale.ReasonDuplicateOf)
			if (s.Incident != "") != k.incident || s.Attention == "" {
				t.Errorf("%s: incident %q, attention %q", about, s.Incident, s.Attention)
			}
			before := len(c.terminal.charged())
			c.sell(sale.Card, 2865, func(r *SellRequest) { r.AllowDuplicate = true })
			if orders := c.terminal.charged(); orders[before-1].AllowDuplicate || !orders[before].AllowDuplicate {
				t.Errorf("%s: asked of the terminal: %+v", about, orders)
			}
			c.terminal.answers <- approve(2865)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestOfflineApprovalWaitsForItsUpload(t *testing.T) {
	for _, fate := range []sale.Upload{sale.UploadConfirmed, sale.UploadRefused} {
		atCounter(t, func(c *counter) {
			s := c.sell(sale.Card, 2865)
			a := approve(2865)
			a.Offline = true
			c.terminal.answers <- a
			c.want(s.ID, sale.Paid, "")
			c.wait(time.Hour)
			if len(c.gateway.reports()) != 0 {
				t.Fatal("reported before the terminal's upload was confirmed")
			}
			if _, err := c.till.Uploaded(context.Background(), s.ID, fate, "", ""); !errors.Is(err, sale.ErrInvalid) {
				t.Errorf("without a name: %v", err)
			}
			if _, err := c.till.Uploaded(context.Background(), s.ID, fate, "Ann", "terminal's list"); err != nil {
				t.Fatal(err)
			}
			c.wait(time.Minute)
			got := c.now(s.ID)
			if reported := len(c.gateway.reports()) == 1; reported != (fate == sale.UploadConfirmed) || (got.Incident != "") != (fate == sale.UploadRefused) {
				t.Errorf("%s: reported %v, incident %q", fate, reported, got.Incident)
			}
			_, err := c.till.Uploaded(context.Background(), s.ID, sale.UploadConfirmed, "Ann", "")
			wantRefusal(t, err, sale.ErrNotPossible, "already")
		})
	}
}

func TestOfflineLimitsStopCardsAndNotWallets(t *testing.T) {
	limits := map[string]func(p *core.Policy){
		"offline_max_reports": func(p *core.Policy) { p.OfflineMaxReports = 1 },
		"offline_max_cents":   func(p *core.Policy) { p.OfflineMaxCents = 2000 },
		"offline_max_age":     func(p *core.Policy) { p.OfflineMaxAge = time.Hour },
	}
	for name, change := range limits {
		atCounter(t, func(c *counter) {
			c.change = change
			c.restart()
			c.gateway.does(func(g *fakeGateway) {
				g.report = func(r sale.Report) sale.GatewayAnswer { return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost} }
			})
			s := c.sell(sale.Card, 2865)
			c.terminal.answers <- approve(2865)
			c.want(s.ID, sale.Paid, "")
			c.wait(2 * time.Hour)
			_, err := c.trySell(sale.Card, 100)
			wantRefusal(t, err, sale.ErrUnavailable, name)
			give := c.sell(sale.Card, 100, ofKind(sale.CardReturn), func(r *SellRequest) { r.By = "Ann" })
			c.terminal.answers <- approve(100)
			c.want(give.ID, sale.Paid, "")
			c.gateway.does(func(g *fakeGateway) {
				g.report = func(r sale.Report) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
				}
			})
			c.wait(time.Hour)
			again := c.sell(sale.Card, 100)
			c.terminal.answers <- approve(100)
			c.want(again.ID, sale.Paid, "")
		})
	}
}

func TestSignedReceiptHasACopyForTheShop(t *testing.T) {
	for policy, want := range map[string]int{"signature": 3, "always": 4, "never": 2} {
		atCounter(t, func(c *counter) {
			c.change = func(p *core.Policy) { p.MerchantCopy = policy }
			c.restart()
			for _, cvm := range []string{"pin", "signature"} {
				s := c.sell(sale.Card, 100)
				a := approve(100)
				a.Card.CVM = cvm
				c.terminal.answers <- a
				c.want(s.ID, sale.Paid, "")
				c.wait(time.Second)
			}
			if got := locked(&c.printer.mu, &c.printer.printed); len(got) != want {
				t.Errorf("%s: %d receipts, want %d", policy, len(got), want)
			}
		})
	}
}

func TestTerminalThatDisagreesWithAPersonIsAnIncident(t *testing.T) {
	cases := []struct {
		about    string
		as       sale.State
		found    sale.Found
		incident bool
	}{
		{"called cancelled, and the terminal has it", sale.Cancelled, sale.FoundIt, true},
		{"called paid, and the terminal has it", sale.Paid, sale.FoundIt, false},
		{"called paid, and the terminal provably has it not", sale.Paid, sale.FoundNot, true},
		{"called cancelled, and the terminal provably has it not", sale.Cancelled, sale.FoundNot, false},
	}
	for _, k := range cases {
		atCounter(t, func(c *counter) {
			before := c.sell(sale.Card, 100)
			c.terminal.answers <- approve(100)
			c.want(before.ID, sale.Paid, "")
			s := c.sell(sale.Card, 2865)
			c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
			c.wait(4 * time.Minute) // nothing is heard of the terminal
			if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: k.as, Reason: "its paper", By: "Ann"}); err != nil {
				t.Fatal(err)
			}
			next := c.sell(sale.Card, 300) // the terminal is free again
			c.terminal.answers <- approve(300)
			c.want(next.ID, sale.Paid, "")
			c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
				a := approve(2865)
				a.Ref, a.Kind = l.Ref, l.Kind
				return sale.CardFinding{Ref: l.Ref, Reached: true, Result: k.found, Answer: a, Control: sale.FoundIt}
			})
			c.wait(time.Hour)
			got := c.now(s.ID)
			if got.State != k.as || (got.Incident != "") != k.incident {
				t.Errorf("%s: %s, incident %q", k.about, got.State, got.Incident)
			}
			_, asked := c.terminal.count()
			c.wait(time.Hour)
			if _, again := c.terminal.count(); again != asked {
				t.Errorf("%s: still asked about after its answer", k.about)
			}
		})
	}
}

func wantRefusal(t *testing.T, err, kind error, words string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Fatalf("got %v, want %v saying %q", err, kind, words)
	}
}

// today is the midnight before now.
func (c *counter) today() time.Time { return time.Now().Truncate(24 * time.Hour) }

// all yields every sale of the journal.
func (c *counter) all() iter.Seq[sale.Sale] {
	synctest.Wait()
	list, err := c.till.Sales(context.Background(), sale.Filter{})
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.Values(list)
}

func TestLaterSaleProvesNothingOfAResolvedOne(t *testing.T) {
	atCounter(t, func(c *counter) {
		before := c.paid(100, "8")
		s := c.sell(sale.Card, 2865)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(4 * time.Minute)
		if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: sale.Paid, Reason: "its paper", By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		after := c.paid(300, "9") // the batch was closed in between, and nobody saw it
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			f := sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundNot, Control: sale.FoundNot}
			if l.Control != nil && l.Control.Ref == after.Attempts[0].Ref {
				f.Control = sale.FoundIt
			}
			if l.Control == nil || l.Control.Ref != before.Attempts[0].Ref {
				t.Errorf("control is %+v, not the sale before", l.Control)
			}
			return f
		})
		c.wait(time.Hour)
		if got := c.now(s.ID); got.Incident != "" {
			t.Errorf("incident: %s", got.Incident)
		}
	})
}

func TestLostReturnOfAResolvedSaleIsLookedUp(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 2865)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(4 * time.Minute)
		if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: sale.Paid, Reason: "its paper", By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r", Sale: s.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			a := approve(2865)
			a.Ref, a.Kind = l.Ref, l.Kind
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundIt, Answer: a}
		})
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		synctest.Wait()
		_, err := c.trySell(sale.Card, 100)
		wantRefusal(t, err, sale.ErrTerminalHeld, string(s.ID))
		c.wait(time.Minute)
		if got := c.now(s.ID); got.Refunds[0].State != sale.MovementDone {
			t.Errorf("the return is %s", got.Refunds[0].State)
		}
	})
}

func TestVoidedSaleIsNoControl(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.paid(100, "8")
		voided := c.paid(200, "8")
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: voided.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.terminal.answers <- approve(200)
		synctest.Wait()
		c.sell(sale.Card, 300)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(10 * time.Second)
		c.terminal.mu.Lock()
		defer c.terminal.mu.Unlock()
		if l := c.terminal.lookups[0]; l.Control == nil || l.Control.Ref != first.Attempts[0].Ref {
			t.Errorf("control %+v", l.Control)
		}
	})
}
