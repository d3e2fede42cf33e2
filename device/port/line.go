package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrLost is wrapped by every error of a Read or Write that ended the
// connection: unplugged, hung up, refused by the device. Open makes a new one.
var ErrLost = errors.New("line lost")

// conn is one connection, from an Open to the loss or Close that ends it.
type conn interface {
	io.ReadWriteCloser
	syscall.Conn
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// alive asks the kernel, without touching the wire, whether the far side is still there.
	alive() error
}

// Line is one device's connection, made again whenever it was lost. Its
// methods may be called from several goroutines; two Reads at once, or two
// Writes, take turns nowhere and get what the kernel gives them.
type Line struct {
	name    string // as configured, for people
	lockDir string
	baud    int // of a tty without flow control
	dial    func(context.Context) (conn, error)
	lockKey func() (string, error) // what this connection is to lock: a resolved device, or host:port

	opening sync.Mutex // one Open at a time

	mu    sync.Mutex
	conn  conn
	lock  *os.File
	epoch uint64
	lost  error // why there is no connection, if there was one
}

// New returns the line that c describes, a tty, a printer's device node or a
// TCP address. It opens nothing.
func New(c Config) *Line {
	if addr, ok := strings.CutPrefix(c.Line, "tcp:"); ok {
		return TCP(addr, c.ConnectTimeout, c.LockDir)
	}
	return Serial(c)
}

// Serial returns the line at the path c.Line, set up as c says. A path that is
// not a tty (a printer's node, a named pipe) is opened as it is. It opens nothing.
func Serial(c Config) *Line {
	baud := c.Baud
	if c.Flow != "none" {
		baud = 0
	}
	return &Line{
		name: c.Line, lockDir: c.LockDir, baud: baud,
		dial:    func(context.Context) (conn, error) { return openDevice(c) },
		lockKey: func() (string, error) { return resolve(c.Line) },
	}
}

// TCP returns the line to addr, "host:port". It opens nothing.
func TCP(addr string, connectTimeout time.Duration, lockDir string) *Line {
	return &Line{
		name: addr, lockDir: lockDir,
		dial:    func(ctx context.Context) (conn, error) { return dialTCP(ctx, addr, connectTimeout) },
		lockKey: func() (string, error) { return addr, nil },
	}
}

// String returns the line's name as people know it: the device path as
// configured, or host:port.
func (l *Line) String() string { return l.name }

// Open connects if the line is not connected, and returns the connection's
// number. The same number means the same connection. An error means that not one
// byte was written.
func (l *Line) Open(ctx context.Context) (epoch uint64, err error) {
	l.opening.Lock()
	defer l.opening.Unlock()
	if c := l.current(); c != nil {
		if err := c.alive(); err == nil {
			return l.Epoch(), nil
		} else {
			l.drop(c, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("open %s: %w", l.name, err)
	}
	key, err := l.lockKey()
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", l.name, err)
	}
	lock, err := lockLine(l.lockDir, key)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", l.name, err)
	}
	c, err := l.dial(ctx)
	if err != nil {
		unlock(lock)
		return 0, fmt.Errorf("open %s: %w", l.name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.lock, l.lost = c, lock, nil
	l.epoch++
	return l.epoch, nil
}

// Epoch returns the number of the latest connection, 0 if there was none.
func (l *Line) Epoch() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch
}

// Read reads what has arrived, at least one byte, waiting until the read
// deadline.
func (l *Line) Read(p []byte) (int, error) {
	c := l.current()
	if c == nil {
		return 0, l.why("read")
	}
	n, err := c.Read(p)
	if n > 0 {
		return n, nil // whatever else happened shows at the next Read
	}
	return n, l.judge(c, "read", err)
}

// ReadNow reads what has arrived, without waiting and whatever the read deadline is;
// nothing is 0 and no error.
func (l *Line) ReadNow(p []byte) (int, error) {
	c := l.current()
	if c == nil {
		return 0, l.why("read")
	}
	n, err := readNow(c, p)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return 0, nil
	case err == nil && n == 0:
		err = io.EOF
	}
	return max(n, 0), l.judge(c, "read", err)
}

// readNow reads a descriptor that does not block, past the runtime's poller.
func readNow(c syscall.Conn, p []byte) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Control(func(fd uintptr) { n, err = syscall.Read(int(fd), p) }); e != nil {
		return 0, e
	}
	return n, err
}

// Write writes p, waiting for room until the write deadline. The count is of
// bytes handed to the kernel, which may still have been on their way when a
// line was lost.
func (l *Line) Write(p []byte) (int, error) {
	c := l.current()
	if c == nil {
		return 0, l.why("write")
	}
	n, err := c.Write(p)
	return n, l.judge(c, "write", err)
}

// SetReadDeadline says until when a Read may wait, the one under way included;
// the zero time means for ever. It lasts as long as the connection.
func (l *Line) SetReadDeadline(t time.Time) error {
	c := l.current()
	if c == nil {
		return l.why("set deadline")
	}
	return l.judge(c, "set deadline", c.SetReadDeadline(t))
}

// SetWriteDeadline is SetReadDeadline for Write.
func (l *Line) SetWriteDeadline(t time.Time) error {
	c := l.current()
	if c == nil {
		return l.why("set deadline")
	}
	return l.judge(c, "set deadline", c.SetWriteDeadline(t))
}

// Close drops the connection and its lock; a Read or Write that waits returns
// os.ErrClosed. The next Open makes a new connection. Closing a line that is not
// open does nothing.
func (l *Line) Close() error {
	if c := l.current(); c != nil {
		l.drop(c, os.ErrClosed)
	}
	return nil
}

// PortStatus returns the status byte that the kernel's printer class driver
// reads from the device on its own way, past everything that is written: 20 paper
// out, 10 selected, 08 no error. Only a connected printer's node has one.
func (l *Line) PortStatus() (bits byte, ok bool) {
	f, isFile := l.current().(*file)
	if !isFile || f.tty {
		return 0, false
	}
	bits, err := printerStatus(f.File)
	return bits, err == nil
}

// Baud returns the speed of a serial line without flow control, on which the
// device cannot say stop; 0 for any other line.
func (l *Line) Baud() int {
	if f, isFile := l.current().(*file); isFile && f.tty && l.baud > 0 {
		return l.baud
	}
	return 0
}

func (l *Line) current() conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// drop forgets c if it is still the line's connection: a slow reader of an old
// connection must not take the new one down.
func (l *Line) drop(c conn, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != c {
		return
	}
	c.Close()
	unlock(l.lock)
	l.conn, l.lock, l.lost = nil, nil, why
}

// why is the error of a call on a line without a connection.
func (l *Line) why(doing string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.lost == nil || errors.Is(l.lost, os.ErrClosed):
		return fmt.Errorf("%s %s: %w", doing, l.name, os.ErrClosed)
	default:
		return fmt.Errorf("%s %s: %w: %w", doing, l.name, ErrLost, l.lost)
	}
}

// judge sorts the error of a call on c: a deadline leaves the connection as it
// is, everything else ends it.
func (l *Line) judge(c conn, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s %s: %w", doing, l.name, os.ErrDeadlineExceeded)
	case errors.Is(err, os.ErrClosed), errors.Is(err, net.ErrClosed):
		// Closed under our feet: by Close, or because another call found the line lost.
		if l.current() == c {
			l.drop(c, err)
		}
		return l.why(doing)
	case errors.Is(err, io.EOF):
		err = errors.New("the other side hung up")
	}
	l.drop(c, err)
	return fmt.Errorf("%s %s: %w: %w", doing, l.name, ErrLost, err)
}
