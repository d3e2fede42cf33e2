package device

import (
	"context"
	"errors"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

const (
	lazyFor    = time.Second      // unhurried rows wait this long for company
	retryAfter = time.Second      // a journal that failed is asked again
	idleAfter  = 10 * time.Second // of silence before the journal may keep house
	idleAtMost = 10 * time.Minute // between two tries, where somebody keeps it from it
)

// ledger holds what must be written, in order, while a commit is under way.
type ledger struct {
	groups []group
	busy   bool          // a commit is under way
	due    time.Time     // when the groups are committed; zero: at once
	idle   time.Time     // when the journal may keep house; zero: it has, since the last commit
	pause  time.Duration // before it is let try again
}

// group is the rows of one step and what waits for them.
type group struct {
	rows   []sale.Row
	after  []core.Effect
	intent *core.IntentFailed
}

type commitResult struct {
	groups []group
	seqs   []int64
	err    error
	idle   bool // the journal kept house,
	done   bool // to the end
}

// add queues a step's rows. An effect that waits for durability waits for all
// that was queued before it, too.
func (l *ledger) add(out core.Effects) {
	if len(out.Rows) == 0 && len(out.After) == 0 {
		return
	}
	if !out.Lazy || len(out.After) > 0 {
		l.due = time.Time{}
	} else if len(l.groups) == 0 {
		l.due = time.Now().Add(lazyFor)
	}
	l.groups = append(l.groups, group{rows: out.Rows, after: out.After, intent: out.Intent})
}

// next returns when the ledger wants to be looked at.
func (l *ledger) next() (time.Time, bool) {
	switch {
	case l.busy:
		return time.Time{}, false
	case len(l.groups) > 0:
		return l.due, true
	case !l.idle.IsZero():
		return l.idle, true
	}
	return time.Time{}, false
}

// commitIfDue starts a commit of everything queued, if one is due and none runs.
func (t *Till) commitIfDue() {
	l := &t.ledger
	at, ok := l.next()
	if !ok || time.Now().Before(at) {
		return
	}
	if len(l.groups) == 0 {
		l.busy = true
		t.work(func(ctx context.Context) {
			done, err := t.o.Journal.Idle(ctx)
			t.commits <- commitResult{idle: true, done: done, err: err}
		})
		return
	}
	batch := l.groups
	rows := rowsOf(batch)
	if len(rows) == 0 { // nothing to make durable: what waited may go
		l.groups = nil
		t.performAfter(batch, false)
		return
	}
	l.groups, l.busy = nil, true
	charge := chargeOf(batch)
	t.work(func(ctx context.Context) {
		seqs, err := t.o.Journal.Commit(context.WithoutCancel(ctx), rows)
		if err != nil {
			t.commits <- commitResult{groups: batch, err: err}
			return
		}
		// What paper and terminal waited for is there: the loop need not say so. Papers
		// are queued before the loop can begin the next commit, so they keep their order,
		// and roused after it: of the two that are woken here the last one runs first.
		papers := t.papersOf(batch)
		t.papers.add(papers...)
		t.commits <- commitResult{groups: batch, seqs: seqs}
		if len(papers) > 0 {
			t.papers.rouse()
		}
		if charge != nil && ctx.Err() == nil {
			t.charge(ctx, charge.Request)
		}
	})
}

// chargeOf returns the first charge that waits for a commit; the others, if there ever
// are any, are the loop's.
func chargeOf(groups []group) *core.Charge {
	for _, g := range groups {
		for _, e := range g.after {
			if c, ok := e.(core.Charge); ok {
				return &c
			}
		}
	}
	return nil
}

// papersOf returns what waits for a commit to be printed, in order.
func (t *Till) papersOf(groups []group) (list []paper) {
	for _, g := range groups {
		for _, e := range g.after {
			if p := t.paperOf(e); p != nil {
				list = append(list, p)
			}
		}
	}
	return list
}

func rowsOf(groups []group) []sale.Row {
	if len(groups) == 1 {
		return groups[0].rows
	}
	var rows []sale.Row
	for _, g := range groups {
		rows = append(rows, g.rows...)
	}
	return rows
}

// committed does what waited for a commit, or deals with its failure: intents
// are taken back, facts are tried again until they are written.
func (t *Till) committed(c commitResult) {
	l := &t.ledger
	l.busy = false
	if c.idle {
		if c.err != nil {
			t.o.Log.Warn("journal housekeeping failed", "err", c.err)
		}
		l.pause = min(2*l.pause, idleAtMost)
		if l.idle = time.Now().Add(l.pause); c.done {
			l.idle = time.Time{}
		}
		return
	}
	if c.err != nil {
		t.commitFailed(c)
		return
	}
	l.idle, l.pause, t.failing = time.Now().Add(idleAfter), idleAfter, ""
	t.entered.Store(max(t.entered.Load(), t.o.Clock().UnixMilli()))
	t.tellEvents(c.groups, c.seqs)
	t.performAfter(c.groups, true)
	if st := core.StoredBy(rowsOf(c.groups)); len(st.Sales)+len(st.Facts) > 0 {
		t.step(st)
	}
}

func (t *Till) commitFailed(c commitResult) {
	l := &t.ledger
	if words := c.err.Error(); words != t.failing {
		t.failing = words
		t.o.Log.Error("the journal cannot be written; facts are kept and tried again, new sales are refused", "err", c.err)
	}
	var keep []group
	for _, g := range c.groups {
		if g.intent == nil {
			keep = append(keep, g)
		}
	}
	dropped := len(keep) < len(c.groups)
	l.groups = append(keep, l.groups...)
	l.due = time.Now().Add(retryAfter)
	if dropped {
		l.due = time.Time{} // perhaps only the intent was at fault
	}
	for _, g := range c.groups {
		if g.intent != nil {
			failed := *g.intent
			failed.Words = words(c.err)
			t.step(failed)
		}
	}
}

func words(err error) string {
	if errors.Is(err, context.Canceled) {
		return "posd is stopping"
	}
	return err.Error()
}

// performAfter does what waited; begun says that who committed it saw to the first charge
// and queued the papers.
func (t *Till) performAfter(groups []group, begun bool) {
	charging := begun
	for _, g := range groups {
		for _, e := range g.after {
			if _, ok := e.(core.Charge); ok && charging {
				charging = false
				continue
			}
			if begun && t.paperOf(e) != nil {
				continue
			}
			t.perform(e)
		}
	}
}

// tellEvents puts committed events on the stream under their sequence numbers.
func (t *Till) tellEvents(groups []group, seqs []int64) {
	i := 0
	for _, r := range rowsOf(groups) {
		e, ok := r.(sale.EventRow)
		if !ok || i >= len(seqs) {
			continue
		}
		t.hub.tell(Message{ID: seqs[i], Event: "event", Data: e.Stored(seqs[i])})
		i++
	}
}

// flush writes what is left when the till stops. A commit under way is waited for.
func (t *Till) flush() error {
	if t.ledger.busy {
		c := <-t.commits
		if c.err != nil {
			t.ledger.groups = append(c.groups, t.ledger.groups...)
		}
	}
	var rows []sale.Row
	for _, g := range t.ledger.groups {
		if g.intent == nil {
			rows = append(rows, g.rows...)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := t.o.Journal.Commit(ctx, rows)
	return err
}
