package store

import (
	"reflect"
	"testing"
	"time"

	"posd/device/sale"
)

func TestPruneKeepsWhatStaysForEver(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	later := noon.Add(time.Hour)
	// What is done with: sales 1 to 3. What prune must not touch: 4 still queued,
	// 5 set aside, 6 unsure, 7 an incident, 8 with a refund under way, 9 too
	// young, 10 with a receipt to print, 11 to be reported by hand, 12 approved
	// offline and not known to be uploaded, 13 an authorisation still held,
	// 14 of a business day that is not closed, 15 given back in one.
	finish := func(n int, change func(*sale.Sale), rows ...sale.Row) {
		end := final(n)
		v := end[0].(sale.SaleRow).Sale
		v.Reported = sale.ReportDone
		change(&v)
		end[0] = sale.SaleRow{Sale: v}
		job := end[3].(sale.JobRow)
		job.Job.State = sale.PrintDone
		end[3] = job
		mustCommit(t, s, intent(n))
		mustCommit(t, s, append(end, rows...))
	}
	gone := func(n int) sale.Row { return sale.ReportGone{No: queueEntry(n).No, How: sale.ReportDone} }
	for n := 1; n <= 3; n++ {
		finish(n, func(*sale.Sale) {}, gone(n))
	}
	finish(4, func(v *sale.Sale) { v.Reported = sale.ReportQueued })
	finish(5, func(v *sale.Sale) { v.Reported = sale.ReportSetAside }, gone(5))
	finish(6, func(v *sale.Sale) { v.State, v.FinalAt = sale.Unsure, nil }, gone(6))
	finish(7, func(v *sale.Sale) { v.Incident = "amounts differ" }, gone(7))
	finish(8, func(v *sale.Sale) {
		v.Refunds = []sale.Movement{{ID: "M8", State: sale.MovementUnsure, CreatedAt: noon}}
	}, gone(8))
	finish(9, func(v *sale.Sale) { v.FinalAt = &later }, gone(9))
	waiting := final(10)[3].(sale.JobRow)
	waiting.Job.ID = "JOB10"
	finish(10, func(*sale.Sale) {}, gone(10), waiting)
	finish(11, func(v *sale.Sale) { v.Reported = sale.ReportByHand }, gone(11))
	finish(12, func(v *sale.Sale) { v.Offline, v.Reported = true, sale.ReportNotNeeded }, gone(12))
	finish(13, func(v *sale.Sale) { v.Kind, v.Reported = sale.CardAuth, sale.ReportNotNeeded }, gone(13))
	finish(14, func(v *sale.Sale) { v.Day = 2 }, gone(14))
	finish(15, func(v *sale.Sale) {
		v.Refunds = []sale.Movement{{ID: "M15", State: sale.MovementDone, CreatedAt: noon, Day: 2}}
	}, gone(15))
	mustCommit(t, s, []sale.Row{sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-20", OpenedAt: noon, ClosedAt: noon, By: "Ann", Books: []byte("{}")}}})
	mustCommit(t, s, []sale.Row{sale.EventRow{At: noon, Kind: "started"}, sale.EventRow{At: later, Kind: "young"}})
	drawer := func(id string, state sale.Printed, at time.Time) sale.Row {
		return sale.JobRow{Job: sale.Job{ID: id, Kind: sale.JobDrawer, By: "Ana", State: state, At: at}}
	}
	mustCommit(t, s, []sale.Row{drawer("D1", sale.PrintSent, noon), drawer("D2", sale.PrintQueued, noon), drawer("D3", sale.PrintFailed, later)})
	untouched := map[int]sale.Sale{}
	for n := 4; n <= 15; n++ {
		untouched[n] = read(t, s, n)
	}
	last, err := s.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	done, err := s.Prune(t.Context(), noon.Add(time.Minute), later)
	if err != nil {
		t.Fatal(err)
	}
	if done.Sales != 3 || done.Events != 7 || done.Jobs != 4 || done.Commits != 3 {
		t.Errorf("pruned %+v", done)
	}
	verified(t, s)
	for n, want := range untouched {
		if got := read(t, s, n); !reflect.DeepEqual(got, want) {
			t.Errorf("sale %d was touched: %+v", n, got)
		}
	}
	for n := 1; n <= 3; n++ {
		v := read(t, s, n)
		if v.State != sale.Paid || v.ApprovedAmount != 2865 || v.Reference == "" || v.Card != nil || len(v.Attempts) != 1 {
			t.Errorf("of sale %d is left %+v", n, v)
		}
		bound, err := s.Key(t.Context(), intent(n)[1].(sale.KeyRow).Key)
		if err != nil || bound.Sale != v.ID || bound.Digest == "" {
			t.Errorf("its key gives %+v, %v", bound, err)
		}
		if used, err := s.HasReference(t.Context(), v.Attempts[0].Ref); err != nil || !used {
			t.Errorf("its reference counts as new: %v", err)
		}
	}
	if now, err := s.LastSeq(t.Context()); err != nil || now != last {
		t.Errorf("the newest event had number %d, now %d, %v", last, now, err)
	}

	again, err := s.Prune(t.Context(), noon.Add(time.Minute), later)
	if err != nil || again.Sales+again.Events+again.Jobs+again.Commits != 0 {
		t.Errorf("pruned again: %+v, %v", again, err)
	}
	verified(t, s)
}

func TestNothingLeavesButByPrune(t *testing.T) {
	s := lived(t, t.TempDir())
	for _, l := range []string{"sales", "attempts", "movements", "keys", "events", "commits"} {
		if _, err := s.write.Exec("DELETE FROM "+l, nil); err == nil {
			t.Errorf("all %s could be deleted", l)
		}
	}
	for _, script := range []string{"UPDATE events SET kind = 'x'", "UPDATE commits SET entries = ''", "UPDATE sales SET state = 'declined'"} {
		if _, err := s.write.Exec(script, nil); err == nil {
			t.Errorf("%s went through", script)
		}
	}
	verified(t, s)
}

func read(t *testing.T, s *Store, n int) sale.Sale {
	t.Helper()
	v, err := s.Sale(t.Context(), intent(n)[0].(sale.SaleRow).Sale.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
