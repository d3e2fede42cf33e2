package device

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// oddAnswers are the ways in which a gateway answers one order, refund or report for
// ever, while it answers all others well; as its client concludes from each.
var oddAnswers = []struct {
	name   string
	answer sale.GatewayAnswer
}{
	{"405 of a firewall", sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleServer, Concern: sale.ConcernLink, Words: "HTTP 405"}},
	{"500", sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleServer, Concern: sale.ConcernLink, Words: "HTTP 500"}},
	{"cut", sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleConnect, Concern: sale.ConcernLink, Words: "unexpected EOF"}},
	{"429", sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleThrottled, Concern: sale.ConcernPatience, RetryAfter: 5 * time.Minute, Words: "HTTP 429"}},
	{"not JSON", sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleServer, Concern: sale.ConcernLink, Words: "the answer is not JSON"}},
	{"another number", sale.GatewayAnswer{Result: sale.GatewayUnverified, Verified: true, Concern: sale.ConcernOrder, Words: "about another one"}},
	{"not verifiable", sale.GatewayAnswer{Result: sale.GatewayUnverified, Trouble: sale.TroubleKey, Concern: sale.ConcernLink, Words: "signature wrong"}},
	{"system error", sale.GatewayAnswer{Result: sale.GatewayFail, Verified: true, Trouble: sale.TroubleServer, Concern: sale.ConcernSystem, Words: "system error"}},
	{"a kind of card", sale.GatewayAnswer{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernChannel, Words: "merchant not support JCB card"}},
	{"no permission", sale.GatewayAnswer{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernChannel, Words: "no permission"}},
	{"patience", sale.GatewayAnswer{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernPatience, Words: "request too frequent"}},
	{"the sibling's for a number it has", sale.GatewayAnswer{Result: sale.GatewayFail, Trouble: sale.TroubleServer, Concern: sale.ConcernSystem, Words: "支付中心系统异常"}},
}

// oddly returns an answer about a number. To refund_order a FAIL that is no refusal
// of business is unclear.
func oddly(a sale.GatewayAnswer, no string, refund bool) sale.GatewayAnswer {
	a.No, a.Status = no, sale.StatusUnknown
	if refund && a.Result == sale.GatewayFail {
		a.Result = sale.GatewayUnclear
	}
	return a
}

// TestOneOddAnswerHarmsNobodyElse is the matrix: each odd answer to one report, one
// wallet's order, its look-ups, and one refund, for an hour, while thirty wallet
// sales and thirty reports of others go on. Its golden table says what became of
// the one that was answered oddly.
func TestOneOddAnswerHarmsNobodyElse(t *testing.T) {
	var table strings.Builder
	for _, odd := range oddAnswers {
		for _, call := range []string{"report", "create_order", "query_order", "refund_order"} {
			t.Run(odd.name+" "+call, func(t *testing.T) {
				atCounter(t, func(c *counter) {
					fmt.Fprintf(&table, "%-36s %-13s %s\n", odd.name, call, c.oneOdd(call, odd.answer))
				})
			})
		}
	}
	golden(t, "odd-answers.txt", table.String())
}

