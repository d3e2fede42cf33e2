package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"posd/device/sale"
	"posd/store"
	"posd/sync/fleet"
)

var quiet = slog.New(slog.DiscardHandler)

// booksTests are what the books promise, on whatever database they are.
var booksTests = []struct {
	name string
	test func(t *testing.T, b *books)
}{
	{"each commit is booked once", testOnce},
	{"a gap is an alarm, and closes", testGap},
	{"a fork is an alarm", testFork},
	{"a changed commit is an alarm", testChanged},
	{"an epoch goes on where its copy ended", testEpoch},
	{"a large commit comes in parts", testParts},
	{"sums follow every change", testSums},
	{"sums do not depend on when a counter was heard", testLate},
	{"a failed transaction books nothing", testRollback},
	{"one hub writes", testOneWriter},
	{"what is looked for is found", testFind},
	{"many commits at once are booked as one by one", testMany},
}

func TestBooksOnSQLite(t *testing.T) {
	for _, test := range booksTests {
		t.Run(test.name, func(t *testing.T) {
			b, err := openBooks(t.Context(), Books{Path: filepath.Join(t.TempDir(), "books.db")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.db.Close() })
			test.test(t, b)
		})
	}
}

// bookAll books messages with a writer of its own.
func bookAll(t *testing.T, b *books, all ...fleet.Message) {
	t.Helper()
	w, err := b.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	cal, _ := sale.NewCalendar(time.UTC, "00:00")
	if err := newLedger(w, cal, quiet).book(t.Context(), checkAll(all), nil); err != nil {
		t.Fatal(err)
	}
}

// netOf is the sum of all takings.
func netOf(t *testing.T, b *books) (sum int64) {
	t.Helper()
	found, err := b.takings(t.Context(), "day", "0000", "9999")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range found {
		sum += one.Net
	}
	return sum
}

func upTo(t *testing.T, b *books, till string) int64 {
	t.Helper()
	all, err := b.tills(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Till == till {
			return one.Commit
		}
	}
	return 0
}

// alarmed checks that exactly this alarm stands; kind "" for none.
func alarmed(t *testing.T, b *books, kind string, commit int64) {
	t.Helper()
	all, err := b.alarms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if kind == "" && len(all) == 0 {
		return
	}
	if len(all) != 1 || all[0].Kind != kind || all[0].Commit != commit {
		t.Fatalf("alarms %+v, want %q at commit %d", all, kind, commit)
	}
}

func testOnce(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	c.sell(1000)
	c.sell(250)
	all := c.messages(0, nil)
	bookAll(t, b, all...)
	bookAll(t, b, all...) // and again, as after a lost acknowledgement
	bookAll(t, b, all[1], all[0], all[1])
	if netOf(t, b) != 1250 || upTo(t, b, "shop1/t1") != 4 {
		t.Error(netOf(t, b), upTo(t, b, "shop1/t1"))
	}
	alarmed(t, b, "", 0)
}

func testGap(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	for range 3 {
		c.sell(100)
	}
	all := c.messages(0, nil)
	bookAll(t, b, all[0], all[1], all[4], all[3], all[5])
	if upTo(t, b, "shop1/t1") != 2 || netOf(t, b) != 100 {
		t.Fatalf("booked up to %d, %d cents, though commit 3 is missing", upTo(t, b, "shop1/t1"), netOf(t, b))
	}
	alarmed(t, b, alarmGap, 3)
	bookAll(t, b, all[2])
	if upTo(t, b, "shop1/t1") != 6 || netOf(t, b) != 300 {
		t.Error(upTo(t, b, "shop1/t1"), netOf(t, b))
	}
	alarmed(t, b, "", 0)
}

