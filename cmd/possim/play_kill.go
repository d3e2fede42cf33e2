package main

import (
	"context"
	"fmt"
	"time"
)

// playKill kills posd while the customer is at the terminal, lets the customer
// pay meanwhile, starts posd again, and wants the sale paid once and reported once.
func playKill(ctx context.Context, st *stage) error {
	s, err := st.sell(ctx, sellBody{Amount: 2865, Method: "card", Reference: "possim kill"})
	if err != nil {
		return err
	}
	if err := until(ctx, 10*time.Second, "the terminal to ask for a card", func(context.Context) (bool, string, error) {
		running := st.terminal.State().Running
		return running != "", "no transaction under way", nil
	}); err != nil {
		return err
	}
	st.running().Kill()
	fmt.Fprintf(st.out, "posd was killed while the customer was at the terminal, sale %s\n", s.ID)
	if err := until(ctx, 10*time.Second, "the customer to pay while posd is dead", func(context.Context) (bool, string, error) {
		state := st.terminal.State()
		return len(state.Approvals) == 1 && state.Running == "", fmt.Sprintf("%d approvals", len(state.Approvals)), nil
	}); err != nil {
		return err
	}
	fmt.Fprintln(st.out, "the terminal approved it, and nobody was there to hear")
	lookups := st.terminal.State().Frames["R02"]
	start := time.Now()
	if err := st.startPosd(ctx); err != nil {
		return err
	}
	s, err = st.untilSale(ctx, s.ID, "the sale to be found paid and reported", 30*time.Second, func(s saleView) bool {
		return s.State == "paid" && s.Reported == "done" && s.Printed != "queued"
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(st.out, "%.1f s after the new start: %s\n", time.Since(start).Seconds(), s)
	if n := st.terminal.State().Frames["R02"]; n == lookups {
		st.fault("the terminal was not asked by R02")
	}
	if n := len(s.Attempts); n != 1 {
		st.fault("there were %d attempts, not 1", n)
	}
	if err := st.judge(ctx, s, cardPaid); err != nil {
		return err
	}
	st.wholeIs(ctx, sums{approved: 1, reported: 1})
	return nil
}
