package printer

import (
	"context"
	"time"
)

// A printer on a network serves one connection at a time, and others wait. So
// that two tills share one, the line is let go some time after a job:
//
//	till 1   open, ask, receipt, printed ... release_after ... close
//	till 2   open - no answer: in use; the till tries again -  open, ask, receipt
//
// What comes to nothing for that reason is said before a byte of the receipt
// is sent, and the till keeps it and tries again.

// shares reports whether the line is let go between jobs.
func (p *Printer) shares() bool { return p.cfg.ReleaseAfter > 0 }

// away says why a printer is out of reach.
func (p *Printer) away() string {
	if p.shares() {
		return "printer not reachable: another till may be using it; else check its cable and power"
	}
	return "printer not reachable: check its cable and power"
}

// waitTurns is how often a shared printer that is silent is asked again: another
// till has it for a receipt and the moment after.
const waitTurns = 4

// askShared is ask, with time for another till to let the printer go.
func (p *Printer) askShared(ctx context.Context, t *session) (answered bool, err error) {
	answered, err = p.ask(ctx, t)
	for n := 0; n < waitTurns && p.shares() && !answered && err == nil && ctx.Err() == nil; n++ {
		answered, err = p.ask(ctx, t)
	}
	return answered, err
}

// patience is how long a printer that was never heard is taken for one that
// another till uses; after that for one that answers nothing.
const patience = 30 * time.Second

// inUse reports whether a printer that does not answer is to be tried again.
func (p *Printer) inUse() bool {
	if p.silent.IsZero() {
		p.silent = time.Now()
	}
	return p.heard || time.Since(p.silent) < patience
}

// leastLinger is how long a line is kept whose printer has not said that it is
// done: closing may throw away what is still under way.
const leastLinger = 5 * time.Second

// letGoLater closes the line when nobody has used it for a while. It is called
// with the turn held.
func (p *Printer) letGoLater() {
	if !p.shares() {
		return
	}
	wait := p.cfg.ReleaseAfter
	if p.behind() || p.encoder.profile.Confirm == ConfirmNone {
		wait = max(wait, leastLinger)
	}
	if p.letGo == nil {
		p.letGo = time.AfterFunc(wait, p.release)
		return
	}
	p.letGo.Reset(wait)
}

// release closes the line, unless it is in use: then the end of that lets go.
func (p *Printer) release() {
	select {
	case <-p.turn:
		p.link.Close()
		p.released = true
		p.turn <- struct{}{}
	default:
	}
}
