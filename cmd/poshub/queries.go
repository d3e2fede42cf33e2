package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// What is asked of the books. Every answer is a list of one kind of struct: the
// page, JSON and CSV show the same. A list is bounded by most.
const most = 1000

// query reads rows into Ts, one scan for each.
func query[T any](ctx context.Context, b *books, scan func(*T) []any, text string, args ...any) ([]T, error) {
	rows, err := b.db.QueryContext(ctx, b.mark(text), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		var t T
		if err := rows.Scan(scan(&t)...); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// Till is a counter as the hub knows it.
type Till struct {
	Till       string          `json:"till"`
	Epoch      string          `json:"epoch"`
	Commit     int64           `json:"bookedUpTo"`
	Held       int64           `json:"held"`
	Unsure     int64           `json:"unsure"`
	Incidents  int64           `json:"incidents"`
	Unreported int64           `json:"unreportedCents"`
	At         string          `json:"lastWord"`
	Lag        int64           `json:"lag"` // commits that the counter has and the books do not
	Health     json.RawMessage `json:"health,omitempty"`
}

func (b *books) tills(ctx context.Context) ([]Till, error) {
	all, err := query(ctx, b, func(t *Till) []any { return []any{&t.Till, &t.Epoch, &t.Commit} },
		"SELECT till, epoch, last FROM epochs e WHERE no = (SELECT max(no) FROM epochs m WHERE m.till = e.till) ORDER BY till")
	if err != nil {
		return nil, err
	}
	at := map[string]*Till{}
	for i := range all {
		at[all[i].Till] = &all[i]
	}
	for _, count := range []struct {
		query string
		into  func(*Till) *int64
	}{
		{"SELECT till, count(*) FROM held GROUP BY till", func(t *Till) *int64 { return &t.Held }},
		{"SELECT till, count(*) FROM sales WHERE state IN ('waiting', 'unsure') GROUP BY till", func(t *Till) *int64 { return &t.Unsure }},
		{"SELECT till, count(*) FROM sales WHERE incident <> '' GROUP BY till", func(t *Till) *int64 { return &t.Incidents }},
		{"SELECT till, sum(taken) FROM sales WHERE reported IN ('queued', 'set-aside', 'by-hand') GROUP BY till", func(t *Till) *int64 { return &t.Unreported }},
	} {
		type line struct {
			till string
			n    int64
		}
		found, err := query(ctx, b, func(l *line) []any { return []any{&l.till, &l.n} }, count.query)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			if t := at[l.till]; t != nil {
				*count.into(t) = l.n
			}
		}
	}
	return all, b.addWords(ctx, at)
}

// addWords adds what the counters last said of themselves.
func (b *books) addWords(ctx context.Context, at map[string]*Till) error {
	type line struct{ till, at, text string }
	found, err := query(ctx, b, func(l *line) []any { return []any{&l.till, &l.at, &l.text} }, "SELECT till, at, text FROM words")
	if err != nil {
		return err
	}
	for _, l := range found {
		t := at[l.till]
		if t == nil {
			continue
		}
		var word struct {
			Epoch        string          `json:"epoch"`
			Commits      int64           `json:"commits"`
			Acknowledged int64           `json:"acknowledged"`
			Health       json.RawMessage `json:"health"`
		}
		if json.Unmarshal([]byte(l.text), &word) == nil {
			t.At, t.Lag, t.Health = l.at, max(0, word.Commits-t.Commit), word.Health
		}
	}
	return nil
}

// Alarm is what a person must look at.
type Alarm struct {
	Till   string `json:"till"`
	Epoch  string `json:"epoch"`
	Commit int64  `json:"commit"`
	Kind   string `json:"kind"`
	Words  string `json:"words"`
	At     string `json:"at"`
}

func (b *books) alarms(ctx context.Context) ([]Alarm, error) {
	return query(ctx, b, func(a *Alarm) []any { return []any{&a.Till, &a.Epoch, &a.Commit, &a.Kind, &a.Words, &a.At} },
		"SELECT till, epoch, commit_no, kind, words, raised_at FROM alarms WHERE cleared_at = '' ORDER BY raised_at DESC LIMIT ?", most)
}

// Taking is a sum of sales.
type Taking struct {
	Of       string `json:"of"` // an hour, a day, a shop, a till or a method
	Currency string `json:"currency"`
	Sales    int64  `json:"sales"`
	Taken    int64  `json:"takenCents"`
	Back     int64  `json:"backCents"`
	Net      int64  `json:"netCents"`
}

// groupings are the ways in which takings are summed up.
var groupings = map[string]string{
	"hour": "hour", "day": "date", "method": "method", "till": "till",
	"shop": "till", // the shop is the part before the stroke: summed up here, the same on every database
}

// takings sums up the days from..to, both included.
func (b *books) takings(ctx context.Context, by, from, to string) ([]Taking, error) {
	of, ok := groupings[by]
	if !ok {
		return nil, fmt.Errorf("by = %q: use hour, day, shop, till or method", by)
	}
	found, err := query(ctx, b, func(t *Taking) []any { return []any{&t.Of, &t.Currency, &t.Sales, &t.Taken, &t.Back} },
		"SELECT CAST("+of+" AS TEXT), currency, CAST(sum(sales) AS BIGINT), CAST(sum(taken) AS BIGINT), CAST(sum(back) AS BIGINT) FROM takings WHERE date >= ? AND date <= ? GROUP BY "+of+", currency HAVING sum(sales) <> 0 OR sum(taken) <> 0 OR sum(back) <> 0 ORDER BY "+of, from, to)
	if err != nil {
		return nil, err
	}
	if by == "shop" {
		found = byShop(found)
	}
	for i := range found {
		found[i].Net = found[i].Taken - found[i].Back
	}
	return found, nil
}

func byShop(tills []Taking) (out []Taking) {
	at := map[[2]string]int{}
	for _, t := range tills {
		t.Of, _, _ = strings.Cut(t.Of, "/")
		i, there := at[[2]string{t.Of, t.Currency}]
		if !there {
			at[[2]string{t.Of, t.Currency}] = len(out)
			out = append(out, t)
			continue
		}
		out[i].Sales, out[i].Taken, out[i].Back = out[i].Sales+t.Sales, out[i].Taken+t.Taken, out[i].Back+t.Back
	}
	return out
}

// Sale is a sale as it is found.
type Sale struct {
	Till      string `json:"till"`
	ID        string `json:"id"`
	At        string `json:"at"`
	Method    string `json:"method"`
	Kind      string `json:"kind"`
	State     string `json:"state"`
	Currency  string `json:"currency"`
	Asked     int64  `json:"askedCents"`
	Taken     int64  `json:"takenCents"`
	Reference string `json:"reference"`
	Last4     string `json:"last4"`
	Order     string `json:"orderNo"`
	Reported  string `json:"reported"`
	Incident  string `json:"incident"`
	Attention string `json:"attention"`
}

const saleColumns = "SELECT sales.till, sales.id, at, method, kind, state, currency, asked, taken, reference, last4, order_no, reported, incident, attention FROM "

func scanSale(s *Sale) []any {
	return []any{&s.Till, &s.ID, &s.At, &s.Method, &s.Kind, &s.State, &s.Currency, &s.Asked, &s.Taken, &s.Reference, &s.Last4, &s.Order, &s.Reported, &s.Incident, &s.Attention}
}

// wanted is what a sale is looked for by; empty ones do not count.
type wanted struct {
	amount                        int64
	last4, reference, order, date string
}

// find looks sales up by what their tables have an index for, however many there are.
func (b *books) find(ctx context.Context, w wanted) ([]Sale, error) {
	text, args, err := w.query()
	if err != nil {
		return nil, err
	}
	return query(ctx, b, scanSale, text, args...)
}

// Keys that are found in several indexes are listed first: SQLite begins with what
// stands first in a CROSS JOIN.
func (w wanted) query() (string, []any, error) {
	var lists, where []string
	var args []any
	from := "sales"
	add := func(clause string, arg any) { where, args = append(where, clause), append(args, arg) }
	list := func(name, keys string, with ...any) {
		lists, args = append(lists, name+" ("+name+"_till, "+name+"_id) AS ("+keys+")"), append(args, with...)
		from = name + " CROSS JOIN " + from
		where = append(where, "sales.till = "+name+"_till AND sales.id = "+name+"_id")
	}
	if w.order != "" {
		list("numbered", `SELECT till, id FROM sales WHERE order_no = ? AND order_no <> '' UNION SELECT till, id FROM sales WHERE pay_order = ? AND pay_order <> ''
			UNION SELECT s.till, s.id FROM epochs e CROSS JOIN sales s WHERE s.till = e.till AND s.id = ?`, w.order, w.order, w.order)
	}
	if w.amount != 0 {
		list("amounted", "SELECT till, id FROM sales WHERE asked = ? UNION SELECT till, id FROM sales WHERE taken = ? AND taken <> asked", w.amount, w.amount)
	}
	if w.reference != "" {
		add("reference = ? AND reference <> ''", w.reference)
	}
	if w.last4 != "" {
		list("carded", "SELECT till, id FROM sales WHERE last4 = ? AND last4 <> ''", w.last4)
	}
	if w.date != "" {
		add("date = ?", w.date)
	}
	if len(where) == 0 {
		return "", nil, fmt.Errorf("say what to look for: amount, last4, reference, order or date")
	}
	with := ""
	if len(lists) > 0 {
		with = "WITH " + strings.Join(lists, ", ") + " "
	}
	return with + saleColumns + from + " WHERE " + strings.Join(where, " AND ") + " ORDER BY at DESC LIMIT ?", append(args, 200), nil
}

// open lists the sales that a person must look at: not known how they ended, with an
// incident, or to be entered at the gateway by hand.
func (b *books) open(ctx context.Context) ([]Sale, error) {
	return query(ctx, b, scanSale, saleColumns+"sales WHERE state IN ('waiting', 'unsure') OR incident <> '' OR reported IN ('set-aside', 'by-hand') ORDER BY at DESC LIMIT ?", most)
}

// Closed is a day that a counter closed.
type Closed struct {
	Till  string          `json:"till"`
	No    int64           `json:"no"`
	Date  string          `json:"date"`
	At    string          `json:"closedAt"`
	By    string          `json:"by"`
	Books json.RawMessage `json:"books"`
}

func (b *books) days(ctx context.Context, date string) ([]Closed, error) {
	type line struct {
		Closed
		text sql.NullString
	}
	found, err := query(ctx, b, func(l *line) []any { return []any{&l.Till, &l.No, &l.Date, &l.At, &l.By, &l.text} },
		"SELECT till, no, date, closed_at, closed_by, books FROM days WHERE date = ? ORDER BY till, no LIMIT ?", date, most*10)
	out := make([]Closed, len(found))
	for i, l := range found {
		out[i] = l.Closed
		if json.Valid([]byte(l.text.String)) {
			out[i].Books = json.RawMessage(l.text.String)
		}
	}
	return out, err
}

// unsentReport is one whose request never left its box.
type unsentReport struct {
	No, Sale string
	Cents    int64
}

func (b *books) unsent(ctx context.Context, till string) (out []unsentReport, err error) {
	found, err := query(ctx, b, func(s *string) []any { return []any{s} }, "SELECT data FROM facts WHERE till = ? AND tbl = 'reports' ORDER BY name", till)
	for _, data := range found {
		r, err := rowOf(data)
		if err != nil {
			return nil, err
		}
		v := valuesOf(r)
		out = append(out, unsentReport{v.text("no"), v.text("sale"), v.number("amount_cents")})
	}
	return out, err
}
