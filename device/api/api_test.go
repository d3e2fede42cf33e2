package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"posd/device"
	"posd/device/sale"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file of testdata/api, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("..", "..", "testdata", "api", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (refresh with -update):\n%s", name, got)
	}
}

const aSale = `{"amount":2865,"currency":"CAD","method":"card"}`

func TestRequestsReachTheTill(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		replayed                 bool
		status                   int
		asked                    string
		has                      string // part of the answer
	}{
		{name: "sell", method: "POST", path: "/v1/sales", body: aSale, headers: []string{"Idempotency-Key", "k1"}, status: 201, asked: "sell", has: `"attempts":[]`},
		{name: "replay", method: "POST", path: "/v1/sales", body: aSale, headers: []string{"Idempotency-Key", "k1"}, replayed: true, status: 200, asked: "sell", has: `"id":"S1"`},
		{name: "one without attempts or refunds", method: "GET", path: "/v1/sales/S0", status: 200, has: `"attempts":[],"refunds":[]`},
		{name: "one", method: "GET", path: "/v1/sales/S1", status: 200, has: `"state":"paid"`},
		{name: "one, waiting, already final", method: "GET", path: "/v1/sales/S1?wait=30s", status: 200, has: `"state":"paid"`},
		{name: "list", method: "GET", path: "/v1/sales?state=paid&method=card&limit=7", status: 200, asked: "sales", has: `{"id":"S1"`},
		{name: "cancel", method: "POST", path: "/v1/sales/S1/cancel", status: 202, asked: "cancel S1", has: `"id":"S1"`},
		{name: "refund", method: "POST", path: "/v1/sales/S1/refund", body: `{"amount":100,"by":"Ana","reason":"broken"}`, headers: []string{"Idempotency-Key", "k2"}, status: 201, asked: "refund S1", has: `"movement":{"id":"M1"`},
		{name: "void", method: "POST", path: "/v1/sales/S1/void", body: `{"by":"Ana"}`, headers: []string{"Idempotency-Key", "k3"}, status: 201, asked: "void S1", has: `"movement":{"id":"M1"`},
		{name: "void again", method: "POST", path: "/v1/sales/S1/void", body: `{"by":"Ana"}`, headers: []string{"Idempotency-Key", "k3"}, replayed: true, status: 200, asked: "void S1"},
		{name: "tip", method: "POST", path: "/v1/sales/S1/tip", body: `{"tip":200}`, status: 204, asked: "tip S1 2.00"},
		{name: "no tip", method: "POST", path: "/v1/sales/S1/tip", body: `{"tip":0}`, status: 204, asked: "tip S1 0.00"},
		{name: "a tip that nobody named", method: "POST", path: "/v1/sales/S1/tip", body: `{}`, status: 422, has: "tip"},
		{name: "keep", method: "POST", path: "/v1/sales/S1/keep", body: `{"by":"Ana"}`, status: 200, asked: "keep S1 Ana"},
		{name: "resolve", method: "POST", path: "/v1/sales/S1/resolve", body: `{"as":"paid","reason":"on the bank's list","by":"Ana"}`, status: 200, asked: "resolve S1"},
		{name: "print", method: "POST", path: "/v1/sales/S1/print", status: 202, asked: "print S1", has: `"duplicate":true`},
		{name: "receipt", method: "GET", path: "/v1/sales/S1/receipt", status: 200, has: "CORNER SHOP"},
		{name: "receipt as picture by Accept", method: "GET", path: "/v1/sales/S1/receipt", headers: []string{"Accept", "image/png"}, status: 200, has: "\x89PNG"},
		{name: "receipt as picture by format", method: "GET", path: "/v1/sales/S1/receipt?format=png", status: 200, has: "\x89PNG"},
		{name: "receipt as text in a browser", method: "GET", path: "/v1/sales/S1/receipt?format=text", headers: []string{"Accept", "image/png"}, status: 200, has: "CORNER SHOP"},
		{name: "display", method: "PUT", path: "/v1/display", body: `{"items":[{"name":"Tea","amount":350}],"message":"Hello"}`, status: 204, asked: "display"},
		{name: "devices", method: "GET", path: "/v1/devices", status: 200, has: `"since":null`},
		{name: "queue", method: "GET", path: "/v1/queue", status: 200, asked: "queue", has: `"oldest":null`},
		{name: "retry one", method: "POST", path: "/v1/queue/R1/retry", status: 200, asked: "retry R1", has: `"requeued":3`},
		{name: "retry all", method: "POST", path: "/v1/queue/all/retry", status: 200, asked: "retry "},
		{name: "health", method: "GET", path: "/healthz", status: 200, has: `"ok"`},
		{name: "metrics", method: "GET", path: "/metrics", status: 200, has: "posd_up 1"},
		{name: "cashier page", method: "GET", path: "/", status: 200, has: "<!doctype html>"},
		{name: "customer page", method: "GET", path: "/display", status: 200, has: "<!doctype html>"},
		{name: "manager page", method: "GET", path: "/manager", status: 200, has: "<!doctype html>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.replayed = c.replayed
			f.put(sale.Sale{ID: "S0", Method: sale.Alipay, State: sale.Waiting})
			w := ask(t, New(f, options(f)), c.method, c.path, c.body, c.headers...)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if got := strings.Join(f.asked, ", "); got != c.asked {
				t.Errorf("the till was asked %q, want %q", got, c.asked)
			}
			if !strings.Contains(w.Body.String(), c.has) {
				t.Errorf("the answer lacks %q: %s", c.has, w.Body)
			}
		})
	}
}

