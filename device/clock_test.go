package device

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// TestClockThatJumpsChangesNoQuestionAboutABill: what was a moment ago is told by running time.
func TestClockThatJumpsChangesNoQuestionAboutABill(t *testing.T) {
	const hour = int64(time.Hour)
	for name, c := range map[string]struct {
		before, after int64 // what the clock is wrong by while the sale goes unsure, and afterwards
		wait          time.Duration
		want          error
	}{
		"right clock, just now":             {0, 0, time.Minute, sale.ErrSameBill},
		"right clock, long ago":             {0, 0, 20 * time.Minute, nil},
		"jumps an hour ahead, just now":     {0, hour, time.Minute, sale.ErrSameBill},
		"jumps a year back, long ago":       {0, -365 * 24 * hour, 20 * time.Minute, nil},
		"was years ahead, long ago":         {4 * 365 * 24 * hour, 0, 20 * time.Minute, nil},
		"was years ahead, just now":         {4 * 365 * 24 * hour, 0, time.Minute, sale.ErrSameBill},
		"was in 1970, and is right at once": {-56 * 365 * 24 * hour, 0, time.Minute, sale.ErrSameBill},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(k *counter) {
				k.skew.Store(c.before)
				s := k.sell(sale.WeChat, 100)
				k.wait(time.Second)
				if s, err := k.till.Cancel(context.Background(), s.ID); err != nil || s.State != sale.Unsure {
					t.Fatalf("%s, %v", s.State, err)
				}
				k.skew.Store(c.after)
				k.wait(c.wait)
				if _, err := k.trySell(sale.Card, 100); !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			})
		})
	}
}

// TestHourOfAClockThatIsBehindClosesNoDay: nor does it once the clock is right again count twice.
func TestHourOfAClockThatIsBehindClosesNoDay(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.ClosesAt, p.TimeZone = "03:30", "UTC" }
		c.restart()
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		c.paid(1000, "8")
		c.skew.Store(-int64(40 * time.Hour))
		c.wait(20 * time.Hour)
		if len(c.journal.Rows.Days) != 0 {
			t.Errorf("%d days were closed while the clock was behind", len(c.journal.Rows.Days))
		}
		if words := c.till.ClockBehind(); !strings.Contains(words, "set the clock") {
			t.Errorf("of a clock that is behind posd says %q", words)
		}
		c.skew.Store(0)
		c.wait(6 * time.Hour)
		if len(c.journal.Rows.Days) != 1 {
			t.Errorf("%d days were closed when it was right again", len(c.journal.Rows.Days))
		}
		if words := c.till.ClockBehind(); words != "" {
			t.Errorf("of a clock that is right again posd says %q", words)
		}
		c.skew.Store(-int64(400 * 24 * time.Hour))
		c.restart()
		c.wait(time.Second)
		if c.till.ClockBehind() == "" {
			t.Error("a clock that is behind at the start is not said")
		}
		c.wait(25 * time.Hour)
		if words := c.till.ClockBehind(); words != "" {
			t.Errorf("after a day the entries are those of a clock that was ahead, but posd says %q", words)
		}
	})
}

// TestSpansGoOnOverRestarts: time counts while posd runs, whatever the clock says and
// however long the box was off.
func TestSpansGoOnOverRestarts(t *testing.T) {
	for name, c := range map[string]struct {
		off  time.Duration // between two runs
		skew time.Duration // of the clock from the restart on
		wait time.Duration // afterwards
		want error
	}{
		"off over night, just now":      {10 * time.Hour, 0, time.Minute, sale.ErrSameBill},
		"off over night, long ago":      {10 * time.Hour, 0, 15 * time.Minute, nil},
		"clock years ahead, just now":   {time.Minute, 4 * 365 * 24 * time.Hour, time.Minute, sale.ErrSameBill},
		"clock years behind, long ago":  {time.Minute, -4 * 365 * 24 * time.Hour, 15 * time.Minute, nil},
		"clock back in 1970, just now":  {time.Minute, -30 * 365 * 24 * time.Hour, time.Minute, sale.ErrSameBill},
		"clock ahead and off, long ago": {time.Hour, 365 * 24 * time.Hour, 15 * time.Minute, nil},
	} {
		for _, late := range []bool{false, true} { // unsure still, or paid after all
			t.Run(fmt.Sprintf("%s, paid %v", name, late), func(t *testing.T) {
				atCounter(t, func(k *counter) {
					k.change = func(p *core.Policy) { p.LatePayment = "keep" }
					k.restart()
					s := k.sell(sale.WeChat, 100)
					k.wait(time.Second)
					if s, err := k.till.Cancel(context.Background(), s.ID); err != nil || s.State != sale.Unsure {
						t.Fatalf("%s, %v", s.State, err)
					}
					want := c.want
					if late {
						k.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaid) })
						k.wait(time.Minute)
						if want != nil {
							want = sale.ErrBillPaid
						}
					}
					k.wait(6 * time.Minute)
					k.stop()
					time.Sleep(c.off)
					k.skew.Store(int64(c.skew))
					k.begin()
					k.wait(c.wait)
					if _, err := k.trySell(sale.Card, 100); !errors.Is(err, want) {
						t.Errorf("%v, want %v", err, want)
					}
				})
			})
		}
	}
}

// TestAgeOfReportsIsRunningTime: a box that was off, or whose clock was wrong, does
// not stop the selling, and one that restarts every hour does not begin anew.
func TestAgeOfReportsIsRunningTime(t *testing.T) {
	atCounter(t, func(k *counter) {
		k.change = func(p *core.Policy) { p.OfflineMaxAge = 3 * time.Hour }
		k.restart()
		k.gateway.does(func(g *fakeGateway) {
			g.report = func(r sale.Report) sale.GatewayAnswer { return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost} }
		})
		k.skew.Store(int64(5 * 365 * 24 * time.Hour))
		k.paid(1000, "1")
		k.skew.Store(0)
		for range 2 {
			k.wait(65 * time.Minute)
			k.stop()
			time.Sleep(20 * time.Hour)
			k.begin()
			k.paid(1000, "2")
		}
		k.wait(65 * time.Minute)
		if _, err := k.trySell(sale.Card, 700); !errors.Is(err, sale.ErrUnavailable) {
			t.Errorf("after more than three hours of running: %v", err)
		}
	})
}
