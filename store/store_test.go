package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"posd/device"
	"posd/device/sale"
	"posd/store"
)

var _ device.Journal = (*store.Store)(nil)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func openAt(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func commit(t testing.TB, s *store.Store, rows ...sale.Row) []int64 {
	t.Helper()
	seqs, err := s.Commit(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

// cardSale is a sale as it stands when its intent is stored.
func cardSale(id, ref string) sale.Sale {
	return sale.Sale{
		ID: sale.ID(id), Reference: "bill " + id, Amount: 2865, Currency: "CAD", Method: sale.Card, Kind: sale.CardSale, ChannelID: sale.CCPax,
		State: sale.Waiting, CreatedAt: noon, Printed: sale.PrintNone, Reported: sale.ReportNotNeeded,
		Attempts: []sale.Attempt{{Ref: ref, State: sale.AttemptIntended, StartedAt: noon}},
	}
}

func queued(no string, due time.Time) sale.Report {
	return sale.Report{No: no, Sale: "S" + sale.ID(no), Amount: 100, Currency: "CAD", State: sale.QueueDue,
		QueuedAt: noon, DueAt: due, Params: `{"extra":"expiry 1227"}`}
}

func TestSaleComesBackAsItWasStored(t *testing.T) {
	s := openAt(t, t.TempDir())
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		want := randomSale(r, n)
		for range rapid.IntRange(1, 3).Draw(r, "times stored") {
			if _, err := s.Commit(context.Background(), []sale.Row{sale.SaleRow{Sale: want}}); err != nil {
				r.Fatal(err)
			}
		}
		got, err := s.Sale(context.Background(), want.ID)
		if err != nil {
			r.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			r.Fatalf("stored %+v\ngot    %+v", want, got)
		}
	})
}

func TestCommitIsAllOrNothing(t *testing.T) {
	s := openAt(t, t.TempDir())
	commit(t, s, sale.SaleRow{Sale: cardSale("A", "R1")})
	_, err := s.Commit(t.Context(), []sale.Row{
		sale.SaleRow{Sale: cardSale("B", "R2")},
		sale.EventRow{At: noon, Kind: "first"},
		sale.SaleRow{Sale: cardSale("C", "R1")}, // the reference is taken
	})
	if err == nil {
		t.Fatal("a reference was used twice")
	}
	if _, err := s.Sale(t.Context(), "B"); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("sale B of the failed commit: %v", err)
	}
	if evs, err := s.Events(t.Context(), 0, 0); err != nil || len(evs) != 0 {
		t.Errorf("events of the failed commit: %v, %v", evs, err)
	}
	if seqs := commit(t, s, sale.EventRow{At: noon, Kind: "next"}); len(seqs) != 1 {
		t.Errorf("the next commit gave %v", seqs)
	}
}

func TestRowMayComeBeforeTheSaleItIsAbout(t *testing.T) {
	s := openAt(t, t.TempDir())
	commit(t, s, sale.KeyRow{Key: "k", Sale: "A", At: noon}, sale.SaleRow{Sale: cardSale("A", "R1")})
}

func TestFinalStateStays(t *testing.T) {
	for _, final := range []sale.State{sale.Paid, sale.Declined, sale.Cancelled} {
		for _, next := range sale.States {
			s := openAt(t, t.TempDir())
			v := cardSale("A", "R1")
			v.State = final
			commit(t, s, sale.SaleRow{Sale: v})
			v.State, v.Words = next, "changed"
			_, err := s.Commit(t.Context(), []sale.Row{sale.SaleRow{Sale: v}})
			if (err == nil) != (final == next) {
				t.Errorf("from %s to %s: %v", final, next, err)
			}
		}
	}
}

func TestEventsAreNumberedInOrder(t *testing.T) {
	s := openAt(t, t.TempDir())
	var all []int64
	for range 3 {
		all = append(all, commit(t, s,
			sale.EventRow{At: noon, Sale: "A", Kind: "one", Data: map[string]int{"n": 1}},
			sale.NoteRow{Name: "x", Value: "y"},
			sale.EventRow{At: noon.Add(-time.Hour), Kind: "two"})...)
	}
	if last, err := s.LastSeq(t.Context()); err != nil || last != all[len(all)-1] {
		t.Errorf("LastSeq = %d, %v; Commit gave %v", last, err, all)
	}
	evs, err := s.Events(t.Context(), all[1], 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(evs) != 3 {
		t.Fatalf("asked for 3 behind %d of %v: got %+v", all[1], all, evs)
	}
	for i, e := range evs {
		if e.Seq != all[2+i] {
			t.Errorf("event %d has number %d, Commit said %d", i, e.Seq, all[2+i])
		}
	}
	want := sale.StoredEvent{Seq: all[2], At: noon, Sale: "A", Kind: "one", Data: []byte(`{"n":1}`)}
	if !reflect.DeepEqual(evs[0], want) {
		t.Errorf("got %+v, want %+v", evs[0], want)
	}
}

func TestWhatWasNeverStoredIsNotFound(t *testing.T) {
	s := openAt(t, t.TempDir())
	_, err1 := s.Sale(t.Context(), "A")
	_, err2 := s.Key(t.Context(), "A")
	_, err3 := s.Report(t.Context(), "A")
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, sale.ErrNotFound) {
			t.Error(err)
		}
	}
}

