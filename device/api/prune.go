package api

import (
	"context"
	"net/http"
	"time"
)

// Prune takes details of old sales out of the journal, through the one writer.
type Prune interface {
	// Start begins it in the background. Its errors are problems or refusals.
	Start(r PruneRequest) (Pruning, error)
	// Last is the one under way, or the last of this run; ok is false if there was none.
	Last() (p Pruning, ok bool)
}

// PruneRequest is the body of POST /v1/prune: one of the two.
type PruneRequest struct {
	Before   string `json:"before,omitempty" maxLength:"16" doc:"The first business day that keeps its details." example:"2026-08-01"`
	KeepDays int    `json:"keepDays,omitempty" minimum:"1" maximum:"36500" doc:"How many business days before today keep their details." example:"90"`
}

// Pruning says how far a prune is.
type Pruning struct {
	Running bool      `json:"running" doc:"Whether it is still under way; the numbers come at its end."`
	Before  time.Time `json:"before" doc:"Sales that ended before this are concerned."`
	Sales   int       `json:"sales" doc:"Sales that keep only what stays for ever."`
	Events  int       `json:"events" doc:"Events that left."`
	Jobs    int       `json:"jobs" doc:"Print jobs that left."`
	Commits int       `json:"commits" doc:"Commits of which only the sum is left."`
	Words   string    `json:"words" doc:"What went wrong; empty if nothing did."`
}

type pruningOut struct{ Body Pruning }

func (h *handlers) startPrune(_ context.Context, in *struct{ Body PruneRequest }) (*pruningOut, error) {
	if h.Prune == nil {
		return nil, problem(http.StatusConflict, "not-possible", "This posd has no journal that can be pruned.")
	}
	p, err := h.Prune.Start(in.Body)
	if err != nil {
		return nil, h.refuse("prune", err)
	}
	return &pruningOut{p}, nil
}

func (h *handlers) lastPrune(context.Context, *struct{}) (*pruningOut, error) {
	if h.Prune != nil {
		if p, ok := h.Prune.Last(); ok {
			return &pruningOut{p}, nil
		}
	}
	return nil, problem(http.StatusNotFound, "not-found", "Nothing was pruned since posd started.")
}
