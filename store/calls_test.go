package store

import (
	"runtime"
	"testing"

	"posd/device/sale"
)

// TestARowIsTwoCallsIntoC counts them: to bind one by one the seventy-seven values of a
// sale took longer than SQLite's part of the row.
func TestARowIsTwoCallsIntoC(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	const rows = 64
	group := func(from int) (out []sale.Row) {
		for n := from; n < from+rows; n++ {
			out = append(out, sale.ReportRow{Report: queueEntry(n)})
		}
		return out
	}
	mustCommit(t, s, group(0)) // its statements are prepared now
	s.copier.under.Wait()
	next := group(rows)
	before := runtime.NumCgoCall()
	mustCommit(t, s, next)
	if got := runtime.NumCgoCall() - before; got > 2*rows+16 {
		t.Errorf("%d rows were %d calls into C", rows, got)
	}
}
