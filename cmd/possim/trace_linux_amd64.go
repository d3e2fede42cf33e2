package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// How a tracer follows a process: every thread of it is stopped at each system
// call, on the way in and on the way out, and goes on when the tracer says so.
// Killed on the way in, the call does not happen: the kernel looks for a
// deadly signal between the stop and the call.
//
//	thread:  ... --> entry stop --> the call --> exit stop --> ...
//	                     |                           |
//	                before: kill                torn: kill, the call having been
//	                held: kill a while later    given half of its bytes only
const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL

// systemCall is PTRACE_GET_SYSCALL_INFO's answer at an entry stop.
type systemCall struct {
	Op   uint8
	_    [3]uint8
	Arch uint32
	IP   uint64
	SP   uint64
	Nr   uint64
	Args [6]uint64
}

// follow waits for the end of the process pid, which the calling thread has
// started, and returns how it ended. Nobody else may wait for it.
func (t *tracer) follow(pid int) error {
	if t.fromStart {
		var ws unix.WaitStatus
		if _, err := unix.Wait4(pid, &ws, unix.WALL, nil); err != nil {
			return fmt.Errorf("wait for the traced program to begin: %w", err)
		}
		if err := unix.PtraceSetOptions(pid, traceOptions); err != nil {
			return t.notPermitted(pid, err)
		}
		resume(pid, 0)
		close(t.armed)
		return t.watch(pid)
	}
	for {
		select {
		case <-t.begin:
			if err := t.seize(pid); err != nil {
				return t.notPermitted(pid, err)
			}
			close(t.armed)
			return t.watch(pid)
		case <-time.After(time.Millisecond):
		}
		var ws unix.WaitStatus
		if got, err := unix.Wait4(pid, &ws, unix.WNOHANG, nil); err != nil || got == pid {
			return howEnded(ws, err)
		}
	}
}

// notPermitted ends a process that cannot be traced.
func (t *tracer) notPermitted(pid int, err error) error {
	unix.Kill(pid, unix.SIGKILL)
	unix.Wait4(pid, nil, unix.WALL, nil)
	t.refused = explained(err)
	close(t.armed)
	return t.refused
}

// seize takes hold of every thread of a running process: those that it starts
// later are taken by the kernel. Two looks in a row that find nobody new end it.
func (t *tracer) seize(pid int) error {
	held := map[int]bool{}
	for news := true; news; {
		news = false
		threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			return err
		}
		for _, entry := range threads {
			tid, err := strconv.Atoi(entry.Name())
			if err != nil || held[tid] {
				continue
			}
			news, held[tid] = true, true
			switch err := ptrace(unix.PTRACE_SEIZE, tid, 0, traceOptions); {
			case err == unix.EPERM && ours(pid, tid):
				continue // the kernel was faster: begun by a thread that is held
			case err == unix.ESRCH:
				continue // it has ended
			case err != nil:
				return err
			}
			if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil && err != unix.ESRCH {
				return err
			}
		}
	}
	return nil
}

// ours reports whether the calling thread traces that one.
func ours(pid, tid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", pid, tid))
	return err == nil && field(status, "TracerPid:") == strconv.Itoa(unix.Gettid())
}

// heldFor is how long a thread stands still at a mark where posd is held: far
// longer than posd takes for anything that should have waited.
const heldFor = 200 * time.Millisecond

// watch lets the process run from stop to stop until it is gone.
func (t *tracer) watch(pid int) error {
	half := 0 // the thread whose call was given half of its bytes
	for {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-pid, &ws, unix.WALL|unix.WNOTHREAD, nil) // its group is its own: see startDaemon
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || tid == pid && (ws.Exited() || ws.Signaled()):
			return howEnded(ws, err)
		case !ws.Stopped():
			continue
		}
		signal := int(ws.StopSignal())
		switch {
		case signal == int(unix.SIGTRAP)|0x80: // a system call
			signal = 0
			if tid == half {
				unix.Kill(pid, unix.SIGKILL)
			}
			if !t.entered(pid, tid) {
				break
			}
			switch t.aim.how {
			case before:
				unix.Kill(pid, unix.SIGKILL)
			case torn:
				half = tid
				halve(tid)
			case held:
				time.AfterFunc(heldFor, func() { unix.Kill(pid, unix.SIGKILL) })
				continue // its thread stays where it is
			}
		case uint32(ws)>>16 != 0, signal == int(unix.SIGSTOP): // the tracing's own: a new thread, an interrupt
			signal = 0
		}
		resume(tid, signal)
	}
}

