package main

import (
	"path/filepath"
	"strings"
	"testing"

	"posd/device/sale"
	"posd/store"
)

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
