package main

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"posd/device/sale"
)

// batch is what a transaction has decided to write and has not written yet: many
// commits of many counters, each row once, as the last of them left it. The ledger
// looks at the batch before it looks at the database.
type batch struct {
	commits   [][]any
	hashes    map[commitKey]string
	epochs    map[[2]string]*epochState
	facts     map[factKey]fact
	sales     map[rowKey]values
	movements map[rowKey]values
	days      map[dayKey][]any
}

type (
	commitKey struct {
		till, epoch string
		no          int64
	}
	factKey struct{ till, table, name string }
	rowKey  struct{ till, id string }
	dayKey  struct {
		till string
		no   int64
	}
)

// fact is the last state of a row; one that is gone has no data.
type fact struct {
	epochNo, commit int64
	data            string
}

func newBatch() *batch {
	return &batch{
		hashes: map[commitKey]string{}, epochs: map[[2]string]*epochState{}, facts: map[factKey]fact{},
		sales: map[rowKey]values{}, movements: map[rowKey]values{}, days: map[dayKey][]any{},
	}
}

// Rows are written in the order of their keys, as they lie in the tables.

func (k factKey) compare(o factKey) int {
	return cmp.Or(strings.Compare(k.till, o.till), strings.Compare(k.table, o.table), strings.Compare(k.name, o.name))
}

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(strings.Compare(k.till, o.till), strings.Compare(k.id, o.id))
}

// rows takes the rows of a commit into the batch. A row of an epoch that was left
// behind never takes the place of one that a later epoch wrote.
func (l *ledger) rows(ctx context.Context, till string, e *epochState, b *checked) error {
	c := b.body.Commit
	for _, g := range b.gone {
		k := factKey{till, g.Table, plainText(g.Key)}
		if newer, err := l.newer(ctx, k, e); err != nil {
			return err
		} else if !newer {
			l.batch.facts[k] = fact{epochNo: e.no, commit: c.No}
		}
	}
	for i, r := range c.Rows {
		k := factKey{till, r.Table, plainText(r.Key)}
		if newer, err := l.newer(ctx, k, e); err != nil {
			return err
		} else if newer {
			continue
		}
		l.batch.facts[k] = fact{e.no, c.No, b.body.RowTexts[i]}
		switch v := valuesOf(r); r.Table {
		case "sales":
			at := rowKey{till, v.text("id")}
			if was := l.batch.sales[at]; was != nil && last4(v) == "" {
				v["card_number"] = was["card_number"]
			}
			l.batch.sales[at] = v
		case "movements":
			l.batch.movements[rowKey{till, v.text("id")}] = v
		case "days":
			l.batch.days[dayKey{till, v.number("no")}] = []any{till, v.number("no"), v.text("date"), v.text("closed_at"), v.text("by"), v.text("books")}
		}
	}
	return nil
}

// newer reports whether a later epoch than e wrote a row. Commits of the newest
// epoch, which nearly all are, need no look.
func (l *ledger) newer(ctx context.Context, k factKey, e *epochState) (bool, error) {
	if e.no >= l.newest[k.till] {
		return false, nil
	}
	if f := l.batch.facts[k]; f.data != "" {
		return f.epochNo > e.no, nil
	}
	var no int64
	_, err := l.w.find(ctx, "SELECT epoch_no FROM facts WHERE till = ? AND tbl = ? AND name = ?", []any{k.till, k.table, k.name}, &no)
	return no > e.no, err
}

// flush writes the batch, inside the transaction: a few statements of many rows each.
func (l *ledger) flush(ctx context.Context) error {
	b := l.batch
	l.batch = newBatch()
	if err := l.w.insert(ctx, "commits", "till, epoch, commit_no, hash, entries", "", b.commits); err != nil {
		return err
	}
	var epochs [][]any
	for k, e := range b.epochs {
		epochs = append(epochs, []any{k[0], k[1], e.no, e.from.Epoch, e.from.Commit, e.first, e.last, e.hash})
	}
	if err := l.w.insert(ctx, "epochs", "till, epoch, no, from_epoch, from_commit, first, last, last_hash",
		"ON CONFLICT (till, epoch) DO UPDATE SET last = excluded.last, last_hash = excluded.last_hash", epochs); err != nil {
		return err
	}
	if err := l.writeFacts(ctx, b); err != nil {
		return err
	}
	if err := l.writeSales(ctx, b); err != nil {
		return err
	}
	var days [][]any
	for _, d := range b.days {
		days = append(days, d)
	}
	return l.w.insert(ctx, "days", "till, no, date, closed_at, closed_by, books",
		"ON CONFLICT (till, no) DO UPDATE SET date = excluded.date, closed_at = excluded.closed_at, closed_by = excluded.closed_by, books = excluded.books", days)
}