// entered takes a stop at a system call; it notes the mark that the call is
// about to leave and reports whether it is the one aimed at.
func (t *tracer) entered(pid, tid int) bool {
	var c systemCall
	if _, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c)), 0, 0); e != 0 {
		return false
	}
	if t.every != nil {
		t.every(pid, tid, c.Op == unix.PTRACE_SYSCALL_INFO_EXIT, c.Nr, c.Args)
	}
	if c.Op != unix.PTRACE_SYSCALL_INFO_ENTRY {
		return false
	}
	m, ok := t.look(pid, c.Nr, c.Args)
	return ok && t.note(m)
}

// halve has a call that is about to write write half of its bytes only.
func halve(tid int) {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(tid, &regs) == nil { // else it is gone
		regs.Rdx /= 2
		unix.PtraceSetRegs(tid, &regs)
	}
}

// resume lets a thread go on to its next stop. That it is gone by then is no news.
func resume(tid, signal int) { _ = unix.PtraceSyscall(tid, signal) }

func ptrace(request, tid int, addr, data uintptr) error {
	if _, _, e := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0); e != 0 {
		return e
	}
	return nil
}

// howEnded says how a process went, in the words of os/exec; nil for exit status 0.
func howEnded(ws unix.WaitStatus, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("wait for posd: %w", err)
	case ws.Signaled():
		return fmt.Errorf("signal: %s", ws.Signal())
	case ws.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", ws.ExitStatus())
	}
	return nil
}

// attributes are what a process must be started with to be followed.
func (t *tracer) attributes(a *syscall.SysProcAttr) { a.Ptrace = t.fromStart }

// calls are the system calls that leave a mark outside the process, and how
// their arguments are read.
var calls = map[uint64]call{
	unix.SYS_WRITE:     {"write", onFile, 2},
	unix.SYS_PWRITE64:  {"pwrite64", onFile, 2},
	unix.SYS_WRITEV:    {"writev", onFile, -1},
	unix.SYS_PWRITEV:   {"pwritev", onFile, -1},
	unix.SYS_PWRITEV2:  {"pwritev2", onFile, -1},
	unix.SYS_SENDTO:    {"sendto", onFile, 2},
	unix.SYS_SENDMSG:   {"sendmsg", onFile, -1},
	unix.SYS_SENDFILE:  {"sendfile", onFile, -1},
	unix.SYS_FSYNC:     {"fsync", onFile, -1},
	unix.SYS_FDATASYNC: {"fdatasync", onFile, -1},
	unix.SYS_FTRUNCATE: {"ftruncate", onFile, -1},
	unix.SYS_FALLOCATE: {"fallocate", onFile, -1},
	unix.SYS_OPENAT:    {"openat", onNew, -1},
	unix.SYS_RENAME:    {"rename", onPath, -1},
	unix.SYS_RENAMEAT:  {"renameat", onPathAt, -1},
	unix.SYS_RENAMEAT2: {"renameat2", onPathAt, -1},
	unix.SYS_LINK:      {"link", onPath, -1},
	unix.SYS_LINKAT:    {"linkat", onPathAt, -1},
	unix.SYS_UNLINK:    {"unlink", onPath, -1},
	unix.SYS_UNLINKAT:  {"unlinkat", onPathAt, -1},
	unix.SYS_MKDIR:     {"mkdir", onPath, -1},
	unix.SYS_MKDIRAT:   {"mkdirat", onPathAt, -1},
	unix.SYS_RMDIR:     {"rmdir", onPath, -1},
	unix.SYS_TRUNCATE:  {"truncate", onPath, -1},
	unix.SYS_MSYNC:     {"msync", onMemory, -1},
}
