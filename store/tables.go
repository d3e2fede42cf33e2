package store

import (
	"database/sql/driver"
	"slices"
	"time"

	"posd/device/sale"
)

// The tables, column by column, in the names of migrations/. A column is
// added at the end of its list's group; it is never renamed, or older digests
// would no longer agree.

var sales = keeps(covered("sales", "id", append([]column[sale.Sale]{
	text("id", func(s *sale.Sale) *sale.ID { return &s.ID }),
	text("reference", func(s *sale.Sale) *string { return &s.Reference }),
	text("replaces", func(s *sale.Sale) *string { return &s.Replaces }),
	text("replaced_by", func(s *sale.Sale) *sale.ID { return &s.ReplacedBy }),
	text("replacer_state", func(s *sale.Sale) *sale.State { return &s.ReplacerState }),
	text("method", func(s *sale.Sale) *sale.Method { return &s.Method }),
	text("kind", func(s *sale.Sale) *sale.CardKind { return &s.Kind }),
	text("original", func(s *sale.Sale) *sale.ID { return &s.Original }),
	text("tender", func(s *sale.Sale) *sale.Tender { return &s.Tender }),
	text("channel", func(s *sale.Sale) *sale.Channel { return &s.ChannelID }),
	text("state", func(s *sale.Sale) *sale.State { return &s.State }),
	text("reason", func(s *sale.Sale) *sale.Reason { return &s.Reason }),
	text("words", func(s *sale.Sale) *string { return &s.Words }),
	text("currency", func(s *sale.Sale) *string { return &s.Currency }),
	number("amount_cents", func(s *sale.Sale) *sale.Amount { return &s.Amount }),
	number("approved_cents", func(s *sale.Sale) *sale.Amount { return &s.ApprovedAmount }),
	number("due_cents", func(s *sale.Sale) *sale.Amount { return &s.Due }),
	number("tip_cents", func(s *sale.Sale) *sale.Amount { return &s.Tip }),
	number("cashback_cents", func(s *sale.Sale) *sale.Amount { return &s.Cashback }),
	number("surcharge_cents", func(s *sale.Sale) *sale.Amount { return &s.Surcharge }),
	boolean("given_up", func(s *sale.Sale) *bool { return &s.GivenUp }),
	boolean("cancel_wished", func(s *sale.Sale) *bool { return &s.CancelWished }),
	boolean("offline", func(s *sale.Sale) *bool { return &s.Offline }),
	text("upload", func(s *sale.Sale) *sale.Upload { return &s.Upload }),
	number("day", func(s *sale.Sale) *int { return &s.Day }),
	text("by", func(s *sale.Sale) *string { return &s.By }),
	text("why", func(s *sale.Sale) *string { return &s.Why }),
	instant("created_at", func(s *sale.Sale) *time.Time { return &s.CreatedAt }),
	instantOrNull("final_at", func(s *sale.Sale) **time.Time { return &s.FinalAt }),
	instantOrNull("went_unsure_at", func(s *sale.Sale) **time.Time { return &s.WentUnsureAt }),
	number("watched_s", func(s *sale.Sale) *int64 { return &s.WatchedS }),
	text("mch_order_no", func(s *sale.Sale) *string { return &s.MchOrderNo }),
	text("pay_order_id", func(s *sale.Sale) *string { return &s.PayOrderID }),
	text("printed", func(s *sale.Sale) *sale.Printed { return &s.Printed }),
	text("reported", func(s *sale.Sale) *sale.Reported { return &s.Reported }),
	text("incident", func(s *sale.Sale) *string { return &s.Incident }),
	text("attention", func(s *sale.Sale) *string { return &s.Attention }),
}, slices.Concat(
	wordColumns("settled", func(s *sale.Sale) **sale.Word { return &s.Resolved }),
	cardColumns(func(s *sale.Sale) **sale.CardInfo { return &s.Card }),
	wordColumns("corrected", func(s *sale.Sale) **sale.Word { return &s.Corrected }),
	[]column[sale.Sale]{textOrNull("brand", func(s *sale.Sale) *sale.Brand { return &s.Brand })},
	[]column[sale.Sale]{
		number("given_cents", func(s *sale.Sale) *sale.Amount { return &s.Given }),
		number("rounding_cents", func(s *sale.Sale) *sale.Amount { return &s.Rounding }),
		number("subtotal_cents", func(s *sale.Sale) *sale.Amount { return &s.Subtotal }),
		asJSON("taxes", func(s *sale.Sale) *[]sale.Tax { return &s.Taxes }),
		asJSON("items", func(s *sale.Sale) *[]sale.Item { return &s.Items }),
	},
	[]column[sale.Sale]{textOrNull("foreign_reference", func(s *sale.Sale) *string { return &s.Foreign })},
)...)), "id", false, []string{"reference", "foreign_reference", "original", "method", "created_at", "amount_cents", "by"}, []string{"went_unsure_at", "card_number"})

