package port

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// fakeDriver stands in for the printer class driver of the kernel.
func fakeDriver(t *testing.T, bits *byte, err *error) {
	real := printerStatus
	t.Cleanup(func() { printerStatus = real })
	printerStatus = func(*os.File) (byte, error) { return *bits, *err }
}

func TestAPrintersNodeTellsItsStatus(t *testing.T) {
	c := Defaults()
	c.Line, c.LockDir = filepath.Join(t.TempDir(), "lp0"), t.TempDir()
	if err := syscall.Mkfifo(c.Line, 0o600); err != nil {
		t.Fatal(err)
	}
	l := New(c)
	defer l.Close()
	if _, ok := l.PortStatus(); ok {
		t.Error("a line that is not open has a status")
	}
	open(t, l)
	if _, ok := l.PortStatus(); ok {
		t.Error("a node that is no printer has a status")
	}
	var bits byte
	var fault error
	fakeDriver(t, &bits, &fault)
	for _, want := range []byte{0x00, 0x18, 0x38, 0x10} {
		bits = want
		if got, ok := l.PortStatus(); !ok || got != want {
			t.Errorf("the driver says %02X, the line %02X %v", want, got, ok)
		}
	}
	fault = syscall.ENODEV
	if _, ok := l.PortStatus(); ok {
		t.Error("a printer that was unplugged has a status")
	}
	if before, after := l.Epoch(), open(t, l); after == before {
		t.Error("a printer that was unplugged counts as connected")
	}
}

func TestATTYHasNoPrintersStatus(t *testing.T) {
	bits, fault := byte(0x18), error(nil)
	fakeDriver(t, &bits, &fault)
	l, _, _ := ttyLine(t)
	open(t, l)
	if _, ok := l.PortStatus(); ok {
		t.Error("a serial line has a printer's status")
	}
}
