package pax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Link is a connection to the terminal that can be made anew: a serial line or
// TCP. A lost line shows as an error that is not a time-out.
type Link interface {
	// Open connects if not connected. The same epoch is the same connection; an
	// error means that not one byte was written.
	Open(ctx context.Context) (epoch uint64, err error)
	io.Reader
	io.Writer
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Close drops the connection; the next Open makes a new one.
	Close() error
}

// Prompt is a Link that can say what has arrived without waiting for more.
type Prompt interface {
	// ReadNow reads what has arrived; nothing is 0 and no error. It does not
	// look at the read deadline.
	ReadNow(p []byte) (int, error)
}

// settles is how long beyond DrainWait after the last byte the line must have been at rest: adapters hand a byte on up to 16 ms late.
const settles = 50 * time.Millisecond

// ending is how one exchange ended.
type ending uint8

const (
	answered ending = iota
	notSent         // not one byte of the frame left
	refused         // the terminal answered NAK to every copy
	unacked         // no ACK: it may have been heard all the same
	silent          // acknowledged, then no answer in time
	ended           // EOT where the answer was due
	damaged         // the answer came, never readable
	lineLost        // the connection broke, or we were told to stop
)

// call is one request and what its answer looks like.
type call struct {
	command    string
	frame      []byte
	ackWait    time.Duration
	answerWait time.Duration
	money      bool // A14 may be sent while it is open; EOT is left to finish
	// mine tells a response with the right command code from a late one of
	// another request; nil takes every one. acked says whether our frame had
	// been acknowledged before it came.
	mine func(r Reply, acked bool) bool
}

// result of a call. Reply and Body are valid until the next call.
type result struct {
	end   ending
	reply Reply
	acked bool  // the terminal acknowledged the request, or answered it
	clean bool  // answered, and EOT came: the terminal is idle again
	err   error // when not answered: what happened, for people
}

const (
	maxSends = 3 // of one frame, and only on NAK
	maxNAKs  = 2 // of ours for one answer

	maxDrain = 10 * time.Second // a line that talks on and on is not the terminal's
)

// line speaks the protocol over a Link: frames, acknowledgements, repetitions.
// Of what the frames mean it knows only the head.
//
//	we                                     terminal
//	frame ------------------------------->
//	      <------------------------------- ACK      (NAK: the frame again, 3 in all)
//	                                       ... the customer acts ...
//	      <------------------------------- response (wrong LRC: NAK, twice at most)
//	ACK   ------------------------------->          (at once, before it is read)
//	      <------------------------------- EOT      (waited for, not insisted on)
//
// Whatever else arrives is acknowledged and handed to other, so that an answer
// that comes late, or belongs to someone else, neither blocks the terminal nor
// is taken for ours.
type line struct {
	link  Link
	cfg   Config
	log   *slog.Logger
	other func(Reply) // every response that was not waited for

	scan    Scanner
	in      []byte // read and not yet scanned
	buf     [1024]byte
	body    []byte // of the answer: the scanner's own is overwritten while EOT is awaited
	owesEOT bool   // our last ACK was not followed by EOT yet
	rest    rest

	deadline sync.Mutex // orders a read deadline and a cancelled context

	writing sync.Mutex // one frame at a time
	cancelling
}

// rest is what is known of a line on which nothing is under way.
type rest struct {
	moved time.Time // when the last byte came, or a conversation was begun
	ended bool      // that was the EOT of a conversation of ours
}

func newLine(link Link, cfg Config, log *slog.Logger, other func(Reply)) *line {
	l := &line{link: link, cfg: cfg, log: log, other: other}
	l.cancelling = cancelling{version: cfg.Version, log: log, put: l.put}
	return l
}