func TestKeyIsBoundForEver(t *testing.T) {
	s := openAt(t, t.TempDir())
	commit(t, s, sale.KeyRow{Key: "k", Digest: "d1", Sale: "A", Movement: "M", At: noon})
	if _, err := s.Commit(t.Context(), []sale.Row{sale.KeyRow{Key: "k", Digest: "d2", Sale: "B", At: noon}}); err == nil {
		t.Error("a key was bound twice")
	}
	got, err := s.Key(t.Context(), "k")
	if want := (sale.KeyBinding{Digest: "d1", Sale: "A", Movement: "M"}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestReferencesOfAttemptsAndMovementsAreKnown(t *testing.T) {
	s := openAt(t, t.TempDir())
	v := cardSale("A", "R1")
	v.Refunds = []sale.Movement{{ID: "M1", Kind: sale.Void, State: sale.MovementWaiting, CreatedAt: noon}}
	commit(t, s, sale.SaleRow{Sale: v})
	for ref, want := range map[string]bool{"R1": true, "M1": true, "R2": false, "": false} {
		if got, err := s.HasReference(t.Context(), ref); err != nil || got != want {
			t.Errorf("HasReference(%q) = %v, %v; want %v", ref, got, err, want)
		}
	}
}

func TestSalesAreFilteredNewestFirst(t *testing.T) {
	s := openAt(t, t.TempDir())
	// The clock stepped back before the third sale: it is still the newest.
	at := []time.Time{noon, noon.Add(time.Minute), noon.Add(-time.Hour)}
	for i, id := range []string{"A", "B", "C"} {
		v := cardSale(id, "R"+id)
		v.CreatedAt = at[i]
		if id == "B" {
			v.Method, v.State = sale.WeChat, sale.Unsure
		}
		if id != "B" { // A gave back an hour after C did
			v.Refunds = []sale.Movement{{ID: "M" + id, Kind: sale.Refund, Amount: 1, State: sale.MovementDone, CreatedAt: at[i].Add(time.Hour)}}
		}
		commit(t, s, sale.SaleRow{Sale: v})
	}
	for _, c := range []struct {
		filter sale.Filter
		want   string
	}{
		{sale.Filter{}, "CBA"},
		{sale.Filter{Limit: 2}, "CB"},
		{sale.Filter{State: sale.Unsure}, "B"},
		{sale.Filter{State: sale.Paid}, ""},
		{sale.Filter{Method: sale.Card}, "CA"},
		{sale.Filter{From: noon}, "BA"},
		{sale.Filter{From: noon, To: noon.Add(time.Minute)}, "A"},
		{sale.Filter{To: noon, Method: sale.Card, State: sale.Waiting}, "C"},
		{sale.Filter{Before: "C"}, "BA"},
		{sale.Filter{Before: "C", Limit: 1}, "B"},
		{sale.Filter{From: noon, Before: "B"}, "A"},
		{sale.Filter{Before: "A"}, ""},
		{sale.Filter{Before: "never"}, ""},
		{sale.Filter{GivenBack: true}, "CA"},
		{sale.Filter{GivenBack: true, Method: sale.Card, Before: "C"}, "A"},
		{sale.Filter{GivenBack: true, From: noon, To: noon.Add(time.Hour)}, "C"},
		{sale.Filter{GivenBack: true, From: noon.Add(time.Hour)}, "A"},
	} {
		found, err := s.Sales(t.Context(), c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(found); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.filter, got, c.want)
		}
	}
}

func TestSameBillByReference(t *testing.T) {
	s := openAt(t, t.TempDir())
	old, other, without := cardSale("A", "RA"), cardSale("B", "RB"), cardSale("C", "RC")
	old.Reference, other.Reference, without.Reference = "7", "7", ""
	for _, v := range []sale.Sale{old, other, without} {
		commit(t, s, sale.SaleRow{Sale: v})
	}
	for reference, want := range map[string]string{"7": "BA", "8": "", "": ""} {
		found, err := s.SameBill(t.Context(), reference)
		if got := ids(found); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", reference, got, err, want)
		}
	}
}

