package display

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"posd/device/sale"
)

// Limits of a panel. Opening again is tried quickly at first: a cable that was
// only touched is back before the customer looks. One that was away for long is in use
// within two seconds, too.
const (
	backoffFirst = 250 * time.Millisecond
	backoffMost  = 1500 * time.Millisecond
	greetLimit   = 10 * time.Second
	drawLimit    = 10 * time.Second
)

// Panel keeps one display true. It owns the line while Run runs.
type Panel struct {
	name   string
	link   Link
	driver Driver
	log    *slog.Logger
	check  time.Duration

	wake chan struct{} // size one: something new is in want

	mu     sync.Mutex
	want   sale.Screen
	until  time.Time // when want's code leaves the glass, by the monotonic clock; zero if never
	status Status
}

// Status is what a panel knows of its display.
type Status struct {
	Name      string        `json:"name"`
	Connected bool          `json:"connected"`
	CanQR     bool          `json:"canQR"`
	Identity  sale.Identity `json:"identity"`
	// Trouble is what is wrong, in words: why it is not connected, or what is
	// missing in the picture. Empty if all is well.
	Trouble string `json:"trouble,omitempty"`
}

// NewPanel returns a panel that shows "not in service" until the first Show.
func NewPanel(name string, link Link, driver Driver, log *slog.Logger) *Panel {
	return &Panel{
		name: name, link: link, driver: driver, log: log.With("line", name),
		check:  checkEvery,
		wake:   make(chan struct{}, 1),
		want:   sale.Screen{Kind: sale.ScreenOffline},
		status: Status{Name: name, CanQR: driver.CanQR(), Trouble: "not opened yet"},
	}
}

// checkEvery is how often a display at rest is asked, or drawn again if it
// cannot be asked: one that lost its power alone is dark no longer than that. It is done at
// round moments of the clock (sale.UntilRound).
const checkEvery = 30 * time.Second

// Show hands over the screen that is true from now on and returns at once. A
// screen that was not drawn yet is dropped.
func (p *Panel) Show(s sale.Screen) {
	until := time.Time{}
	if s.Until != nil && (s.Kind == sale.ScreenCode || s.Kind == sale.ScreenPassword) {
		until = time.Now().Add(time.Until(*s.Until)) // a clock set later moves it no more
	}
	p.mu.Lock()
	p.want, p.until = s, until
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// CanQR reports whether the display can draw a QR.
func (p *Panel) CanQR() bool { return p.driver.CanQR() }

// Fits returns an error in words when the display cannot show this code.
func (p *Panel) Fits(code string) error {
	if !p.driver.CanQR() {
		return fmt.Errorf("display %s cannot draw a QR", p.name)
	}
	if f, ok := p.driver.(fitter); ok {
		return f.Fits(code)
	}
	return nil
}

// Status returns what is known of the display now.
func (p *Panel) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Run opens the line, greets, draws and draws again, until ctx ends. It then
// takes whatever stands off the glass. It returns ctx's error; a display that
// does not work is no reason to stop.
func (p *Panel) Run(ctx context.Context) error {
	wait := backoffFirst
	for ctx.Err() == nil {
		good, err := p.connection(ctx)
		if ctx.Err() != nil {
			break
		}
		if good {
			wait = backoffFirst
		}
		p.lost(err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, backoffMost)
	}
	p.setStatus(func(s *Status) { s.Connected, s.Trouble = false, "stopped" })
	return ctx.Err()
}

// connection serves one connection from Open to its loss and reports whether
// the display was ever drawn on.
func (p *Panel) connection(ctx context.Context) (good bool, err error) {
	if _, err := p.link.Open(ctx); err != nil {
		return false, fmt.Errorf("open the display's line: %w", err)
	}
	c, err := newConn(p.link)
	if err != nil {
		p.link.Close()
		return false, err
	}
	defer c.end()
	for {
		if err := p.greet(ctx, c); err != nil {
			return good, err
		}
		good, err = p.serve(ctx, c)
		if !errors.Is(err, ErrRestarted) {
			return good, err
		}
		p.log.Info("display started again, everything is drawn anew")
	}
}

func (p *Panel) greet(ctx context.Context, c *Conn) error {
	ctx, cancel := context.WithTimeout(ctx, greetLimit)
	defer cancel()
	id, err := p.driver.Greet(ctx, c)
	if err != nil {
		return err
	}
	p.setStatus(func(s *Status) { s.Identity = id })
	return nil
}

// serve draws and waits in turn until the connection or ctx ends.
func (p *Panel) serve(ctx context.Context, c *Conn) (good bool, err error) {
	check := false
	for {
		pic, next := p.picture()
		pic.Check = check
		if err := p.draw(ctx, c, pic); err != nil {
			return good, err
		}
		good = true
		check, err = p.rest(ctx, c, next)
		if ctx.Err() != nil {
			return good, p.draw(ctx, c, Picture{Screen: sale.Screen{Kind: sale.ScreenOffline, Language: pic.Language}})
		}
		if err != nil {
			return good, err
		}
	}
}

// rest waits for a reason to draw again: a new screen, the next second of the
// countdown, or the time for a check.
func (p *Panel) rest(ctx context.Context, c *Conn, next time.Duration) (check bool, err error) {
	wait := next
	if next == p.check {
		wait = sale.UntilRound(time.Now(), p.check)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-p.wake:
			return false, nil
		case <-timer.C:
			return next == p.check, nil
		case b, ok := <-c.in:
			if !ok {
				return false, c.lost()
			}
			if err := p.driver.Heard(b); err != nil {
				return false, err
			}
		}
	}
}

