package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// idleFor is how long the idle daemon is watched.
const idleFor = 30 * time.Second

// clockTicks is the unit of processor time in /proc: USER_HZ, 100 on every
// Linux that Go runs on.
const clockTicks = 100

// playIdle sells once, lets posd do nothing, and says what that costs. It
// judges nothing: what is right depends on the machine.
func playIdle(ctx context.Context, st *stage) error {
	if _, err := st.scene(ctx, scene{name: "card, approved", method: "card", cents: 2865, want: cardPaid}); err != nil {
		return err
	}
	if !pause(ctx, 5*time.Second) { // the result leaves the display, the journal tidies up
		return nil
	}
	before, err := usageOf(st.running().cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Fprintf(st.out, "posd is idle for %s, with a terminal, a display, a printer and a gateway\n", idleFor)
	if !pause(ctx, idleFor) {
		return nil
	}
	after, err := usageOf(st.running().cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Fprintf(st.out, "memory   %.1f MB resident\nprocessor time %s, woken %d times\n",
		float64(after.resident)/1e6, after.cpu-before.cpu, after.switches-before.switches)
	return nil
}

// usage is what the kernel says of a process.
type usage struct {
	resident int64
	cpu      time.Duration
	switches int64 // voluntary, all threads: each is a thread that went to sleep
}

func usageOf(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the name, which may hold anything
	f := strings.Fields(rest)
	if len(f) < 22 {
		return u, fmt.Errorf("/proc/%d/stat is not understood: %q", pid, stat)
	}
	number := func(s string) int64 {
		n, bad := strconv.ParseInt(s, 10, 64)
		if bad != nil && err == nil {
			err = bad
		}
		return n
	}
	// Fields 14, 15 and 24 of proc(5); rest begins with field 3.
	u.cpu = time.Duration(number(f[11])+number(f[12])) * time.Second / clockTicks
	u.resident = number(f[21]) * int64(os.Getpagesize())
	tasks, readErr := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if readErr != nil {
		return u, readErr
	}
	for _, t := range tasks {
		status, readErr := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", pid, t.Name()))
		if readErr != nil {
			continue // the thread has ended
		}
		for line := range strings.Lines(string(status)) {
			if n, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
				u.switches += number(strings.TrimSpace(n))
			}
		}
	}
	return u, err
}