// oneOdd has one call answered oddly, holds that all others are well, and tells what
// became of the one.
func (c *counter) oneOdd(call string, odd sale.GatewayAnswer) string {
	paid := status(sale.StatusPaid)
	poisoned := ""
	c.gateway.does(func(g *fakeGateway) { g.query = paid })
	old := c.sell(sale.WeChat, 5000)
	c.wait(5 * time.Second)
	c.want(old.ID, sale.Paid, sale.ReasonNone)
	c.gateway.does(func(g *fakeGateway) {
		create, report := g.create, g.report
		g.create = func(r sale.OrderRequest) sale.GatewayAnswer {
			if r.Amount == 666 {
				poisoned = r.No
				if call == "create_order" {
					return oddly(odd, r.No, false)
				}
			}
			return create(r)
		}
		g.query = func(no string) sale.GatewayAnswer {
			if no == poisoned && (call == "query_order" || call == "create_order") {
				return oddly(odd, no, false)
			}
			return paid(no)
		}
		g.report = func(r sale.Report) sale.GatewayAnswer {
			if r.Amount == 666 && call == "report" {
				return oddly(odd, r.No, false)
			}
			return report(r)
		}
		g.refund = func(r sale.RefundRequest) sale.GatewayAnswer { return oddly(odd, r.No, true) }
		g.refundQ = func(no string) sale.GatewayAnswer { return oddly(odd, no, false) }
	})
	one := sale.ID("")
	switch call {
	case "report":
		one = c.cardSale(666)
	case "refund_order":
		one = old.ID
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: old.ID, Key: "back", Amount: 666, By: "Ann"}); err != nil {
			c.t.Fatal(err)
		}
	default:
		one = c.sell(sale.Alipay, 666).ID
	}
	c.wait(3 * time.Second) // one backoff
	for i := range 30 {
		card := c.cardSale(sale.Amount(1000 + i))
		s, err := c.trySell(sale.WeChat, sale.Amount(2000+i))
		for try := 0; errors.Is(err, sale.ErrTillBusy) && try < 90; try++ { // the one is still on glass
			c.wait(time.Second)
			s, err = c.trySell(sale.WeChat, sale.Amount(2000+i))
		}
		if err != nil {
			c.t.Fatalf("wallet sale %d: %v", i, err)
		}
		c.wait(2 * time.Minute)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if s := c.now(card); s.Reported != sale.ReportDone {
			c.t.Errorf("report %d is %s", i, s.Reported)
		}
	}
	if n := len(c.gateway.refunded()); n > 1 {
		c.t.Errorf("the refund was asked for %d times", n)
	}
	s := c.now(one)
	told := fmt.Sprintf("%s %s", s.State, s.Reported)
	for _, m := range s.Refunds {
		told += fmt.Sprintf(", refund %s", m.State)
	}
	if s.Attention != "" {
		told += ", a person is told"
	}
	return told
}

// cardSale takes one payment by card.
func (c *counter) cardSale(amount sale.Amount) sale.ID {
	c.t.Helper()
	s, err := c.trySell(sale.Card, amount)
	for try := 0; errors.Is(err, sale.ErrTillBusy) && try < 90; try++ {
		c.wait(time.Second)
		s, err = c.trySell(sale.Card, amount)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.terminal.answers <- approve(amount)
	c.want(s.ID, sale.Paid, sale.ReasonNone)
	return s.ID
}

// golden compares text with a file of testdata/device; POSD_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "../testdata/device/" + name
	if os.Getenv("POSD_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was (POSD_UPDATE=1 writes it):\n%s", path, got)
	}
}

// TestALongOutageWithOddReportsAmongThem: reports queued offline, one in a hundred of
// each odd kind; then the gateway is back. Every good one passes, each once, every
// odd one is named with its words, and no wallet is refused.
func TestALongOutageWithOddReportsAmongThem(t *testing.T) {
	const reports = 2000
	atCounter(t, func(c *counter) {
		away := true
		passed := map[string]int{}
		c.gateway.does(func(g *fakeGateway) {
			g.query = status(sale.StatusPaid)
			g.probe = func() sale.GatewayAnswer {
				if away {
					return sale.GatewayAnswer{Result: sale.GatewayNotSent, Concern: sale.ConcernLink, Words: "no route"}
				}
				return sale.GatewayAnswer{Result: sale.GatewayNotFound, Concern: sale.ConcernOrder}
			}
			g.report = func(r sale.Report) sale.GatewayAnswer {
				kind := int(r.Amount) % 100
				switch {
				case away:
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayNotSent, Concern: sale.ConcernLink, Words: "no route"}
				case kind < len(oddAnswers):
					return oddly(oddAnswers[kind].answer, r.No, false)
				}
				passed[r.No]++
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
			}
		})
		odd := 0
		for i := range reports {
			c.cardSale(sale.Amount(10000 + i))
			if i%100 < len(oddAnswers) {
				odd++
			}
		}
		c.gateway.does(func(*fakeGateway) { away = false })
		c.wait(6 * time.Minute) // the longest backoff
		for i := range 30 {     // meanwhile the shop goes on
			s := c.sell(sale.WeChat, sale.Amount(500+i))
			c.wait(20 * time.Second)
			c.want(s.ID, sale.Paid, sale.ReasonNone)
			c.cardSale(sale.Amount(20050 + i))
		}
		c.wait(10 * time.Minute)
		want := reports - odd + 30
		if len(passed) != want || c.journal.Waiting() != odd {
			t.Errorf("%d good reports passed of %d, %d are left and %d are odd", len(passed), want, c.journal.Waiting(), odd)
		}
		for no, n := range passed {
			if n != 1 {
				t.Errorf("report %s passed %d times", no, n)
			}
		}
		v, err := c.till.Queue(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		aside := 0
		for _, r := range v.Reports {
			if int(r.Amount)%100 >= len(oddAnswers) {
				t.Errorf("report %s of %s is good, and is %s after %d attempts, due at %s (%q)", r.No, r.Amount, r.State, r.Attempts, r.DueAt, r.Words)
				continue
			}
			kind := oddAnswers[int(r.Amount)%100].answer
			if r.Words != kind.Words {
				t.Errorf("report of %s stands there with %q, want %q", r.Amount, r.Words, kind.Words)
			}
			if r.State == sale.QueueSetAside {
				aside++
				if kind.Concern == sale.ConcernPatience {
					t.Errorf("set aside by words of patience: %q", r.Words)
				}
			}
		}
		if aside == 0 {
			t.Error("nothing was set aside, though others passed for minutes")
		}
	})
}

