package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// clock notes when something was seen first since it was reset.
type clock struct {
	mu   sync.Mutex
	at   map[string]time.Time
	news chan struct{}
}

func newClock() *clock { return &clock{at: map[string]time.Time{}, news: make(chan struct{})} }

func (c *clock) mark(what string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[what].IsZero() {
		c.at[what] = now
		close(c.news)
		c.news = make(chan struct{})
	}
}

func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.at)
}

// wait returns when something was seen, waiting for it.
func (c *clock) wait(what string, limit time.Duration) (time.Time, error) {
	over := time.After(limit)
	for {
		c.mu.Lock()
		at, news := c.at[what], c.news
		c.mu.Unlock()
		if !at.IsZero() {
			return at, nil
		}
		select {
		case <-news:
		case <-over:
			return at, fmt.Errorf("no %s within %s", what, limit)
		}
	}
}

// tap stands between a wire and its far side.
type tap struct {
	io.ReadWriteCloser
	in  func(b []byte) // what arrived
	out func(b []byte) // what is about to be answered
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(b)
	if t.in != nil && n > 0 {
		t.in(b[:n])
	}
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	if t.out != nil {
		t.out(b)
	}
	return t.ReadWriteCloser.Write(b)
}

// seen marks the first arrival of a text, wherever reads cut it.
func seen(c *clock, what, text string) func([]byte) {
	var tail []byte
	return func(b []byte) {
		tail = append(tail, b...)
		if bytes.Contains(tail, []byte(text)) {
			c.mark(what)
			tail = tail[:0]
		}
		tail = tail[max(0, len(tail)-len(text)+1):]
	}
}

// tapped is a listener whose connections are tapped.
type tapped struct {
	net.Listener
	in, out func([]byte)
}

type tappedConn struct {
	net.Conn
	t *tap
}

func (c tappedConn) Read(b []byte) (int, error)  { return c.t.Read(b) }
func (c tappedConn) Write(b []byte) (int, error) { return c.t.Write(b) }

func (l tapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tappedConn{c, &tap{c, l.in, l.out}}, nil
}

// serialLine makes a pseudo-terminal and returns the far side and the name of the near one.
func serialLine() (far *os.File, name string, err error) {
	master, near, err := pty.Open()
	if err != nil {
		return nil, "", fmt.Errorf("make a pseudo-terminal: %w", err)
	}
	var t *unix.Termios
	if t, err = unix.IoctlGetTermios(int(near.Fd()), unix.TCGETS); err == nil {
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		err = unix.IoctlSetTermios(int(near.Fd()), unix.TCSETS, t)
	}
	kept = append(kept, near) // open, or the far side reads errors until a daemon comes
	// As a file of the runtime's poller, so that closing it ends a read.
	fd, dup := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err = errors.Join(err, dup, master.Close()); err == nil {
		err = unix.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), near.Name()), near.Name(), err
}

var kept []*os.File
