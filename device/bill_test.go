package device

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

func withReference(ref string) func(*SellRequest) { return func(r *SellRequest) { r.Reference = ref } }
func withKey(key string) func(*SellRequest)       { return func(r *SellRequest) { r.Key = key } }
func replacing(id sale.ID) func(*SellRequest) {
	return func(r *SellRequest) { r.Replaces = string(id) }
}

func TestSameKeyIsTheSameSaleForEver(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 100, withKey("k"))
		for _, when := range []string{"under way", "paid", "after a restart"} {
			again, replayed, err := c.till.Sell(context.Background(), SellRequest{Key: "k", Amount: 100, Method: sale.Card})
			if err != nil || !replayed || again.ID != s.ID {
				t.Fatalf("%s: %s, replayed %v, %v", when, again.ID, replayed, err)
			}
			switch when {
			case "under way":
				c.terminal.answers <- approve(100)
				c.want(s.ID, sale.Paid, sale.ReasonNone)
			case "paid":
				c.restart()
			}
		}
		said := SellRequest{Key: "k", Amount: 100, Method: sale.Card, Currency: "CAD", Kind: sale.CardSale}
		if again, replayed, err := c.till.Sell(context.Background(), said); err != nil || !replayed || again.ID != s.ID {
			t.Errorf("the same with its defaults said: %s, replayed %v, %v", again.ID, replayed, err)
		}
		if _, err := c.trySell(sale.Card, 101, withKey("k")); !errors.Is(err, sale.ErrKeyReused) {
			t.Errorf("another body under the key: %v", err)
		}
		if requests, _ := c.terminal.count(); requests != 1 {
			t.Errorf("%d transactions", requests)
		}
	})
}

func TestRefusedRequestsConsumeNoKey(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 100)
		if _, err := c.trySell(sale.Card, 200, withKey("k")); !errors.Is(err, sale.ErrTillBusy) {
			t.Fatal(err)
		}
		c.terminal.answers <- approve(100)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		c.sell(sale.Card, 300, withKey("k"))
	})
}

func TestDoubleTapIsOneSale(t *testing.T) {
	atCounter(t, func(c *counter) {
		ids := make(chan sale.ID, 8)
		for range 8 {
			go func() {
				s, _, err := c.till.Sell(context.Background(), SellRequest{Key: "tap", Amount: 100, Method: sale.Card})
				if err != nil {
					t.Error(err)
				}
				ids <- s.ID
			}()
		}
		first := <-ids
		for range 7 {
			if id := <-ids; id != first {
				t.Errorf("two sales: %s and %s", first, id)
			}
		}
	})
}

func TestOneBillOneCapture(t *testing.T) {
	type step struct {
		change []func(*SellRequest)
		amount sale.Amount
		want   error
	}
	ref := withReference
	tests := map[string]struct {
		first []func(*SellRequest)
		paid  bool // else it stays unsure
		next  []step
	}{
		"unsure, same reference": {[]func(*SellRequest){ref("B7")}, false, []step{
			{[]func(*SellRequest){ref("B7")}, 500, sale.ErrSameBill}, {[]func(*SellRequest){ref("B7")}, 100, sale.ErrSameBill}, {[]func(*SellRequest){ref("B8")}, 500, nil},
		}},
		"unsure, no reference": {nil, false, []step{
			{nil, 500, sale.ErrSameBill}, {nil, 501, nil},
		}},
		"unsure, another customer": {nil, false, []step{
			{[]func(*SellRequest){func(r *SellRequest) { r.Replaces = "none" }}, 500, nil},
		}},
		"paid, same reference": {[]func(*SellRequest){ref("B7")}, true, []step{
			{[]func(*SellRequest){ref("B7")}, 500, sale.ErrBillPaid}, {nil, 500, nil},
		}},
		"paid, no reference": {nil, true, []step{{nil, 500, nil}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				s := c.sell(sale.WeChat, 500, tt.first...)
				if tt.paid {
					c.pays()
					c.wait(3 * time.Second)
					c.want(s.ID, sale.Paid, sale.ReasonNone)
				} else if _, err := c.till.Cancel(context.Background(), s.ID); err != nil {
					t.Fatal(err)
				}
				for i, st := range tt.next {
					_, err := c.trySell(sale.Alipay, st.amount, st.change...)
					if !errors.Is(err, st.want) {
						t.Errorf("step %d: %v, want %v", i, err, st.want)
					}
					var no *sale.Refusal
					if errors.As(err, &no) && no.Other != s.ID {
						t.Errorf("step %d names %q, want %q", i, no.Other, s.ID)
					}
				}
			})
		})
	}
}

