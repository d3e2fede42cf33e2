package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/books"
	"posd/device/sale"
)

// closeLimit is how long the daemon may take to close a day: the terminal
// settles, and the gateway is asked about every wallet sale.
const closeLimit = 10 * time.Minute

func dayCommand(command maker) *cobra.Command {
	var req api.CloseRequest
	var print bool
	var counted string
	closing := command("close", "Close the business day: settle, sum up, compare, and write it down", 0, func(t session, _ []string) error {
		if counted != "" {
			c, err := sale.ParseAmount(counted)
			if err != nil {
				return err
			}
			req.Counted = &c
		}
		a, err := t.once(t.Context(), http.MethodPost, "/v1/day/close", "", req, closeLimit)
		if err != nil {
			var dial *notReached
			if !errors.As(err, &dial) && !errors.Is(err, context.Canceled) {
				err = fmt.Errorf("%w; see `posd report` for the number of the day if it was closed", err)
			}
			return t.unreached(err, true)
		}
		if p := a.problem(); p != nil {
			return &ended{exitRefused, p}
		}
		var b books.Books
		if err := a.into(&b); err != nil || b.Closing == nil {
			return &ended{exitUnsure, errors.Join(err, errors.New("the day was closed, but its report is not understood: see `posd report`"))}
		}
		name := fmt.Sprintf("z%d", b.Closing.No)
		if t.json {
			return t.print(a, nil)
		}
		text, err := t.ask(t.Context(), http.MethodGet, "/v1/reports/"+name+"?format=text", nil)
		if err != nil {
			return err
		}
		if _, err := t.OutOrStdout().Write(text.body); err != nil || !print {
			return err
		}
		return t.printReport("/v1/reports/" + name)
	})
	closing.Long = "close has the terminal settle its batch, sums up what ended since the last close, compares it with the\n" +
		"batch and with IOTPay, and writes the closing (Z) report down for ever. Nothing is sold meanwhile; when the\n" +
		"terminal does not settle, the day stays open. `posd report z12` shows the report of day 12 again."
	closing.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	closing.Flags().BoolVar(&req.WithoutTerminal, "without-terminal", false, "beside a terminal that is broken: its batch is neither closed nor compared")
	closing.Flags().StringVar(&counted, "counted", "", "cash in the drawer as it was counted, float included (`AMOUNT`)")
	closing.Flags().BoolVar(&print, "print", false, "print the report, too")
	closing.MarkFlagRequired("by")
	day := &cobra.Command{Use: "day", Short: "Close the business day"}
	day.AddCommand(closing)
	return day
}
