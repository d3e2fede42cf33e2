package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// mark is one system call that leaves something outside the process: in a
// file, on a line, on the network. Marks are numbered for each place, because
// what goes to one place goes in order; between places threads race.
type mark struct {
	where string // "data/posd.db-wal", "terminal", "gateway"
	n     int    // from 1, of this place
	call  string // "pwrite64"
	bytes int    // to be written; -1: the call writes none
	head  string // how what goes over a wire begins
}

func (m mark) String() string {
	text := fmt.Sprintf("%s #%d %s", m.where, m.n, m.call)
	if m.bytes >= 0 {
		text += fmt.Sprintf(" %d bytes", m.bytes)
	}
	if m.head != "" {
		text += fmt.Sprintf(" %q", m.head)
	}
	return text
}

// how a process is killed at a mark.
type how string

const (
	before how = ""      // the call is not done
	torn   how = "/half" // half of its bytes are written
	// The call is not done, and its thread stands still for a while before the
	// kill, as behind a slow disk or a full line, while the others go on:
	// whatever should have waited for the call, and did not, is done by then.
	held how = "/held"
)

// aim is where a process is killed: at the n-th mark of a place. The zero aim
// is nowhere.
type aim struct {
	where string
	n     int
	how   how
}

func (a aim) String() string { return a.where + "#" + strconv.Itoa(a.n) + string(a.how) }

// parseAim reads what String wrote.
func parseAim(text string) (aim, error) {
	where, number, _ := strings.Cut(text, "#")
	a := aim{where: where}
	for _, a.how = range []how{torn, held, before} {
		if rest, ok := strings.CutSuffix(number, string(a.how)); ok {
			number = rest
			break
		}
	}
	var err error
	if a.n, err = strconv.Atoi(number); where == "" || err != nil || a.n < 1 {
		return aim{}, fmt.Errorf("%q is no crash point: write it as %s, %s or %s", text,
			aim{"terminal", 3, before}, aim{"data/posd.db-wal", 12, torn}, aim{"data/posd.db-wal", 23, held})
	}
	return a, nil
}

// aimsAt returns the points of a flow's marks: before each; in the middle of
// it, where it writes more than one byte; and held at it, where something may
// wait for it: at what goes over a wire, and at the last write before a sync. (At
// the sync itself is too late: what is written survives the process without it.)
func aimsAt(marks []mark) []aim {
	var aims []aim
	for i, m := range marks {
		aims = append(aims, aim{m.where, m.n, before})
		if m.bytes > 1 {
			aims = append(aims, aim{m.where, m.n, torn})
		}
		next := slices.IndexFunc(marks[i+1:], func(later mark) bool { return later.where == m.where })
		if m.head != "" || m.bytes > 0 && next >= 0 && strings.HasSuffix(marks[i+1+next].call, "sync") {
			aims = append(aims, aim{m.where, m.n, held})
		}
	}
	return aims
}

// tracer follows one posd and kills it at a mark.
type tracer struct {
	root      string                         // marks in files outside this folder do not count
	line      func(device string) string     // name of the line that the device file is; "" if none
	peer      func(local, remote int) string // name of a connection by its ports; "" if it does not count
	aim       aim
	fromStart bool          // from its first instruction on; else from begin on
	every     calling       // hears of every system call; nil: nobody does
	begin     chan struct{} // closed when the marks begin to count
	armed     chan struct{} // closed when every thread is held, or tracing failed

	refused error             // why it cannot be traced; read after armed
	sockets map[string]string // by inode; the following thread's own

	mu     sync.Mutex
	marks  []mark
	counts map[string]int
	struck *mark
}

func newTracer(a aim, fromStart bool) *tracer {
	return &tracer{aim: a, fromStart: fromStart, begin: make(chan struct{}), armed: make(chan struct{}),
		sockets: map[string]string{}, counts: map[string]int{}}
}

// calling hears of a system call as a thread begins it, with its number and arguments,
// and when it is over, with its result in the number's place.
type calling func(pid, tid int, over bool, nr uint64, args [6]uint64)

// explained says what an error of tracing means for whoever wanted crash points.
func explained(err error) error {
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	return fmt.Errorf("crash points need ptrace, and it is not permitted here: %w (in a container: --cap-add SYS_PTRACE, "+
		"or a seccomp profile that lets it through; else see /proc/sys/kernel/yama/ptrace_scope)", err)
}

// note numbers a mark and reports whether it is the one aimed at.
func (t *tracer) note(m mark) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[m.where]++
	m.n = t.counts[m.where]
	t.marks = append(t.marks, m)
	if t.struck != nil || m.where != t.aim.where || m.n != t.aim.n {
		return false
	}
	t.struck = &m
	return true
}

