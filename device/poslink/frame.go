package poslink

import (
	"bufio"
	"errors"
	"net"
	"time"

	"posd/pax"
)

const (
	maxRequest = 4096                   // bytes; the longest request known of has 490
	frameLimit = 5 * time.Second        // from STX to ETX
	lrcLimit   = 300 * time.Millisecond // a frame whose check byte does not come by then has none
)

var errTooLong = errors.New("a request of more than 4096 bytes")

// received is one thing that a register sent: a frame's body, or a control byte.
type received struct {
	body    []byte // nil for a control byte or a damaged frame
	control byte
	damaged bool
}

// reader cuts a register's bytes into frames. It takes what terminals take and
// some registers need: a frame without its check byte, and one with the digit 0
// where the byte 00 belongs.
type reader struct {
	conn net.Conn
	in   *bufio.Reader
}

func newReader(c net.Conn) *reader { return &reader{c, bufio.NewReaderSize(c, 512)} }

// next returns what comes next, however long it takes. Bytes between frames that
// mean nothing are skipped.
func (r *reader) next() (received, error) {
	for {
		if err := r.conn.SetReadDeadline(time.Time{}); err != nil {
			return received{}, err
		}
		switch b, err := r.in.ReadByte(); {
		case err != nil:
			return received{}, err
		case b == pax.STX:
			return r.frame()
		case b == pax.ACK || b == pax.NAK || b == pax.EOT || b == pax.ENQ:
			return received{control: b}, nil
		}
	}
}

// frame reads on behind STX.
func (r *reader) frame() (received, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(frameLimit)); err != nil {
		return received{}, err
	}
	body := []byte{}
	for {
		b, err := r.in.ReadByte()
		switch {
		case err != nil:
			return received{}, err
		case b == pax.STX: // the head of another one: what came before was lost
			body = body[:0]
			continue
		}
		body = append(body, b)
		if b == pax.ETX {
			break
		}
		if len(body) > maxRequest {
			return received{}, errTooLong
		}
	}
	want := pax.LRC(body)
	body = body[:len(body)-1]
	if err := r.conn.SetReadDeadline(time.Now().Add(lrcLimit)); err != nil {
		return received{}, err
	}
	switch lrc, err := r.in.ReadByte(); {
	case err == nil && (lrc == want || want == 0 && lrc == '0'):
		return received{body: body}, nil
	case err != nil && trimmed(want):
		return received{body: body}, nil // a connection that ended says so at the next read
	case err != nil && !timedOut(err):
		return received{}, err
	}
	return received{damaged: true}, nil
}

// trimmed reports whether a register that trims white space off its frames cuts
// this check byte off: NUL, tab, line feed, vertical tab, carriage return, blank.
func trimmed(lrc byte) bool {
	switch lrc {
	case 0x00, '\t', '\n', 0x0b, '\r', ' ':
		return true
	}
	return false
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// unlikedLRC are check bytes of an answer that registers are known to mistake
// for something else: trimmed away, taken for a control byte, or for the digit 0.
func unlikedLRC(lrc byte) bool {
	return trimmed(lrc) || lrc == pax.ETX || lrc == pax.EOT || lrc == pax.ACK || lrc == pax.NAK || lrc == '0'
}
