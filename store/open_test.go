package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"database/sql"
	"posd/device/sale"
	"posd/store"
)

func TestWhatIsNotAJournalIsLeftAsItIs(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, dir string)
		words []string
		is    error
	}{
		{"text", func(t *testing.T, dir string) { write(t, dir, "posd.db", "Dear diary, today I sold a kettle.\n") },
			[]string{"posd.db", "not a database", "left as it is", "restore"}, sale.ErrJournalBroken},
		{"short", func(t *testing.T, dir string) { write(t, dir, "posd.db", "SQLite") },
			[]string{"not a database"}, sale.ErrJournalBroken},
		{"right head, nothing behind", func(t *testing.T, dir string) {
			write(t, dir, "posd.db", "SQLite format 3\x00"+strings.Repeat("\xff", 8000))
		}, []string{"posd.db", "broken"}, sale.ErrJournalBroken},
		{"somebody else's database", func(t *testing.T, dir string) { run(t, dir, "CREATE TABLE songs (title TEXT)") },
			[]string{"not one of posd's"}, sale.ErrJournalBroken},
		{"a newer posd's", func(t *testing.T, dir string) {
			openAt(t, dir).Close()
			run(t, dir, "PRAGMA user_version = 900")
		}, []string{"newer posd", "schema 900", "install"}, sale.ErrJournalBroken},
		{"its log only", func(t *testing.T, dir string) { write(t, dir, "posd.db-wal", strings.Repeat("w", 5000)) },
			[]string{"missing", "posd.db-wal"}, sale.ErrJournalBroken},
		{"a folder", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "posd.db"), 0o750); err != nil {
				t.Fatal(err)
			}
		}, []string{"posd.db", "directory"}, sale.ErrJournalBroken},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			before := snapshot(t, dir)
			_, err := store.Open(t.Context(), store.Config{Dir: dir}, slog.New(slog.DiscardHandler))
			if !errors.Is(err, c.is) {
				t.Fatalf("opened with %v", err)
			}
			t.Log(err)
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("files were touched:\nbefore %s\nafter  %s", before, after)
			}
		})
	}
}

func TestSecondDaemonIsToldWhoHoldsTheFolder(t *testing.T) {
	dir := t.TempDir()
	first := openAt(t, dir)
	_, err := store.Open(t.Context(), store.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, sale.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), "posd.lock") {
		t.Errorf("the second one was told: %v", err)
	}
	commit(t, first, sale.NoteRow{Name: "still", Value: "here"})
	first.Close()
	openAt(t, dir)
}

func TestFilesAreNotForEverybody(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "state")
	openAt(t, dir)
	for name, most := range map[string]os.FileMode{"": 0o750, "posd.db": 0o640, "posd.db-wal": 0o640, "posd.db-shm": 0o640, "posd.lock": 0o640} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if mode := info.Mode().Perm(); mode&^most != 0 {
			t.Errorf("%q has mode %o, more than %o", name, mode, most)
		}
	}
}

func TestLogStaysAndIsBounded(t *testing.T) {
	dir := t.TempDir()
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "posd.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	s := openAt(t, dir)
	at := size()
	if at < 4<<20 {
		t.Errorf("a new log has %d bytes: its first round would be slow", at)
	}
	for i := range 1500 { // many rounds of the log
		v := cardSale(fmt.Sprint("S", i), fmt.Sprint("R", i))
		commit(t, s, sale.SaleRow{Sale: v})
	}
	if got := size(); got > 6<<20 {
		t.Errorf("after 1500 sales without rest the log has %d bytes", got)
	}
	s.Close()
	if got := size(); got < at {
		t.Errorf("closing cut the log to %d bytes", got)
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	s := openAt(t, t.TempDir())
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err1 := s.Commit(t.Context(), []sale.Row{sale.NoteRow{Name: "n"}})
	_, err2 := s.Recover(t.Context())
	if done, err := s.Idle(t.Context()); err1 == nil || err2 == nil || !done || err != nil {
		t.Errorf("Commit %v, Recover %v", err1, err2)
	}
}

func TestFaultsOfTheConfigurationComeTogether(t *testing.T) {
	if faults := store.Defaults().Validate(); len(faults) > 0 {
		t.Errorf("the defaults are at fault: %v", faults)
	}
	faults := store.Config{Dir: "state", ReserveMiB: -1}.Validate()
	if len(faults) != 2 || !strings.Contains(faults[0].Error(), `"state"`) || !strings.Contains(faults[1].Error(), "-1") {
		t.Errorf("got %v", faults)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
}

// run changes the database as a person with sqlite3 would.
func run(t *testing.T, dir, script string) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(dir, "posd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
}

// snapshot describes the content of a folder; the lock file aside.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		if f.Name() != "posd.lock" {
			fmt.Fprintf(&b, "%s %d %x\n", f.Name(), len(content), content)
		}
	}
	return b.String()
}
