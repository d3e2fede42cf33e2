package store

import (
	"context"
	"database/sql"
	"time"

	"posd/device/sale"
)

// Due returns at most n queued reports whose due time is not after now: those that
// were never answered before those that were, so that the gateway's odd ones never
// stand before the others; of each the earliest first. One due further ahead than
// horizon is due as well: the clock was wrong when it was written. It writes nothing:
// one process owns the queue, so a claim needs no lease.
func (s *Store) Due(ctx context.Context, now time.Time, horizon time.Duration, n int) (out []sale.Report, err error) {
	err = s.look(ctx, "claim due reports", func(v view) error {
		for _, which := range []struct {
			where string
			than  time.Time
		}{
			{"due_at <= ? AND attempts = 0", now}, {"due_at <= ? AND attempts > 0", now},
			{"due_at > ? AND attempts = 0", now.Add(horizon)}, {"due_at > ? AND attempts > 0", now.Add(horizon)},
		} {
			found, err := list(v, reports, "WHERE state = 'queued' AND "+which.where+" ORDER BY due_at LIMIT ?", formatTime(which.than), n-len(out))
			if err != nil {
				return err
			}
			if out = append(out, bare(found)...); len(out) == n {
				break
			}
		}
		return nil
	})
	return out, err
}

// Report returns one queue entry.
func (s *Store) Report(ctx context.Context, no string) (out sale.Report, err error) {
	err = s.look(ctx, "find report "+no, func(v view) error {
		found, err := list(v, reports, "WHERE no = ?", no)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		out = found[0].Report
		return nil
	})
	return out, err
}

// Reports lists the queue: those set aside first, for they need a person, then
// the others in the order they were made.
func (s *Store) Reports(ctx context.Context, limit int) (out []sale.Report, err error) {
	limit = limitOf(limit)
	err = s.lookAtList(ctx, limit, "list reports", func(v view) error {
		found, err := list(v, reports, "WHERE state = 'set-aside' ORDER BY n LIMIT ?", limit)
		if err != nil {
			return err
		}
		rest, err := list(v, reports, "WHERE state <> 'set-aside' ORDER BY n LIMIT ?", limit-len(found))
		out = bare(append(found, rest...))
		return err
	})
	return out, err
}

// QueueStats sums the queue up.
func (s *Store) QueueStats(ctx context.Context) (out sale.QueueStats, err error) {
	err = s.look(ctx, "sum the queue up", func(v view) error {
		out, err = v.queueStats()
		return err
	})
	return out, err
}

// queueStats reads only the index of due times, which holds all it needs.
func (v view) queueStats() (sale.QueueStats, error) {
	var q sale.QueueStats
	rows, err := v.tx.QueryContext(v.ctx, `SELECT state, count(*), sum(amount_cents), min(queued_at), min(due_at) FROM reports GROUP BY state`)
	if err != nil {
		return q, err
	}
	defer rows.Close()
	for rows.Next() {
		var state, oldest, due sql.RawBytes
		var count int
		var cents int64
		if err := rows.Scan(&state, &count, &cents, &oldest, &due); err != nil {
			return q, err
		}
		if string(state) == string(sale.QueueSetAside) {
			q.SetAside = count
			continue
		}
		q.Queued += count
		q.Cents += sale.Amount(cents)
		at, err := asTime(string(oldest))
		if err != nil {
			return q, err
		}
		if q.Oldest.IsZero() || at.Before(q.Oldest) {
			q.Oldest = at
		}
		if string(state) == string(sale.QueueDue) {
			if q.NextDueAt, err = asTime(string(due)); err != nil {
				return q, err
			}
		}
	}
	if err := rows.Err(); err != nil || q.Queued == 0 {
		return q, err
	}
	// In the order in which they were made, which is that of running time.
	var oldest, newest int64
	if err := v.value(&oldest, "SELECT queued_after_s FROM reports WHERE state <> 'set-aside' ORDER BY n LIMIT 1"); err != nil {
		return q, err
	}
	err = v.value(&newest, "SELECT queued_after_s FROM reports WHERE state <> 'set-aside' ORDER BY n DESC LIMIT 1")
	q.OldestAfter, q.NewestAfter = time.Duration(oldest)*time.Second, time.Duration(newest)*time.Second
	return q, err
}

func bare(found []report) []sale.Report {
	var out []sale.Report
	for _, r := range found {
		out = append(out, r.Report)
	}
	return out
}
