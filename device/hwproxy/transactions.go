package hwproxy

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"posd/device"
	"posd/device/door"
	"posd/device/ring"
	"posd/device/sale"
)

// notePrefix begins the names of this package's notes.
const notePrefix = "hwproxy."

// maxKept is how many transactions are remembered and shown to pages that poll.
const maxKept = 64

// transaction is a payment that a page started.
type transaction struct {
	ring.Place
	ID   int64   `json:"id"`   // what pages ask by
	Line line    `json:"line"` // what it pays
	Key  string  `json:"key"`  // Idempotency-Key towards the till
	Sale sale.ID `json:"sale,omitempty"`
	// asked says that the till was asked before, by an earlier run perhaps, and
	// that it is not known what came of it.
	asked  bool
	latest sale.Sale
}

// Number is the transaction's, in the order of beginning.
func (t *transaction) Number() int64 { return t.ID }

// Over reports whether its sale has ended.
func (t *transaction) Over() bool { return t.latest.State.Final() }

// line is one payment line of one order; pages name it alike however often they try.
type line struct {
	Origin, Order, Payment string
	Amount                 sale.Amount
}

// transactions holds what pages started, and follows it.
type transactions struct {
	ctx    context.Context // of the server's Run: what was started outlives its page
	till   Till
	newKey func() string
	log    *slog.Logger
	work   sync.WaitGroup

	starting sync.Mutex // one start at a time, so that two of one line find each other
	mu       sync.Mutex // of what polls read, which never wait for a note
	kept     *ring.Ring[*transaction]
}

// newTransactions takes up what an earlier run noted.
func newTransactions(ctx context.Context, o Options) *transactions {
	ts := &transactions{ctx: ctx, till: o.Till, newKey: o.NewKey, log: o.Log}
	ts.kept = ring.Open(ctx, ring.Options{Notes: o.Notes, Prefix: notePrefix, Size: maxKept, Wait: askLimit / 2, Log: o.Log},
		o.Earlier, func() *transaction { return &transaction{asked: true} })
	for t := range ts.kept.Newest() {
		if t.Sale != "" {
			ts.follow(t)
		}
	}
	return ts
}

// start takes a payment, or returns the transaction of the same line that may
// have paid it. ok is false when nothing was begun.
func (ts *transactions) start(ctx context.Context, l line, r device.SellRequest) (id int64, ok bool) {
	ts.starting.Lock()
	defer ts.starting.Unlock()
	t := ts.last(l)
	if t != nil && t.Sale != "" {
		now, err := ts.till.Sale(ctx, t.Sale)
		if err != nil {
			ts.log.Warn("a page's payment cannot be looked at", "sale", t.Sale, "err", err)
			return 0, false
		}
		if now.State != sale.Declined && now.State != sale.Cancelled {
			return t.ID, true
		}
		t = nil
	}
	if t == nil {
		t = &transaction{Line: l, Key: ts.newKey()}
		if err := ts.keep(t); err != nil {
			ts.log.Warn("a page's payment cannot be noted, and was not begun", "err", err)
			return 0, false
		}
	}
	r.Key = t.Key // an earlier run may have sold under it and not said so
	made, _, err := ts.till.Sell(ctx, r)
	if door.NothingBegun(err, t.asked) {
		ts.log.Info("a page's payment was refused", "words", err)
		ts.forget(t)
		return 0, false
	} else if err != nil {
		ts.log.Warn("it is not known whether a page's payment began; the next start asks again", "err", err)
		t.asked = true
		return 0, false
	}
	ts.mu.Lock()
	t.Sale, t.latest = made.ID, made
	ts.mu.Unlock()
	if err := ts.kept.Note(t); err != nil {
		ts.log.Warn("cannot note a page's sale", "sale", made.ID, "err", err)
	}
	ts.follow(t)
	return t.ID, true
}

// follow keeps what is shown of a transaction as the till has it, until it ends.
func (ts *transactions) follow(t *transaction) {
	ts.work.Go(func() {
		for ts.ctx.Err() == nil {
			state := ts.stateOf(t)
			now, err := ts.till.Await(ts.ctx, t.Sale, func(s sale.Sale) bool { return s.State != state })
			if err != nil {
				return
			}
			ts.mu.Lock()
			t.latest = now
			ts.mu.Unlock()
			if now.State.Final() {
				return
			}
		}
	})
}

func (ts *transactions) stateOf(t *transaction) sale.State {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return t.latest.State
}

func (ts *transactions) last(l line) *transaction {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t, _ := ts.kept.Find(func(t *transaction) bool { return t.Line == l })
	return t
}

// keep numbers a transaction and notes it; callers hold starting.
func (ts *transactions) keep(t *transaction) error {
	ts.mu.Lock()
	t.ID = ts.kept.Next()
	ts.kept.Choose(t)
	ts.mu.Unlock()
	if err := ts.kept.Note(t); err != nil {
		return err
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.kept.Keep(t)
	return nil
}

func (ts *transactions) forget(t *transaction) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.kept.Drop(t)
}

// shown is a transaction as pages read it. They compare transaction_id by type
// and value; success is null while it goes on, and must be there.
type shown struct {
	ID        int64  `json:"transaction_id"`
	Success   *bool  `json:"success"`
	Status    string `json:"status"`
	Details   string `json:"status_details"`
	Reference string `json:"reference"`
}

// all lists what pages may poll for, the newest first.
func (ts *transactions) all() []shown {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	list := []shown{}
	for t := range ts.kept.Newest() {
		s := shown{ID: t.ID, Status: string(t.latest.State), Reference: string(t.Sale)}
		paid := t.latest.State == sale.Paid && t.latest.Due == 0
		switch {
		case t.Sale == "" || t.latest.State == "":
			s.Status, s.Details = string(sale.Waiting), "not begun yet"
		case t.latest.State == sale.Unsure:
			s.Details = "posd cannot tell yet whether it is paid, and is asking: do not charge again, see its page"
		case t.latest.State == sale.Paid && !paid:
			s.Success, s.Details = &paid, fmt.Sprintf("%s of it is paid, %s is due: see posd's page", t.latest.ApprovedAmount, t.latest.Due)
		case t.latest.State.Final():
			s.Success, s.Details = &paid, t.latest.Words
		}
		list = append(list, s)
	}
	return list
}
