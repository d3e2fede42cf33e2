// Package ring remembers the newest things of a front end over restarts: one note
// of the till for each (Till.Note), under names that are few and used again, so
// that what is stored does not grow.
//
//	Choose a place -> Note what is begun (durable) -> act -> Note what came of it
//	                  Keep it among the others
//
// A new thing takes a place that is empty, else that of the oldest thing that is
// over, else of the oldest of all. What stood there is forgotten once the new note
// is durable.
//
// A Ring has no lock: its front end has one, and notes of one thing in their order.
// What is remembered, and what it means after a restart, is left to the front ends
// beside it.
package ring

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Notes remember small values under names, over restarts.
type Notes interface {
	// Note returns once the value is durable.
	Note(ctx context.Context, name, value string) error
}

// Place is where a thing stands in its ring; whatever is remembered embeds one.
type Place struct{ slot int }

func (p *Place) place() *Place { return p }

// Thing is what a ring remembers, as JSON.
type Thing interface {
	place() *Place // a thing embeds Place
	Number() int64 // in the order of beginning; never 0
	Over() bool    // its place may be another's
}

// Options are what a ring is made of.
type Options struct {
	Notes  Notes
	Prefix string        // begins the names of its notes
	Size   int           // how many things are remembered
	Wait   time.Duration // how long a note may take: a journal that cannot be written must not hold others
	Log    *slog.Logger
}

// Ring is at most Options.Size things.
type Ring[T Thing] struct {
	ctx  context.Context // what is noted outlives who asked for it
	o    Options
	kept []T // the oldest first
}

// Open takes up what an earlier run noted; made makes an empty thing.
func Open[T Thing](ctx context.Context, o Options, earlier map[string]string, made func() T) *Ring[T] {
	r := &Ring[T]{ctx: ctx, o: o}
	for name, value := range earlier {
		slot, ok := strings.CutPrefix(name, o.Prefix)
		if !ok {
			continue
		}
		x := made()
		n, err := strconv.Atoi(slot)
		if err != nil || n < 0 || n >= o.Size || json.Unmarshal([]byte(value), x) != nil || x.Number() == 0 {
			o.Log.Warn("a note of an earlier run cannot be read; if it was not answered, its repeat is a new sale", "note", name)
			continue
		}
		x.place().slot = n
		r.kept = append(r.kept, x)
	}
	slices.SortFunc(r.kept, func(a, b T) int { return cmp.Compare(a.Number(), b.Number()) })
	return r
}

// Next is the number of the next thing.
func (r *Ring[T]) Next() int64 {
	if n := len(r.kept); n > 0 {
		return r.kept[n-1].Number() + 1
	}
	return 1
}

// Choose gives a new thing its place.
func (r *Ring[T]) Choose(x T) {
	used := make([]bool, r.o.Size)
	for _, k := range r.kept {
		used[k.place().slot] = true
	}
	i := slices.Index(used, false)
	if i < 0 {
		of := max(slices.IndexFunc(r.kept, T.Over), 0)
		i = r.kept[of].place().slot
	}
	x.place().slot = i
}

// Note writes a thing down, in its place, as it is now.
func (r *Ring[T]) Note(x T) error {
	value, err := json.Marshal(x)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.o.Wait)
	defer cancel()
	return r.o.Notes.Note(ctx, r.o.Prefix+strconv.Itoa(x.place().slot), string(value))
}

// Keep remembers a thing that was noted, as the newest.
func (r *Ring[T]) Keep(x T) {
	r.kept = append(slices.DeleteFunc(r.kept, func(k T) bool { return k.place().slot == x.place().slot }), x)
}

// Drop forgets a thing of which nothing was begun.
func (r *Ring[T]) Drop(x T) {
	r.kept = slices.DeleteFunc(r.kept, func(k T) bool { return k.place() == x.place() })
}

// Newest lists the things, the newest first.
func (r *Ring[T]) Newest() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, x := range slices.Backward(r.kept) {
			if !yield(x) {
				return
			}
		}
	}
}

// Find returns the newest thing that f is true of.
func (r *Ring[T]) Find(f func(T) bool) (found T, ok bool) {
	for x := range r.Newest() {
		if f(x) {
			return x, true
		}
	}
	return found, false
}
