package pax

import (
	"context"
	"time"

	"posd/device/sale"
)

// afterTrouble is how soon a terminal that did not answer is asked again.
const afterTrouble = 30 * time.Second

// Run greets the terminal at once, and then whenever nothing was asked of it
// for the time Config.Heartbeat, until ctx ends: a terminal that fell asleep at
// night is noticed before the first customer. What came of each greeting is
// handed to heard.
func (t *Terminal) Run(ctx context.Context, heard func(sale.Identity, error)) error {
	if t.cfg.Heartbeat <= 0 {
		<-ctx.Done()
		return nil
	}
	pause := t.cfg.Heartbeat
	for {
		if wait := pause - time.Since(t.lastUsed()); wait > 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
				continue // it may have been used meanwhile
			}
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
}

// lastUsed is when something was last asked of the terminal.
func (t *Terminal) lastUsed() time.Time {
	t.usedLock.Lock()
	defer t.usedLock.Unlock()
	return t.used
}

func (t *Terminal) touch() {
	t.usedLock.Lock()
	defer t.usedLock.Unlock()
	t.used = time.Now()
}