func TestNothingIsLostOnTheWayIn(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	ask(t, h, "POST", "/v1/sales", `{"amount":2865,"currency":"CAD","method":"scan","reference":"A1","replaces":"none","authCode":"134567890123456789"}`, "Idempotency-Key", "k1")
	want := device.SellRequest{Key: "k1", Amount: 2865, Currency: "CAD", Method: sale.Scan, Reference: "A1", Replaces: "none", AuthCode: "134567890123456789"}
	if !reflect.DeepEqual(f.sell, want) {
		t.Errorf("sell: got %+v, want %+v", f.sell, want)
	}
	ask(t, h, "POST", "/v1/sales/S1/refund", `{"amount":100,"by":"Ana","reason":"broken"}`, "Idempotency-Key", "k2")
	if want := (device.GiveBackRequest{Key: "k2", Sale: "S1", Amount: 100, By: "Ana", Why: "broken"}); f.givenBack != want {
		t.Errorf("refund: got %+v, want %+v", f.givenBack, want)
	}
	ask(t, h, "POST", "/v1/sales/S1/resolve", `{"as":"declined","reason":"no money came","by":"Ana"}`)
	if want := (device.ResolveRequest{Sale: "S1", As: sale.Declined, Reason: "no money came", By: "Ana"}); f.resolved != want {
		t.Errorf("resolve: got %+v, want %+v", f.resolved, want)
	}
	ask(t, h, "PUT", "/v1/display", `{"items":[{"name":"Tea","amount":350},{"name":"Off","amount":-50}],"message":"Hello","choose":true}`)
	if !reflect.DeepEqual(f.items, []sale.Item{{Name: "Tea", Amount: 350}, {Name: "Off", Amount: -50}}) || f.message != "Hello" || !f.choose {
		t.Errorf("display: got %+v %q, choose %v", f.items, f.message, f.choose)
	}
	ask(t, h, "GET", "/v1/sales?state=unsure&method=alipay&date=2026-11-21&limit=7", "")
	if f.filter.State != sale.Unsure || f.filter.Method != sale.Alipay || f.filter.Limit != 7 || f.filter.From.Format("2006-01-02") != "2026-11-21" || f.filter.To.Day() != 22 {
		t.Errorf("list: got %+v", f.filter)
	}
}

