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
	"sync/atomic"
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
	set setter
	now func() time.Time

	turn sync.Mutex                   // one change at a time; whoever only asks never waits for the disk
	list atomic.Pointer[[]sale.Token] // newest first
}

func newTokenKeeper(ctx context.Context, s *store.Store, set setter) (*tokenKeeper, error) {
	list, err := s.Tokens(ctx)
	k := &tokenKeeper{set: set, now: time.Now}
	k.list.Store(&list)
	return k, err
}

// Made is api.Tokens.Made.
func (k *tokenKeeper) Made() bool {
	return len(*k.list.Load()) > 0
}

// List is api.Tokens.List.
func (k *tokenKeeper) List() []sale.Token {
	return slices.Clone(*k.list.Load())
}

// Find is api.Tokens.Find. It takes as long for any token.
func (k *tokenKeeper) Find(hash string) (found sale.Token, ok bool) {
	for _, t := range *k.list.Load() {
		if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// Create is api.Tokens.Create.
func (k *tokenKeeper) Create(ctx context.Context, r api.TokenRequest) (sale.Token, string, error) {
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
	t := sale.Token{ID: newKey(), Name: r.Name, Hash: api.HashToken(secret), Scopes: scopes, MaxRefund: r.MaxRefund, MaxDay: r.MaxDay,
		Returns: r.Returns, CreatedAt: k.now().UTC(), CreatedBy: actorName(sale.ActorOf(ctx)), ExpiresAt: r.ExpiresAt}
	k.turn.Lock()
	defer k.turn.Unlock()
	for _, other := range k.List() {
		if ok, _ := other.InForce(k.now()); ok && other.Name == r.Name {
			return t, "", &sale.Refusal{Kind: sale.ErrNotPossible, Words: fmt.Sprintf("there is a token called %s already: revoke it first, or choose another name", r.Name)}
		}
	}
	if err := k.set(ctx, []sale.Row{sale.TokenRow{Token: t}}, "token.created", fmt.Sprintf("%s (%s)", t.Name, t.Scopes), true); err != nil {
		return t, "", err
	}
	list := slices.Insert(k.List(), 0, t)
	k.list.Store(&list)
	return t, secret, nil
}

// Revoke is api.Tokens.Revoke. A token is named by its ID, or by its name.
func (k *tokenKeeper) Revoke(ctx context.Context, id string) (sale.Token, error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	list := k.List()
	i := slices.IndexFunc(list, func(t sale.Token) bool { return t.ID == id || t.Name == id && t.RevokedAt == nil })
	if i < 0 {
		return sale.Token{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no such token: posd token list shows them"}
	}
	t := list[i]
	if t.RevokedAt != nil {
		return t, nil
	}
	now := k.now().UTC()
	t.RevokedAt, t.RevokedBy = &now, actorName(sale.ActorOf(ctx))
	if err := k.set(ctx, []sale.Row{sale.TokenRow{Token: t}}, "token.revoked", t.Name, true); err != nil {
		return t, err
	}
	list[i] = t
	k.list.Store(&list)
	return t, nil
}

// accessWords say who may ask over TCP.
func accessWords(made bool) string {
	if made {
		return "over TCP by token only; over the unix socket by whoever its mode lets in"
	}
	return "OPEN: every program of this box may sell and give money back; `posd token create` closes it"
}
