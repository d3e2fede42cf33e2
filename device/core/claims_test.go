package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"posd/device/sale"
)

// drain is a machine, and what waits at a gateway that was away for long.
type drain struct {
	*testing.T
	c    *Machine
	now  time.Duration
	wait []sale.Report // as the journal has them
	out  []SendReports // with the outbox, the oldest first
	has  map[string]bool
	most int // out at once
}

func newDrain(t *testing.T, n int) *drain {
	c, err := New(DefaultPolicy(), Equipment{Terminal: true, Gateway: true}, testMakers)
	if err != nil {
		t.Fatal(err)
	}
	d := &drain{T: t, c: c, has: map[string]bool{}}
	for i := range n {
		no := fmt.Sprintf("R%04d", i)
		d.wait = append(d.wait, sale.Report{No: no, Sale: sale.ID("S" + no), State: sale.QueueDue, Params: "x"})
	}
	d.step(Started{Recovered: sale.Recovered{Queue: sale.QueueStats{Queued: n}}})
	d.step(Probed{Answer: sale.GatewayAnswer{Result: sale.GatewayNotFound}})
	return d
}

// step tells the machine of something. What it writes is durable at once.
func (d *drain) step(w Event) {
	d.Helper()
	d.now += time.Millisecond
	out := d.c.Step(Input{Wall: time.Unix(1_800_000_000, 0).Add(d.now), Mono: d.now, Event: w})
	for _, r := range out.Rows {
		switch r := r.(type) {
		case sale.ReportGone:
			d.wait = slices.DeleteFunc(d.wait, func(w sale.Report) bool { return w.No == r.No })
		case sale.ReportRow:
			d.wait[slices.IndexFunc(d.wait, func(w sale.Report) bool { return w.No == r.Report.No })] = r.Report
		}
	}
	for _, e := range append(out.Now, out.After...) {
		switch e := e.(type) {
		case ClaimDue:
			d.step(d.due(e))
		case SendReports:
			d.send(e)
		case Probe:
			d.step(Probed{Answer: sale.GatewayAnswer{Result: sale.GatewayNotFound}})
		}
	}
}

func (d *drain) send(e SendReports) {
	d.Helper()
	d.out = append(d.out, e)
	for _, r := range e.Reports {
		if d.has[r.No] {
			d.Errorf("report %s is handed out and is out already", r.No)
		}
		d.has[r.No] = true
	}
	d.most = max(d.most, len(d.has))
}

// due is what the journal holds for a claim.
func (d *drain) due(e ClaimDue) ReportsDue {
	var w ReportsDue
	for _, r := range d.wait {
		if !r.DueAt.After(e.Now) && len(w.Reports) < e.N {
			w.Reports = append(w.Reports, r)
		}
	}
	if len(w.Reports) == 0 && len(d.wait) > 0 {
		w.NextDue = e.Now.Add(time.Second)
	}
	return w
}

// answer ends the i-th batch that is out.
func (d *drain) answer(i int, a sale.GatewayAnswer) {
	d.Helper()
	var w ReportsAnswered
	for _, r := range d.out[i].Reports {
		w.Answers = append(w.Answers, ReportAnswer{Report: r, Answer: a})
		delete(d.has, r.No)
	}
	d.out = slices.Delete(d.out, i, i+1)
	d.step(w)
}

// wake lets the machine's next moment come.
func (d *drain) wake() {
	d.Helper()
	at, ok := d.c.Next()
	if !ok {
		d.Fatal("nothing is waited for")
	}
	d.now = max(d.now, at)
	d.step(Tick{})
}

// until lets time pass until so many batches are out.
func (d *drain) until(n int) {
	d.Helper()
	for len(d.out) < n {
		d.wake()
	}
}

var (
	passes = sale.GatewayAnswer{Result: sale.GatewayOK, Verified: true}
	odd    = sale.GatewayAnswer{Result: sale.GatewayFail, Words: "no such channel"}
	silent = sale.GatewayAnswer{Result: sale.GatewayLost, Trouble: sale.TroubleConnect, Words: "no answer"}
)

// TestTheNextReportsAreClaimedWhileTheLastAreOut: the workers never wait for a commit. What
// is out is bounded, and nothing is out twice.
func TestTheNextReportsAreClaimedWhileTheLastAreOut(t *testing.T) {
	d := newDrain(t, 10*claimSize)
	for n := range 9 {
		d.until(2)
		if got := len(d.out[1].Reports); got != claimSize {
			t.Errorf("batch %d is %d reports, want %d", n+1, got, claimSize)
		}
		if at, ok := d.c.Next(); ok && at <= d.now {
			t.Fatal("posd wakes itself though it may claim no more")
		}
		d.answer(0, passes)
	}
	d.answer(0, passes)
	d.wake()
	if len(d.wait) > 0 || len(d.out) > 0 || d.most > batchesOut*claimSize {
		t.Errorf("%d reports wait in the end, %d are out, %d were out at once", len(d.wait), len(d.out), d.most)
	}
}

// TestWhatIsOutIsBoundedWhateverIsAnswered: batches end in any order and with any answer.
func TestWhatIsOutIsBoundedWhateverIsAnswered(t *testing.T) {
	d := newDrain(t, 5*claimSize)
	for n := 0; len(d.wait) > 0; n++ {
		if n > 10_000 {
			t.Fatalf("%d reports wait for ever, %d batches are out", len(d.wait), len(d.out))
		}
		if _, wakes := d.c.Next(); len(d.out) == 0 || n%3 == 0 && wakes {
			d.wake()
		} else {
			d.answer((n/5)%len(d.out), []sale.GatewayAnswer{passes, odd, passes, silent, passes}[n%5])
		}
		if len(d.out) > batchesOut || d.most > batchesOut*claimSize {
			t.Fatalf("%d batches are out, %d reports", len(d.out), d.most)
		}
	}
}

// TestAClaimThatReadTooEarlyHandsOutNothingOld: what was confirmed or postponed after it
// was read stays where it is.
func TestAClaimThatReadTooEarlyHandsOutNothingOld(t *testing.T) {
	d := newDrain(t, 3)
	d.until(1)
	last := d.due(ClaimDue{N: claimSize})
	d.c.queue.claiming = claimSize // a claim reads that, and is slow
	d.answer(0, passes)
	d.step(last)
	if len(d.out) > 0 {
		t.Errorf("%v was handed out again", d.out)
	}
	if d.wake(); len(d.out) > 0 || d.c.queue.waits {
		t.Errorf("the queue is empty, and %v is out", d.out)
	}
}

// TestALinkInDoubtIsTriedByOneReport: nothing goes beside it.
func TestALinkInDoubtIsTriedByOneReport(t *testing.T) {
	d := newDrain(t, 4*claimSize)
	d.until(2)
	d.answer(0, odd)
	d.answer(0, odd) // the same words for many: the link is stopped
	d.until(1)
	if at, ok := d.c.Next(); len(d.out) != 1 || len(d.out[0].Reports) != 1 || ok && at <= d.now {
		t.Errorf("%d batches are out: %v", len(d.out), d.out)
	}
	d.answer(0, passes)
	if d.until(2); len(d.has) != 2*claimSize {
		t.Errorf("%d reports follow, want two batches", len(d.has))
	}
}
