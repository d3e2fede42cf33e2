package device

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
)

// totalled is a terminal that says what is in its batch. A gateway that takes a
// report for a charge adds to it.
type totalled struct {
	mu      sync.Mutex
	records int
	silent  bool
	asked   int
}

func (f *totalled) Totals(context.Context) sale.TerminalTotals {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.silent {
		return sale.TerminalTotals{Words: "no answer"}
	}
	return sale.TerminalTotals{Told: true, Serial: serial, Records: fmt.Sprint(f.records)}
}

func (f *totalled) is(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// atNewCounter is atCounter with a terminal whose totals are watched.
func atNewCounter(t *testing.T, f func(c *counter, batch *totalled)) {
	t.Helper()
	atCounter(t, func(c *counter) {
		batch := &totalled{}
		c.totals = batch
		c.restart()
		f(c, batch)
	})
}

// taken is a card sale that is in the terminal's batch, too.
func (c *counter) taken(batch *totalled, amount sale.Amount) sale.ID {
	c.t.Helper()
	id := c.cardSale(amount)
	batch.is(func() { batch.records++ })
	return id
}

func TestTheFirstReportGoesAloneAndThenTheOthers(t *testing.T) {
	atNewCounter(t, func(c *counter, batch *totalled) {
		for i := range 5 {
			c.taken(batch, sale.Amount(100+i))
		}
		c.wait(time.Minute)
		if n := len(c.gateway.reports()); n != 5 || c.journal.Waiting() != 0 {
			t.Errorf("%d reports went, %d wait", n, c.journal.Waiting())
		}
		asked := batch.asked
		c.restart()
		c.taken(batch, 900)
		c.wait(time.Minute)
		if n := len(c.gateway.reports()); n != 6 || batch.asked != asked {
			t.Errorf("%d reports went, the totals were asked for %d times more", n, batch.asked-asked)
		}
	})
}

// TestASecondChargeStopsTheFirstReport: IOTPay takes the report for a charge. Not a
// second one goes, not after a restart either, and no card is sold.
func TestASecondChargeStopsTheFirstReport(t *testing.T) {
	for _, fate := range []sale.GatewayAnswer{
		{Result: sale.GatewayOK, Verified: true},
		{Result: sale.GatewayLost, Concern: sale.ConcernLink},
		{Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernOrder, Words: "card removed"},
		{Result: sale.GatewayUnverified, Concern: sale.ConcernLink},
	} {
		t.Run(string(fate.Result), func(t *testing.T) {
			atNewCounter(t, func(c *counter, batch *totalled) {
				c.gateway.does(func(g *fakeGateway) {
					g.query = status(sale.StatusPaid)
					g.report = func(r sale.Report) sale.GatewayAnswer {
						batch.is(func() { batch.records++ })
						a := fate
						a.No = r.No
						return a
					}
				})
				// Three wait when the first one goes.
				c.gateway.does(func(g *fakeGateway) {
					g.probe = func() sale.GatewayAnswer {
						return sale.GatewayAnswer{Result: sale.GatewayNotSent, Concern: sale.ConcernLink}
					}
				})
				batch.is(func() { batch.silent = true })
				for i := range 3 {
					c.taken(batch, sale.Amount(100+i))
				}
				c.gateway.does(func(g *fakeGateway) {
					g.probe = func() sale.GatewayAnswer { return sale.GatewayAnswer{Result: sale.GatewayNotFound} }
				})
				batch.is(func() { batch.silent = false })
				c.wait(20 * time.Minute)
				stopped := func(when string) {
					t.Helper()
					v, err := c.till.Queue(context.Background())
					if err != nil || len(c.gateway.reports()) != 1 || v.Link != "stopped" || !strings.Contains(v.Words, "second time") {
						t.Fatalf("%s: %d reports went, the link is %s (%s), %v", when, len(c.gateway.reports()), v.Link, v.Words, err)
					}
					if _, err := c.trySell(sale.Card, 777); !errors.Is(err, sale.ErrUnavailable) || !strings.Contains(err.Error(), "STOPPED") {
						t.Errorf("%s: a card sale: %v", when, err)
					}
					s := c.sell(sale.WeChat, sale.Amount(500+len(c.gateway.orders())))
					c.wait(5 * time.Second)
					c.want(s.ID, sale.Paid, sale.ReasonNone)
				}
				stopped("at once")
				c.restart()
				c.wait(20 * time.Minute)
				stopped("after a restart")
				c.stop()
				c.totals = nil // a person has asked IOTPay
				c.begin()
				c.gateway.does(func(g *fakeGateway) {
					g.report = func(r sale.Report) sale.GatewayAnswer {
						return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
					}
				})
				c.wait(10 * time.Minute)
				if n := c.journal.Waiting(); n != 0 {
					t.Errorf("%d reports wait once a person has decided", n)
				}
			})
		})
	}
}

// TestAStopInTheMiddleOfTheFirstReport: whatever came of it is compared afterwards.
func TestAStopInTheMiddleOfTheFirstReport(t *testing.T) {
	for _, charges := range []bool{false, true} {
		atNewCounter(t, func(c *counter, batch *totalled) {
			c.gateway.does(func(g *fakeGateway) {
				g.report = func(r sale.Report) sale.GatewayAnswer {
					if charges {
						batch.is(func() { batch.records++ })
					}
					time.Sleep(time.Hour) // posd is stopped before the answer
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost}
				}
			})
			c.taken(batch, 100)
			c.wait(5 * time.Second)
			if n := len(c.gateway.reports()); n != 1 {
				t.Fatalf("%d reports went", n)
			}
			if _, err := c.trySell(sale.Card, 200); !errors.Is(err, sale.ErrTerminalHeld) {
				t.Errorf("a card sale meanwhile: %v", err)
			}
			go c.stop()
			c.wait(2 * time.Hour)
			c.gateway.does(func(g *fakeGateway) {
				g.report = func(r sale.Report) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
				}
			})
			c.begin()
			c.wait(20 * time.Minute)
			want := 2
			if charges {
				want = 1
			}
			if n := len(c.gateway.reports()); n != want {
				t.Errorf("charges %v: %d reports went, want %d", charges, n, want)
			}
		})
	}
}

