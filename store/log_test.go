package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posd/device/sale"
)

// flips is how many bytes of a log are flipped: go test -run Flipped ./store -flips 0 takes all.
var flips = flag.Int("flips", 50, "bytes of a log to flip, 0 for all")

// heard collects warnings.
type heard struct {
	slog.Handler
	warnings []string
}

func (h *heard) Enabled(context.Context, slog.Level) bool { return true }
func (h *heard) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.warnings = append(h.warnings, r.Message)
	}
	return nil
}

// inForce is a folder as a kill leaves it: commits in the log that are not in
// the database yet. It returns what the journal says, and its note as it was
// before those commits.
func inForce(t *testing.T) (dir, whole string, idleNote []byte) {
	t.Helper()
	live := t.TempDir()
	s := lived(t, live)
	if _, err := s.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	idleNote, err := os.ReadFile(filepath.Join(live, keptNote))
	if err != nil {
		t.Fatal(err)
	}
	for n := 20; n < 23; n++ {
		mustCommit(t, s, intent(n))
		mustCommit(t, s, final(n))
	}
	whole = dump(t, s)
	dir = t.TempDir()
	for _, name := range []string{"posd.db", "posd.db-wal", keptNote} {
		copyFile(t, filepath.Join(live, name), filepath.Join(dir, name))
	}
	return dir, whole, idleNote
}

// opened opens what lies in a folder and returns all that it says; said is
// whatever a person is told.
func opened(t *testing.T, dir string) (got, said string) {
	t.Helper()
	h := &heard{Handler: slog.DiscardHandler}
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{log: slog.New(h), door: door{path: filepath.Join(dir, "posd.db")}, lock: lock, keeps: true}
	defer s.Close()
	if err := s.open(t.Context()); err != nil {
		if !errors.Is(err, sale.ErrJournalBroken) {
			t.Fatal(err)
		}
		return "", err.Error()
	}
	return dump(t, s), strings.Join(h.warnings, "; ")
}

