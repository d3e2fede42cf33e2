package device

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

var dayFrom = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// TestALongDayIsReadWhole goes over several pages, and counts a sale that was
// made and given back on the same day once.
func TestALongDayIsReadWhole(t *testing.T) {
	const n = 5000
	paid := func(i, minutes int, amount sale.Amount) sale.Sale {
		return sale.Sale{ID: sale.ID(fmt.Sprintf("01KAEXAMPLE%015d", i)), CreatedAt: dayFrom.Add(time.Duration(minutes) * time.Minute).UTC(),
			Amount: amount, ApprovedAmount: amount, Currency: "CAD", Method: sale.WeChat, State: sale.Paid}
	}
	refunded := func(s sale.Sale, amount sale.Amount, at time.Time) sale.Sale {
		s.Refunds = append(s.Refunds, sale.Movement{ID: "M" + string(s.ID[22:]), Kind: sale.Refund, State: sale.MovementDone, Amount: amount, CreatedAt: at.UTC()})
		return s
	}
	journal := journaltest.New()
	var rows []sale.Row
	var want sale.Amount
	for i := range n {
		s := paid(i, i/4, sale.Amount(100+i))
		want += s.Amount
		if i%10 == 0 {
			s = refunded(s, 50, dayFrom.Add(20*time.Hour))
			want -= 50
		}
		rows = append(rows, sale.SaleRow{Sale: s})
	}
	rows = append(rows, sale.SaleRow{Sale: refunded(paid(n, -60, 1000), 7, dayFrom)})
	want -= 7
	if _, err := journal.Commit(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		till, err := New(Options{Policy: core.DefaultPolicy(), Journal: journal, Screen: &customer{}, Makers: testMakers, Log: quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(1, 2))}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- till.Run(ctx) }()
		<-till.Ready()
		b, err := till.Day(ctx, dayFrom, dayFrom.AddDate(0, 0, 1))
		if err != nil || b.Total.Paid.Count != n || b.Total.Refunds.Count != n/10+1 || b.Total.Net != want {
			t.Errorf("%v: %+v, want %d sales and %s", err, b.Total, n, want)
		}
		if b.At.IsZero() {
			t.Error("it does not say when it was made")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAShopInFrenchReadsFrenchReports(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.Language = sale.French }
		c.restart()
		b, err := c.till.Day(context.Background(), dayFrom, dayFrom.AddDate(0, 0, 1))
		if err != nil || b.Title() != "RAPPORT X (PROVISOIRE)" {
			t.Errorf("%q, %v", b.Title(), err)
		}
	})
}
