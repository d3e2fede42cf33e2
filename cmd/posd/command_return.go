package main

import (
	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func returnCommand(command maker) *cobra.Command {
	var req api.ReturnRequest
	var tender, key string
	var wait bool
	c := command("return AMOUNT", "Give money to a card without a sale it came from", 1, func(t session, args []string) (err error) {
		if req.Amount, err = sale.ParseAmount(args[0]); err != nil {
			return err
		}
		req.Tender = sale.Tender(tender)
		a, err := t.post(t.Context(), "/v1/refunds", t.announce(key), req)
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
