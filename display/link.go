package display

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Link is the line to a display. Time-outs are os.ErrDeadlineExceeded; every
// other error of Read or Write means that the connection is gone.
type Link interface {
	// Open connects if there is no connection. The same epoch means the same
	// connection; an error means that not one byte was written.
	Open(ctx context.Context) (epoch uint64, err error)
	io.Reader
	io.Writer
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Close drops the connection and ends a Read that waits; the next Open
	// makes a new one.
	Close() error
}

// writeLimit is how long one write may take. The largest one is 1024 bytes:
// 1.1 s at 9600 baud.
const writeLimit = 3 * time.Second

// Conn is one connection as drivers use it: bytes that arrive are collected by
// a goroutine, so that waiting for them can end with a context and the panel
// hears what a device says unasked.
type Conn struct {
	link Link
	in   chan []byte   // closed when the connection is lost
	stop chan struct{} // ends the reader
	err  error         // why in was closed; read it only after that
}

// newConn starts reading from an open link; end stops that.
func newConn(link Link) (*Conn, error) {
	if err := link.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("wait for the display without a limit: %w", err)
	}
	c := &Conn{link: link, in: make(chan []byte, 16), stop: make(chan struct{})}
	go c.collect()
	return c, nil
}

func (c *Conn) collect() {
	defer close(c.in)
	buf := make([]byte, 256)
	for {
		n, err := c.link.Read(buf)
		if n > 0 {
			select {
			case c.in <- append([]byte(nil), buf[:n]...):
			case <-c.stop:
				return
			}
		}
		if err != nil { // there is no deadline that could pass
			c.err = err
			return
		}
	}
}

// end drops the connection and waits for the reader.
func (c *Conn) end() {
	close(c.stop)
	c.link.Close()
	for range c.in {
	}
}

// Write sends all of p within a limit; an error means that the connection can
// no longer be used.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.link.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, fmt.Errorf("write %d bytes to the display: %w", len(p), err)
	}
	n, err := c.link.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, fmt.Errorf("write %d bytes to the display: %w", len(p), err)
	}
	c.link.SetWriteDeadline(time.Time{}) // its timer would wake an idle box for nothing
	return n, nil
}

// baud is the speed of a serial line that tells it, or a slow one's.
func (c *Conn) baud() int {
	if line, ok := c.link.(interface{ Baud() int }); ok && line.Baud() > 0 {
		return line.Baud()
	}
	return poleSlow
}

// Next waits for bytes from the display. The end of ctx is its error.
func (c *Conn) Next(ctx context.Context) ([]byte, error) {
	select {
	case b, ok := <-c.in:
		if !ok {
			return nil, c.lost()
		}
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Pending returns bytes that have already arrived, or none.
func (c *Conn) Pending() []byte {
	select {
	case b := <-c.in:
		return b
	default:
		return nil
	}
}

func (c *Conn) lost() error {
	if c.err == nil {
		return errors.New("the line to the display was closed")
	}
	return fmt.Errorf("read from the display: %w", c.err)
}
