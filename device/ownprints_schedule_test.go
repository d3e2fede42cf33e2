package device

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// TestPrintsAndCashOverRestarts lets a shop take cash and print papers of its own between
// the receipts, at a printer that runs out of paper and a till that is started again, with
// every wish repeated under its key: each paper comes out, once unless its second one says
// that it may be one, and each cash sale is one.
func TestPrintsAndCashOverRestarts(t *testing.T) {
	for seed := range 60 {
		atCounter(t, func(c *counter) {
			c.change = func(p *core.Policy) { p.Cash = true }
			c.restart()
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			between := func() {
				switch r.IntN(6) {
				case 0:
					c.jams(&sale.PrintResult{State: sale.PrintFailed, Words: "paper out"})
				case 1:
					c.jams(nil)
				case 2:
					c.restart()
				case 3:
					c.wait(time.Duration(r.IntN(3000)) * time.Millisecond)
				}
			}
			const wishes = 8
			for n := range wishes {
				key, text := fmt.Sprint("print-", n), fmt.Sprint("soup ", n)
				ask := SellRequest{Key: fmt.Sprint("cash-", n), Amount: 500, Method: sale.Cash, Replaces: "none"}
				for range 1 + r.IntN(3) { // whoever heard nothing asks again
					if _, _, err := c.till.Sell(context.Background(), ask); err != nil {
						c.t.Fatalf("seed %d: %v", seed, err)
					}
					between()
					if _, _, err := c.wish(key, text); err != nil {
						c.t.Fatalf("seed %d: %v", seed, err)
					}
					between()
				}
			}
			c.jams(nil)
			c.wait(9 * time.Minute)
			first, all := map[string]int{}, map[string]int{}
			for _, own := range locked(&c.printer.mu, &c.printer.own) {
				if all[string(own.Data)]++; !own.Duplicate {
					first[string(own.Data)]++
				}
			}
			receipts := map[sale.ID]int{}
			for _, paper := range locked(&c.printer.mu, &c.printer.done) {
				if receipts[paper.Sale.ID]++; receipts[paper.Sale.ID] > 1 && !paper.Duplicate {
					c.t.Errorf("seed %d: a second receipt does not say that it is one", seed)
				}
			}
			for n := range wishes {
				if text := fmt.Sprint("kept soup ", n); first[text] > 1 || all[text] == 0 {
					c.t.Errorf("seed %d: %q came out %d times, %d of them as the first", seed, text, all[text], first[text])
				}
			}
			if c.t.Failed() {
				for _, j := range c.journal.Rows.Jobs {
					c.t.Logf("%+v", j)
				}
			}
			list, err := c.till.Sales(context.Background(), sale.Filter{})
			if err != nil || len(list) != wishes || len(receipts) != wishes {
				c.t.Fatalf("seed %d: %d sales, %d with a receipt, want %d: %v", seed, len(list), len(receipts), wishes, err)
			}
			for _, s := range list {
				if s.State != sale.Paid || s.ApprovedAmount != 500 {
					c.t.Errorf("seed %d: %s of %s", seed, s.State, s.ApprovedAmount)
				}
			}
		})
	}
}
