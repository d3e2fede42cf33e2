package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

// gapOfTest is what a restore says that could read nothing of the old journal.
var gapOfTest = sale.Gap{Words: "restored from a copy: what was done between then and now may be missing", NextDay: 1}

// TestAfterARestoreRegistersRepeatTheDay puts the copy of every commit of a day in the
// journal's place, of which nothing can be read, and has the registers repeat all
// requests of the day under their keys: no bill is captured twice, and nothing is
// given back twice.
func TestAfterARestoreRegistersRepeatTheDay(t *testing.T) {
	silent := 0 // doubles where posd is not told of the gap: the test must see them
	for seed := uint64(1); seed <= max(10, min(*simSeeds, 60)); seed++ {
		commits := newRestoreDay(seed, 0).commits
		if commits < 20 {
			t.Fatalf("seed %d: a day of %d commits", seed, commits)
		}
		for cut := 1; cut <= commits; cut++ {
			d := newRestoreDay(seed, cut)
			d.restore(gapOfTest)
			if words := d.doubles(); words != "" || len(d.w.failures) > 0 {
				t.Fatalf("seed %d: copy of commit %d: %s %v", seed, cut, words, d.w.failures)
			}
			if cut%8 == 0 {
				d := newRestoreDay(seed, cut)
				d.restore(sale.Gap{})
				if d.doubles() != "" {
					silent++
				}
			}
		}
	}
	if silent == 0 {
		t.Error("nothing is captured twice though posd knows of no gap: the test sees nothing")
	}
}

// restoreDay is a day without faults, and a copy of its journal.
type restoreDay struct {
	w       *world
	commits int
	copied  *journaltest.Memory // the journal at the cut
	before  *journaltest.Memory // the journal that is lost
	asked   []func()            // every request, to be repeated
	back    map[string]sale.Amount
}

// newRestoreDay runs a day, and copies its journal at its commit number cut.
func newRestoreDay(seed uint64, cut int) *restoreDay {
	d := &restoreDay{w: newWorld(seed, false), back: map[string]sale.Amount{}}
	w := d.w
	w.calm, w.bank.odd = true, oddities{}
	w.stores = func() {
		if d.commits++; d.commits == cut {
			d.copied = w.disk.Restore(sale.Gap{})
		}
	}
	w.start()
	for n := range 6 {
		method := simMethods[w.rnd.IntN(len(simMethods))]
		d.request(time.Duration(n)*12*time.Minute, func() { d.sell(n, method) })
		if n%2 == 0 {
			d.request(time.Duration(n)*12*time.Minute+10*time.Minute, func() { d.giveBack(n) })
		}
	}
	w.run(2 * time.Hour)
	return d
}

func (d *restoreDay) request(at time.Duration, do func()) {
	d.asked = append(d.asked, do)
	d.w.after(at+time.Second, do)
}

func billOf(n int) string { return fmt.Sprintf("BILL-%d", n) }

func (d *restoreDay) sell(n int, method sale.Method) {
	r := payRequest{Key: fmt.Sprint("sale ", n), Amount: sale.Amount(1000 + n), Method: method, Reference: billOf(n)}
	if method == sale.Scan {
		r.AuthCode = secretCode
	}
	d.w.shop.send(d.w, &ask{req: r})
}

// giveBack asks for half of a bill's money under one key.
func (d *restoreDay) giveBack(n int) {
	w := d.w
	found, _ := w.disk.SameBill(context.Background(), billOf(n))
	if len(found) == 0 || w.machine == nil {
		return
	}
	s := found[0]
	if now, _, held := w.machine.Sale(s.ID); held {
		s = now
	}
	key := fmt.Sprint("back ", n)
	d.back[billOf(n)] = s.Amount / 2
	w.shop.ask(w, func(t core.Token) core.Event {
		ev := core.GiveBackAsked{Token: t, Key: key, Digest: key, Kind: sale.Refund, Sale: s, Amount: s.Amount / 2, By: "Ann"}
		if h, err := w.disk.Key(context.Background(), key); err == nil {
			now := w.disk.Rows.Sales[h.Sale]
			ev.Bound, ev.BoundSale = &h, &now
		}
		ev.InCopy, _ = w.disk.InCopy(context.Background(), s.ID)
		return ev
	}, nil)
}

// restore puts the copy in the journal's place and repeats every request of the day.
func (d *restoreDay) restore(gap sale.Gap) {
	w := d.w
	d.before, w.stores = w.disk, nil
	w.disk = d.copied.Restore(gap)
	w.finals, w.gateway.ids, w.shop.asked, w.groups, w.busy, w.wake.do = map[sale.ID]sale.State{}, map[sale.ID]string{}, map[core.Token]*ask{}, nil, false, nil
	w.shop.keys = map[string]sale.ID{}
	w.start()
	for i, do := range d.asked {
		w.after(time.Duration(i+1)*6*time.Minute, do)
	}
	w.run(w.now + 4*time.Hour)
}

// doubles says which bill was captured twice, or given back more of than was asked.
func (d *restoreDay) doubles() string {
	refs := map[string]map[string]bool{}
	for _, disk := range []*journaltest.Memory{d.before, d.w.disk} {
		for _, s := range disk.Rows.Sales {
			if refs[s.Reference] == nil {
				refs[s.Reference] = map[string]bool{}
			}
			for _, a := range s.Attempts {
				refs[s.Reference][a.Ref] = true
			}
		}
	}
	for bill, of := range refs {
		times, back := 0, sale.Amount(0)
		for ref := range of {
			if r := d.w.bank.records[ref]; r != nil {
				times, back = times+1, back+r.undone
			}
			if o := d.w.gateway.orders[ref]; o != nil && o.status.Paid() {
				times, back = times+1, back+o.back
			}
		}
		if times > 1 {
			return fmt.Sprintf("%s was captured %d times", bill, times)
		}
		if back > d.back[bill] {
			return fmt.Sprintf("%s of %s was given back, and %s was asked for", back, bill, d.back[bill])
		}
	}
	return ""
}
