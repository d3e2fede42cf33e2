package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

const (
	// applicationID marks the file as posd's: "posd" in ASCII.
	applicationID = 0x706F7364
	// pageBytes is the size of a page of the database, and nearly that of a
	// frame of the log. A commit hands whole pages to the disk: with pages of
	// 4096 a sale costs 113 KB of log, with 1024 it costs 41.
	pageBytes = 1024
	// walBytes is the size up to which the log is let grow.
	walBytes = 4 << 20
	// readers is how many look-ups may read at once, listers how many lists.
	readers = 3
	listers = 2
)

// door is how the connections of one database are made.
type door struct {
	path string
	// vfs names another file layer of SQLite, for tests. Such a layer has no
	// shared memory: the one connection must lock out all others.
	vfs string
	// mode is SQLite's way to open the file; empty makes it if there is none.
	mode string
}

func (d door) dsn() string {
	u := url.URL{Scheme: "file", Path: d.path, OmitHost: true}
	q := url.Values{}
	if d.vfs != "" {
		q.Set("vfs", d.vfs)
	}
	if d.mode != "" {
		q.Set("mode", d.mode)
	}
	// One goroutine at a time uses a connection, so SQLite needs no mutex.
	q.Set("_mutex", "no")
	u.RawQuery = q.Encode()
	return u.String()
}

// pragmas are set on a connection and read back: a store that only believes
// that it is durable is not.
type pragma struct{ name, value, want string }

func (d door) writerPragmas() []pragma {
	p := []pragma{
		{"page_size", fmt.Sprint(pageBytes), ""}, // counts only while the file is made
		{"locking_mode", "NORMAL", "normal"},
		{"journal_mode", "WAL", "wal"},
		{"synchronous", "FULL", "2"},
		{"foreign_keys", "ON", "1"},
		{"secure_delete", "ON", "1"},
		{"busy_timeout", "5000", "5000"}, // nobody else writes, but a tool that copies the log may hold the lock for a moment
		{"wal_autocheckpoint", fmt.Sprint(walBytes / pageBytes), fmt.Sprint(walBytes / pageBytes)},
		{"journal_size_limit", fmt.Sprint(2 * walBytes), fmt.Sprint(2 * walBytes)},
		{"cell_size_check", "ON", "1"},
		{"temp_store", "MEMORY", "2"}, // nothing of a sale in /tmp
	}
	if d.vfs != "" {
		p[1] = pragma{"locking_mode", "EXCLUSIVE", "exclusive"}
	}
	return p
}

func readerPragmas() []pragma {
	return []pragma{
		{"journal_mode", "", "wal"},
		{"synchronous", "FULL", "2"},
		{"query_only", "ON", "1"},
		{"busy_timeout", "5000", "5000"},
		{"wal_autocheckpoint", "0", "0"},
		{"temp_store", "MEMORY", "2"},
	}
}

// copyPragmas are those of a reader that copies the whole: the file may stand
// as a restore left it, without a log.
func copyPragmas() []pragma { return readerPragmas()[1:] }

// connect opens a connection and makes sure that its pragmas are in force.
func (d door) connect(pragmas []pragma) (*sqlite3.SQLiteConn, error) {
	own := d
	layer, err := gathering(d.vfs)
	if err != nil {
		return nil, err
	}
	own.vfs = layer
	raw, err := (&sqlite3.SQLiteDriver{}).Open(own.dsn())
	if err != nil {
		return nil, err
	}
	c := raw.(*sqlite3.SQLiteConn)
	for _, p := range pragmas {
		stmt := "PRAGMA " + p.name
		if p.value != "" {
			stmt += " = " + p.value
		}
		if _, err := c.Exec(stmt, nil); err != nil {
			c.Close()
			return nil, fmt.Errorf("set %s: %w", p.name, err)
		}
		if p.want == "" {
			continue
		}
		got, err := one(c, "PRAGMA "+p.name)
		if err == nil && fmt.Sprint(got) != p.want {
			err = fmt.Errorf("SQLite answers %v where %s is needed", got, p.want)
		}
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("set %s: %w", p.name, err)
		}
	}
	if d.vfs == "" {
		// The log stays when the last connection closes: writing over it costs
		// half of letting it grow anew.
		if err := c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1); err != nil {
			c.Close()
			return nil, fmt.Errorf("keep the log: %w", err)
		}
	}
	return c, nil
}

// Connect lets database/sql make the readers of its pool.
func (d door) Connect(context.Context) (driver.Conn, error) { return d.connect(readerPragmas()) }

// Driver is asked for by database/sql and used by nobody.
func (d door) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// pool returns n readers.
func (d door) pool(n int) *sql.DB {
	db := sql.OpenDB(d.reading())
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

// reading is the door of a connection that reads: it makes no file.
func (d door) reading() door {
	if d.mode == "" && d.vfs == "" {
		d.mode = "rw"
	}
	return d
}

// copierPragmas are those of the connection that copies the log beside the writer.
func copierPragmas() []pragma {
	return []pragma{
		{"journal_mode", "", "wal"},
		{"synchronous", "FULL", "2"},
		{"wal_autocheckpoint", "0", "0"},
		{"journal_size_limit", fmt.Sprint(2 * walBytes), fmt.Sprint(2 * walBytes)},
	}
}

// intoOneFile brings all of a database into its one file, so that it can be
// moved: a log left behind would be taken for another's.
func intoOneFile(c *sqlite3.SQLiteConn) error {
	if err := c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 0); err != nil {
		return err
	}
	mode, err := one(c, "PRAGMA journal_mode = DELETE")
	if err == nil && mode != "delete" {
		err = fmt.Errorf("its log cannot be done away with: SQLite stays with %v", mode)
	}
	return err
}

// one returns the first column of the first row, nil if there is no row.
func one(c *sqlite3.SQLiteConn, query string, args ...driver.Value) (any, error) {
	row, err := first(c, query, args...)
	if err != nil || row == nil {
		return nil, err
	}
	return row[0], nil
}

// first returns the first row, nil if there is none.
func first(c *sqlite3.SQLiteConn, query string, args ...driver.Value) ([]driver.Value, error) {
	rows, err := c.Query(query, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	switch err := rows.Next(row); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return row, nil
}