func (l *ledger) writeFacts(ctx context.Context, b *batch) error {
	type stretch struct {
		till, table string
		epochNo     int64
	}
	var there [][]any
	gone := map[stretch][][]any{}
	for _, k := range slices.SortedFunc(maps.Keys(b.facts), factKey.compare) {
		if f := b.facts[k]; f.data != "" {
			there = append(there, []any{k.till, k.table, k.name, f.epochNo, f.commit, f.data})
		} else {
			at := stretch{k.till, k.table, f.epochNo}
			gone[at] = append(gone[at], []any{k.name})
		}
	}
	for at, names := range gone {
		if err := l.w.among(ctx, "DELETE FROM facts WHERE till = ? AND tbl = ? AND epoch_no <= ? AND name IN (VALUES ", ")", []any{at.till, at.table, at.epochNo}, names, nil); err != nil {
			return err
		}
	}
	return l.w.insert(ctx, "facts", "till, tbl, name, epoch_no, commit_no, data",
		`ON CONFLICT (till, tbl, name) DO UPDATE SET epoch_no = excluded.epoch_no, commit_no = excluded.commit_no, data = excluded.data
		WHERE facts.epoch_no <= excluded.epoch_no`, there)
}

// taking is a part of the sums by hour.
type taking struct {
	date, method, currency string
	hour                   int
	sales, taken, back     int64
}

// writeSales writes sales, movements and the sums that follow from them. A movement
// may be told before its sale: a sale that a later commit wrote anew comes with that
// one. So movements of a sale that was not known are booked anew with it.
func (l *ledger) writeSales(ctx context.Context, b *batch) error {
	before := map[rowKey]taking{} // sales as they are booked
	kinds := map[rowKey]string{}
	if err := l.bookedSales(ctx, b, before, kinds); err != nil {
		return err
	}
	var unknown [][]any
	for k := range b.sales {
		if _, ok := before[k]; !ok {
			unknown = append(unknown, []any{k.till, k.id})
		}
	}
	if err := l.movementsOf(ctx, b, unknown); err != nil {
		return err
	}
	sums := takings{}
	if err := l.writeSaleRows(ctx, b, before, kinds, sums); err != nil {
		return err
	}
	if err := l.writeMovementRows(ctx, b, before, kinds, sums); err != nil {
		return err
	}
	return l.w.insert(ctx, "takings", "date, till, hour, method, currency, sales, taken, back",
		`ON CONFLICT (date, till, hour, method, currency) DO UPDATE SET
		sales = takings.sales + excluded.sales, taken = takings.taken + excluded.taken, back = takings.back + excluded.back`, sums.rows())
}

// Joins with a list of keys are written as CROSS JOIN: SQLite then begins with the list.

// bookedSales reads how the sales that the batch touches are booked.
func (l *ledger) bookedSales(ctx context.Context, b *batch, before map[rowKey]taking, kinds map[rowKey]string) error {
	wanted := map[rowKey]bool{}
	for k := range b.sales {
		wanted[k] = true
	}
	for k, v := range b.movements {
		wanted[rowKey{k.till, v.text("sale")}] = true
	}
	return l.w.among(ctx, "WITH k (till, id) AS (VALUES ", ") SELECT s.till, s.id, s.date, s.hour, s.method, s.currency, s.taken, s.back, s.kind FROM k CROSS JOIN sales s WHERE s.till = k.till AND s.id = k.id",
		nil, keysOf(wanted), func(r *sql.Rows) error {
			var k rowKey
			var t taking
			var kind string
			if err := r.Scan(&k.till, &k.id, &t.date, &t.hour, &t.method, &t.currency, &t.taken, &t.back, &kind); err != nil {
				return err
			}
			before[k], kinds[k] = t, kind
			return nil
		})
}

// movementsOf takes into the batch what is booked of the movements of sales that were not known.
func (l *ledger) movementsOf(ctx context.Context, b *batch, sales [][]any) error {
	return l.w.among(ctx, "WITH k (till, id) AS (VALUES ", `) SELECT m.till, m.id, f.data FROM k CROSS JOIN movements m CROSS JOIN facts f
		WHERE m.till = k.till AND m.sale = k.id AND f.till = m.till AND f.tbl = 'movements' AND f.name = m.id`, nil, sales, func(r *sql.Rows) error {
		var k rowKey
		var data string
		if err := r.Scan(&k.till, &k.id, &data); err != nil {
			return err
		}
		if b.movements[k] != nil {
			return nil
		}
		row, err := rowOf(data)
		if err == nil {
			b.movements[k] = valuesOf(row)
		}
		return err
	})
}

