//go:build tools && linux && amd64

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"posd/cmd/possim/loopback"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// way gathers the system calls between the arrival of a request for a card sale and the
// frame that leaves for the terminal.
type way struct {
	reads map[int][6]uint64 // what a thread is reading into
	where func(pid int, fd int32) string

	mu    sync.Mutex // guards what follows
	on    bool
	calls []string
	all   [][]string // one list a sale
}

// scheduling are the calls of the run time's own: how many they are says how busy the
// machine is.
var scheduling = []uint64{unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_CTL, unix.SYS_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_GETPID, unix.SYS_TGKILL,
	unix.SYS_RT_SIGRETURN, unix.SYS_MADVISE, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_CLONE, unix.SYS_GETTID, unix.SYS_SIGALTSTACK, unix.SYS_RT_SIGPROCMASK,
	unix.SYS_BRK, unix.SYS_SCHED_GETAFFINITY, unix.SYS_CLONE3, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ}

func (w *way) hear(pid, tid int, over bool, nr uint64, args [6]uint64) {
	if over {
		into, reading := w.reads[tid]
		delete(w.reads, tid)
		if n := int64(nr); reading && n > 0 && strings.HasPrefix(head(pid, into[1], int(n)), "POST /v1/sales ") {
			w.mu.Lock()
			w.on, w.calls = true, nil
			w.mu.Unlock()
		}
		return
	}
	if nr == unix.SYS_READ {
		w.reads[tid] = args
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on || slices.Contains(scheduling, nr) || nr <= unix.SYS_WRITE && wakes(pid, args[0]) {
		return
	}
	if nr == unix.SYS_WRITE && strings.HasPrefix(head(pid, args[1], int(args[2])), "\x02T00") {
		w.on, w.all = false, append(w.all, w.calls)
		return
	}
	name := fmt.Sprint(nr)
	if known, ok := callNames[nr]; ok {
		name = known
	}
	w.calls = append(w.calls, name+" "+w.where(pid, int32(args[0])))
}

// wakes reports whether a descriptor is the one by which the run time's threads wake each other.
func wakes(pid int, fd uint64) bool {
	target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	return target == "anon_inode:[eventfd]"
}

var callNames = map[uint64]string{unix.SYS_READ: "read", unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync",
	unix.SYS_FCNTL: "fcntl", unix.SYS_IOCTL: "ioctl", unix.SYS_NEWFSTATAT: "stat", unix.SYS_STATFS: "statfs", unix.SYS_PREAD64: "pread"}

// callsToTheTerminal is what a card sale needs from its request to its frame:
//
//	4  SQLite's lock, taken and given back for each of two look-ups (key, bill)
//	2  where the journal is, and whether its disk has room
//	6  the intent: two locks, one write, one barrier, and the locks given back
//	1  how far the journal goes (posd.kept)
//	3  the customer's display, and what it answers
//	2  the answer to the request, and a look whether who asked is still there
//	2  the terminal's line: that it is there, and that nothing stands in it
const callsToTheTerminal = 20

// TestASaleReachesTheTerminalInFewCalls counts system calls, and leaves out those by
// which Go's run time shares the processors.
func TestASaleReachesTheTerminalInFewCalls(t *testing.T) {
	const sales = 10
	set := setup{posd: program(t, "posd"), driver: "nextion", asleep: true, waits: crashWaits()}
	var err error
	if set.listen, err = loopback.Addr(); err != nil {
		t.Fatal(err)
	}
	at, err := openCounter(t.Context(), set, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	r := &crash{stage: &stage{counter: at, customer: at.customer(), out: io.Discard}, sales: map[string]saleView{}, movements: map[string]refund{}, ended: map[string]string{}}
	tr := newTracer(aim{}, false)
	tr.root, tr.line, tr.peer = r.dir, r.lineOf, r.peerOf
	w := &way{reads: map[int][6]uint64{}, where: func(pid int, fd int32) string { where, _ := tr.descriptor(pid, fd); return where }}
	tr.every = w.hear
	at.tracer, r.tracer = tr, tr
	if err := at.startPosd(t.Context()); err != nil {
		t.Fatal(err)
	}
	sell := func(i int) {
		if err := card(fmt.Sprint("counted ", i), int64(1000+i))(context.WithoutCancel(t.Context()), r); err != nil {
			t.Fatal(err)
		}
	}
	sell(0)
	close(tr.begin)
	if <-tr.armed; tr.refused != nil {
		t.Fatal(tr.refused)
	}
	for i := range sales {
		r.quiet(t.Context()) // the journal's, of the sale before
		sell(i + 1)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) != sales {
		t.Fatalf("%d of %d sales were seen to reach the terminal", len(w.all), sales)
	}
	fewest := slices.MinFunc(w.all, func(a, b []string) int { return len(a) - len(b) })
	if len(fewest) > callsToTheTerminal {
		t.Errorf("a sale reaches the terminal in %d system calls, not %d:\n%s", len(fewest), callsToTheTerminal, strings.Join(fewest, "\n"))
	}
	for _, list := range w.all {
		t.Logf("%d: %s", len(list), strings.Join(list, ", "))
	}
}
