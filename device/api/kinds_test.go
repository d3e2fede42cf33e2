package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
)

func TestKindsOfCardTransaction(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	key := []string{"Idempotency-Key", "k"}
	for _, c := range []struct {
		path, body string
		status     int
		want       device.SellRequest
	}{
		{"/v1/sales", `{"amount":5000,"method":"card","kind":"auth","tender":"credit","allowDuplicate":true}`, 201,
			device.SellRequest{Key: "k", Amount: 5000, Method: sale.Card, Kind: sale.CardAuth, Tender: sale.Credit, AllowDuplicate: true}},
		{"/v1/sales/S1/complete", `{"amount":4200}`, 201,
			device.SellRequest{Key: "k", Amount: 4200, Method: sale.Card, Kind: sale.CardComplete, Original: "S1"}},
		{"/v1/sales/S1/complete", `{}`, 201, device.SellRequest{Key: "k", Method: sale.Card, Kind: sale.CardComplete, Original: "S1"}},
		{"/v1/refunds", `{"amount":1500,"by":"Ana","reason":"broken cup","reference":"R1"}`, 201,
			device.SellRequest{Key: "k", Amount: 1500, Method: sale.Card, Kind: sale.CardReturn, Reference: "R1", By: "Ana", Why: "broken cup"}},
		{"/v1/refunds", `{"amount":1500}`, 422, device.SellRequest{}},
		{"/v1/refunds", `{"amount":1500,"by":"Ana","replaces":"S1"}`, 422, device.SellRequest{}},
		{"/v1/sales", `{"amount":1500,"method":"card","kind":"return"}`, 422, device.SellRequest{}},
	} {
		f.sell = device.SellRequest{}
		if w := ask(t, h, "POST", c.path, c.body, key...); w.Code != c.status || !reflect.DeepEqual(f.sell, c.want) {
			t.Errorf("%s %s: %d, asked %+v\n%s", c.path, c.body, w.Code, f.sell, w.Body)
		}
	}
	if w := ask(t, h, "POST", "/v1/refunds", `{"amount":1500,"by":"Ana"}`); w.Code != 400 || !strings.Contains(w.Body.String(), "key-missing") {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
}

func TestUploadIsToldByAPerson(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	if w := ask(t, h, "POST", "/v1/sales/S1/upload", `{"upload":"refused","by":"Ana","reason":"terminal's list"}`); w.Code != 200 || !slices.Contains(f.asked, "upload S1 refused by Ana (terminal's list)") {
		t.Errorf("%d %s; asked %q", w.Code, w.Body, f.asked)
	}
	if w := ask(t, h, "POST", "/v1/sales/S1/upload", `{"upload":"maybe","by":"Ana"}`); w.Code != 422 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestDayIsClosedAndItsReportFoundByNumber(t *testing.T) {
	f := newFake()
	f.closedOn = at.Format(time.DateOnly)
	h := New(f, options(f))
	if w := ask(t, h, "POST", "/v1/day/close", `{"by":"Ana","withoutTerminal":true}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"no":12`) ||
		!slices.Contains(f.asked, "close by Ana, without terminal true") {
		t.Errorf("%d %s; asked %q", w.Code, w.Body, f.asked)
	}
	if w := ask(t, h, "POST", "/v1/day/close", `{}`); w.Code != 422 {
		t.Errorf("without a name: %d %s", w.Code, w.Body)
	}
	if w := ask(t, h, "GET", "/v1/reports/Z7?format=text", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "Z REPORT 7") || !slices.Contains(f.asked, "closed day 7") {
		t.Errorf("%d %s; asked %q", w.Code, w.Body, f.asked)
	}
	if w := ask(t, h, "GET", "/v1/reports/today", ""); !strings.Contains(w.Body.String(), `"closed":[11,12]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, name := range []string{"z0", "z", "z-1", "z1x"} {
		if w := ask(t, h, "GET", "/v1/reports/"+name, ""); w.Code != 422 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	f.err = &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no closed day 7"}
	if w := ask(t, h, "GET", "/v1/reports/z7", ""); w.Code != 404 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f.err = &sale.Refusal{Kind: sale.ErrTerminalHeld, Other: "S1", Words: "a void has not ended"}
	if w := ask(t, h, "POST", "/v1/day/close", `{"by":"Ana"}`); w.Code != 409 || !strings.Contains(w.Body.String(), "terminal-held") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestACloseOfMinutesIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.onClose = func() { time.Sleep(10 * time.Minute) }
		code, body, err := overPipes(t, New(f, options(f)))(t.Context(), "/v1/day/close", `{"by":"Ana"}`)
		if err != nil || code != 200 || !strings.Contains(body, `"no":12`) {
			t.Errorf("%d %s %v", code, body, err)
		}
	})
}
