//go:build tools

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// diskBox is a box whose state is on a small disk of its own.
func diskBox(t *testing.T, size string) (b *box, state string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("only root can mount a disk: run make test-tools as root")
	}
	b = newBox(t, noTerminal)
	state = filepath.Join(b.dir, "state")
	if err := os.Mkdir(state, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(state, syscall.MNT_DETACH) })
	return b, state
}

// fill leaves as many bytes free on the disk of a folder.
func fill(t *testing.T, dir string, leave uint64) (remove func()) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "somebody's film")
	err := os.WriteFile(path, make([]byte, st.Bavail*uint64(st.Bsize)-leave), 0o600)
	if err != nil && !(leave == 0 && errors.Is(err, syscall.ENOSPC)) { // posd may have taken some of it meanwhile: full is full
		t.Fatal(err)
	}
	return func() { os.Remove(path) }
}

func TestAFullDiskRefusesNewSalesAndSellingResumes(t *testing.T) {
	b, state := diskBox(t, "128m")
	b.daemon()
	first := b.sell()
	free := fill(t, state, 10<<20)
	b.says(exitRefused, []string{"sale", "1.00", "-method", "card"}, "64 MiB are kept", "selling goes on by itself")
	b.says(0, []string{"show", string(first)}, "cancelled")
	free()
	b.sell()

	free = fill(t, state, 0)
	b.says(exitRefused, []string{"sale", "1.00", "-method", "card"}, "64 MiB are kept")
	b.says(exitRefused, []string{"backup", filepath.Join(state, "copy")}, "full")
	if left, _ := filepath.Glob(filepath.Join(state, "copy*")); len(left) > 0 {
		t.Errorf("a copy without room left %q", left)
	}
	free()
	b.sell()
}

func TestAStartOnAFullDiskIsSaidOrWorks(t *testing.T) {
	b, state := diskBox(t, "32m")
	free := fill(t, state, 0)
	b.says(exitRefused, []string{"run"}, "free some room")
	free()
	d := b.daemon()
	d.end(syscall.SIGTERM)
	free = fill(t, state, 0)
	b.daemon() // what was begun can be looked up and ended, though nothing new is sold
	b.says(exitRefused, []string{"sale", "1.00", "-method", "card"}, "MiB are kept")
	b.says(0, []string{"sales"})
	free()
}

func TestAReadOnlyDiskIsSaidAndSellingResumes(t *testing.T) {
	b, state := diskBox(t, "128m")
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", state, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	b.says(exitRefused, []string{"run"}, "read-only")
	remount(0)
	d := b.daemon()
	first := b.sell()
	d.end(syscall.SIGTERM)
	before := contents(t, state)
	remount(syscall.MS_RDONLY)
	b.says(exitRefused, []string{"run"}, "read-only")
	out := b.says(0, []string{"backup", filepath.Join(b.dir, "copy")}, "verified") // off a disk that is dying
	if !strings.Contains(out, "copy") {
		t.Error(out)
	}
	b.says(exitRefused, []string{"restore", filepath.Join(b.dir, "copy")}, "read-only")
	for path, text := range contents(t, state) {
		if before[path] != text {
			t.Errorf("%s was changed", path)
		}
	}
	remount(0)
	b.daemon()
	b.says(0, []string{"show", string(first)}, "cancelled")
	b.sell()
}

// A stick of another file system: copies go there, and one that is full or read-only is said.
func TestCopiesGoToAnotherDisk(t *testing.T) {
	b, stick := diskBox(t, "64m")
	b.write("[backup]\npath = \"" + stick + "\"\nevery = \"1s\"\nkeep = 3\nreserve_mib = 1\n" + noTerminal)
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	// The journal is elsewhere; the small disk is the stick.
	os.WriteFile(b.config, []byte(strings.Replace(string(text), "[store]\ndir = \""+stick, "[store]\ndir = \""+filepath.Join(b.dir, "journal"), 1)), 0o600)
	b.daemon()
	well := func(want bool, words string) func() bool {
		return func() bool {
			_, out, _ := b.run("check")
			for line := range strings.Lines(out) {
				if strings.Contains(line, "  backup ") {
					return strings.HasPrefix(line, "ok") == want && strings.Contains(line, words)
				}
			}
			return false
		}
	}
	b.until("the first copy", well(true, "the last copy"))
	free := fill(t, stick, 1<<20)
	b.until("the full stick to be said", well(false, "larger stick"))
	b.sell()
	free()
	b.until("copies to go on", well(true, "the last copy"))
	if err := syscall.Mount("tmpfs", stick, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	b.until("the read-only stick to be said", well(false, "read-only"))
	b.sell()
	syscall.Unmount(stick, syscall.MNT_DETACH)
	b.until("the stick to be missed", well(false, "same disk"))
	b.sell()
}
