package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// pulledFor is how long a cable stays out that a simulator pulled itself, as
// its faults may ask it to.
const pulledFor = time.Second

// nobodyThere is how long a far side waits before it looks again whether
// somebody has opened the line.
const nobodyThere = 20 * time.Millisecond

// line is a serial cable made of a pseudo-terminal: the simulator holds one
// end, and a symlink that keeps its name leads to the other, as udev's do.
// Unplugging closes the pseudo-terminal, plugging in makes a new one under the
// same symlink, which is what happens to /dev/ttyUSB0 and its name.
type line struct {
	link string

	mu     sync.Mutex
	end    *lineEnd      // nil while unplugged
	change chan struct{} // closed and replaced when end changes
}

// newLine returns a line under the symlink path, plugged in.
func newLine(path string) (*line, error) {
	l := &line{link: path, change: make(chan struct{})}
	if err := l.Plug(); err != nil {
		return nil, err
	}
	return l, nil
}

// Plug connects the line again. Plugging in what is plugged in does nothing.
func (l *line) Plug() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		return nil
	}
	master, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("make a pseudo-terminal: %w", err)
	}
	name := slave.Name()
	err = raw(slave)
	slave.Close()
	if err == nil {
		master, err = interruptible(master)
	}
	if err == nil {
		err = pointTo(l.link, name)
	}
	if err != nil {
		master.Close()
		return fmt.Errorf("lay the line %s: %w", l.link, err)
	}
	l.end = &lineEnd{master: master}
	l.changed()
	return nil
}

// Unplug takes the line away: whoever has it open sees it vanish.
func (l *line) Unplug() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end == nil {
		return
	}
	os.Remove(l.link)
	l.end.Close()
	l.end = nil
	l.changed()
}

// Plugged reports whether the line is there.
func (l *line) Plugged() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end != nil
}

// leadsTo reports whether the line's name leads to a device file now.
func (l *line) leadsTo(device string) bool {
	target, err := os.Readlink(l.link)
	return err == nil && target == device
}

func (l *line) changed() {
	close(l.change)
	l.change = make(chan struct{})
}

// Serve hands the simulator's end to serve, and each new one after the line
// was unplugged and plugged in again, until ctx ends. A simulator that closes
// its end pulls the cable: it is plugged in again a moment later.
func (l *line) Serve(ctx context.Context, serve func(context.Context, io.ReadWriteCloser) error) error {
	defer l.Unplug()
	for ctx.Err() == nil {
		l.mu.Lock()
		end, change := l.end, l.change
		l.mu.Unlock()
		if end == nil {
			select {
			case <-ctx.Done():
			case <-change:
			}
			continue
		}
		l.serveEnd(ctx, end, serve)
		if l.current() != end {
			continue // unplugged from outside
		}
		l.Unplug()
		select {
		case <-ctx.Done():
		case <-time.After(pulledFor):
			if err := l.Plug(); err != nil {
				return err
			}
		}
	}
	return nil
}

// serveEnd serves one end and closes it when ctx ends, which wakes a read.
// How it ended is no news: the other side, ctx or a fault did it.
func (l *line) serveEnd(ctx context.Context, end *lineEnd, serve func(context.Context, io.ReadWriteCloser) error) {
	stop := context.AfterFunc(ctx, func() { end.Close() })
	defer stop()
	_ = serve(ctx, end)
}

func (l *line) current() *lineEnd {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// lineEnd is the simulator's end of a line. It differs from the bare master of
// a pseudo-terminal in one thing: when nobody has the other end open, reading
// waits and writing goes nowhere, as on a real cable; the master alone would
// give an error, or keep the bytes for whoever opens it next.
type lineEnd struct {
	master *os.File
}

// Read waits for bytes, however often the other end is opened and closed.
func (e *lineEnd) Read(p []byte) (int, error) {
	for {
		n, err := e.master.Read(p)
		if n > 0 || !errors.Is(err, syscall.EIO) {
			return n, err
		}
		time.Sleep(nobodyThere)
	}
}

// Write sends p to whoever listens.
func (e *lineEnd) Write(p []byte) (int, error) {
	if e.alone() {
		return len(p), nil
	}
	return e.master.Write(p)
}

// Close unplugs this end.
func (e *lineEnd) Close() error { return e.master.Close() }

// SetReadDeadline limits how long Read waits.
func (e *lineEnd) SetReadDeadline(t time.Time) error { return e.master.SetReadDeadline(t) }

// SetWriteDeadline limits how long Write waits.
func (e *lineEnd) SetWriteDeadline(t time.Time) error { return e.master.SetWriteDeadline(t) }

// alone reports whether nobody has the other end open.
func (e *lineEnd) alone() bool {
	c, err := e.master.SyscallConn()
	if err != nil {
		return false
	}
	hung := false
	if err := c.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		hung = err == nil && n > 0 && fds[0].Revents&unix.POLLHUP != 0
	}); err != nil {
		return false
	}
	return hung
}

// interruptible returns f as a file whose reads end when it is closed and that
// knows deadlines; the pty library leaves it blocking, which knows neither.
func interruptible(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return f, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return f, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// raw switches off echo and every translation, so that the line carries bytes.
func raw(tty *os.File) error {
	c, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var bad error
	err = c.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			bad = err
			return
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		bad = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(err, bad)
}

// pointTo makes the symlink link lead to target in one step. It replaces an
// older symlink, never anything else.
func pointTo(link, target string) error {
	if old, err := os.Lstat(link); err == nil && old.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s exists and is not a symlink: choose another path", link)
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return err
	}
	next := link + ".new"
	os.Remove(next)
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}
