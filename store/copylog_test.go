package store

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestLogIsCopiedBesideSelling: a till that is never idle keeps its log short, and no
// commit of its own copies it.
func TestLogIsCopiedBesideSelling(t *testing.T) {
	for _, c := range []struct {
		name string
		at   int64
		long bool
	}{
		{"copied", 0, false},
		{"never copied", 1 << 40, true}, // shows that nothing else keeps it short
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, t.TempDir())
			s.copier.at = c.at
			if _, err := s.write.Exec("PRAGMA wal_autocheckpoint = 0", nil); err != nil {
				t.Fatal(err)
			}
			for n := range 300 {
				mustCommit(t, s, intent(n))
				mustCommit(t, s, final(n))
				s.copier.under.Wait()
			}
			info, err := os.Stat(s.door.path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Size() > walBytes; got != c.long {
				t.Errorf("after 300 sales without rest the log has %d KiB", info.Size()>>10)
			}
			if turns := s.copier.turns; (turns < 2) != c.long {
				t.Errorf("the log began anew %d times", turns)
			}
			verified(t, s)
		})
	}
}

// TestACopyLeavesTheNextCommitOneBarrier: on a disk that is counted, what copies the log is
// no part of a commit, and leaves the next one its one barrier.
func TestACopyLeavesTheNextCommitOneBarrier(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.copier.at = 250
	one, more := 0, 0
	for n := range 60 {
		turns := s.copier.turns
		got := d.synced(func() { mustCommit(t, s, intent(n)) })
		switch {
		case s.copier.turns > turns:
			more++
		case n > 0 && got != 1:
			t.Errorf("commit %d cost %d barriers", n, got)
		default:
			one++
		}
	}
	if more < 2 || one < 8*more {
		t.Errorf("%d commits with one barrier, %d behind which the log was copied", one, more)
	}
}

// TestLookUpsStandBehindNobody: while somebody writes, and all who read much read, the
// till looks up keys, sales and bills; each statement is prepared once.
func TestLookUpsStandBehindNobody(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for n := range 20 {
		mustCommit(t, s, intent(n))
	}
	for range readers {
		tx, err := s.read.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
	}
	look := func() {
		t.Helper()
		for n := range 20 {
			if _, err := s.Key(t.Context(), fmt.Sprintf("key-%032d", n)); err != nil {
				t.Error(err)
			}
			if v := read(t, s, n); len(v.Attempts) != 1 {
				t.Errorf("sale %d has %d attempts", n, len(v.Attempts))
			}
			if found, err := s.SameBill(t.Context(), fmt.Sprint(n)); err != nil || len(found) != 1 {
				t.Errorf("bill %d: %d, %v", n, len(found), err)
			}
		}
	}
	before := len(s.own.stmts)
	look()
	if s.looking.prepared != nil || len(s.own.stmts) > before+5 {
		t.Errorf("looked up by another connection than the writer's, or with %d statements", len(s.own.stmts)-before)
	}
	s.mu.Lock() // a commit waits for its barrier
	look()
	s.mu.Unlock()
	if n := len(s.looking.stmts); n > 7 {
		t.Errorf("%d statements were prepared", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Key(ctx, "k"); err == nil {
		t.Error("looked up for somebody who has left")
	}
}
