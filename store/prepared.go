package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// prepared is a connection whose statements are prepared once.
type prepared struct {
	c     *sqlite3.SQLiteConn
	stmts map[string]*sqlite3.SQLiteStmt
	// Room that is used again: of exec, of a row and of a commit's entries.
	args    []driver.NamedValue
	values  []driver.Value
	entries []byte
}

func newPrepared(c *sqlite3.SQLiteConn) *prepared {
	return &prepared{c: c, stmts: map[string]*sqlite3.SQLiteStmt{}}
}

// statement returns the statement of a query. The queries are few: their values are parameters.
func (p *prepared) statement(query string) (*sqlite3.SQLiteStmt, error) {
	if stmt := p.stmts[query]; stmt != nil {
		return stmt, nil
	}
	raw, err := p.c.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt := raw.(*sqlite3.SQLiteStmt)
	p.stmts[query] = stmt
	return stmt, nil
}

// exec runs a statement that finds no rows. It runs it as a query: the driver then binds
// all values in one call into C, where its Exec makes a call for each, and a sale has
// seventy-seven. A query takes its first step, which is all of such a statement, at once.
func (p *prepared) exec(query string, args ...driver.Value) error {
	stmt, err := p.statement(query)
	if err != nil {
		return err
	}
	p.args = p.args[:0]
	for i, a := range args {
		p.args = append(p.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	rows, err := stmt.QueryContext(context.Background(), p.args)
	clear(p.args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// rowid returns the number of the row that was inserted last.
func (p *prepared) rowid() (n int64, err error) {
	err = p.each("SELECT last_insert_rowid()", nil, func(row []any) error {
		n, err = asInt(row[0])
		return err
	})
	return n, err
}

// each calls f with every row that a query finds; the row is valid until f returns.
func (p *prepared) each(query string, args []any, f func(row []any) error) error {
	stmt, err := p.statement(query)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(args))
	for i, a := range args {
		values[i] = a
	}
	rows, err := stmt.Query(values)
	if err != nil {
		return err
	}
	defer rows.Close()
	raw := make([]driver.Value, len(rows.Columns()))
	row := make([]any, len(raw))
	for {
		if err := rows.Next(raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i := range raw {
			row[i] = raw[i]
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

func (p *prepared) close() error { return errors.Join(p.finalize(), p.c.Close()) }

// finalize closes the statements and leaves the connection to whose it is.
func (p *prepared) finalize() error {
	var errs []error
	for _, stmt := range p.stmts {
		errs = append(errs, stmt.Close())
	}
	clear(p.stmts)
	return errors.Join(errs...)
}

// lookups is the connection for what the till looks up between two steps. Nobody
// else reads through it, so that no list, page or copy stands before a sale.
type lookups struct {
	mu sync.Mutex // guards what follows
	*prepared
	closed bool
}

// lookUp calls f with a connection on which few rows are read. That is the writer's
// where it is free, for its pages are at hand: a reader's are read anew after each
// commit. While somebody writes it is the connection that is kept for it.
func (s *Store) lookUp(ctx context.Context, doing string, f func(asker) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if s.mu.TryLock() {
		if s.own != nil {
			defer s.mu.Unlock()
			return s.heard(explain(doing, f(s.own))) // nobody else writes: all that f reads belongs together
		}
		s.mu.Unlock()
	}
	l := &s.looking
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.open(s.door)
	if err == nil {
		err = l.exec("BEGIN")
	}
	if err == nil {
		err = errors.Join(f(l.prepared), l.exec("ROLLBACK"))
	}
	return s.heard(explain(doing, err))
}

// open makes the connection at its first use: a start does not wait for it.
func (l *lookups) open(d door) error {
	switch {
	case l.closed:
		return errors.New("the journal is closed")
	case l.prepared != nil:
		return nil
	}
	c, err := d.reading().connect(readerPragmas())
	if err == nil {
		l.prepared = newPrepared(c)
	}
	return err
}

func (l *lookups) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.prepared == nil {
		return nil
	}
	defer func() { l.prepared = nil }()
	return l.prepared.close()
}
