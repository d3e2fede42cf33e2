package pax

import (
	"context"
	"sync"
	"time"

	"posd/device/sale"
)

// afterTrouble is how soon a terminal that did not answer is asked again.
const afterTrouble = 30 * time.Second

// Run greets the terminal at once, and then whenever nothing was asked of it
// for the time Config.Heartbeat, until ctx ends: a terminal that fell asleep at
// night is noticed before the first customer. What came of each greeting is
// handed to heard. In between it reads the line, so that an answer that comes
// late is acknowledged, and told to whom Hear named, when it comes.
func (t *Terminal) Run(ctx context.Context, heard func(sale.Identity, error)) error {
	pause := t.cfg.Heartbeat
	for ctx.Err() == nil {
		wait := pause - time.Since(t.idling.lastUsed())
		if t.cfg.Heartbeat <= 0 {
			wait = idleAtMost
		}
		if wait > 0 {
			t.listen(ctx, wait)
			continue // it may have been used meanwhile
		}
		id, err := t.Greet(ctx)
		if ctx.Err() != nil {
			return nil
		}
		heard(id, err)
		pause = t.cfg.Heartbeat
		if err != nil {
			pause = min(pause, afterTrouble)
		}
	}
	return nil
}

// idleAtMost bounds one spell of listening where nothing else does.
const idleAtMost = time.Hour

// listen reads the line for a while, until somebody wants to ask something.
func (t *Terminal) listen(ctx context.Context, wait time.Duration) {
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return
	}
	listening := !t.idling.begin(stop) || t.wire.listen(ctx)
	t.idling.end()
	t.release()
	if listening {
		return
	}
	select {
	case <-ctx.Done(): // there is no connection, until something is asked
	case <-t.idling.asked:
	}
}

// idling lets whoever wants to ask something take the turn from the one that
// only listens.
type idling struct {
	asked chan struct{} // holds a token once something was asked

	lock    sync.Mutex         // guards what follows
	used    time.Time          // when something was last asked
	waiting int                // how many want the turn
	stop    context.CancelFunc // of who listens; nil: nobody does
}

// begin notes that somebody listens, unless others wait for the turn.
func (i *idling) begin(stop context.CancelFunc) bool {
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.waiting > 0 {
		return false
	}
	i.stop = stop
	return true
}

func (i *idling) end() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.stop = nil
}

// interrupt asks who listens for the turn. What it returns must be called once
// the turn was had, or is no longer wanted.
func (i *idling) interrupt() (had func()) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.waiting++
	if i.stop != nil {
		i.stop()
	}
	return func() {
		i.lock.Lock()
		defer i.lock.Unlock()
		i.waiting--
	}
}

// lastUsed is when something was last asked of the terminal.
func (i *idling) lastUsed() time.Time {
	i.lock.Lock()
	defer i.lock.Unlock()
	return i.used
}

func (i *idling) touch() {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.used = time.Now()
	select {
	case i.asked <- struct{}{}:
	default:
	}
}
