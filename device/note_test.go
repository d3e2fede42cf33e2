package device

import (
	"context"
	"errors"
	"testing"
	"time"

	"posd/device/journaltest"
	"posd/device/sale"
)

func TestANoteIsDurableWhenItIsAnsweredAndThereAfterARestart(t *testing.T) {
	journal := journaltest.New()
	drawerTill(t, journal, nil, func(ctx context.Context, till *Till) {
		for _, value := range []string{"1", "2"} {
			if err := till.Note(ctx, "front.7", value); err != nil || journal.Rows.Notes["front.7"] != value {
				t.Errorf("note %s: %v, stored %q", value, err, journal.Rows.Notes["front.7"])
			}
		}
		journal.Fill(errDiskFull)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := till.Note(short, "front.8", "1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a note that cannot be stored was answered %v", err)
		}
	})
	journal.Fill(nil)
	drawerTill(t, journal, nil, func(ctx context.Context, till *Till) {
		if noted, err := till.Noted(ctx); err != nil || noted["front.7"] != "2" {
			t.Errorf("after a restart %v, %v", noted, err)
		}
	})
}

func TestAwaitReturnsWhatIsDurableOrWhatStandsWhenTimeIsOver(t *testing.T) {
	atCounter(t, func(c *counter) {
		ctx := context.Background() // not the test's, which lives outside virtual time
		s := c.sell(sale.Card, 1000)
		paid := make(chan sale.Sale)
		go func() {
			got, err := c.till.Await(ctx, s.ID, func(s sale.Sale) bool { return s.State.Final() })
			if err != nil {
				t.Error(err)
			}
			paid <- got
		}()
		c.terminal.answers <- approve(1000)
		if got := <-paid; got.State != sale.Paid {
			t.Errorf("awaited %s", got.State)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if got, err := c.till.Await(short, s.ID, func(sale.Sale) bool { return false }); !errors.Is(err, context.DeadlineExceeded) || got.State != sale.Paid {
			t.Errorf("when time is over: %s, %v", got.State, err)
		}
		if _, err := c.till.Await(ctx, "01NONE", func(sale.Sale) bool { return true }); !errors.Is(err, sale.ErrNotFound) {
			t.Errorf("a sale that is not there: %v", err)
		}
	})
}