func (l *ledger) writeSaleRows(ctx context.Context, b *batch, before map[rowKey]taking, kinds map[rowKey]string, sums takings) error {
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(b.sales), rowKey.compare) {
		v := b.sales[k]
		s := sale.Sale{State: sale.State(v.text("state")), Kind: sale.CardKind(v.text("kind")), ApprovedAmount: sale.Amount(v.number("approved_cents"))}
		var is taking
		is.date, is.hour = l.when(v.text("created_at"))
		is.method, is.currency, is.taken = v.text("method"), v.text("currency"), int64(s.Taken())
		if s.State == sale.Paid && s.Kind == sale.CardReturn {
			is.back = int64(s.ApprovedAmount)
		}
		sums.change(k.till, before[k], is)
		before[k], kinds[k] = is, string(s.Kind)
		rows = append(rows, []any{k.till, k.id, v.text("created_at"), is.date, is.hour, is.method, string(s.Kind), string(s.State), is.currency,
			v.number("amount_cents"), v.number("approved_cents"), is.taken, is.back, v.text("reference"), last4(v), v.text("mch_order_no"), v.text("pay_order_id"),
			v.text("reported"), v.text("incident"), v.text("attention")})
	}
	return l.w.insert(ctx, "sales", "till, id, at, date, hour, method, kind, state, currency, asked, approved, taken, back, reference, last4, order_no, pay_order, reported, incident, attention",
		`ON CONFLICT (till, id) DO UPDATE SET
		at = excluded.at, date = excluded.date, hour = excluded.hour, method = excluded.method, kind = excluded.kind, state = excluded.state, currency = excluded.currency,
		asked = excluded.asked, approved = excluded.approved, taken = excluded.taken, back = excluded.back, reference = excluded.reference,
		last4 = CASE WHEN excluded.last4 = '' THEN sales.last4 ELSE excluded.last4 END, order_no = excluded.order_no, pay_order = excluded.pay_order,
		reported = excluded.reported, incident = excluded.incident, attention = excluded.attention`, rows)
}

func (l *ledger) writeMovementRows(ctx context.Context, b *batch, sales map[rowKey]taking, kinds map[rowKey]string, sums takings) error {
	before := map[rowKey]taking{}
	all := map[rowKey]bool{}
	for k := range b.movements {
		all[k] = true
	}
	err := l.w.among(ctx, "WITH k (till, id) AS (VALUES ", ") SELECT m.till, m.id, m.date, m.hour, m.method, m.currency, m.back FROM k CROSS JOIN movements m WHERE m.till = k.till AND m.id = k.id",
		nil, keysOf(all), func(r *sql.Rows) error {
			var k rowKey
			var t taking
			err := r.Scan(&k.till, &k.id, &t.date, &t.hour, &t.method, &t.currency, &t.back)
			before[k] = t
			return err
		})
	if err != nil {
		return err
	}
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(b.movements), rowKey.compare) {
		v := b.movements[k]
		of := rowKey{k.till, v.text("sale")}
		is := taking{method: sales[of].method, currency: sales[of].currency}
		is.date, is.hour = l.when(v.text("created_at"))
		if sale.MovementState(v.text("state")) == sale.MovementDone {
			switch sale.CardKind(kinds[of]) {
			case sale.CardAuth: // held, and let go
			case sale.CardReturn:
				is.back = -v.number("amount_cents") // a return that was undone
			default:
				is.back = v.number("amount_cents")
			}
		}
		sums.change(k.till, before[k], is)
		rows = append(rows, []any{k.till, k.id, v.text("sale"), is.date, is.hour, v.text("kind"), v.text("state"), v.number("amount_cents"), is.method, is.currency, is.back})
	}
	return l.w.insert(ctx, "movements", "till, id, sale, date, hour, kind, state, amount, method, currency, back",
		`ON CONFLICT (till, id) DO UPDATE SET date = excluded.date, hour = excluded.hour, state = excluded.state, amount = excluded.amount,
		method = excluded.method, currency = excluded.currency, back = excluded.back`, rows)
}

func keysOf(all map[rowKey]bool) (out [][]any) {
	for _, k := range slices.SortedFunc(maps.Keys(all), rowKey.compare) {
		out = append(out, []any{k.till, k.id})
	}
	return out
}

// takings are changes of the sums by hour, of one batch.
type takings map[takingKey]taking

type takingKey struct {
	date, till, method, currency string
	hour                         int
}

// change takes what a row was out of the sums and puts in what it is.
func (s takings) change(till string, was, is taking) {
	for _, one := range []struct {
		taking
		sign int64
	}{{was, -1}, {is, 1}} {
		if one.taken == 0 && one.back == 0 {
			continue
		}
		k := takingKey{one.date, till, one.method, one.currency, one.hour}
		t := s[k]
		if one.taken != 0 {
			t.sales += one.sign
		}
		t.taken, t.back = t.taken+one.sign*one.taken, t.back+one.sign*one.back
		s[k] = t
	}
}

func (s takings) rows() (out [][]any) {
	for k, t := range s {
		if t != (taking{}) {
			out = append(out, []any{k.date, k.till, k.hour, k.method, k.currency, t.sales, t.taken, t.back})
		}
	}
	return out
}

// last4 is the end of the card's masked number.
func last4(v values) string {
	number := v.text("card_number")
	return number[max(0, len(number)-4):]
}
