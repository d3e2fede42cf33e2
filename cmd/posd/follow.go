package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"posd/device/sale"
)

// saleEnded reports whether a sale has ended, as far as waiting for it goes.
func saleEnded(s sale.Sale) bool { return s.State.Final() || s.GivenUp }

// Waiting for a sale: how long one request waits, how long an unsure sale or a
// movement is waited for, and the pause where the daemon answers at once.
const (
	waitPiece  = 10 * time.Second
	unsureFor  = 30 * time.Second
	followStep = 500 * time.Millisecond
)

// follow asks after a sale until done says so, and returns the last answer.
// A sale that stays unsure is left after a while: posd goes on looking, the
// command does not. A daemon that is away is asked again as long as move would.
func (t session) follow(ctx context.Context, s sale.Sale, done func(sale.Sale) bool) (last answer, err error) {
	begun := time.Now() // of what may not last: being unsure, being final with a movement under way
	started, heard := begun, begun
	for {
		a, err := t.once(ctx, http.MethodGet, salePath(string(s.ID), "?wait="+waitPiece.String()), "", nil, waitPiece+answerLimit)
		if err == nil && a.problem() == nil {
			heard, last = time.Now(), a
			if err := a.into(&s); err != nil {
				return a, &ended{exitUnsure, err}
			}
			if done(s) {
				return a, nil
			}
			fmt.Fprintf(t.ErrOrStderr(), "sale %s is %s after %s%s\n", s.ID, s.State, time.Since(started).Round(time.Second), because(s))
		} else if err == nil && a.status < 500 {
			return a, &ended{exitRefused, a.problem()}
		}
		if s.State == sale.Waiting {
			begun = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return last, &ended{exitUnsure, fmt.Errorf("sale %s has not ended; it goes on: `posd show %s`", s.ID, s.ID)}
		case time.Since(heard) > t.repeatFor:
			return last, &ended{exitUnsure, fmt.Errorf("posd does not answer any more; sale %s is looked after when it is back", s.ID)}
		case time.Since(begun) > unsureFor && last.status != 0:
			return last, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(followStep):
		}
	}
}

// because adds the words that say why a sale stands as it does, if there are any.
func because(s sale.Sale) string {
	if words := cmp.Or(s.Attention, s.Words, string(s.Reason)); words != "" {
		return ": " + words
	}
	return ""
}

// finish waits for a sale if that is wanted, prints it, and returns how it ended.
func (t session) finish(a answer, wait bool) error {
	var s sale.Sale
	if err := a.into(&s); err != nil {
		return &ended{exitUnsure, err}
	}
	if wait && !saleEnded(s) {
		var err error
		if a, err = t.follow(t.Context(), s, saleEnded); err != nil {
			return err
		}
		if err := a.into(&s); err != nil {
			return &ended{exitUnsure, err}
		}
	}
	if err := t.printSale(a); err != nil {
		return err
	}
	return saleEnd(s)
}