// ready opens the line and reads what waits on it. A connection that turns out
// to be dead is made anew once: nothing was sent on it yet.
func (l *line) ready(ctx context.Context) (epoch uint64, err error) {
	for try := 1; ; try++ {
		epoch, err = l.link.Open(ctx)
		if err != nil {
			return 0, fmt.Errorf("open the line to the terminal: %w", err)
		}
		quiet, err := l.quiet()
		if err == nil && !quiet {
			err = l.drain(ctx)
		}
		if err == nil {
			return epoch, nil
		}
		l.drop()
		if try == 2 || ctx.Err() != nil {
			return 0, fmt.Errorf("read what waits on the line to the terminal: %w", err)
		}
	}
}

func (l *line) same(ctx context.Context, epoch uint64) bool {
	now, err := l.link.Open(ctx)
	return err == nil && now == epoch
}

func (l *line) traced(r *recorder) {
	traced := newTracedLink(l.link, r)
	if now, ok := l.link.(Prompt); ok {
		l.link = promptTrace{traced, now}
		return
	}
	l.link = traced
}

// quiet reports whether one look that finds nothing proves that nothing waits on the
// line: the terminal has ended its last conversation, or the line has been at
// rest for longer than drain would wait. On a connection that is new nothing is known.
func (l *line) quiet() (bool, error) {
	now, ok := l.link.(Prompt)
	if !ok || l.rest.moved.IsZero() || l.owesEOT || l.scan.Pending() || len(l.in) > 0 {
		return false, nil
	}
	if !l.rest.ended && time.Since(l.rest.moved) <= l.cfg.DrainWait+settles {
		return false, nil
	}
	n, err := now.ReadNow(l.buf[:])
	if n > 0 {
		l.in, l.rest = l.buf[:n], rest{moved: time.Now()}
	}
	return n == 0, err
}

// drain reads what waits on the line before a request is sent, so that a late
// answer is neither lost nor taken for the next one.
func (l *line) drain(ctx context.Context) error {
	stop := l.watch(ctx)
	defer stop()
	l.owesEOT = false
	for end := time.Now().Add(maxDrain); ; {
		tok, err := l.next(ctx, time.Now().Add(l.cfg.DrainWait))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			return nil
		case err != nil:
			return err
		case time.Now().After(end):
			return fmt.Errorf("the line has not been quiet for %s: something else talks on it", maxDrain)
		}
		if tok.Kind == TokenFrame {
			if err := l.put([]byte{ACK}); err != nil {
				return err
			}
			l.hand(tok.Body)
		}
	}
}

func (l *line) listen(ctx context.Context) bool {
	stop := l.watch(ctx)
	defer stop()
	for {
		tok, err := l.next(ctx, time.Now().Add(idleAtMost))
		switch {
		case ctx.Err() != nil:
			return true
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			l.drop() // a connection that broke is made anew by whoever needs it
			return false
		case tok.Control == EOT:
			l.owesEOT = false
		case tok.Kind == TokenFrame:
			if l.put([]byte{ACK}) != nil {
				l.drop()
			}
			l.hand(tok.Body)
			return true
		}
	}
}

// do sends a request and waits for its answer.
func (l *line) do(ctx context.Context, c call) result {
	stop := l.watch(ctx)
	defer stop()
	l.rest = rest{moved: time.Now()}
	if n, err := l.putCounted(c.frame); err != nil {
		return l.broken(c, n == 0 && !errors.Is(err, os.ErrDeadlineExceeded), err)
	}
	if c.money {
		l.setPhase(sent)
	}
	x := exchange{line: l, call: c, sends: 1, until: time.Now().Add(c.ackWait)}
	for {
		tok, err := l.next(ctx, x.until)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			return x.expired()
		default:
			return l.broken(c, false, err)
		}
		res, done, err := x.take(tok)
		res.acked = x.acked || res.end == answered
		switch {
		case done && err != nil:
			l.drop() // it answered, and our ACK could not be written
			return res
		case err != nil:
			return l.broken(c, false, err)
		case done && res.end == answered:
			res.clean = !c.money && l.awaitEOT(ctx)
			return res
		case done:
			return res
		}
	}
}