// TestARefundGoesOnUnderItsNumber: whatever is answered that is no refusal of
// business, the same number is asked after, and never sent again too early.
func TestARefundGoesOnUnderItsNumber(t *testing.T) {
	for name, tt := range map[string]struct {
		sent, asked sale.GatewayAnswer
		want        sale.MovementState
	}{
		"accepted, then done":        {sale.GatewayAnswer{Result: sale.GatewayPending, Verified: true}, sale.GatewayAnswer{Result: sale.GatewayOK, Verified: true}, sale.MovementDone},
		"accepted, then failed":      {sale.GatewayAnswer{Result: sale.GatewayPending, Verified: true}, sale.GatewayAnswer{Result: sale.GatewayFailed, Verified: true, Words: "status 9"}, sale.MovementRefused},
		"accepted, and never done":   {sale.GatewayAnswer{Result: sale.GatewayPending, Verified: true}, sale.GatewayAnswer{Result: sale.GatewayPending, Verified: true}, sale.MovementWaiting},
		"words of the system":        {sale.GatewayAnswer{Result: sale.GatewayUnclear, Verified: true, Words: "system error"}, sale.GatewayAnswer{Result: sale.GatewayOK, Verified: true}, sale.MovementDone},
		"words, and no word of it":   {sale.GatewayAnswer{Result: sale.GatewayUnclear, Verified: true, Words: "NOT ENOUGH"}, sale.GatewayAnswer{Result: sale.GatewayLost}, sale.MovementUnsure},
		"failed, but nobody signed":  {sale.GatewayAnswer{Result: sale.GatewayPending, Verified: true}, sale.GatewayAnswer{Result: sale.GatewayFailed}, sale.MovementUnsure},
		"refused for want of reason": {sale.GatewayAnswer{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernRefused, Words: "more than paid"}, sale.GatewayAnswer{}, sale.MovementRefused},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				c.gateway.does(func(g *fakeGateway) {
					g.query = status(sale.StatusPaid)
					g.refund = func(r sale.RefundRequest) sale.GatewayAnswer { a := tt.sent; a.No = r.No; return a }
					g.refundQ = func(no string) sale.GatewayAnswer { a := tt.asked; a.No = no; return a }
				})
				s := c.sell(sale.WeChat, 500)
				c.wait(5 * time.Second)
				if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: "k", Amount: 500, By: "Ann"}); err != nil {
					t.Fatal(err)
				}
				c.wait(2 * time.Hour)
				m := c.now(s.ID).Refunds[0]
				if m.State != tt.want || len(c.gateway.refunded()) != 1 {
					t.Errorf("%s (%s) after %d requests, want %s after one", m.State, m.Words, len(c.gateway.refunded()), tt.want)
				}
				if at := c.now(s.ID).Attention; (at == "") != (tt.want == sale.MovementDone) {
					t.Errorf("a person is told %q", at)
				}
				_, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: "k2", Amount: 500, By: "Ann"})
				if again := err == nil; again != (tt.want == sale.MovementRefused) {
					t.Errorf("another refund: %v", err)
				}
			})
		})
	}
}

// TestALostRefundIsNotSentAgainTooEarly: "no such refund" proves nothing while the
// first may still be on its way.
func TestALostRefundIsNotSentAgainTooEarly(t *testing.T) {
	for _, restart := range []bool{false, true} {
		atCounter(t, func(c *counter) {
			c.gateway.does(func(g *fakeGateway) {
				g.query = status(sale.StatusPaid)
				g.refund = func(r sale.RefundRequest) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost}
				}
				g.refundQ = func(no string) sale.GatewayAnswer { return sale.GatewayAnswer{No: no, Result: sale.GatewayNotFound} }
			})
			s := c.sell(sale.WeChat, 500)
			c.wait(5 * time.Second)
			if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: "k", Amount: 500, By: "Ann"}); err != nil {
				t.Fatal(err)
			}
			least := 55 * time.Second
			if restart {
				c.restart()
				least = 115 * time.Second
			}
			c.wait(least)
			if n := len(c.gateway.refunded()); n != 1 {
				t.Errorf("restart %v: sent %d times within %s", restart, n, least)
			}
			c.wait(time.Minute)
			if r := c.gateway.refunded(); len(r) < 2 || r[0] != r[1] {
				t.Errorf("restart %v: sent %+v, want the same again", restart, r)
			}
		})
	}
}