// wordColumns are a person's word, all NULL without one.
func wordColumns(name string, word func(*sale.Sale) **sale.Word) []column[sale.Sale] {
	return []column[sale.Sale]{
		ofWord(name+"_by", word,
			func(w *sale.Word) driver.Value { return w.By },
			func(w *sale.Word, raw any) (err error) { w.By, err = asString(raw); return }),
		ofWord(name+"_reason", word,
			func(w *sale.Word) driver.Value { return w.Reason },
			func(w *sale.Word, raw any) (err error) { w.Reason, err = asString(raw); return }),
		ofWord(name+"_at", word,
			func(w *sale.Word) driver.Value { return formatTime(w.At) },
			func(w *sale.Word, raw any) (err error) { w.At, err = asTime(raw); return }),
	}
}

// cardColumns are what is remembered of a card, all NULL without one.
func cardColumns[T any](card func(*T) **sale.CardInfo) []column[T] {
	return []column[T]{
		ofCard("card_type", card, func(c *sale.CardInfo) *string { return &c.Type }),
		ofCard("card_number", card, func(c *sale.CardInfo) *string { return &c.Number }),
		ofCard("card_entry", card, func(c *sale.CardInfo) *sale.EntryMode { return &c.Entry }),
		ofCard("card_account", card, func(c *sale.CardInfo) *string { return &c.Account }),
		ofCard("card_label", card, func(c *sale.CardInfo) *string { return &c.Label }),
		ofCard("card_aid", card, func(c *sale.CardInfo) *string { return &c.AID }),
		ofCard("card_tvr", card, func(c *sale.CardInfo) *string { return &c.TVR }),
		ofCard("card_tsi", card, func(c *sale.CardInfo) *string { return &c.TSI }),
		ofCard("card_cryptogram", card, func(c *sale.CardInfo) *string { return &c.Cryptogram }),
		ofCard("card_cvm", card, func(c *sale.CardInfo) *string { return &c.CVM }),
		ofCard("card_composed", card, func(c *sale.CardInfo) *string { return &c.Composed }),
		ofCard("card_auth_code", card, func(c *sale.CardInfo) *string { return &c.AuthCode }),
		ofCard("card_host_code", card, func(c *sale.CardInfo) *string { return &c.HostCode }),
		ofCard("card_host_text", card, func(c *sale.CardInfo) *string { return &c.HostText }),
		ofCard("card_reference", card, func(c *sale.CardInfo) *string { return &c.Reference }),
		ofCard("card_batch", card, func(c *sale.CardInfo) *string { return &c.Batch }),
		ofCard("card_invoice", card, func(c *sale.CardInfo) *string { return &c.Invoice }),
		ofCard("card_transaction", card, func(c *sale.CardInfo) *string { return &c.Transaction }),
		ofCard("card_terminal_id", card, func(c *sale.CardInfo) *string { return &c.TerminalID }),
		ofCard("card_serial", card, func(c *sale.CardInfo) *string { return &c.Serial }),
		ofCard("card_terminal_time", card, func(c *sale.CardInfo) *string { return &c.TerminalTime }),
		ofCard("card_language", card, func(c *sale.CardInfo) *sale.Language { return &c.Language }),
	}
}

// attempt is an attempt with its place: the pos-th of its sale.
type attempt struct {
	sale sale.ID
	pos  int
	sale.Attempt
}

var attempts = keeps(covered("attempts", "ref", []column[attempt]{
	text("sale", func(a *attempt) *sale.ID { return &a.sale }),
	number("pos", func(a *attempt) *int { return &a.pos }),
	text("ref", func(a *attempt) *string { return &a.Ref }),
	text("state", func(a *attempt) *sale.AttemptState { return &a.State }),
	instant("started_at", func(a *attempt) *time.Time { return &a.StartedAt }),
	text("words", func(a *attempt) *string { return &a.Words }),
}), "sale, pos", true, []string{"ref", "started_at"})

