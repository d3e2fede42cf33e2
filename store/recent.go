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
// statement that leaves them as they are.
type keptColumns struct {
	at     []int
	put    string
	unless bool // a row that is as it was is not written at all
}

// keeps gives a table such columns.
func keeps[T any](t table[T], key string, unless bool, names ...string) table[T] {
	t.kept = &keptColumns{put: t.upsert(key, names...), unless: unless}
	for i, c := range t.columns {
		if slices.Contains(names, c.name) {
			t.kept.at = append(t.kept.at, i)
		}
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
	tx.fresh[name] = slices.Clone(values)
	switch {
	case was == nil:
		return usual
	case k.unless && slices.Equal(was, values):
		return ""
	}
	for _, i := range k.at {
		if was[i] != values[i] {
			return usual
		}
	}
	return k.put
}
