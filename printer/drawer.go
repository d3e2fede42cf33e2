package printer

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A cash drawer opens now or not at all. A pulse that waits in the buffer of a
// printer that has stopped would open it with the next roll of paper, when
// nobody stands before it. So the printer is asked first, and then
//
//	one that obeys in real time     DLE DC4, also while it is stopped or busy
//	one that is well and idle       ESC p: it is obeyed in its turn, which is now
//	any other                       is refused, with what stops it
//
// One that answers nothing cannot be asked; what its port says is heard.

// drawerLimit is how long a drawer may wait for its turn behind a receipt.
const drawerLimit = 5 * time.Second

// OpenDrawer opens the cash drawer. No error means that the pulse was sent to a
// printer that obeys it at once; whether the drawer opened is for eyes.
func (p *Printer) OpenDrawer(ctx context.Context) error {
	if p.cfg.Drawer == "" {
		return errors.New(`no cash drawer is configured: write drawer = "pin2" or "pin5"`)
	}
	ctx, cancel := context.WithTimeout(ctx, drawerLimit)
	defer cancel()
	done := make(chan error, 1)
	select {
	case <-p.turn:
		defer p.end()
		return p.openDrawer(ctx)
	case p.pulses <- done: // a receipt waits for its printer: see confirm
	case <-ctx.Done():
		return errors.New("the printer is busy with a receipt")
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("the printer takes nothing: check paper and cover")
	}
}

// openDrawer is OpenDrawer on a printer whose turn is ours.
func (p *Printer) openDrawer(ctx context.Context) error {
	t, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer t.hangUp()
	if err := p.flush(ctx, t); err != nil {
		p.link.Close()
		return fmt.Errorf("open drawer: %w", err)
	}
	pulse, err := p.pulse(ctx, t)
	if err != nil {
		return err
	}
	if err := t.write(ctx, pulse); err != nil {
		p.torn = leastFlush
		p.link.Close()
		return fmt.Errorf("open drawer: %w", err)
	}
	return nil
}

// pulse asks the printer how it is and returns the command that opens the drawer
// at once.
func (p *Printer) pulse(ctx context.Context, t *session) ([]byte, error) {
	inTurn := []byte{ESC, 'p', p.pin(), 25, 250} // 50 ms on, 500 ms off
	if p.encoder.profile.Quiet {
		p.hearPort()
		if words := p.Status().trouble(); words != "" {
			return nil, errors.New(words)
		}
		return inTurn, nil
	}
	answered, err := p.ask(ctx, t)
	words := p.Status().trouble()
	model := p.encoder.profile
	switch {
	case err != nil:
		p.link.Close()
		return nil, fmt.Errorf("open drawer: %w", err)
	case !answered && p.spoke && words == "":
		return nil, errors.New("the printer does not answer: is it switched on?")
	case answered && model.RealTime && (words != "" || model.ASB):
		return p.realTimePulse(), nil
	case words != "":
		return nil, errors.New(words)
	case !p.Status().Held && (!answered || p.idle(ctx, t)):
		return inTurn, nil
	case model.RealTime:
		return p.realTimePulse(), nil
	}
	return nil, errors.New("the printer is still busy with an earlier receipt")
}

// idle reports whether the printer obeys now what it is sent: it has nothing of
// an earlier receipt left, and answers in its turn if it ever did.
func (p *Printer) idle(ctx context.Context, t *session) bool {
	if p.encoder.profile.Confirm == ConfirmGSr {
		return p.catchUp(ctx, t)
	}
	return p.wait == ""
}

func (p *Printer) pin() byte {
	if p.cfg.Drawer == "pin5" {
		return 1
	}
	return 0
}

// realTimePulse is obeyed wherever it stands in the stream: 100 ms on, 100 ms off.
func (p *Printer) realTimePulse() []byte { return []byte{DLE, DC4, 1, p.pin(), 1} }

// pulseNow opens the drawer while a receipt is being printed, if the printer
// obeys in real time.
func (p *Printer) pulseNow(ctx context.Context, t *session) error {
	if !p.encoder.profile.RealTime {
		return errors.New("the printer has stopped in the middle of a receipt: " + p.Status().Words)
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.AnswerLimit)
	defer cancel()
	if err := t.write(ctx, p.realTimePulse()); err != nil {
		return fmt.Errorf("open drawer: %w", err)
	}
	return nil
}
