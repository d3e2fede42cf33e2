package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"posd/device/sale"
)

// usualLimit is how many rows a list has when no limit is named.
const usualLimit = 100

func limitOf(n int) int {
	if n <= 0 {
		return usualLimit
	}
	return n
}

// view is one moment of the journal: all that is read through it belongs together.
type view struct {
	ctx  context.Context
	tx   *sql.Tx
	conn *sql.Conn // that tx is on, and nobody else
}

// look calls f with a view, and says what was being done if it fails.
func (s *Store) look(ctx context.Context, doing string, f func(view) error) error {
	return s.heard(lookIn(ctx, s.read, doing, f))
}

// heard tells whoever listens of a read that found the journal damaged.
func (s *Store) heard(err error) error {
	if err != nil && s.Troubled != nil && errors.Is(err, sale.ErrJournalBroken) {
		s.Troubled(err)
	}
	return err
}

// lookAtList is look for what may read many rows: few at a time, on connections of
// their own, so that the till's look-ups never stand behind them.
func (s *Store) lookAtList(ctx context.Context, limit int, doing string, f func(view) error) error {
	if limit == 1 || s.lists == nil {
		return s.look(ctx, doing, f)
	}
	return s.heard(lookIn(ctx, s.lists, doing, f))
}

func lookIn(ctx context.Context, db *sql.DB, doing string, f func(view) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return explain(doing, err)
	}
	defer conn.Close()
	// It ends here and nowhere else: what is read by the connection itself (witness) must
	// not lose it when ctx ends. Each query has ctx, and ends with it.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return explain(doing, err)
	}
	defer tx.Rollback()
	if err := f(view{ctx, tx, conn}); err != nil {
		return explain(doing, err)
	}
	return nil
}

// asker answers a query: a view, or the connection for look-ups.
type asker interface {
	each(query string, args []any, f func(row []any) error) error
}

