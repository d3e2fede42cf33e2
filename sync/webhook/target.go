package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"posd/device/sale"
)

// Journal is what a target reads and notes.
type Journal interface {
	Events(ctx context.Context, after int64, limit int) ([]sale.StoredEvent, error)
	Note(ctx context.Context, name, value string) error
}

// Limits of one target. The window bounds what is held of events that are not taken.
const (
	window     = 256
	lookEvery  = time.Second // for new events
	noteEvery  = time.Second
	backoffMax = 5 * time.Minute
	deadAfter  = 5 // tries in a row without one that was taken
)

// Target tells one receiver.
type Target struct {
	config  Config
	secret  sale.Secret
	to      Doer
	journal Journal
	log     *slog.Logger

	read    int64     // the last event that was read
	noted   int64     // as the journal has it
	notedAt time.Time // when it was noted
	waiting []*pending

	mu     sync.Mutex
	status Status
}

// pending is an event that is not taken yet.
type pending struct {
	sale.StoredEvent
	tries int
	due   time.Time
}

// Status is how a target is.
type Status struct {
	Name, URL string
	Waiting   int       // events that are not taken yet, of those read
	Oldest    time.Time // of them; zero if none waits
	InARow    int       // tries since the last that was taken
	GivenUp   int       // events that got too old, in this run
	Gone      bool      // it wants no more
	Words     string    // of the last failure
}

// OK reports whether the target takes what it is told.
func (s Status) OK() bool { return !s.Gone && s.InARow < deadAfter && s.GivenUp == 0 }

// New returns a target.
func New(c Config, secret sale.Secret, to Doer, j Journal, log *slog.Logger) *Target {
	return &Target{config: c, secret: secret, to: to, journal: j, log: log, status: Status{Name: c.name(), URL: c.URL}}
}

// NoteName is the name under which a target's place in the journal is noted.
func (c Config) NoteName() string { return "webhook " + c.name() }

// Status returns how the target is.
func (t *Target) Status() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

// Run tells what comes behind event after, until ctx ends.
func (t *Target) Run(ctx context.Context, after int64) error {
	t.read, t.noted = after, after
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake.C:
		}
		if t.Status().Gone {
			continue // nothing wakes it again
		}
		t.fill(ctx)
		for p := t.due(); p != nil && ctx.Err() == nil && !t.Status().Gone; p = t.due() {
			t.try(ctx, p)
			t.note(ctx)
		}
		t.note(ctx)
		wake.Reset(lookEvery)
	}
}

// fill reads on, as far as there is room.
func (t *Target) fill(ctx context.Context) {
	for len(t.waiting) < window {
		found, err := t.journal.Events(ctx, t.read, window-len(t.waiting))
		if err != nil {
			if ctx.Err() == nil {
				t.log.Warn("webhook cannot read the journal", "target", t.config.name(), "err", err)
			}
			return
		}
		for _, e := range found {
			t.read = e.Seq
			if t.config.wants(e.Kind) {
				t.waiting = append(t.waiting, &pending{StoredEvent: e})
			}
		}
		if len(found) == 0 {
			return
		}
	}
}

// due returns the earliest event whose time has come and that is the first of its sale.
func (t *Target) due() *pending {
	now := time.Now()
	before := map[sale.ID]bool{}
	for _, p := range t.waiting {
		if !before[p.Sale] && !now.Before(p.due) {
			return p
		}
		before[p.Sale] = true
	}
	return nil
}

// try tells one event, once.
func (t *Target) try(ctx context.Context, p *pending) {
	now := time.Now()
	err := Send(ctx, t.to, t.config, t.secret, p.StoredEvent, now)
	if ctx.Err() != nil {
		return // it stays, and is told by the next run
	}
	p.tries++
	old := err != nil && now.Sub(p.At) > t.config.MaxAge
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.status
	switch {
	case err == nil:
		s.InARow, s.Words = 0, ""
		t.drop(p)
	case errors.Is(err, errGone):
		s.Gone, s.Words = true, err.Error()
		t.log.Error("webhook ended", "target", t.config.name(), "err", err)
	case old:
		s.GivenUp++
		s.Words = err.Error()
		t.drop(p)
		t.log.Error("webhook gave an event up, it is too old", "target", t.config.name(), "event", p.Seq, "err", err)
	default:
		s.InARow++
		if s.Words != err.Error() {
			t.log.Warn("webhook not taken", "target", t.config.name(), "event", p.Seq, "err", err)
		}
		s.Words = err.Error()
		p.due = now.Add(backoff(p.tries))
	}
	s.Waiting, s.Oldest = len(t.waiting), time.Time{}
	if len(t.waiting) > 0 {
		s.Oldest = t.waiting[0].At
	}
}

// drop lets an event go.
func (t *Target) drop(p *pending) {
	for i, one := range t.waiting {
		if one == p {
			t.waiting = append(t.waiting[:i], t.waiting[i+1:]...)
			return
		}
	}
}

// backoff is full jitter up to twice as much each time.
func backoff(tries int) time.Duration {
	most := min(backoffMax, time.Second<<min(tries, 10))
	return time.Duration(rand.Int64N(int64(most))) + time.Millisecond
}

// note remembers how far all is told.
func (t *Target) note(ctx context.Context) {
	done := t.read
	if len(t.waiting) > 0 {
		done = t.waiting[0].Seq - 1
	}
	if done == t.noted || time.Since(t.notedAt) < noteEvery {
		return
	}
	if err := t.journal.Note(ctx, t.config.NoteName(), strconv.FormatInt(done, 10)); err != nil {
		t.log.Warn("webhook cannot note how far it is", "target", t.config.name(), "err", fmt.Sprint(err))
		return
	}
	t.noted, t.notedAt = done, time.Now()
}
