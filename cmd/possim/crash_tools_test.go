//go:build tools

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"posd/device/planted"
)

// These tests need the permission to trace a process, which some containers withhold.

// TestAKilledPosdBreaksNoRule runs a share of the crash points, evenly spread;
// make crash runs them all.
func TestAKilledPosdBreaksNoRule(t *testing.T) {
	out := play(t, "-script", "crashpoints", "-every", "50", "-jobs", "8", "-posd", program(t, "posd"))
	t.Log(out)
}

// TestCrashPointsSeePlantedBugs plants two bugs of testdata/bugs into posd and
// kills it where each must show.
func TestCrashPointsSeePlantedBugs(t *testing.T) {
	const wal = "data/posd.db-wal"
	for _, c := range []struct {
		bug, says string
		at        func([]mark) aim
	}{
		{"02-charge-before-the-intent-is-stored", "posd knows nothing of it", func(marks []mark) aim { // held at the last write of the intent
			all := aimsAt(marks)
			return all[slices.IndexFunc(all, func(a aim) bool { return a.where == wal && a.how == held })]
		}},
		{"04-sent-again-after-a-restart", "its money was taken 2 times", func(marks []mark) aim { // the answer is acknowledged and not stored
			for _, next := range []func(m mark) bool{
				func(m mark) bool { return strings.HasPrefix(m.head, "\x02T00") },
				func(m mark) bool { return m.where == "terminal" && m.head == "\x06" },
				func(m mark) bool { return m.where == wal },
			} {
				marks = marks[slices.IndexFunc(marks, next):]
			}
			return aim{wal, marks[0].n, before}
		}},
	} {
		t.Run(c.bug, func(t *testing.T) {
			card, err := flowsNamed("card")
			if err != nil {
				t.Fatal(err)
			}
			set := setup{posd: planted.Read(t, "../..", filepath.Join("..", "..", "testdata", "bugs", c.bug+".patch")).Build(t, "build", "posd/cmd/posd"), driver: "nextion"}
			count := crashOnce(t.Context(), card[0], aim{}, set)
			if count.err != nil {
				t.Fatal(count.err)
			}
			a := c.at(count.marks)
			if got := crashOnce(t.Context(), card[0], a, set); got.struck == nil || got.err == nil || !strings.Contains(got.err.Error(), c.says) {
				t.Errorf("killed at %s (%v) it is not seen: %v", a, got.struck, got.err)
			}
		})
	}
}

// traceWriter traces writeLines to its end.
func traceWriter(t *testing.T, a aim, fromStart bool) (left string, tr *tracer, err error) {
	t.Helper()
	tr = newTracer(a, fromStart)
	tr.root = t.TempDir()
	tr.line = func(string) string { return "" }
	tr.peer = func(int, int) string { return "" }
	t.Setenv("POSSIM_TEST_AT_ONCE", "")
	t.Setenv("POSSIM_TEST_FILE", filepath.Join(tr.root, "lines"))
	t.Setenv("POSSIM_TEST_DAEMON", "writes")
	if fromStart {
		t.Setenv("POSSIM_TEST_AT_ONCE", "yes")
	}
	d, err := startDaemon(os.Args[0], nil, nil, tr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	if !fromStart {
		d.hello(t)
		close(tr.begin)
	}
	<-tr.armed
	if tr.refused != nil {
		t.Fatal(tr.refused)
	}
	if !fromStart { // it waits for that word
		d.cmd.Process.Signal(syscall.SIGTERM)
	}
	<-d.Done()
	text, _ := os.ReadFile(filepath.Join(tr.root, "lines"))
	return string(text), tr, d.err
}

func TestTracerKillsWhereItIsTold(t *testing.T) {
	var all bytes.Buffer
	lines := []string{""}
	for i := range 9 {
		fmt.Fprintf(&all, "line %d\n", i+1)
		lines = append(lines, all.String())
	}
	for _, c := range []struct {
		aim  aim
		left string
	}{
		{aim{}, lines[9]},
		{aim{"lines", 10, before}, lines[8]}, // the first mark is the file's making
		{aim{"lines", 2, before}, ""},
		{aim{"lines", 5, torn}, lines[3] + "lin"},
		{aim{"lines", 5, held}, lines[3]},
	} {
		for _, fromStart := range []bool{false, true} {
			left, tr, err := traceWriter(t, c.aim, fromStart)
			if left != c.left {
				t.Errorf("%s, from the start %v: it left %q, want %q", c.aim, fromStart, left, c.left)
			}
			marks, struck := tr.seen()
			if killed := c.aim != (aim{}); killed != (struck != nil) || killed != (err != nil) {
				t.Errorf("%s, from the start %v: struck at %v of %d marks, ended with %v", c.aim, fromStart, struck, len(marks), err)
			}
		}
	}
}

func TestWhatAHeldThreadDoesNotStopGoesOn(t *testing.T) {
	left, tr, _ := traceWriter(t, aim{"lines", 3, held}, false)
	marks, struck := tr.seen()
	if left != "line 1\n" || struck == nil {
		t.Fatalf("held at %v, it left %q", struck, left)
	}
	at := slices.Index(marks, *struck)
	if !slices.ContainsFunc(marks[at:], func(m mark) bool { return m.where == "beside" }) {
		t.Errorf("nobody left a mark beside the held thread: %v", marks)
	}
}
