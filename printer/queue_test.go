package printer

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"posd/device/sale"
)

func TestASlipWaitsForThePrinterAndItsAskerNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var titles []string
		q := newSlipQueue(func(_ context.Context, job string, s Slip) sale.PrintResult {
			<-free
			titles = append(titles, s.Title+" of "+job)
			return sale.PrintResult{State: sale.PrintFailed, Words: "paper out", Maybe: true}
		})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { q.Run(ctx) })
		day := Slip{Title: "X REPORT"}
		for i := range slipQueue + 1 { // one is being printed, the others wait
			if res, err := q.Print(ctx, "report 1970-01-01", day); err != nil || res.State != sale.PrintQueued {
				t.Errorf("slip %d: %+v, %v", i, res, err)
			}
		}
		if _, err := q.Print(ctx, "report 1970-01-01", day); !errors.Is(err, ErrQueueFull) {
			t.Errorf("one too many: %v", err)
		}
		close(free)
		synctest.Wait()
		if res, err := q.Print(ctx, "report 1970-01-01", day); err != nil || res.State != sale.PrintFailed || !strings.Contains(res.Words, "some of it may") {
			t.Errorf("%+v, %v", res, err)
		}
		if len(titles) != slipQueue+2 || titles[0] != "X REPORT of report 1970-01-01" {
			t.Errorf("printed %q", titles)
		}
		stop()
		running.Wait()
	})
}
