package store

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

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
	return s.VerifyTelling(ctx, func(int64) {})
}

// VerifyTelling is Verify; it says in between how many commits were read.
func (s *Store) VerifyTelling(ctx context.Context, tell func(read int64)) error {
	end, err := s.verifyFrom(ctx, link{}, tell)
	if err == nil {
		s.noteVerified(Verified{}.after(link{}, end, time.Now()))
	}
	return err
}

// verifyFrom is Verify of what was written behind a commit that the journal has under
// its hash; the zero link: of all. Every page is read in either case. Not seen behind a
// commit is a change of an older row, and one that no commit wrote.
func (s *Store) verifyFrom(ctx context.Context, from link, tell func(read int64)) (end link, err error) {
	pages := "PRAGMA integrity_check(1)"
	if from.no > 0 {
		pages = "PRAGMA quick_check(1)" // without a look at each entry of the indexes
	}
	err = s.look(ctx, "verify the journal", func(v view) error {
		if err := v.structure(pages); err != nil {
			return err
		}
		if end, err = v.commits(from, tell); err != nil {
			return err
		}
		return v.requests()
	})
	return end, err
}

// has reports whether the journal has that link.
func (s *Store) has(ctx context.Context, l link) (has bool, err error) {
	err = s.look(ctx, "verify the journal", func(v view) error {
		return v.value(&has, "SELECT EXISTS (SELECT 1 FROM commits WHERE no = ? AND hash = ?)", l.no, l.hash)
	})
	return has, err
}

// Commits returns how many commits the journal has.
func (s *Store) Commits() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.no
}

// bad is what Verify found.
func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s; restore a backup, and keep this file for whoever looks into it", sale.ErrJournalBroken, fmt.Sprintf(format, args...))
}

// structure lets SQLite look at its pages and indexes.
func (v view) structure(pragma string) error {
	var words string
	if err := v.value(&words, pragma); err != nil {
		return err
	}
	if words != "ok" {
		return bad("the database is damaged: %s", words)
	}
	return nil
}

// commits walks the chain: every link must hold, every row must be as the last
// commit that wrote it says, none may be missing, and, where it begins with the first,
// none may be there that no commit wrote.
func (v view) commits(from link, tell func(read int64)) (end link, err error) {
	w, err := v.witness()
	if err != nil {
		return end, err
	}
	defer w.close()
	end = from
	for before := int64(-1); end.no != before; {
		before = end.no
		if end, err = v.chain(w, end, 20*walkPiece); err != nil {
			return end, err
		}
		tell(end.no)
	}
	for name, no := range w.missing {
		return end, bad("%s is missing: commit %d wrote it and none removed it", name, no)
	}
	if from.no > 0 {
		return end, nil
	}
	return end, v.counted(w)
}

// counted looks that every row there is was vouched for.
func (v view) counted(w *witness) error {
	for _, l := range ledgers {
		var there int
		if err := v.value(&there, "SELECT count(*) FROM "+l.table); err != nil {
			return err
		}
		if there != w.tables[l.table].seen {
			return v.stranger(l)
		}
	}
	return nil
}

// chain walks the next links of the chain and returns the last of them.
func (v view) chain(w *witness, end link, most int) (link, error) {
	rows, err := v.tx.QueryContext(v.ctx, "SELECT no, entries, hash FROM commits WHERE no > ? ORDER BY no LIMIT ?", end.no, most)
	if err != nil {
		return end, err
	}
	defer rows.Close()
	for rows.Next() {
		var no int64
		var entries, hash string
		if err := rows.Scan(&no, &entries, &hash); err != nil {
			return end, err
		}
		if no != end.no+1 {
			return end, bad("commit %d is missing", end.no+1)
		}
		if end = end.next(entries); end.hash != hash {
			return end, bad("commit %d does not agree with its hash: it or the one before was changed", no)
		}
		if strings.HasPrefix(entries, sale.SumPrefix) {
			continue
		}
		if err := w.commit(v.ctx, no, entries); err != nil {
			return end, err
		}
	}
	return end, rows.Err()
}

// witness holds rows against the commits that speak of them. It asks SQLite itself, as
// there are many rows and all of them are asked for alike: database/sql takes four times
// as long.
type witness struct {
	own     *prepared
	tables  map[string]*witnessed
	missing map[string]int64 // rows not there, until a later commit says that they left
}

type witnessed struct {
	ledger
	find *sqlite3.SQLiteStmt // a row by its key
	raw  []driver.Value
	row  []any // what was found: the covered columns, and written_in
	seen int   // rows that a commit vouched for
}

