package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestACopyVerifiesWhatWasNotVerifiedBefore counts the commits that copies read.
func TestACopyVerifiesWhatWasNotVerifiedBefore(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	copied := func() Verified {
		t.Helper()
		v, err := s.backup(t.Context(), filepath.Join(t.TempDir(), "copy.db"))
		if err != nil {
			t.Fatal(err)
		}
		if v.Commit != s.Commits() {
			t.Fatalf("verified up to commit %d of %d", v.Commit, s.Commits())
		}
		return v
	}
	if v := copied(); v.From != 0 {
		t.Errorf("the first copy was verified from commit %d on", v.From)
	}
	before := s.Commits()
	mustCommit(t, s, intent(50))
	if v := copied(); v.From != before {
		t.Errorf("the second copy was verified from commit %d on, not from %d", v.From, before)
	}
	for n := 0; n < wholeEvery-1; n++ {
		if v := copied(); v.From == 0 {
			t.Fatalf("copy %d was verified wholly", n+3)
		}
	}
	if v := copied(); v.From != 0 {
		t.Errorf("nothing was verified wholly in %d copies", wholeEvery+2)
	}
	note := filepath.Join(dir, verifiedNote)
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	known, _ := LastVerified(dir)
	for name, other := range map[string]string{
		"of another journal":            strings.Replace(string(text), known.hash[:8], "00000000", 1),
		"that is torn":                  string(text[:20]),
		"that is empty":                 "",
		"of a commit that is not there": strings.Replace(string(text), fmt.Sprintf("commit %d ", known.Commit), "commit 9000000 ", 1),
	} {
		if err := os.WriteFile(note, []byte(other), 0o640); err != nil {
			t.Fatal(err)
		}
		if v := copied(); v.From != 0 {
			t.Errorf("after a note %s the copy was verified from commit %d on", name, v.From)
		}
	}
	if err := walkAll(t, s, func(int) {}); err != nil {
		t.Fatal(err)
	}
	if v, ok := LastVerified(dir); !ok || v.From != 0 || v.Commit != s.Commits() {
		t.Errorf("a walk left %+v, %v", v, ok)
	}
}

// TestACopyFindsWhatIsNotAsItWasWritten: what was written since the last verification, the
// links behind it and the pages are looked at in every copy; what is older in those that read all.
func TestACopyFindsWhatIsNotAsItWasWritten(t *testing.T) {
	for _, c := range []struct {
		script string
		about  string
	}{
		{"UPDATE sales SET amount_cents = amount_cents + 1 WHERE id = (SELECT id FROM sales ORDER BY n DESC LIMIT 1)", "is not as commit"},
		{"DROP TRIGGER commits_never_change; UPDATE commits SET hash = 'x' WHERE no = (SELECT max(no) FROM commits) - 1", "does not agree with its hash"},
		{"DROP TRIGGER commits_never_leave; DELETE FROM commits WHERE no = (SELECT max(no) FROM commits) - 1", "is missing"},
		{"DROP TRIGGER events_stay; DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "is missing"},
	} {
		dir := t.TempDir()
		s := lived(t, dir)
		to := filepath.Join(t.TempDir(), "copy.db")
		if err := s.Backup(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		mustCommit(t, s, intent(50))
		mustCommit(t, s, intent(51))
		mustCommit(t, s, intent(52))
		if _, err := s.write.Exec(c.script, nil); err != nil {
			t.Fatalf("%s: %v", c.script, err)
		}
		if err := s.Backup(t.Context(), to); err == nil || !strings.Contains(err.Error(), c.about) {
			t.Errorf("%s: the copy says %v", c.script, err)
		}
	}
}
