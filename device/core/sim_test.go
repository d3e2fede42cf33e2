package core_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

var (
	simSeeds = flag.Uint64("seeds", 0, "how many seeds TestSimulation runs; 0: a bounded share")
	simSeed  = flag.Uint64("seed", 0, "the one seed TestSimulation replays, with its story")
	faithful = flag.Bool("faithful", false, "in every seed posd asks by its own schedule, not in one of thirty")
)

// TestSimulation runs days at a counter where everything may fail, and holds
// the money rules at every step and once the links are well again. A failing
// seed prints its story; `make sim SEED=n` replays it bit for bit.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		w := simulate(*simSeed, true)
		fmt.Println(strings.Join(w.story, "\n"))
		if len(w.failures) > 0 {
			t.Fatalf("seed %d: %s", *simSeed, w.failures[0])
		}
		return
	}
	seeds := *simSeeds
	if seeds == 0 {
		seeds = 1000
	}
	run, failing := runSeeds(seeds, *simSeeds > 0)
	if *simHash != "" {
		all, err := writeHashes(*simHash, run.hashes)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("hash of all effects of %d seeds: %s\n", seeds, all)
	}
	if failing != 0 {
		told := simulate(failing, true)
		t.Fatalf("seed %d: %s\n\n%s\n\nagain: make sim SEED=%d", failing, told.failures[0], strings.Join(told.story, "\n"), failing)
	}
	if run.done.sales == 0 {
		t.Fatal("nothing was simulated")
	}
}

// TestSimulationThroughTheRealCodecs runs seeds with the real drivers' bytes in
// between, and noise on them: see wires. Each runs in a bubble of time of its
// own, because drivers look at the clock.
func TestSimulationThroughTheRealCodecs(t *testing.T) {
	if *simSeed != 0 {
		w := simulateWired(t, *simSeed, true)
		fmt.Println(strings.Join(w.story, "\n"))
		if len(w.failures) > 0 {
			t.Fatalf("seed %d: %s", *simSeed, w.failures[0])
		}
		return
	}
	seeds := max(*simSeeds/200, 20)
	sales, spoilt := 0, 0
	for seed := uint64(1); seed <= seeds; seed++ {
		w := simulateWired(t, seed, false)
		sales, spoilt = sales+len(w.disk.Rows.Order), spoilt+w.wires.spoilt
		if len(w.failures) > 0 {
			told := simulateWired(t, seed, true)
			t.Fatalf("seed %d: %s\n\n%s\n\nagain: make sim WIRES=1 SEED=%d", seed, w.failures[0], strings.Join(told.story, "\n"), seed)
		}
	}
	if spoilt == 0 {
		t.Error("not one answer was spoilt")
	}
	t.Logf("%d seeds, %d sales, %d answers with a wrong byte", seeds, sales, spoilt)
}

func simulateWired(t *testing.T, seed uint64, tell bool) (w *world) {
	synctest.Test(t, func(*testing.T) { w = newWorld(seed, true).live(tell) })
	return w
}

// TestASeedReplaysBitForBit compares two runs of one seed.
func TestASeedReplaysBitForBit(t *testing.T) {
	for seed := range uint64(20) {
		a, b := simulate(seed, true), simulate(seed, true)
		if strings.Join(a.story, "\n") != strings.Join(b.story, "\n") || a.steps != b.steps {
			t.Errorf("two runs of seed %d differ", seed)
		}
	}
}

// simulate runs one seed: some customers under faults, then calm until all has ended.
func simulate(seed uint64, tell bool) *world { return newWorld(seed, false).live(tell) }

// live runs a world from its first customer to the end of its last sale.
func (w *world) live(tell bool) *world {
	w.tell = tell
	w.start()
	w.after(time.Second, func() { w.shop.open(w, 10+w.rnd.IntN(15)) })
	w.trouble()
	w.run(40 * time.Minute / w.pace)
	w.becomeCalm()
	w.run(w.now + w.rest(2*time.Hour))
	if w.longCalm() {
		w.run(w.now + w.policy.WatchFor + 6*time.Hour)
	}
	switch {
	case len(w.failures) > 0:
	case w.first != nil && w.first.charges:
		w.stoppedByCharge()
	default:
		w.finished()
	}
	return w
}

// becomeCalm mends everything, closes what no customer will pay any more, and
// lets a person see to the reports that were set aside, in half of all shops.
func (w *world) becomeCalm() {
	w.calm, w.full, w.bank.unplugged, w.bank.late = true, false, false, nil
	w.say("everything is well from here on")
	if w.machine == nil && len(w.failures) == 0 {
		w.start()
	}
	for _, d := range []time.Duration{5 * time.Minute, w.rest(50 * time.Minute)} { // customers who were in line still come
		w.after(d, func() {
			for _, o := range w.gateway.list {
				w.gateway.close(w, o.no, sale.StatusClosedSystem)
			}
		})
	}
	if w.seed%2 == 0 {
		w.after(w.rest(30*time.Minute), func() { w.shop.retry(w) })
	}
	w.after(w.rest(80*time.Minute), func() { w.shop.resolveMovements(w) })
	w.after(w.rest(90*time.Minute), func() { w.shop.closeDay(w) })
}

// rest is how long a world goes on once all is well: half as long where nobody counts
// posd's own schedule, for what cannot be found out any more is asked about to the end.
func (w *world) rest(d time.Duration) time.Duration {
	if w.coarse && !w.longCalm() {
		return d / 2
	}
	return d
}

// longCalm reports whether this seed waits until the last watch has ended.
func (w *world) longCalm() bool { return w.seed%64 == 8 }
