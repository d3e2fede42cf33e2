package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/store"
)

// pieces is a verification of some pieces that ends in err, if there is one.
type pieces struct {
	n, of int64
	err   error
}

func (p *pieces) Next(context.Context) (bool, error) {
	if p.n == p.of {
		return true, p.err
	}
	p.n++
	time.Sleep(time.Second)
	return false, nil
}
func (p *pieces) Progress() (int64, int64) { return p.n, p.of }
func (p *pieces) Skipped() int             { return 0 }

func TestTheJournalIsVerifiedAfterTheStartAndDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // of what the verifier is told
		var begun []time.Time
		var ends, moved error
		lost := "restored from a copy: some may be missing"
		set := func(change func()) {
			mu.Lock()
			defer mu.Unlock()
			change()
		}
		v := &verifier{log: slog.New(slog.DiscardHandler)}
		v.inPlace = func() (err error) { set(func() { err = moved }); return err }
		v.span = func(context.Context) (words string, _ error) { set(func() { words = lost }); return words, nil }
		v.begin = func() piecewise {
			mu.Lock()
			defer mu.Unlock()
			begun = append(begun, time.Now())
			return &pieces{of: 6, err: ends}
		}
		ctx, stop := context.WithCancel(t.Context())
		go v.run(ctx)
		says := func(after time.Duration, ok bool, words string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			d := v.judge(device.DeviceStatus{OK: true, Words: "ready"})
			if d.OK != ok || !strings.Contains(d.Words, words) {
				t.Errorf("%v %q, want %v %q", d.OK, d.Words, ok, words)
			}
		}
		says(verifyFirst+25*time.Second, true, "ready; being verified, 3 of 6 commits read")
		says(45*time.Second, true, "every row verified up to commit 6, 10 s ago") // six seconds of reading, nine times as long of rest
		says(0, true, "some may be missing")
		set(func() { lost, moved = "", errors.New("another file is there") })
		says(placeEvery, false, "another file is there")
		set(func() { moved = nil })
		says(placeEvery, true, "every row verified")
		v.found(fmt.Errorf("read: %w", sale.ErrJournalBroken))
		says(time.Hour, false, "the journal is broken")
		if d := v.judge(device.DeviceStatus{OK: true}); cause(d.Trouble) != journalDamaged {
			t.Errorf("damage is called %q", d.Trouble)
		}
		says(24*time.Hour, true, "every row verified")
		set(func() { ends = fmt.Errorf("sales X: %w", sale.ErrJournalBroken) })
		says(24*time.Hour, false, "sales X")
		set(func() { ends = errors.New("the disk is away") })
		says(24*time.Hour, false, "sales X")
		mu.Lock()
		defer mu.Unlock()
		if n := len(begun); n < 5 || begun[1].Sub(begun[0]) < 24*time.Hour || begun[4].Sub(begun[3]) > time.Hour {
			t.Errorf("begun at %v", begun)
		}
		stop()
	})
}

// TestADiskThatReadsAgainIsSoonKnownToBeWell: what the disk would not read is looked at again
// within minutes, for nothing is known to be wrong with it.
func TestADiskThatReadsAgainIsSoonKnownToBeWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuses := fmt.Errorf("read sales: %w (%w)", sale.ErrJournalBroken, store.ErrDisk)
		var away atomic.Bool
		v := &verifier{log: slog.New(slog.DiscardHandler), inPlace: func() error { return nil }}
		v.span = func(context.Context) (string, error) { return "", nil }
		v.begin = func() piecewise {
			p := &pieces{of: 3}
			if away.Load() {
				p.err = refuses
			}
			return p
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go v.run(ctx)
		time.Sleep(time.Hour)
		away.Store(true)
		v.found(refuses) // a list that a page asked for
		for range 3 {
			time.Sleep(time.Hour)
			synctest.Wait()
			if d := v.judge(device.DeviceStatus{OK: true}); d.OK || cause(d.Trouble) != diskRefuses {
				t.Fatalf("while the disk refuses: %+v", d)
			}
		}
		away.Store(false)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if d := v.judge(device.DeviceStatus{OK: true, Words: "ready"}); !d.OK || !strings.Contains(d.Words, "every row verified") {
			t.Errorf("once it reads again: %+v", d)
		}
	})
}
