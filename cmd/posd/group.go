package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// part is something that runs as long as posd does.
type part struct {
	name string
	run  func(context.Context) error
}

// stopLimit is how long one part may take to stop. A part that hangs must not
// keep posd from ending: whatever it still held is taken up at the next start.
const stopLimit = 5 * time.Second

// runAll starts the parts in order and waits until ctx ends or the first of
// them returns. It then stops them in reverse, each before the one it leans on,
// and returns the error of the one that began it.
func runAll(ctx context.Context, log *slog.Logger, parts ...part) error {
	type running struct {
		part
		stop context.CancelFunc
		done chan error
	}
	var all []running
	first := make(chan string, len(parts))
	for _, p := range parts {
		r := running{part: p, done: make(chan error, 1)}
		var own context.Context
		// Not a child of ctx: the order of stopping is ours.
		own, r.stop = context.WithCancel(context.WithoutCancel(ctx))
		go func() {
			err := p.run(own)
			r.done <- err
			first <- p.name
		}()
		all = append(all, r)
	}
	began := ""
	select {
	case <-ctx.Done():
	case began = <-first:
	}
	var end error
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		r.stop()
		var err error
		select {
		case err = <-r.done:
		case <-time.After(stopLimit):
			err = fmt.Errorf("it did not stop within %s", stopLimit)
		}
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		switch {
		case r.name == began:
			if end = err; end == nil {
				end = errors.New("it ended by itself")
			}
			end = fmt.Errorf("%s: %w", r.name, end)
		case err != nil:
			log.Error("part did not stop well", "part", r.name, "err", err)
		}
	}
	return end
}