func TestAnInstallationThatHasReportedIsNotStopped(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.cardSale(100)
		c.wait(time.Minute)
		batch := &totalled{silent: true}
		c.totals = batch // posd is replaced by one that watches
		c.restart()
		c.cardSale(200)
		c.wait(time.Minute)
		if n := len(c.gateway.reports()); n != 2 || batch.asked != 0 {
			t.Errorf("%d reports went, the totals were asked for %d times", n, batch.asked)
		}
	})
}

func TestTheFirstReportWaitsForATerminalThatCanTell(t *testing.T) {
	atNewCounter(t, func(c *counter, batch *totalled) {
		batch.is(func() { batch.silent = true })
		for i := range 3 { // cards are sold meanwhile
			c.taken(batch, sale.Amount(100+i))
			c.wait(10 * time.Minute)
		}
		v, err := c.till.Queue(context.Background())
		if err != nil || len(c.gateway.reports()) != 0 || !strings.Contains(v.Words, "first report waits") {
			t.Errorf("%d reports went, %s (%s), %v", len(c.gateway.reports()), v.Link, v.Words, err)
		}
		batch.is(func() { batch.silent = false })
		c.wait(10 * time.Minute)
		if n := c.journal.Waiting(); n != 0 {
			t.Errorf("%d reports wait", n)
		}
	})
}

// TestASettledBatchProvesNothing: the next report is the first one then.
func TestASettledBatchProvesNothing(t *testing.T) {
	atNewCounter(t, func(c *counter, batch *totalled) {
		settled := false
		c.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer {
				batch.is(func() {
					if batch.records++; !settled {
						settled, batch.records = true, 0
					}
				})
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
			}
		})
		c.taken(batch, 100)
		c.wait(time.Minute)
		c.taken(batch, 200)
		c.wait(time.Minute)
		if _, err := c.trySell(sale.Card, 300); !errors.Is(err, sale.ErrUnavailable) {
			t.Errorf("a card sale after a second charge: %v", err)
		}
	})
}

// TestTheQueueSaysThatTheFirstReportWaitsForAnUnsureSale: and goes on once that has ended.
func TestTheQueueSaysThatTheFirstReportWaitsForAnUnsureSale(t *testing.T) {
	atNewCounter(t, func(c *counter, batch *totalled) {
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding { return sale.CardFinding{Ref: l.Ref, Words: "no answer"} })
		batch.is(func() { batch.silent = true }) // so that a report waits when the unsure sale comes
		c.taken(batch, 100)
		c.wait(time.Minute)
		unsure := c.sell(sale.Card, 500)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
		batch.is(func() { batch.silent = false })
		c.wait(time.Minute)
		v, err := c.till.Queue(context.Background())
		if err != nil || len(c.gateway.reports()) != 0 || !strings.Contains(v.Words, "how every card sale has ended") {
			t.Fatalf("%d reports went, the link is %s (%s), %v", len(c.gateway.reports()), v.Link, v.Words, err)
		}
		c.wait(10 * time.Minute) // until posd calls a person
		if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: unsure.ID, As: "cancelled", Reason: "looked it up", By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.wait(10 * time.Minute)
		if v, err = c.till.Queue(context.Background()); err != nil || len(c.gateway.reports()) != 1 || v.Link != "up" || v.Words != "" {
			t.Errorf("%d reports went, the link is %s (%s), %v", len(c.gateway.reports()), v.Link, v.Words, err)
		}
	})
}
