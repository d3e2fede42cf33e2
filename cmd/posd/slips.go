package main

import (
	"context"
	"errors"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/printer"
)

// slips prints what is no receipt: day reports. One goroutine hands them to the
// printer, which takes its turns between two papers: a receipt waits for a
// report at most as long as one report takes, and neither ends the other. A
// report is no job of the journal: it is asked for again by whoever misses it.
type slips struct {
	print func(ctx context.Context, job string, s printer.Slip) sale.PrintResult
	queue chan slip
	wait  time.Duration // for the end of a print, before the answer is "queued"
}

type slip struct {
	printer.Slip
	job  string
	done chan sale.PrintResult // has room for the result, wanted or not
}

// How many reports may wait, and how long who asked for one does.
const (
	slipQueue = 4
	slipWait  = 10 * time.Second
)

func newSlips(p *printer.Printer) *slips {
	return &slips{print: p.PrintSlip, queue: make(chan slip, slipQueue), wait: slipWait}
}

// run prints until ctx ends.
func (d *slips) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-d.queue:
			s.done <- d.print(ctx, s.job, s.Slip)
		}
	}
}

// books prints a day's report. A result of PrintQueued means that it is still
// waiting for its turn, or being printed.
func (d *slips) books(ctx context.Context, b device.Books) (sale.PrintResult, error) {
	s := slip{Slip: booksSlip(b), job: "report " + b.Date, done: make(chan sale.PrintResult, 1)}
	select {
	case d.queue <- s:
	default:
		return sale.PrintResult{}, &device.Refusal{Kind: device.ErrUnavailable, Words: "several reports wait for the printer already: see to the printer first"}
	}
	late := time.NewTimer(d.wait)
	defer late.Stop()
	select {
	case res := <-s.done:
		if res.Maybe {
			res.Words += "; some of it may have come out"
		}
		return res, nil
	case <-late.C:
		return sale.PrintResult{Job: s.job, State: sale.PrintQueued, Words: "it comes when the printer is free"}, nil
	case <-ctx.Done():
		return sale.PrintResult{}, errors.Join(ctx.Err(), errors.New("the report is still waiting for the printer"))
	}
}

// booksSlip lays a day's report out for paper.
func booksSlip(b device.Books) printer.Slip {
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
