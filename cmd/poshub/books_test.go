package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
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

// till is a counter's journal and what is published of it.
type till struct {
	*store.Store
	t    testing.TB
	name fleet.Name
	n    int
}

func newTill(t testing.TB, dir, name string) *till {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &till{s, t, fleet.Name{Chain: "c", Shop: "shop1", Till: name}, 0}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sell stores the intent of a card sale and its end, and returns it.
func (c *till) sell(cents sale.Amount) sale.Sale {
	c.t.Helper()
	c.n++
	v := sale.Sale{ID: sale.ID(fmt.Sprintf("01%s%022d", c.name.Till, c.n)), Reference: fmt.Sprintf("BILL-%d", c.n), Method: sale.Card, Kind: sale.CardSale, State: sale.Waiting, Currency: "CAD",
		Amount: cents, CreatedAt: noon.Add(time.Duration(c.n) * time.Second), Attempts: []sale.Attempt{{Ref: fmt.Sprintf("%s%014d", c.name.Till, c.n), StartedAt: noon}}}
	c.put(sale.SaleRow{Sale: v}, sale.KeyRow{Key: string("key " + v.ID), Digest: "d", Sale: v.ID, At: noon})
	end := v.CreatedAt.Add(time.Second)
	v.State, v.FinalAt, v.ApprovedAmount, v.Reported = sale.Paid, &end, cents, sale.ReportDone
	v.Card = &sale.CardInfo{Type: "V", Number: "************1111"}
	c.put(sale.SaleRow{Sale: v}, sale.EventRow{At: end, Sale: v.ID, Kind: "sale.paid", Data: sale.EventData{State: sale.Paid}})
	return v
}

func (c *till) refund(v sale.Sale, cents sale.Amount) {
	c.t.Helper()
	v.Refunds = append(v.Refunds, sale.Movement{ID: "R" + string(v.ID)[1:], Kind: sale.Refund, Amount: cents, State: sale.MovementDone, CreatedAt: noon, FinalAt: &noon})
	c.put(sale.SaleRow{Sale: v})
}

func (c *till) put(rows ...sale.Row) {
	c.t.Helper()
	if _, err := c.Commit(context.Background(), rows); err != nil {
		c.t.Fatal(err)
	}
}

// messages are the commits behind number after, as they are published.
func (c *till) messages(after int64, from *sale.Ancestor) (out []fleet.Message) {
	c.t.Helper()
	e, err := c.Epoch(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	for {
		found, err := c.CommitsAfter(context.Background(), after, 100)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(found) == 0 {
			return out
		}
		for _, one := range found {
			out = append(out, message(c.t, c.name, e.Name, from, one))
			from, after = nil, one.No
		}
	}
}

func message(t testing.TB, n fleet.Name, epoch string, from *sale.Ancestor, c sale.Commit) fleet.Message {
	t.Helper()
	text, err := json.Marshal(fleet.Body{Format: 1, From: from, Commit: c})
	if err != nil {
		t.Fatal(err)
	}
	return fleet.Message{Name: n, Epoch: epoch, Commit: c.No, Part: 1, Parts: 1, Hash: c.Hash, Seq: 1, Body: text}
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

// The journal of a counter that burned down comes back from the books, and the
// three agree: what was sold, what the books have, what the new box has.
func TestDeadBoxIsReplacedFromTheBooks(t *testing.T) {
	dir := t.TempDir()
	b, err := openBooks(t.Context(), Books{Path: filepath.Join(dir, "books.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.db.Close()
	c := newTill(t, filepath.Join(dir, "burned"), "t1")
	v := c.sell(1000)
	c.refund(v, 1)
	second := c.sell(200)
	report := sale.Report{No: "01REPORT", Sale: second.ID, Amount: 200, Currency: "CAD", State: sale.QueueDue, QueuedAt: noon, DueAt: noon, Params: `{"expiry":"1227"}`}
	second.Reported = sale.ReportQueued
	c.put(sale.SaleRow{Sale: second}, sale.ReportRow{Report: report}, sale.TokenRow{Token: sale.Token{ID: "T1", Name: "n", Hash: "h", CreatedAt: noon}})
	bookAll(t, b, c.messages(0, nil)...)
	var out strings.Builder
	file := filepath.Join(dir, "export.db")
	if err := export(t.Context(), b, "shop1/t1", file, &out); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"2 sales", "tokens T1", "01REPORT"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q is not in\n%s", words, out.String())
		}
	}
	if strings.Contains(out.String(), "1227") {
		t.Error("an expiry was exported")
	}
	end := c.Commits()
	was, _ := c.Epoch(t.Context())
	if _, err := store.Restore(t.Context(), store.Config{Dir: filepath.Join(dir, "new")}, file, noon, quiet); err != nil {
		t.Fatal(err)
	}
	n := newTill(t, filepath.Join(dir, "new"), "t1")
	if err := n.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	sum := sale.Amount(0)
	all, err := n.Sales(t.Context(), sale.Filter{})
	for _, s := range all {
		sum += s.Taken()
		for _, m := range s.Refunds {
			sum -= m.Amount
		}
	}
	if err != nil || sum != 1199 || netOf(t, b) != 1199 {
		t.Error(sum, netOf(t, b), err)
	}
	n.n = 70
	n.sell(3)
	bookAll(t, b, n.messages(end, &sale.Ancestor{Epoch: was.Name, Commit: end})...)
	alarmed(t, b, "", 0)
	if netOf(t, b) != 1202 {
		t.Error(netOf(t, b))
	}
	if err := export(t.Context(), b, "shop1/t1", filepath.Join(dir, "again.db"), &out); err != nil {
		t.Error(err)
	}
}
