package main

import (
	"context"
	"fmt"
	"time"
)

// offlineSales is how many card sales the gateway misses.
const offlineSales = 50

// playOffline takes the gateway away for a day's card sales and brings it back:
// every sale must be reported, none twice, without a restart.
func playOffline(ctx context.Context, st *stage) error {
	if err := gatewayGoes(st); err != nil {
		return err
	}
	defer st.gateway.ClearFault("")
	start := time.Now()
	sales := make([]saleView, 0, offlineSales)
	for i := range offlineSales {
		s, err := st.sell(ctx, sellBody{Amount: int64(1000 + i), Method: "card", Reference: fmt.Sprintf("possim offline %d", i)})
		if err != nil {
			return fmt.Errorf("sale %d: %w", i+1, err)
		}
		if s, err = st.api.sale(ctx, s.ID, 20*time.Second); err != nil {
			return err
		}
		if s.State != "paid" {
			return fmt.Errorf("sale %d did not end paid: %s", i+1, s)
		}
		if sales = append(sales, s); len(sales)%10 == 0 {
			fmt.Fprintf(st.out, "%d card sales paid, %.1f s\n", len(sales), time.Since(start).Seconds())
		}
	}
	if err := st.untilLink(ctx, "down", offlineSales); err != nil {
		return err
	}
	if n := len(st.gateway.State().Reports); n != 0 {
		return fmt.Errorf("the gateway took %d reports while it was away", n)
	}

	st.gateway.ClearFault("away")
	back := time.Now()
	var first time.Duration
	if err := until(ctx, 30*time.Second, "every report to reach the gateway", func(ctx context.Context) (bool, string, error) {
		n := len(st.gateway.State().Reports)
		if n > 0 && first == 0 {
			first = time.Since(back)
		}
		return n == offlineSales, fmt.Sprintf("%d of %d", n, offlineSales), nil
	}); err != nil {
		return err
	}
	drained := time.Since(back)
	if err := st.untilLink(ctx, "up", 0); err != nil {
		return err
	}
	for _, s := range sales {
		s, err := st.api.sale(ctx, s.ID, 0)
		if err != nil {
			return err
		}
		if err := st.judge(ctx, s, cardPaid); err != nil {
			st.fault("sale %s of %s: %w", s.ID, cents(s.Amount), err)
		}
	}
	st.wholeIs(ctx, sums{approved: offlineSales, reported: offlineSales})
	fmt.Fprintf(st.out, "the gateway came back: posd noticed after %.1f s and brought %d reports in %.2f s\n", first.Seconds(), offlineSales, (drained - first).Seconds())
	return nil
}
