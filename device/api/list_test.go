package api

import (
	"strings"
	"testing"

	"posd/device/sale"
)

// TestTheListIsFilteredAndExported: what is asked reaches the till, and each form holds the same sales.
func TestTheListIsFilteredAndExported(t *testing.T) {
	f := newFake()
	s := f.sales["S1"]
	s.Reference, s.By = "=HYPERLINK(1)", "Ana"
	s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166"}
	f.put(s)
	f.put(sale.Sale{ID: "S2", Amount: 100, Currency: "CAD", Method: sale.WeChat, State: sale.Declined, CreatedAt: at})
	h := New(f, options(f))
	w := ask(t, h, "GET", "/v1/sales?reference=A-1&last=1166&amount=2865&by=Ana&from=2026-11-01&to=2026-11-21&state=paid&method=card&limit=2&before=S9", "")
	want := sale.Filter{State: sale.Paid, Method: sale.Card, Before: "S9", Limit: 2, Reference: "A-1", Last: "1166", Amount: 2865, By: "Ana", From: f.filter.From, To: f.filter.To}
	if w.Code != 200 || f.filter != want || f.filter.To.Sub(f.filter.From).Hours() < 20*24 {
		t.Errorf("%d, asked %+v", w.Code, f.filter)
	}
	w = ask(t, h, "GET", "/v1/sales?format=csv&limit=2", "")
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "id,createdAt,") || !strings.Contains(lines[1], ",'=HYPERLINK(1),card,") || !strings.Contains(lines[1], ",VISA,1166,Ana,") || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%s\n%s", w.Header(), w.Body)
	}
	if next := w.Header().Get("Link"); next != `</v1/sales?before=S2&format=csv&limit=2>; rel="next"` {
		t.Errorf("the next page is %s", next)
	}
	w = ask(t, h, "GET", "/v1/sales?format=jsonl", "")
	if n := strings.Count(w.Body.String(), "\n"); n != 2 || strings.Count(w.Body.String(), `{"id":"S`) != 2 || w.Header().Get("Link") != "" {
		t.Errorf("%d lines, %s", n, w.Header())
	}
	for _, bad := range []string{"last=12", "last=abcd", "amount=0", "from=x", "to=9999-12-31", "date=2026-11-21&from=2026-11-01", "format=xml"} {
		if w := ask(t, h, "GET", "/v1/sales?"+bad, ""); w.Code != 422 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}
