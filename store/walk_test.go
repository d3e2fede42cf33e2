package store

import (
	"errors"
	"strings"
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
		if err := s.Idle(t.Context()); err != nil {
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