func TestReplacementUndoesTheReplacedSaleWhenBothArePaid(t *testing.T) {
	for _, order := range []string{"old first", "new first"} {
		t.Run(order, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				old := c.sell(sale.WeChat, 500)
				if _, err := c.till.Cancel(context.Background(), old.ID); err != nil {
					t.Fatal(err)
				}
				fresh := c.sell(sale.Card, 500, replacing(old.ID))
				if s := c.now(old.ID); !s.GivenUp || s.ReplacedBy != fresh.ID {
					t.Fatalf("replaced sale: given up %v, by %q", s.GivenUp, s.ReplacedBy)
				}
				payOld := func() {
					c.pays()
					c.wait(15 * time.Second)
					c.want(old.ID, sale.Paid, sale.ReasonNone)
				}
				payNew := func() {
					c.terminal.answers <- approve(500)
					c.want(fresh.ID, sale.Paid, sale.ReasonNone)
				}
				if order == "old first" {
					payOld()
					c.wait(5 * time.Minute)
					if len(c.gateway.refunded()) != 0 {
						t.Fatal("refunded while the replacement was open")
					}
					payNew()
				} else {
					payNew()
					payOld()
				}
				if _, err := c.till.Keep(context.Background(), old.ID, "Ann"); !errors.Is(err, sale.ErrNotPossible) {
					t.Errorf("keep was offered: %v", err)
				}
				c.wait(time.Second)
				if s := c.now(old.ID); len(s.Refunds) != 1 || s.Refunds[0].State != sale.MovementDone {
					t.Errorf("the replaced sale was not undone: %+v", s.Refunds)
				}
				if s := c.now(fresh.ID); len(s.Refunds) != 0 {
					t.Errorf("the replacing sale was undone: %+v", s.Refunds)
				}
			})
		})
	}
}

func TestReplacementThatEndsUnpaidLeavesTheMinute(t *testing.T) {
	atCounter(t, func(c *counter) {
		old := c.sell(sale.WeChat, 500)
		if _, err := c.till.Cancel(context.Background(), old.ID); err != nil {
			t.Fatal(err)
		}
		fresh := c.sell(sale.Card, 500, replacing(old.ID))
		c.pays()
		c.wait(15 * time.Second)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictDeclined, Reason: sale.ReasonIssuer}
		c.want(fresh.ID, sale.Declined, sale.ReasonIssuer)
		if _, err := c.till.Keep(context.Background(), old.ID, "Ann"); err != nil {
			t.Errorf("keep: %v", err)
		}
	})
}