// seen returns the marks so far, and the one at which the process was killed.
func (t *tracer) seen() ([]mark, *mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.marks[:len(t.marks):len(t.marks)], t.struck
}

// call says how a system call's arguments are read.
type call struct {
	name string
	on   on
	size int // which argument is the number of bytes; -1: none
}

// on is what a call works on.
type on int

const (
	onFile   on = iota // the descriptor in its first argument
	onNew              // the path in its second, which it may make or empty
	onPath             // the path in its first
	onPathAt           // the path in its second
	onMemory           // memory that is a file
)

// look says which mark a call is about to leave, if it is one that counts.
func (t *tracer) look(pid int, nr uint64, args [6]uint64) (mark, bool) {
	c, ok := calls[nr]
	if !ok {
		return mark{}, false
	}
	m := mark{call: c.name, bytes: -1}
	switch c.on {
	case onFile:
		var wire bool
		m.where, wire = t.descriptor(pid, int32(args[0]))
		if c.size > 0 {
			m.bytes = int(args[c.size])
		}
		if wire && m.bytes > 0 && m.where != "" {
			m.head = head(pid, args[1], m.bytes)
		}
	case onNew:
		if args[2]&(unix.O_CREAT|unix.O_TRUNC) == 0 {
			return m, false
		}
		m.where = t.file(text(pid, args[1]))
	case onPath:
		m.where = t.file(text(pid, args[0]))
	case onPathAt:
		m.where = t.file(text(pid, args[1]))
	case onMemory:
		m.where = "memory"
	}
	return m, m.where != ""
}

// descriptor names what is behind a descriptor, and says whether it is a wire.
func (t *tracer) descriptor(pid int, fd int32) (where string, wire bool) {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	if err != nil {
		return "", false
	}
	if inode, ok := strings.CutPrefix(target, "socket:"); ok {
		name, known := t.sockets[inode]
		if !known {
			name = t.connection(pid, strings.Trim(inode, "[]"))
			t.sockets[inode] = name
		}
		return name, true
	}
	if strings.HasPrefix(target, "/dev/") {
		return t.line(target), true
	}
	return t.file(strings.TrimSuffix(target, " (deleted)")), false
}

// connection names a TCP connection by its inode.
func (t *tracer) connection(pid int, inode string) string {
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return ""
	}
	for row := range bytes.Lines(table) {
		f := strings.Fields(string(row))
		if len(f) > 9 && f[9] == inode {
			return t.peer(port(f[1]), port(f[2]))
		}
	}
	return ""
}

// port reads the port of "0100007F:1F90".
func port(address string) int {
	_, hex, _ := strings.Cut(address, ":")
	n, err := strconv.ParseUint(hex, 16, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// file names a file below root, "" if it is elsewhere.
func (t *tracer) file(path string) string {
	rel, err := filepath.Rel(t.root, path)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") || !filepath.IsAbs(path) {
		return ""
	}
	return rel
}

// head returns how what is about to be written to a wire begins, for people to
// tell frames apart: one line, and nothing that could be a secret is that early in one.
func head(pid int, at uint64, size int) string {
	b := peek(pid, at, min(size, 24))
	if end := bytes.IndexAny(b, "\r\n"); end > 0 {
		b = b[:end]
	}
	return string(b)
}

// text reads a text of the traced process that ends with a zero.
func text(pid int, at uint64) string {
	b := peek(pid, at, unix.PathMax)
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return string(b)
}

// peek reads memory of the traced process, or what of it can be read: a
// reading stops at the end of a page that is the last one.
func peek(pid int, at uint64, size int) []byte {
	b := make([]byte, size)
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(size)
	remote := []unix.RemoteIovec{{Base: uintptr(at), Len: size}}
	if page := uint64(os.Getpagesize()); at%page+uint64(size) > page {
		first := int(page - at%page)
		remote = []unix.RemoteIovec{{Base: uintptr(at), Len: first}, {Base: uintptr(at) + uintptr(first), Len: size - first}}
	}
	n, err := unix.ProcessVMReadv(pid, local, remote, 0)
	if err != nil && !errors.Is(err, unix.EFAULT) || n < 0 {
		return nil
	}
	return b[:n]
}

// field returns the word behind a name in a file of lines such as /proc/PID/status.
func field(status []byte, name string) string {
	for row := range bytes.Lines(status) {
		if f := strings.Fields(string(row)); len(f) > 1 && f[0] == name {
			return f[1]
		}
	}
	return ""
}