func (l *line) finish(ctx context.Context) bool {
	if l.rest.moved.IsZero() {
		return false // the line was lost with our ACK
	}
	stop := l.watch(ctx)
	defer stop()
	return l.awaitEOT(ctx)
}

// exchange is the state of one call.
type exchange struct {
	*line
	call    call
	until   time.Time // of the ACK, then of the answer
	sends   int
	naks    int
	acked   bool
	closing bool // we acknowledged a frame that was not ours: one EOT belongs to it
	wished  bool // A14 was answered by EOT alone: the transaction's own answer is due soon
}

// take is one step: what a token means for the call. An error is of the line;
// an answer may stand beside it.
func (x *exchange) take(tok Token) (result, bool, error) {
	switch tok.Kind {
	case TokenDamaged:
		if x.naks == maxNAKs {
			return x.failed(damaged, "its answer came with a wrong check byte %d times", x.naks+1)
		}
		x.naks++
		x.limit(x.line.cfg.AckWait)
		return result{}, false, x.put([]byte{NAK})
	case TokenFrame:
		lost := x.put([]byte{ACK})
		res, done := x.frame(tok.Body)
		return res, done, lost
	}
	switch tok.Control {
	case ACK:
		if x.acked {
			break // of our A14
		}
		x.acked = true
		x.until = time.Now().Add(x.call.answerWait)
		if x.call.money {
			return result{}, false, x.opened()
		}
	case NAK:
		if x.acked {
			break // of our A14, or noise: what was acknowledged is never sent again
		}
		if x.sends == maxSends {
			return x.failed(refused, "it refused the request %d times (NAK)", x.sends)
		}
		x.sends++
		x.until = time.Now().Add(x.call.ackWait)
		return result{}, false, x.put(x.call.frame)
	case EOT:
		switch {
		case x.closing:
			x.closing = false
		case x.owesEOT:
			x.owesEOT = false
		case !x.acked && !x.call.money:
			// The end of a conversation that posd did not live to see: the
			// terminal cannot end one that it has not acknowledged.
		case x.cancelAnswered():
			// The wish was heard. The answer to the transaction may come now, or
			// this was all there is: the terminal is then asked, not waited for.
			x.wished = true
			x.limit(x.line.cfg.CancelWait)
		default:
			return x.failed(ended, "it ended the conversation without an answer (EOT)")
		}
	}
	return result{}, false, nil
}

// frame looks at a response that has been acknowledged already.
func (x *exchange) frame(body []byte) (result, bool) {
	x.closing = true
	r, err := parseReply(body)
	if err != nil {
		x.log.Warn("terminal sent what cannot be read", "command", x.call.command, "err", err)
		if string(r.Command) == responseTo(x.call.command) {
			return result{end: damaged, err: err}, true
		}
		return result{}, false
	}
	if string(r.Command) != responseTo(x.call.command) || x.call.mine != nil && !x.call.mine(r, x.acked) {
		if string(r.Command) == responseTo(cmdCancel) {
			x.cancelAnswered()
		}
		x.hand(body)
		return result{}, false
	}
	x.line.body = append(x.line.body[:0], body...)
	r, _ = parseReply(x.line.body) // as before, of a copy that lasts
	return result{end: answered, reply: r}, true
}

// limit brings the deadline forward: after our NAK the answer comes soon or never.
func (x *exchange) limit(d time.Duration) {
	if t := time.Now().Add(d); t.Before(x.until) {
		x.until = t
	}
}

func (x *exchange) expired() result {
	if !x.acked {
		return result{end: unacked, err: fmt.Errorf("the terminal did not acknowledge %s within %s", x.call.command, x.call.ackWait)}
	}
	if x.wished {
		return result{end: ended, err: fmt.Errorf("the terminal answered the wish to cancel %s with EOT and said no more within %s", x.call.command, x.line.cfg.CancelWait)}
	}
	return result{end: silent, err: fmt.Errorf("the terminal acknowledged %s and did not answer in time", x.call.command)}
}

