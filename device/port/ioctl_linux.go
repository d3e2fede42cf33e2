package port

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// Requests of Linux that package syscall does not name; the same on amd64,
// arm64 and arm.
const (
	tioCEXCL   = 0x540C
	tioNXCL    = 0x540D
	tcFlush    = 0x540B
	tioGSerial = 0x541E
	tioSSerial = 0x541F
	lpStatus   = 0x060B // LPGETSTATUS of the printer classes

	flushQueuedOutput = 1          // TCOFLUSH
	crtscts           = 0x80000000 // hardware flow control, in Cflag
	asyncLowLatency   = 1 << 13

	// Major numbers of the pseudo-terminals' far side.
	ptyMajorFirst, ptyMajorLast = 136, 143
)

// ioctl performs one request on f without taking it out of the poller's hands.
func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	if err := raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	}); err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// setting performs a request whose argument is a number and whose failing is no fault.
func setting(f *os.File, request, value uintptr) {
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { syscall.Syscall(syscall.SYS_IOCTL, fd, request, value) })
	}
}

func isTTY(f *os.File) bool { return ttyAlive(f) == nil }

// ttyAlive fails with EIO once the tty was hung up: by the far side of a
// pseudo-terminal, or because the adapter is gone.
func ttyAlive(f *os.File) error {
	var t syscall.Termios
	return ioctl(f, syscall.TCGETS, unsafe.Pointer(&t))
}

// printerStatus asks the printer class driver for the printer's status byte. It
// is a variable so that tests can stand in for a driver.
var printerStatus = func(f *os.File) (byte, error) {
	var status int32
	err := ioctl(f, lpStatus, unsafe.Pointer(&status))
	return byte(status), err
}

// printerAlive fails with ENODEV once a USB printer is gone. Nodes that do not
// know the question (a named pipe) are taken as there.
func printerAlive(f *os.File) error {
	_, err := printerStatus(f)
	if errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EIO) {
		return err
	}
	return nil
}

func setFlow(f *os.File, flow string) error {
	if flow == "" || flow == "none" {
		return nil // go.bug.st/serial has switched it off
	}
	var t syscall.Termios
	if err := ioctl(f, syscall.TCGETS, unsafe.Pointer(&t)); err != nil {
		return err
	}
	if flow == "rtscts" {
		t.Cflag |= crtscts
	} else {
		t.Iflag |= syscall.IXON
		t.Cc[syscall.VSTART], t.Cc[syscall.VSTOP] = 0x11, 0x13
	}
	return ioctl(f, syscall.TCSETS, unsafe.Pointer(&t))
}

func flushOutput(f *os.File) { setting(f, tcFlush, flushQueuedOutput) }

// exclusive keeps other programs of ordinary users (a modem manager) away while
// the line is open. Not on a pseudo-terminal: there the mark outlives a killed
// process, and the next one could not open the line.
func exclusive(f *os.File) {
	var st syscall.Stat_t
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	if cerr := raw.Control(func(fd uintptr) { err = syscall.Fstat(int(fd), &st) }); cerr != nil || err != nil {
		return
	}
	request := uintptr(tioCEXCL)
	if major := st.Rdev >> 8 & 0xFFF; major >= ptyMajorFirst && major <= ptyMajorLast {
		request = tioNXCL
	}
	setting(f, request, 0)
}

// serialStruct is the kernel's struct serial_struct.
type serialStruct struct {
	Type, Line            int32
	Port                  uint32
	IRQ, Flags, FIFO      int32
	Divisor, BaudBase     int32
	CloseDelay            uint16
	IOType, Reserved      byte
	Hub6                  int32
	ClosingWait, Closing2 uint16
	IOMem                 uintptr
	RegShift              uint16
	PortHigh              uint32
	IOMapBase             uintptr
}

// lowLatency asks an FTDI-class adapter to hand short reads over at once
// instead of holding them for 16 ms. Lines that do not know the wish keep their
// own way, so its failing is no fault.
func lowLatency(f *os.File) {
	var s serialStruct
	if ioctl(f, tioGSerial, unsafe.Pointer(&s)) == nil && s.Flags&asyncLowLatency == 0 {
		s.Flags |= asyncLowLatency
		ioctl(f, tioSSerial, unsafe.Pointer(&s))
	}
}