func TestReportsDrainOnceTheLinkIsBack(t *testing.T) {
	atCounter(t, func(c *counter) {
		away := true
		c.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer {
				if away {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayNotSent, Words: "no route"}
				}
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
			}
			g.probe = func() sale.GatewayAnswer {
				if away {
					return sale.GatewayAnswer{Result: sale.GatewayNotSent, Words: "no route"}
				}
				return sale.GatewayAnswer{Result: sale.GatewayNotFound}
			}
		})
		for i := range 50 {
			s := c.sell(sale.Card, sale.Amount(100+i))
			c.terminal.answers <- approve(sale.Amount(100 + i))
			c.want(s.ID, sale.Paid, sale.ReasonNone)
		}
		c.wait(time.Hour)
		tries := len(c.gateway.reports())
		if tries > 90 { // 50 at once, then one probe per backoff
			t.Errorf("%d tries in an hour on a dead link", tries)
		}
		if v, err := c.till.Queue(context.Background()); err != nil || v.Link != "down" || v.Queued != 50 {
			t.Errorf("queue %+v, %v", v.QueueStats, err)
		}
		c.gateway.does(func(*fakeGateway) { away = false })
		c.wait(6 * time.Minute)
		done := map[string]int{}
		for _, r := range c.gateway.reports()[tries:] {
			done[r.No]++
		}
		if len(done) != 50 || c.journal.Waiting() != 0 {
			t.Errorf("%d different reports went, %d are left", len(done), c.journal.Waiting())
		}
		for no, n := range done {
			if n != 1 {
				t.Errorf("report %s went %d times", no, n)
			}
		}
	})
}

func TestSameWordsForThreeReportsStopTheQueue(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayFail, Words: "merchant closed today"}
			}
		})
		for i := range 3 {
			s := c.sell(sale.Card, sale.Amount(100+i))
			c.terminal.answers <- approve(sale.Amount(100 + i))
			c.want(s.ID, sale.Paid, sale.ReasonNone)
			c.wait(time.Second)
		}
		c.wait(10 * time.Minute)
		v, err := c.till.Queue(context.Background())
		if err != nil || v.Link != core.LinkStopped || v.SetAside != 0 || v.Queued != 3 {
			t.Errorf("link %s, %d queued, %d set aside, %v", v.Link, v.Queued, v.SetAside, err)
		}
	})
}

func TestAReportRefusedWhileOthersPassIsSetAside(t *testing.T) {
	atCounter(t, func(c *counter) {
		bad := ""
		c.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer {
				if bad == "" {
					bad = r.No
				}
				if r.No == bad {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayFail, Words: "extra invalid"}
				}
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
			}
		})
		for i := range 3 {
			s := c.sell(sale.Card, sale.Amount(100+i))
			c.terminal.answers <- approve(sale.Amount(100 + i))
			c.want(s.ID, sale.Paid, sale.ReasonNone)
			c.wait(time.Second)
		}
		c.wait(10 * time.Minute)
		v, err := c.till.Queue(context.Background())
		if err != nil || v.Link != core.LinkUp || v.SetAside != 1 || v.Queued != 0 || v.Reports[0].Words != "extra invalid" {
			t.Fatalf("queue %+v, %v", v, err)
		}
		n, err := c.till.Retry(context.Background(), "")
		if err != nil || n != 1 {
			t.Errorf("requeued %d, %v", n, err)
		}
		c.gateway.does(func(*fakeGateway) { bad = "none" })
		c.wait(10 * time.Minute)
		if c.journal.Waiting() != 0 {
			t.Error("the mended report did not go")
		}
	})
}

func TestExistsCountsAsDoneFromTheSecondTryOn(t *testing.T) {
	for name, restart := range map[string]bool{"first try": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				result := sale.GatewayExists
				if restart {
					result = sale.GatewayLost
				}
				c.gateway.does(func(g *fakeGateway) {
					g.report = func(r sale.Report) sale.GatewayAnswer { return sale.GatewayAnswer{No: r.No, Result: result} }
				})
				s := c.sell(sale.Card, 100)
				c.terminal.answers <- approve(100)
				c.want(s.ID, sale.Paid, sale.ReasonNone)
				c.wait(time.Second)
				want := sale.ReportSetAside
				if restart {
					c.restart()
					c.gateway.does(func(*fakeGateway) { result = sale.GatewayExists })
					want = sale.ReportDone
				}
				c.wait(10 * time.Minute)
				if s = c.now(s.ID); s.Reported != want {
					t.Errorf("reported %s, want %s", s.Reported, want)
				}
			})
		})
	}
}

