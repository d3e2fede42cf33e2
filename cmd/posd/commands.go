package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

// talk is what a client command has at hand while it runs.
type talk struct {
	*client
	*cobra.Command
	json bool
}

// clientCommands returns the commands that talk to the running daemon.
func clientCommands(at *where) []*cobra.Command {
	// command makes one of them; do returns how it ended.
	command := func(use, short string, args int, do func(t talk, args []string) error) *cobra.Command {
		var asJSON bool
		c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
		c.Flags().BoolVar(&asJSON, "json", false, "print the daemon's answer as JSON")
		c.RunE = func(cmd *cobra.Command, args []string) error {
			cl, err := at.client()
			if err != nil {
				return err
			}
			return do(talk{cl, cmd, asJSON}, args)
		}
		return c
	}
	return []*cobra.Command{
		saleCommand(command), cancelCommand(command), moveCommand(command, "refund"), moveCommand(command, "void"),
		resolveCommand(command), salesCommand(command),
		command("show ID", "Show one sale", 1, func(t talk, args []string) error {
			a, err := t.ask(t.Context(), http.MethodGet, salePath(args[0], ""), nil)
			if err != nil {
				return err
			}
			return t.printSale(a)
		}),
		receiptCommand(command),
		command("print ID", "Print the receipt again, marked as a duplicate", 1, func(t talk, args []string) error {
			a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/print"), nil)
			if err != nil {
				return err
			}
			return t.print(a, func() error { t.Println("in the printer's queue"); return nil })
		}),
		command("queue", "Show the card sales that the gateway must still be told of", 0, func(t talk, _ []string) error {
			a, err := t.ask(t.Context(), http.MethodGet, "/v1/queue", nil)
			if err != nil {
				return err
			}
			return t.printQueue(a)
		}),
		retryCommand(command), reportCommand(command), dayCommand(command), drawerCommand(command),
		completeCommand(command), returnCommand(command), uploadCommand(command),
	}
}

// maker is command of clientCommands.
type maker func(use, short string, args int, do func(t talk, args []string) error) *cobra.Command

func salePath(id, action string) string { return "/v1/sales/" + url.PathEscape(id) + action }

// newKey makes an Idempotency-Key.
func newKey() string {
	var entropy [10]byte
	rand.Read(entropy[:])
	return newID(time.Now(), entropy[:])
}

// announce prints the key before anything is sent under it, so that whoever
// lost the answer can ask again.
func (t talk) announce(key string) string {
	if key == "" {
		key = newKey()
	}
	fmt.Fprintln(t.ErrOrStderr(), "key", key)
	return key
}

func saleCommand(command maker) *cobra.Command {
	var req api.SaleRequest
	var method, tender, key string
	var wait, auth bool
	c := command("sale AMOUNT", "Take one payment; AMOUNT is 28.65 or 2865c", 1, func(t talk, args []string) (err error) {
		if req.Amount, err = sale.ParseAmount(args[0]); err != nil {
			return err
		}
		if req.Method, err = sale.ParseMethod(method); err != nil {
			return err
		}
		req.Tender = sale.Tender(tender)
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
		a, err := t.move(t.Context(), "/v1/sales", key, req)
		if err != nil {
			return replaceHint(err)
		}
		return t.finish(a, wait)
	})
	c.Flags().StringVar(&method, "method", "", "card, wechat, alipay, unionpay or scan (`HOW` the customer pays)")
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

func cancelCommand(command maker) *cobra.Command {
	var wait bool
	c := command("cancel ID", "Wish a sale cancelled", 1, func(t talk, args []string) error {
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/cancel"), nil)
		if err != nil {
			return err
		}
		return t.finish(a, wait)
	})
	c.Flags().BoolVar(&wait, "wait", false, "wait until the sale has ended: a card sale ends by the terminal's own answer")
	return c
}

// moveCommand makes refund and void.
func moveCommand(command maker, kind string) *cobra.Command {
	var amount, key string
	var req api.MoveRequest
	short := "Give money back"
	if kind == "void" {
		short = "Undo a card sale while its batch is open"
	}
	c := command(kind+" ID", short, 1, func(t talk, args []string) (err error) {
		if amount != "" {
			if req.Amount, err = sale.ParseAmount(amount); err != nil {
				return err
			}
		}
		key := t.announce(key)
		a, err := t.move(t.Context(), salePath(args[0], "/"+kind), key, req)
		if err != nil {
			return err
		}
		var made api.Moved
		if err := a.into(&made); err != nil {
			return &ended{exitUnsure, err}
		}
		id, settled := made.Movement.ID, made.Movement
		if !settled.Settled() {
			if a, err = t.follow(t.Context(), made.Sale, func(s sale.Sale) bool {
				settled = movementOf(s, id)
				return settled.Settled() || settled.State == sale.MoveUnsure
			}); err != nil {
				return err
			}
		}
		if err := t.printMovement(a, settled); err != nil {
			return err
		}
		switch settled.State {
		case sale.MoveDone:
			return nil
		case sale.MoveRefused:
			return &ended{code: exitDeclined}
		case sale.MoveKept:
			return &ended{code: exitCancelled}
		}
		return &ended{code: exitUnsure}
	})
	if kind == "refund" {
		c.Flags().StringVar(&amount, "amount", "", "how much, as `28.65` or 2865c; all that can still be given back when left out")
	}
	c.Flags().StringVar(&req.By, "by", "", "`NAME` of the person who asks")
	c.Flags().StringVar(&req.Reason, "reason", "", "why, in a few `WORDS`")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.MarkFlagRequired("by")
	return c
}

func movementOf(s sale.Sale, id string) sale.Movement {
	if i := slices.IndexFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == id }); i >= 0 {
		return s.Refunds[i]
	}
	return sale.Movement{ID: id, State: sale.MoveUnsure}
}

