package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"posd/device"
	"posd/device/api"
	"posd/device/sale"
)

// closeLimit is how long the daemon may take to close a day: the terminal
// settles, and the gateway is asked about every wallet sale.
const closeLimit = 10 * time.Minute

// finish waits for a sale if that is wanted, prints it, and returns how it ended.
func (t talk) finish(a answer, wait bool) error {
	var s sale.Sale
	if err := a.into(&s); err != nil {
		return &ended{exitUnsure, err}
	}
	if wait && !settledSale(s) {
		var err error
		if a, err = t.follow(t.Context(), s, settledSale); err != nil {
			return err
		}
		if err := a.into(&s); err != nil {
			return &ended{exitUnsure, err}
		}
	}
	if err := t.printSale(a); err != nil {
		return err
	}
	return saleEnd(s)
}

func completeCommand(command maker) *cobra.Command {
	var req api.CompleteRequest
	var amount, key string
	var wait bool
	c := command("complete ID", "Take what an authorisation holds, or less", 1, func(t talk, args []string) (err error) {
		if amount != "" {
			if req.Amount, err = sale.ParseAmount(amount); err != nil {
				return err
			}
		}
		a, err := t.move(t.Context(), salePath(args[0], "/complete"), t.announce(key), req)
		if err != nil {
			return err
		}
		return t.finish(a, wait)
	})
	c.Flags().StringVar(&amount, "amount", "", "how much, as `28.65` or 2865c; all that is held when left out")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the completion has ended")
	return c
}

func returnCommand(command maker) *cobra.Command {
	var req api.ReturnRequest
	var tender, key string
	var wait bool
	c := command("return AMOUNT", "Give money to a card without a sale it came from", 1, func(t talk, args []string) (err error) {
		if req.Amount, err = sale.ParseAmount(args[0]); err != nil {
			return err
		}
		req.Tender = sale.Tender(tender)
		a, err := t.move(t.Context(), "/v1/refunds", t.announce(key), req)
		if err != nil {
			return err
		}
		return t.finish(a, wait)
	})
	c.Long = "return gives money to the card that is presented at the terminal. Where the sale is known, use refund:\n" +
		"it gives the money back where it came from. IOTPay cannot be told of a return; the day's report lists it as to be entered there by hand."
	c.Flags().StringVar(&req.By, "by", "", "`NAME` of the person who asks")
	c.Flags().StringVar(&req.Reason, "reason", "", "why, in a few `WORDS`")
	c.Flags().StringVar(&req.Reference, "reference", "", "`NUMBER` of this return")
	c.Flags().StringVar(&req.Replaces, "replaces", "", "none: this is for another customer, after \"may have been given already\"")
	c.Flags().StringVar(&tender, "tender", "", "credit or debit (`RAILS`); the terminal decides when left out")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the return has ended")
	c.MarkFlagRequired("by")
	return c
}

func uploadCommand(command maker) *cobra.Command {
	var req api.UploadRequest
	var as string
	c := command("upload ID", "Say what became of an offline approval when the terminal went online again", 1, func(t talk, args []string) error {
		req.Upload = sale.Upload(as)
		if req.Upload != sale.UploadConfirmed && req.Upload != sale.UploadRefused {
			return fmt.Errorf("-as %q is not possible: use confirmed or refused", as)
		}
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/upload"), req)
		if err != nil {
			return err
		}
		return t.printSale(a)
	})
	c.Flags().StringVar(&as, "as", "", "confirmed or refused (`WHAT` became of it)")
	c.Flags().StringVar(&req.Reason, "reason", "", "`TEXT`: how you know")
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	for _, f := range []string{"as", "by"} {
		c.MarkFlagRequired(f)
	}
	return c
}

func dayCommand(command maker) *cobra.Command {
	var req api.CloseRequest
	var print bool
	closing := command("close", "Close the business day: settle, sum up, compare, and write it down", 0, func(t talk, _ []string) error {
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
		var b device.Books
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
	closing.Flags().BoolVar(&print, "print", false, "print the report, too")
	closing.MarkFlagRequired("by")
	day := &cobra.Command{Use: "day", Short: "Close the business day"}
	day.AddCommand(closing)
	return day
}
