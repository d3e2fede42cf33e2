package store

import (
	"context"

	"posd/device/sale"
)

// People returns everybody who works here or did, by name.
func (s *Store) People(ctx context.Context) (out []sale.Person, err error) {
	err = s.look(ctx, "read the people", func(v view) error {
		out, err = list(v, people, "ORDER BY name, created_at, id")
		return err
	})
	return out, err
}

// Notes returns what is remembered by name.
func (s *Store) Notes(ctx context.Context) (out map[string]string, err error) {
	err = s.look(ctx, "read the notes", func(v view) (err error) {
		out, err = v.notes()
		return err
	})
	return out, err
}

func (v view) notes() (map[string]string, error) {
	found, err := list(v, notes, "")
	out := make(map[string]string, len(found))
	for _, n := range found {
		out[n.Name] = n.Value
	}
	return out, err
}

// Tokens returns every token that was ever made, the newest first.
func (s *Store) Tokens(ctx context.Context) (out []sale.Token, err error) {
	err = s.look(ctx, "read the tokens", func(v view) error {
		out, err = list(v, tokens, "ORDER BY created_at DESC, id DESC")
		return err
	})
	return out, err
}
