package main

import (
	"context"
	"errors"

	"posd/device/books"
	"posd/device/sale"
	"posd/printer"
)

// reportPrinter returns what prints a day's report, in its turn between two receipts.
func reportPrinter(q *printer.SlipQueue) func(ctx context.Context, b books.Books) (sale.PrintResult, error) {
	return func(ctx context.Context, b books.Books) (sale.PrintResult, error) {
		res, err := q.Print(ctx, "report "+b.Date, booksSlip(b))
		if errors.Is(err, printer.ErrQueueFull) {
			err = &sale.Refusal{Kind: sale.ErrUnavailable, Words: err.Error()}
		}
		return res, err
	}
}

// booksSlip lays a day's report out for paper.
func booksSlip(b books.Books) printer.Slip {
	s := printer.Slip{Title: b.Title()}
	for _, p := range b.Parts() {
		part := printer.SlipPart{Heading: p.Heading}
		for _, r := range p.Rows {
			part.Rows = append(part.Rows, printer.SlipRow(r))
		}
		s.Parts = append(s.Parts, part)
	}
	return s
}
