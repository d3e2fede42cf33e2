package fronttest

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/journaltest"
	"posd/device/sale"
	"posd/pax/paxsim"
)

// none is a counter without a front end.
type none struct{}

func (none) serve(int) belief                      { return unsure }
func (none) opened(context.Context, *world, *life) {}
func (none) next()                                 {}

// TestAFrontEndThatWaitsCostsASaleNothing counts what stands in a sale's way: commits of
// the journal and frames at the terminal are as many beside each front end as beside none,
// and the sale takes as long, in virtual time.
func TestAFrontEndThatWaitsCostsASaleNothing(t *testing.T) {
	type cost struct {
		barriers, frames int
		took             time.Duration
	}
	measure := func(made func(w *world) client) (c cost) {
		synctest.Test(t, func(t *testing.T) {
			ctx, end := context.WithCancel(context.Background())
			w := &world{t: t, r: rand.New(rand.NewPCG(1, 7)), journal: journaltest.New(), ctx: ctx}
			w.terminal = paxsim.New(paxsim.Options{Think: time.Second})
			w.client = made(w)
			defer func() { w.kill("the end"); end() }()
			w.boot()
			synctest.Wait()
			began := time.Now()
			s, _, err := w.life.till.Sell(ctx, device.SellRequest{Key: "k", Amount: 1000, Method: sale.Card})
			if err != nil {
				t.Fatal(err)
			}
			if s, err = w.life.till.Await(ctx, s.ID, func(s sale.Sale) bool { return s.State.Final() }); err != nil || s.State != sale.Paid {
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
	without := measure(func(*world) client { return none{} })
	for name, made := range frontEnds {
		if with := measure(made); with != without || with.barriers == 0 {
			t.Errorf("beside a %s that waits: %+v, without %+v", name, with, without)
		}
	}
}
