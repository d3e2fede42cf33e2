package device

import (
	"context"
	"errors"
	"strings"
	"testing"

	"posd/device/sale"
)

// TestADayThatCannotBeReadHoldsNobody: whoever closes it is answered, the till
// sells on, and the day is closed once it can be read.
func TestADayThatCannotBeReadHoldsNobody(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		c.paid(1000, "8")
		c.journal.Spoil(sale.ErrJournalBroken)
		if _, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"}); !errors.Is(err, sale.ErrUnavailable) {
			t.Fatalf("the close was answered with %v", err)
		}
		if words := c.till.DayTrouble(); !strings.Contains(words, "day 1") || !strings.Contains(words, sale.ErrJournalBroken.Error()) {
			t.Errorf("of a day that cannot be read posd says %q", words)
		}
		next := c.paid(500, "9")
		if next.Day != 2 {
			t.Errorf("a sale after the batch was settled is of day %d", next.Day)
		}
		c.journal.Spoil(nil)
		c.wait(2 * gatherAgain)
		_, err := c.till.ClosedDay(context.Background(), 1)
		if err != nil || len(c.journal.Rows.Days) != 1 {
			t.Fatalf("day 1: %v, %d days closed", err, len(c.journal.Rows.Days))
		}
		if words := c.till.DayTrouble(); words != "" {
			t.Errorf("of a day that was closed posd says %q", words)
		}
		c.batch(sale.BatchAnswer{End: sale.BatchUnsure, Words: "line lost"})
		if _, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"}); err == nil || !strings.Contains(c.till.DayTrouble(), "line lost") {
			t.Errorf("of a day that stays open (%v) posd says %q", err, c.till.DayTrouble())
		}
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 500}))
		c.closeDay()
		if words := c.till.DayTrouble(); words != "" {
			t.Errorf("of a day that was closed posd says %q", words)
		}
	})
}
