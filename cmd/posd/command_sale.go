package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func saleCommand(command maker) *cobra.Command {
	var req api.SaleRequest
	var method, tender, given, key string
	var wait, auth bool
	c := command("sale AMOUNT", "Take one payment; AMOUNT is 28.65 or 2865c", 1, func(t session, args []string) (err error) {
		if req.Amount, err = sale.ParseAmount(args[0]); err != nil {
			return err
		}
		if req.Method, err = sale.ParseMethod(method); err != nil {
			return err
		}
		req.Tender = sale.Tender(tender)
		if given != "" {
			if req.Given, err = sale.ParseAmount(given); err != nil {
				return err
			}
		}
		if auth {
			req.Kind = sale.CardAuth
		}
		if req.AuthCode != "" && req.Method != sale.Scan {
			return errors.New("-code is the customer's own code: it goes with -method scan")
		}
		if req.Method == sale.Scan && req.AuthCode == "" {
			t.answerIn = scanLimit // the daemon waits for its scanner, if it has one
		}
		key := t.announce(key)
		a, err := t.post(t.Context(), "/v1/sales", key, req)
		if err != nil {
			return replaceHint(err)
		}
		return t.finish(a, wait)
	})
	c.Flags().StringVar(&method, "method", "", "card, wechat, alipay, unionpay, scan or cash (`HOW` the customer pays)")
	c.Flags().StringVar(&given, "given", "", "with -method cash: what the customer handed over (`AMOUNT`)")
	c.Flags().StringVar(&req.Reference, "reference", "", "`NUMBER` of the bill")
	c.Flags().StringVar(&req.Replaces, "replaces", "", "answer to \"this bill may have been paid already\": the `ID` of the sale to give up, or none (another customer)")
	c.Flags().StringVar(&req.AuthCode, "code", "", "the customer's own `CODE`, with -method scan; left out, the daemon waits for its scanner")
	c.Flags().BoolVar(&auth, "auth", false, "with -method card: hold the amount only, for complete to take later")
	c.Flags().StringVar(&tender, "tender", "", "with -method card: credit or debit (`RAILS`); the terminal decides when left out")
	c.Flags().BoolVar(&req.AllowDuplicate, "duplicate", false, "with -method card: the terminal refused it as a duplicate, and the customer means it")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the sale has ended")
	return c
}

// replaceHint adds the flag to the daemon's question whether it is the same customer.
func replaceHint(err error) error {
	var p *api.Problem
	if errors.As(err, &p) && p.Type == "same-bill" {
		if p.Sale == "" { // it may be of what a restore could not learn of
			return &ended{exitRefused, fmt.Errorf("%w\n  not paid before:   -replaces none", p)}
		}
		return &ended{exitRefused, fmt.Errorf("%w\n  another customer:  -replaces none\n  the same bill:     -replaces %s", p, p.Sale)}
	}
	return err
}

// saleEnd is the exit code for how a sale stands.
func saleEnd(s sale.Sale) error {
	code := exitUnsure
	switch {
	case s.State == sale.Paid && s.Due > 0:
		code = exitPartly
	case s.State == sale.Paid:
		return nil
	case s.State == sale.Declined:
		code = exitDeclined
	case s.State == sale.Cancelled, s.GivenUp:
		code = exitCancelled
	}
	return &ended{code: code}
}
