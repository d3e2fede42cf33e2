// Package planted reads the bugs of testdata/bugs and builds programs that have one,
// so that a test can show what it sees: its only user is tests.
//
//	A refund that is accepted is called done.     words: what is broken
//	Found within 2000 seeds.                      what finds it
//
//	--- a/device/core/givingback.go               one file
//	+++ b/device/core/givingback.go
//	@@ -1,1 +1,1 @@                               its places; each stands in the file just once,
//	-was                                          wherever: line numbers are not looked at
//	+is
package planted

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Bug is one of testdata/bugs.
type Bug struct {
	Name   string // without .patch
	About  string // the words before the patch
	File   string // that it changes, from the root of the module
	root   string
	broken string
}

// Read reads a bug of the module in root and plants it in memory. It fails where its
// lines do not stand in the file exactly once.
func Read(t testing.TB, root, path string) Bug {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	about, patch, ok := strings.Cut(string(text), "\n--- a/")
	if !ok {
		t.Fatalf("%s names no file", path)
	}
	file, hunks, _ := strings.Cut(patch, "\n")
	_, hunks, _ = strings.Cut(hunks, "\n@@") // behind +++
	b := Bug{Name: strings.TrimSuffix(filepath.Base(path), ".patch"), About: about, File: strings.TrimSpace(file), root: root}
	source, err := os.ReadFile(filepath.Join(root, b.File))
	if err != nil {
		t.Fatal(err)
	}
	b.broken = string(source)
	for _, hunk := range strings.Split(hunks, "\n@@") {
		was, is := sides(hunk)
		if n := strings.Count(b.broken, was); n != 1 || was == is {
			t.Fatalf("%s does not fit %s any more: these lines stand there %d times:\n%s", b.Name, b.File, n, was)
		}
		b.broken = strings.Replace(b.broken, was, is, 1)
	}
	return b
}

// sides returns what a place of a patch was and what it is to be.
func sides(hunk string) (was, is string) {
	_, lines, _ := strings.Cut(hunk, "\n") // the rest of the line of @@
	for line := range strings.Lines(lines) {
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		if line[0] != '+' {
			was += line[1:]
		}
		if line[0] != '-' {
			is += line[1:]
		}
	}
	return was, is
}

// Build has go build, or go test -c, make a program with the bug; what is built stands
// at the end of args. It returns the program's path.
func (b Bug) Build(t testing.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	changed, list, program := filepath.Join(dir, filepath.Base(b.File)), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "planted")
	source, err := filepath.Abs(filepath.Join(b.root, b.File))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{changed: []byte(b.broken), list: overlay} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	last := len(args) - 1
	args = append(append([]string{}, args[:last]...), "-overlay", list, "-o", program, args[last])
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%s does not build: %v\n%s", b.Name, err, out)
	}
	return program
}

// Run builds the tests of pkg, a folder, with the bug, runs them there, and returns
// what they say; passed reports that they saw nothing.
func (b Bug) Run(t testing.TB, pkg string, args ...string) (out string, passed bool) {
	t.Helper()
	run := exec.Command(b.Build(t, "test", "-c", pkg), args...)
	run.Dir = pkg // where its test data is
	text, err := run.CombinedOutput()
	return string(text), err == nil
}
