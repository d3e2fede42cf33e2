package planted_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"posd/device/planted"
)

// patches are the planted bugs, those of folders in testdata/bugs included.
func patches(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("../../testdata/bugs/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../testdata/bugs/*/*.patch")
	if err != nil || len(all) < 12 || len(more) < 4 {
		t.Fatalf("%d and %d planted bugs, %v", len(all), len(more), err)
	}
	return append(all, more...)
}

// Each planted bug has a number of its own, fits its file, and says what finds it.
func TestEveryPlantedBugHasItsNumberAndFits(t *testing.T) {
	of := map[string]string{}
	for _, path := range patches(t) {
		b := planted.Read(t, "../..", path)
		number, name, ok := strings.Cut(b.Name, "-")
		if !ok || name == "" || len(number) != 2 || strings.Trim(number, "0123456789") != "" {
			t.Errorf("%s: name it number-what-is-broken.patch", path)
		}
		if other := of[number]; other != "" {
			t.Errorf("%s and %s have one number", other, b.Name)
		}
		of[number] = b.Name
		if !strings.Contains(b.About, "Found ") {
			t.Errorf("%s does not say what finds it", b.Name)
		}
	}
}

// A bug whose lines do not stand in its file once does not fit.
func TestBugThatDoesNotFitIsSaid(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a.go":      "one\ntwo\none\nthree\n",
		"fits":      "w\n\n--- a/a.go\n+++ b/a.go\n@@ -9,9 +9,9 @@\n-two\n+2\n@@ -1,1 +1,1 @@\n one\n-three\n+3\n",
		"twice":     "w\n\n--- a/a.go\n+++ b/a.go\n@@ -1,1 +1,1 @@\n-one\n+1\n",
		"not there": "w\n\n--- a/a.go\n+++ b/a.go\n@@ -1,1 +1,1 @@\n-four\n+4\n",
		"no change": "w\n\n--- a/a.go\n+++ b/a.go\n@@ -1,1 +1,1 @@\n two\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, fits := range map[string]bool{"fits": true, "twice": false, "not there": false, "no change": false} {
		if got := readable(t, root, filepath.Join(root, name)); got != fits {
			t.Errorf("%s: fits %v", name, got)
		}
	}
}

// readable reports whether a bug is read without a complaint.
func readable(t *testing.T, root, path string) bool {
	quiet := &complaint{TB: t}
	done := make(chan struct{})
	go func() { // a complaint ends its goroutine, as it ends a test
		defer close(done)
		planted.Read(quiet, root, path)
	}()
	<-done
	return !quiet.made
}

type complaint struct {
	testing.TB
	made bool
}

func (c *complaint) Fatal(...any)          { c.made = true; runtime.Goexit() }
func (c *complaint) Fatalf(string, ...any) { c.made = true; runtime.Goexit() }