func (v view) each(query string, args []any, f func(row []any) error) error {
	rows, err := v.tx.QueryContext(v.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	raw := make([]any, len(names))
	into := make([]any, len(raw))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := f(raw); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list reads rows of a table; tail is what follows FROM table.
func list[T any](a asker, t table[T], tail string, args ...any) (out []T, err error) {
	err = a.each(t.selected+tail, args, func(row []any) error {
		var x T
		err := t.fill(&x, row)
		out = append(out, x)
		return err
	})
	return out, err
}

// listSales reads sales with their attempts and movements, in three statements
// however many there are.
func listSales(v asker, tail string, args ...any) ([]sale.Sale, error) {
	found, err := list(v, sales, tail, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, nil
	}
	at := make(map[sale.ID]*sale.Sale, len(found))
	ids := make([]sale.ID, len(found))
	for i := range found {
		ids[i], at[found[i].ID] = found[i].ID, &found[i]
	}
	these, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	const ofThese = "WHERE sale IN (SELECT value FROM json_each(?)) ORDER BY sale, pos"
	tries, err := list(v, attempts, ofThese, string(these))
	if err != nil {
		return nil, err
	}
	for _, a := range tries {
		at[a.sale].Attempts = append(at[a.sale].Attempts, a.Attempt)
	}
	back, err := list(v, movements, ofThese, string(these))
	if err != nil {
		return nil, err
	}
	for _, m := range back {
		at[m.sale].Refunds = append(at[m.sale].Refunds, m.Movement)
	}
	return found, nil
}

// Key returns what an Idempotency-Key is bound to.
func (s *Store) Key(ctx context.Context, key string) (bound sale.KeyBinding, err error) {
	err = s.lookUp(ctx, fmt.Sprintf("find key %q", key), func(v asker) error {
		found, err := list(v, keys, "WHERE key = ?", key)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		bound = sale.KeyBinding{Digest: found[0].Digest, Sale: found[0].Sale, Movement: found[0].Movement}
		return nil
	})
	return bound, err
}

// Sale returns one sale with its attempts and movements.
func (s *Store) Sale(ctx context.Context, id sale.ID) (out sale.Sale, err error) {
	err = s.lookUp(ctx, "find sale "+string(id), func(v asker) error {
		found, err := listSales(v, "WHERE id = ?", string(id))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		out = found[0]
		return nil
	})
	return out, err
}

// Sales lists sales, the newest first in the order they were made, whatever
// the clock said.
func (s *Store) Sales(ctx context.Context, f sale.Filter) (out []sale.Sale, err error) {
	tail, args := listing(f)
	err = s.lookAtList(ctx, f.Limit, "list sales", func(v view) (err error) {
		if out, err = listSales(v, tail, append(args, limitOf(f.Limit))...); err != nil || f.Day == 0 {
			return err
		}
		return v.vouched(out) // a day is closed by what is read here
	})
	return out, err
}

// Completions returns the completions of an authorisation, in order.
func (s *Store) Completions(ctx context.Context, auth sale.ID) (out []sale.Sale, err error) {
	err = s.lookUp(ctx, "look for completions of "+string(auth), func(v asker) (err error) {
		out, err = listSales(v, "WHERE original = ? AND original <> '' ORDER BY n", string(auth))
		return err
	})
	return out, err
}

// Job returns a print job, without its content.
func (s *Store) Job(ctx context.Context, id string) (out sale.Job, err error) {
	err = s.look(ctx, "find print job "+id, func(v view) error {
		found, err := list(v, jobs, "WHERE id = ?", id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		out = found[0]
		out.Content = ""
		return nil
	})
	return out, err
}

// Day returns a closed business day by its number.
func (s *Store) Day(ctx context.Context, no int) (out sale.Day, err error) {
	err = s.look(ctx, fmt.Sprintf("find closed day %d", no), func(v view) error {
		found, err := list(v, days, "WHERE no = ?", no)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		out = found[0]
		return nil
	})
	return out, err
}

// DaysOn returns the days closed under a date of the shop's calendar, in order.
func (s *Store) DaysOn(ctx context.Context, date string) (out []sale.Day, err error) {
	err = s.look(ctx, "list days closed on "+date, func(v view) (err error) {
		out, err = list(v, days, "WHERE date = ? ORDER BY no", date)
		return err
	})
	return out, err
}

// SameBill returns the sales that carry the bill's number, newest first.
func (s *Store) SameBill(ctx context.Context, reference string) (out []sale.Sale, err error) {
	err = s.lookUp(ctx, "look for sales of the same bill", func(v asker) (err error) {
		out, err = listSales(v, "WHERE reference = ? AND reference <> '' ORDER BY n DESC", reference)
		return err
	})
	return out, err
}

// Events returns at most limit events behind number after, in order.
func (s *Store) Events(ctx context.Context, after int64, limit int) (out []sale.StoredEvent, err error) {
	err = s.lookAtList(ctx, limit, "read events", func(v view) error {
		found, err := list(v, events, "WHERE seq > ? ORDER BY seq LIMIT ?", after, limitOf(limit))
		for _, e := range found {
			out = append(out, sale.StoredEvent{Seq: e.seq, At: e.at, Sale: e.sale, Kind: e.kind, Data: []byte(e.data)})
		}
		return err
	})
	return out, err
}

// lastSeq outlives prune: SQLite keeps it apart from the rows.
const lastSeq = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"

// LastSeq returns the number of the newest event, 0 if there was none yet.
func (s *Store) LastSeq(ctx context.Context) (seq int64, err error) {
	err = s.look(ctx, "find the newest event", func(v view) error { return v.value(&seq, lastSeq) })
	return seq, err
}

// HasReference reports whether an attempt, a refund or a void ever went out
// under ref, or may have: one made in a span that a restore lost counts as used.
func (s *Store) HasReference(ctx context.Context, ref string) (used bool, err error) {
	err = s.look(ctx, "look for reference "+ref, func(v view) error {
		err := v.value(&used, `SELECT EXISTS (SELECT 1 FROM attempts WHERE ref = ?1)
			OR EXISTS (SELECT 1 FROM movements WHERE id = ?1)`, ref)
		if err == nil && !used {
			used, err = v.lost(ref)
		}
		return err
	})
	return used, err
}

// SaleOf returns the sale that a reference or number of an attempt, a refund or
// a void belongs to.
func (s *Store) SaleOf(ctx context.Context, ref string) (out sale.Sale, err error) {
	err = s.lookUp(ctx, "look for the sale of "+ref, func(v asker) error {
		found, err := listSales(v, `WHERE id = coalesce((SELECT sale FROM attempts WHERE ref = ?1), (SELECT sale FROM movements WHERE id = ?1))`, ref)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return sale.ErrNotFound
		}
		out = found[0]
		return nil
	})
	return out, err
}

// value reads a single value; a row that is not there leaves it as it is.
func (v view) value(into any, query string, args ...any) error {
	err := v.tx.QueryRowContext(v.ctx, query, args...).Scan(into)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
