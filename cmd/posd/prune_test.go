package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

func TestWhatIsPrunedIsSaidInDays(t *testing.T) {
	s := defaults().Shop // America/Toronto, 04:00
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, s.calendar().Zone())
	for name, c := range map[string]struct {
		r    api.PruneRequest
		want string // "" is refused
	}{
		"a day":              {api.PruneRequest{Before: "2026-08-01"}, "2026-08-01T04:00:00-04:00"},
		"days kept":          {api.PruneRequest{KeepDays: 90}, "2026-08-23T04:00:00-04:00"}, // it is still the 21st
		"nothing":            {},
		"both":               {r: api.PruneRequest{Before: "2026-08-01", KeepDays: 90}},
		"no day":             {r: api.PruneRequest{Before: "01.08.2026"}},
		"today":              {r: api.PruneRequest{Before: "2026-11-21"}},
		"what voids need":    {r: api.PruneRequest{KeepDays: 1}},
		"days below nothing": {r: api.PruneRequest{KeepDays: -5}},
	} {
		got, err := s.pruneBefore(c.r, now)
		if (err == nil) != (c.want != "") || err == nil && got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s, %v", name, got.Format(time.RFC3339), err)
		}
	}
}

func TestOnePruneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var end error
		s := newSweeper(defaults().Shop, func(ctx context.Context, _, _ time.Time) (store.Pruned, error) {
			<-time.After(time.Minute)
			return store.Pruned{Sales: 3, Events: 9}, end
		}, quiet)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.run(ctx) }()
		if _, ever := s.Last(); ever {
			t.Error("one is said to have been")
		}
		ask := api.PruneRequest{KeepDays: 90}
		if p, err := s.Start(ask); err != nil || !p.Running {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := s.Start(ask); !errors.Is(err, sale.ErrNotPossible) {
			t.Errorf("a second one beside it: %v", err)
		}
		pass(2 * time.Minute)
		if p, _ := s.Last(); p.Running || p.Sales != 3 || p.Words != "" {
			t.Errorf("%+v", p)
		}
		end = errors.New("the disk is gone")
		if _, err := s.Start(ask); err != nil {
			t.Error(err)
		}
		pass(2 * time.Minute)
		if p, _ := s.Last(); p.Running || !strings.Contains(p.Words, "disk is gone") {
			t.Errorf("%+v", p)
		}
		stop()
		<-done
	})
}
