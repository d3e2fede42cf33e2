package hwproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"posd/device"
	"posd/device/sale"
)

// Notes remember small values under names, over restarts.
type Notes interface {
	// Note returns once the value is durable.
	Note(ctx context.Context, name, value string) error
}

// notePrefix begins the names of this package's notes: a ring of maxKept names,
// so that their number does not grow.
const notePrefix = "hwproxy."

// maxKept is how many transactions are remembered and shown to pages that poll.
const maxKept = 64

// transaction is a payment that a page started.
type transaction struct {
	ID     int64   `json:"id"`   // what pages ask by
	Line   line    `json:"line"` // what it pays
	Key    string  `json:"key"`  // Idempotency-Key towards the till
	Sale   sale.ID `json:"sale,omitempty"`
	latest sale.Sale
}

// line is one payment line of one order; pages name it alike however often they try.
type line struct {
	Origin, Order, Payment string
	Amount                 sale.Amount
}

// transactions holds what pages started, and follows it.
type transactions struct {
	ctx    context.Context // of the server's Run: what was started outlives its page
	till   Till
	notes  Notes
	newKey func() string
	log    *slog.Logger
	work   sync.WaitGroup

	starting sync.Mutex // one start at a time, so that two of one line find each other
	mu       sync.Mutex
	kept     []*transaction // the oldest first, at most maxKept
}

// newTransactions takes up what an earlier run noted.
func newTransactions(ctx context.Context, o Options) *transactions {
	ts := &transactions{ctx: ctx, till: o.Till, notes: o.Notes, newKey: o.NewKey, log: o.Log}
	for name, value := range o.Earlier {
		if !strings.HasPrefix(name, notePrefix) {
			continue
		}
		t := &transaction{}
		if err := json.Unmarshal([]byte(value), t); err != nil {
			o.Log.Warn("a note of an earlier run about a page's payment cannot be read", "note", name, "err", err)
			continue
		}
		ts.kept = append(ts.kept, t)
	}
	slices.SortFunc(ts.kept, func(a, b *transaction) int { return int(a.ID - b.ID) })
	for _, t := range ts.kept {
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
		t = &transaction{ID: ts.nextID(), Line: l, Key: ts.newKey()}
		if err := ts.note(t); err != nil {
			ts.log.Warn("a page's payment cannot be noted, and was not begun", "err", err)
			return 0, false
		}
		ts.keep(t)
	}
	r.Key = t.Key // an earlier run may have sold under it and not said so
	made, _, err := ts.till.Sell(ctx, r)
	if refused := (*sale.Refusal)(nil); errors.As(err, &refused) {
		ts.log.Info("a page's payment was refused", "words", refused.Words)
		ts.forget(t)
		return 0, false
	} else if err != nil {
		ts.log.Warn("it is not known whether a page's payment began; the next start asks again", "err", err)
		return 0, false
	}
	ts.mu.Lock()
	t.Sale, t.latest = made.ID, made
	ts.mu.Unlock()
	if err := ts.note(t); err != nil {
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
	for _, t := range slices.Backward(ts.kept) {
		if t.Line == l {
			return t
		}
	}
	return nil
}

func (ts *transactions) nextID() int64 {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if n := len(ts.kept); n > 0 {
		return ts.kept[n-1].ID + 1
	}
	return 1
}

func (ts *transactions) keep(t *transaction) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.kept = append(ts.kept, t)
	if len(ts.kept) > maxKept {
		ts.kept = slices.Delete(ts.kept, 0, 1)
	}
}

func (ts *transactions) forget(t *transaction) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.kept = slices.DeleteFunc(ts.kept, func(o *transaction) bool { return o == t })
}

// note writes t down under the name of its place in the ring.
func (ts *transactions) note(t *transaction) error {
	value, err := json.Marshal(t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ts.ctx, askLimit/2) // a journal that cannot be written must not hold other pages
	defer cancel()
	return ts.notes.Note(ctx, notePrefix+strconv.FormatInt(t.ID%maxKept, 10), string(value))
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
	for _, t := range slices.Backward(ts.kept) {
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