// witness is for as long as the view is; close it.
func (v view) witness() (*witness, error) {
	var c *sqlite3.SQLiteConn
	if err := v.conn.Raw(func(held any) error {
		var ok bool
		if c, ok = held.(*sqlite3.SQLiteConn); !ok {
			return fmt.Errorf("a connection of type %T is none of SQLite's", held)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	w := &witness{newPrepared(c), map[string]*witnessed{}, map[string]int64{}}
	for _, l := range ledgers {
		find, err := w.own.statement(fmt.Sprintf("SELECT %s, written_in FROM %s WHERE %s = ?", strings.Join(l.covered, ", "), l.table, l.key))
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		n := len(l.covered) + 1
		w.tables[l.table] = &witnessed{ledger: l, find: find, raw: make([]driver.Value, n), row: make([]any, n)}
	}
	return w, nil
}

func (w *witness) close() error { return w.own.finalize() }

// read fills row with the row of that key; ok is false if there is none.
func (t *witnessed) read(ctx context.Context, key string) (ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	rows, err := t.find.Query([]driver.Value{key})
	if err != nil {
		return false, err
	}
	defer rows.Close()
	switch err := rows.Next(t.raw); {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, err
	}
	for i := range t.raw {
		t.row[i] = t.raw[i]
	}
	return true, nil
}

// commit goes through the entries of a commit. It may have written a row more
// than once: the last entry counts.
func (w *witness) commit(ctx context.Context, no int64, entries string) error {
	last := map[string]string{}
	var names []string
	for line := range strings.Lines(entries) {
		table, key, sum, err := sale.ParseEntry(line)
		if err != nil {
			return bad("commit %d: %v", no, err)
		}
		name := table + " " + key
		if _, again := last[name]; !again {
			names = append(names, name)
		}
		last[name] = sum
	}
	for _, name := range names {
		table, key, _ := strings.Cut(name, " ")
		t := w.tables[table]
		if t == nil {
			return bad("commit %d speaks of a table %q that is not there", no, table)
		}
		if last[name] == sale.EntryGone {
			delete(w.missing, name)
			continue
		}
		there, err := t.read(ctx, key)
		if err != nil {
			return err
		}
		if !there {
			w.missing[name] = no
			continue
		}
		switch in, _ := t.row[len(t.covered)].(int64); {
		case in < no:
			return bad("%s is as commit %d wrote it, but commit %d wrote it anew", name, in, no)
		case in > no: // a later commit speaks of it
		case sale.DigestRow(t.covered, t.row) != last[name]:
			return bad("%s is not as commit %d wrote it", name, no)
		default:
			t.seen++
		}
	}
	return nil
}

// stranger names a row that no commit vouches for.
func (v view) stranger(l ledger) error {
	rows, err := v.tx.QueryContext(v.ctx, fmt.Sprintf(`SELECT CAST(t.%s AS TEXT), t.written_in, coalesce(c.entries, '')
		FROM %s t LEFT JOIN commits c ON c.no = t.written_in`, l.key, l.table))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, entries string
		var in int64
		if err := rows.Scan(&key, &in, &entries); err != nil {
			return err
		}
		mine := strings.TrimSuffix(sale.Entry(l.table, key, ""), "\n")
		if !strings.HasPrefix(entries, mine) && !strings.Contains(entries, "\n"+mine) {
			return bad("%s %s was not written by commit %d, as it says", l.table, key, in)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return bad("%s has rows that no commit wrote", l.table)
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

// vouched holds sales, with their attempts and movements, against the commits that
// wrote them last.
func (v view) vouched(found []sale.Sale) error {
	w, err := v.witness()
	if err != nil {
		return err
	}
	defer w.close()
	for _, s := range found {
		if err := v.vouchedRow(w, "sales", string(s.ID)); err != nil {
			return err
		}
		for _, a := range s.Attempts {
			if err := v.vouchedRow(w, "attempts", a.Ref); err != nil {
				return err
			}
		}
		for _, m := range s.Refunds {
			if err := v.vouchedRow(w, "movements", m.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// vouchedRow holds one row against the commit that wrote it last. One of which only
// the sum is left speaks of no row any more.
func (v view) vouchedRow(w *witness, table, key string) error {
	t := w.tables[table]
	there, err := t.read(v.ctx, key)
	if err == nil && !there {
		err = sale.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", table, key, err)
	}
	no, _ := t.row[len(t.covered)].(int64)
	var entries string
	if err := v.value(&entries, "SELECT entries FROM commits WHERE no = ?", no); err != nil {
		return err
	}
	if strings.HasPrefix(entries, sale.SumPrefix) {
		return nil
	}
	mine, written := strings.TrimSuffix(sale.Entry(table, key, ""), "\n"), ""
	for line := range strings.Lines(entries) {
		if sum, ok := strings.CutPrefix(line, mine); ok { // the last one counts
			written = strings.TrimSuffix(sum, "\n")
		}
	}
	if written != sale.DigestRow(t.covered, t.row) {
		return bad("%s %s is not as commit %d wrote it", table, key, no)
	}
	return nil
}
