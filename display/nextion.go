package display

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// nextion drives Nextion and TJC panels.
type nextion struct {
	voice  voice
	glass  glass
	bright int
	wait   time.Duration // for one answer
	timer  bool          // the project takes a code away when posd falls silent

	in    nxScanner
	shown *nxLeaf // what stands on the glass; nil if unknown
	bare  bool    // the project has no qr0: draw with the built-in qrcode command
	flaw  string  // what was refused in the picture that stands
}

func newNextion(c Config) *nextion {
	if c.Charset == CP1252 {
		c.Charset = latin1
	}
	return &nextion{voice: c.voice(), glass: c.glass(), bright: c.Brightness, wait: c.AnswerWait, timer: c.CodeTimer}
}

func (n *nextion) CanQR() bool { return true }

func (n *nextion) Fits(code string) error { return n.glass.fits(code) }

// nxWake leaves the transparent or protocol mode that a panel may be in.
const nxWake = "DRAKJHSUYDGBNCJHGJKSHBDN"

// Greet asks who is there, sets acknowledgements and brightness and waits until
// the panel has done with all that.
func (n *nextion) Greet(ctx context.Context, c *Conn) (sale.Identity, error) {
	n.in.reset()
	n.shown, n.bare, n.flaw = nil, false, ""
	id, err := n.connect(ctx, c)
	if err != nil {
		return id, err
	}
	// A panel that sleeps obeys nothing but the word that wakes it.
	start := []string{"sleep=0", "bkcmd=3", "dim=" + strconv.Itoa(n.bright), "sendme"}
	if _, err := c.Write([]byte(strings.Join(start, NextionEnd) + NextionEnd)); err != nil {
		return id, err
	}
	// How many of these are answered depends on the bkcmd it had; sendme always is.
	if err := n.until(ctx, c, "sendme", func(a nxAnswer) bool { return a.kind == nxPage }); err != nil {
		return id, err
	}
	return id, nil
}

// connect is the maker's handshake. An unfinished command is ended first.
func (n *nextion) connect(ctx context.Context, c *Conn) (id sale.Identity, err error) {
	if _, err := c.Write([]byte(NextionEnd + nxWake + NextionEnd + "connect" + NextionEnd)); err != nil {
		return id, err
	}
	return id, n.until(ctx, c, "connect", func(a nxAnswer) (done bool) {
		id, done = comok(a)
		return done
	})
}

// nextionConnect is connect alone, for a line on which anything may be.
func nextionConnect(ctx context.Context, c *Conn, wait time.Duration) (sale.Identity, error) {
	return (&nextion{wait: wait}).connect(ctx, c)
}

// until reads answers until one is right, at most for the answer limit.
func (n *nextion) until(ctx context.Context, c *Conn, asked string, right func(nxAnswer) bool) error {
	ctx, cancel := context.WithTimeout(ctx, n.wait)
	defer cancel()
	for {
		a, err := n.answer(ctx, c)
		if err != nil {
			return fmt.Errorf("nextion: wait for the answer to %q: %w", asked, noAnswer(err, n.wait))
		}
		if right(a) {
			return nil
		}
	}
}

// answer returns the next message.
func (n *nextion) answer(ctx context.Context, c *Conn) (nxAnswer, error) {
	for {
		if a, ok := n.in.next(); ok {
			return a, nil
		}
		b, err := c.Next(ctx)
		if err != nil {
			return nxAnswer{}, err
		}
		n.in.feed(b)
	}
}

// noAnswer says in words that a limit passed.
func noAnswer(err error, limit time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: is it powered, and is the line's baud rate right?", limit)
	}
	return err
}

// comok reads the answer to connect: seven fields behind the word.
func comok(a nxAnswer) (sale.Identity, bool) {
	rest, ok := strings.CutPrefix(string(a.kind)+string(a.body), "comok ")
	f := strings.Split(rest, ",")
	if !ok || len(f) < 7 {
		return sale.Identity{}, false
	}
	return sale.Identity{Model: plain(f[2]), Version: plain(f[3]), Serial: plain(f[5])}, true
}

// Draw brings the panel to a picture. A code too dense for the glass, and
// components that the project lacks, are a Flaw.
func (n *nextion) Draw(ctx context.Context, c *Conn, p Picture) error {
	if p.Check && n.shown != nil && n.flaw == "" {
		if err := n.probe(ctx, c); err != nil {
			return err
		}
	} else if p.Check {
		n.shown = nil
	}
	l := n.leaf(p)
	err := n.put(ctx, c, l, NextionBuffer)
	if errors.Is(err, errNxOverflow) { // what was lost is not known: all again, one by one
		n.shown = nil
		if err = n.hush(ctx, c); err == nil {
			err = n.put(ctx, c, l, 1)
		}
	}
	if err != nil {
		return err
	}
	if err := n.voice.refusal(n, p); err != nil {
		return err
	}
	if n.flaw != "" {
		return Flaw{n.flaw}
	}
	return nil
}

// probe asks for the page and for what t0 says, which every page has. A panel
// that shows something else has lost its power, or its page to a finger.
func (n *nextion) probe(ctx context.Context, c *Conn) error {
	if err := n.discard(c); err != nil {
		return err
	}
	if _, err := c.Write([]byte("sendme" + NextionEnd + "get t0.txt" + NextionEnd)); err != nil {
		return err
	}
	page := -1
	if err := n.until(ctx, c, "sendme", func(a nxAnswer) bool {
		if a.kind == nxPage {
			page = int(a.body[0])
		}
		return a.kind == nxPage
	}); err != nil {
		return err
	}
	said := ""
	if err := n.until(ctx, c, "get t0.txt", func(a nxAnswer) bool {
		said = string(a.body)
		return a.kind == nxText
	}); err != nil {
		return err
	}
	if page != n.shown.page || !n.shown.says("t0.txt", said) {
		return ErrRestarted
	}
	return nil
}

