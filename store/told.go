package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"posd/device/sale"
)

// What of a row may leave the box when commits are told elsewhere: the columns
// that stay here. A table that is not in this list stays here whole; of its rows
// the chain tells the digests.
var staysHere = map[string][]string{
	"sales": nil, "attempts": nil, "movements": nil, "keys": nil, "events": nil, "reports": nil, // a report's request is not covered, and never told
	"jobs": {"content"}, "days": nil, "notes": nil,
	"tokens": {"hash"}, "people": {"pin"},
}

// tellBytes is how much one call of CommitsAfter reads; a larger commit comes alone.
const tellBytes = 256 << 10

// CommitsAfter returns the next commits behind number after, at most most of them,
// with their rows: those rows that are still as the commit wrote them. One that a
// later commit wrote anew comes with that one. The chain and the rows are held
// against their digests first: what is not as posd wrote it is told to nobody.
func (s *Store) CommitsAfter(ctx context.Context, after int64, most int) (out []sale.Commit, err error) {
	err = s.heard(lookIn(ctx, s.lists, "read commits", func(v view) error {
		w, err := v.witness()
		if err != nil {
			return err
		}
		defer w.close()
		end := link{no: after}
		if err := v.value(&end.hash, "SELECT hash FROM commits WHERE no = ?", after); err != nil {
			return err
		}
		out, err = v.tell(w, end, most)
		return err
	}))
	return out, err
}

func (v view) tell(w *witness, end link, most int) (out []sale.Commit, err error) {
	rows, err := v.tx.QueryContext(v.ctx, "SELECT no, entries, hash FROM commits WHERE no > ? ORDER BY no LIMIT ?", end.no, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for size := 0; rows.Next() && size < tellBytes; {
		c := sale.Commit{Prev: end.hash}
		if err := rows.Scan(&c.No, &c.Entries, &c.Hash); err != nil {
			return nil, err
		}
		if c.No != end.no+1 {
			return nil, bad("commit %d is missing", end.no+1)
		}
		if end = end.next(c.Entries); end.hash != c.Hash {
			return nil, bad("commit %d does not agree with its hash: it or the one before was changed", c.No)
		}
		if !strings.HasPrefix(c.Entries, sale.SumPrefix) {
			if c.Rows, err = w.written(v.ctx, c.No, c.Entries); err != nil {
				return nil, err
			}
		}
		size += 3*len(c.Entries) + 1024*len(c.Rows)
		out = append(out, c)
	}
	return out, rows.Err()
}

// written returns the rows that are as a commit wrote them.
func (w *witness) written(ctx context.Context, no int64, entries string) (out []sale.CommitRow, err error) {
	last := map[string]string{}
	var names []string
	for line := range strings.Lines(entries) {
		table, key, sum, err := sale.ParseEntry(line)
		if err != nil {
			return nil, bad("commit %d: %v", no, err)
		}
		name := table + " " + key
		if _, again := last[name]; !again {
			names = append(names, name)
		}
		last[name] = sum
	}
	for _, name := range names {
		table, key, _ := strings.Cut(name, " ")
		here, told := staysHere[table]
		t := w.tables[table]
		if last[name] == sale.EntryGone || !told || t == nil {
			continue
		}
		there, err := t.read(ctx, key)
		if err != nil {
			return nil, err
		}
		if !there {
			continue // a later commit took it away
		}
		switch in, _ := t.row[len(t.covered)].(int64); {
		case in > no:
		case in < no || sale.DigestRow(t.covered, t.row) != last[name]:
			return nil, bad("%s is not as commit %d wrote it", name, no)
		default:
			out = append(out, toldRow(t, key, here))
		}
	}
	return out, nil
}

// toldRow is a row without its empty columns and without those that stay here.
func toldRow(t *witnessed, key string, here []string) sale.CommitRow {
	r := sale.CommitRow{Table: t.table, Key: key}
	for i, name := range t.covered {
		switch v := t.row[i].(type) {
		case string:
			if v == "" {
				continue
			}
		case int64:
			if v == 0 {
				continue
			}
		default:
			continue
		}
		if slices.Contains(here, name) {
			r.Withheld = append(r.Withheld, name)
			continue
		}
		r.Names, r.Values = append(r.Names, name), append(r.Values, t.row[i])
	}
	return r
}

// CommitHash returns the hash of a commit, empty if the journal has none of that number.
func (s *Store) CommitHash(ctx context.Context, no int64) (hash string, err error) {
	err = s.look(ctx, fmt.Sprintf("find commit %d", no), func(v view) error {
		return v.value(&hash, "SELECT hash FROM commits WHERE no = ?", no)
	})
	return hash, err
}

// epochNote is the note under which a journal that was restored keeps its epoch.
const epochNote = "epoch"

// Epoch returns the journal's epoch; its name is empty before the first commit.
func (s *Store) Epoch(ctx context.Context) (e sale.Epoch, err error) {
	err = s.look(ctx, "find the journal's epoch", func(v view) (err error) {
		e, err = v.epoch()
		return err
	})
	return e, err
}

func (v view) epoch() (sale.Epoch, error) {
	var note, first string
	if err := v.value(&note, "SELECT value FROM notes WHERE name = ?", epochNote); err != nil {
		return sale.Epoch{}, err
	}
	if err := v.value(&first, "SELECT hash FROM commits WHERE no = 1"); err != nil {
		return sale.Epoch{}, err
	}
	return epochOf(note, first)
}

// epochOf reads an epoch. A journal that was never restored has one named by its
// first commit, which holds the instant of its making.
func epochOf(note, firstHash string) (e sale.Epoch, err error) {
	if note != "" {
		if err := json.Unmarshal([]byte(note), &e); err != nil {
			return e, bad("the note of the journal's epoch: %v", err)
		}
		return e, nil
	}
	if firstHash != "" {
		e.Name = "1-" + firstHash[:8]
	}
	return e, nil
}

// ancestorsKept bounds the epochs that a journal remembers.
const ancestorsKept = 100

// beginEpoch is the note of the epoch that a restore begins from a copy which ended
// with commit end.
func (s *Store) beginEpoch(ctx context.Context, end int64) (sale.NoteRow, error) {
	was, err := s.Epoch(ctx)
	if err != nil {
		return sale.NoteRow{}, err
	}
	random := strings.ToLower(rand.Text()[:8])
	text, err := json.Marshal(nextEpoch(was, end, s.beside, s.shared, random))
	return sale.NoteRow{Name: epochNote, Value: string(text)}, err
}

// nextEpoch is the epoch of a journal that is restored from one that ended with
// commit end, where another one of epoch beside, alike up to commit shared, was
// moved aside.
func nextEpoch(was sale.Epoch, end int64, beside sale.Epoch, shared int64, random string) sale.Epoch {
	from := slices.Clone(was.From)
	add := func(epoch string, commit int64) {
		if epoch != "" && !slices.ContainsFunc(from, func(a sale.Ancestor) bool { return a.Epoch == epoch }) {
			from = append(from, sale.Ancestor{Epoch: epoch, Commit: commit})
		}
	}
	add(was.Name, end)
	for _, a := range beside.From {
		add(a.Epoch, min(a.Commit, shared))
	}
	add(beside.Name, shared)
	next := sale.Epoch{Name: fmt.Sprintf("%d-%s", len(from)+1, random), From: from}
	if over := len(from) - ancestorsKept; over > 0 {
		next.From = from[over:]
	}
	return next
}
