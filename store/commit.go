package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"posd/device/sale"
)

// Commit writes rows in one transaction, in order, and returns the sequence
// numbers of the events among them. When it returns nil the rows are on the
// disk; when it returns an error nothing of them is in the journal. ctx is
// looked at before, never in between: a commit that has begun is brought to an
// end.
func (s *Store) Commit(ctx context.Context, rows []sale.Row) ([]int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("write to the journal: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if err := s.admits(rows); err != nil {
		return nil, fmt.Errorf("write to the journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("write to the journal: %w: it is closed", sale.ErrJournalBroken)
	}
	seqs, err := s.transact(func(tx *transaction) error {
		tx.known = true
		for _, r := range rows {
			if err := tx.row(r); err != nil {
				return err
			}
		}
		return nil
	})
	return seqs, explain("write to the journal", err)
}

// transact runs f in a transaction that is a link of the chain. The caller
// holds s.mu.
func (s *Store) transact(f func(*transaction) error) ([]int64, error) {
	tx := transaction{s: s, no: s.chain.no + 1, entries: s.own.entries[:0]}
	defer func() {
		s.own.entries = tx.entries
		clear(s.own.values) // an expiry is not kept
	}()
	if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	err := f(&tx)
	if err == nil {
		err = tx.close()
	}
	if err == nil {
		err = tx.exec("COMMIT")
	}
	if err != nil {
		tx.rollback()
		return nil, err
	}
	s.chain = tx.end
	if tx.known {
		s.recent.set(tx.fresh)
	} else {
		s.recent.forget()
	}
	s.keep(false)
	s.wrote()
	s.copyLog()
	return tx.seqs, nil
}

// wrote notes that there is something for Idle to do.
func (s *Store) wrote() { s.dirty, s.turnTries = true, turnTries }

// transaction is one Commit under way.
type transaction struct {
	s       *Store
	no      int64  // of the commit
	entries []byte // what was written, for the chain
	seqs    []int64
	end     link
	fresh   map[string][]driver.Value // rows that it wrote, for recent
	known   bool                      // all that it writes goes through put
}

// rollback takes back what the transaction did. SQLite does so by itself on
// some errors; asking again is then an error that says nothing.
func (tx *transaction) rollback() {
	if !tx.s.write.AutoCommit() {
		tx.exec("ROLLBACK")
	}
}

// close adds the commit to the chain.
func (tx *transaction) close() error {
	if len(tx.entries) == 0 { // nothing that the chain covers was written
		tx.end = tx.s.chain
		return nil
	}
	entries := string(tx.entries)
	tx.end = tx.s.chain.next(entries)
	return tx.exec("INSERT INTO commits (no, entries, hash) VALUES (?, ?, ?)", tx.no, entries, tx.end.hash)
}

var (
	putSale     = sales.upsert("id")
	getSale     = sales.selected + "WHERE id = ?"
	putAttempt  = attempts.upsert("sale, pos")
	putMovement = movements.upsert("sale, pos")
	putKey      = keys.insert()
	putEvent    = events.insert()
	putReport   = reports.upsert("no")
	putJob      = jobs.upsert("id")
	putDay      = days.insert()
	putNote     = notes.upsert("name")
	putToken    = tokens.upsert("id")
	putPerson   = people.upsert("id")
)

func (tx *transaction) row(r sale.Row) error {
	switch r := r.(type) {
	case sale.SaleRow:
		return tx.sale(r.Sale)
	case sale.FactRow:
		return tx.fact(r)
	case sale.KeyRow:
		return put(tx, keys, putKey, r.Key, &r)
	case sale.EventRow:
		return tx.event(r)
	case sale.ReportRow:
		return put(tx, reports, putReport, r.Report.No, &report{r.Report, sale.Sum(string(r.Report.Params))})
	case sale.ReportGone:
		tx.enter("reports", r.No, sale.EntryGone)
		return tx.exec("DELETE FROM reports WHERE no = ?", r.No)
	case sale.JobRow:
		return put(tx, jobs, putJob, r.Job.ID, &r.Job)
	case sale.DayRow:
		if k := tx.s.keeper; k != nil { // given, whether this commit succeeds or not
			k.state.day = max(k.state.day, r.Day.No)
		}
		return put(tx, days, putDay, strconv.Itoa(r.Day.No), &r.Day)
	case sale.NoteRow:
		return put(tx, notes, putNote, r.Name, &r)
	case sale.TokenRow:
		return put(tx, tokens, putToken, r.Token.ID, &r.Token)
	case sale.PersonRow:
		return put(tx, people, putPerson, r.Person.ID, &r.Person)
	}
	return fmt.Errorf("the journal knows no rows of type %T", r)
}

func (tx *transaction) sale(v sale.Sale) error {
	if err := put(tx, sales, putSale, string(v.ID), &v); err != nil {
		return err
	}
	for i, a := range v.Attempts {
		if err := put(tx, attempts, putAttempt, a.Ref, &attempt{v.ID, i, a}); err != nil {
			return err
		}
	}
	for i, m := range v.Refunds {
		if err := put(tx, movements, putMovement, m.ID, &movement{v.ID, i, m}); err != nil {
			return err
		}
	}
	return nil
}

// fact changes a sale's receipt or report and nothing else of it. The whole row
// is written again, as the chain covers whole rows.
func (tx *transaction) fact(f sale.FactRow) error {
	v, err := tx.stored(f.Sale)
	if err != nil {
		return fmt.Errorf("sale %s: %w", f.Sale, err)
	}
	if f.Printed != "" {
		v.Printed = f.Printed
	}
	if f.Reported != "" {
		v.Reported = f.Reported
	}
	return put(tx, sales, putSale, string(v.ID), &v)
}

// stored reads a sale's own row as this transaction sees it.
func (tx *transaction) stored(id sale.ID) (v sale.Sale, err error) {
	found, err := tx.rows(getSale, string(id))
	if err != nil {
		return v, err
	}
	if len(found) == 0 {
		return v, sale.ErrNotFound
	}
	return v, sales.fill(&v, found[0])
}

// event appends an event under the next number. Numbers are given by SQLite,
// which never gives one twice, not even after prune.
func (tx *transaction) event(r sale.EventRow) error {
	data, err := json.Marshal(r.Data)
	if err != nil {
		return fmt.Errorf("event %s: %w", r.Kind, err)
	}
	e := event{at: r.At, sale: r.Sale, kind: r.Kind, data: string(data)}
	values := events.values(&e, nil)
	values[0] = nil // seq
	if err := tx.exec(putEvent, append(values, tx.no)...); err != nil {
		return fmt.Errorf("event %s: %w", r.Kind, err)
	}
	seq, err := tx.s.own.rowid()
	if err != nil {
		return err
	}
	values[0] = seq
	tx.seqs = append(tx.seqs, seq)
	tx.enter("events", fmt.Sprint(seq), sale.DigestRow(events.covered, values))
	return nil
}

// put writes one row and enters it into the chain.
func put[T any](tx *transaction, t table[T], stmt, key string, v *T) error {
	var values []driver.Value
	if t.kept == nil {
		values = t.values(v, tx.s.own.values)
		tx.s.own.values = values
	} else { // they are remembered
		values = t.values(v, nil)
		if stmt = t.kept.statement(tx, t.name+" "+key, stmt, values); stmt == "" {
			return nil
		}
	}
	tx.enter(t.name, key, sale.DigestRow(t.covered, values))
	if err := tx.exec(stmt, append(values, tx.no)...); err != nil {
		return fmt.Errorf("%s %s: %w", t.name, key, err)
	}
	return nil
}

func (tx *transaction) enter(table, key, digest string) {
	tx.entries = sale.AppendEntry(tx.entries, table, key, digest)
}

// exec runs a statement, prepared once for the life of the store.
func (tx *transaction) exec(query string, args ...driver.Value) error {
	return tx.s.own.exec(query, args...)
}

// rows returns what a query finds, as this transaction sees it.
func (tx *transaction) rows(query string, args ...any) (out [][]any, err error) {
	err = tx.s.own.each(query, args, func(row []any) error {
		out = append(out, slices.Clone(row))
		return nil
	})
	return out, err
}

// column is rows with one column.
func (tx *transaction) column(query string, args ...any) ([]any, error) {
	found, err := tx.rows(query, args...)
	out := make([]any, len(found))
	for i, row := range found {
		out[i] = row[0]
	}
	return out, err
}