// movement is a refund or void with its place among those of its sale.
type movement struct {
	sale sale.ID
	pos  int
	sale.Movement
}

var movements = keeps(covered("movements", "id", append([]column[movement]{
	text("sale", func(m *movement) *sale.ID { return &m.sale }),
	number("pos", func(m *movement) *int { return &m.pos }),
	text("id", func(m *movement) *string { return &m.ID }),
	text("kind", func(m *movement) *sale.MovementKind { return &m.Kind }),
	number("amount_cents", func(m *movement) *sale.Amount { return &m.Amount }),
	text("state", func(m *movement) *sale.MovementState { return &m.State }),
	text("by", func(m *movement) *string { return &m.By }),
	text("why", func(m *movement) *string { return &m.Why }),
	instant("created_at", func(m *movement) *time.Time { return &m.CreatedAt }),
	instantOrNull("keep_until", func(m *movement) **time.Time { return &m.KeepUntil }),
	text("words", func(m *movement) *string { return &m.Words }),
	instantOrNull("final_at", func(m *movement) **time.Time { return &m.FinalAt }),
	number("day", func(m *movement) *int { return &m.Day }),
}, cardColumns(func(m *movement) **sale.CardInfo { return &m.Card })...)), "sale, pos", true, []string{"id", "created_at"})

var keys = covered("keys", "key", []column[sale.KeyRow]{
	text("key", func(k *sale.KeyRow) *string { return &k.Key }),
	text("digest", func(k *sale.KeyRow) *string { return &k.Digest }),
	text("sale", func(k *sale.KeyRow) *sale.ID { return &k.Sale }),
	text("movement", func(k *sale.KeyRow) *string { return &k.Movement }),
	instant("at", func(k *sale.KeyRow) *time.Time { return &k.At }),
})

// event is an event with its data already as JSON.
type event struct {
	seq  int64
	at   time.Time
	sale sale.ID
	kind string
	data string
}

var events = covered("events", "seq", []column[event]{
	number("seq", func(e *event) *int64 { return &e.seq }),
	instant("at", func(e *event) *time.Time { return &e.at }),
	text("sale", func(e *event) *sale.ID { return &e.sale }),
	text("kind", func(e *event) *string { return &e.kind }),
	text("data", func(e *event) *string { return &e.data }),
})

// report is a queue entry with the digest of its request. The chain covers the
// digest and not the request, so that the expiry can leave alone.
type report struct {
	sale.Report
	paramsDigest string
}

var reports = coveredTo("params_sha256", "reports", "no", []column[report]{
	text("no", func(r *report) *string { return &r.No }),
	text("sale", func(r *report) *sale.ID { return &r.Sale }),
	number("amount_cents", func(r *report) *sale.Amount { return &r.Amount }),
	text("currency", func(r *report) *string { return &r.Currency }),
	text("state", func(r *report) *sale.ReportState { return &r.State }),
	instant("queued_at", func(r *report) *time.Time { return &r.QueuedAt }),
	instant("due_at", func(r *report) *time.Time { return &r.DueAt }),
	number("attempts", func(r *report) *int { return &r.Attempts }),
	boolean("attempted", func(r *report) *bool { return &r.Attempted }),
	text("words", func(r *report) *string { return &r.Words }),
	{"queued_after_s",
		func(r *report) driver.Value { return int64(r.QueuedAfter / time.Second) },
		func(r *report, raw any) error {
			n, err := asInt(raw)
			r.QueuedAfter = time.Duration(n) * time.Second
			return err
		}},
	text("params_sha256", func(r *report) *string { return &r.paramsDigest }),
	text("params", func(r *report) *sale.Secret { return &r.Params }),
})

var jobs = covered("jobs", "id", []column[sale.Job]{
	text("id", func(j *sale.Job) *string { return &j.ID }),
	text("kind", func(j *sale.Job) *sale.JobKind { return &j.Kind }),
	text("by", func(j *sale.Job) *string { return &j.By }),
	text("sale", func(j *sale.Job) *sale.ID { return &j.Sale }),
	text("movement", func(j *sale.Job) *string { return &j.Movement }),
	text("copy", func(j *sale.Job) *sale.Copy { return &j.Copy }),
	boolean("duplicate", func(j *sale.Job) *bool { return &j.Duplicate }),
	text("state", func(j *sale.Job) *sale.Printed { return &j.State }),
	text("words", func(j *sale.Job) *string { return &j.Words }),
	instant("at", func(j *sale.Job) *time.Time { return &j.At }),
	text("form", func(j *sale.Job) *sale.PrintForm { return &j.Form }),
	text("content", func(j *sale.Job) *string { return &j.Content }),
})