func resolveCommand(command maker) *cobra.Command {
	var req api.ResolveRequest
	var as string
	c := command("resolve ID", "Say how a sale ended that posd cannot tell", 1, func(t talk, args []string) error {
		req.As = sale.State(as)
		if !req.As.Final() {
			return fmt.Errorf("-as %q is not possible: use paid, declined or cancelled", as)
		}
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/resolve"), req)
		if err != nil {
			return err
		}
		return t.printSale(a)
	})
	c.Flags().StringVar(&as, "as", "", "paid, declined or cancelled (`HOW` it ended)")
	c.Flags().StringVar(&req.Reason, "reason", "", "`TEXT`: how you know")
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	for _, f := range []string{"as", "reason", "by"} {
		c.MarkFlagRequired(f)
	}
	return c
}

func salesCommand(command maker) *cobra.Command {
	var state, method, date string
	var limit int
	c := command("sales", "List sales, newest first", 0, func(t talk, _ []string) error {
		q := url.Values{}
		for name, value := range map[string]string{"state": state, "method": method, "date": date} {
			if value != "" {
				q.Set(name, value)
			}
		}
		q.Set("limit", strconv.Itoa(limit))
		a, err := t.ask(t.Context(), http.MethodGet, "/v1/sales?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return t.printSales(a)
	})
	c.Flags().StringVar(&state, "state", "", "only sales in this `STATE`: waiting, paid, declined, cancelled or unsure")
	c.Flags().StringVar(&method, "method", "", "only sales by this `METHOD`")
	c.Flags().StringVar(&date, "date", "", "only sales of this business `DAY`, such as 2026-11-21")
	c.Flags().IntVar(&limit, "limit", 100, "at most `N`")
	return c
}

func receiptCommand(command maker) *cobra.Command {
	var png string
	c := command("receipt ID", "Show a sale's receipt", 1, func(t talk, args []string) error {
		format := "text"
		if png != "" {
			format = "png"
		}
		a, err := t.ask(t.Context(), http.MethodGet, salePath(args[0], "/receipt?format="+format), nil)
		switch {
		case err != nil:
			return err
		case png != "":
			return os.WriteFile(png, a.body, 0o644)
		case t.json:
			return t.encode(map[string]string{"text": string(a.body)})
		}
		_, err = t.OutOrStdout().Write(a.body)
		return err
	})
	c.Flags().StringVar(&png, "png", "", "write it as a picture into `FILE`")
	return c
}

func retryCommand(command maker) *cobra.Command {
	var all bool
	c := command("retry [REPORT]", "Put a report that was set aside back into the queue, or -all of them", 0, func(t talk, args []string) error {
		id := "all"
		switch {
		case all == (len(args) == 1):
			return errors.New("name one report, or -all")
		case !all:
			id = args[0]
		}
		a, err := t.ask(t.Context(), http.MethodPost, "/v1/queue/"+url.PathEscape(id)+"/retry", nil)
		if err != nil {
			return err
		}
		return t.print(a, func() error {
			var r api.Retried
			if err := a.into(&r); err != nil {
				return err
			}
			t.Println(r.Requeued, "back in the queue")
			return nil
		})
	})
	c.Args = cobra.MaximumNArgs(1)
	c.Flags().BoolVar(&all, "all", false, "every report that was set aside")
	return c
}

// settledSale reports whether a sale has ended, as far as waiting for it goes.
func settledSale(s sale.Sale) bool { return s.State.Final() || s.GivenUp }

// Waiting for a sale: how long one request waits, how long an unsure sale or a
// movement is waited for, and the pause where the daemon answers at once.
const (
	waitPiece  = 30 * time.Second
	unsureFor  = 30 * time.Second
	followStep = 500 * time.Millisecond
)

// follow asks after a sale until settled says so, and returns the last answer.
// A sale that stays unsure is left after a while: posd goes on looking, the
// command does not. A daemon that is away is asked again as long as move would.
func (t talk) follow(ctx context.Context, s sale.Sale, settled func(sale.Sale) bool) (last answer, err error) {
	begun := time.Now() // of what may not last: being unsure, being final with a movement under way
	heard := time.Now()
	for {
		a, err := t.once(ctx, http.MethodGet, salePath(string(s.ID), "?wait="+waitPiece.String()), "", nil, waitPiece+answerLimit)
		if err == nil && a.problem() == nil {
			heard, last = time.Now(), a
			if err := a.into(&s); err != nil {
				return a, &ended{exitUnsure, err}
			}
			if settled(s) {
				return a, nil
			}
		} else if err == nil && a.status < 500 {
			return a, &ended{exitRefused, a.problem()}
		}
		if s.State == sale.Waiting {
			begun = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return last, &ended{exitUnsure, fmt.Errorf("sale %s is not settled; it goes on: `posd show %s`", s.ID, s.ID)}
		case time.Since(heard) > t.repeatFor:
			return last, &ended{exitUnsure, fmt.Errorf("posd does not answer any more; sale %s is looked after when it is back", s.ID)}
		case time.Since(begun) > unsureFor && last.status != 0:
			return last, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(followStep):
		}
	}
}
