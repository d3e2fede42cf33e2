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
}

func newPrepared(c *sqlite3.SQLiteConn) *prepared {
	return &prepared{c, map[string]*sqlite3.SQLiteStmt{}}
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

func (p *prepared) exec(query string) error {
	stmt, err := p.statement(query)
	if err == nil {
		_, err = stmt.Exec(nil)
	}
	return err
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
