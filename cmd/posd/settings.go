package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os/user"
	"time"

	"posd/device/sale"
	"posd/store"
)

// setter stores a change of who may do what, with an event that names who made it.
// The running till is one; it refuses a person without the right to manage where
// personal is set.
type setter func(ctx context.Context, rows []sale.Row, kind, words string, personal bool) error

// setAlone is the setter where no daemon runs.
func setAlone(s *store.Store) setter {
	return func(ctx context.Context, rows []sale.Row, kind, words string, _ bool) error {
		e := sale.EventRow{At: time.Now().UTC().Truncate(time.Millisecond), Kind: kind, Data: sale.EventData{Words: words, Acted: sale.ActorOf(ctx).Acted()}}
		if _, err := s.Commit(ctx, append(rows, e)); err != nil {
			return &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be written, so nothing was changed: " + err.Error()}
		}
		return nil
	}
}

// askOrAlone asks the daemon, or, where none runs, does it to the journal itself.
func askOrAlone[T any](ctx context.Context, at *where, method, path string, body any, alone func(ctx context.Context, c Config, s *store.Store) (T, error)) (out T, err error) {
	cl, err := at.client()
	if err != nil {
		return out, err
	}
	a, err := cl.ask(ctx, method, path, body)
	var dial *notReached
	switch {
	case err == nil:
		return out, json.Unmarshal(a.body, &out)
	case !errors.As(err, &dial) || at.config == "" && at.url != "":
		return out, err
	}
	c, err := load(at.configFile())
	if err != nil {
		return out, err
	}
	s, err := store.Open(ctx, c.Store, slog.New(slog.DiscardHandler))
	if err != nil {
		return out, err
	}
	defer s.Close()
	by := sale.Actor{}
	if u, err := user.Current(); err == nil {
		by.User = u.Username
	}
	return alone(sale.WithActor(ctx, by), c, s)
}
