package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"posd/device"
	"posd/device/core"
	"posd/device/sale"
	"posd/display"
	"posd/store"
)

// BenchmarkDayOf5000Sales sums a day up from a journal on disk that holds ten
// such days.
func BenchmarkDayOf5000Sales(b *testing.B) {
	const days, n = 10, 5000
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open(b.Context(), store.Config{Dir: b.TempDir()}, quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	from := time.Date(2026, 11, 11, 9, 0, 0, 0, time.UTC)
	for day := range days {
		var rows []sale.Row
		for i := range n {
			at := from.AddDate(0, 0, day).Add(time.Duration(i) * 10 * time.Second)
			v := sale.Sale{
				ID: sale.ID(fmt.Sprintf("%02d%024d", day, i)), CreatedAt: at, FinalAt: &at, Amount: 100, ApprovedAmount: 100, Currency: "CAD",
				Method: sale.Card, State: sale.Paid, Reported: sale.ReportDone, Printed: sale.PrintDone, Card: &sale.CardInfo{Type: "VISA"},
				Attempts: []sale.Attempt{{Ref: fmt.Sprintf("%02d%014d", day, i), State: sale.AttemptPaid, StartedAt: at}},
			}
			if i%10 == 0 {
				v.Refunds = []sale.Movement{{ID: fmt.Sprintf("M%02d%023d", day, i), Kind: sale.Refund, Amount: 1, State: sale.MovementDone, By: "Ana", CreatedAt: at}}
			}
			rows = append(rows, sale.SaleRow{Sale: v})
		}
		if _, err := s.Commit(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
	}
	till, err := device.New(device.Options{
		Policy: core.DefaultPolicy(), Journal: s, Screen: display.NewGroup(), Log: quiet, Clock: time.Now, Entropy: rand.Reader,
		Makers: core.Makers{ID: newID},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- till.Run(ctx) }()
	<-till.Ready()
	b.ReportAllocs()
	for day := 0; b.Loop(); day++ {
		at := from.AddDate(0, 0, day%days)
		books, err := till.Day(ctx, at, at.AddDate(0, 0, 1))
		if err != nil || books.Total.Paid.Count != n || books.Total.Net != n*100-n/10 {
			b.Fatalf("%v: %+v", err, books.Total)
		}
	}
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