// picture returns what the glass should show now and how long that is true.
func (p *Panel) picture() (Picture, time.Duration) {
	p.mu.Lock()
	want, until := p.want, p.until
	p.mu.Unlock()
	if until.IsZero() {
		return Picture{Screen: want}, p.check
	}
	left := time.Until(until)
	if left <= 0 { // whatever the till is doing: an old code must not be paid
		want.Kind, want.Code = sale.ScreenAskCashier, ""
		return Picture{Screen: want}, p.check
	}
	shown := (left + time.Second - 1).Truncate(time.Second)
	return Picture{Screen: want, Left: shown}, left - (shown - time.Second)
}

// draw does not end with ctx: a half-drawn command would spoil the next one,
// and what must leave the glass on stop leaves it by this way too.
func (p *Panel) draw(ctx context.Context, c *Conn, pic Picture) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drawLimit)
	defer cancel()
	began := time.Now()
	err := p.driver.Draw(ctx, c, pic)
	var flaw Flaw
	if err != nil && !errors.As(err, &flaw) {
		return err
	}
	p.log.Debug("drawn", "screen", pic.Kind, "sale", pic.Sale, "took", time.Since(began))
	p.drawn(flaw.Words)
	return nil
}

// drawn notes that the display works, apart from a flaw.
func (p *Panel) drawn(flaw string) {
	var before Status
	p.setStatus(func(s *Status) {
		before = *s
		s.Connected, s.Trouble = true, flaw
	})
	now := p.Status()
	if !before.Connected {
		p.log.Info("display connected", "model", now.Identity.Model, "serial", now.Identity.Serial)
	}
	if flaw != "" && before.Trouble != flaw {
		p.log.Warn("display cannot show everything", "err", flaw)
	}
}

// lost notes why there is no connection, and logs it once.
func (p *Panel) lost(err error) {
	var before Status
	p.setStatus(func(s *Status) {
		before = *s
		s.Connected, s.Trouble = false, err.Error()
	})
	if before.Connected || before.Trouble != err.Error() {
		p.log.Warn("display not connected", "err", err)
	}
}

func (p *Panel) setStatus(change func(*Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.status)
}