func testFork(t *testing.T, b *books) {
	c, other := newTill(t, t.TempDir(), "t1"), newTill(t, t.TempDir(), "t1")
	c.sell(100)
	other.n = 50
	other.sell(999)
	e, _ := c.Epoch(t.Context())
	all, foreign := c.messages(0, nil), other.messages(0, nil)
	foreign[0].Epoch, foreign[1].Epoch = e.Name, e.Name
	bookAll(t, b, all[0], foreign[0])
	alarmed(t, b, alarmFork, 1)
	bookAll(t, b, all[1])
	if netOf(t, b) != 100 {
		t.Error(netOf(t, b))
	}
}

func testChanged(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	c.sell(1000)
	all := c.messages(0, nil)
	bad := all[1]
	bad.Body = bytes.Replace(bad.Body, []byte(`,1000,`), []byte(`,1,`), 1) // a row
	bookAll(t, b, all[0], bad)
	alarmed(t, b, alarmRow, 2)
	if netOf(t, b) != 0 || upTo(t, b, "shop1/t1") != 1 {
		t.Error("a changed row was booked", netOf(t, b))
	}
	bad = all[1]
	bad.Body = bytes.Replace(bad.Body, []byte(`events 1 `), []byte(`events 2 `), 1) // an entry
	bookAll(t, b, bad)
	found, err := b.alarms(t.Context())
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
}

func testEpoch(t *testing.T, b *books) {
	dir := t.TempDir()
	c := newTill(t, filepath.Join(dir, "was"), "t1")
	c.sell(100)
	if err := c.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	lost := c.sell(50)
	bookAll(t, b, c.messages(0, nil)...)
	was, _ := c.Epoch(t.Context())
	if _, err := store.Restore(t.Context(), store.Config{Dir: filepath.Join(dir, "new")}, filepath.Join(dir, "copy.db"), noon, quiet); err != nil {
		t.Fatal(err)
	}
	n := newTill(t, filepath.Join(dir, "new"), "t1")
	n.n = 70
	n.sell(7)
	all := n.messages(2, &sale.Ancestor{Epoch: was.Name, Commit: 2})
	wrong := n.messages(3, nil)
	bookAll(t, b, wrong[len(wrong)-1]) // the beginning is missing
	if netOf(t, b) != 150 {
		t.Error("booked without its beginning", netOf(t, b))
	}
	bookAll(t, b, all...)
	if netOf(t, b) != 157 { // the sale that the copy lost stays in the books
		t.Error(netOf(t, b))
	}
	alarmed(t, b, alarmLost, 2)
	found, err := b.find(t.Context(), wanted{reference: lost.Reference})
	if err != nil || len(found) != 1 || found[0].State != "paid" {
		t.Error(found, err)
	}
}

func testParts(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	c.sell(100)
	whole := c.messages(0, nil)
	var parts []fleet.Message
	for i, m := range []int{0, 1, 2} {
		p := whole[0]
		n := len(p.Body)
		p.Part, p.Parts, p.Body = m+1, 3, whole[0].Body[i*n/3:(i+1)*n/3]
		parts = append(parts, p)
	}
	bookAll(t, b, parts[0], parts[1])                               // stopped in the middle
	bookAll(t, b, parts[0], parts[1], parts[2], parts[2], whole[1]) // and from its beginning
	if upTo(t, b, "shop1/t1") != 2 || netOf(t, b) != 100 {
		t.Error(upTo(t, b, "shop1/t1"), netOf(t, b))
	}
}

func testSums(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	v := c.sell(1000)
	bookAll(t, b, c.messages(0, nil)...)
	c.refund(v, 400)
	bookAll(t, b, c.messages(2, nil)...)
	by, err := b.takings(t.Context(), "shop", "2026-11-21", "2026-11-21")
	if err != nil || len(by) != 1 || by[0] != (Taking{Of: "shop1", Currency: "CAD", Sales: 1, Taken: 1000, Back: 400, Net: 600}) {
		t.Error(by, err)
	}
	if by, err = b.takings(t.Context(), "hour", "2026-11-22", "2026-11-22"); err != nil || len(by) != 0 {
		t.Error(by, err)
	}
}

