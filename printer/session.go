package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Link is the line to a printer. Reading and writing go on at the same time:
// a printer talks while it is written to.
type Link interface {
	// Open connects if not connected; the same epoch is the same connection.
	// An error means that not one byte was written.
	Open(ctx context.Context) (epoch uint64, err error)
	io.Reader
	io.Writer
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Close drops the connection; the next Open makes a new one.
	Close() error
}

// tick is how long a line is left alone that answers a read at once, with nothing.
const tick = 100 * time.Millisecond

// session is one job's conversation with the printer: a goroutine reads and takes
// the stream apart, everything else happens in the caller's.
type session struct {
	link    Link
	limits  Config
	star    bool
	signals chan signal
	lost    chan error // the read error that ended the line
	stop    chan struct{}
	gone    chan struct{} // the reader has returned
}

// listen starts to read the printer. The caller must hang up.
func listen(link Link, limits Config, star bool) *session {
	t := &session{
		link: link, limits: limits, star: star,
		signals: make(chan signal, 64), lost: make(chan error, 1),
		stop: make(chan struct{}), gone: make(chan struct{}),
	}
	// Before the reader begins: the deadline that ends it, in hangUp, must be the last one.
	if err := link.SetReadDeadline(time.Time{}); err != nil {
		t.lost <- err
		close(t.gone)
		return t
	}
	go t.read()
	return t
}

func (t *session) read() {
	defer close(t.gone)
	d := demux{star: t.star}
	buf := make([]byte, 256)
	for {
		select {
		case <-t.stop:
			return
		default:
		}
		n, err := t.link.Read(buf)
		if n == 0 && err == nil {
			// Some lines answer at once with nothing when the printer cannot talk.
			select {
			case <-time.After(tick):
			case <-t.stop:
			}
		}
		for _, b := range buf[:n] {
			s, ok := d.feed(b)
			if !ok {
				continue
			}
			select {
			case t.signals <- s:
			case <-t.stop:
				return
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.lost <- err
			return
		}
	}
}

// hangUp ends the reading and waits for it.
func (t *session) hangUp() {
	close(t.stop)
	t.link.SetReadDeadline(time.Now()) // wakes a read under way, and every later one
	<-t.gone
}

// overheard is next, but for a wish to open the drawer that comes first: done
// takes what came of it.
func (t *session) overheard(ctx context.Context, until time.Time, pulses <-chan chan error) (s signal, done chan error, err error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case s := <-t.signals:
		return s, nil, nil
	default:
	}
	select {
	case s := <-t.signals:
		return s, nil, nil
	case done := <-pulses:
		return signal{}, done, nil
	case err := <-t.lost:
		t.lost <- err // for whoever asks next
		return signal{}, nil, fmt.Errorf("read printer: %w", err)
	case <-ctx.Done():
		return signal{}, nil, ctx.Err()
	case <-timer.C:
		return signal{}, nil, fmt.Errorf("read printer: %w", os.ErrDeadlineExceeded)
	}
}

// next waits for what the printer says next. It returns an error wrapping
// os.ErrDeadlineExceeded when it says nothing in time.
func (t *session) next(ctx context.Context, until time.Time) (signal, error) {
	s, _, err := t.overheard(ctx, until, nil)
	return s, err
}

// write sends bytes, all in one write, within the limit and the time the
// slowest line needs for them.
func (t *session) write(ctx context.Context, b []byte) error {
	const slowest = 1100 * time.Microsecond // a byte at 9600 bits a second
	if err := t.link.SetWriteDeadline(time.Now().Add(t.limits.WriteLimit + time.Duration(len(b))*slowest)); err != nil {
		return fmt.Errorf("write to printer: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { t.link.SetWriteDeadline(time.Now()) })
	defer stop()
	n, err := t.link.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write to printer, %d of %d bytes: %w", n, len(b), err)
	}
	t.link.SetWriteDeadline(time.Time{}) // its timer would wake an idle box for nothing
	return nil
}