func TestAnIntentThatCannotBeStoredTakesNothingWithIt(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.sell(sale.WeChat, 500)
		if _, err := c.till.Cancel(context.Background(), first.ID); err != nil {
			t.Fatal(err)
		}
		second := c.sell(sale.Alipay, 500, replacing(first.ID))
		if _, err := c.till.Cancel(context.Background(), second.ID); err != nil {
			t.Fatal(err)
		}
		c.journal.Fill(errDiskFull)
		if _, err := c.trySell(sale.Card, 500, replacing(second.ID)); !errors.Is(err, sale.ErrUnavailable) {
			t.Fatalf("sold with a full disk: %v", err)
		}
		if s := c.now(second.ID); s.ReplacedBy != "" || !s.GivenUp {
			t.Errorf("the sale that was to be replaced: by %q, given up %v", s.ReplacedBy, s.GivenUp)
		}
		if s := c.now(first.ID); s.ReplacedBy != second.ID {
			t.Errorf("the first sale of the chain is replaced by %q, want %s", s.ReplacedBy, second.ID)
		}
		c.journal.Fill(nil)
		third := c.sell(sale.Card, 500, replacing(second.ID))
		c.terminal.answers <- approve(500)
		c.want(third.ID, sale.Paid, sale.ReasonNone)
		c.pays()
		c.wait(10 * time.Minute)
		for _, id := range []sale.ID{first.ID, second.ID} {
			if s := c.now(id); s.State != sale.Paid || !s.Undone() {
				t.Errorf("sale %s is %s and not undone: %+v", id, s.State, s.Refunds)
			}
		}
	})
}

// TestLimitsAreCheckedInTheStep: nothing leads past them, whoever asks.
func TestLimitsAreCheckedInTheStep(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 10000)
		c.terminal.answers <- approve(10000)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		register := sale.WithActor(context.Background(), sale.Actor{Token: "register 2", Limits: sale.Limits{NoReturns: true, Token: sale.Cap{Who: "token register 2", MaxRefund: 5000}}})
		for name, amount := range map[string]sale.Amount{"more than its limit": 5001, "all that is left": 0} {
			_, _, _, err := c.till.Refund(register, GiveBackRequest{Key: "k " + name, Sale: s.ID, Amount: amount, By: "Ana"})
			if !errors.Is(err, sale.ErrNotPossible) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, _, err := c.till.Sell(register, SellRequest{Key: "r", Amount: 100, Method: sale.Card, Kind: sale.CardReturn, By: "Ana"}); err == nil {
			t.Error("a return without a sale was taken")
		}
		if _, movement, _, err := c.till.Refund(register, GiveBackRequest{Key: "k", Sale: s.ID, Amount: 5000, By: "Ana"}); err != nil || movement == "" {
			t.Errorf("within its limit: %v", err)
		}
		events, err := c.till.Events(context.Background(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, e := range events {
			named = named || e.Kind == "refund.intended" && strings.Contains(string(e.Data), `"actor":"token register 2"`)
		}
		if !named {
			t.Error("the journal does not say who gave back")
		}
	})
}

