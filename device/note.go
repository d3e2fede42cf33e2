package device

import (
	"context"
	"maps"

	"posd/device/core"
	"posd/device/sale"
)

// Note stores a small value under a name and returns once it is durable. Names
// are few and used again, so that what is stored does not grow.
func (t *Till) Note(ctx context.Context, name, value string) error {
	_, err := t.ask(ctx, func(_ context.Context, tok core.Token) (core.Event, error) {
		return core.NoteAsked{Token: tok, Name: name, Value: value}, nil
	})
	return err
}

// Noted returns what earlier runs noted, by name. It waits until the till is ready.
func (t *Till) Noted(ctx context.Context) (map[string]string, error) {
	select {
	case <-t.ready:
		return maps.Clone(t.noted), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.done:
		return nil, errStopped
	}
}

// Keyed returns the sale that was begun under an Idempotency-Key of an earlier run,
// and the refund or void if it was for one; ErrNotFound if nothing was.
func (t *Till) Keyed(ctx context.Context, key string) (s sale.Sale, movement string, err error) {
	e := t.turn(ctx, func() {
		bound, of, failed := t.bound(ctx, key)
		switch {
		case failed != nil:
			err = failed
		case bound == nil || of == nil:
			err = sale.ErrNotFound
		default:
			s, movement = *of, bound.Movement
		}
	})
	if e != nil {
		return s, "", e
	}
	return s, movement, err
}
