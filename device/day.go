package device

import (
	"context"
	"time"

	"posd/device/sale"
)

// dayPage is how many sales of a day are held at once.
const dayPage = 500

// Day sums up the sales, refunds and voids from from to to. It reads page by
// page beside the till, which goes on selling: a sale made meanwhile may be
// missing, none counts twice.
func (t *Till) Day(ctx context.Context, from, to time.Time) (Books, error) {
	var failed error
	b := SumDay(from, to, t.o.Policy.Currency, func(yield func(sale.Sale) bool) {
		failed = t.eachSale(ctx, sale.Filter{From: from, To: to}, yield)
		if failed == nil {
			failed = t.eachSale(ctx, sale.Filter{From: from, To: to, Moved: true}, func(s sale.Sale) bool {
				made := !s.CreatedAt.Before(from) && s.CreatedAt.Before(to)
				return made || yield(s) // it came with the first pass
			})
		}
	})
	b.At = t.o.Clock().UTC().Truncate(time.Second)
	if failed != nil {
		return Books{}, &Refusal{Kind: ErrUnavailable, Words: "the journal cannot be read, so the day cannot be summed up: " + failed.Error()}
	}
	return b, nil
}

// eachSale hands every sale that f selects to do, the newest first, until do returns false.
func (t *Till) eachSale(ctx context.Context, f sale.Filter, do func(sale.Sale) bool) error {
	f.Limit = dayPage
	for {
		page, err := t.Sales(ctx, f)
		if err != nil {
			return err
		}
		for _, s := range page {
			if !do(s) {
				return nil
			}
		}
		if len(page) < dayPage {
			return nil
		}
		f.Before = page[len(page)-1].ID
	}
}
