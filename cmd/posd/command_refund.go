package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func refundCommand(command maker) *cobra.Command {
	var amount string
	var req api.GiveBackRequest
	c := movementCommand(command, "refund", "Give money back", &req, func() (err error) {
		req.Amount, err = someAmount(amount)
		return err
	})
	c.Flags().BoolVar(&req.Anyway, "anyway", false, "send it though the wallet may not take it any more, too often, or so soon")
	c.Flags().StringVar(&amount, "amount", "", "how much, as `28.65` or 2865c; all that can still be given back when left out")
	return c
}

// someAmount reads an amount that may be left out, which stands for all.
func someAmount(written string) (*sale.Amount, error) {
	if written == "" {
		return nil, nil
	}
	a, err := sale.ParseAmount(written)
	return &a, err
}

// movementCommand makes refund and void; complete reads what is left of the request from the flags.
func movementCommand(command maker, kind, short string, req *api.GiveBackRequest, complete func() error) *cobra.Command {
	var key string
	c := command(kind+" ID", short, 1, func(t session, args []string) error {
		if err := complete(); err != nil {
			return err
		}
		a, err := t.post(t.Context(), salePath(args[0], "/"+kind), t.announce(key), req)
		if err != nil {
			return err
		}
		var made api.GivenBack
		if err := a.into(&made); err != nil {
			return &ended{exitUnsure, err}
		}
		id, last := made.Movement.ID, made.Movement
		if !last.Final() {
			if a, err = t.follow(t.Context(), made.Sale, func(s sale.Sale) bool {
				last = movementOf(s, id)
				return last.Final() || last.State == sale.MovementUnsure
			}); err != nil {
				return err
			}
		}
		if err := t.printMovement(a, last); err != nil {
			return err
		}
		return movementEnd(last)
	})
	c.Flags().StringVar(&req.By, "by", "", "`NAME` of the person who asks")
	c.Flags().StringVar(&req.Reason, "reason", "", "why, in a few `WORDS`")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.MarkFlagRequired("by")
	return c
}

// movementEnd is the exit code for how a movement stands.
func movementEnd(m sale.Movement) error {
	switch m.State {
	case sale.MovementDone:
		return nil
	case sale.MovementRefused:
		return &ended{code: exitDeclined}
	case sale.MovementKept:
		return &ended{code: exitCancelled}
	}
	return &ended{code: exitUnsure}
}

func movementOf(s sale.Sale, id string) sale.Movement {
	if i := slices.IndexFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == id }); i >= 0 {
		return s.Refunds[i]
	}
	return sale.Movement{ID: id, State: sale.MovementUnsure}
}

func (t session) printMovement(a answer, m sale.Movement) error {
	return t.print(a, func() error {
		words := fmt.Sprintf("%s %s of %s: %s", m.Kind, m.ID, m.Amount, m.State)
		if m.Words != "" {
			words += " (" + m.Words + ")"
		}
		t.Println(words)
		return nil
	})
}
