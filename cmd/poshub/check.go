package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"posd/device/sale"
	"posd/sync/fleet"
)

// checked is a message that was decoded and held against its own hash and digests.
// None of it needs the books, so messages are checked on all processors while the
// one writer books those before them.
type checked struct {
	fleet.Message
	till       string
	text       string // of the commit; of this part where it has several
	body       fleet.Body
	unreadable error
	altered    bool   // its hash is not that of its entries
	unproven   string // words about a row that is not as its digest says
	gone       []sale.CommitRow
}

// checkAll checks messages, in their order.
func checkAll(all []fleet.Message) []checked {
	out := make([]checked, len(all))
	n := min(runtime.GOMAXPROCS(0), len(all)/16+1)
	var checkers sync.WaitGroup
	for i := range n {
		checkers.Go(func() {
			for j := i; j < len(all); j += n {
				out[j] = check(all[j])
			}
		})
	}
	checkers.Wait()
	return out
}

func check(m fleet.Message) checked {
	b := checked{Message: m, till: m.Name.String(), text: string(m.Body)}
	if m.Parts == 1 {
		b.read()
	}
	return b
}

// read decodes the text, all parts joined, and looks whether it proves itself.
func (b *checked) read() {
	if b.body, b.unreadable = fleet.Decode(b.text); b.unreadable != nil {
		return
	}
	c := b.body.Commit
	if b.altered = c.No != b.Commit || c.Hash != b.Hash || c.Hash != sale.HashCommit(c.Prev, c.No, c.Entries); b.altered {
		return
	}
	if b.unproven = unproven(c); b.unproven != "" {
		return
	}
	b.gone = goneOf(c.Entries)
}

// unproven names a row that is not as the commit's digest says.
func unproven(c sale.Commit) string {
	if strings.HasPrefix(c.Entries, sale.SumPrefix) {
		if len(c.Rows) > 0 {
			return "it has rows, and of its digests only the sum"
		}
		return ""
	}
	last := map[[2]string]string{}
	for line := range strings.Lines(c.Entries) {
		table, key, digest, err := sale.ParseEntry(line)
		if err != nil {
			return err.Error()
		}
		last[[2]string{table, key}] = digest
	}
	for _, r := range c.Rows {
		digest, there := last[[2]string{r.Table, r.Key}]
		if !there || len(r.Withheld) == 0 && digest != sale.DigestRow(r.Names, r.Values) {
			return fmt.Sprintf("%s %s is not as its digest says", r.Table, r.Key)
		}
	}
	return ""
}

// goneOf lists the rows that left with a commit.
func goneOf(entries string) (out []sale.CommitRow) {
	if strings.HasPrefix(entries, sale.SumPrefix) {
		return nil
	}
	for line := range strings.Lines(entries) {
		if table, key, digest, err := sale.ParseEntry(line); err == nil && digest == sale.EntryGone {
			out = append(out, sale.CommitRow{Table: table, Key: key})
		}
	}
	return out
}

// values are a row's columns by name; what is left out is empty.
type values map[string]any

func valuesOf(r sale.CommitRow) values {
	v := make(values, len(r.Names))
	for i, name := range r.Names {
		v[name] = r.Values[i]
	}
	return v
}

func (v values) text(name string) string  { s, _ := v[name].(string); return plainText(s) }
func (v values) number(name string) int64 { n, _ := v[name].(int64); return n }

// rowOf reads a row as facts keep it.
func rowOf(data string) (r sale.CommitRow, err error) {
	b, err := fleet.Decode(`{"format":1,"commit":{"rows":[` + data + `]}}`)
	if err != nil || len(b.Commit.Rows) != 1 {
		return r, fmt.Errorf("read a row of the books: %w", err)
	}
	return b.Commit.Rows[0], nil
}

// when names the day and hour of an instant by the chain's calendar.
func (l *ledger) when(at string) (date string, hour int) {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return "", 0
	}
	return l.cal.Day(t), t.In(l.cal.Zone()).Hour()
}
