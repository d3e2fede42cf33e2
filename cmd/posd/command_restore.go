package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"posd/store"
)

func restoreCommand(at *where) *cobra.Command {
	var asJSON, damaged bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a copy in the journal's place; no daemon may run",
		Long: `restore verifies FILE, keeps the journal that is there aside under another name,
and puts the copy in its place. Stop posd first (systemctl stop posd).

Nothing old is taken for new afterwards: what posd sent since the copy was made
counts as sent, and reports whose request the copy does not hold are set aside
for a person. What to do is printed.

A journal that was put aside, or the state folder's own, is taken with its log. If
that log is damaged and there is no better copy, -damaged goes on with what can be read.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, from, err := atFile(at, args[0])
			if err != nil {
				return err
			}
			put := store.Restore
			if damaged {
				put = store.Salvage
			}
			r, err := put(cmd.Context(), c.Store, from, time.Now(), slog.New(slog.DiscardHandler))
			if err != nil {
				if r.Aside != "" {
					err = fmt.Errorf("%w (the old journal is kept as %s)", err, r.Aside)
				}
				return err
			}
			if asJSON {
				return encodeTo(cmd.OutOrStdout(), restoredView{from, c.Store.Dir, r.Aside, r.LostFrom.UTC(), r.LostTo.UTC(), r.Taken, r.Unread, r.Gap.Words, r.SetAside})
			}
			restored(cmd.OutOrStdout(), from, r)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	c.Flags().BoolVar(&damaged, "damaged", false, "take what can be read of a journal whose log is damaged or gone")
	return c
}

// restoredView is what restore prints with -json.
type restoredView struct {
	From     string    `json:"from"`
	Dir      string    `json:"dir"`
	Aside    string    `json:"aside"` // empty: there was no journal
	LostFrom time.Time `json:"lostFrom"`
	LostTo   time.Time `json:"lostTo"`
	Taken    int       `json:"salesTakenOver"`
	Unread   int       `json:"rowsNotRead"`
	Gap      string    `json:"gap"` // what may be missing; empty if all was taken over
	SetAside int       `json:"reportsSetAside"`
}

// restored says what a restore did and what is left to do.
func restored(w io.Writer, from string, r store.Restored) {
	fmt.Fprintln(w, "restored from", from)
	if r.Aside != "" {
		fmt.Fprintln(w, "the journal that was there is kept as", r.Aside)
		fmt.Fprintf(w, "taken over from it, for the copy does not have them: %d sales, with their keys, references and days\n", r.Taken)
		if r.Unread > 0 {
			fmt.Fprintf(w, "could not be read in it, and may be lost: %d rows or more\n", r.Unread)
		}
	}
	span := "before " + clock(r.LostTo)
	if !r.LostFrom.IsZero() {
		span = fmt.Sprintf("between %s and %s", clock(r.LostFrom), clock(r.LostTo))
	}
	fmt.Fprintf(w, "not in it: what posd did after the copy was made, %s\n", span)
	if r.Gap.Words != "" {
		fmt.Fprintln(w, "until a day is closed, posd asks of every bill whether it was paid then, and gives nothing back of older sales:")
		fmt.Fprintln(w, " ", r.Gap.Words)
	}
	fmt.Fprintf(w, "reports set aside: %d\n\nTo do:\n", r.SetAside)
	fmt.Fprintln(w, "  1. Start posd again: systemctl start posd, then posd check.")
	step := 2
	if r.SetAside > 0 {
		fmt.Fprintf(w, "  %d. posd queue lists the reports that were set aside: a copy holds no card's expiry, so\n     posd cannot send them. Look each up at IOTPay by its number; report by hand those that are missing.\n", step)
		step++
	}
	fmt.Fprintf(w, "  %d. Compare the sales of that time with the terminal's batch report and with IOTPay's list.\n     posd will not take any of them for a new one, and does not know of them.\n", step)
	if r.Aside != "" {
		fmt.Fprintf(w, "     If the old journal can be read, they stand there:\n     sqlite3 -readonly %s \"SELECT id, created_at, method, amount_cents, state FROM sales WHERE created_at >= '%s'\"\n",
			r.Aside, r.LostFrom.UTC().Format("2006-01-02T15:04:05"))
	}
}
