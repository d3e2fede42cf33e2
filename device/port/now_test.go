package port

import (
	"errors"
	"os"
	"testing"
	"time"
)

// TestWhatHasArrivedIsReadWithoutWaiting, even behind a deadline that ended the last Read.
func TestWhatHasArrivedIsReadWithoutWaiting(t *testing.T) {
	addr, accepted := listen(t)
	overTCP := TCP(addr, time.Second, "")
	defer overTCP.Close()
	open(t, overTCP)
	serial, _, device := ttyLine(t)
	open(t, serial)
	for name, c := range map[string]struct {
		line *Line
		far  interface {
			Write([]byte) (int, error)
			Close() error
		}
	}{"tty": {serial, device}, "tcp": {overTCP, <-accepted}} {
		b := make([]byte, 8)
		c.line.SetReadDeadline(time.Unix(1, 0))
		if n, err := c.line.ReadNow(b); n != 0 || err != nil {
			t.Errorf("%s: a line at rest: %d, %v", name, n, err)
		}
		c.far.Write([]byte{6, 4})
		got := 0
		for got == 0 { // what was written travels
			n, err := c.line.ReadNow(b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got = n
		}
		if b[0] != 6 {
			t.Errorf("%s: read % x", name, b[:got])
		}
		c.far.Close()
		for {
			_, err := c.line.ReadNow(b)
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrLost) {
				t.Errorf("%s: a line that was hung up: %v", name, err)
			}
			break
		}
		if _, err := c.line.ReadNow(b); !errors.Is(err, ErrLost) && !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: a line that is not open: %v", name, err)
		}
	}
}
