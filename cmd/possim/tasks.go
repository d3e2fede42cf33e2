package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// tasks are what people do meanwhile.
type tasks struct {
	all  sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

// after does something a while later, unless ctx ends before.
func (t *tasks) after(ctx context.Context, d time.Duration, do func() error) {
	t.all.Go(func() {
		if !pause(ctx, d) {
			return
		}
		if err := do(); err != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.errs = append(t.errs, err)
		}
	})
}

// wait waits for everything and returns what went wrong.
func (t *tasks) wait() error {
	t.all.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.errs...)
}