func (x *exchange) failed(end ending, format string, a ...any) (result, bool, error) {
	return result{end: end, err: fmt.Errorf("asked the terminal for %s: %s", x.call.command, fmt.Sprintf(format, a...))}, true, nil
}

// broken ends a call on a line that no longer works.
func (l *line) broken(c call, nothing bool, err error) result {
	l.drop()
	if nothing {
		return result{end: notSent, err: fmt.Errorf("send %s to the terminal: %w", c.command, err)}
	}
	return result{end: lineLost, err: fmt.Errorf("waiting for the terminal's answer to %s: %w", c.command, err)}
}

// drop closes the connection and forgets what was half read from it.
func (l *line) drop() {
	l.link.Close()
	l.scan.Reset()
	l.in, l.owesEOT, l.rest = nil, false, rest{}
}

// awaitEOT waits for the end of a conversation. If it does not come it may come
// later and is forgiven once.
func (l *line) awaitEOT(ctx context.Context) bool {
	l.owesEOT = true
	until := time.Now().Add(l.cfg.EndWait)
	for l.owesEOT {
		tok, err := l.next(ctx, until)
		if err != nil {
			return false // a line lost here is seen by the next call
		}
		switch {
		case tok.Control == EOT:
			l.owesEOT, l.rest.ended = false, len(l.in) == 0
		case tok.Kind == TokenFrame:
			// The answer again: our ACK was lost. Or a late one.
			if l.put([]byte{ACK}) != nil {
				return false
			}
			l.hand(tok.Body)
		}
	}
	return true
}

func (l *line) ackAgain(ctx context.Context) {
	l.rest = rest{moved: time.Now()}
	if l.owesEOT && l.put([]byte{ACK}) == nil {
		l.awaitEOT(ctx)
	}
}

// hand gives away a response nobody waited for.
func (l *line) hand(body []byte) {
	r, err := parseReply(body)
	if err != nil {
		l.log.Warn("terminal sent what cannot be read", "err", err)
		return
	}
	l.other(r)
}

// next reads until it has a token, the line is lost, or the time is up.
func (l *line) next(ctx context.Context, until time.Time) (Token, error) {
	for empty := 0; ; {
		var tok Token
		if tok, l.in = l.scan.Next(l.in); tok.Kind != TokenNone {
			return tok, nil
		}
		d, gap := until, false
		if l.scan.Pending() {
			if g := time.Now().Add(l.cfg.GapWait); g.Before(d) {
				d, gap = g, true
			}
		}
		if err := l.setReadDeadline(ctx, d); err != nil {
			return Token{}, err
		}
		n, err := l.link.Read(l.buf[:])
		l.in = l.buf[:n]
		switch {
		case n > 0:
			empty, l.rest = 0, rest{moved: time.Now()}
		case err == nil:
			if empty++; empty > 100 {
				return Token{}, io.ErrNoProgress
			}
		case gap && errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			l.scan.Reset()
			return Token{Kind: TokenDamaged}, nil
		default:
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return Token{}, err
		}
	}
}

// watch makes reads return when ctx ends. Once stop has returned no read is
// disturbed any more: the next one is somebody else's.
func (l *line) watch(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	unused := context.AfterFunc(ctx, func() {
		defer close(done)
		l.deadline.Lock()
		defer l.deadline.Unlock()
		l.link.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !unused() {
			<-done
		}
	}
}

func (l *line) setReadDeadline(ctx context.Context, d time.Time) error {
	l.deadline.Lock()
	defer l.deadline.Unlock()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return l.link.SetReadDeadline(d)
}

// put writes a frame or a control byte whole.
func (l *line) put(b []byte) error {
	_, err := l.putCounted(b)
	return err
}

func (l *line) putCounted(b []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.link.SetWriteDeadline(time.Now().Add(l.cfg.WriteWait)); err != nil {
		return 0, err
	}
	n, err := l.link.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		l.link.SetWriteDeadline(time.Time{}) // its timer would wake an idle box for nothing
	}
	return n, err
}
