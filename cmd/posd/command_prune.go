package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/store"
)

func pruneCommand(at *where) *cobra.Command {
	var asJSON bool
	var req api.PruneRequest
	c := &cobra.Command{
		Use:   "prune -before DATE | -keep DAYS",
		Short: "Take the details of old sales out of the journal",
		Long: `prune takes away what nobody needs any more of sales that ended before a
business day: card fields, words, events, print jobs. Number, bill, amounts,
state, times, keys and references stay for ever; so does everything of a sale
that is open, not reported, an incident, or whose refund has not ended, and of
business days that are open, in a shop that closes its days.

A running daemon does it, between its sales; without one the command itself.
Stopped half way, the rest is done by the next prune. The file does not shrink:
the room in it is used again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := at.client()
			if err != nil {
				return err
			}
			a, err := cl.ask(cmd.Context(), http.MethodPost, "/v1/prune", req)
			var dial *notReached
			var p api.Pruning
			switch {
			case errors.As(err, &dial) && (at.config != "" || at.url == ""):
				p, err = pruneAlone(cmd.Context(), at, req)
			case err == nil:
				if err = a.into(&p); err == nil {
					p, err = cl.pruned(cmd.Context(), p)
				}
			}
			if err != nil {
				return err
			}
			if asJSON {
				err = encodeTo(cmd.OutOrStdout(), p)
			} else {
				fmt.Fprintf(cmd.OutOrStdout(), "before %s: the details of %d sales are gone, %d events, %d print jobs, %d commits\n", clock(p.Before), p.Sales, p.Events, p.Jobs, p.Commits)
			}
			if err == nil && p.Words != "" {
				err = &ended{exitUnsure, fmt.Errorf("it did not come to its end: %s; repeat it, what was begun is sound", p.Words)}
			}
			return err
		},
	}
	c.Flags().StringVar(&req.Before, "before", "", "the first business `DAY` that keeps its details, such as 2026-08-01")
	c.Flags().IntVar(&req.KeepDays, "keep", 0, "how many `DAYS` before today keep their details")
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

// pruned waits for the end of a prune that the daemon began.
func (c *client) pruned(ctx context.Context, p api.Pruning) (api.Pruning, error) {
	for p.Running {
		select {
		case <-ctx.Done():
			return p, &ended{exitUnsure, errors.New("posd goes on pruning; its log says the end")}
		case <-time.After(200 * time.Millisecond):
		}
		a, err := c.once(ctx, http.MethodGet, "/v1/prune", "", nil, answerLimit)
		if problem := a.problem(); err == nil && problem != nil {
			err = problem
		}
		if err == nil {
			err = a.into(&p)
		}
		if err != nil {
			return p, &ended{exitUnsure, fmt.Errorf("posd does not say how far it is: %w; repeat it, what was begun is sound", err)}
		}
	}
	return p, nil
}

// pruneAlone prunes where no daemon runs.
func pruneAlone(ctx context.Context, at *where, req api.PruneRequest) (p api.Pruning, err error) {
	c, err := load(at.configFile())
	if err != nil {
		return p, err
	}
	before, err := c.Shop.pruneBefore(req, time.Now())
	if err != nil {
		return p, err
	}
	if !journalThere(c.Store) {
		return p, fmt.Errorf("there is no journal in %s: nothing to prune", c.Store.Dir)
	}
	s, err := store.Open(ctx, c.Store, slog.New(slog.DiscardHandler))
	if err != nil {
		return p, err
	}
	p = pruning(ctx, s.Prune, before)
	return p, s.Close()
}
