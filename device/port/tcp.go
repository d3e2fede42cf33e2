package port

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// stream is a connection over TCP.
type stream struct{ *net.TCPConn }

// A device whose plug was pulled says nothing. Keep-alive ends such a
// connection after about 25 s without anyone having written.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 2}

func dialTCP(ctx context.Context, addr string, timeout time.Duration) (conn, error) {
	d := net.Dialer{Timeout: timeout, KeepAliveConfig: keepAlive}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return stream{c.(*net.TCPConn)}, nil
}

// Read is net.TCPConn.Read. The near end's own port is left out of errors: it is
// another one on every connection, and one cause would be told as many.
func (s stream) Read(b []byte) (int, error) {
	n, err := s.TCPConn.Read(b)
	return n, farAlone(err)
}

// Write is net.TCPConn.Write, likewise.
func (s stream) Write(b []byte) (int, error) {
	n, err := s.TCPConn.Write(b)
	return n, farAlone(err)
}

func farAlone(err error) error {
	if op, ok := err.(*net.OpError); ok {
		far := *op
		far.Source = nil
		return &far
	}
	return err
}

// alive looks, without waiting, whether the far side has hung up. What has
// arrived before that is left to be read: a late answer may be in it.
func (s stream) alive() error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	cerr := raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	switch {
	case cerr != nil:
		return cerr
	case errors.Is(err, syscall.EAGAIN):
		return nil
	case err == nil && n == 0:
		return io.EOF
	}
	return err
}