// TestProblems holds every refusal, byte for byte: cashiers read them and programs decide by them.
func TestProblems(t *testing.T) {
	key := []string{"Idempotency-Key", "k1"}
	refused := func(kind error, other sale.ID, words string) error {
		return fmt.Errorf("sell: %w", &sale.Refusal{Kind: kind, Other: other, Words: words})
	}
	var out bytes.Buffer
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		err                      error
		status                   int
		kind                     string
	}{
		{"till busy", "POST", "/v1/sales", aSale, key, refused(sale.ErrTillBusy, "S7", "Another sale is under way: finish or cancel it first."), 409, "till-busy"},
		{"terminal held", "POST", "/v1/sales", aSale, key, refused(sale.ErrTerminalHeld, "S7", "The terminal is held by sale S7: wait until posd knows how it ended, or resolve it."), 409, "terminal-held"},
		{"same bill", "POST", "/v1/sales", aSale, key, refused(sale.ErrSameBill, "S7", "Sale S7 may be for the same bill."), 409, "same-bill"},
		{"bill paid", "POST", "/v1/sales", aSale, key, refused(sale.ErrBillPaid, "S7", "Bill A1 was paid by sale S7."), 409, "bill-paid"},
		{"key reused", "POST", "/v1/sales", aSale, key, refused(sale.ErrKeyReused, "S7", "This key belongs to sale S7."), 422, "key-reused"},
		{"invalid", "POST", "/v1/sales", aSale, key, refused(sale.ErrInvalid, "", "The terminal takes CAD only."), 422, "invalid"},
		{"unavailable", "POST", "/v1/sales", aSale, key, refused(sale.ErrUnavailable, "", "There is no terminal. Nothing was sent."), 503, "unavailable"},
		{"not possible", "POST", "/v1/sales/S1/cancel", "", nil, refused(sale.ErrNotPossible, "", "The sale is paid: void or refund it."), 409, "not-possible"},
		{"not found", "GET", "/v1/sales/S9", "", nil, nil, 404, "not-found"},
		{"not found, waiting", "GET", "/v1/sales/S9?wait=1s", "", nil, nil, 404, "not-found"},
		{"receipt of no sale", "GET", "/v1/sales/S9/receipt", "", nil, nil, 404, "not-found"},
		{"failed inside", "POST", "/v1/sales", aSale, key, errors.New("commit: disk full at /var/lib/posd"), 500, "internal"},
		{"key missing", "POST", "/v1/sales", aSale, nil, nil, 400, "key-missing"},
		{"key too long", "POST", "/v1/sales", aSale, []string{"Idempotency-Key", strings.Repeat("k", 129)}, nil, 422, "key-missing"},
		{"key not printable", "POST", "/v1/sales", aSale, []string{"Idempotency-Key", "k\u00e9"}, nil, 422, "key-missing"},
		{"refund without key", "POST", "/v1/sales/S1/refund", `{"by":"Ana"}`, nil, nil, 400, "key-missing"},
		{"amount with a point", "POST", "/v1/sales", `{"amount":28.65,"method":"card"}`, key, nil, 422, "invalid"},
		{"amount with a point and no cents", "POST", "/v1/sales", `{"amount":5.00,"method":"card"}`, key, nil, 422, "invalid"},
		{"amount with an exponent", "POST", "/v1/sales", `{"amount":1e3,"method":"card"}`, key, nil, 422, "invalid"},
		{"a discount with a point", "PUT", "/v1/display", `{"items":[{"name":"Tea","amount":5.00}]}`, nil, nil, 422, "invalid"},
		{"capitals", "POST", "/v1/sales", `{"AMOUNT":5,"method":"card"}`, key, nil, 422, "invalid"},
		{"amount zero", "POST", "/v1/sales", `{"amount":0,"method":"card"}`, key, nil, 422, "invalid"},
		{"amount too large", "POST", "/v1/sales", `{"amount":1000000000,"method":"card"}`, key, nil, 422, "invalid"},
		{"amount as text", "POST", "/v1/sales", `{"amount":"28.65","method":"card"}`, key, nil, 422, "invalid"},
		{"amount missing, method unknown", "POST", "/v1/sales", `{"method":"cash"}`, key, nil, 422, "invalid"},
		{"unknown member", "POST", "/v1/sales", `{"amount":1,"method":"card","tip":5}`, key, nil, 422, "invalid"},
		{"secret of the wrong type", "POST", "/v1/sales", `{"amount":1,"method":"scan","authCode":134567890123456789}`, key, nil, 422, "invalid"},
		{"not JSON", "POST", "/v1/sales", `amount=2865`, key, nil, 400, "malformed"},
		{"no body", "POST", "/v1/sales", ``, key, nil, 400, "malformed"},
		{"too large", "POST", "/v1/sales", `{"reference":"` + strings.Repeat("x", maxBody) + `"}`, key, nil, 413, "too-large"},
		{"refund without a name", "POST", "/v1/sales/S1/refund", `{"amount":5}`, key, nil, 422, "invalid"},
		{"refund of nothing", "POST", "/v1/sales/S1/refund", `{"amount":0,"by":"Ana"}`, key, nil, 422, "invalid"},
		{"void of nothing", "POST", "/v1/sales/S1/void", `{"amount":0,"by":"Ana"}`, key, nil, 422, "invalid"},
		{"completion of nothing", "POST", "/v1/sales/S1/complete", `{"amount":0}`, key, nil, 422, "invalid"},
		{"resolve as nothing", "POST", "/v1/sales/S1/resolve", `{"as":"unsure","reason":"r","by":"Ana"}`, nil, nil, 422, "invalid"},
		{"unknown state", "GET", "/v1/sales?state=open", "", nil, nil, 422, "invalid"},
		{"no such day", "GET", "/v1/sales?date=2026-02-30", "", nil, nil, 422, "invalid"},
		{"wait not a time", "GET", "/v1/sales/S1?wait=soon", "", nil, nil, 422, "invalid"},
		{"wait too long", "GET", "/v1/sales/S1?wait=2h", "", nil, nil, 422, "invalid"},
		{"nothing there", "GET", "/v1/bills", "", nil, nil, 404, "not-found"},
		{"return without original", "POST", "/v1/refunds", "{}", nil, nil, 422, "invalid"},
		{"wrong method", "DELETE", "/v1/sales/S1", "", nil, nil, 405, "wrong-method"},
		{"stream from nowhere", "GET", "/v1/events", "", []string{"Last-Event-ID", "x"}, nil, 400, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.err = c.err
			w := ask(t, New(f, options(f)), c.method, c.path, c.body, c.headers...)
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("not JSON: %v: %s", err, w.Body)
			}
			if w.Code != c.status || p.Status != c.status || p.Type != c.kind {
				t.Errorf("got %d, %d %q, want %d %q: %s", w.Code, p.Status, p.Type, c.status, c.kind, w.Body)
			}
			if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("Content-Type %q", ct)
			}
			if c.err == nil && len(f.asked) > 0 {
				t.Errorf("the till was asked %v", f.asked)
			}
			if strings.Contains(w.Body.String(), "disk full") || strings.Contains(w.Body.String(), "134567890123456789") {
				t.Errorf("the answer tells what it must not: %s", w.Body)
			}
			fmt.Fprintf(&out, "--- %s: %s %s\n%d %s\n", c.name, c.method, c.path, w.Code, bytes.TrimSpace(w.Body.Bytes()))
		})
	}
	golden(t, "problems.txt", out.Bytes())
}

func TestHealthAsksTheTill(t *testing.T) {
	f := newFake()
	f.deaf = errors.New("loop stuck")
	if w := ask(t, New(f, options(f)), "GET", "/healthz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("deaf till: %d", w.Code)
	}
	f.deaf, f.starting = nil, true
	if w := ask(t, New(f, options(f)), "GET", "/healthz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("starting till: %d", w.Code)
	}
	if w := ask(t, New(f, options(f)), "POST", "/v1/sales", aSale, "Idempotency-Key", "k"); w.Code != http.StatusServiceUnavailable || len(f.asked) > 0 {
		t.Errorf("sale while starting: %d, asked %v", w.Code, f.asked)
	}
}
