package main

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"testing"
)

// TestNoTemplateIsRun: a program that can run a template keeps every method of every type
// it has, in case one names it: a tenth of its size.
func TestNoTemplateIsRun(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("text/template.(*state).evalField")) {
		t.Error("posd can run a template: which call of cobra's or another's needs one?")
	}
}

// TestAStartLeavesGarbageUntilItIsOver: and bounded; afterwards all is as it was.
func TestAStartLeavesGarbageUntilItIsOver(t *testing.T) {
	was := debug.SetGCPercent(70)
	defer debug.SetGCPercent(was)
	limit := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(limit)
	over := collectLater()
	if now := debug.SetMemoryLimit(-1); now != startHeap {
		t.Errorf("%d bytes may be taken", now)
	}
	if now := debug.SetGCPercent(-1); now != -1 {
		t.Errorf("garbage is collected at %d %%", now)
	}
	over()
	if now := debug.SetMemoryLimit(-1); now != math.MaxInt64 {
		t.Errorf("afterwards %d bytes may be taken", now)
	}
	if now := debug.SetGCPercent(70); now != 70 {
		t.Errorf("afterwards garbage is collected at %d %%", now)
	}
}
