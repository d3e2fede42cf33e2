package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"posd/device/sale"
)

// walkAll walks to the end, with something happening between two pieces.
func walkAll(t *testing.T, s *Store, between func(piece int)) error {
	t.Helper()
	w := s.Walk()
	for piece := 0; ; piece++ {
		done, err := w.Next(t.Context())
		if err != nil {
			return err
		}
		if read, of := w.Progress(); done && (read != of || w.Skipped() != 0) {
			t.Errorf("ended after %d of %d commits", read, of)
		}
		if done {
			return nil
		}
		between(piece)
	}
}

// TestWalkBesideSelling: what is written, leaves and is pruned between two pieces is no damage.
func TestWalkBesideSelling(t *testing.T) {
	s := lived(t, t.TempDir())
	for n := 100; n < 100+walkPiece; n++ {
		mustCommit(t, s, intent(n))
		mustCommit(t, s, final(n))
	}
	err := walkAll(t, s, func(piece int) {
		if piece > 40 {
			return
		}
		n := 1000 + piece
		mustCommit(t, s, intent(n))
		mustCommit(t, s, append(final(n), sale.ReportGone{No: queueEntry(100 + piece).No, How: sale.ReportDone}))
		if _, err := s.Prune(t.Context(), noon.Add(time.Hour), noon.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.dirty {
		t.Error("the log was not turned over while the journal was verified")
	}
}

func TestWalkFindsWhatIsNotAsItWas(t *testing.T) {
	for script, about := range map[string]string{
		"UPDATE sales SET approved_cents = approved_cents + 1 WHERE n = 2": "sales",
		"DROP TRIGGER events_stay; DELETE FROM events WHERE seq = 3":       "events 3 is missing",
		"DROP TRIGGER commits_never_leave; DELETE FROM commits WHERE no=4": "commit 4 is missing",
		"UPDATE reports SET params = params || ' '":                        "request",
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX sales_by_created ON sales (reference)' WHERE name = 'sales_by_created'": "damaged",
	} {
		dir := t.TempDir()
		s := lived(t, dir)
		heard := 0
		s.Troubled = func(error) { heard++ }
		if _, err := s.write.Exec(script, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(script, "writable") { // the schema is read when a connection is made
			s.Close()
			s = mustOpen(t, dir)
		}
		err := walkAll(t, s, func(int) {})
		if !errors.Is(err, sale.ErrJournalBroken) || !strings.Contains(err.Error(), about) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// TestADayIsNotClosedByWhatIsNotAsItWas: a sum made of changed amounts would stand for ever.
func TestADayIsNotClosedByWhatIsNotAsItWas(t *testing.T) {
	for _, script := range []string{
		"UPDATE sales SET approved_cents = approved_cents + 1 WHERE n = 2",
		"UPDATE movements SET amount_cents = 1",
	} {
		s := lived(t, t.TempDir())
		v := final(2)[0].(sale.SaleRow)
		v.Sale.Day = 3
		v.Sale.Refunds = []sale.Movement{{ID: "M9", Kind: sale.Void, Amount: 2865, State: sale.MovementDone, By: "Ann", CreatedAt: noon, Day: 3}}
		mustCommit(t, s, []sale.Row{v})
		if found, err := s.Sales(t.Context(), sale.Filter{Day: 3}); err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		heard := 0
		s.Troubled = func(error) { heard++ }
		if _, err := s.write.Exec(script, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sales(t.Context(), sale.Filter{Day: 3}); !errors.Is(err, sale.ErrJournalBroken) || heard != 1 {
			t.Errorf("%s: read as %v, and said %d times", script, err, heard)
		}
	}
}

// TestWhoReadsTooLongIsNamed by the kernel's list of locks.
func TestWhoReadsTooLongIsNamed(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustCommit(t, s, intent(1))
	if err := s.Log(); err != nil {
		t.Error(err)
	}
	if err := os.Truncate(s.door.path+"-wal", logBound+1); err != nil {
		t.Fatal(err)
	}
	if err := s.Log(); err == nil || !strings.Contains(err.Error(), "sqlite3") {
		t.Errorf("of a log of 16 MiB that nobody holds: %v", err)
	}
	info, err := os.Stat(s.door.path + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	proc, inode := t.TempDir(), info.Sys().(*syscall.Stat_t).Ino
	locks := ""
	for i, l := range []string{fmt.Sprint("4711 08:01:", inode), fmt.Sprint("4711 08:01:", inode), fmt.Sprint(os.Getpid(), " 08:01:", inode), "4712 08:01:1", fmt.Sprint("4713 08:01:", inode)} {
		locks += fmt.Sprintf("%d: POSIX  ADVISORY  READ  %s 124 124\n", i+1, l)
	}
	for path, text := range map[string]string{"locks": locks, "4711/comm": "sqlitebrowser\n"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(proc, path)), 0o700), os.WriteFile(filepath.Join(proc, path), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(readersOf(s.door.path, proc), "; "); got != "sqlitebrowser (process 4711); a program (process 4713)" {
		t.Errorf("named as %q", got)
	}
}
