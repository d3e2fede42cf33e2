package api

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// TestSheetIsForPeople: amounts have their point and times are the shop's, nothing is
// calculated, and no more of a card is told than its last four.
func TestSheetIsForPeople(t *testing.T) {
	f := newFake()
	o := options(f)
	zone, err := time.LoadLocation("America/Montreal")
	if err != nil {
		t.Fatal(err)
	}
	if o.Calendar, err = sale.NewCalendar(zone, "04:00"); err != nil {
		t.Fatal(err)
	}
	f.onSales = func(sale.Filter) []sale.Sale {
		return []sale.Sale{{ID: "01KAEXAMPLE000000000000042", Amount: 2865, ApprovedAmount: 3065, Tip: 200, Currency: "CAD", Method: sale.Card, Kind: sale.CardSale, State: sale.Paid,
			Reference: "=1+1,\"x\"", By: "@Ana", CreatedAt: time.Date(2026, 11, 22, 2, 30, 0, 0, time.UTC), Card: &sale.CardInfo{Number: "XXXXXXXXXXXX1166"},
			Refunds: []sale.Movement{{State: sale.MovementDone, Amount: 65}, {State: sale.MovementUnsure, Amount: 100}}}}
	}
	h := New(f, o)
	w := ask(t, h, "GET", "/v1/sales.csv?search=28.65&method=cash&from=2026-11-01", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || f.filter.Search != "28.65" || f.filter.Method != sale.Cash || f.filter.From.IsZero() {
		t.Fatalf("%d %s, asked %+v", w.Code, w.Header(), f.filter)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	want := []string{"01KAEXAMPLE000000000000042", "#0130", "2026-11-21", "21:30:00", "'=1+1,\"x\"", "28.65", "CAD", "card", "sale", "paid", "30.65", "2.00", "0.65", "1166", "'@Ana"}
	if err != nil || len(rows) != 2 || len(rows[0]) != len(want) || !slices.Equal(rows[1], want) {
		t.Errorf("%v\n%q, should be\n%q", err, rows, want)
	}
	if w := ask(t, h, "GET", "/v1/sales.csv?limit=2", ""); w.Code != 422 {
		t.Errorf("a sheet has no pages: %d", w.Code)
	}
}

// TestSheetGoesThroughAllPages, ends where the list ends or at its bound, which it
// says, and is broken off where a page cannot be read: half a list is no list.
func TestSheetGoesThroughAllPages(t *testing.T) {
	for _, c := range []struct{ sales, failsAt, rows int }{{0, -1, 1}, {2500, -1, 2501}, {maxSheet + 1, -1, maxSheet + 2}, {2500, 1, 0}} {
		f := newFake()
		pages := 0
		f.onSales = func(asked sale.Filter) []sale.Sale {
			from := 0
			if asked.Before != "" {
				fmt.Sscanf(string(asked.Before), "S%d", &from)
				from++
			}
			page := make([]sale.Sale, min(asked.Limit, c.sales-from))
			for i := range page {
				page[i] = sale.Sale{ID: sale.ID(fmt.Sprintf("S%d", from+i)), CreatedAt: at}
			}
			if pages++; pages > c.failsAt && c.failsAt >= 0 {
				f.mu.Lock()
				f.err = errors.New("the disk is gone")
				f.mu.Unlock()
			}
			return page
		}
		s := httptest.NewServer(New(f, options(f)))
		answer, err := http.Get(s.URL + "/v1/sales.csv")
		if err != nil {
			t.Fatal(err)
		}
		in := csv.NewReader(answer.Body)
		in.FieldsPerRecord = -1
		rows, err := in.ReadAll()
		answer.Body.Close()
		s.Close()
		if c.rows == 0 {
			if err == nil {
				t.Errorf("half a list was given as a whole: %d rows", len(rows))
			}
			continue
		}
		if err != nil || len(rows) != c.rows {
			t.Fatalf("%d sales: %d rows, %v", c.sales, len(rows), err)
		}
		if last := rows[len(rows)-1]; c.sales > maxSheet && (len(last) != 1 || !strings.Contains(last[0], "Ask for fewer days")) {
			t.Errorf("the bound is not said: %q", last)
		}
	}
}
