package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"posd/device/sale"
)

// mattn is mattn/go-sqlite3 as anybody uses it whose rows are to survive a power cut: database/sql, SQLite's
// own pages, a log and a barrier for each commit. Its tables and indexes are the journal's, and nothing else
// is: no chain, no triggers, no file that says how far the journal goes, no log of bounded size.
type mattn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func newMattn(b *testing.B, like *Store) *mattn {
	db, err := sql.Open("sqlite3", filepath.Join(b.TempDir(), "bare.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	c, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	schema, err := like.own.texts("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, rowid")
	if err != nil {
		b.Fatal(err)
	}
	for _, stmt := range append([]string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"}, schema...) {
		if _, err := c.ExecContext(b.Context(), stmt); err != nil {
			b.Fatal(stmt, err)
		}
	}
	return &mattn{c, map[string]*sql.Stmt{}}
}

// texts returns the one column that a query finds.
func (p *prepared) texts(query string) (out []string, err error) {
	err = p.each(query, nil, func(row []any) error {
		s, err := asString(row[0])
		out = append(out, s)
		return err
	})
	return out, err
}

// commit writes rows in one transaction.
func (d *mattn) commit(rows []sale.Row) error {
	if err := d.exec("BEGIN"); err != nil {
		return err
	}
	for _, r := range rows {
		if err := d.row(r); err != nil {
			return errors.Join(err, d.exec("ROLLBACK"))
		}
	}
	return d.exec("COMMIT")
}

func (d *mattn) must(b *testing.B, rows []sale.Row) {
	if err := d.commit(rows); err != nil {
		b.Fatal(err)
	}
}

func (d *mattn) row(r sale.Row) error {
	switch r := r.(type) {
	case sale.SaleRow:
		if err := mattnRow(d, sales, putSale, &r.Sale); err != nil {
			return err
		}
		for i, a := range r.Sale.Attempts {
			if err := mattnRow(d, attempts, putAttempt, &attempt{r.Sale.ID, i, a}); err != nil {
				return err
			}
		}
		return nil
	case sale.KeyRow:
		return mattnRow(d, keys, putKey, &r)
	case sale.EventRow:
		data, err := json.Marshal(r.Data)
		if err != nil {
			return err
		}
		return d.exec(`INSERT INTO events (at, sale, kind, data, written_in) VALUES (?, ?, ?, ?, 1)`, formatTime(r.At), string(r.Sale), r.Kind, string(data))
	case sale.ReportRow:
		return mattnRow(d, reports, putReport, &report{Report: r.Report})
	case sale.JobRow:
		return mattnRow(d, jobs, putJob, &r.Job)
	case sale.ReportGone:
		return d.exec("DELETE FROM reports WHERE no = ?", r.No)
	}
	panic("no benchmark writes such rows")
}

func mattnRow[T any](d *mattn, t table[T], stmt string, v *T) error {
	var args []any
	for _, c := range t.columns {
		args = append(args, c.get(v))
	}
	return d.exec(stmt, append(args, 1)...)
}

// exec runs a statement that is prepared once.
func (d *mattn) exec(query string, args ...any) error {
	stmt := d.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = d.c.PrepareContext(context.Background(), query); err != nil {
			return err
		}
		d.stmts[query] = stmt
	}
	_, err := stmt.Exec(args...)
	return err
}
