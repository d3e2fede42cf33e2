package device

import (
	"context"
	"errors"
	"strings"
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

func TestFirstPaperIsNoDuplicate(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "not plugged in"})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(time.Minute)
		// Asked for while the first one waits: the same paper, and now.
		first := locked(&c.printer.mu, &c.printer.printed)[0].Job
		if j, err := c.till.Print(context.Background(), s.ID); err != nil || j.ID != first {
			t.Errorf("a receipt that waits is asked for again: %+v, %v", j, err)
		}
		c.wait(time.Hour)
		if s := c.now(s.ID); s.Printed != sale.PrintFailed {
			t.Fatalf("after an hour it is %s", s.Printed)
		}
		c.jams(nil)
		for n, duplicate := range []bool{false, true, true} {
			if _, err := c.till.Print(context.Background(), s.ID); err != nil {
				t.Fatal(err)
			}
			c.wait(time.Second)
			done := locked(&c.printer.mu, &c.printer.done)
			if len(done) != n+1 || done[n].Duplicate != duplicate {
				t.Errorf("paper %d of %d: duplicate %v, want %v", n+1, len(done), done[n].Duplicate, duplicate)
			}
		}
	})
}

func TestOneOfWhichPaperMayLieThereStaysADuplicate(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out", Maybe: true})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(time.Second)
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
		c.till.Print(context.Background(), s.ID)
		c.wait(time.Hour)
		c.jams(nil)
		c.till.Print(context.Background(), s.ID)
		c.wait(time.Second)
		if done := locked(&c.printer.mu, &c.printer.done); len(done) != 1 || !done[0].Duplicate {
			t.Errorf("%+v", done)
		}
	})
}

func TestReceiptThatCameAfterAllIsNotCalledFailed(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out", Maybe: true})
		s := c.sell(sale.Card, 100)
		c.terminal.answers <- approve(100)
		c.wait(time.Second)
		job := locked(&c.printer.mu, &c.printer.printed)[0].Job
		c.till.PrintedLate(sale.PrintResult{Job: "another", State: sale.PrintDone})
		if s := c.now(s.ID); s.Printed != sale.PrintFailed {
			t.Errorf("another job's word makes it %s", s.Printed)
		}
		c.till.PrintedLate(sale.PrintResult{Job: job, State: sale.PrintDone, Words: "after all"})
		c.wait(2 * time.Second)
		if s := c.now(s.ID); s.Printed != sale.PrintDone {
			t.Errorf("it is still called %s", s.Printed)
		}
		c.restart()
		if s := c.now(s.ID); s.Printed != sale.PrintDone {
			t.Errorf("after a restart it is called %s", s.Printed)
		}
	})
}

// A code that no display can draw goes on paper; where there is none it reaches
// nobody, and the sale says so instead of asking the customer to scan.
func TestCodeThatNoDisplayDrawsIsNotAskedFor(t *testing.T) {
	dense := func(string) error { return errors.New("the code has 191 characters, this display takes 190") }
	atCounter(t, func(c *counter) {
		c.fits = dense
		c.restart()
		s := c.sell(sale.Alipay, 100)
		c.want(s.ID, sale.Waiting, sale.ReasonNone)
		if codes := locked(&c.printer.mu, &c.printer.codes); len(codes) != 1 || codes[0] != "weixin://"+s.MchOrderNo {
			t.Errorf("on paper: %q", codes)
		}
	})
	atCounter(t, func(c *counter) {
		c.fits, c.noPrinter = dense, true
		c.restart()
		s := c.sell(sale.Alipay, 100)
		s = c.want(s.ID, sale.Cancelled, sale.ReasonNotShown)
		if !strings.Contains(s.Words, "191 characters") || len(c.glass.codes()) != 0 {
			t.Errorf("%q, on glass %q", s.Words, c.glass.codes())
		}
	})
}

// A swiped credit card of which the terminal says nothing is signed for, so the
// shop's copy is printed, too.
func TestSwipedCardHasAShopsCopy(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.sell(sale.Card, 100)
		a := approve(100)
		a.Card.Entry, a.Card.CVM, a.Card.Account, a.Card.AID = sale.EntrySwipe, "", "", ""
		c.terminal.answers <- a
		c.wait(time.Second)
		copies := map[sale.Copy]int{}
		for _, r := range locked(&c.printer.mu, &c.printer.done) {
			copies[r.Copy]++
		}
		if copies[sale.CustomerCopy] != 1 || copies[sale.MerchantCopy] != 1 {
			t.Errorf("printed %v", copies)
		}
	})
}

func TestReceiptsComeInOrder(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "another till may be using it"})
		var sold []sale.ID
		for n := range 3 {
			s := c.sell(sale.Card, sale.Amount(100+n))
			c.terminal.answers <- approve(sale.Amount(100 + n))
			c.wait(time.Second)
			sold = append(sold, s.ID)
			if n == 1 {
				c.jams(nil) // free again, between two tries of those that wait
			}
		}
		c.wait(time.Minute)
		done := locked(&c.printer.mu, &c.printer.done)
		if len(done) != 3 {
			t.Fatalf("%d receipts", len(done))
		}
		for i, r := range done {
			if r.Sale.ID != sold[i] {
				t.Errorf("receipt %d is of sale %s, want %s", i+1, r.Sale.ID, sold[i])
			}
		}
	})
}