var days = covered("days", "no", []column[sale.Day]{
	number("no", func(d *sale.Day) *int { return &d.No }),
	text("date", func(d *sale.Day) *string { return &d.Date }),
	instant("opened_at", func(d *sale.Day) *time.Time { return &d.OpenedAt }),
	instant("closed_at", func(d *sale.Day) *time.Time { return &d.ClosedAt }),
	text("by", func(d *sale.Day) *string { return &d.By }),
	textBytes("books", func(d *sale.Day) *[]byte { return &d.Books }),
})

var notes = covered("notes", "name", []column[sale.NoteRow]{
	text("name", func(n *sale.NoteRow) *string { return &n.Name }),
	text("value", func(n *sale.NoteRow) *string { return &n.Value }),
})

var tokens = covered("tokens", "id", []column[sale.Token]{
	text("id", func(t *sale.Token) *string { return &t.ID }),
	text("name", func(t *sale.Token) *string { return &t.Name }),
	text("hash", func(t *sale.Token) *string { return &t.Hash }),
	{"scopes",
		func(t *sale.Token) driver.Value { return t.Scopes.String() },
		func(t *sale.Token, raw any) error {
			names, err := asString(raw)
			if err == nil {
				t.Scopes, err = sale.ParseScopes(names)
			}
			return err
		}},
	number("max_refund_cents", func(t *sale.Token) *sale.Amount { return &t.MaxRefund }),
	number("max_day_cents", func(t *sale.Token) *sale.Amount { return &t.MaxDay }),
	boolean("returns", func(t *sale.Token) *bool { return &t.Returns }),
	instant("created_at", func(t *sale.Token) *time.Time { return &t.CreatedAt }),
	text("created_by", func(t *sale.Token) *string { return &t.CreatedBy }),
	instantOrNull("expires_at", func(t *sale.Token) **time.Time { return &t.ExpiresAt }),
	instantOrNull("revoked_at", func(t *sale.Token) **time.Time { return &t.RevokedAt }),
	text("revoked_by", func(t *sale.Token) *string { return &t.RevokedBy }),
})

var people = covered("people", "id", []column[sale.Person]{
	text("id", func(p *sale.Person) *string { return &p.ID }),
	text("name", func(p *sale.Person) *string { return &p.Name }),
	text("pin", func(p *sale.Person) *string { return &p.Pin }),
	text("role", func(p *sale.Person) *sale.Role { return &p.Role }),
	instant("created_at", func(p *sale.Person) *time.Time { return &p.CreatedAt }),
	text("created_by", func(p *sale.Person) *string { return &p.CreatedBy }),
	instantOrNull("removed_at", func(p *sale.Person) **time.Time { return &p.RemovedAt }),
	text("removed_by", func(p *sale.Person) *string { return &p.RemovedBy }),
})

// ledgers lists what the chain covers.
var ledgers = []ledger{sales.ledger, attempts.ledger, movements.ledger, keys.ledger, events.ledger, reports.ledger, jobs.ledger, days.ledger, notes.ledger, tokens.ledger, people.ledger}

// covered is a table whose digests cover every column.
func covered[T any](name, key string, columns []column[T]) table[T] {
	return coveredTo(columns[len(columns)-1].name, name, key, columns)
}

// coveredTo is a table whose digests cover the columns up to and including last.
func coveredTo[T any](last, name, key string, columns []column[T]) table[T] {
	t := table[T]{name: name, columns: columns, ledger: ledger{table: name, key: key}}
	t.selected = "SELECT " + t.names() + " FROM " + name + " "
	for _, c := range columns {
		t.covered = append(t.covered, c.name)
		if c.name == last {
			break
		}
	}
	return t
}

// ofWord is a column about a person's word, NULL if there is none.
func ofWord(name string, word func(*sale.Sale) **sale.Word, get func(*sale.Word) driver.Value, set func(*sale.Word, any) error) column[sale.Sale] {
	return column[sale.Sale]{name,
		func(s *sale.Sale) driver.Value {
			w := *word(s)
			if w == nil {
				return nil
			}
			return get(w)
		},
		func(s *sale.Sale, raw any) error {
			if raw == nil {
				return nil
			}
			w := word(s)
			if *w == nil {
				*w = new(sale.Word)
			}
			return set(*w, raw)
		}}
}
