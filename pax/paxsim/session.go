package paxsim

import (
	"context"
	"io"
	"sync"
	"time"

	"posd/pax"
)

// session is one connection: a goroutine that reads, and run, which does all else.
type session struct {
	t    *Terminal
	conn io.ReadWriteCloser
	once sync.Once
	gone chan struct{} // closed when the connection is

	chunks     chan []byte
	scan       pax.Scanner
	rest       []byte
	err        error        // of the reader; valid once chunks is closed
	result     chan outcome // of the transaction that came on this connection
	kept       *request     // came where an ACK was due
	cut        *cut         // closes the connection at a byte position, if set
	place      place        // of the byte that comes next
	head       []byte       // of the frame that is coming, up to its command
	glued      bool         // an ACK is held back until the response
	cancelOnly bool         // takes A14 and nothing else
}

func newSession(t *Terminal, conn io.ReadWriteCloser) *session {
	return &session{t: t, conn: conn, gone: make(chan struct{}), chunks: make(chan []byte, 64), result: make(chan outcome)}
}

func (s *session) close() {
	s.once.Do(func() {
		close(s.gone)
		s.conn.Close()
	})
}

func (s *session) read() {
	defer close(s.chunks)
	for {
		buf := make([]byte, 4096)
		n, err := s.conn.Read(buf)
		if n > 0 {
			select {
			case s.chunks <- buf[:n]:
			case <-s.gone:
				return
			}
		}
		if err != nil {
			s.err = err
			return
		}
	}
}

// gapWait is the longest silence inside a frame: what began is then forgotten.
const gapWait = 2 * time.Second

// event is what run waits for: a token, or the outcome of a transaction.
type event struct {
	token   pax.Token
	outcome *outcome
}

// next waits for a token or for the outcome of a transaction.
func (s *session) next() (event, error) {
	for {
		var tok pax.Token
		if tok, s.rest = s.scan.Next(s.rest); tok.Kind != pax.TokenNone {
			return event{token: tok}, nil
		}
		var gap <-chan time.Time
		if s.scan.Pending() {
			gap = time.After(gapWait)
		}
		select {
		case <-gap:
			s.scan.Reset()
			s.place = between
		case chunk, ok := <-s.chunks:
			if !ok {
				return event{}, s.err
			}
			if err := s.take(chunk); err != nil {
				return event{}, err
			}
		case o := <-s.result:
			return event{outcome: &o}, nil
		case <-s.gone:
			return event{}, io.ErrClosedPipe
		}
	}
}

// take takes what came, unless the line breaks in it. The byte after the command
// of a request is where a fault that concerns the request is set.
func (s *session) take(chunk []byte) error {
	for _, b := range chunk {
		s.await(b)
		if s.cut.in() {
			s.close()
			return io.ErrClosedPipe
		}
	}
	s.rest = chunk
	return nil
}

// place is where a byte stands.
type place uint8

const (
	between place = iota // two frames
	inside               // a frame
	behind               // ETX: it is the check byte
)

// await looks for the beginning of a request that the line shall break in.
func (s *session) await(b byte) {
	const whole = 4 // STX and three letters
	switch {
	case s.place == behind:
		s.place = between
		return
	case b == pax.STX:
		s.place, s.head = inside, s.head[:0]
	case s.place == between:
		return
	case b == pax.ETX:
		s.place = behind
	}
	if len(s.head) == whole {
		return
	}
	if s.head = append(s.head, b); len(s.head) < whole || s.cut != nil {
		return
	}
	command := string(s.head[1:])
	if s.t.deaf() || s.t.underWay() || !s.t.breaksIn(command) {
		return
	}
	s.cut = newCut(s.t.fault("unplug-at", command).value)
	s.cut.left = max(0, s.cut.left-whole+1) // this byte is yet to be counted
}

func (s *session) run(ctx context.Context) error {
	for {
		if r := s.kept; r != nil {
			s.kept = nil
			if err := s.request(ctx, *r); err != nil {
				return err
			}
			continue
		}
		e, err := s.next()
		if err != nil {
			return err
		}
		if e.outcome != nil {
			err = s.deliver(e.outcome)
		} else {
			err = s.token(ctx, e.token)
		}
		if err != nil {
			return err
		}
	}
}

// token handles what comes while no response of ours is open.
func (s *session) token(ctx context.Context, tok pax.Token) error {
	switch tok.Kind {
	case pax.TokenDamaged:
		if s.t.deaf() {
			return nil
		}
		return s.write([]byte{pax.NAK})
	case pax.TokenFrame:
		return s.request(ctx, parseRequest(tok.Body))
	}
	return nil // a stray ACK, NAK or EOT means nothing to an idle terminal
}

