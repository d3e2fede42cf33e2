package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// column ties a column of a table to a field of T, both ways.
type column[T any] struct {
	name string
	get  func(*T) driver.Value
	set  func(*T, any) error
}

// table says how a T lies in a table of the database.
type table[T any] struct {
	name     string
	columns  []column[T]
	selected string // what a SELECT of all columns begins with
	kept     *keptColumns
	ledger
}

// ledger is what the chain knows of a table.
type ledger struct {
	table   string
	key     string   // the column by which a row is named in the chain
	covered []string // the columns that a digest covers
}

// names lists the columns for a SELECT.
func (t table[T]) names() string {
	var b strings.Builder
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name)
	}
	return b.String()
}

// insert is the statement that adds a row; written_in is the last parameter.
func (t table[T]) insert() string {
	marks := strings.Repeat("?, ", len(t.columns)) + "?"
	return "INSERT INTO " + t.name + " (" + t.names() + ", written_in) VALUES (" + marks + ")"
}

// upsert is insert, but a row with the same key is overwritten, all but some columns.
func (t table[T]) upsert(key string, but ...string) string {
	var set []string
	for _, c := range t.columns {
		if !strings.Contains(", "+key+",", ", "+c.name+",") && !slices.Contains(but, c.name) {
			set = append(set, c.name+" = excluded."+c.name)
		}
	}
	set = append(set, "written_in = excluded.written_in")
	return t.insert() + " ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// values returns the columns of v in order, in the room of into where that is enough;
// there is room for one more.
func (t table[T]) values(v *T, into []driver.Value) []driver.Value {
	out := slices.Grow(into[:0], len(t.columns)+1)
	for _, c := range t.columns {
		out = append(out, c.get(v))
	}
	return out
}

// fill sets the fields of v from the columns of a row.
func (t table[T]) fill(v *T, row []any) error {
	for i, c := range t.columns {
		if err := c.set(v, row[i]); err != nil {
			return fmt.Errorf("column %s of %s: %w", c.name, t.name, err)
		}
	}
	return nil
}

func text[T any, S ~string](name string, field func(*T) *S) column[T] {
	return column[T]{name,
		func(v *T) driver.Value { return string(*field(v)) },
		func(v *T, raw any) error {
			s, err := asString(raw)
			*field(v) = S(s)
			return err
		}}
}

// textOrNull is a text that is NULL while there is none, as in rows from before its column.
func textOrNull[T any, S ~string](name string, field func(*T) *S) column[T] {
	c := text(name, field)
	return column[T]{name,
		func(v *T) driver.Value {
			if *field(v) == "" {
				return nil
			}
			return c.get(v)
		},
		func(v *T, raw any) error {
			if raw == nil {
				return nil
			}
			return c.set(v, raw)
		}}
}

func number[T any, N ~int | ~int64](name string, field func(*T) *N) column[T] {
	return column[T]{name,
		func(v *T) driver.Value { return int64(*field(v)) },
		func(v *T, raw any) error {
			n, err := asInt(raw)
			*field(v) = N(n)
			return err
		}}
}

// asJSON is a list as JSON, empty text without any.
func asJSON[T, E any](name string, field func(*T) *[]E) column[T] {
	return column[T]{name,
		func(v *T) driver.Value {
			if len(*field(v)) == 0 {
				return ""
			}
			b, err := json.Marshal(*field(v))
			if err != nil {
				panic(err) // names and amounts only
			}
			return string(b)
		},
		func(v *T, raw any) error {
			s, err := asString(raw)
			if err != nil || s == "" {
				return err
			}
			return json.Unmarshal([]byte(s), field(v))
		}}
}

func boolean[T any](name string, field func(*T) *bool) column[T] {
	return column[T]{name,
		func(v *T) driver.Value {
			if *field(v) {
				return int64(1)
			}
			return int64(0)
		},
		func(v *T, raw any) error {
			n, err := asInt(raw)
			*field(v) = n != 0
			return err
		}}
}

func instant[T any](name string, field func(*T) *time.Time) column[T] {
	return column[T]{name,
		func(v *T) driver.Value { return formatTime(*field(v)) },
		func(v *T, raw any) error {
			t, err := asTime(raw)
			*field(v) = t
			return err
		}}
}

// instantOrNull is an instant that may not have come yet.
func instantOrNull[T any](name string, field func(*T) **time.Time) column[T] {
	return column[T]{name,
		func(v *T) driver.Value {
			if p := *field(v); p != nil {
				return formatTime(*p)
			}
			return nil
		},
		func(v *T, raw any) error {
			if raw == nil {
				return nil
			}
			t, err := asTime(raw)
			*field(v) = &t
			return err
		}}
}

// ofCard is a text about the card, NULL without one.
func ofCard[T any, S ~string](name string, card func(*T) **sale.CardInfo, field func(*sale.CardInfo) *S) column[T] {
	return column[T]{name,
		func(v *T) driver.Value {
			if *card(v) == nil {
				return nil
			}
			return string(*field(*card(v)))
		},
		func(v *T, raw any) error {
			if raw == nil {
				return nil
			}
			if *card(v) == nil {
				*card(v) = new(sale.CardInfo)
			}
			s, err := asString(raw)
			*field(*card(v)) = S(s)
			return err
		}}
}

// textBytes is a text that is handled as bytes.
func textBytes[T any](name string, field func(*T) *[]byte) column[T] {
	return column[T]{name,
		func(v *T) driver.Value { return string(*field(v)) },
		func(v *T, raw any) error {
			s, err := asString(raw)
			*field(v) = []byte(s)
			return err
		}}
}

// timeLayout sorts as text: "+" stands before every digit, so an instant
// with more digits comes after the same one with fewer.
const timeLayout = "2006-01-02T15:04:05.000-07:00"

// formatTime writes milliseconds, and the rest only if there is one. The zero
// time is empty.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	year, month, day := t.Date()
	switch {
	case t.Nanosecond()%1e6 != 0:
		return t.Format("2006-01-02T15:04:05.000000000-07:00")
	case year < 0 || year > 9999:
		return t.Format(timeLayout)
	}
	// What t.Format(timeLayout) writes, at a fifth of its price: every row has some.
	hour, minute, second := t.Clock()
	out := []byte("0000-00-00T00:00:00.000+00:00")
	for _, part := range [...]struct{ end, value int }{{4, year}, {7, int(month)}, {10, day}, {13, hour}, {16, minute}, {19, second}, {23, t.Nanosecond() / 1e6}} {
		for at, n := part.end-1, part.value; n > 0; at, n = at-1, n/10 {
			out[at] = byte('0' + n%10)
		}
	}
	return string(out)
}

func asTime(raw any) (time.Time, error) {
	s, err := asString(raw)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not an instant such as 2026-11-21T22:10:05.123+00:00", s)
	}
	return t.UTC(), nil
}

func asString(raw any) (string, error) {
	switch v := raw.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("%T where a text is due", raw)
}

func asInt(raw any) (int64, error) {
	if n, ok := raw.(int64); ok {
		return n, nil
	}
	return 0, fmt.Errorf("%T where a whole number is due", raw)
}
