package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/pax"
	"posd/store"
	"posd/sync/iotpay"
)

// lastHeard is the last word about a device.
type lastHeard struct {
	mu       sync.Mutex
	asked    bool
	ok       bool
	words    string
	identity sale.Identity
	trouble  sale.Trouble
	since    time.Time // since when ok and words are as they are
	at       time.Time // when it was last heard of
}

// hear notes how a device is.
func (k *lastHeard) hear(ok bool, words string, trouble sale.Trouble) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if !k.asked || k.ok != ok || k.words != words {
		k.since = now
	}
	k.asked, k.ok, k.words, k.trouble, k.at = true, ok, words, trouble, now
}

// age returns how long ago the device was last heard of.
func (k *lastHeard) age() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.asked {
		return 1<<63 - 1
	}
	return time.Since(k.at)
}

// troubled returns what was wrong when the gateway was last heard of.
func (k *lastHeard) troubled() sale.Trouble {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble
}

// status fills in what is known.
func (k *lastHeard) status(d device.DeviceStatus) device.DeviceStatus {
	k.mu.Lock()
	defer k.mu.Unlock()
	d.OK, d.Words, d.Identity, d.Since = k.ok, k.words, k.identity, k.since
	switch {
	case !k.asked:
		d.Words, d.Trouble = "not asked yet", "not-asked"
	case !k.ok && k.trouble != sale.TroubleNone:
		d.Trouble = string(k.trouble)
	case !k.ok:
		d.Trouble = "silent"
	}
	return d
}

// terminal is the card terminal, overheard: what it did at the last sale says
// how it is better than a question would.
type terminal struct {
	*pax.Terminal
	lastHeard
	busy  atomic.Int32        // transactions and look-ups under way
	named func(serial string) // is told which terminal was greeted; nil: nobody is
}

// Charge is pax.Terminal.Charge.
func (t *terminal) Charge(ctx context.Context, o sale.CardRequest) sale.CardAnswer {
	t.busy.Add(1)
	defer t.busy.Add(-1)
	a := t.Terminal.Charge(ctx, o)
	switch a.Verdict {
	case sale.VerdictApproved, sale.VerdictDeclined, sale.VerdictCancelled:
		t.hear(true, "ready", sale.TroubleNone)
	case sale.VerdictNotSent, sale.VerdictUnsure:
		t.hear(false, a.Words, sale.TroubleNone)
	}
	return a
}

// Find is pax.Terminal.Find.
func (t *terminal) Find(ctx context.Context, l sale.CardLookup) sale.CardFinding {
	t.busy.Add(1)
	defer t.busy.Add(-1)
	f := t.Terminal.Find(ctx, l)
	if f.Reached {
		t.hear(true, "ready", sale.TroubleNone)
	} else {
		t.hear(false, f.Words, sale.TroubleNone)
	}
	return f
}

// stale reports whether asking the terminal would tell something new. It has no
// time for questions while a customer stands before it.
func (t *terminal) stale() bool {
	t.mu.Lock()
	unknown := t.identity == sale.Identity{}
	t.mu.Unlock()
	return t.busy.Load() == 0 && (unknown || t.age() > terminalFresh)
}

// run greets the terminal when nobody else speaks to it, and notes how it is.
func (t *terminal) run(ctx context.Context) error {
	return t.Run(ctx, t.met)
}

// greet asks the terminal who it is.
func (t *terminal) greet(ctx context.Context) { t.met(t.Greet(ctx)) }

// met notes what came of a greeting.
func (t *terminal) met(id sale.Identity, err error) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		if t.busy.Load() == 0 { // else a sale came first, whose end will say more
			t.hear(false, "no answer: is it switched on, and is its cable in?", sale.TroubleNone)
		}
		return
	case err != nil:
		t.hear(false, err.Error(), sale.TroubleNone)
		t.is(id) // perhaps another one than the configured
		return
	}
	t.hear(true, "ready", sale.TroubleNone)
	if t.named != nil {
		t.named(id.Serial)
	}
	t.is(id)
}

// is notes which terminal was met.
func (t *terminal) is(id sale.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.identity = id
}

// gateway is IOTPay, overheard likewise.
type gateway struct {
	*iotpay.Client
	lastHeard
}

// heard notes how the gateway is. What an answer says of one order, refund or
// channel says nothing about that.
func (g *gateway) heard(a sale.GatewayAnswer) sale.GatewayAnswer {
	switch {
	case a.Concern == sale.ConcernLink:
		g.hear(false, a.Words, a.Trouble)
	case a.Result != sale.GatewayNotSent && a.Result != sale.GatewayLost:
		g.hear(true, "ready", sale.TroubleNone)
	}
	return a
}

// Create is iotpay.Client.Create.
func (g *gateway) Create(ctx context.Context, r sale.OrderRequest) sale.GatewayAnswer {
	return g.heard(g.Client.Create(ctx, r))
}

// Query is iotpay.Client.Query.
func (g *gateway) Query(ctx context.Context, no string) sale.GatewayAnswer {
	return g.heard(g.Client.Query(ctx, no))
}

// Refund is iotpay.Client.Refund.
func (g *gateway) Refund(ctx context.Context, r sale.RefundRequest) sale.GatewayAnswer {
	return g.heard(g.Client.Refund(ctx, r))
}

// QueryRefund is iotpay.Client.QueryRefund.
func (g *gateway) QueryRefund(ctx context.Context, no string) sale.GatewayAnswer {
	return g.heard(g.Client.QueryRefund(ctx, no))
}

// Report is iotpay.Client.Report.
func (g *gateway) Report(ctx context.Context, r sale.Report) sale.GatewayAnswer {
	a := g.Client.Report(ctx, r)
	if a.Concern != sale.ConcernLink { // one report may meet for ever what no other does
		g.heard(a)
	}
	return a
}

// greet asks after an order that never was.
func (g *gateway) greet(ctx context.Context) {
	a := g.Probe(ctx)
	switch {
	case a.Trouble != sale.TroubleNone:
		words := iotpay.Advice(a.Trouble)
		if !strings.Contains(a.Words, words) && a.Words != "" {
			words += " (it says: " + a.Words + ")"
		}
		g.hear(false, words, a.Trouble)
	case a.Result == sale.GatewayNotFound, a.Result == sale.GatewayFail && a.Verified:
		g.hear(true, "ready", a.Trouble)
	default:
		g.hear(false, a.Words, a.Trouble)
	}
}

// journal is the store, overheard: what it said when it was last written to.
type journal struct {
	*store.Store
	lastHeard
	wake func() // told of each commit; nil where nobody listens
	dir  string // of the journal
}

// Commit is store.Store.Commit.
func (j *journal) Commit(ctx context.Context, rows []sale.Row) ([]int64, error) {
	seqs, err := j.Store.Commit(ctx, rows)
	switch {
	case err == nil:
		j.hear(true, "ready", sale.TroubleNone)
		if j.wake != nil {
			j.wake()
		}
	case ctx.Err() == nil:
		j.hear(false, err.Error(), sale.Trouble(journalCause(err, j.dir)))
	}
	return seqs, err
}
