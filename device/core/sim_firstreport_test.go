package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// firstWorld is a new installation whose first report is held against the terminal's
// totals. Where IOTPay takes a report for a charge, each new one that it hears of puts
// another transaction into the terminal's batch.
type firstWorld struct {
	charges bool
	batch   map[string]int // charged by reports, by terminal and batch
	charged int
}

// TestTheFirstReportInTheSimulation runs days at new installations. If a report is what
// posd takes it for, it goes alone, and then all others go. If it is a charge, there is
// one, over restarts and lost answers, and then nothing is sold by card any more; one
// more only where the batch was settled in between, which proves nothing.
func TestTheFirstReportInTheSimulation(t *testing.T) {
	seeds, charged, stopped := max(*simSeeds/10, 100), 0, 0
	for seed := uint64(1); seed <= seeds; seed++ {
		for _, charges := range []bool{false, true} {
			w := firstDay(seed, charges, false)
			if len(w.failures) > 0 {
				told := firstDay(seed, charges, true)
				t.Fatalf("seed %d: %s\n\n%s", seed, w.failures[0], strings.Join(told.story, "\n"))
			}
			charged += w.first.charged
			if charges && w.machine.Link().State == core.LinkStopped {
				stopped++
			}
		}
	}
	if charged == 0 || stopped == 0 {
		t.Errorf("%d reports charged a card, %d shops were stopped", charged, stopped)
	}
}

func firstDay(seed uint64, charges, tell bool) *world {
	w := newWorld(seed, false)
	w.first = &firstWorld{charges: charges, batch: map[string]int{}}
	w.bank.odd, w.policy.TerminalOffline = oddities{}, false // what else adds to a batch is no word of the report
	return w.live(tell)
}

func (b *bank) openBatch() string { return fmt.Sprint(b.terminal, " ", b.closed[b.terminal]) }

// chargedBy puts what a report charged into the terminal's batch.
func (f *firstWorld) chargedBy(w *world, r sale.Report) {
	if f == nil {
		return
	}
	if w.chance(0.2) { // before the answer, or before it is compared
		w.after(w.between(0, 5*time.Second), func() {
			if w.machine != nil {
				w.crash()
			}
		})
	}
	if !f.charges {
		return
	}
	w.say("IOTPay takes report %s for a charge", r.No)
	f.batch[w.bank.openBatch()]++
	if f.charged++; f.charged > 1+w.bank.closed[w.bank.terminal] {
		w.fail("I1: %d cards were charged by reports, with %d batches closed", f.charged, w.bank.closed[w.bank.terminal])
	}
}

// alone holds that nothing goes beside the first report.
func (f *firstWorld) alone(w *world, reports []sale.Report) {
	if f != nil && len(reports) > 1 && !strings.Contains(w.disk.Rows.Notes["first-report"], `"passed"`) {
		w.fail("%d reports go together, and the first one has not passed", len(reports))
	}
}

// tellTotals is the terminal saying what is in its batch.
func (b *bank) tellTotals(w *world, e core.AskTotals, back back) {
	took := w.between(100*time.Millisecond, 3*time.Second)
	back.ask(took, func() core.Event {
		t := sale.TerminalTotals{Told: true, Serial: b.terminal, Words: "OK"}
		if b.unplugged || b.running != nil || w.chance(0.1) {
			t = sale.TerminalTotals{Words: "no answer"}
		}
		n := w.first.batch[b.openBatch()]
		for _, r := range b.list {
			if r.on == b.terminal && r.batch == b.closed[r.on] {
				n++
			}
		}
		t.Records = fmt.Sprint(n)
		w.say("terminal: %s in its batch (told %v)", t.Records, t.Told)
		return core.TotalsTold{N: e.N, Totals: t}
	})
}

// stoppedByCharge holds at the end of a day where a report was a charge: a person is
// told, unless the batch was settled when it was to be compared.
func (w *world) stoppedByCharge() {
	if w.machine == nil || w.first.charged == 0 || w.bank.closed[w.bank.terminal] > 0 {
		return
	}
	if link := w.machine.Link(); link.State != core.LinkStopped || !strings.Contains(link.Words, "STOPPED") {
		w.fail("a report charged a card, and the link is %s (%s)", link.State, link.Words)
	}
}

// firstWaits reports whether the first report may still wait: for a person's word on a
// card sale, refund or void that the terminal is asked about.
func (w *world) firstWaits() bool {
	if w.first == nil {
		return false
	}
	for _, s := range w.disk.Rows.Sales {
		if s.Method == sale.Card && s.Open() {
			return true
		}
	}
	return false
}
