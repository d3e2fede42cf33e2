package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"posd/store"
	"posd/sync/fleet"
)

func runCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "run", Short: "Read the stream into the books and serve the page", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			return run(cmd.Context(), c, newLog())
		},
	}
}

// run is the hub until ctx ends.
func run(ctx context.Context, c Config, log *slog.Logger) error {
	h, err := openHub(ctx, c, log)
	if err != nil {
		return err
	}
	defer h.close()
	site, err := newSite(h)
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	ctx, stop := context.WithCancel(ctx)
	go func() { ended <- h.run(ctx) }()
	go func() { ended <- site.run(ctx) }()
	log.Info("starting", "page", "http://"+c.Page.Listen+"/", "stream", c.NATS.Stream, "chain", c.Chain)
	err = <-ended
	stop()
	return errors.Join(err, unlessCancelled(<-ended))
}

func unlessCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func initCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Make the stream, or say what is wrong with it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			nc, err := dial(c, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer nc.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer cancel()
			made, found, err := fleet.InitStream(ctx, nc, c.plan())
			if made {
				fmt.Fprintf(cmd.OutOrStdout(), "made the stream %s for the chain %s\n", c.NATS.Stream, c.Chain)
			}
			for _, m := range c.NATS.Monitor {
				more, err := fleet.CheckServer(ctx, m)
				if err != nil {
					return err
				}
				found = append(found, more...)
			}
			return errors.Join(err, report(cmd.OutOrStdout(), found))
		},
	}
}

// report prints findings; its error says that money can be lost by one.
func report(w io.Writer, found []fleet.Finding) error {
	var loses error
	for _, f := range found {
		mark := "note"
		if f.Loses {
			mark = "LOSES MONEY"
			loses = errors.New("money can be lost by the settings above")
		}
		fmt.Fprintf(w, "%-11s  %-16s %s\n", mark, f.Setting, f.Words)
	}
	return loses
}

func checkCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Say how stream, books and counters are", Args: cobra.NoArgs,
		Long: "check looks at the stream's settings and at the books: counters, how far each is booked, and alarms. It exits 0 only if no money can be lost and no alarm stands.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			h, err := openHub(cmd.Context(), c, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer h.close()
			h.check(cmd.Context())
			worst := report(cmd.OutOrStdout(), h.findings)
			tills, err := h.books.tills(cmd.Context())
			if err != nil {
				return err
			}
			for _, t := range tills {
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s epoch %-12s booked up to commit %d\n", t.Till, t.Epoch, t.Commit)
			}
			alarms, err := h.books.alarms(cmd.Context())
			if err != nil {
				return err
			}
			for _, a := range alarms {
				fmt.Fprintf(cmd.OutOrStdout(), "ALARM %s: %s commit %d: %s\n", a.Kind, a.Till, a.Commit, a.Words)
				worst = errors.New("alarms stand")
			}
			return worst
		},
	}
}

func exportCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "export SHOP/TILL FILE", Short: "Write a counter's journal, for `posd restore FILE` on a new box", Args: cobra.ExactArgs(2),
		Long: `export writes the journal of a counter as the books have it: sales, refunds,
keys, references, days and the chain up to the last commit that was published.
Put it on the new box and run: posd restore FILE. What cannot come back is listed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			path, err := filepath.Abs(args[1])
			if err != nil {
				return err
			}
			b, err := openBooks(cmd.Context(), c.Books)
			if err != nil {
				return err
			}
			defer b.db.Close()
			return export(cmd.Context(), b, args[0], path, cmd.OutOrStdout())
		},
	}
}

func export(ctx context.Context, b *books, till, path string, w io.Writer) error {
	t, err := journalOf(ctx, b, till)
	if err != nil {
		return err
	}
	made, err := store.Assemble(ctx, path, t, time.Now(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "wrote %s: %d sales, the chain up to commit %d\n", path, made.Sales, made.Commits)
	unsent, err := b.unsent(ctx, till)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nCannot come back:\n")
	for _, name := range made.Missing {
		fmt.Fprintf(w, "  %s: what opens a till never leaves its box; make it anew (posd token create, posd person add)\n", name)
	}
	for _, u := range unsent {
		fmt.Fprintf(w, "  the request of report %s (sale %s, %d cents): it holds the card's expiry and never left the box; after the restore the report is set aside: look the sale up at IOTPay and report it by hand\n", u.No, u.Sale, u.Cents)
	}
	fmt.Fprintf(w, "  what was sold after commit %d and never published: compare with the terminal's batch report\n", made.Commits)
	return nil
}
