package store

import (
	"errors"
	"testing"
	"time"

	"posd/device/sale"
)

// framesOf is how many frames of the log a commit takes.
func framesOf(t *testing.T, s *Store, rows []sale.Row) int64 {
	t.Helper()
	_, before, err := logOf(s.write, "NOOP")
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, rows)
	_, after, err := logOf(s.write, "NOOP")
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}

// TestWhatDoesNotChangeIsNotWritten: the end of a sale leaves its date, bill and reference
// as they are. Bytes are wear, and time on a slow disk.
func TestWhatDoesNotChangeIsNotWritten(t *testing.T) {
	with, without := mustOpen(t, t.TempDir()), mustOpen(t, t.TempDir())
	var short, long int64
	for n := range 40 {
		mustCommit(t, with, intent(n))
		mustCommit(t, without, intent(n))
		without.recent.forget() // as after a restart
		short += framesOf(t, with, final(n))
		long += framesOf(t, without, final(n))
	}
	if short > long-3*40 {
		t.Errorf("the end of a sale takes %.1f frames, and %.1f where nothing is known of it", float64(short)/40, float64(long)/40)
	}
	t.Logf("the end of a sale takes %.1f frames, and %.1f where nothing is known of it", float64(short)/40, float64(long)/40)
	for n := range 40 {
		if a, b := read(t, with, n), read(t, without, n); a.State != sale.Paid || a.Reference != b.Reference || !a.CreatedAt.Equal(b.CreatedAt) || a.Attempts[0] != b.Attempts[0] {
			t.Errorf("%+v is not %+v", a, b)
		}
	}
	verified(t, with)
}

// TestWhatChangesIsWritten, whatever is known: columns that seldom change, rows that a
// failed commit or a prune had changed, several steps in one commit.
func TestWhatChangesIsWritten(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustCommit(t, s, intent(1))
	row := final(1)[0].(sale.SaleRow)
	later := noon.Add(time.Hour)
	for _, change := range []func(*sale.Sale){
		func(v *sale.Sale) { v.Reference = "another bill" },
		func(v *sale.Sale) { v.WentUnsureAt = &later },
		func(v *sale.Sale) { v.WentUnsureAt = nil },
		func(v *sale.Sale) { v.Attempts[0].Words = "asked again" },
		func(v *sale.Sale) {
			v.Refunds = []sale.Movement{{ID: "M1", Kind: sale.Void, Amount: 1, State: sale.MovementWaiting, By: "Ann", CreatedAt: noon}}
		},
		func(v *sale.Sale) { v.Refunds[0].State = sale.MovementDone },
	} {
		row.Sale = row.Sale.Clone()
		change(&row.Sale)
		before := row.Sale.Clone()
		before.Words = "first" // twice in one commit
		mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: before}, row})
		got := read(t, s, 1)
		if got.Reference != row.Sale.Reference || (got.WentUnsureAt == nil) != (row.Sale.WentUnsureAt == nil) || got.Words != row.Sale.Words ||
			got.Attempts[0] != row.Sale.Attempts[0] || len(got.Refunds) != len(row.Sale.Refunds) || len(got.Refunds) > 0 && got.Refunds[0].State != row.Sale.Refunds[0].State {
			t.Fatalf("%+v was written, %+v is there", row.Sale, got)
		}
		verified(t, s)
	}
	failed := row.Sale.Clone()
	failed.Reference, failed.Attempts[0].Words = "of a commit that failed", "never written"
	if _, err := s.Commit(t.Context(), []sale.Row{sale.SaleRow{Sale: failed}, sale.NoteRow{Name: "n"}, sale.DayRow{}, sale.DayRow{}}); err == nil {
		t.Fatal("two days of one number were written")
	}
	mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: failed}})
	if got := read(t, s, 1); got.Reference != failed.Reference || got.Attempts[0] != failed.Attempts[0] {
		t.Errorf("behind a commit that failed: %+v", got)
	}
	verified(t, s)
	if _, err := s.Prune(t.Context(), later, later); err != nil && !errors.Is(err, sale.ErrNotFound) {
		t.Fatal(err)
	}
	mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: failed}})
	verified(t, s)
	if n := len(s.recent.rows); n == 0 || n > recentRows {
		t.Errorf("%d rows are remembered", n)
	}
	for n := 10; n < 10+recentRows; n++ {
		mustCommit(t, s, intent(n))
	}
	if n, m := len(s.recent.rows), len(s.recent.names); n > recentRows || n != m {
		t.Errorf("%d rows are remembered by %d names", n, m)
	}
}
