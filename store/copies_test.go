package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// filled is lived by way of Open.
func filled(t *testing.T, dir string) *Store {
	t.Helper()
	if err := lived(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Dir: dir}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// copiesIn returns copies into a folder of the same disk, and the names there.
func copiesIn(t *testing.T, keep int) (Copies, func() []string) {
	t.Helper()
	c := CopiesDefaults()
	c.Path, c.Keep, c.SameDisk, c.ReserveMiB = filepath.Join(t.TempDir(), "stick"), keep, true, 10
	if err := os.Mkdir(c.Path, 0o750); err != nil {
		t.Fatal(err)
	}
	return c, func() (names []string) {
		found, err := os.ReadDir(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			names = append(names, f.Name())
		}
		return names
	}
}

func mustCopy(t *testing.T, s *Store, c Copies, at time.Time) Copied {
	t.Helper()
	done, err := s.Copy(t.Context(), c, at)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestCopiesAreVerifiedNumberedAndBounded(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, dir)
	c, names := copiesIn(t, 2)
	for _, f := range []string{"taxes.ods", "posd-000009-20261121T120000Z.db.part", "posd-000009-20261121T120000Z.db.part-wal", "posd-notes.db"} {
		if err := os.WriteFile(filepath.Join(c.Path, f), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustCopy(t, s, c, noon)
	mustCopy(t, s, c, noon.Add(time.Hour))
	last := mustCopy(t, s, c, time.Unix(60, 0)) // a box without a clock was started: the newest stays all the same
	want := []string{"posd-000002-20261121T130000Z.db", "posd-000003-19700101T000100Z.db", "posd-notes.db", "taxes.ods"}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
	if err := verifyFile(t.Context(), last.Path); err != nil {
		t.Error(err)
	}
	if got, ok := LastCopy(dir); !ok || got.Path != last.Path || !got.At.Equal(last.At) {
		t.Errorf("the last copy is said to be %+v, %v", got, ok)
	}
	if c.Empty() {
		t.Error("a folder with copies is said to be empty")
	}
}

func TestCopiesLeaveRoomButNeverTheLastOne(t *testing.T) {
	s := filled(t, t.TempDir())
	c, names := copiesIn(t, 10)
	for i := range 3 {
		mustCopy(t, s, c, noon.Add(time.Duration(i)*time.Hour))
	}
	need, err := size(s.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	enough := uint64(need) + 10<<20
	// Room for one more comes when one left.
	s.free = func(string) (uint64, error) { return enough - 3 + uint64(3-min(3, len(names())))*3, nil }
	mustCopy(t, s, c, noon.Add(4*time.Hour))
	if got := names(); len(got) != 3 || !strings.HasPrefix(got[0], "posd-000002-") {
		t.Errorf("after a copy into little room: %q", got)
	}
	// On the journal's own disk the room that selling needs is kept, too.
	s.cfg.ReserveMiB = 20
	if _, err := s.Copy(t.Context(), Copies{Path: t.TempDir(), Keep: 2, ReserveMiB: 10, SameDisk: true}, noon); err == nil || !strings.Contains(err.Error(), "20 are kept free") {
		t.Errorf("with room for copies and none for sales: %v", err)
	}
	s.cfg.ReserveMiB = 0
	// None is there, whatever leaves.
	s.free = func(string) (uint64, error) { return enough - 1, nil }
	if _, err := s.Copy(t.Context(), c, noon.Add(5*time.Hour)); err == nil || !strings.Contains(err.Error(), "larger stick") {
		t.Errorf("without room: %v", err)
	}
	if got := names(); len(got) != 1 || !strings.HasPrefix(got[0], "posd-000004-") {
		t.Errorf("without room the folder holds %q, not the newest copy", got)
	}
}

func TestAMissingStickIsNotTakenForTheDiskBelowIt(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, dir)
	c, names := copiesIn(t, 2)
	c.SameDisk = false
	if _, err := s.Copy(t.Context(), c, noon); err == nil || !strings.Contains(err.Error(), "same_disk") {
		t.Errorf("onto the journal's own disk: %v", err)
	}
	if got := names(); len(got) != 0 {
		t.Errorf("there lies %q", got)
	}
	c.SameDisk, c.Path = true, filepath.Join(c.Path, "no such folder")
	if _, err := s.Copy(t.Context(), c, noon); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("into no folder: %v", err)
	}
	c.Path = filepath.Join(dir, "posd.db")
	if _, err := s.Copy(t.Context(), c, noon); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("into a file: %v", err)
	}
	if _, ok := LastCopy(dir); ok {
		t.Error("a copy is said to have been made")
	}
}

func TestAnotherProcessMayCopyWhatADaemonHolds(t *testing.T) {
	dir := t.TempDir()
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := BackupReadOnly(t.Context(), Config{Dir: dir}, to, quietLog); err == nil || !strings.Contains(err.Error(), "no journal yet") {
		t.Errorf("without a journal: %v", err)
	}
	if exists(filepath.Join(dir, "posd.db")) {
		t.Fatal("a journal was made")
	}
	s := lived(t, dir)
	for _, held := range []bool{true, false} {
		if !held {
			s.Close()
		}
		if _, err := BackupReadOnly(t.Context(), Config{Dir: dir}, to, quietLog); err != nil {
			t.Fatalf("held %v: %v", held, err)
		}
		if err := verifyFile(t.Context(), to); err != nil {
			t.Errorf("held %v: %v", held, err)
		}
	}
	// As a restore left it: a journal without a log.
	if _, err := Restore(t.Context(), Config{Dir: dir}, to, noon, quietLog); err != nil {
		t.Fatal(err)
	}
	if _, err := BackupReadOnly(t.Context(), Config{Dir: dir}, to, quietLog); err != nil {
		t.Errorf("after a restore: %v", err)
	}
	verified(t, mustOpen(t, dir))
}

func TestWhatRootRestoresBelongsToTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	good := lived(t, t.TempDir())
	to := filepath.Join(t.TempDir(), "posd.backup")
	if err := good.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const posd = 4711
	if err := os.Chown(dir, posd, posd); err != nil {
		t.Fatal(err)
	}
	done, err := Restore(t.Context(), Config{Dir: dir}, to, noon, quietLog)
	if err != nil || done.SetAside == 0 || !done.LostTo.Equal(noon) {
		t.Fatalf("%+v, %v", done, err)
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != posd || st.Gid != posd {
			t.Errorf("%s belongs to %d:%d", f.Name(), st.Uid, st.Gid)
		}
	}
}
