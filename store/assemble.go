package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// Told is what another machine was told of a journal.
type Told interface {
	// Commits gives the commits of the journal from the first on, in order; their rows are not looked at.
	Commits(ctx context.Context, each func(sale.Commit) error) error
	// Rows gives the newest known row of each key of a table, in the order in which they were made.
	Rows(ctx context.Context, table string, each func(sale.CommitRow) error) error
}

// Assembled says what Assemble made.
type Assembled struct {
	Commits int64
	Sales   int
	Missing []string // rows that the journal had and that cannot come back, as table and key
}

// Assemble writes a journal from what was told of it, for Restore to take:
//
//	commits 1..97     as they were told, the chain verified
//	rows              each newest one, written_in the commit that wrote it so
//	commit 98         says of every other row: known in a later state than the chain
//	                  has (its epoch was left behind), or not known and gone
//
// The file is verified before it gets its name; nothing is overwritten.
func Assemble(ctx context.Context, path string, from Told, now time.Time, log *slog.Logger) (a Assembled, err error) {
	doing := "write the journal " + path
	if exists(path) {
		return a, fmt.Errorf("%s: the file is there: name another one", doing)
	}
	part := path + ".part"
	if err := removeDatabase(part); err != nil {
		return a, fmt.Errorf("%s: %w", doing, err)
	}
	s := &Store{log: log, door: door{path: part}}
	defer func() {
		if err != nil {
			err = errors.Join(explain(doing, err), removeDatabase(part))
		}
	}()
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return a, err
	}
	f.Close()
	b := assembly{ctx: ctx, now: now, last: map[string]lastEntry{}}
	if err := b.fill(s.door, from); err != nil {
		return a, err
	}
	if err := s.attach(); err != nil {
		return a, errors.Join(err, s.detach())
	}
	if err := s.finish(&b); err != nil {
		return a, errors.Join(err, s.detach())
	}
	if err := verifyFile(ctx, part); err != nil {
		return a, err
	}
	return b.made, rename(part, path)
}

// assembly is one Assemble under way.
type assembly struct {
	ctx   context.Context
	now   time.Time
	c     *sqlite3.SQLiteConn
	end   link
	last  map[string]lastEntry // by table and key: what the chain says of a row last
	anew  [][3]string          // rows that are not as the chain says: table, key, digest
	kinds map[string]columnKind
	made  Assembled
}

type lastEntry struct {
	no     int64
	digest string
}

// columnKind says how an empty column is written.
type columnKind struct {
	number, nullable bool
}

// fill writes commits and rows into an empty database.
func (b *assembly) fill(d door, from Told) error {
	c, err := d.connect([]pragma{{"page_size", fmt.Sprint(pageBytes), ""}, {"synchronous", "OFF", "0"}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := migrate(c, d.path); err != nil {
		return err
	}
	b.c = c
	if _, err := c.Exec("BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	if err := from.Commits(b.ctx, b.commit); err != nil {
		return err
	}
	for _, l := range ledgers {
		if b.kinds, err = columnKinds(c, l.table); err != nil {
			return err
		}
		if err := from.Rows(b.ctx, l.table, func(r sale.CommitRow) error { return b.row(l, r) }); err != nil {
			return err
		}
	}
	_, err = c.Exec("COMMIT", nil)
	return err
}

func (b *assembly) commit(c sale.Commit) error {
	if next := b.end.next(c.Entries); c.No != next.no || c.Hash != next.hash {
		return bad("commit %d does not follow commit %d", c.No, b.end.no)
	}
	b.end = link{c.No, c.Hash}
	if !strings.HasPrefix(c.Entries, sale.SumPrefix) {
		for line := range strings.Lines(c.Entries) {
			table, key, digest, err := sale.ParseEntry(line)
			if err != nil {
				return bad("commit %d: %v", c.No, err)
			}
			b.last[table+" "+key] = lastEntry{c.No, digest}
		}
	}
	b.made.Commits = c.No
	_, err := b.c.Exec("INSERT INTO commits (no, entries, hash) VALUES (?, ?, ?)", []driver.Value{c.No, c.Entries, c.Hash})
	return err
}

// row writes a row, unless something of it is not known here.
func (b *assembly) row(l ledger, r sale.CommitRow) error {
	if len(r.Withheld) > 0 {
		return nil
	}
	values := map[string]driver.Value{}
	for i, name := range r.Names {
		if _, known := b.kinds[name]; !known {
			return fmt.Errorf("%s %s has a column %q that this version does not know: install the version that the counter has", l.table, r.Key, name)
		}
		values[name] = r.Values[i]
	}
	args := make([]driver.Value, len(l.covered), len(l.covered)+1)
	for i, name := range l.covered {
		kind := b.kinds[name]
		switch v, there := values[name]; {
		case there:
			args[i] = v
		case kind.nullable:
		case kind.number:
			args[i] = int64(0)
		default:
			args[i] = ""
		}
	}
	name, digest := l.table+" "+r.Key, sale.DigestRow(r.Names, r.Values)
	in := b.end.no + 1
	if was, ok := b.last[name]; ok && was.digest == digest {
		in = was.no
	} else {
		b.anew = append(b.anew, [3]string{l.table, r.Key, digest})
	}
	delete(b.last, name)
	if l.table == sales.name {
		b.made.Sales++
	}
	stmt, marks := "INSERT INTO "+l.table+" ("+strings.Join(l.covered, ", ")+", written_in", strings.Repeat("?, ", len(args))+"?"
	if l.table == reports.name {
		stmt, marks = stmt+", params", marks+", ''"
	}
	if _, err := b.c.Exec(stmt+") VALUES ("+marks+")", append(args, in)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func columnKinds(c *sqlite3.SQLiteConn, table string) (map[string]columnKind, error) {
	rows, err := c.Query("SELECT name, type, \"notnull\" FROM pragma_table_info('"+table+"')", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	kinds := map[string]columnKind{}
	for row := make([]driver.Value, 3); rows.Next(row) == nil; {
		name, _ := row[0].(string)
		kinds[name] = columnKind{number: row[1] == "INTEGER", nullable: row[2] == int64(0)}
	}
	return kinds, nil
}

// finish writes the commit that says what is not as the chain has it.
func (s *Store) finish(b *assembly) error {
	for name, last := range b.last {
		if last.digest != sale.EntryGone {
			b.made.Missing = append(b.made.Missing, name)
		}
	}
	_, err := s.transact(func(tx *transaction) error {
		for _, r := range b.anew {
			tx.enter(r[0], r[1], r[2])
		}
		for _, name := range b.made.Missing {
			table, key, _ := strings.Cut(name, " ")
			tx.enter(table, key, sale.EntryGone)
		}
		return tx.event(sale.EventRow{At: b.now, Kind: "assembled", Data: map[string]int64{"commits": b.end.no}})
	})
	if err != nil {
		return err
	}
	if err := errors.Join(s.read.Close(), s.lists.Close()); err != nil {
		return err
	}
	if err := intoOneFile(s.write); err != nil {
		return err
	}
	return s.detach()
}
