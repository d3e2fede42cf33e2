package device

import (
	"context"
	"maps"

	"posd/device/core"
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
