package fleet

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"posd/device/sale"
)

// A hub that catches up spends most of its time on reading commits. They are read
// as encode writes them: members in its order, no spaces, none that is unknown. A
// text that is written in any other way is given to encoding/json, so that what is
// read never depends on this.

// Decode reads the body of a commit, all its parts joined.
func Decode(text string) (Body, error) {
	c := textCursor{rest: text}
	b := c.body()
	if c.strange {
		return decodeAny(text)
	}
	return b, b.valid()
}

// decodeAny reads a body in whatever way it is written.
func decodeAny(text string) (b Body, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&b); err != nil {
		return b, fmt.Errorf("read a commit: %w", err)
	}
	if err := b.valid(); err != nil {
		return b, err
	}
	for i := range b.Commit.Rows {
		r := &b.Commit.Rows[i]
		for j, v := range r.Values {
			switch v := v.(type) {
			case string:
			case json.Number:
				if r.Values[j], err = v.Int64(); err != nil {
					return b, fmt.Errorf("read commit %d: %s %s: %w", b.Commit.No, r.Table, r.Key, err)
				}
			default:
				return b, fmt.Errorf("read commit %d: %s %s: a %T in column %s", b.Commit.No, r.Table, r.Key, v, r.Names[j])
			}
		}
		text, err := json.Marshal(r)
		if err != nil {
			return b, fmt.Errorf("write %s %s: %w", r.Table, r.Key, err)
		}
		b.RowTexts = append(b.RowTexts, string(text))
	}
	return b, nil
}

// valid looks at what both ways of reading leave open.
func (b Body) valid() error {
	if b.Format != format {
		return fmt.Errorf("read a commit: its format is %d, and this version knows %d: install a newer one", b.Format, format)
	}
	for _, r := range b.Commit.Rows {
		if len(r.Names) != len(r.Values) {
			return fmt.Errorf("read commit %d: %s %s has %d names and %d values", b.Commit.No, r.Table, r.Key, len(r.Names), len(r.Values))
		}
	}
	return nil
}

// textCursor reads a text from its beginning. Once something is strange, nothing
// that it returned counts.
type textCursor struct {
	rest    string
	strange bool
}

func (c *textCursor) body() (b Body) {
	c.must(`{"format":`)
	b.Format = int(c.number())
	if c.is(`,"from":{"epoch":`) {
		b.From = &sale.Ancestor{Epoch: c.text()}
		c.must(`,"commit":`)
		b.From.Commit = c.number()
		c.must(`}`)
	}
	c.must(`,"commit":{"no":`)
	b.Commit.No = c.number()
	c.must(`,"prev":`)
	b.Commit.Prev = c.text()
	c.must(`,"hash":`)
	b.Commit.Hash = c.text()
	c.must(`,"entries":`)
	b.Commit.Entries = c.text()
	if c.is(`,"rows":[`) {
		c.list(func() {
			from := c.rest
			b.Commit.Rows = append(b.Commit.Rows, c.row())
			b.RowTexts = append(b.RowTexts, from[:len(from)-len(c.rest)])
		})
	}
	c.must(`}}`)
	return b
}

func (c *textCursor) row() (r sale.CommitRow) {
	c.must(`{"table":`)
	r.Table = c.text()
	c.must(`,"key":`)
	r.Key = c.text()
	c.must(`,"names":[`)
	r.Names = make([]string, 0, manyColumns)
	c.list(func() { r.Names = append(r.Names, c.text()) })
	c.must(`,"values":[`)
	r.Values = make([]any, 0, len(r.Names))
	c.list(func() {
		if strings.HasPrefix(c.rest, `"`) {
			r.Values = append(r.Values, c.text())
		} else {
			r.Values = append(r.Values, c.number())
		}
	})
	if c.is(`,"withheld":[`) {
		c.list(func() { r.Withheld = append(r.Withheld, c.text()) })
	}
	c.must(`}`)
	return r
}

// manyColumns is as many columns as most rows have.
const manyColumns = 16

// list reads what stands between brackets, the first of which was read; encode
// leaves empty lists out.
func (c *textCursor) list(one func()) {
	for one(); !c.strange && !c.is(`]`); one() {
		c.must(`,`)
	}
}

// is reports whether these words come next, and goes on behind them.
func (c *textCursor) is(words string) bool {
	rest, ok := strings.CutPrefix(c.rest, words)
	c.rest = rest
	return ok
}

func (c *textCursor) must(words string) {
	if !c.is(words) {
		c.fail()
	}
}

func (c *textCursor) fail() { c.strange, c.rest = true, "" }

// number reads a whole number as Go writes it.
func (c *textCursor) number() int64 {
	end := 0
	for end < len(c.rest) && (c.rest[end] == '-' || c.rest[end] >= '0' && c.rest[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(c.rest[:end], 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != c.rest[:end] {
		c.fail()
		return 0
	}
	c.rest = c.rest[end:]
	return n
}

// text reads a string.
func (c *textCursor) text() string {
	if !c.is(`"`) {
		c.fail()
		return ""
	}
	escaped, foreign := false, false
	for i := 0; i < len(c.rest); i++ {
		switch b := c.rest[i]; {
		case b == '"':
			s := c.rest[:i]
			c.rest = c.rest[i+1:]
			if foreign && !utf8.ValidString(s) { // encoding/json says what becomes of it
				c.fail()
			}
			if escaped {
				return c.unescape(s)
			}
			return s
		case b == '\\':
			escaped = true
			i++
		case b < ' ':
			c.fail()
			return ""
		case b >= utf8.RuneSelf:
			foreign = true
		}
	}
	c.fail()
	return ""
}

// unescape undoes what a string's backslashes stand for. Ends of lines and
// quotes, of which entries and answers are full, are undone here.
func (c *textCursor) unescape(s string) string {
	out := make([]byte, 0, len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return string(append(out, s...))
		}
		out = append(out, s[:i]...)
		switch s[i+1] { // text saw that there is one
		case 'n':
			out = append(out, '\n')
		case '"', '\\':
			out = append(out, s[i+1])
		default:
			var rest string
			if json.Unmarshal([]byte(`"`+s[i:]+`"`), &rest) != nil {
				c.fail()
			}
			return string(out) + rest
		}
		s = s[i+2:]
	}
}
