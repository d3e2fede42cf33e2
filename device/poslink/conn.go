package poslink

import (
	"bytes"
	"context"
	"net"
	"time"

	"posd/pax"
)

const (
	idleLimit   = 2 * time.Minute        // a connection on which nothing is asked
	answerGap   = 100 * time.Millisecond // between ACK and answer: one register reads both at once and loses the second
	ackLimit    = 2 * time.Second        // for the register to acknowledge an answer
	writeLimit  = 5 * time.Second
	answerSends = 3 // an answer is sent so often while the register asks for it again
)

// conversation is one register's TCP connection.
//
//	wait for a frame --ACK--> wait for the answer --frame--> wait for ACK --EOT--> end
//	       ^                     the same frame: ACK again       |
//	       +------------------------- not acknowledged ----------+
type conversation struct {
	s      *Server
	conn   net.Conn
	client string
	heard  chan received // what the register sends; closed when it is gone

	body   []byte    // of the frame answered last on this connection
	answer []byte    // and its answer
	x      *exchange // and its exchange, if it has one
}

// converse serves a connection until the register ends it, falls silent, or has
// its answer.
func (s *Server) converse(ctx context.Context, conn net.Conn, cancelOnly bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	c := &conversation{s: s, conn: conn, client: host(conn.RemoteAddr().String()), heard: make(chan received)}
	s.asking.Go(func() { c.listen(ctx) })
	idle := time.NewTimer(idleLimit)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
			return
		case h, ok := <-c.heard:
			if !ok || !c.serve(ctx, h, cancelOnly) {
				return
			}
			idle.Reset(idleLimit)
		}
	}
}

// listen reads until the connection ends.
func (c *conversation) listen(ctx context.Context) {
	defer close(c.heard)
	for in := newReader(c.conn); ; {
		h, err := in.next()
		if err != nil {
			return
		}
		select {
		case c.heard <- h:
		case <-ctx.Done():
			return
		}
	}
}

// serve deals with what a register sent while nothing was asked; it returns
// false when the connection has served its purpose.
func (c *conversation) serve(ctx context.Context, h received, cancelOnly bool) bool {
	switch {
	case h.damaged:
		return c.write(pax.NAK)
	case h.body == nil: // a late ACK, say
		return true
	case isCancel(h.body) && !cancelOnly:
		// Two registers take EOT for "heard", a third takes no other answer than
		// silence, and none wants ACK first.
		c.s.cancelFor(ctx, c.client)
		c.write(pax.EOT)
		return false
	case cancelOnly && !isCancel(h.body):
		return c.write(pax.NAK)
	case bytes.Equal(h.body, c.body): // its answer did not arrive, whatever was acknowledged
		acked := time.Now()
		return c.write(pax.ACK) && c.deliver(ctx, acked)
	}
	acked := time.Now()
	if !c.write(pax.ACK) || !c.await(ctx, h.body) {
		return false
	}
	return c.deliver(ctx, acked)
}

func isCancel(body []byte) bool { return bytes.HasPrefix(body, []byte("A14")) }

// await waits for the answer to a frame. The register may repeat itself or wish
// a cancel meanwhile; everything else it says is left, as a terminal does.
func (c *conversation) await(ctx context.Context, body []byte) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		frame []byte
		x     *exchange
	}
	stands := make(chan answer, 1)
	c.s.asking.Go(func() {
		frame, x := c.s.answerTo(ctx, c.client, body)
		stands <- answer{frame, x}
	})
	for {
		select {
		case <-ctx.Done():
			return false
		case a := <-stands:
			c.body, c.answer, c.x = body, a.frame, a.x
			return a.frame != nil
		case h, ok := <-c.heard:
			switch {
			case !ok:
				return false
			case h.damaged:
				c.write(pax.NAK)
			case bytes.Equal(h.body, body):
				c.write(pax.ACK)
			case h.body != nil && isCancel(h.body):
				c.s.cancelFor(ctx, c.client)
			}
		}
	}
}

// deliver sends the answer, in one piece, and waits for the register to say that
// it has it; any byte but NAK does. It returns false when it has.
func (c *conversation) deliver(ctx context.Context, acked time.Time) bool {
	select {
	case <-time.After(answerGap - time.Since(acked)):
	case <-ctx.Done():
		return false
	}
	for range answerSends {
		if !c.write(c.answer...) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(ackLimit):
			return true // the register may ask again, here or on another connection
		case h, ok := <-c.heard:
			switch {
			case !ok:
				return false
			case h.damaged, h.control == pax.NAK, bytes.Equal(h.body, c.body):
				continue
			}
		}
		if c.x != nil {
			c.s.desk.delivered(c.x)
		}
		c.write(pax.EOT)
		return false
	}
	return true
}

func (c *conversation) write(b ...byte) bool {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	_, err := c.conn.Write(b)
	return err == nil
}