func TestDueReports(t *testing.T) {
	s := openAt(t, t.TempDir())
	held, aside := queued("HELD", noon), queued("ASIDE", noon)
	held.State, aside.State = sale.QueueHeld, sale.QueueSetAside
	odd := queued("ODD", noon.Add(-time.Hour)) // answered before: after those that never were
	odd.Attempts = 1
	for _, r := range []sale.Report{
		queued("NOW", noon), queued("EARLIER", noon.Add(-time.Minute)), queued("SOON", noon.Add(time.Millisecond)),
		queued("LIMIT", noon.Add(5*time.Minute)), queued("BEYOND", noon.Add(5*time.Minute+1)), queued("WRONG", noon.AddDate(3, 0, 0)), held, aside, odd,
	} {
		commit(t, s, sale.ReportRow{Report: r})
	}
	for _, c := range []struct {
		now  time.Time
		n    int
		want string
	}{
		{noon, 64, "EARLIER NOW ODD BEYOND WRONG"},
		{noon, 1, "EARLIER"},
		{noon.Add(time.Millisecond), 64, "EARLIER NOW SOON ODD WRONG"},
		{noon.Add(time.Millisecond - 1), 64, "EARLIER NOW ODD WRONG"},
		{time.Unix(0, 0), 64, "EARLIER NOW SOON LIMIT BEYOND WRONG ODD"}, // a box without a clock
	} {
		due, err := s.Due(t.Context(), c.now, 5*time.Minute, c.n)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range due {
			got = append(got, r.No)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("at %s: got %v, want %s", c.now, got, c.want)
		}
	}
}

func TestReportLeavesWithItsExpiry(t *testing.T) {
	for name, leave := range map[string]func(*store.Store) error{
		"idle":   func(s *store.Store) error { _, err := s.Idle(context.Background()); return err },
		"closed": func(s *store.Store) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openAt(t, dir)
			want := queued("Q1", noon)
			commit(t, s, sale.ReportRow{Report: want})
			if got, err := s.Report(t.Context(), "Q1"); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
			for range 20 { // some frames that hold it, in more than one round of the log
				want.Attempts++
				commit(t, s, sale.ReportRow{Report: want})
				if want.Attempts%7 == 0 {
					if _, err := s.Idle(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			commit(t, s, sale.ReportGone{No: "Q1", How: sale.ReportDone})
			if _, err := s.Report(t.Context(), "Q1"); !errors.Is(err, sale.ErrNotFound) {
				t.Error(err)
			}
			if err := leave(s); err != nil {
				t.Fatal(err)
			}
			for _, f := range []string{"posd.db", "posd.db-wal"} {
				b, err := os.ReadFile(filepath.Join(dir, f))
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(b), "expiry 1227") {
					t.Errorf("%s still holds the expiry of a report that left", f)
				}
			}
		})
	}
}

func TestQueueIsSummedUp(t *testing.T) {
	s := openAt(t, t.TempDir())
	if q, err := s.QueueStats(t.Context()); err != nil || q != (sale.QueueStats{}) {
		t.Errorf("empty queue: %+v, %v", q, err)
	}
	held, aside := queued("C", noon), queued("D", noon.Add(-time.Hour))
	held.State, held.QueuedAt, aside.State = sale.QueueHeld, noon.Add(-time.Hour), sale.QueueSetAside
	commit(t, s, sale.ReportRow{Report: queued("A", noon.Add(2*time.Minute))}, sale.ReportRow{Report: queued("B", noon.Add(time.Minute))},
		sale.ReportRow{Report: held}, sale.ReportRow{Report: aside})
	want := sale.QueueStats{Queued: 3, Cents: 300, SetAside: 1, Oldest: noon.Add(-time.Hour), NextDueAt: noon.Add(time.Minute)}
	if q, err := s.QueueStats(t.Context()); err != nil || q != want {
		t.Errorf("got %+v, %v; want %+v", q, err, want)
	}
	list, err := s.Reports(t.Context(), 3)
	if err != nil || len(list) != 3 || list[0].No != "D" || list[1].No != "A" {
		t.Errorf("listed %+v, %v", list, err)
	}
}

