package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"posd/device/sale"
)

// What a restore takes from the journal that it moves aside, before it does:
//
//	backup   commits 1..40                      both begin alike: every row that
//	aside    commits 1..40, 41..97              commits 41..97 wrote is taken
//
//	aside    another journal                    rows under names that the backup
//	                                            does not have are taken
//
// So no key, reference, bill or number of a day that was used after the backup is
// new afterwards, and a sale made then is known. Each row is taken only if it is as
// the commit that wrote it says; a journal that is damaged gives what can be read.
// Events stay behind: their numbers were told already, and their rows are in aside.
type taking struct {
	ctx   context.Context
	tx    *transaction
	old   view
	check *witness
	since int64 // commits of the old journal up to this one are in the backup
	same  bool  // the old journal begins as the backup does
	r     *Restored
}

// takeOver takes from the journal at path, which nobody writes, what the store does not have.
func (s *Store) takeOver(ctx context.Context, path string, r *Restored) error {
	if !exists(path) {
		return nil
	}
	look := Store{log: s.log, door: door{path: path}, keeps: true}
	if err := look.inspect(); err != nil { // what SQLite reads of it may be less than it was
		r.Unread++
		s.log.Warn("the journal that is moved aside is damaged", "path", path, "err", err)
	}
	db := sql.OpenDB(asideDoor{door{path: path, mode: "ro"}})
	db.SetMaxOpenConns(1)
	defer db.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	end := s.chain
	var unread error
	_, err := s.transact(func(tx *transaction) error {
		unread = lookIn(ctx, db, "read the journal that is moved aside", func(v view) error {
			check, err := v.witness()
			if err != nil {
				return err
			}
			defer check.close()
			t := taking{ctx: ctx, tx: tx, old: v, check: check, r: r}
			var hash string
			if err := v.value(&hash, "SELECT hash FROM commits WHERE no = ?", end.no); err != nil {
				return err
			}
			if t.same = hash == end.hash && end.no > 0; t.same {
				t.since = end.no
			}
			if s.beside, err = v.epoch(); err != nil {
				return err
			}
			s.shared = t.since
			return t.all()
		})
		var failed *takeFailed
		if errors.As(unread, &failed) {
			return failed
		}
		return ctx.Err()
	})
	if failed := (*takeFailed)(nil); errors.As(err, &failed) { // better without than no restore at all
		unread, err, r.Taken = failed.err, nil, 0
	}
	if unread != nil {
		r.Unread++
		s.log.Warn("the journal that is moved aside cannot be read to its end", "path", path, "err", unread)
	}
	return err
}

// asideDoor opens a journal that may stand in any mode, as a restore left it.
type asideDoor struct{ door }

func (d asideDoor) Connect(context.Context) (driver.Conn, error) { return d.connect(copyPragmas()) }

// takeFailed is a fault of the new journal, not of the old one.
type takeFailed struct{ err error }

func (f *takeFailed) Error() string { return f.err.Error() }

// takings are the tables in the order in which their rows are taken, and how one is put.
var takings = []struct {
	ledger
	put, order string
	keeps      bool // a row that is there stays
}{
	{sales.ledger, putSale, "n", false},
	{attempts.ledger, putAttempt, "sale, pos", false},
	{movements.ledger, putMovement, "sale, pos", false},
	{keys.ledger, putKey, "key", true},
	{days.ledger, putDay, "no", true},
	{jobs.ledger, putJob, "id", false},
	{tokens.ledger, putToken, "created_at, id", false}, // one that was revoked stays revoked
	{people.ledger, putPerson, "created_at, id", false},
}

func (t *taking) all() error {
	for _, table := range takings {
		names, err := t.names(table.ledger, table.order)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := t.row(table.ledger, table.put, name, table.keeps); err != nil {
				return err
			}
		}
	}
	return t.reports()
}

// names lists the rows of the old journal that may be unknown to the new one.
func (t *taking) names(l ledger, order string) ([]string, error) {
	there := 0 // an older posd did not have every table
	err := t.old.tx.QueryRowContext(t.ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", l.table).Scan(&there)
	if err != nil || there == 0 {
		return nil, err
	}
	rows, err := t.old.tx.QueryContext(t.ctx, fmt.Sprintf("SELECT CAST(%s AS TEXT) FROM %s WHERE written_in > ? ORDER BY %s", l.key, l.table, order), t.since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// row takes one row, unless the new journal has a better one.
func (t *taking) row(l ledger, put, name string, keeps bool) error {
	there, err := t.tx.column("SELECT 1 FROM "+l.table+" WHERE "+l.key+" = ?", name)
	if err != nil {
		return &takeFailed{err}
	}
	if len(there) > 0 && (keeps || !t.same) {
		return nil
	}
	if err := t.old.vouchedRow(t.check, l.table, name); err != nil {
		t.r.Unread++
		return t.ctx.Err()
	}
	row := t.check.tables[l.table].row[:len(l.covered)]
	if l.table == attempts.name || l.table == movements.name { // of a sale that could not be read
		of, err := t.tx.column("SELECT 1 FROM sales WHERE id = ?", row[0])
		if err != nil {
			return &takeFailed{err}
		}
		if len(of) == 0 {
			t.r.Unread++
			return nil
		}
	}
	if err := t.put(l, put, name, row); err != nil {
		return &takeFailed{fmt.Errorf("take %s %s over: %w", l.table, name, err)}
	}
	if l.table == sales.name {
		t.r.Taken++
	}
	return nil
}

func (t *taking) put(l ledger, put, name string, row []any) error {
	t.tx.enter(l.table, name, sale.DigestRow(l.covered, row))
	args := make([]driver.Value, len(row), len(row)+1)
	for i, v := range row {
		args[i] = v
	}
	return t.tx.exec(put, append(args, t.tx.no)...)
}

// reports takes the reports of sales that the backup does not know, with their
// requests, and lets those leave that were confirmed after the backup.
func (t *taking) reports() error {
	names, err := t.names(reports.ledger, "n")
	if err != nil {
		return err
	}
	for _, no := range names {
		there, err := t.tx.column("SELECT 1 FROM reports WHERE no = ?", no)
		if err != nil {
			return &takeFailed{err}
		}
		if len(there) > 0 {
			continue
		}
		found, err := list(t.old, reports, "WHERE no = ?", no)
		if err != nil {
			return err
		}
		if err := t.old.vouchedRow(t.check, reports.name, no); err != nil || len(found) == 0 {
			t.r.Unread++
			continue
		}
		if err := put(t.tx, reports, putReport, no, &found[0]); err != nil {
			return &takeFailed{err}
		}
	}
	if !t.same {
		return nil
	}
	mine, err := t.tx.column("SELECT no FROM reports")
	if err != nil {
		return &takeFailed{err}
	}
	for _, no := range mine {
		var there bool
		if err := t.old.value(&there, "SELECT EXISTS (SELECT 1 FROM reports WHERE no = ?)", no); err != nil {
			return err
		}
		if there {
			continue
		}
		if err := t.tx.remove(reports.ledger, no.(string)); err != nil {
			return &takeFailed{err}
		}
	}
	return nil
}
