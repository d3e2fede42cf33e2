package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

func TestReports(t *testing.T) {
	f := newFake()
	o := options(f)
	var err error
	if o.Calendar, err = sale.NewCalendar(time.FixedZone("shop", -5*3600), "00:00"); err != nil {
		t.Fatal(err)
	}
	h := New(f, o)
	for _, c := range []struct {
		path, accept string
		status       int
		kind, has    string
	}{
		{"2026-11-21", "", 200, "application/json", `"net":2865`},
		{"today", "", 200, "application/json", `"date":"2026-11-21","from":"2026-11-21T05:00:00Z"`},
		{"2026-11-20", "", 200, "application/json", `"methods":[]`},
		{"2026-11-21", "text/plain, */*", 200, "text/plain; charset=utf-8", "X REPORT (INTERIM)"},
		{"2026-11-21", "text/csv;q=0.9", 200, "text/csv; charset=utf-8", "Taken,net,1,2865"},
		{"2026-11-21?format=csv", "text/plain", 200, "text/csv; charset=utf-8", "Taken"},
		{"2026-11-21?format=text", "", 200, "text/plain; charset=utf-8", "from                                    2026-11-21 00:00"},
		{"yesterday", "", 422, "application/problem+json", "2026-11-21"},
		{"2026-13-01", "", 422, "application/problem+json", "is not a day"},
		{"2026-11-21?format=pdf", "", 422, "application/problem+json", "csv or json for a report"},
	} {
		w := ask(t, h, "GET", "/v1/reports/"+c.path, "", "Accept", c.accept)
		if kind := w.Header().Get("Content-Type"); w.Code != c.status || kind != c.kind || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%s (%s): %d %s, want %d %s with %q\n%s", c.path, c.accept, w.Code, kind, c.status, c.kind, c.has, w.Body)
		}
	}
	f.err = &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be read"}
	if w := ask(t, h, "GET", "/v1/reports/today", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "cannot be read") {
		t.Errorf("a journal that fails: %d %s", w.Code, w.Body)
	}
}

func TestAReportIsPrintedWhereThereIsAPrinter(t *testing.T) {
	f := newFake()
	o := options(f)
	if w := ask(t, New(f, o), "POST", "/v1/reports/2026-11-21/print", ""); w.Code != 409 || !strings.Contains(w.Body.String(), `"no-device"`) {
		t.Errorf("without a printer: %d %s", w.Code, w.Body)
	}
	var printed books.Books
	o.PrintBooks = func(_ context.Context, b books.Books) (sale.PrintResult, error) {
		printed = b
		return sale.PrintResult{State: sale.PrintFailed, Words: "paper out"}, nil
	}
	w := ask(t, New(f, o), "POST", "/v1/reports/2026-11-21/print", "")
	var said PrintedReport
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != 200 || said != (PrintedReport{sale.PrintFailed, "paper out"}) || printed.Date != "2026-11-21" {
		t.Errorf("%d %s, %v; printed %s", w.Code, w.Body, err, printed.Date)
	}
	o.PrintBooks = func(context.Context, books.Books) (sale.PrintResult, error) {
		return sale.PrintResult{}, errors.New("x")
	}
	if w := ask(t, New(f, o), "POST", "/v1/reports/2026-11-21/print", ""); w.Code != 500 {
		t.Errorf("a failure: %d %s", w.Code, w.Body)
	}
}

func TestTheDrawerOpensForWhoSaysTheName(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	if w := ask(t, h, "POST", "/v1/drawer", `{"by":"Ana"}`); w.Code != 202 || !slices.Contains(f.asked, "drawer Ana") {
		t.Errorf("%d %s; asked %q", w.Code, w.Body, f.asked)
	}
	f.asked = nil
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
	}{
		"no name":        {`{}`, nil, 422},
		"an empty name":  {`{"by":""}`, nil, 422},
		"a foreign page": {`{"by":"Ana"}`, []string{"Origin", "http://evil.example"}, 403},
		"a foreign host": {`{"by":"Ana"}`, []string{"Host", "shop.example"}, 403},
		"a form":         {`by=Ana`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
	} {
		if w := ask(t, h, "POST", "/v1/drawer", c.body, c.headers...); w.Code != c.status || len(f.asked) > 0 {
			t.Errorf("%s: %d %s; asked %q", name, w.Code, w.Body, f.asked)
		}
	}
	f.err = &sale.Refusal{Kind: sale.ErrNoDevice, Words: "there is no cash drawer here"}
	if w := ask(t, h, "POST", "/v1/drawer", `{"by":"Ana"}`); w.Code != 409 || !strings.Contains(w.Body.String(), "no cash drawer") {
		t.Errorf("without a drawer: %d %s", w.Code, w.Body)
	}
}
