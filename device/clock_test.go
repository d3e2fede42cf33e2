package device

import (
	"context"
	"errors"
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
		c.skew.Store(0)
		c.wait(6 * time.Hour)
		if len(c.journal.Rows.Days) != 1 {
			t.Errorf("%d days were closed when it was right again", len(c.journal.Rows.Days))
		}
	})
}