// put sends what differs between the glass and l.
func (n *nextion) put(ctx context.Context, c *Conn, l nxLeaf, window int) error {
	first, trim := l.commands(n.shown)
	if len(first)+len(trim) == 0 {
		return nil
	}
	if len(first) > 0 {
		n.flaw = ""
	}
	for _, cmds := range [][]string{n.builtin(first, l.code), trim} {
		refused, err := n.send(ctx, c, cmds, window)
		if err != nil {
			return err
		}
		// A panel that refuses everything has another trouble than a missing component.
		if !n.bare && len(refused) < len(cmds) && slices.ContainsFunc(refused, func(r string) bool { return strings.HasPrefix(r, "qr0.txt ") }) {
			n.bare = true
			refused, err = n.send(ctx, c, n.builtin(cmds, l.code), window)
			if err != nil {
				return err
			}
		}
		if len(refused) > 0 {
			n.flaw = "the panel's project refuses " + strings.Join(refused, "; ")
		}
	}
	n.shown = &l
	return nil
}

// builtin replaces the QR component by the panel's own qrcode command, on a
// white card that is its quiet zone, when the project has no component.
func (n *nextion) builtin(cmds []string, code string) []string {
	if !n.bare {
		return cmds
	}
	var out []string
	for _, cmd := range cmds {
		text, ok := strings.CutPrefix(cmd, "qr0.txt=")
		if !ok {
			out = append(out, cmd)
			continue
		}
		px, side := n.glass.square(code)
		edge := QuietZone * (px + 1) // the panel may pack the text into fewer, larger modules
		out = append(out,
			fmt.Sprintf("fill 0,0,%d,%d,65535", side+2*edge, side+2*edge),
			fmt.Sprintf("qrcode %d,%d,%d,65535,0,-1,0,%s", edge, edge, side, text))
	}
	return out
}

var errNxOverflow = errors.New("nextion: the panel's input buffer ran over")

// send writes commands and awaits one answer for each. Never more than window
// bytes are under way without an answer, but for a single longer command. The
// commands that were refused are returned in words.
func (n *nextion) send(ctx context.Context, c *Conn, cmds []string, window int) (refused []string, err error) {
	if err := n.discard(c); err != nil {
		return nil, err
	}
	underWay, answered, sent := 0, 0, 0
	for answered < len(cmds) {
		var burst []byte
		for sent < len(cmds) && (underWay == 0 || underWay+len(cmds[sent])+len(NextionEnd) <= window) {
			burst = append(append(burst, cmds[sent]...), NextionEnd...)
			underWay += len(cmds[sent]) + len(NextionEnd)
			sent++
		}
		if len(burst) > 0 {
			if _, err := c.Write(burst); err != nil {
				return nil, err
			}
		}
		cmd := cmds[answered]
		why, err := n.outcome(ctx, c, cmd)
		if err != nil {
			return nil, err
		}
		if why != "" {
			name, _, _ := strings.Cut(cmd, "=")
			refused = append(refused, name+" ("+why+")")
		}
		answered++
		underWay -= len(cmd) + len(NextionEnd)
	}
	return refused, nil
}

// outcome waits for the answer to one command; why is empty if it was done.
func (n *nextion) outcome(ctx context.Context, c *Conn, cmd string) (why string, err error) {
	name, _, _ := strings.Cut(cmd, "=")
	fatal := error(nil)
	err = n.until(ctx, c, name, func(a nxAnswer) bool {
		switch {
		case a.restarted():
			fatal = ErrRestarted
			return true
		case a.kind == nxOverflow && len(a.body) == 0:
			fatal = errNxOverflow
			return true
		case a.kind == nxDone && len(a.body) == 0:
			return true
		}
		if w, ok := nxFailures[a.kind]; ok && len(a.body) == 0 {
			why = fmt.Sprintf("%s, %02X", w, a.kind)
			return true
		}
		return false // a touch, a page, sleep: not an answer
	})
	return why, errors.Join(err, fatal)
}

// discard takes what arrived since the last command out of the way.
func (n *nextion) discard(c *Conn) error {
	for b := c.Pending(); b != nil; b = c.Pending() {
		if err := n.Heard(b); err != nil {
			return err
		}
	}
	return nil
}

// hush ends a half command and waits until the panel has said all it had to
// say about what it lost.
func (n *nextion) hush(ctx context.Context, c *Conn) error {
	if _, err := c.Write([]byte(NextionEnd)); err != nil {
		return err
	}
	for {
		quiet, cancel := context.WithTimeout(ctx, n.wait/4)
		a, err := n.answer(quiet, c)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			n.in.reset()
			return nil
		case err != nil:
			return err
		case a.restarted():
			return ErrRestarted
		}
	}
}

// Heard looks for the start-up message; touches and the like mean nothing here.
func (n *nextion) Heard(b []byte) error {
	n.in.feed(b)
	for {
		a, ok := n.in.next()
		if !ok {
			return nil
		}
		if a.restarted() || a.kind == nxReady && len(a.body) == 0 {
			n.shown = nil
			return ErrRestarted
		}
		if a.kind == nxSlept && len(a.body) == 0 {
			n.shown = nil // it is woken by Greet
			return ErrRestarted
		}
	}
}
