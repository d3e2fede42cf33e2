package store

import (
	"context"

	"posd/device/sale"
)

// Tokens returns every token that was ever made, the newest first.
func (s *Store) Tokens(ctx context.Context) (out []sale.Token, err error) {
	err = s.look(ctx, "read the tokens", func(v view) error {
		out, err = list(v, tokens, "ORDER BY created_at DESC, id DESC")
		return err
	})
	return out, err
}
