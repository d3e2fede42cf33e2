package device

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// heldJournal is one whose next commit stands at its barrier until it is let go.
type heldJournal struct {
	Journal
	armed   atomic.Bool
	entered chan struct{}
	gate    chan struct{}
}

func (h *heldJournal) Commit(ctx context.Context, rows []sale.Row) ([]int64, error) {
	if h.armed.CompareAndSwap(true, false) {
		close(h.entered)
		<-h.gate
	}
	return h.Journal.Commit(ctx, rows)
}

// holdable starts posd again over a journal of which a commit can be held.
func (c *counter) holdable() *heldJournal {
	c.stop()
	held := &heldJournal{Journal: c.journal, entered: make(chan struct{}), gate: make(chan struct{})}
	c.through = held
	c.begin()
	c.wait(time.Second)
	return held
}

// holdLoop returns once posd's loop stands still, until it is let go.
func (c *counter) holdLoop() (letGo func()) {
	looping, on := make(chan struct{}), make(chan struct{})
	go c.till.turn(context.Background(), func() { close(looping); <-on })
	<-looping
	return func() { close(on) }
}

// TestTheFrameFollowsItsBarrier: from the barrier to the terminal nobody stands between,
// not even the loop; before the barrier nothing leaves, and never twice.
func TestTheFrameFollowsItsBarrier(t *testing.T) {
	atCounter(t, func(c *counter) {
		held := c.holdable()
		held.armed.Store(true)
		sold := make(chan sale.Sale)
		go func() {
			s, _, err := c.till.Sell(context.Background(), SellRequest{Key: "k", Amount: 1000, Method: sale.Card})
			if err != nil {
				t.Error(err)
			}
			sold <- s
		}()
		<-held.entered
		letGo := c.holdLoop()
		if n := len(c.terminal.charged()); n != 0 {
			t.Fatalf("%d requests left before their intent was durable", n)
		}
		close(held.gate)
		synctest.Wait()
		if n := len(c.terminal.charged()); n != 1 {
			t.Errorf("%d requests left behind the barrier while the loop was busy", n)
		}
		letGo()
		s := <-sold
		c.terminal.answers <- approve(1000)
		c.want(s.ID, sale.Paid, "")
		if n := len(c.terminal.charged()); n != 1 {
			t.Errorf("the terminal was asked %d times", n)
		}
	})
}

// TestTheReceiptFollowsItsBarrier: what is to be printed goes to the printer once the
// commit that says so is durable, and not before; the loop is not in between, and hands it
// over no second time.
func TestTheReceiptFollowsItsBarrier(t *testing.T) {
	atCounter(t, func(c *counter) {
		held := c.holdable()
		s, _, err := c.till.Sell(context.Background(), SellRequest{Key: "k", Amount: 1000, Method: sale.Card})
		if err != nil {
			t.Fatal(err)
		}
		held.armed.Store(true)
		c.terminal.answers <- approve(1000)
		<-held.entered
		letGo := c.holdLoop()
		if n := len(c.printer.asked()); n != 0 {
			t.Fatalf("%d receipts left before their sale was durably paid", n)
		}
		close(held.gate)
		synctest.Wait()
		if n := len(c.printer.asked()); n != 1 {
			t.Errorf("%d receipts left behind the barrier while the loop was busy", n)
		}
		letGo()
		c.want(s.ID, sale.Paid, "")
		c.wait(time.Minute)
		if n := len(c.printer.asked()); n != 1 {
			t.Errorf("the receipt was handed over %d times", n)
		}
	})
}
