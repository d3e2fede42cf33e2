package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// otherTerminal plugs the shop's second terminal in before posd can ask the first
// one how its sale ended, and the first one again once posd wants that.
func otherTerminal(ctx context.Context, st *stage, s saleView) error {
	if err := st.untilTaken(ctx, s); err != nil {
		return err
	}
	first := st.terminal.State().Serial
	st.terminal.Swap("1850000099")
	if err := st.untilPerson(ctx, s, "another terminal"); err != nil {
		return err
	}
	st.terminal.Swap(first)
	return nil
}

// keypadClose closes the batch on the terminal's own keypad before posd can ask how
// the sale ended. What is not found proves nothing then: a person looks at the
// terminal's paper and says that it was paid.
func keypadClose(ctx context.Context, st *stage, s saleView) error {
	if err := st.untilTaken(ctx, s); err != nil {
		return err
	}
	st.terminal.Settle()
	if err := st.untilPerson(ctx, s, "proves nothing"); err != nil {
		return err
	}
	return st.api.resolve(ctx, s.ID, "paid")
}

// untilTaken waits until the terminal has approved the sale, and posd has not heard of it.
func (st *stage) untilTaken(ctx context.Context, s saleView) error {
	return until(ctx, 10*time.Second, "the terminal to approve the sale", func(context.Context) (bool, string, error) {
		n := st.approvals(s)
		return n == 1, fmt.Sprintf("%d approvals", n), nil
	})
}

// untilPerson waits until posd calls a person to an unsure sale in such words.
func (st *stage) untilPerson(ctx context.Context, s saleView, words string) error {
	_, err := st.untilSale(ctx, s.ID, "posd to call a person", 30*time.Second, func(s saleView) bool {
		return s.State == "unsure" && strings.Contains(s.Attention, words)
	})
	return err
}
