package device

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"posd/device/sale"
)

// wish asks for a print of the shop's own.
func (c *counter) wish(key, text string) (sale.Job, bool, error) {
	return c.till.PrintOwn(context.Background(), PrintRequest{Key: key, Form: sale.PrintText, Data: []byte(text), By: "Ana"})
}

func (c *counter) kinds() (kinds []string) {
	events, err := c.journal.Events(context.Background(), 0, 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestAPrintOfTheShopsOwnIsPrintedOncePerKey(t *testing.T) {
	atCounter(t, func(c *counter) {
		first, replayed, err := c.wish("k1", "soup of the day")
		if err != nil || replayed || first.State != sale.PrintQueued || first.Kind != sale.JobPrint {
			t.Fatalf("%+v, %v, %v", first, replayed, err)
		}
		c.wait(time.Second)
		again, replayed, err := c.wish("k1", "soup of the day")
		if err != nil || !replayed || again.ID != first.ID || again.State != sale.PrintDone {
			t.Errorf("repeated: %+v, %v, %v", again, replayed, err)
		}
		if _, _, err := c.wish("k1", "another soup"); !errors.Is(err, sale.ErrKeyReused) {
			t.Errorf("another body under the key: %v", err)
		}
		c.restart()
		if again, replayed, err := c.wish("k1", "soup of the day"); err != nil || !replayed || again.ID != first.ID || again.State != sale.PrintDone {
			t.Errorf("after a restart: %+v, %v, %v", again, replayed, err)
		}
		if own := locked(&c.printer.mu, &c.printer.own); len(own) != 1 || string(own[0].Data) != "kept soup of the day" || own[0].Duplicate {
			t.Errorf("printed: %+v", own)
		}
		if _, _, err := c.till.Sell(context.Background(), SellRequest{Key: "k1", Amount: 100, Method: sale.Card}); !errors.Is(err, sale.ErrKeyReused) {
			t.Errorf("a sale under a print's key: %v", err)
		}
		if kinds := c.kinds(); !slices.Contains(kinds, "print.asked") || !slices.Contains(kinds, "print.done") {
			t.Errorf("events: %q", kinds)
		}
		if c.journal.Rows.Jobs[first.ID].Content != "" {
			t.Error("its content stays in the journal")
		}
	})
}

func TestAPrintWaitsForPaperAndItsAskerLearnsOfIt(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
		j, _, err := c.wish("k1", "soup")
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		now, err := c.till.AwaitPrint(short, j.ID)
		if !errors.Is(err, context.DeadlineExceeded) || now.State != sale.PrintQueued || now.Words != "paper out" {
			t.Fatalf("without paper: %+v, %v", now, err)
		}
		c.jams(nil)
		if now, err = c.till.AwaitPrint(context.Background(), j.ID); err != nil || now.State != sale.PrintDone {
			t.Errorf("with paper: %+v, %v", now, err)
		}
		if own := locked(&c.printer.mu, &c.printer.own); len(own) != 1 || own[0].Duplicate {
			t.Errorf("printed: %+v", own)
		}
	})
}

func TestAPrintThatARestartFindsSaysThatItMayBeASecondOne(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
		j, _, err := c.wish("k1", "soup")
		if err != nil {
			t.Fatal(err)
		}
		c.wait(2 * time.Second)
		c.jams(nil)
		c.restart()
		c.wait(2 * time.Second)
		if own := locked(&c.printer.mu, &c.printer.own); len(own) != 1 || !own[0].Duplicate || string(own[0].Data) != "kept soup" {
			t.Errorf("printed: %+v", own)
		}
		if now, err := c.till.PrintJob(context.Background(), j.ID); err != nil || now.State != sale.PrintDone {
			t.Errorf("%+v, %v", now, err)
		}
	})
}

func TestAPrintThatCannotBeWrittenDownIsRefused(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.journal.Fill(errors.New("the disk is full"))
		if _, _, err := c.wish("k1", "soup"); !errors.Is(err, sale.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		c.journal.Fill(nil)
		if _, replayed, err := c.wish("k1", "soup"); err != nil || replayed {
			t.Errorf("asked again: %v, %v", replayed, err)
		}
		c.wait(time.Second)
		if own := locked(&c.printer.mu, &c.printer.own); len(own) != 1 {
			t.Errorf("printed: %+v", own)
		}
	})
}

func TestPrintsThatWaitAreBounded(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
		for n := range 17 {
			_, _, err := c.wish(string(rune('a'+n)), "soup")
			if (err != nil) != (n == 16) {
				t.Fatalf("print %d: %v", n+1, err)
			}
		}
		if _, _, err := c.till.PrintOwn(context.Background(), PrintRequest{Key: "raw", Form: sale.PrintRaw, Data: []byte("x")}); !errors.Is(err, sale.ErrInvalid) {
			t.Errorf("what the driver refuses: %v", err)
		}
	})
}
