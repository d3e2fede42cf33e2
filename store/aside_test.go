package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// shopDay is what a counter commits in a day, with a close in the middle.
func shopDay() [][]sale.Row {
	var day [][]sale.Row
	for n := 1; n <= 6; n++ {
		end := final(n)
		v := end[0].(sale.SaleRow)
		v.Sale.Day = 1 + n/4
		end[0] = v
		day = append(day, intent(n), end)
		if n == 2 {
			v.Sale.Refunds = []sale.Movement{{ID: "REFUND2", Kind: sale.Refund, Amount: 100, State: sale.MovementDone, By: "Ann", CreatedAt: noon, Day: 1}}
			day = append(day, []sale.Row{v, sale.KeyRow{Key: "refund key", Digest: "d", Sale: v.Sale.ID, Movement: "REFUND2", At: noon}, sale.ReportGone{No: queueEntry(1).No, How: sale.ReportDone}})
		}
		if n == 4 {
			day = append(day, []sale.Row{sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-21", OpenedAt: noon, ClosedAt: noon, By: "Ann", Books: []byte("{}")}}})
		}
	}
	return append(day, intent(7)) // and one is under way
}

// TestAfterARestoreNothingOldIsNew restores the copy of every commit of a day, and
// asks as registers do that repeat the rest of it.
func TestAfterARestoreNothingOldIsNew(t *testing.T) {
	live := t.TempDir()
	s := mustOpen(t, live)
	copies := t.TempDir()
	day := shopDay()
	at := func(n int) string { return filepath.Join(copies, fmt.Sprint(n)) }
	for n, rows := range day {
		mustCommit(t, s, rows)
		if err := s.Backup(t.Context(), at(n)); err != nil {
			t.Fatal(err)
		}
	}
	var sales []sale.Sale
	for n := 1; n <= 7; n++ {
		sales = append(sales, read(t, s, n))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for n := range day {
		dir := t.TempDir()
		for _, name := range []string{"posd.db", "posd.db-wal", keptNote} {
			copyFile(t, filepath.Join(live, name), filepath.Join(dir, name))
		}
		r, err := Restore(t.Context(), Config{Dir: dir}, at(n), noon.Add(time.Hour), quietLog)
		if err != nil || r.Unread != 0 {
			t.Fatalf("commit %d: %+v, %v", n, r, err)
		}
		again := mustOpen(t, dir)
		verified(t, again)
		for i, want := range sales {
			bound, err := again.Key(t.Context(), fmt.Sprintf("key-%032d", i+1))
			if err != nil || bound.Sale != want.ID {
				t.Errorf("commit %d: the key of sale %d is bound to %+v, %v", n, i+1, bound, err)
			}
			got, err := again.Sale(t.Context(), want.ID)
			got.Reported, want.Reported = "", "" // a report may be set aside
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("commit %d: sale %d is %+v, %v", n, i+1, got, err)
			}
			if bill, err := again.SameBill(t.Context(), want.Reference); err != nil || len(bill) == 0 {
				t.Errorf("commit %d: the bill of sale %d is new: %v", n, i+1, err)
			}
			if used, err := again.HasReference(t.Context(), want.Attempts[0].Ref); err != nil || !used {
				t.Errorf("commit %d: the reference of sale %d is new: %v", n, i+1, err)
			}
		}
		if bound, err := again.Key(t.Context(), "refund key"); err != nil || bound.Movement != "REFUND2" {
			t.Errorf("commit %d: the refund's key is bound to %+v, %v", n, bound, err)
		}
		rec, err := again.Recover(t.Context())
		if err != nil || rec.LastDay.No != 1 || len(rec.Open) != 1 {
			t.Errorf("commit %d: the last day is %d, %d sales are open, %v", n, rec.LastDay.No, len(rec.Open), err)
		}
		if _, err := again.Report(t.Context(), queueEntry(1).No); !errors.Is(err, sale.ErrNotFound) {
			t.Errorf("commit %d: a report that was confirmed after the copy waits again: %v", n, err)
		}
		if got := read(t, again, 5); got.Reported != sale.ReportQueued && got.Reported != sale.ReportSetAside {
			t.Errorf("commit %d: the report of sale 5 is %s", n, got.Reported)
		} else if _, err := again.Report(t.Context(), queueEntry(5).No); err != nil {
			t.Errorf("commit %d: the report of sale 5: %v", n, err)
		}
		if words, err := again.LostSpan(t.Context()); err != nil || words != "" || rec.Gap.Words != "" {
			t.Errorf("commit %d: all was taken over, and %q may be missing, %v", n, words, err)
		}
		again.Close()
	}
}

// TestADamagedJournalGivesWhatCanBeRead: also where it cannot be opened at all, the restore goes on.
func TestADamagedJournalGivesWhatCanBeRead(t *testing.T) {
	live := t.TempDir()
	s := mustOpen(t, live)
	to := filepath.Join(t.TempDir(), "copy")
	for n, rows := range shopDay() {
		mustCommit(t, s, rows)
		if n == 3 {
			if err := s.Backup(t.Context(), to); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.write.Exec("UPDATE sales SET approved_cents = 1 WHERE n = 4", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), Config{Dir: live}, to, noon.Add(time.Hour), quietLog)
	if err != nil || r.Unread != 2 { // the sale, and its attempt
		t.Fatalf("%+v, %v", r, err)
	}
	again := mustOpen(t, live)
	verified(t, again)
	if _, err := again.Key(t.Context(), fmt.Sprintf("key-%032d", 4)); err != nil {
		t.Errorf("the key of the damaged sale is new: %v", err)
	}
	read(t, again, 5)
	if words, err := again.LostSpan(t.Context()); err != nil || words == "" {
		t.Errorf("the lost span: %q, %v", words, err)
	}
	mustCommit(t, again, []sale.Row{sale.DayRow{Day: sale.Day{No: 2, Date: "2026-11-22", OpenedAt: noon, ClosedAt: noon, By: "Ann", Books: []byte("{}")}}})
	if words, err := again.LostSpan(t.Context()); err != nil || words != "" {
		t.Errorf("the lost span after a close: %q, %v", words, err)
	}
	again.Close()

	if err := os.WriteFile(filepath.Join(live, "posd.db"), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err = Restore(t.Context(), Config{Dir: live}, to, noon.Add(time.Hour), quietLog)
	if err != nil || r.Unread == 0 || r.Gap.NextDay != 3 {
		t.Errorf("two days were closed, the note says: %+v, %v", r, err)
	}
	again = mustOpen(t, live)
	rec, err := again.Recover(t.Context())
	if err != nil || rec.Gap != r.Gap || rec.Gap.Words == "" {
		t.Errorf("a start learns %+v of the gap, the restore said %+v, %v", rec.Gap, r.Gap, err)
	}
	mustCommit(t, again, intent(9))
	for id, want := range map[sale.ID]bool{read(t, again, 1).ID: true, read(t, again, 9).ID: false} {
		if in, err := again.InCopy(t.Context(), id); err != nil || in != want {
			t.Errorf("sale %s in the copy: %v, %v", id, in, err)
		}
	}
	again.Close()
	if err := errors.Join(os.Remove(filepath.Join(live, "posd.db")), os.Remove(filepath.Join(live, "posd.db-wal")), os.Remove(filepath.Join(live, keptNote))); err != nil {
		t.Fatal(err)
	}
	if r, err := Restore(t.Context(), Config{Dir: live}, to, noon.Add(time.Hour), quietLog); err != nil || r.Gap.NextDay != 1+daysLeftOut || !strings.Contains(r.Gap.Words, "not known") {
		t.Errorf("on a new box: %+v, %v", r, err)
	}
}
