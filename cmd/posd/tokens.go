package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

// tokenPrefix begins every token, so that one that leaked is recognised.
const tokenPrefix = "posd_"

// tokenKeeper holds the journal's tokens in memory, for every request to be
// judged by, and writes changes before they count.
type tokenKeeper struct {
	store *store.Store
	now   func() time.Time

	mu   sync.Mutex
	list []sale.Token // newest first
}

func newTokenKeeper(ctx context.Context, s *store.Store) (*tokenKeeper, error) {
	list, err := s.Tokens(ctx)
	return &tokenKeeper{store: s, now: time.Now, list: list}, err
}

// Made is api.Tokens.Made.
func (k *tokenKeeper) Made() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.list) > 0
}

// List is api.Tokens.List.
func (k *tokenKeeper) List() []sale.Token {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.list)
}

// Find is api.Tokens.Find. It takes as long for any token.
func (k *tokenKeeper) Find(hash string) (found sale.Token, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range k.list {
		if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// Create is api.Tokens.Create.
func (k *tokenKeeper) Create(ctx context.Context, r api.TokenRequest, by string) (sale.Token, string, error) {
	scopes, err := sale.ParseScopes(strings.Join(r.Scopes, ","))
	if err == nil && !sale.Printable(r.Name) {
		err = errors.New("the name must be printable")
	}
	if err == nil && r.ExpiresAt != nil && !k.now().Before(*r.ExpiresAt) {
		err = errors.New("the token would have expired already: name a day that is to come")
	}
	if err != nil {
		return sale.Token{}, "", &sale.Refusal{Kind: sale.ErrInvalid, Words: err.Error()}
	}
	var entropy [32]byte
	rand.Read(entropy[:])
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(entropy[:])
	t := sale.Token{ID: newKey(), Name: r.Name, Hash: api.HashToken(secret), Scopes: scopes, MaxRefund: r.MaxRefund,
		Returns: r.Returns, CreatedAt: k.now().UTC(), CreatedBy: by, ExpiresAt: r.ExpiresAt}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range k.list {
		if ok, _ := other.InForce(k.now()); ok && other.Name == r.Name {
			return t, "", &sale.Refusal{Kind: sale.ErrNotPossible, Words: fmt.Sprintf("there is a token called %s already: revoke it first, or choose another name", r.Name)}
		}
	}
	if err := k.write(ctx, t); err != nil {
		return t, "", err
	}
	k.list = slices.Insert(k.list, 0, t)
	return t, secret, nil
}

// Revoke is api.Tokens.Revoke. A token is named by its ID, or by its name.
func (k *tokenKeeper) Revoke(ctx context.Context, id, by string) (sale.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.list, func(t sale.Token) bool { return t.ID == id || t.Name == id && t.RevokedAt == nil })
	if i < 0 {
		return sale.Token{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no such token: posd token list shows them"}
	}
	t := k.list[i]
	if t.RevokedAt != nil {
		return t, nil
	}
	now := k.now().UTC()
	t.RevokedAt, t.RevokedBy = &now, by
	if err := k.write(ctx, t); err != nil {
		return t, err
	}
	k.list[i] = t
	return t, nil
}

func (k *tokenKeeper) write(ctx context.Context, t sale.Token) error {
	if _, err := k.store.Commit(ctx, []sale.Row{sale.TokenRow{Token: t}}); err != nil {
		return &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be written, so nothing was changed: " + err.Error()}
	}
	return nil
}

// accessWords say who may ask over TCP.
func accessWords(made bool) string {
	if made {
		return "over TCP by token only; over the unix socket by whoever its mode lets in"
	}
	return "OPEN: every program of this box may sell and give money back; `posd token create` closes it"
}
