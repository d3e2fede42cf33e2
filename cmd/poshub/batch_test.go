package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// However large the books are, a batch is written by looking rows up by their keys:
// no statement of the writer reads a whole table, or all that a counter has in one.
func TestWriterLooksRowsUpByTheirKeys(t *testing.T) {
	b, err := openBooks(t.Context(), Books{Path: filepath.Join(t.TempDir(), "books.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.db.Close()
	c := newTill(t, t.TempDir(), "t1")
	for n := range 2 { // a list of one key is no list to SQLite
		v := c.sell(sale.Amount(1000 + n))
		report := sale.Report{No: fmt.Sprintf("01REPORT%d", n), Sale: v.ID, Amount: v.Amount, Currency: "CAD", State: sale.QueueDue, QueuedAt: noon, DueAt: noon}
		c.put(sale.SaleRow{Sale: v}, sale.ReportRow{Report: report})
		c.put(sale.ReportGone{No: report.No, How: sale.ReportDone})
		c.refund(v, 400)
	}
	w, err := b.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	cal, _ := sale.NewCalendar(time.UTC, "00:00")
	l := newLedger(w, cal, quiet)
	if err := l.book(t.Context(), checkAll(c.messages(0, nil)), nil); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for text := range w.stmts {
		for _, table := range []string{"commits", "epochs", "facts", "sales", "movements", "takings", "held"} {
			seen[table] = seen[table] || strings.Contains(text, table)
		}
		byKeys(t, b, text)
	}
	if len(seen) != 7 || slices.Contains(slices.Collect(maps.Values(seen)), false) {
		t.Errorf("looked at statements of %v alone", seen)
	}
}

// A sale is found without reading all of them, whatever it is looked for by.
func TestSearchesNeverReadAllSales(t *testing.T) {
	b, err := openBooks(t.Context(), Books{Path: filepath.Join(t.TempDir(), "books.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.db.Close()
	for _, w := range []wanted{{amount: 1}, {last4: "1"}, {reference: "1"}, {order: "1"}, {date: "1"}, {amount: 1, last4: "1", reference: "1", order: "1", date: "1"}} {
		text, _, err := w.query()
		if err != nil {
			t.Fatal(err)
		}
		byKeys(t, b, text)
	}
}

// byKeys checks that a statement reads no table as a whole.
func byKeys(t *testing.T, b *books, text string) {
	t.Helper()
	for _, step := range plan(t, b, text) {
		if name, scans := strings.CutPrefix(step, "SCAN "); scans && !slices.Contains([]string{"k", "numbered", "amounted"}, name) && step != "SCAN e USING COVERING INDEX sqlite_autoindex_epochs_1" && !strings.Contains(step, " CONSTANT ROW") && !strings.Contains(step, "VALUES CLAUSE") {
			t.Errorf("%s\n%s", step, text)
		}
		if strings.HasSuffix(step, "(till=? AND tbl=?)") { // all rows of a counter's table
			t.Errorf("%s\n%s", step, text)
		}
	}
}

// plan is how SQLite runs a statement, step by step.
func plan(t *testing.T, b *books, text string) (steps []string) {
	t.Helper()
	rows, err := b.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Fatal(text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, rest int
		var step string
		if err := rows.Scan(&id, &parent, &rest, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil || len(steps) == 0 && !strings.HasPrefix(text, "INSERT") {
		t.Fatal(text, err)
	}
	return steps
}