func TestRecoverFindsWhatIsUnfinished(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	approved := cardSale("PAID", "R1")
	approved.State, approved.ApprovedAmount = sale.Paid, 2865
	voided := cardSale("VOIDED", "R2")
	voided.State, voided.ApprovedAmount = sale.Paid, 2865
	voided.Refunds = []sale.Movement{{ID: "V", Kind: sale.Void, State: sale.MovementUnsure, CreatedAt: noon}}
	unsure := cardSale("UNSURE", "R3")
	unsure.State = sale.Unsure
	done := sale.Job{ID: "J1", Sale: "PAID", Copy: sale.CustomerCopy, State: sale.PrintDone, At: noon}
	wanted := sale.Job{ID: "J2", Sale: "PAID", Copy: sale.CustomerCopy, State: sale.PrintQueued, At: noon}
	commit(t, s, sale.SaleRow{Sale: approved}, sale.SaleRow{Sale: voided}, sale.SaleRow{Sale: unsure},
		sale.JobRow{Job: done}, sale.JobRow{Job: wanted}, sale.NoteRow{Name: "a", Value: "1"}, sale.NoteRow{Name: "a", Value: "2"},
		sale.ReportRow{Report: queued("Q", noon)}, sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-20", ClosedAt: noon, Books: []byte("{}")}})
	last := commit(t, s, sale.EventRow{At: noon, Kind: "x"}, sale.EventRow{At: noon, Kind: "y"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	got, err := openAt(t, dir).Recover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := sale.Recovered{
		Open: []sale.Sale{voided, unsure}, Jobs: []sale.Job{wanted}, JobSales: []sale.Sale{approved}, Control: &approved, Notes: map[string]string{"a": "2"},
		Queue:   sale.QueueStats{Queued: 1, Cents: 100, Oldest: noon, NextDueAt: noon},
		LastSeq: last[1],
		LastDay: sale.Day{No: 1, Date: "2026-11-20", ClosedAt: noon},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func ids(found []sale.Sale) string {
	var b strings.Builder
	for _, s := range found {
		b.WriteString(string(s.ID))
	}
	return b.String()
}

func TestClosedDayNeverChanges(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	booked := cardSale("BOOKED", "R1")
	booked.State, booked.ApprovedAmount, booked.Day = sale.Paid, 2865, 1
	later := cardSale("LATER", "R2")
	later.State, later.ApprovedAmount, later.Day = sale.Paid, 2865, 2
	later.Refunds = []sale.Movement{{ID: "V", Kind: sale.Void, State: sale.MovementDone, CreatedAt: noon, Day: 3, Card: &sale.CardInfo{AuthCode: "01046Z"}}}
	day := sale.Day{No: 1, Date: "2026-11-20", OpenedAt: noon, ClosedAt: noon, By: "Ann", Books: []byte(`{"kind":"closing"}`)}
	commit(t, s, sale.SaleRow{Sale: booked}, sale.SaleRow{Sale: later}, sale.DayRow{Day: day})

	if got, err := s.Day(t.Context(), 1); err != nil || !reflect.DeepEqual(got, day) {
		t.Errorf("read back %+v, %v", got, err)
	}
	if _, err := s.Day(t.Context(), 2); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("a day that is not closed: %v", err)
	}
	if got, err := s.DaysOn(t.Context(), "2026-11-20"); err != nil || len(got) != 1 {
		t.Errorf("closed on that date: %+v, %v", got, err)
	}
	if _, err := s.Commit(t.Context(), []sale.Row{sale.DayRow{Day: day}}); err == nil {
		t.Error("a day was closed twice under one number")
	}
	for no, want := range map[int]string{1: "BOOKED", 2: "LATER", 3: "LATER"} {
		got, err := s.Sales(t.Context(), sale.Filter{Day: no})
		if err != nil || len(got) != 1 || string(got[0].ID) != want {
			t.Errorf("day %d holds %+v, %v", no, got, err)
		}
	}
	if got, err := s.Sale(t.Context(), "LATER"); err != nil || got.Refunds[0].Card.AuthCode != "01046Z" {
		t.Errorf("the void's card: %+v, %v", got.Refunds, err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(dir, "posd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE days SET by = 'Bob'"); err == nil || !strings.Contains(err.Error(), "a closed day never changes") {
		t.Errorf("a closed day was changed: %v", err)
	}
}

func TestSaleIsFoundByItsReference(t *testing.T) {
	s := openAt(t, t.TempDir())
	v := cardSale("A", "R1")
	commit(t, s, sale.SaleRow{Sale: v})
	if got, err := s.SaleOf(t.Context(), "R1"); err != nil || got.ID != "A" || len(got.Attempts) != 1 {
		t.Errorf("found %+v, %v", got, err)
	}
	if _, err := s.SaleOf(t.Context(), "R2"); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("a reference never used: %v", err)
	}
}