// TestAPersonsRightsAreCheckedInTheStep: whoever lacks one is refused before
// anything is sent, and the journal names who did it and who allowed it.
func TestAPersonsRightsAreCheckedInTheStep(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 10000)
		c.terminal.answers <- approve(10000)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		as := func(a sale.Actor) context.Context { return sale.WithActor(context.Background(), a) }
		cashier := sale.Actor{Person: "Ana", Limits: sale.Limits{Lacks: sale.AllRights}}
		small := sale.Actor{Person: "Ana", Limits: sale.Limits{Person: sale.Cap{Who: "Ana", MaxRefund: 300}}}
		ctx := as(cashier)
		_, _, _, refund := c.till.Refund(ctx, GiveBackRequest{Key: "1", Sale: s.ID, Amount: 100})
		_, _, _, void := c.till.Void(ctx, GiveBackRequest{Key: "2", Sale: s.ID})
		_, _, back := c.till.Sell(ctx, SellRequest{Key: "3", Amount: 100, Method: sale.Card, Kind: sale.CardReturn})
		_, closed := c.till.CloseDay(ctx, CloseRequest{})
		_, resolve := c.till.Resolve(ctx, ResolveRequest{Sale: s.ID, As: sale.Paid, Reason: "x"})
		_, retry := c.till.Retry(ctx, "")
		_, _, _, much := c.till.Refund(as(small), GiveBackRequest{Key: "4", Sale: s.ID, Amount: 301})
		setting := c.till.Setting(ctx, nil, "token.created", "x", true)
		for name, err := range map[string]error{"refund": refund, "void": void, "return": back, "close": closed, "resolve": resolve, "retry": retry, "too much": much, "setting": setting} {
			if !errors.Is(err, sale.ErrNoRight) {
				t.Errorf("%s: %v", name, err)
			}
		}
		allowed := sale.Actor{Token: "till", Person: "Ana", Approver: "Mo"}
		if got, id, _, err := c.till.Refund(as(allowed), GiveBackRequest{Key: "5", Sale: s.ID, Amount: 500}); err != nil || got.Refunds[0].By != "Ana" || id == "" {
			t.Errorf("with somebody's word: %+v, %v", got.Refunds, err)
		}
		events, err := c.till.Events(context.Background(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, e := range events {
			named = named || e.Kind == "refund.intended" && strings.Contains(string(e.Data), `"actor":"token till","person":"Ana","approver":"Mo"`)
		}
		if !named {
			t.Error("the journal does not say who gave back, and who let her")
		}
	})
}

// TestTheSumOfADayIsALimit, of the token and of the person, each by itself.
func TestTheSumOfADayIsALimit(t *testing.T) {
	atCounter(t, func(c *counter) {
		var sales []sale.ID
		for range 4 {
			s := c.sell(sale.Card, 1000)
			c.terminal.answers <- approve(1000)
			c.want(s.ID, sale.Paid, sale.ReasonNone)
			sales = append(sales, s.ID)
		}
		actor := func(person string) context.Context {
			return sale.WithActor(context.Background(), sale.Actor{Token: "till", Person: person, Limits: sale.Limits{
				Token: sale.Cap{Who: "token till", MaxDay: 2500}, Person: sale.Cap{Who: person, MaxDay: 1000}}})
		}
		back := func(n int, person string, amount sale.Amount) error {
			_, id, _, err := c.till.Refund(actor(person), GiveBackRequest{Key: "k" + string(sales[n]) + person, Sale: sales[n], Amount: amount, By: person})
			if err == nil {
				c.terminal.answers <- approve(amount)
				if s := c.now(sales[n]); s.Refunds[0].ID != id || s.Refunds[0].State != sale.MovementDone {
					t.Errorf("refund is %+v", s.Refunds[0])
				}
			}
			return err
		}
		if err := back(0, "Ana", 1000); err != nil {
			t.Fatal(err)
		}
		if err := back(1, "Ana", 1); !errors.Is(err, sale.ErrNoRight) || !strings.Contains(err.Error(), "10.00 was asked for") {
			t.Errorf("beyond her day: %v", err)
		}
		if err := back(1, "Bo", 1000); err != nil {
			t.Fatal(err)
		}
		if err := back(2, "Cy", 501); !errors.Is(err, sale.ErrNotPossible) {
			t.Errorf("beyond the token's day: %v", err)
		}
		c.restart()
		if err := back(2, "Ana", 1); !errors.Is(err, sale.ErrNoRight) {
			t.Errorf("a restart forgot the day: %v", err)
		}
		if err := back(2, "Cy", 500); err != nil {
			t.Errorf("what is left of the token's day: %v", err)
		}
	})
}
