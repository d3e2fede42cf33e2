package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // PostgreSQL's driver

	"posd/store"
)

// The books in SQL: the same tables and statements on SQLite and on PostgreSQL.
// All of it comes from the stream and can be thrown away; see schema.sql.

// books are the chain's books in a database.
type books struct {
	db       *sql.DB
	postgres bool
	path     string // of SQLite's file
	marks    sync.Map
}

// openBooks opens the books, making the tables if there are none.
func openBooks(ctx context.Context, c Books) (*books, error) {
	b := &books{}
	url, err := c.url()
	if err != nil {
		return nil, err
	}
	if url != "" {
		b.postgres = true
		if b.db, err = sql.Open("pgx", url); err != nil {
			return nil, errors.New("open the database: the address in postgres_file cannot be read") // it may hold a password
		}
		b.db.SetMaxOpenConns(8)
	} else {
		b.path = c.Path
		if b.db, err = store.OpenBeside(c.Path); err != nil {
			return nil, err
		}
	}
	if err := b.make(ctx); err != nil {
		b.db.Close()
		return nil, err
	}
	return b, nil
}

// make makes the tables. Hubs that start at once make them one after the other:
// PostgreSQL's IF NOT EXISTS alone lets the second fail.
func (b *books) make(ctx context.Context) error {
	c, err := b.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer c.Close()
	if b.postgres {
		if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(tablesLock)); err != nil {
			return fmt.Errorf("ask for the lock of the tables: %w", err)
		}
		defer c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(tablesLock)) // lost with the connection otherwise
	}
	for _, stmt := range strings.Split(schema, ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if _, err := c.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	}
	return nil
}

// mark writes ? as PostgreSQL's $1, $2...
func (b *books) mark(query string) string {
	if !b.postgres {
		return query
	}
	if done, ok := b.marks.Load(query); ok {
		return done.(string)
	}
	var out strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			fmt.Fprintf(&out, "$%d", n)
			continue
		}
		out.WriteRune(r)
	}
	b.marks.Store(query, out.String())
	return out.String()
}

// writer is the one connection that writes the books. Several hubs may run on one
// database; the one that has the lock writes, and loses the lock with its connection.
type writer struct {
	b     *books
	c     *sql.Conn
	stmts map[string]*sql.Stmt
	lock  *os.File // SQLite's
}

// errOtherWrites means that another hub has the lock.
var errOtherWrites = errors.New("another hub writes these books; this one waits to take over")

// Numbers of PostgreSQL's advisory locks: "poshub" in ASCII, and the next one.
const (
	writerLock = 0x706f73687562
	tablesLock = writerLock + 1
)

func (b *books) writer(ctx context.Context) (_ *writer, err error) {
	w := &writer{b: b, stmts: map[string]*sql.Stmt{}}
	if w.c, err = b.db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if b.postgres {
		var got bool
		if err := w.c.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(writerLock)).Scan(&got); err != nil {
			return nil, fmt.Errorf("ask for the lock of the books: %w", err)
		}
		if !got {
			return nil, errOtherWrites
		}
		// Tables grow while the statements stay: a plan that was made for an empty one must not.
		if _, err := w.c.ExecContext(ctx, "SET plan_cache_mode = force_custom_plan"); err != nil {
			return nil, fmt.Errorf("set up the connection: %w", err)
		}
		return w, nil
	}
	if w.lock, err = os.OpenFile(b.path+".lock", os.O_RDWR|os.O_CREATE, 0o640); err != nil {
		return nil, fmt.Errorf("lock the books: %w", err)
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errOtherWrites
	}
	return w, nil
}

func (w *writer) close() {
	for _, s := range w.stmts {
		s.Close()
	}
	if w.b.postgres {
		w.c.ExecContext(context.Background(), "SELECT pg_advisory_unlock_all()")
	}
	w.c.Close()
	if w.lock != nil {
		w.lock.Close()
	}
}

func (w *writer) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.c.PrepareContext(ctx, w.b.mark(query))
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}

// exec runs a statement and returns how many rows it changed.
func (w *writer) exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := w.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// manyRows is how many rows one statement writes or asks for.
const manyRows = 128

// insert writes rows into some columns of a table: by statements of many rows each,
// or on PostgreSQL, where that takes half of the time, by COPY. Rows that are left
// behind the last whole statement go in steps of powers of two, so that few texts
// are prepared.
func (w *writer) insert(ctx context.Context, table, columns, conflict string, rows [][]any) error {
	if w.b.postgres && len(rows) >= manyRows {
		return w.copyIn(ctx, table, columns, conflict, rows)
	}
	return w.among(ctx, "INSERT INTO "+table+" ("+columns+") VALUES ", " "+conflict, nil, rows, nil)
}

// among runs a statement that has keys, or rows, between head and tail; first are
// the values that head asks for. each, if it is not nil, reads an answer.
func (w *writer) among(ctx context.Context, head, tail string, first []any, rows [][]any, each func(*sql.Rows) error) error {
	for n := manyRows; len(rows) > 0; {
		for n > len(rows) {
			n /= 2
		}
		args := append(make([]any, 0, len(first)+n*len(rows[0])), first...)
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		stmt, err := w.many(ctx, head, tail, n, len(rows[0]))
		if err != nil {
			return err
		}
		rows = rows[n:]
		if each == nil {
			if _, err := stmt.ExecContext(ctx, args...); err != nil {
				return err
			}
		} else if err := eachRow(ctx, stmt, args, each); err != nil {
			return err
		}
	}
	return nil
}

// many is the statement for n rows of so many columns.
func (w *writer) many(ctx context.Context, head, tail string, n, columns int) (*sql.Stmt, error) {
	one := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return w.stmt(ctx, head+one+strings.Repeat(", "+one, n-1)+tail)
}

func eachRow(ctx context.Context, stmt *sql.Stmt, args []any, each func(*sql.Rows) error) error {
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := each(found); err != nil {
			return err
		}
	}
	return found.Err()
}

// find reads one row; there is none if it returns false.
func (w *writer) find(ctx context.Context, query string, args []any, into ...any) (bool, error) {
	s, err := w.stmt(ctx, query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// copyIn writes rows by COPY. COPY knows no ON CONFLICT: rows that may be there
// already go by way of a table of this connection's own.
func (w *writer) copyIn(ctx context.Context, table, columns, conflict string, rows [][]any) error {
	into := table
	if conflict != "" {
		into = "staged_" + table
		if _, err := w.exec(ctx, "CREATE TEMPORARY TABLE IF NOT EXISTS "+into+" (LIKE "+table+")"); err != nil {
			return err
		}
	}
	err := w.c.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{into}, strings.Split(columns, ", "), pgx.CopyFromRows(rows))
		return err
	})
	if err != nil || conflict == "" {
		return err
	}
	if _, err := w.exec(ctx, "INSERT INTO "+table+" ("+columns+") SELECT "+columns+" FROM "+into+" "+conflict); err != nil {
		return err
	}
	_, err = w.exec(ctx, "TRUNCATE "+into)
	return err
}

// transact runs f in one transaction.
func (w *writer) transact(ctx context.Context, f func() error) error {
	begin := "BEGIN IMMEDIATE"
	if w.b.postgres {
		begin = "BEGIN"
	}
	if _, err := w.c.ExecContext(ctx, begin); err != nil {
		return fmt.Errorf("begin to write: %w", err)
	}
	err := f()
	if err == nil {
		_, err = w.c.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		w.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // fails where it was rolled back already
	}
	return err
}
