package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// diary notes the order of events.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// steady is a part that runs until it is stopped and takes a second to do so.
func (d *diary) steady(name string) part {
	return part{name, func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(time.Second)
		d.note(name)
		return ctx.Err()
	}}
}

var quiet = slog.New(slog.DiscardHandler)

func TestPartsStopInReverseOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		if err := runAll(ctx, quiet, d.steady("till"), d.steady("api"), d.steady("notify")); err != nil {
			t.Fatal(err)
		}
		if want := []string{"notify", "api", "till"}; !slices.Equal(d.lines, want) {
			t.Errorf("stopped in the order %q, want %q", d.lines, want)
		}
		if took := time.Since(began); took != time.Minute+3*time.Second {
			t.Errorf("took %s: the parts did not wait for each other", took)
		}
	})
}

func TestTheFirstPartThatEndsEndsAll(t *testing.T) {
	for words, end := range map[string]error{"disk on fire": errors.New("disk on fire"), "ended by itself": nil} {
		synctest.Test(t, func(t *testing.T) {
			var d diary
			err := runAll(t.Context(), quiet, d.steady("till"), part{"api", func(context.Context) error { return end }}, d.steady("notify"))
			if err == nil || !strings.HasPrefix(err.Error(), "api: ") || !strings.Contains(err.Error(), words) {
				t.Errorf("error %v", err)
			}
			if want := []string{"notify", "till"}; !slices.Equal(d.lines, want) {
				t.Errorf("stopped %q, want %q", d.lines, want)
			}
		})
	}
}

func TestAPartThatHangsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		free := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		runAll(ctx, quiet, d.steady("till"), part{"stuck", func(context.Context) error { <-free; return nil }})
		if took := time.Since(began); took != stopLimit+time.Second || !slices.Equal(d.lines, []string{"till"}) {
			t.Errorf("after %s: %q", took, d.lines)
		}
		close(free)
	})
}
