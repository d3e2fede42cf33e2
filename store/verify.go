package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"

	"posd/device/sale"
)

// Verify reads the whole journal and returns an error that names the first
// thing in it that is not as posd wrote it, by whatever hand or fault: a row
// changed, removed, added, or put back as it was earlier. It costs reading
// everything, and may run beside the daemon.
//
// What it cannot see: a whole journal put back as it was earlier, and a hand
// that computes the chain anew.
func (s *Store) Verify(ctx context.Context) error {
	return s.look(ctx, "verify the journal", func(v view) error {
		for _, check := range []func() error{v.structure, v.commits, v.rows, v.requests} {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	})
}

// bad is what Verify found.
func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s; restore a backup, and keep this file for whoever looks into it", sale.ErrJournalBroken, fmt.Sprintf(format, args...))
}

// structure lets SQLite look at its pages and indexes.
func (v view) structure() error {
	var words string
	if err := v.value(&words, "PRAGMA integrity_check(1)"); err != nil {
		return err
	}
	if words != "ok" {
		return bad("the database is damaged: %s", words)
	}
	return nil
}

// commits walks the chain: every link must hold, and no row that a commit
// wrote may be missing or older than the commit.
func (v view) commits() error {
	rows, err := v.tx.QueryContext(v.ctx, "SELECT no, entries, hash FROM commits ORDER BY no")
	if err != nil {
		return err
	}
	defer rows.Close()
	written, err := v.prepare("SELECT written_in FROM %s WHERE %s = ?")
	if err != nil {
		return err
	}
	missing := map[string]int64{} // rows not there, until a later commit says that they left
	var end link
	for rows.Next() {
		var no int64
		var entries, hash string
		if err := rows.Scan(&no, &entries, &hash); err != nil {
			return err
		}
		if no != end.no+1 {
			return bad("commit %d is missing", end.no+1)
		}
		if end = end.next(entries); end.hash != hash {
			return bad("commit %d does not agree with its hash: it or the one before was changed", no)
		}
		if strings.HasPrefix(entries, sumPrefix) {
			continue
		}
		for entry := range strings.Lines(entries) {
			table, key, sum, err := parseEntry(entry)
			if err != nil {
				return bad("commit %d: %v", no, err)
			}
			name := table + " " + key
			if sum == gone {
				delete(missing, name)
				continue
			}
			find := written[table]
			if find == nil {
				return bad("commit %d speaks of a table %q that is not there", no, table)
			}
			var in int64
			switch err := find.QueryRowContext(v.ctx, key).Scan(&in); {
			case err == sql.ErrNoRows:
				missing[name] = no
			case err != nil:
				return err
			case in < no:
				return bad("%s is as commit %d wrote it, but commit %d wrote it anew", name, in, no)
			}
		}
	}
	for name, no := range missing {
		return bad("%s is missing: commit %d wrote it and none removed it", name, no)
	}
	return rows.Err()
}

// rows holds every row against the commit that wrote it.
func (v view) rows() error {
	for _, l := range ledgers {
		if err := v.rowsOf(l); err != nil {
			return err
		}
	}
	return nil
}

func (v view) rowsOf(l ledger) error {
	rows, err := v.tx.QueryContext(v.ctx, fmt.Sprintf(`SELECT %s, CAST(t.%s AS TEXT), t.written_in, coalesce(c.entries, '')
		FROM %s t LEFT JOIN commits c ON c.no = t.written_in`, "t."+strings.Join(l.covered, ", t."), l.key, l.table))
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]any, len(l.covered))
	var key, entries string
	var in int64
	into := make([]any, 0, len(row)+3)
	for i := range row {
		into = append(into, &row[i])
	}
	into = append(into, &key, &in, &entries)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		// A commit may have written the row more than once: the last line counts.
		mine := entry(l.table, key, "")
		mine = "\n" + mine[:len(mine)-1]
		at := strings.LastIndex("\n"+entries, mine)
		if at < 0 || !strings.HasPrefix(("\n" + entries)[at+len(mine):], digest(l.covered, row)+"\n") {
			return bad("%s %s is not as commit %d wrote it", l.table, key, in)
		}
	}
	return rows.Err()
}

// requests holds the requests of the reports against their digests.
func (v view) requests() error {
	rows, err := v.tx.QueryContext(v.ctx, "SELECT no, params_sha256, params FROM reports WHERE params <> ''")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var no, want, params string
		if err := rows.Scan(&no, &want, &params); err != nil {
			return err
		}
		if sum := sha256.Sum256([]byte(params)); hex.EncodeToString(sum[:]) != want {
			return bad("the request of reports %s is not as it was written", no)
		}
	}
	return rows.Err()
}

// prepare makes a statement for each table of the chain, by its name.
func (v view) prepare(query string) (map[string]*sql.Stmt, error) {
	out := map[string]*sql.Stmt{}
	for _, l := range ledgers {
		stmt, err := v.tx.PrepareContext(v.ctx, fmt.Sprintf(query, l.table, l.key))
		if err != nil {
			return nil, err
		}
		out[l.table] = stmt
	}
	return out, nil
}
