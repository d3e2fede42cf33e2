package device

import (
	"context"
	"errors"
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
		if _, err := c.till.CloseDay(context.Background(), "Ann", false); !errors.Is(err, sale.ErrUnavailable) {
			t.Fatalf("the close was answered with %v", err)
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
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 500}))
		c.closeDay()
	})
}
