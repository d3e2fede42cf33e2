package main

import (
	"context"
	"strings"
	"time"

	"posd/device/sale"
)

// rows books the rows of a commit. A row of an epoch that was left behind never
// takes the place of one that a later epoch wrote.
func (l *ledger) rows(ctx context.Context, till string, e *epochState, c sale.Commit) error {
	if !strings.HasPrefix(c.Entries, sale.SumPrefix) {
		for line := range strings.Lines(c.Entries) {
			if table, key, digest, err := sale.ParseEntry(line); err == nil && digest == sale.EntryGone {
				if _, err := l.w.exec(ctx, "DELETE FROM facts WHERE till = ? AND tbl = ? AND name = ? AND epoch_no <= ?", till, table, plainText(key), e.no); err != nil {
					return err
				}
			}
		}
	}
	for _, r := range c.Rows {
		data, err := dataOf(r)
		if err != nil {
			return err
		}
		n, err := l.w.exec(ctx, `INSERT INTO facts (till, tbl, name, epoch_no, commit_no, data) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (till, tbl, name) DO UPDATE SET epoch_no = excluded.epoch_no, commit_no = excluded.commit_no, data = excluded.data
			WHERE facts.epoch_no <= excluded.epoch_no`, till, r.Table, plainText(r.Key), e.no, c.No, data)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		switch v := valuesOf(r); r.Table {
		case "sales":
			err = l.sale(ctx, till, v)
		case "movements":
			err = l.movement(ctx, till, v)
		case "days":
			_, err = l.w.exec(ctx, `INSERT INTO days (till, no, date, closed_at, closed_by, books) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (till, no) DO UPDATE SET
				date = excluded.date, closed_at = excluded.closed_at, closed_by = excluded.closed_by, books = excluded.books`,
				till, v.number("no"), v.text("date"), v.text("closed_at"), v.text("by"), v.text("books"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// values are a row's columns by name; what is left out is empty.
type values map[string]any

func valuesOf(r sale.CommitRow) values {
	v := make(values, len(r.Names))
	for i, name := range r.Names {
		v[name] = r.Values[i]
	}
	return v
}

func (v values) text(name string) string  { s, _ := v[name].(string); return plainText(s) }
func (v values) number(name string) int64 { n, _ := v[name].(int64); return n }

// taking is a part of the sums by hour.
type taking struct {
	date, method, currency string
	hour                   int
	sales, taken, back     int64
}

// when names the day and hour of an instant by the chain's calendar.
func (l *ledger) when(at string) (date string, hour int) {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return "", 0
	}
	return l.cal.Day(t), t.In(l.cal.Zone()).Hour()
}

func (l *ledger) sale(ctx context.Context, till string, v values) error {
	var was, is taking
	known, err := l.w.find(ctx, "SELECT date, hour, method, currency, taken, back FROM sales WHERE till = ? AND id = ?", []any{till, v.text("id")},
		&was.date, &was.hour, &was.method, &was.currency, &was.taken, &was.back)
	if err != nil {
		return err
	}
	s := sale.Sale{State: sale.State(v.text("state")), Kind: sale.CardKind(v.text("kind")), ApprovedAmount: sale.Amount(v.number("approved_cents"))}
	is.date, is.hour = l.when(v.text("created_at"))
	is.method, is.currency, is.taken = v.text("method"), v.text("currency"), int64(s.Taken())
	if s.State == sale.Paid && s.Kind == sale.CardReturn {
		is.back = int64(s.ApprovedAmount)
	}
	number := v.text("card_number")
	last4 := number[max(0, len(number)-4):]
	_, err = l.w.exec(ctx, `INSERT INTO sales (till, id, at, date, hour, method, kind, state, currency, asked, approved, taken, back, reference, last4, order_no, pay_order, reported, incident, attention)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (till, id) DO UPDATE SET
		at = excluded.at, date = excluded.date, hour = excluded.hour, method = excluded.method, kind = excluded.kind, state = excluded.state, currency = excluded.currency,
		asked = excluded.asked, approved = excluded.approved, taken = excluded.taken, back = excluded.back, reference = excluded.reference,
		last4 = CASE WHEN excluded.last4 = '' THEN sales.last4 ELSE excluded.last4 END, order_no = excluded.order_no, pay_order = excluded.pay_order,
		reported = excluded.reported, incident = excluded.incident, attention = excluded.attention`,
		till, v.text("id"), v.text("created_at"), is.date, is.hour, is.method, string(s.Kind), string(s.State), is.currency,
		v.number("amount_cents"), v.number("approved_cents"), is.taken, is.back, v.text("reference"), last4, v.text("mch_order_no"), v.text("pay_order_id"),
		v.text("reported"), v.text("incident"), v.text("attention"))
	if err != nil {
		return err
	}
	if err := l.sum(ctx, till, was, is); err != nil || known {
		return err
	}
	return l.movementsOf(ctx, till, v.text("id"))
}

// movementsOf books movements anew that were told before their sale was: a sale that
// a later commit wrote anew comes with that one.
func (l *ledger) movementsOf(ctx context.Context, till, id string) error {
	stmt, err := l.w.stmt(ctx, "SELECT f.data FROM movements m JOIN facts f ON f.till = m.till AND f.tbl = 'movements' AND f.name = m.id WHERE m.till = ? AND m.sale = ?")
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, till, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []values
	for rows.Next() {
		var data string
		if err := rows.Scan(&data); err != nil {
			return err
		}
		r, err := rowOf(data)
		if err != nil {
			return err
		}
		found = append(found, valuesOf(r))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, v := range found {
		if err := l.movement(ctx, till, v); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) movement(ctx context.Context, till string, v values) error {
	var was, is taking
	if _, err := l.w.find(ctx, "SELECT date, hour, method, currency, back FROM movements WHERE till = ? AND id = ?", []any{till, v.text("id")},
		&was.date, &was.hour, &was.method, &was.currency, &was.back); err != nil {
		return err
	}
	var kind string
	if _, err := l.w.find(ctx, "SELECT kind, method, currency FROM sales WHERE till = ? AND id = ?", []any{till, v.text("sale")}, &kind, &is.method, &is.currency); err != nil {
		return err
	}
	is.date, is.hour = l.when(v.text("created_at"))
	if sale.MovementState(v.text("state")) == sale.MovementDone {
		switch sale.CardKind(kind) {
		case sale.CardAuth: // held, and let go
		case sale.CardReturn:
			is.back = -v.number("amount_cents") // a return that was undone
		default:
			is.back = v.number("amount_cents")
		}
	}
	_, err := l.w.exec(ctx, `INSERT INTO movements (till, id, sale, date, hour, kind, state, amount, method, currency, back) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (till, id) DO UPDATE SET date = excluded.date, hour = excluded.hour, state = excluded.state, amount = excluded.amount, method = excluded.method, currency = excluded.currency, back = excluded.back`,
		till, v.text("id"), v.text("sale"), is.date, is.hour, v.text("kind"), v.text("state"), v.number("amount_cents"), is.method, is.currency, is.back)
	if err != nil {
		return err
	}
	return l.sum(ctx, till, was, is)
}

// sum takes what a row was out of the sums and puts in what it is.
func (l *ledger) sum(ctx context.Context, till string, was, is taking) error {
	for _, t := range []*taking{&was, &is} {
		if t.taken != 0 {
			t.sales = 1
		}
	}
	if was == is {
		return nil
	}
	for _, t := range []struct {
		taking
		sign int64
	}{{was, -1}, {is, 1}} {
		if t.taken == 0 && t.back == 0 {
			continue
		}
		if _, err := l.w.exec(ctx, `INSERT INTO takings (date, till, hour, method, currency, sales, taken, back) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (date, till, hour, method, currency) DO UPDATE SET sales = takings.sales + excluded.sales, taken = takings.taken + excluded.taken, back = takings.back + excluded.back`,
			t.date, till, t.hour, t.method, t.currency, t.sign*t.sales, t.sign*t.taken, t.sign*t.back); err != nil {
			return err
		}
	}
	return nil
}