// TestEveryByteOfALogFlippedIsHarmlessOrSaid: SQLite takes a log up to its first
// damaged frame without a word. With the note as a kill leaves it nothing may be
// lost; with the note as the last Idle left it, as a cut of the power may, what is
// lost is refused or, at the very end of the log, said.
func TestEveryByteOfALogFlippedIsHarmlessOrSaid(t *testing.T) {
	dir, whole, idleNote := inForce(t)
	wal, err := os.ReadFile(filepath.Join(dir, "posd.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := os.ReadFile(filepath.Join(dir, "posd.db"))
	if err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile(filepath.Join(dir, keptNote))
	if err != nil {
		t.Fatal(err)
	}
	w, err := scanLog(filepath.Join(dir, "posd.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	// Some frames of what lies behind: it belongs to an older round, or is wiped.
	end := min(walHeaderBytes+int(w.taken+12)*(frameHeaderBytes+pageBytes), len(wal))
	step := 1
	if *flips > 0 {
		step = max(1, end / *flips | 1)
	}
	for name, kept := range map[string][]byte{"note of the last commit": note, "note of the last idle": idleNote, "no note": nil} {
		t.Run(name, func(t *testing.T) {
			refused, harmless, told := 0, 0, 0
			for at := 0; at < end; at += step {
				dir := t.TempDir()
				wal[at] ^= 1 << (at % 8)
				for file, content := range map[string][]byte{"posd.db": db, "posd.db-wal": wal, keptNote: kept} {
					if content == nil {
						continue
					}
					if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				wal[at] ^= 1 << (at % 8)
				got, said := opened(t, dir)
				switch {
				case got == whole:
					harmless++
				case got == "":
					refused++
				case said != "" && name != "note of the last commit":
					told++
				default:
					t.Errorf("byte %d of the log was flipped, commits are lost, and what is said is %q", at, said)
				}
				os.RemoveAll(dir)
			}
			if refused == 0 || harmless == 0 {
				t.Errorf("%d refused, %d harmless: nothing was tried", refused, harmless)
			}
			t.Logf("%d bytes: %d refused, %d said, %d harmless", (end+step-1)/step, refused, told, harmless)
		})
	}
}

// TestHeadOfANewRoundMayBeTorn: all is in the database when SQLite writes the head
// of a new round over the old one, so a kill in the middle of those 32 bytes loses nothing.
func TestHeadOfANewRoundMayBeTorn(t *testing.T) {
	live := t.TempDir()
	s := lived(t, live)
	path := filepath.Join(live, "posd.db")
	mustCommit(t, s, intent(20))
	if _, err := s.write.Exec("PRAGMA wal_checkpoint(RESTART)", nil); err != nil {
		t.Fatal(err)
	}
	whole := dump(t, s)
	old, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"posd.db", keptNote} {
		copyFile(t, filepath.Join(live, name), filepath.Join(dir, name))
	}
	mustCommit(t, s, final(20))
	begun, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if string(begun[:walHeaderBytes]) == string(old[:walHeaderBytes]) {
		t.Fatal("no new round began")
	}
	torn := 0
	for n := range walHeaderBytes {
		wal := append(append([]byte{}, begun[:n]...), old[n:]...)
		at := t.TempDir()
		for _, name := range []string{"posd.db", keptNote} {
			copyFile(t, filepath.Join(dir, name), filepath.Join(at, name))
		}
		if err := os.WriteFile(filepath.Join(at, "posd.db-wal"), wal, 0o600); err != nil {
			t.Fatal(err)
		}
		got, said := opened(t, at)
		if got != whole {
			t.Errorf("%d bytes of the new head: %q", n, said)
		}
		if strings.Contains(said, "torn") {
			torn++
		}
	}
	if torn == 0 {
		t.Error("no head was torn")
	}
}

// TestLogThatIsNotTheJournalsIsRefused: cut, removed, emptied, older, another counter's.
func TestLogThatIsNotTheJournalsIsRefused(t *testing.T) {
	another := t.TempDir()
	s := mustOpen(t, another)
	for n := 1; n <= 30; n++ {
		mustCommit(t, s, intent(100+n))
	}
	type folder struct {
		t         *testing.T
		dir       string
		wal, note string
		idleNote  []byte
	}
	older := func(f folder, commits int) { // the log as it was some commits ago
		w, err := scanLog(f.wal)
		if err != nil {
			f.t.Fatal(err)
		}
		b, err := os.ReadFile(f.wal)
		if err != nil {
			f.t.Fatal(err)
		}
		from := walHeaderBytes + (w.taken-int64(commits)*15)*(frameHeaderBytes+pageBytes)
		clear(b[from:])
		if err := os.WriteFile(f.wal, b, 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	for name, do := range map[string]func(f folder){
		"cut":                     func(f folder) { os.Truncate(f.wal, 30000) },
		"cut, the note older":     func(f folder) { os.WriteFile(f.note, f.idleNote, 0o600); os.Truncate(f.wal, 20000) },
		"removed":                 func(f folder) { os.Remove(f.wal) },
		"removed, the note older": func(f folder) { os.WriteFile(f.note, f.idleNote, 0o600); os.Remove(f.wal) },
		"emptied":                 func(f folder) { os.Truncate(f.wal, 0) },
		"older":                   func(f folder) { older(f, 2) },
		"another counter's":       func(f folder) { copyFile(t, filepath.Join(another, "posd.db-wal"), f.wal) },
		"another counter's, the note older": func(f folder) {
			os.WriteFile(f.note, f.idleNote, 0o600)
			copyFile(t, filepath.Join(another, "posd.db-wal"), f.wal)
		},
		"the database emptied":                func(f folder) { os.Truncate(filepath.Join(f.dir, "posd.db"), 0) },
		"the database emptied, without a log": func(f folder) { os.Truncate(filepath.Join(f.dir, "posd.db"), 0); os.Remove(f.wal) },
		"the database and its log gone":       func(f folder) { os.Remove(filepath.Join(f.dir, "posd.db")); os.Remove(f.wal) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _, idleNote := inForce(t)
			f := folder{t, dir, filepath.Join(dir, "posd.db-wal"), filepath.Join(dir, keptNote), idleNote}
			do(f)
			before := files(t, dir)
			got, said := opened(t, dir)
			if got != "" {
				t.Fatalf("opened; it is said: %q", said)
			}
			t.Log(said)
			if !strings.Contains(said, "left as it is") || !strings.Contains(said, "restore") {
				t.Errorf("%q does not say the way out", said)
			}
			if after := files(t, dir); after != before {
				t.Errorf("files were touched:\nbefore %s\nafter  %s", before, after)
			}
			if _, err := os.Stat(filepath.Join(dir, "posd.db")); err == nil && !strings.Contains(name, "database") {
				to := filepath.Join(t.TempDir(), "copy.db")
				if _, err := BackupReadOnly(t.Context(), Config{Dir: dir}, to, quietLog); err == nil {
					t.Error("a copy was made of it")
				}
				if _, err := Restore(t.Context(), Config{Dir: t.TempDir()}, filepath.Join(dir, "posd.db"), noon, quietLog); err == nil {
					t.Error("it was taken for a sound copy")
				}
			}
		})
	}
}

// files names the journal's files of a folder with their sizes.
func files(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range list {
		if info, err := f.Info(); err == nil && f.Name() != "posd.lock" && !strings.HasSuffix(f.Name(), "-shm") {
			fmt.Fprintln(&b, f.Name(), info.Size())
		}
	}
	return b.String()
}

// TestWhatCanBeReadIsSaved: the way out of a damaged log without a copy.
func TestWhatCanBeReadIsSaved(t *testing.T) {
	dir, _, _ := inForce(t)
	wal := filepath.Join(dir, "posd.db-wal")
	b, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	w, err := scanLog(wal)
	if err != nil {
		t.Fatal(err)
	}
	b[walHeaderBytes+(w.taken/2)*(frameHeaderBytes+pageBytes)+200] ^= 4
	if err := os.WriteFile(wal, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, said := opened(t, dir); got != "" {
		t.Fatalf("opened; it is said: %q", said)
	}
	own := filepath.Join(dir, "posd.db")
	if _, err := Restore(t.Context(), Config{Dir: dir}, own, noon, quietLog); !errors.Is(err, sale.ErrJournalBroken) {
		t.Fatalf("restored from itself: %v", err)
	}
	r, err := Salvage(t.Context(), Config{Dir: dir}, own, noon, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	if !exists(r.Aside) || !exists(r.Aside+"-wal") {
		t.Errorf("the old files are not aside: %+v", r)
	}
	s := mustOpen(t, dir)
	verified(t, s)
	read(t, s, 20)
	if _, err := s.Sale(t.Context(), final(22)[0].(sale.SaleRow).Sale.ID); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("the last sale: %v", err)
	}
}

// TestJournalClosedWellNeedsNoLog: sqlite3 removes the log when it is the last to close.
func TestJournalClosedWellNeedsNoLog(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	whole := dump(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "posd.db-wal")); err != nil {
		t.Fatal(err)
	}
	if got, said := opened(t, dir); got != whole {
		t.Errorf("not opened: %q", said)
	}
}

// TestFolderExchangedUnderTheDaemonIsNoticed: new business waits, what was begun is still written.
func TestFolderExchangedUnderTheDaemonIsNoticed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	s := lived(t, dir)
	mustCommit(t, s, intent(30))
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		if _, err := s.Commit(t.Context(), intent(31)); !errors.Is(err, sale.ErrJournalBroken) || !strings.Contains(err.Error(), "is not the file") {
			t.Errorf("new business: %v", err)
		}
	}
	refused()
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, mustOpen(t, dir), intent(1))
	refused()
	mustCommit(t, s, final(30))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".old", dir); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, intent(31))
	verified(t, s)
}

func TestReadersMakeNoFile(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	path := filepath.Join(dir, "posd.db")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.read.SetMaxIdleConns(0) // the next reader is a new one
	s.Recover(t.Context())
	if exists(path) {
		t.Error("a reader made a new journal")
	}
}
