package fronttest

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
)

// none is a counter without a front end.
var none = frontEnd{register: func(*counter) client { return nil }, run: func(context.Context, testing.TB, *life) {}}

// TestAFrontEndThatWaitsCostsASaleNothing counts what stands in a sale's way: commits of
// the journal and frames at the terminal are as many beside each front end as beside none,
// and the sale takes as long, in virtual time.
func TestAFrontEndThatWaitsCostsASaleNothing(t *testing.T) {
	type cost struct {
		barriers, frames int
		took             time.Duration
	}
	measure := func(f frontEnd) (c cost) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, f, rand.New(rand.NewPCG(1, 7)))
			defer w.end()
			synctest.Wait()
			began := time.Now()
			s, _, err := w.life.till.Sell(t.Context(), device.SellRequest{Key: "k", Amount: 1000, Method: sale.Card})
			if err != nil {
				t.Fatal(err)
			}
			if s, err = w.life.till.Await(t.Context(), s.ID, func(s sale.Sale) bool { return s.State.Final() }); err != nil || s.State != sale.Paid {
				t.Fatalf("%s, %v", s.State, err)
			}
			c.took = time.Since(began)
			time.Sleep(time.Minute)
			c.barriers = w.journal.Barriers()
			for _, n := range w.terminal.State().Frames {
				c.frames += n
			}
		})
		return c
	}
	without := measure(none)
	for name, f := range frontEnds {
		if with := measure(f); with != without || with.barriers == 0 {
			t.Errorf("beside a %s that waits: %+v, without %+v", name, with, without)
		}
	}
}
