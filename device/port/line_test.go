package port

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/creack/pty"
)

// plug makes a pseudo-terminal and lets link point to its near side, as udev
// does when an adapter is plugged in. What is returned is the device's side.
func plug(t *testing.T, link string) *os.File {
	t.Helper()
	device, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	near.Close()
	os.Remove(link)
	if err := os.Symlink(near.Name(), link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device
}

func ttyLine(t *testing.T) (l *Line, link string, device *os.File) {
	t.Helper()
	link = filepath.Join(t.TempDir(), "posd-terminal")
	device = plug(t, link)
	c := Defaults()
	c.Line, c.LockDir = link, t.TempDir()
	l = New(c)
	t.Cleanup(func() { l.Close() })
	return l, link, device
}

func open(t *testing.T, l *Line) uint64 {
	t.Helper()
	epoch, err := l.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

func soon() time.Time { return time.Now().Add(50 * time.Millisecond) }

func TestEveryByteGoesThroughBothWays(t *testing.T) {
	l, _, device := ttyLine(t)
	open(t, l)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	got := make([]byte, len(all))
	if _, err := l.Write(all); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(device, got); err != nil || !bytes.Equal(got, all) {
		t.Fatalf("device read % x, %v", got, err)
	}
	if _, err := device.Write(all); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(l, got); err != nil || !bytes.Equal(got, all) {
		t.Fatalf("line read % x, %v", got, err)
	}
}

func TestReadDeadlineLeavesTheLineUsable(t *testing.T) {
	l, _, device := ttyLine(t)
	first := open(t, l)
	l.SetReadDeadline(soon())
	if n, err := l.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrLost) {
		t.Fatalf("read %d, %v", n, err)
	}
	l.SetReadDeadline(time.Time{})
	device.Write([]byte{6})
	b := make([]byte, 8)
	if n, err := l.Read(b); n != 1 || err != nil || b[0] != 6 {
		t.Fatalf("read %d % x, %v", n, b, err)
	}
	if again := open(t, l); again != first {
		t.Fatalf("epoch %d became %d although the line was never lost", first, again)
	}
}

func TestADeadlineInThePastEndsAReadThatWaits(t *testing.T) {
	l, _, _ := ttyLine(t)
	open(t, l)
	done := make(chan error, 1)
	go func() { _, err := l.Read(make([]byte, 1)); done <- err }()
	l.SetReadDeadline(time.Unix(1, 0))
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestAStuckWriteEndsAtItsDeadlineAndCountsWhatWent(t *testing.T) {
	l, _, device := ttyLine(t) // nobody reads the device's side
	open(t, l)
	l.SetWriteDeadline(soon())
	big := make([]byte, 1<<20)
	n, err := l.Write(big)
	if !errors.Is(err, os.ErrDeadlineExceeded) || n <= 0 || n >= len(big) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	// Close must not wait for the device: what it did not take is thrown away.
	l.Close()
	device.SetReadDeadline(soon())
	if left, _ := io.Copy(io.Discard, device); left >= int64(n) {
		t.Errorf("all %d bytes were kept for a device that does not take them", left)
	}
}

func TestTheEndOfAnOldConnectionLeavesTheNewOneAlone(t *testing.T) {
	l, _, _ := ttyLine(t)
	open(t, l)
	old := l.current()
	l.Close()
	second := open(t, l)
	l.drop(old, ErrLost) // as a Read does that was slow to see the end
	if again := open(t, l); again != second {
		t.Fatalf("connection %d was taken down by the end of the one before", second)
	}
}

// A pseudo-terminal keeps the mark of exclusive use after a process was killed;
// an ordinary user could not open it again.
func TestAPseudoTerminalIsNotMarkedExclusive(t *testing.T) {
	l, link, _ := ttyLine(t)
	open(t, l)
	f, err := os.OpenFile(link, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const tioGEXCL = 0x80045440
	var marked int32
	if err := ioctl(f, tioGEXCL, unsafe.Pointer(&marked)); err != nil || marked != 0 {
		t.Fatalf("marked %d, %v", marked, err)
	}
}

func TestUnplugIsLostAndReplugIsANewEpoch(t *testing.T) {
	l, link, device := ttyLine(t)
	first := open(t, l)
	done := make(chan error, 1)
	go func() { _, err := l.Read(make([]byte, 1)); done <- err }()
	device.Close()
	if err := <-done; !errors.Is(err, ErrLost) || errors.Is(err, os.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read: %v", err)
	}
	if _, err := l.Write([]byte{1}); !errors.Is(err, ErrLost) {
		t.Fatalf("write on a lost line: %v", err)
	}

	os.Remove(link)
	if _, err := l.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "plugged in") {
		t.Fatalf("open without a device: %v", err)
	}

	device = plug(t, link)
	if second := open(t, l); second == first {
		t.Fatalf("epoch stayed %d", first)
	}
	device.Write([]byte("hi"))
	b := make([]byte, 2)
	if _, err := io.ReadFull(l, b); err != nil || string(b) != "hi" {
		t.Fatalf("%q, %v", b, err)
	}
}

func TestOpenNoticesAnUnplugThatNobodyRead(t *testing.T) {
	l, link, device := ttyLine(t)
	first := open(t, l)
	device.Close()
	plug(t, link)
	if second := open(t, l); second == first {
		t.Fatal("the old connection was taken for the new device's")
	}
}

func TestOurOwnCloseIsNoLoss(t *testing.T) {
	l, _, _ := ttyLine(t)
	first := open(t, l)
	done := make(chan error, 1)
	go func() { _, err := l.Read(make([]byte, 1)); done <- err }()
	l.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) || errors.Is(err, ErrLost) {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte{1}); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	if second := open(t, l); second == first {
		t.Fatal("Open after Close made no new connection")
	}
}

func TestALineNeverOpenedSaysSo(t *testing.T) {
	l, _, _ := ttyLine(t)
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	if err := l.SetReadDeadline(soon()); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}

func TestOneMasterPerLine(t *testing.T) {
	l, link, _ := ttyLine(t)
	open(t, l)
	// Another way to the same device: another name and another Line.
	other := filepath.Join(t.TempDir(), "other-name")
	dev, _ := filepath.EvalSymlinks(link)
	os.Symlink(dev, other)
	c := Defaults()
	c.Line, c.LockDir = other, l.lockDir
	second := New(c)
	defer second.Close()

	_, err := second.Open(t.Context())
	var held *HeldError
	if !errors.As(err, &held) || held.Line != dev || !strings.Contains(held.By, "process") {
		t.Fatalf("second open: %v", err)
	}
	l.Close()
	open(t, second)
	if _, err := l.Open(t.Context()); !errors.As(err, &held) {
		t.Fatalf("first open after it was let go: %v", err)
	}
}

func TestALostLineLetsGoOfItsLock(t *testing.T) {
	l, _, device := ttyLine(t)
	open(t, l)
	device.Close()
	l.Read(make([]byte, 1))
	if f, err := lockLine(l.lockDir, "/dev/nothing"); err != nil {
		t.Fatal(err)
	} else {
		unlock(f)
	}
	locks, _ := filepath.Glob(filepath.Join(l.lockDir, "posd-line-dev-pts-*.lock"))
	if len(locks) != 1 {
		t.Fatalf("lock files %q", locks)
	}
	f, _ := os.Open(locks[0])
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatalf("lock still held: %v", err)
	}
}

