package fronttest

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// line is the terminal's: a connection in memory, made anew at each opening.
type line struct {
	serve func(net.Conn)
	mu    sync.Mutex
	conn  net.Conn
	epoch uint64
	ended bool
}

func (l *line) Open(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, io.ErrClosedPipe
	}
	if l.conn == nil {
		near, far := net.Pipe()
		go l.serve(far)
		l.conn = near
		l.epoch++
	}
	return l.epoch, nil
}

func (l *line) at() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil, io.ErrClosedPipe
	}
	return l.conn, nil
}

func (l *line) Read(b []byte) (int, error) {
	c, err := l.at()
	if err != nil {
		return 0, err
	}
	return c.Read(b)
}

func (l *line) Write(b []byte) (int, error) {
	c, err := l.at()
	if err != nil {
		return 0, err
	}
	return c.Write(b)
}

func (l *line) SetReadDeadline(t time.Time) error {
	c, err := l.at()
	if err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

func (l *line) SetWriteDeadline(t time.Time) error {
	c, err := l.at()
	if err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	return err
}

func (l *line) kill() {
	l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// listener hands a life's connections to its front end.
type listener struct {
	l     *life
	mu    sync.Mutex
	conns []net.Conn
	done  chan struct{}
	once  sync.Once
}

// listen returns the listener of a life's front end, whose connections end with it.
func (l *life) listen() *listener {
	s := &listener{l: l, done: make(chan struct{})}
	l.cut = s.cut
	return s
}

func (s *listener) Accept() (net.Conn, error) {
	select {
	case c := <-s.l.conns:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns = append(s.conns, c)
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *listener) Close() error   { s.once.Do(func() { close(s.done) }); return nil }
func (s *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (s *listener) cut() {
	s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

// at gives a pipe an address.
type at struct{ net.Conn }

func (at) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }
