package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

// keepLeast is what a prune leaves alone: a void of yesterday's late sale needs
// what the terminal said.
const keepLeast = 7 * 24 * time.Hour

// pruneFunc is store.Store.Prune.
type pruneFunc func(ctx context.Context, before, now time.Time) (store.Pruned, error)

// sweeper prunes when it is asked to, one request at a time, through the store
// that the till writes with.
type sweeper struct {
	shop  Shop
	prune pruneFunc
	log   *slog.Logger
	begin chan time.Time // has room for one

	mu   sync.Mutex
	last api.Pruning
	ever bool
}

func newSweeper(s Shop, prune pruneFunc, log *slog.Logger) *sweeper {
	return &sweeper{shop: s, prune: prune, log: log, begin: make(chan time.Time, 1)}
}

// Start is api.Prune.Start.
func (s *sweeper) Start(r api.PruneRequest) (api.Pruning, error) {
	before, err := s.shop.pruneBefore(r, time.Now())
	if err != nil {
		return api.Pruning{}, &sale.Refusal{Kind: sale.ErrInvalid, Words: err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Running {
		return s.last, &sale.Refusal{Kind: sale.ErrNotPossible, Words: "a prune is under way: wait for its end"}
	}
	s.last, s.ever = api.Pruning{Running: true, Before: before.UTC()}, true
	s.begin <- before
	return s.last, nil
}

// Last is api.Prune.Last.
func (s *sweeper) Last() (api.Pruning, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.ever
}

// run prunes until ctx ends.
func (s *sweeper) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case before := <-s.begin:
			done := pruning(ctx, s.prune, before)
			if done.Words != "" {
				s.log.Error("prune did not come to its end", "err", done.Words)
			}
			s.mu.Lock()
			s.last = done
			s.mu.Unlock()
		}
	}
}

// pruning prunes and says what came of it.
func pruning(ctx context.Context, prune pruneFunc, before time.Time) api.Pruning {
	n, err := prune(ctx, before, time.Now())
	p := api.Pruning{Before: before.UTC(), Sales: n.Sales, Events: n.Events, Jobs: n.Jobs, Commits: n.Commits}
	if err != nil {
		p.Words = err.Error()
	}
	return p
}

// pruneBefore is the instant up to which a request asks to prune.
func (s Shop) pruneBefore(r api.PruneRequest, now time.Time) (before time.Time, err error) {
	switch {
	case (r.Before == "") == (r.KeepDays == 0):
		return before, errors.New("say either the first day that keeps its details (-before 2026-08-01), or how many do (-keep 90)")
	case r.Before != "":
		before, _, err = s.calendar().Bounds(r.Before)
	default:
		var today time.Time
		today, _, err = s.calendar().Bounds(s.calendar().Day(now))
		before = today.AddDate(0, 0, -r.KeepDays)
	}
	if err == nil && before.After(now.Add(-keepLeast)) {
		err = fmt.Errorf("%s is too late: the last seven days keep their details: voids need them, and whoever follows the events takes them up from there", before.In(s.calendar().Zone()).Format(time.DateOnly))
	}
	return before, err
}