// request acknowledges a request, or not, and has it done.
func (s *session) request(ctx context.Context, r request) error {
	t := s.t
	if t.deaf() || t.fault("dead", r.command) != nil || t.fault("busy", r.command) != nil {
		return nil
	}
	if t.fault("nak-always", r.command) != nil || t.fault("nak-once", r.command) != nil {
		return s.write([]byte{pax.NAK})
	}
	if r.command == "A14" {
		return s.cancel(r)
	}
	if s.cancelOnly {
		return nil
	}
	if t.underWay() {
		return nil // a terminal that is not on its idle screen does not acknowledge
	}
	t.count(r.command)
	if f := t.fault("unplug-at", r.command); f != nil {
		s.cut = newCut(f.value)
	}
	s.glued = t.fault("glued", r.command) != nil
	if t.fault("lose-ack", r.command) == nil && !s.glued {
		if err := s.write([]byte{pax.ACK}); err != nil {
			return err
		}
	}
	if r.command[0] == 'T' {
		t.start(ctx, s, r)
		return nil
	}
	s.sleep(t.opt.Pause)
	return s.deliver(&outcome{command: r.command, body: t.answer(r)})
}

// cancel handles A14 in the way that was chosen; real terminals differ.
func (s *session) cancel(r request) error {
	t := s.t
	t.count(r.command)
	answer := t.opt.Cancel
	switch {
	case s.cancelOnly:
		answer = "a15"
	case answer == "deaf":
		return nil
	}
	t.cancelRunning()
	switch answer {
	case "none":
		return nil
	case "eot", "eot-alone":
		return s.write([]byte{pax.EOT})
	case "ack-eot":
		return s.write([]byte{pax.ACK, pax.EOT})
	}
	if err := s.write([]byte{pax.ACK}); err != nil {
		return err
	}
	s.sleep(t.opt.Pause)
	return s.deliver(&outcome{command: r.command, body: reply(t.opt.Version, "A15", "000000", "OK")})
}

// deliver writes a response and sees it acknowledged.
func (s *session) deliver(o *outcome) error {
	t := s.t
	if f := t.fault("lose-answer", o.command); f != nil {
		t.goDeaf(f.duration(t.opt.Deaf))
		return nil
	}
	if f := t.fault("late-answer", o.command); f != nil {
		go func() {
			s.sleep(f.duration(10 * time.Second))
			select {
			case s.result <- *o:
			case <-s.gone:
			}
		}()
		return nil
	}
	if f := t.fault("reboot", o.command); f != nil {
		t.Reboot(t.opt.Deaf, f.duration(blindFor))
		return nil
	}
	if t.fault("eot-for-answer", o.command) != nil {
		return s.write([]byte{pax.EOT})
	}
	for _, body := range t.strays(o) {
		if err := s.write(frame(body)); err != nil {
			return err
		}
		if _, err := s.closed(); err != nil {
			return err
		}
		s.sleep(t.opt.Pause)
	}
	always := t.fault("bad-lrc-always", o.command) != nil
	for send := 0; send < 3; send++ {
		f := frame(o.body)
		if always || t.fault("bad-lrc-once", o.command) != nil {
			f[len(f)-1] ^= 0x5A
		}
		if t.fault("garbage", o.command) != nil {
			f = append([]byte{0x00, 0xFF, 'x', 0x00}, f...)
		}
		if s.glued {
			f, s.glued = append([]byte{pax.ACK}, f...), false
		}
		if err := s.send(f, t.fault("split", o.command) != nil); err != nil {
			return err
		}
		closed, err := s.closed()
		if err != nil {
			return err
		}
		if closed {
			if t.fault("lose-eot", o.command) != nil {
				return nil
			}
			break
		}
	}
	return s.write([]byte{pax.EOT})
}

// closed waits for the ACK of a response. Some clients send other things for
// it: everything but NAK counts, and so does a new request, which is kept.
func (s *session) closed() (bool, error) {
	timer := time.NewTimer(s.t.opt.AckWait)
	defer timer.Stop()
	for {
		for len(s.rest) > 0 {
			var tok pax.Token
			tok, s.rest = s.scan.Next(s.rest)
			switch {
			case tok.Kind == pax.TokenFrame:
				r := parseRequest(tok.Body)
				s.kept = &r
				return true, nil
			case tok.Kind == pax.TokenNone && s.scan.Pending():
			case tok.Control == pax.NAK:
				return false, nil
			default:
				return true, nil
			}
		}
		select {
		case chunk, ok := <-s.chunks:
			if !ok {
				return false, s.err
			}
			if err := s.take(chunk); err != nil {
				return false, err
			}
		case <-timer.C:
			return false, nil
		case <-s.gone:
			return false, io.ErrClosedPipe
		}
	}
}

// send writes a response, in one piece or byte by byte.
func (s *session) send(f []byte, split bool) error {
	if !split {
		return s.write(f)
	}
	for i := range f {
		if err := s.write(f[i : i+1]); err != nil {
			return err
		}
		s.sleep(5 * time.Millisecond)
	}
	return nil
}

func (s *session) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.gone:
	}
}

func (s *session) write(b []byte) error {
	if n, cut := s.cut.out(len(b)); cut {
		s.conn.Write(b[:n])
		s.close()
		return io.ErrClosedPipe
	}
	_, err := s.conn.Write(b)
	return err
}
