package device

import (
	"context"
	"testing"
	"time"

	"posd/device/sale"
)

// jams makes the printer answer with a result until it is told otherwise.
func (c *counter) jams(r *sale.PrintResult) {
	c.printer.mu.Lock()
	defer c.printer.mu.Unlock()
	c.printer.result = r
}

func TestReceiptWaitsForPaperAndIsPrintedOnce(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(2 * time.Minute)
		if s := c.now(s.ID); s.State != sale.Paid || s.Printed != sale.PrintQueued {
			t.Fatalf("sale is %s, printed %s", s.State, s.Printed)
		}
		c.jams(nil)
		c.wait(10 * time.Second)
		if s := c.now(s.ID); s.Printed != sale.PrintDone {
			t.Errorf("with paper it is %s", s.Printed)
		}
		done := 0
		for _, r := range locked(&c.printer.mu, &c.printer.done) {
			if r.Duplicate {
				t.Error("the first receipt says that it is a duplicate")
			}
			done++
		}
		if done != 1 {
			t.Errorf("%d receipts came out", done)
		}
		events, _ := c.journal.Events(context.Background(), 0, 1000)
		waits := 0
		for _, e := range events {
			if e.Kind == "receipt.waits" {
				waits++
			}
		}
		if waits != 1 {
			t.Errorf("it was said %d times that the receipt waits", waits)
		}
	})
}

func TestReceiptThatMayBeOnTheCounterIsNotPrintedAgain(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out", Maybe: true})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(time.Second)
		c.jams(nil)
		c.wait(20 * time.Minute)
		if s := c.now(s.ID); s.Printed != sale.PrintFailed || len(locked(&c.printer.mu, &c.printer.done)) != 0 {
			t.Errorf("printed %s, %d receipts", s.Printed, len(c.printer.done))
		}
	})
}

func TestReceiptGivesUpOnAPrinterThatStaysAway(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "not plugged in"})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(time.Hour)
		if s := c.now(s.ID); s.Printed != sale.PrintFailed {
			t.Errorf("after an hour it is %s", s.Printed)
		}
	})
}
