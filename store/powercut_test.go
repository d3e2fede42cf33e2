package store

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"posd/device/sale"
)

// cuts is how often the power is cut: go test -run PowerCut ./store -cuts 10000
var cuts = flag.Int("cuts", 300, "power cuts to try")

// TestPowerCutLosesNothingAcknowledged cuts the power of a disk that drops,
// tears and reorders what was not synced, at a random step, over and over, and
// opens what is left the way a daemon does after the cut.
func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	acknowledged, unsure, midway := 0, 0, 0
	for seed := range uint64(*cuts) {
		got := cutOnce(t, seed, false)
		if got.err != nil {
			t.Fatalf("cut %d: %v", seed, got.err)
		}
		acknowledged += got.acknowledged
		unsure += got.unsure
		if got.cut {
			midway++
		}
	}
	if midway < *cuts/2 {
		t.Errorf("only %d of %d cuts hit", midway, *cuts)
	}
	t.Logf("%d cuts, %d commits acknowledged and there, %d under way at the cut and there", midway, acknowledged, unsure)
}

// TestPowerCutTestSeesADiskThatLies shows that the test above can fail.
func TestPowerCutTestSeesADiskThatLies(t *testing.T) {
	for seed := range uint64(20) {
		if got := cutOnce(t, seed, true); got.err != nil {
			return
		}
	}
	t.Error("a disk that never syncs lost nothing in 20 cuts")
}

// TestPowerCutWhileTheJournalIsMade cuts at every step of a first start.
func TestPowerCutWhileTheJournalIsMade(t *testing.T) {
	for at := 1; ; at++ {
		r := rand.New(rand.NewPCG(uint64(at), 7))
		d, vfs := newDisk(t)
		d.cutAt = at
		s, err := openOn(t, vfs)
		if err == nil {
			s.Close()
			if at < 20 {
				t.Errorf("a first start takes %d steps only", at)
			}
			return
		}
		again, err := openDir(t, d.after(t, r))
		if err != nil {
			t.Fatalf("cut at step %d of a first start: %v", at, err)
		}
		mustCommit(t, again, intent(1))
		verified(t, again)
		again.Close()
	}
}

type cutResult struct {
	cut          bool
	acknowledged int // commits that returned nil
	unsure       int // commits that failed and are there all the same
	err          error
}

// cutOnce runs sales on a disk until its power goes, then opens the rest.
func cutOnce(t *testing.T, seed uint64, lies bool) cutResult {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.cutAt, d.noSync = d.ops+1+r.IntN(450), lies
	d.mu.Unlock()
	if seed%2 == 0 { // a log that is copied between commits, not only when the till is idle
		s.copier.at = 20 + r.Int64N(200)
	}

	// Two commits a sale, so that commit i of the list is half of sale i/2; as
	// idle as a till is, and now and then a report leaves.
	var done, last int
	for n := 0; n < 60; n++ {
		rows := intent(n / 2)
		if n%2 == 1 {
			rows = final(n / 2)
			if n >= 10 {
				rows = append(rows, sale.ReportGone{No: queueEntry(n/2 - 4).No, How: sale.ReportDone})
			}
		}
		last = n
		if _, err := s.Commit(context.Background(), rows); err != nil {
			break
		}
		done = n + 1
		if r.IntN(10) == 0 && idleFails(s) {
			break
		}
	}
	cut := d.cutDone
	dir := d.after(t, r)
	s.Close()
	if _, err := os.Stat(filepath.Join(dir, "posd.db")); err != nil {
		t.Fatal(err)
	}

	res := cutResult{cut: cut, acknowledged: done}
	again, err := openDir(t, dir)
	if err != nil {
		res.err = err
		return res
	}
	defer again.Close()
	if res.err = again.Verify(t.Context()); res.err != nil {
		return res
	}
	for n := 0; n <= last; n++ {
		whole, err := there(again, n)
		switch {
		case err != nil:
			res.err = err
		case n < done && !whole:
			res.err = fmt.Errorf("commit %d of %d acknowledged ones is lost", n, done)
		case n >= done && whole:
			res.unsure++
		}
	}
	return res
}

// there reports whether commit n is in the journal, and complains about a half of it.
func there(s *Store, n int) (bool, error) {
	ctx := context.Background()
	id := sale.ID(fmt.Sprintf("01%024d", n/2))
	var of, ev int
	if err := s.read.QueryRow("SELECT count(*) FROM sales WHERE id = ? AND state = ?", id, []string{"waiting", "paid"}[n%2]).Scan(&of); err != nil {
		return false, err
	}
	if err := s.read.QueryRow("SELECT count(*) FROM events WHERE sale = ? AND kind = ?", id, []string{"waiting", "paid"}[n%2]).Scan(&ev); err != nil {
		return false, err
	}
	if n%2 == 0 { // the intent is overwritten by the end, its event and key are not
		_, err := s.Key(ctx, fmt.Sprintf("key-%032d", n/2))
		if (err == nil) != (ev == 1) {
			return false, fmt.Errorf("half of intent %d is there: key %v, events %d", n/2, err, ev)
		}
		return ev == 1, nil
	}
	var jobs int
	if err := s.read.QueryRow("SELECT count(*) FROM jobs WHERE sale = ?", id).Scan(&jobs); err != nil {
		return false, err
	}
	if of != ev || of != jobs {
		return false, fmt.Errorf("half of the end of sale %d is there: sale %d, events %d, jobs %d", n/2, of, ev, jobs)
	}
	return of == 1, nil
}

func idleFails(s *Store) bool {
	_, err := s.Idle(context.Background())
	return err != nil
}
