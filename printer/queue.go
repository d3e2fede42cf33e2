package printer

import (
	"context"
	"errors"
	"time"

	"posd/device/sale"
)

// ErrQueueFull means that several slips wait for the printer already.
var ErrQueueFull = errors.New("several reports wait for the printer already: see to the printer first")

// SlipQueue prints what is no receipt: day reports. One goroutine hands slips to
// the printer, which takes its turns between two papers: a receipt waits for a
// report at most as long as one report takes, and neither ends the other. A
// slip is no job of the journal: it is asked for again by whoever misses it.
type SlipQueue struct {
	print func(ctx context.Context, job string, s Slip) sale.PrintResult
	queue chan queuedSlip
}

type queuedSlip struct {
	Slip
	job  string
	done chan sale.PrintResult // has room for the result, wanted or not
}

// How many slips may wait, and how long whoever asked for one does.
const (
	slipQueue = 4
	slipWait  = 10 * time.Second
)

// NewSlipQueue returns the queue of p. It prints nothing until it runs.
func NewSlipQueue(p *Printer) *SlipQueue { return newSlipQueue(p.PrintSlip) }

func newSlipQueue(print func(context.Context, string, Slip) sale.PrintResult) *SlipQueue {
	return &SlipQueue{print: print, queue: make(chan queuedSlip, slipQueue)}
}

// Run prints until ctx ends.
func (q *SlipQueue) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-q.queue:
			s.done <- q.print(ctx, s.job, s.Slip)
		}
	}
}

// Print queues a slip and waits a while for its end. A result of PrintQueued
// means that it still waits for its turn, or is being printed.
func (q *SlipQueue) Print(ctx context.Context, job string, s Slip) (sale.PrintResult, error) {
	one := queuedSlip{Slip: s, job: job, done: make(chan sale.PrintResult, 1)}
	select {
	case q.queue <- one:
	default:
		return sale.PrintResult{}, ErrQueueFull
	}
	late := time.NewTimer(slipWait)
	defer late.Stop()
	select {
	case res := <-one.done:
		if res.Maybe {
			res.Words += "; some of it may have come out"
		}
		return res, nil
	case <-late.C:
		return sale.PrintResult{Job: job, State: sale.PrintQueued, Words: "it comes when the printer is free"}, nil
	case <-ctx.Done():
		return sale.PrintResult{}, errors.Join(ctx.Err(), errors.New("the report is still waiting for the printer"))
	}
}
