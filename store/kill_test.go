package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestKillLosesNothingAcknowledged runs the store in a process of its own, with
// readers and the real file layer, and kills it (SIGKILL) while it commits,
// copies its log and turns it over.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 1))
	next := 0
	for range 12 {
		done := untilKilled(t, dir, next, 20+r.IntN(200), r)
		s := mustOpen(t, dir)
		verified(t, s)
		for n := next; n < done; n++ {
			if whole, err := there(s, n); err != nil || !whole {
				t.Fatalf("commit %d was acknowledged before the kill: there %v, %v", n, whole, err)
			}
		}
		if _, err := there(s, done); err != nil { // the one under way: whole or not at all
			t.Fatal(err)
		}
		s.Close()
		next = (done + 2) / 2 * 2
	}
	t.Logf("%d commits", next)
}

// untilKilled starts a child that commits from number first on, kills it a
// moment after it acknowledged some, and returns the first number that it did
// not acknowledge.
func untilKilled(t *testing.T, dir string, first, some int, r *rand.Rand) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
	cmd.Env = append(os.Environ(), "STORE_TEST_DIR="+dir, fmt.Sprint("STORE_TEST_FIRST=", first))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := first
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &n); err != nil {
			continue
		}
		done = n + 1
		if done-first == some {
			time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return done
}

// TestKilledChild is the process that gets killed; alone it does nothing.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("STORE_TEST_DIR")
	if dir == "" {
		return
	}
	var n int
	fmt.Sscan(os.Getenv("STORE_TEST_FIRST"), &n)
	s, err := Open(t.Context(), Config{Dir: dir}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	for ; ; n++ {
		rows := intent(n / 2)
		if n%2 == 1 {
			rows = final(n / 2)
		}
		mustCommit(t, s, rows)
		fmt.Printf("acknowledged %d\n", n)
		if n%7 == 0 {
			if _, err := s.Idle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
