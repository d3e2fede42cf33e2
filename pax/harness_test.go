package pax_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// pipeLink is a Link whose far end is served by a function, anew at each Open,
// over an in-memory pipe: under testing/synctest no time passes for real.
type pipeLink struct {
	serve func(net.Conn)
	wrap  func(net.Conn) net.Conn // nil: as it is

	mu     sync.Mutex
	conn   net.Conn
	epoch  uint64
	refuse error // what Open returns instead of connecting
}

func (l *pipeLink) Open(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return 0, l.refuse
	}
	if l.conn == nil {
		near, far := net.Pipe()
		go l.serve(far)
		l.conn = near
		if l.wrap != nil {
			l.conn = l.wrap(near)
		}
		l.epoch++
	}
	return l.epoch, nil
}

var errUnplugged = errors.New("line is not open")

func (l *pipeLink) at() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

func (l *pipeLink) Read(b []byte) (int, error) {
	if c := l.at(); c != nil {
		return c.Read(b)
	}
	return 0, errUnplugged
}

// ReadNow finds what the far end is about to write.
func (l *pipeLink) ReadNow(b []byte) (int, error) {
	c := l.at()
	if c == nil {
		return 0, errUnplugged
	}
	c.SetReadDeadline(time.Now().Add(1))
	n, err := c.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, err
}

func (l *pipeLink) Write(b []byte) (int, error) {
	if c := l.at(); c != nil {
		return c.Write(b)
	}
	return 0, errUnplugged
}

func (l *pipeLink) SetReadDeadline(t time.Time) error {
	if c := l.at(); c != nil {
		return c.SetReadDeadline(t)
	}
	return errUnplugged
}

func (l *pipeLink) SetWriteDeadline(t time.Time) error {
	if c := l.at(); c != nil {
		return c.SetWriteDeadline(t)
	}
	return errUnplugged
}

func (l *pipeLink) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	return err
}

// counter is a box and a terminal on one in-memory line.
type counter struct {
	*testing.T
	ctx  context.Context
	link *pipeLink
	sim  *paxsim.Terminal
	box  *pax.Terminal
}

var update = flag.Bool("update", false, "write the golden files anew")

var quiet = slog.New(slog.DiscardHandler)

// onCounter runs f in a synctest bubble with a box and a simulated terminal.
func onCounter(t *testing.T, cfg pax.Config, o paxsim.Options, f func(c *counter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		sim := paxsim.New(o)
		link := &pipeLink{serve: func(conn net.Conn) { sim.ServeConn(ctx, conn) }}
		f(&counter{T: t, ctx: ctx, link: link, sim: sim, box: pax.New(link, cfg, quiet)})
		stop()
		link.Close()
		synctest.Wait()
	})
}

// withTerminal runs f with a box whose far end is played by hand.
func withTerminal(t *testing.T, cfg pax.Config, play func(p *player), f func(ctx context.Context, box *pax.Terminal, link *pipeLink)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		link := &pipeLink{serve: func(conn net.Conn) { play(&player{t: t, conn: conn}) }}
		f(t.Context(), pax.New(link, cfg, quiet), link)
		link.Close()
		synctest.Wait()
	})
}

// player is a terminal played by hand, byte by byte.
type player struct {
	t    *testing.T
	conn net.Conn
	scan pax.Scanner
	rest []byte

	scanned bool // the line was noted as opened
}

// raw reads exactly n bytes, or as many as come before the line is gone.
func (p *player) raw(n int) []byte {
	b := make([]byte, n)
	n, _ = io.ReadFull(p.conn, b)
	return b[:n]
}

// expect reads the next token; it ends the play when the line is gone.
func (p *player) expect() pax.Token {
	for {
		var tok pax.Token
		if tok, p.rest = p.scan.Next(p.rest); tok.Kind != pax.TokenNone {
			return tok
		}
		buf := make([]byte, 512)
		n, err := p.conn.Read(buf)
		if err != nil {
			return pax.Token{}
		}
		p.rest = buf[:n]
	}
}

// greet answers A00 as a terminal called serial.
func (p *player) greet(serial string) {
	p.expect()
	p.say(pax.ACK)
	p.frame("0", "A01", "1.58", "000000", "OK", serial, "A920PRO", "10", "", "", "", "APPNAME=X")
	p.expect()
	p.say(pax.EOT)
}

func (p *player) say(b ...byte)          { p.conn.Write(b) }
func (p *player) frame(fields ...string) { p.conn.Write(pax.AppendFrame(nil, fields...)) }
func (p *player) wait(d time.Duration)   { time.Sleep(d) } // virtual: only inside synctest
func (p *player) hangUp()                { p.conn.Close() }
func (p *player) silence()               { io.Copy(io.Discard, p.conn) }

func (c *counter) fault(spec string) {
	c.Helper()
	if err := c.sim.SetFault(spec); err != nil {
		c.Fatal(err)
	}
}

func saleOf(ref string, amount sale.Amount) sale.CardRequest {
	return sale.CardRequest{Kind: sale.CardSale, Ref: ref, Amount: amount}
}

// voidOf undoes what a terminal approved, completionOf takes what it held.
func voidOf(ref string, a sale.CardAnswer) sale.CardRequest {
	return sale.CardRequest{Kind: sale.CardVoid, Ref: ref, Amount: a.Approved, Original: originalOf(a)}
}

func completionOf(ref string, a sale.CardAnswer, amount sale.Amount) sale.CardRequest {
	return sale.CardRequest{Kind: sale.CardComplete, Ref: ref, Amount: amount, Original: originalOf(a)}
}

func originalOf(a sale.CardAnswer) *sale.CardOriginal {
	return &sale.CardOriginal{Kind: a.Kind, Ref: a.Ref, Transaction: a.Card.Transaction, Amount: a.Approved, Tender: a.Tender}
}

const ref1, ref2, ref3 = "0123456789ABCDEF", "1123456789ABCDEF", "2123456789ABCDEF"

func (c *counter) approvals(ref string) int { return c.sim.State().Approvals[ref] }
