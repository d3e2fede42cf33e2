package api

import (
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	// maxLists is how many lists are read and sent at once. One of a thousand sales
	// takes some megabytes until the last byte is with the caller.
	maxLists = 2
	// maxListing is how many callers may stand in line for that, the served ones
	// included. The others are told to come again: they must not take all places
	// that a sale needs.
	maxListing = 32
)

// inTurn is a route whose answer may be long: a few are served at a time.
func (h *handlers) inTurn(s server) server {
	return func(mux *http.ServeMux, a huma.API, op huma.Operation) {
		op.Middlewares = append(op.Middlewares, h.turn)
		s(mux, a, op)
	}
}

// turn lets a request through when its turn comes, and holds its place until the
// answer is written.
func (h *handlers) turn(ctx huma.Context, next func(huma.Context)) {
	_, w := humago.Unwrap(ctx)
	busy := func(words string) {
		w.Header().Set("Retry-After", "1")
		writeProblem(w, problem(http.StatusServiceUnavailable, "too-many", words))
	}
	select {
	case h.listing <- struct{}{}:
		defer func() { <-h.listing }()
	default:
		busy("Too many programs ask this counter for lists at once: nothing was done. Try again in a moment.")
		return
	}
	select {
	case h.lists <- struct{}{}:
		defer func() {
			<-h.lists
			h.settling.soon()
		}()
	case <-ctx.Context().Done():
		busy("Other lists took too long: nothing was done. Try again in a moment, or ask for fewer at a time.")
		return
	}
	next(ctx)
}

// settlesAfter is how long after the last list memory is given back.
const settlesAfter = 5 * time.Second

// settling gives the memory of long answers back to the system: posd shares its box.
// Left alone, Go keeps for minutes what the largest list took. It costs some
// milliseconds of one core, so it is done once for all lists of a while.
type settling struct {
	mu    sync.Mutex
	timer *time.Timer
	free  func() // nil: debug.FreeOSMemory
}

// soon gives memory back once no list was asked for for a while.
func (s *settling) soon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Reset(settlesAfter)
		return
	}
	free := s.free
	if free == nil {
		free = debug.FreeOSMemory
	}
	s.timer = time.AfterFunc(settlesAfter, free)
}
