package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// openDir opens a store in dir, without making room in its log: that is 4 MiB
// of writing each time.
func openDir(t testing.TB, dir string) (*Store, error) {
	t.Helper()
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{log: slog.New(slog.DiscardHandler), door: door{path: filepath.Join(dir, "posd.db")}, lock: lock, keeps: true}
	err = s.open(t.Context())
	if err == nil {
		err = s.beginKeeping()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	t.Cleanup(func() { s.Close() })
	return s, nil
}

func mustOpen(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := openDir(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lived is a journal with something in every table.
func lived(t *testing.T, dir string) *Store {
	t.Helper()
	s := mustOpen(t, dir)
	for n := 1; n <= 5; n++ {
		mustCommit(t, s, intent(n))
		mustCommit(t, s, final(n))
	}
	back := final(3)[0].(sale.SaleRow)
	back.Sale.Refunds = []sale.Movement{{ID: "M1", Kind: sale.Void, Amount: 2865, State: sale.MovementDone, By: "Ann", CreatedAt: noon, KeepUntil: &noon}}
	mustCommit(t, s, []sale.Row{back, sale.NoteRow{Name: "queue stands", Value: "no\nwords"}, sale.NoteRow{Name: "queue stands", Value: ""}, sale.ReportGone{No: queueEntry(2).No, How: sale.ReportDone}, sale.TokenRow{Token: sale.Token{ID: "T1", Name: "till", Hash: "5f", CreatedAt: noon}}, sale.PersonRow{Person: sale.Person{ID: "P1", Name: "Ann", CreatedAt: noon}},
		sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-20", OpenedAt: time.UnixMilli(1), ClosedAt: time.UnixMilli(2), By: "Ann", Books: []byte("{}")}}, sale.DayRow{Day: sale.Day{No: 2, Date: "2026-11-21", OpenedAt: time.UnixMilli(2), ClosedAt: time.UnixMilli(3), By: "Ann", Books: []byte("{}")}}})
	return s
}

func verified(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryEditIsFoundAndNamed(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	verified(t, s)
	s.Close()
	triggers := []string{"sales_final_stays", "events_never_change", "events_stay", "commits_never_change", "commits_never_leave",
		"sales_never_leave", "attempts_never_leave", "movements_never_leave", "keys_never_leave", "days_never_change", "days_never_leave", "tokens_never_leave", "people_never_leave"}

	var edits []struct{ about, script string }
	edit := func(about, script string, args ...any) {
		edits = append(edits, struct{ about, script string }{about, fmt.Sprintf(script, args...)})
	}
	for _, l := range ledgers {
		for _, c := range l.covered {
			set := "CASE typeof(" + c + ") WHEN 'integer' THEN " + c + " + 1 ELSE coalesce(" + c + ", '') || 'x' END"
			about := l.table
			if c == l.key { // the row then goes by another name
				edit(about, "UPDATE %s SET %s = %s WHERE rowid = (SELECT max(rowid) FROM %s)", l.table, c, set, l.table)
			} else {
				edit(about, "UPDATE %s SET %s = %s WHERE %s = (SELECT max(%s) FROM %s)", l.table, c, set, l.key, l.key, l.table)
			}
		}
		edit(l.table, "DELETE FROM %s WHERE %s = (SELECT min(%s) FROM %s)", l.table, l.key, l.key, l.table)
		edit(l.table, "UPDATE %s SET written_in = written_in + 1", l.table)
		edit(l.table, "UPDATE %s SET written_in = 99999", l.table)
	}
	edit("reports", "UPDATE reports SET params = replace(params, '1227', '1327')")
	edit("commit 3", "DELETE FROM commits WHERE no = 3")
	edit("commit", "DELETE FROM commits WHERE no = (SELECT max(no) FROM commits)")
	edit("commit 3", "UPDATE commits SET entries = replace(entries, 'events 3', 'events 4') WHERE no = 3")
	edit("commit 3", "UPDATE commits SET hash = replace(hash, 'a', 'b') WHERE no = 3")
	edit("", "UPDATE commits SET entries = 'sum ' || hash WHERE no = 3")
	edit("events", "INSERT INTO events SELECT 900, at, sale, kind, data, written_in FROM events LIMIT 1")

	for _, e := range edits {
		script := e.script
		if strings.Contains(script, "rowid") { // tables without one
			for _, l := range []ledger{attempts.ledger, movements.ledger, keys.ledger, jobs.ledger, notes.ledger} {
				if strings.Contains(script, "UPDATE "+l.table+" ") {
					script = strings.ReplaceAll(script, "rowid", l.key)
				}
			}
		}
		copied := t.TempDir()
		copyFile(t, filepath.Join(dir, "posd.db"), filepath.Join(copied, "posd.db"))
		copyFile(t, filepath.Join(dir, "posd.db-wal"), filepath.Join(copied, "posd.db-wal"))
		if s, err := openDir(t, copied); err != nil {
			t.Fatal(err)
		} else {
			// A hand with sqlite3, which first does away with what is in its way.
			drop := "PRAGMA foreign_keys = OFF;"
			for _, name := range triggers {
				drop += "DROP TRIGGER " + name + ";"
			}
			if _, err := s.write.Exec(drop+script, nil); err != nil {
				t.Fatalf("%s: %v", script, err)
			}
			err := s.Verify(t.Context())
			if !errors.Is(err, sale.ErrJournalBroken) || !strings.Contains(err.Error(), e.about) {
				t.Errorf("%s: Verify says %v", script, err)
			}
			s.Close()
		}
	}
	t.Logf("%d edits", len(edits))
}

func TestFlippedBitIsFound(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	whole := dump(t, s)
	if _, err := s.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	good, err := os.ReadFile(filepath.Join(dir, "posd.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	found, harmless := 0, 0
	for range 200 {
		flipped := bytes.Clone(good)
		bit := r.IntN(len(good) * 8)
		flipped[bit/8] ^= 1 << (bit % 8)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "posd.db"), flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openDir(t, dir)
		if err == nil {
			err = s.Verify(t.Context())
			if err == nil { // then it must be where nothing is
				if got := dump(t, s); got != whole {
					t.Fatalf("bit %d of byte %d was flipped and not found", bit%8, bit/8)
				}
				harmless++
			}
			s.Close()
		}
		if err != nil {
			found++
		}
	}
	if found == 0 {
		t.Error("no flip was found")
	}
	t.Logf("%d flips found, %d where nothing lies", found, harmless)
}

// dump is all that a journal says.
func dump(t testing.TB, s *Store) string {
	t.Helper()
	var b strings.Builder
	for _, l := range ledgers {
		rows, err := s.read.Query("SELECT * FROM " + l.table + " ORDER BY " + l.key)
		if err != nil {
			return err.Error()
		}
		names, _ := rows.Columns()
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %q\n", l.table, row)
		}
		rows.Close()
	}
	return b.String()
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