func TestSignalsThatAPseudoTerminalLacksAreNoFault(t *testing.T) {
	link := filepath.Join(t.TempDir(), "posd-display")
	plug(t, link)
	c := Defaults()
	c.Line, c.DTR, c.RTS, c.Flow = link, "on", "off", "xonxoff"
	l := New(c)
	defer l.Close()
	open(t, l)
}

func TestAFileIsNoDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	os.WriteFile(path, nil, 0o600)
	if _, err := Serial(Config{Line: path}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a device") {
		t.Fatal(err)
	}
}

func TestAPrinterNodeIsOpenedAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lp0")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	l := Serial(Config{Line: path})
	defer l.Close()
	first := open(t, l)
	if _, err := l.Write([]byte("receipt")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 7)
	if _, err := io.ReadFull(far, b); err != nil || string(b) != "receipt" {
		t.Fatalf("%q, %v", b, err)
	}
	l.SetWriteDeadline(soon())
	if _, err := l.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a printer that stopped: %v", err)
	}
	if open(t, l) != first {
		t.Fatal("a printer that stopped is not a line that is lost")
	}
}

func TestADeviceThatCannotAnswerIsSilentNotLost(t *testing.T) {
	for name, end := range map[string]func(f *file) error{
		"deadline": func(f *file) error { f.SetReadDeadline(soon()); return os.ErrDeadlineExceeded },
		"close":    func(f *file) error { f.Close(); return os.ErrClosed },
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			f := &file{File: r, moved: make(chan struct{}, 1), closed: make(chan struct{})}
			done := make(chan error, 1)
			go func() { done <- f.silence() }()
			want := end(f)
			if err := <-done; !errors.Is(err, want) {
				t.Fatal(err)
			}
		})
	}
}

// listen is a device on the network that hands its connections over.
func listen(t *testing.T) (addr string, accepted <-chan net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	ch := make(chan net.Conn, 4)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			ch <- c
		}
	}()
	return ln.Addr().String(), ch
}

func TestTCPBehavesTheSame(t *testing.T) {
	addr, accepted := listen(t)
	c := Defaults()
	c.Line, c.LockDir = "tcp:"+addr, t.TempDir()
	l := New(c)
	defer l.Close()
	if l.String() != addr {
		t.Fatalf("name %q", l)
	}
	first := open(t, l)
	device := <-accepted
	l.Write([]byte("ping"))
	b := make([]byte, 4)
	io.ReadFull(device, b)
	l.SetReadDeadline(soon())
	if _, err := l.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if open(t, l) != first {
		t.Fatal("a time-out made a new connection")
	}
	var held *HeldError
	if _, err := TCP(addr, time.Second, l.lockDir).Open(t.Context()); !errors.As(err, &held) {
		t.Fatalf("second master: %v", err)
	}

	// A late answer before the hang-up is still there to be read.
	device.Write([]byte("late"))
	device.Close()
	l.SetReadDeadline(time.Time{})
	if _, err := io.ReadFull(l, b); err != nil || string(b) != "late" {
		t.Fatalf("%q, %v", b, err)
	}
	if _, err := l.Read(b); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "hung up") {
		t.Fatal(err)
	}
	if open(t, l) == first {
		t.Fatal("no new connection after the hang-up")
	}
}

func TestOpenNoticesATCPHangUp(t *testing.T) {
	addr, accepted := listen(t)
	l := TCP(addr, time.Second, "")
	defer l.Close()
	first := open(t, l)
	(<-accepted).Close()
	// The hang-up travels; only the kernel's own report of it ends the wait.
	for l.current().alive() == nil {
	}
	if open(t, l) == first {
		t.Fatal("the dead connection was taken for a live one")
	}
}

func TestOpenObeysItsContext(t *testing.T) {
	l, _, _ := ttyLine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Open(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
