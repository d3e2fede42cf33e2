package store_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/store"
)

// day commits what a small day commits: sales with attempts, a report with an
// expiry that leaves, a refund, a key, a token, jobs, a note and a closed day.
func day(t testing.TB, s *store.Store) {
	t.Helper()
	report := queued("01REPORT0000000000000000AA", noon)
	report.Params = `{"expiry":"1227"}`
	v := cardSale("01SALE00000000000000000001", "REF0000000000001")
	commit(t, s, sale.SaleRow{Sale: v}, sale.KeyRow{Key: "key 1\nodd", Digest: "d1", Sale: v.ID, At: noon})
	v.State, v.FinalAt, v.ApprovedAmount = sale.Paid, &noon, v.Amount
	v.Card = &sale.CardInfo{Type: "V", Number: "************1111"}
	report.Sale = v.ID
	commit(t, s, sale.SaleRow{Sale: v}, sale.SaleRow{Sale: v}, sale.ReportRow{Report: report}, sale.EventRow{At: noon, Sale: v.ID, Kind: "sale.paid", Data: sale.EventData{State: sale.Paid}})
	commit(t, s, sale.ReportGone{No: report.No, How: sale.ReportDone}, sale.FactRow{Sale: v.ID, Reported: sale.ReportDone})
	waits := report
	waits.No = "01REPORT0000000000000000BB"
	commit(t, s, sale.ReportRow{Report: waits}, sale.NoteRow{Name: "n", Value: "v"}, sale.JobRow{Job: sale.Job{ID: "J1", Kind: sale.JobReceipt, Sale: v.ID, State: sale.PrintDone, At: noon}},
		sale.JobRow{Job: sale.Job{ID: "J2", Kind: sale.JobPrint, Form: sale.PrintText, Content: "c29tZWJvZHkncyBuYW1l", State: sale.PrintQueued, At: noon}})
	v.Refunds = append(v.Refunds, sale.Movement{ID: "01MOVE00000000000000000001", Kind: sale.Refund, Amount: 5, State: sale.MovementDone, CreatedAt: noon, FinalAt: &noon})
	commit(t, s, sale.SaleRow{Sale: v}, sale.TokenRow{Token: sale.Token{ID: "T1", Name: "register 2", Hash: "c0ffee", CreatedAt: noon}})
	commit(t, s, sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-21", ClosedAt: noon, Books: []byte(`{"a":1}`)}})
}

// told is what a listener that never missed a commit knows.
type told struct {
	commits []sale.Commit
	rows    map[string]sale.CommitRow
}

func (l *told) hear(t testing.TB, s *store.Store) {
	t.Helper()
	if l.rows == nil {
		l.rows = map[string]sale.CommitRow{}
	}
	for {
		found, err := s.CommitsAfter(context.Background(), int64(len(l.commits)), 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return
		}
		for _, c := range found {
			l.commits = append(l.commits, c)
			for line := range strings.Lines(c.Entries) {
				if table, key, sum, _ := sale.ParseEntry(line); sum == sale.EntryGone {
					delete(l.rows, table+" "+key)
				}
			}
			for _, r := range c.Rows {
				l.rows[r.Table+" "+r.Key] = r
			}
		}
	}
}

func (l *told) Commits(_ context.Context, each func(sale.Commit) error) error {
	for _, c := range l.commits {
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

func (l *told) Rows(_ context.Context, table string, each func(sale.CommitRow) error) error {
	var names []string
	for name, r := range l.rows {
		if r.Table == table {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if err := each(l.rows[name]); err != nil {
			return err
		}
	}
	return nil
}

func TestCommitsAreToldWithWhatProvesThem(t *testing.T) {
	s := openAt(t, t.TempDir())
	day(t, s)
	var l told
	l.hear(t, s)
	if int64(len(l.commits)) != s.Commits() {
		t.Fatalf("%d commits were told of %d", len(l.commits), s.Commits())
	}
	prev := ""
	for _, c := range l.commits {
		if c.Prev != prev || c.Hash != sale.HashCommit(prev, c.No, c.Entries) {
			t.Errorf("commit %d does not follow from what was told", c.No)
		}
		prev = c.Hash
		for _, r := range c.Rows {
			sum := sale.DigestRow(r.Names, r.Values)
			proven := strings.Contains(c.Entries, sale.Entry(r.Table, r.Key, sum))
			if proven != (len(r.Withheld) == 0) {
				t.Errorf("commit %d, %s %s: digest proves it: %v, withheld %v", c.No, r.Table, r.Key, proven, r.Withheld)
			}
		}
	}
	text, err := json.Marshal(l.commits)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"1227", "c0ffee", "c29tZWJvZHkncyBuYW1l"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s was told", secret)
		}
	}
	for _, must := range []string{"************1111", "register 2", "01MOVE00000000000000000001"} {
		if !strings.Contains(string(text), must) {
			t.Errorf("%s was not told", must)
		}
	}
}

func TestJournalIsAssembledFromWhatWasTold(t *testing.T) {
	for name, late := range map[string]bool{"told at once": false, "told in the end": true} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := context.Background(), t.TempDir()
			s := openAt(t, filepath.Join(dir, "was"))
			var l told
			if !late {
				l.hear(t, s)
			}
			day(t, s)
			l.hear(t, s)
			was, err := s.Epoch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "export.db")
			made, err := store.Assemble(ctx, file, &l, noon, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if made.Sales != 1 || made.Commits != s.Commits() || !slices.Equal(slices.Sorted(slices.Values(made.Missing)), []string{"jobs J2", "tokens T1"}) {
				t.Errorf("assembled %+v", made)
			}
			cfg := store.Config{Dir: filepath.Join(dir, "new")}
			r, err := store.Restore(ctx, cfg, file, noon.Add(time.Hour), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if r.SetAside != 1 {
				t.Errorf("%d reports were set aside", r.SetAside)
			}
			n := openAt(t, cfg.Dir)
			if err := n.Verify(ctx); err != nil {
				t.Error(err)
			}
			want, err1 := s.Sale(ctx, "01SALE00000000000000000001")
			got, err2 := n.Sale(ctx, "01SALE00000000000000000001")
			want.Reported = sale.ReportSetAside // its second report holds no request
			if a, b := jsonOf(t, want), jsonOf(t, got); err1 != nil || err2 != nil || a != b {
				t.Errorf("the sale came back as\n%s, was\n%s (%v %v)", b, a, err1, err2)
			}
			if _, err := n.Key(ctx, "key 1\nodd"); err != nil {
				t.Error(err)
			}
			if used, err := n.HasReference(ctx, "REF0000000000001"); err != nil || !used {
				t.Error("the reference counts as new", err)
			}
			if d, err := n.Day(ctx, 1); err != nil || string(d.Books) != `{"a":1}` {
				t.Error(d, err)
			}
			now, err := n.Epoch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if now.Name == was.Name || len(now.From) != 1 || now.From[0] != (sale.Ancestor{Epoch: was.Name, Commit: made.Commits + 1}) {
				t.Errorf("epoch %+v after %+v", now, was)
			}
		})
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A journal restored twice from one copy has two epochs, and the second knows of
// the first where it stood beside.
func TestEachRestoreBeginsAnEpoch(t *testing.T) {
	ctx, dir, quiet := context.Background(), t.TempDir(), slog.New(slog.DiscardHandler)
	s := openAt(t, filepath.Join(dir, "box"))
	day(t, s)
	copyFile := filepath.Join(dir, "copy.db")
	if err := s.Backup(ctx, copyFile); err != nil {
		t.Fatal(err)
	}
	end := s.Commits()
	first, err := s.Epoch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for n := range 2 {
		if _, err := store.Restore(ctx, store.Config{Dir: filepath.Join(dir, "box")}, copyFile, noon, quiet); err != nil {
			t.Fatal(err)
		}
		again := openAt(t, filepath.Join(dir, "box"))
		e, err := again.Epoch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if e.From[0] != (sale.Ancestor{Epoch: first.Name, Commit: end}) || len(e.From) != n+1 || slices.Contains(seen, e.Name) {
			t.Errorf("restore %d began %+v", n+1, e)
		}
		if n == 1 && e.From[1] != (sale.Ancestor{Epoch: seen[0], Commit: end}) {
			t.Errorf("the epoch beside is %+v, was %s", e.From[1], seen[0])
		}
		seen = append(seen, e.Name)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
