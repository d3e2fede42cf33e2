package store

import (
	"database/sql/driver"
	"slices"
)

// recentRows bounds what is remembered of what was written.
const recentRows = 512

// recent is what this run wrote of sales, attempts and movements lately. A sale is
// written again at each of its steps, and most of it stays as it was: SQLite writes the
// indexes of every column that a statement sets, whether it changes or not. What is
// known to be unchanged is left out; of what is not known all is written.
type recent struct {
	rows  map[string][]driver.Value
	names []string // in the order they came
}

// set remembers rows that were committed.
func (r *recent) set(written map[string][]driver.Value) {
	if r.rows == nil {
		r.rows = map[string][]driver.Value{}
	}
	for name, values := range written {
		if _, ok := r.rows[name]; !ok {
			r.names = append(r.names, name)
		}
		r.rows[name] = values
	}
	for len(r.names) > recentRows {
		delete(r.rows, r.names[0])
		r.names = r.names[1:]
	}
}

// forget is for rows that were changed past put.
func (r *recent) forget() { *r = recent{} }

// keptColumns are the columns of a table that have indexes and seldom change, and the
// statements that leave them as they are, the one that leaves most first.
type keptColumns struct {
	levels []keptLevel
	unless bool // a row that is as it was is not written at all
}

type keptLevel struct {
	at  []int // which columns must be as they were
	put string
}

// keeps gives a table such columns. Those that change once, such as a card's, come in
// later groups: a step that changes them leaves the others alone all the same.
func keeps[T any](t table[T], key string, unless bool, groups ...[]string) table[T] {
	t.kept = &keptColumns{unless: unless}
	for n := len(groups); n > 0; n-- {
		names := slices.Concat(groups[:n]...)
		level := keptLevel{put: t.upsert(key, names...)}
		for i, c := range t.columns {
			if slices.Contains(names, c.name) {
				level.at = append(level.at, i)
			}
		}
		t.kept.levels = append(t.kept.levels, level)
	}
	return t
}

// statement returns by which statement a row is written: usual, one that leaves columns as
// they are, or none. It notes what will be there.
func (k *keptColumns) statement(tx *transaction, name, usual string, values []driver.Value) string {
	was := tx.fresh[name]
	if was == nil {
		was = tx.s.recent.rows[name]
	}
	if tx.fresh == nil {
		tx.fresh = map[string][]driver.Value{}
	}
	tx.fresh[name] = values
	switch {
	case was == nil:
		return usual
	case k.unless && slices.Equal(was, values):
		return ""
	}
	for _, level := range k.levels {
		if !slices.ContainsFunc(level.at, func(i int) bool { return was[i] != values[i] }) {
			return level.put
		}
	}
	return usual
}
