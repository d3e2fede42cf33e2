package port

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// file is a connection to a device node: a tty or a printer.
type file struct {
	*os.File
	tty   bool
	stuck atomic.Bool // the last Write ran into its deadline: what is queued will not get out

	readBy  atomic.Pointer[time.Time]
	moved   chan struct{} // the read deadline was set
	closed  chan struct{}
	closing sync.Once
}

// ErrNoDevice means that a file of another kind stands under a device's name.
var ErrNoDevice = errors.New("not a device")

// openDevice opens the node at c.Line and, if it is a tty, sets it up.
func openDevice(c Config) (conn, error) {
	path, err := resolve(c.Line)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&(fs.ModeCharDevice|fs.ModeNamedPipe) == 0 {
		return nil, fmt.Errorf("%s is %w", path, ErrNoDevice)
	}
	// Non-blocking, so that opening does not wait for a modem's carrier and the
	// runtime's poller takes the descriptor over.
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, syscall.EBUSY):
		return nil, fmt.Errorf("%s is in use by another program: find it with `fuser -v %s`: %w", path, path, err)
	case errors.Is(err, syscall.EPERM): // not EACCES: the device cgroup, not the node's mode
		return nil, fmt.Errorf("%s may not be opened by this service: its unit's DeviceAllow= has no such device, or the device's driver came after it: `systemctl restart posd`: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s may not be opened by this user: add it to the group that owns the device (dialout for serial lines, lp for printers): %w", path, err)
	case err != nil:
		return nil, err
	}
	if err := f.SetDeadline(time.Time{}); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s cannot be used as a line: %w", path, err)
	}
	d := &file{File: f, moved: make(chan struct{}, 1), closed: make(chan struct{})}
	if d.tty = isTTY(f); !d.tty {
		return d, nil
	}
	if err := setUp(path, f, c); err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// setUp gives the tty its speed and format. The library's descriptor is closed
// again at once; f keeps the line open, and with it the settings.
func setUp(path string, f *os.File, c Config) error {
	parity := map[string]serial.Parity{"odd": serial.OddParity, "even": serial.EvenParity}[c.Parity]
	stop := serial.OneStopBit
	if c.StopBits == 2 {
		stop = serial.TwoStopBits
	}
	p, err := serial.Open(path, &serial.Mode{BaudRate: c.Baud, DataBits: c.DataBits, Parity: parity, StopBits: stop})
	if err != nil {
		return fmt.Errorf("set up at %d %d%c%d: %w", c.Baud, c.DataBits, parityLetter(c.Parity), c.StopBits, err)
	}
	err = setSignals(p, c)
	p.Close() // lifts the mark of exclusive use, so ours comes after it
	if err != nil {
		return err
	}
	if err := setFlow(f, c.Flow); err != nil {
		return fmt.Errorf("set flow control %s: %w", c.Flow, err)
	}
	lowLatency(f)
	exclusive(f)
	return nil
}

// setSignals switches DTR and RTS as configured.
func setSignals(p serial.Port, c Config) error {
	// Pseudo-terminals have no such signals (ENOTTY); there is nothing to set then.
	for _, s := range []struct {
		want string
		set  func(bool) error
	}{{c.DTR, p.SetDTR}, {c.RTS, p.SetRTS}} {
		if s.want == "on" || s.want == "off" {
			if err := s.set(s.want == "on"); err != nil && !errors.Is(err, syscall.ENOTTY) {
				return fmt.Errorf("set DTR and RTS: %w", err)
			}
		}
	}
	return nil
}

func parityLetter(parity string) byte {
	switch parity {
	case "odd":
		return 'O'
	case "even":
		return 'E'
	}
	return 'N'
}

// Read reads. A printer whose cable has no way back answers EINVAL to every
// read: that is a device with nothing to say, not a line that is lost.
func (f *file) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if !f.tty && errors.Is(err, syscall.EINVAL) {
		return 0, f.silence()
	}
	return n, err
}

// silence waits as a Read on a device that says nothing would.
func (f *file) silence() error {
	for {
		var due <-chan time.Time
		if t := f.readBy.Load(); t != nil && !t.IsZero() {
			due = time.After(time.Until(*t))
		}
		select {
		case <-due:
			return os.ErrDeadlineExceeded
		case <-f.moved: // the deadline: look again
		case <-f.closed:
			return os.ErrClosed
		}
	}
}

// SetReadDeadline is that of os.File.
func (f *file) SetReadDeadline(t time.Time) error {
	f.readBy.Store(&t)
	select {
	case f.moved <- struct{}{}:
	default:
	}
	return f.File.SetReadDeadline(t)
}

// Write writes.
func (f *file) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.stuck.Store(errors.Is(err, os.ErrDeadlineExceeded))
	return n, err
}

// Close closes. Output that already stood still is thrown away, or the kernel
// would wait up to half a minute for a device that does not take it.
func (f *file) Close() error {
	f.closing.Do(func() { close(f.closed) })
	if f.tty && f.stuck.Load() {
		flushOutput(f.File)
	}
	return f.File.Close()
}

// alive asks the kernel for the node's state; one that was unplugged or hung up
// has none.
func (f *file) alive() error {
	if f.tty {
		return ttyAlive(f.File)
	}
	return printerAlive(f.File)
}