func TestAnOrderThatIsPaidThoughClosedIsSaidAndGivenBack(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusClosedSystem) })
		s := c.sell(sale.WeChat, 500)
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Cancelled, sale.ReasonClosed)
		c.gateway.does(func(g *fakeGateway) {
			g.query = func(no string) sale.GatewayAnswer { a := status(sale.StatusPaid)(no); a.Amount = 500; return a }
		})
		c.wait(16 * time.Minute)
		if got := c.want(s.ID, sale.Cancelled, sale.ReasonClosed); got.Incident == "" || got.Refundable() != 500 {
			t.Fatalf("incident %q, %s can be given back", got.Incident, got.Refundable())
		}
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: "k", By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.wait(5 * time.Second)
		if m := c.now(s.ID).Refunds; len(m) != 1 || m[0].State != sale.MovementDone || m[0].Amount != 500 {
			t.Errorf("refunds %+v", m)
		}
		asked := c.gateway.queries()
		c.wait(24 * time.Hour)
		if n := c.gateway.queries(); n != asked {
			t.Errorf("asked about %d times more", n-asked)
		}
	})
}

func TestAnotherNumberOfTheOrderIsAnIncident(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) {
			g.query = func(no string) sale.GatewayAnswer {
				a := status(sale.StatusPaid)(no)
				a.PayOrderID = "ANOTHER"
				return a
			}
		})
		s := c.sell(sale.WeChat, 500)
		c.wait(5 * time.Second)
		if got := c.want(s.ID, sale.Paid, sale.ReasonNone); !strings.Contains(got.Incident, "ANOTHER") || got.PayOrderID == "ANOTHER" {
			t.Errorf("incident %q, number %s", got.Incident, got.PayOrderID)
		}
	})
}

// TestAScanThatIsNeverDecidedFreesTheTill: the customer's code is refused, or the
// order unknown, and nothing final is ever said.
func TestAScanThatIsNeverDecidedFreesTheTill(t *testing.T) {
	for _, created := range []sale.GatewayAnswer{
		{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernOrder, Words: "AUTHCODEEXPIRE"},
		{Result: sale.GatewayLost, Concern: sale.ConcernLink, Words: "deadline exceeded"},
	} {
		atCounter(t, func(c *counter) {
			c.gateway.does(func(g *fakeGateway) {
				g.create = func(r sale.OrderRequest) sale.GatewayAnswer { a := created; a.No = r.No; return a }
				g.query = func(no string) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: no, Result: sale.GatewayNotFound, Concern: sale.ConcernOrder, Words: "order not exist"}
				}
			})
			s := c.sell(sale.Scan, 500, func(r *SellRequest) { r.AuthCode = "134567890123456789" })
			c.wait(time.Second)
			if got := c.now(s.ID); got.State != sale.Waiting || got.Words != created.Words {
				t.Errorf("at once: %s %q, want the words %q", got.State, got.Words, created.Words)
			}
			c.wait(core.DefaultPolicy().CodeShownFor)
			if got := c.want(s.ID, sale.Unsure, sale.ReasonTimeout); got.Attention == "" {
				t.Error("nobody is told")
			}
			c.cardSale(700) // the till is free
			if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: sale.Cancelled, Reason: "the phone says expired", By: "Ann"}); err != nil {
				t.Errorf("a person may resolve it: %v", err)
			}
		})
	}
}

func TestWhatTheGatewayChargedItselfIsNotReported(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Card, 500)
		a := approve(500)
		a.Reported, a.Extra = true, ""
		c.terminal.answers <- a
		c.wait(time.Minute)
		if got := c.want(s.ID, sale.Paid, sale.ReasonNone); got.Reported != sale.ReportDone || len(c.gateway.reports()) != 0 || c.journal.Waiting() != 0 {
			t.Errorf("%s at IOTPay, %d reports went", got.Reported, len(c.gateway.reports()))
		}
	})
}
