package outbox

import (
	"context"
	"sync"

	"posd/device/sale"
)

// Sender sends one report to the gateway once.
type Sender interface {
	Report(ctx context.Context, r sale.Report) sale.GatewayAnswer
}

// Outbox sends reports with a bounded number of requests at once.
type Outbox struct {
	sender  Sender
	workers chan struct{} // holds a token for each request under way
	turn    chan struct{} // holds a token while the reports of one Send are taken

	mu       sync.Mutex
	underWay map[string]bool // by number
}

// New returns an outbox that has at most workers requests under way, at least one.
func New(sender Sender, workers int) *Outbox {
	return &Outbox{
		sender:   sender,
		workers:  make(chan struct{}, max(workers, 1)),
		turn:     make(chan struct{}, 1),
		underWay: map[string]bool{},
	}
}

// Send sends each report once and calls answered once for each, from any
// goroutine, as soon as its answer is there. It returns when all are answered.
// What is sent while another batch is goes behind it: that one's answers come first, and
// the workers are busy while they are dealt with. When ctx ends, the reports that no worker took yet are answered as not sent;
// so is one whose number stands twice among them or is under way already.
func (o *Outbox) Send(ctx context.Context, reports []sale.Report, answered func(sale.Report, sale.GatewayAnswer)) {
	var all sync.WaitGroup
	defer all.Wait()
	o.turn <- struct{}{} // who has it waits for workers only, and no longer than ctx
	defer func() { <-o.turn }()
	seen := make(map[string]bool, len(reports))
	for _, r := range reports {
		if seen[r.No] {
			answered(r, notSent(r, "its number stands twice in the batch"))
			continue
		}
		seen[r.No] = true
		if !o.take(ctx) {
			answered(r, notSent(r, "posd is stopping"))
			continue
		}
		if !o.begin(r.No) {
			<-o.workers
			answered(r, notSent(r, "it is under way already"))
			continue
		}
		all.Go(func() {
			a := o.sender.Report(ctx, r)
			o.end(r.No)
			<-o.workers // before the answer is dealt with: the next request need not wait for a disk
			answered(r, a)
		})
	}
}

// take waits for a free worker.
func (o *Outbox) take(ctx context.Context) bool {
	if ctx.Err() != nil { // a free worker must not win by chance
		return false
	}
	select {
	case o.workers <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (o *Outbox) begin(no string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.underWay[no] {
		return false
	}
	o.underWay[no] = true
	return true
}

func (o *Outbox) end(no string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.underWay, no)
}

// notSent is the answer to a report that no request was made for.
func notSent(r sale.Report, why string) sale.GatewayAnswer {
	return sale.GatewayAnswer{No: r.No, Result: sale.GatewayNotSent, Status: sale.StatusUnknown, Words: "not sent: " + why}
}
