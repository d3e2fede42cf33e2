package device

import (
	"context"
	"slices"
	"time"

	"posd/device/sale"
)

// Alive asks the loop itself: an answer means that sales are being served.
func (t *Till) Alive(ctx context.Context) error { return t.turn(ctx, func() {}) }

// Sale returns a sale as it stands now. An end that is not durable yet is not
// told: a power cut could take it back.
func (t *Till) Sale(ctx context.Context, id sale.ID) (s sale.Sale, err error) {
	if e := t.turn(ctx, func() {
		s, err = t.stored(ctx, id)
		if _, durable, held := t.machine.Sale(id); err != nil || !held || durable || !s.State.Final() && len(s.Refunds) == 0 {
			return
		}
		kept, e := t.o.Journal.Sale(ctx, id)
		switch {
		case e != nil:
			err = broken(e)
		case ahead(s, kept):
			s = kept
		}
	}); e != nil {
		return s, e
	}
	return s, err
}

// ahead reports whether the end of a sale, or of one of its movements, is not
// in the journal yet.
func ahead(s, kept sale.Sale) bool {
	if s.State.Final() && s.State != kept.State {
		return true
	}
	for i, m := range s.Refunds {
		if m.Final() && (i >= len(kept.Refunds) || m.State != kept.Refunds[i].State) {
			return true
		}
	}
	return false
}

// Sales returns stored sales, newest first, as they stand now, but for ends
// that are not durable yet.
func (t *Till) Sales(ctx context.Context, f sale.Filter) ([]sale.Sale, error) {
	list, err := t.o.Journal.Sales(ctx, f)
	if err != nil {
		return nil, err
	}
	err = t.turn(ctx, func() {
		for i := range list {
			s, durable, held := t.machine.Sale(list[i].ID)
			switch {
			case !held:
				t.machine.Amend(&list[i])
			case durable || !ahead(s, list[i]):
				list[i] = s
			}
		}
	})
	return list, err
}

// Events returns stored events after a sequence number, oldest first.
func (t *Till) Events(ctx context.Context, after int64, limit int) ([]sale.StoredEvent, error) {
	return t.o.Journal.Events(ctx, after, limit)
}

// Queue returns the queue of reports as people see it.
func (t *Till) Queue(ctx context.Context) (QueueView, error) {
	var v QueueView
	var set time.Duration // what the clock by which reports are due is behind the wall clock
	err := t.turn(ctx, func() {
		set = t.o.Clock().UTC().Sub(t.machine.Steady(t.mono())).Round(time.Second)
		l := t.machine.Link()
		v.Link, v.Words = l.State, l.Words
		if l.Next > 0 {
			v.NextTry = t.o.Clock().Add(l.Next - t.mono()).UTC()
		}
	})
	if err != nil {
		return v, err
	}
	if v.QueueStats, err = t.o.Journal.QueueStats(ctx); err != nil {
		return v, err
	}
	v.Reports, err = t.o.Journal.Reports(ctx, 200)
	for i := range v.Reports {
		v.Reports[i].DueAt = v.Reports[i].DueAt.Add(set)
	}
	if !v.NextDueAt.IsZero() {
		v.NextDueAt = v.NextDueAt.Add(set)
	}
	return v, err
}

// Awaited returns the sale whose order the till still asks about; ok is false
// for an order whose end is known, or that is not ours.
func (t *Till) Awaited(ctx context.Context, mchOrderNo string) (s sale.Sale, ok bool, err error) {
	err = t.turn(ctx, func() { s, ok = t.machine.Awaited(mchOrderNo) })
	return s, ok, err
}

// Screen returns what is on glass now.
func (t *Till) Screen() sale.Screen {
	if s := t.glass.Load(); s != nil {
		return *s
	}
	return sale.Screen{Kind: sale.ScreenOffline}
}

// Snapshot returns all that a page needs when it opens.
func (t *Till) Snapshot(ctx context.Context) (Snapshot, error) {
	var v Snapshot
	// Read first: an event that is in the snapshot and comes again does no harm, a missed one would.
	seq, err := t.o.Journal.LastSeq(ctx)
	if err != nil {
		return v, err
	}
	v.LastSeq = seq
	err = t.turn(ctx, func() {
		if id := t.machine.Current(); id != "" {
			if s, err := t.stored(ctx, id); err == nil {
				v.Current = &s
			}
		}
		for s := range t.machine.Sales() {
			if s.State == sale.Unsure {
				v.Unsure = append(v.Unsure, s)
			}
		}
		slices.Reverse(v.Unsure)
		for _, id := range slices.Backward(t.machine.Outcomes()) {
			if s, err := t.stored(ctx, id); err == nil {
				v.Outcomes = append(v.Outcomes, s)
			}
		}
		v.Screen, v.Link = t.machine.Screen(), t.machine.Link().State
	})
	if err != nil {
		return v, err
	}
	v.Queue, err = t.o.Journal.QueueStats(ctx)
	return v, err
}
