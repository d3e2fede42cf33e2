package core_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// press is the receipt printer, and the paper that came out of it.
type press struct {
	paper  []paper
	faults int           // how many there were
	out    bool          // of paper, with the cover open, or switched off
	trial  bool          // it fails all the time: see TestReceiptsUnderRandomPrinterFaults
	free   time.Duration // when what it was given before is done
}

// paper is what lies on the counter: a receipt, or the beginning of one.
type paper struct {
	receipt  *sale.Receipt
	complete bool
}

// print takes a receipt after what it was given before. What posd is told
// follows from what the paper shows, never the other way round; posd may be
// killed in between, and then nobody is told.
func (p *press) print(w *world, r *sale.Receipt, back back) {
	if j, ok := w.disk.Rows.Jobs[r.Job]; !ok || j.Sale != r.Sale.ID {
		w.fail("I4: a receipt of sale %s is printed and its job is not stored", r.Sale.ID)
	}
	begin := max(w.now, p.free)
	p.free = begin + w.between(50*time.Millisecond, 3*time.Second)
	if w.coarse && p.out { // it says so after a while, and is asked that much less often
		p.free += w.human(20*time.Second, time.Minute)
	}
	life := w.life
	w.after(begin-w.now+1, func() {
		if w.life != life {
			return // posd died before it came to this one
		}
		p.feed(w, r, back)
	})
}

// feed is the moment of truth for paper.
func (p *press) feed(w *world, r *sale.Receipt, back back) {
	res := sale.PrintResult{Job: r.Job, State: sale.PrintDone}
	often := 0.02
	if p.trial {
		often = 0.15
	}
	switch {
	case p.out && !w.calm || w.chance(often):
		res.State, res.Words = sale.PrintFailed, "paper out"
	case w.chance(often / 2):
		res.State, res.Words, res.Maybe = sale.PrintFailed, "the cover was opened while it printed", true
		p.paper = append(p.paper, paper{r, false})
	case w.chance(often / 2):
		res.State, res.Words = sale.PrintSent, "the printer does not say"
		p.paper = append(p.paper, paper{r, w.rnd.IntN(2) == 0})
	default:
		p.paper = append(p.paper, paper{r, true})
	}
	if res.State != sale.PrintDone {
		if !p.out || w.calm {
			p.faults++ // a roll that is not changed is one fault, however often it is noticed
		}
		w.say("printer: receipt %s of sale %s: %s", r.Job, r.Sale.ID, res.Words)
	}
	if p.trial && w.chance(0.03) { // the paper is out, and nobody hears of it
		p.faults++
		w.crash()
		return
	}
	back.tell(p.free-w.now, core.JobDone{Result: res})
}

// papers holds what is true of receipts once all is well: each one that is due
// has come to an end that posd knows, what it calls printed lies there complete,
// and no second one lies there without saying so.
func (w *world) papers() {
	complete, unmarked := map[string]bool{}, map[string]bool{}
	for _, p := range w.press.paper {
		r := p.receipt
		complete[r.Job] = complete[r.Job] || p.complete
		if r.Duplicate {
			continue
		}
		if key := string(r.Sale.ID) + r.Movement; unmarked[key] {
			w.fail("receipts: a second one of sale %s does not say that it is a duplicate", r.Sale.ID)
		} else {
			unmarked[key] = true
		}
		if s := w.disk.Rows.Sales[r.Sale.ID]; r.Movement == "" && (s.State != r.Sale.State || s.ApprovedAmount != r.Sale.ApprovedAmount) {
			w.fail("receipts: sale %s is %s for %s and its receipt says %s for %s", s.ID, s.State, s.ApprovedAmount, r.Sale.State, r.Sale.ApprovedAmount)
		}
	}
	due := map[string]bool{}
	for _, j := range w.disk.Rows.Jobs {
		due[string(j.Sale)+j.Movement] = true
		switch {
		case !j.Finished():
			w.fail("receipts: job %s of sale %s is still %s", j.ID, j.Sale, j.State)
		case j.State == sale.PrintDone && !complete[j.ID]:
			w.fail("receipts: job %s of sale %s is printed and does not lie there", j.ID, j.Sale)
		}
	}
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		if s.State == sale.Paid && s.Resolved == nil && !due[string(id)] {
			w.fail("receipts: sale %s is paid and nothing was printed", id)
		}
		if due[string(id)] && (s.Printed == sale.PrintNone || s.Printed == sale.PrintQueued) {
			w.fail("receipts: sale %s says %q of a receipt that has come to its end", id, s.Printed)
		}
		for _, m := range s.Refunds {
			if m.State == sale.MovementDone && s.State == sale.Paid && !due[string(id)+m.ID] {
				w.fail("receipts: %s %s of sale %s is done and nothing was printed", m.Kind, m.ID, id)
			}
		}
	}
}

var printerFaults = flag.Int("printer-faults", 1000, "how many faults the printer has in the tests of receipts")

// TestReceiptsUnderRandomPrinterFaults runs simulated days with a printer that
// fails all the time, is killed with posd in mid-receipt, or says nothing: no
// receipt is lost, none comes out twice without saying so, and in the end it
// is known of each what became of it. See papers for what is held.
func TestReceiptsUnderRandomPrinterFaults(t *testing.T) {
	simulateTrial := func(seed uint64, tell bool) *world {
		w := newWorld(seed, false)
		w.press.trial = true
		return w.live(tell)
	}
	faults, receipts := 0, 0
	for seed := uint64(1); faults < *printerFaults; seed++ {
		w := simulateTrial(seed, false)
		faults, receipts = faults+w.press.faults, receipts+len(w.press.paper)
		if len(w.failures) > 0 {
			told := simulateTrial(seed, true)
			t.Fatalf("seed %d: %s\n\n%s", seed, w.failures[0], strings.Join(told.story, "\n"))
		}
	}
	t.Logf("%d faults, %d receipts or parts of them", faults, receipts)
}
