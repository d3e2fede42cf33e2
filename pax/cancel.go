package pax

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// phase is where the money transaction on the wire stands, as far as A14 minds.
type phase uint8

const (
	idle  phase = iota
	ahead       // a transaction is being prepared: nothing of it was sent
	sent        // its frame is out, not acknowledged
	open        // acknowledged: the customer may be asked
)

var errNothingRunning = errors.New("no card transaction is running on the terminal")

// cancelling keeps the wish to cancel the transaction under way, and sends A14
// when the terminal can hear it: on the transaction's own wire, or, where there
// is one, on a second wire beside it.
type cancelling struct {
	version string
	log     *slog.Logger
	put     func([]byte) error // sends on the transaction's own wire; nil: it cannot carry A14
	second  *secondWire        // nil: there is no second wire

	standing sync.Mutex // guards what follows
	phase    phase
	wish     bool // A14 is wanted
	asked    bool // A14 is out on the transaction's own wire, and not answered
}

func (c *cancelling) begin() { c.setPhase(ahead) }

func (c *cancelling) end() { c.setPhase(idle) }

func (c *cancelling) setPhase(p phase) {
	c.standing.Lock()
	defer c.standing.Unlock()
	c.phase = p
	if p == idle || p == ahead {
		c.wish, c.asked = false, false
	}
}

// opened notes that the terminal took the transaction, and sends A14 if it was
// wished before.
func (c *cancelling) opened() error {
	c.standing.Lock()
	defer c.standing.Unlock()
	c.phase = open
	switch {
	case !c.wish:
		return nil
	case c.second == nil:
		return c.cancel()
	}
	go func() {
		if err := c.second.cancel(c.version); err != nil {
			c.log.Warn("the terminal was not told to cancel", "err", err)
		}
	}()
	return nil
}

// abort wishes the running transaction cancelled: at once if the terminal has
// it, else as soon as it has.
func (c *cancelling) abort() error {
	c.standing.Lock()
	switch {
	case c.phase == idle:
		c.standing.Unlock()
		return errNothingRunning
	case c.put == nil && c.second == nil:
		c.standing.Unlock()
		return errors.New("the terminal cannot be told to cancel this way: press the red key on it")
	}
	c.wish = true
	running := c.phase == open
	if c.second == nil {
		defer c.standing.Unlock() // the end of the transaction waits for A14 to be out
		if !running || c.asked {
			return nil
		}
		return c.cancel()
	}
	c.standing.Unlock()
	if !running {
		return nil
	}
	return c.second.cancel(c.version)
}

// cancel sends A14 on the transaction's own wire.
func (c *cancelling) cancel() error {
	c.asked = true
	if err := c.put(requestCancel(c.version)); err != nil {
		return fmt.Errorf("send the cancel wish to the terminal: %w", err)
	}
	return nil
}

// wished reports whether a cancel is wanted before anything was sent.
func (c *cancelling) wished() bool {
	c.standing.Lock()
	defer c.standing.Unlock()
	return c.wish
}

// cancelAnswered takes an answer to A14 if one is due on the transaction's own wire.
func (c *cancelling) cancelAnswered() bool {
	c.standing.Lock()
	defer c.standing.Unlock()
	was := c.asked
	c.asked = false
	return was
}

// secondWire is a second wire to the terminal, on another port, that carries A14
// while the first waits for the transaction's answer. It is made for each wish
// and dropped after it. What the terminal answers there decides nothing.
type secondWire struct {
	wire wire
	cfg  Config
	turn sync.Mutex
}

func (b *secondWire) cancel(version string) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), b.cfg.AckWait+b.cfg.GreetWait)
	defer stop()
	defer b.wire.drop()
	if _, err := b.wire.ready(ctx); err != nil {
		return fmt.Errorf("send the cancel wish to the terminal's second port: %w", err)
	}
	res := b.wire.do(ctx, call{command: cmdCancel, frame: requestCancel(version), ackWait: b.cfg.AckWait, answerWait: b.cfg.GreetWait})
	if res.end == notSent || res.end == refused || res.end == unacked {
		return fmt.Errorf("send the cancel wish to the terminal's second port: %w", res.err)
	}
	return nil
}