// A counter that was away tells only the last state of each row.
func testLate(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	v := c.sell(1000)
	c.refund(v, 400)
	v.Refunds = []sale.Movement{{ID: "R" + string(v.ID)[1:], Kind: sale.Refund, Amount: 400, State: sale.MovementDone, CreatedAt: noon, FinalAt: &noon}}
	c.put(sale.FactRow{Sale: v.ID, Printed: sale.PrintDone}) // the sale comes with this one, its refund before it
	c.sell(5)
	bookAll(t, b, c.messages(0, nil)...)
	by, err := b.takings(t.Context(), "method", "0000", "9999")
	if err != nil || len(by) != 1 || by[0].Net != 605 || by[0].Of != "card" {
		t.Error(by, err)
	}
}

// Enough rows at once for the quickest way into the database, most of them twice.
func testMany(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	var all []sale.Sale
	for range 2 * manyRows {
		all = append(all, c.sell(10))
	}
	bookAll(t, b, c.messages(0, nil)...)
	before := c.Commits()
	for _, v := range all {
		c.refund(v, 3)
	}
	again := c.messages(0, nil)
	bookAll(t, b, again[before:]...)
	bookAll(t, b, again...)
	by, err := b.takings(t.Context(), "method", "0000", "9999")
	if err != nil || len(by) != 1 || by[0] != (Taking{Of: "card", Currency: "CAD", Sales: 2 * manyRows, Taken: 20 * manyRows, Back: 6 * manyRows, Net: 14 * manyRows}) {
		t.Error(by, err)
	}
	if upTo(t, b, "shop1/t1") != c.Commits() {
		t.Error(upTo(t, b, "shop1/t1"), c.Commits())
	}
	alarmed(t, b, "", 0)
}

func testRollback(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	c.sell(100)
	all := c.messages(0, nil)
	w, err := b.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cal, _ := sale.NewCalendar(time.UTC, "00:00")
	l := newLedger(w, cal, quiet)
	ctx, cancel := context.WithCancel(t.Context())
	err = w.transact(ctx, func() error {
		first, second := check(all[0]), check(all[1])
		if err := errors.Join(l.message(ctx, &first), l.flush(ctx)); err != nil {
			return err
		}
		cancel()
		return errors.Join(l.message(ctx, &second), l.flush(ctx))
	})
	if err == nil {
		t.Fatal("it did not fail")
	}
	w.close()
	bookAll(t, b, all...)
	if netOf(t, b) != 100 || upTo(t, b, "shop1/t1") != 2 {
		t.Error(netOf(t, b), upTo(t, b, "shop1/t1"))
	}
}

func testOneWriter(t *testing.T, b *books) {
	first, err := b.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.writer(t.Context()); err != errOtherWrites {
		t.Fatal("two hubs write", err)
	}
	first.close()
	second, err := b.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second.close()
}

func testFind(t *testing.T, b *books) {
	c := newTill(t, t.TempDir(), "t1")
	c.sell(2865)
	v := c.sell(100)
	v.Incident = "amounts differ"
	c.put(sale.SaleRow{Sale: v}, sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-21", ClosedAt: noon, Books: []byte(`{"count":2}`)}})
	bookAll(t, b, c.messages(0, nil)...)
	for name, w := range map[string]wanted{"amount": {amount: 2865}, "reference": {reference: "BILL-1"}, "id": {order: "01t1" + fmt.Sprintf("%022d", 1)}} {
		found, err := b.find(t.Context(), w)
		if err != nil || len(found) != 1 || found[0].Asked != 2865 || found[0].Last4 != "1111" {
			t.Errorf("by %s: %+v %v", name, found, err)
		}
	}
	if found, err := b.find(t.Context(), wanted{last4: "1111"}); err != nil || len(found) != 2 {
		t.Error(found, err)
	}
	if open, err := b.open(t.Context()); err != nil || len(open) != 1 || open[0].Incident != "amounts differ" {
		t.Error(open, err)
	}
	if days, err := b.days(t.Context(), "2026-11-21"); err != nil || len(days) != 1 || string(days[0].Books) != `{"count":2}` {
		t.Error(days, err)
	}
}
