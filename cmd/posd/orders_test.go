package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"posd/device"
	"posd/device/api"
	"posd/device/sale"
	"posd/sync/iotpay"
)

// stillTill is a till of which the orders' API needs no more than that it is ready.
type stillTill struct{ api.Till }

func (stillTill) Ready() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// ordersAPI is the daemon's API before a simulated gateway; own are the till's sales.
func ordersAPI(t *testing.T, a *account, own ...sale.Sale) func(method, path, key, body string) (int, string) {
	t.Helper()
	c, err := load(a.config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := iotpay.New(c.Gateway.Config, merchantKey, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	h := api.New(stillTill{}, api.Options{Log: quiet, Subscribe: func() (<-chan device.Message, func()) { return nil, func() {} },
		Orders: &orders{desk: desk{every: time.Millisecond}, config: c, client: client,
			sales: func(context.Context, sale.Filter) ([]sale.Sale, error) { return own, nil }}})
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return func(method, path, key, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
}

func TestOrdersOverHTTPAreThoseOfTheCommands(t *testing.T) {
	a := newAccount(t)
	call := ordersAPI(t, a)
	const body = `{"channel":"ALIPAY_WAP","amount":2865,"returnUrl":"https://shop.example/back","osType":"IOS"}`
	status, text := call("POST", "/v1/orders", "k1", body)
	var o api.Order
	if err := json.Unmarshal([]byte(text), &o); err != nil || status != 201 || o.Currency != "CAD" || !strings.Contains(string(o.Placed), "http") {
		t.Fatalf("%v, %d %s", err, status, text)
	}
	if status, text = call("POST", "/v1/orders", "k1", body); status != 200 || a.State().Requests["create_order"] != 1 {
		t.Errorf("repeated: %d %s, sent %d times", status, text, a.State().Requests["create_order"])
	}
	// Another run of posd has forgotten the key, and the gateway has not forgotten the number.
	if status, text = ordersAPI(t, a)("POST", "/v1/orders", "k1", body); status != 504 || !strings.Contains(text, o.No) || len(a.State().Orders) != 1 {
		t.Errorf("in another run: %d %s, %d orders", status, text, len(a.State().Orders))
	}
	path := "/v1/orders/" + o.No
	if status, text = call("POST", path+"/refund", "r1", `{"amount":1000}`); status != 409 || !strings.Contains(text, "is not paid") {
		t.Errorf("refund before it is paid: %d %s", status, text)
	}
	if err := a.Pay(o.No); err != nil {
		t.Fatal(err)
	}
	if status, text = call("GET", path, "", ""); status != 200 || !strings.Contains(text, `"status":2`) {
		t.Errorf("paid: %d %s", status, text)
	}
	a.fault(t, "5xx-after-commit@refund_order*1")
	if status, text = call("POST", path+"/refund", "r1", `{"amount":1000}`); status != 504 || !strings.Contains(text, "?refund=true") {
		t.Errorf("a lost refund: %d %s", status, text)
	}
	if status, text = call("POST", path+"/refund", "r1", `{"amount":1000}`); status != 201 || len(a.State().Refunds) != 1 {
		t.Errorf("tried again: %d %s, %d refunds", status, text, len(a.State().Refunds))
	}
	if status, text = call("GET", "/v1/orders/NEVERUSED", "", ""); status != 404 {
		t.Errorf("an unknown number: %d %s", status, text)
	}
}

func TestOrdersOverHTTPNeverGuess(t *testing.T) {
	for _, c := range []struct {
		fault, body string
		status      int
		words       string
	}{
		{"5xx-after-commit@create_order", `{"channel":"UPI_QR","amount":100}`, 504, "ask GET /v1/orders/K"},
		{"fail=no way", `{"channel":"UPI_QR","amount":100}`, 409, "way"},
		{"", `{"channel":"WX_MICROPAY","amount":100,"authCode":"134567890123456789"}`, 202, "not asked"},
		{"fail-after-commit=no way@create_order", `{"channel":"WX_MICROPAY","amount":100,"authCode":"134567890123456789"}`, 504, "ask GET /v1/orders/K"},
		{"", `{"channel":"ALIPAY_WAP","amount":100}`, 422, "osType: missing"},
		{"", `{"channel":"PAYPAL","amount":100}`, 422, "is not a channel"},
		{"", `{"channel":"CC_PAX","amount":100,"extra":{"cardNum":"4111111111111111"}}`, 422, "last four"},
		{"", `{"channel":"CC_PAX","amount":100,"extra":{"cardNum":"XXXXXXXXXXXX1111","authNum":"123456","cardType":"V"}}`, 201, ""},
	} {
		a := newAccount(t)
		if c.fault != "" {
			a.fault(t, c.fault)
		}
		call := ordersAPI(t, a)
		for range 2 {
			status, text := call("POST", "/v1/orders", "k", c.body)
			if status != c.status && !(c.status == 201 && status == 200) || !strings.Contains(text, c.words) || strings.Contains(text, "4111111111") || strings.Contains(text, "134567890") {
				t.Errorf("%s %s: %d, want %d and %q: %s", c.fault, c.body, status, c.status, c.words, text)
			}
		}
		if n := a.State().Requests["create_order"]; n > 1 {
			t.Errorf("%s %s: sent %d times", c.fault, c.body, n)
		}
	}
}

func TestTheTillsOwnOrderIsNotGivenBackPastIt(t *testing.T) {
	a := newAccount(t)
	_, _, errs := a.order("create", "-channel", "UPI_QR", "-amount", "28.65")
	no := number(t, "order", errs)
	a.Pay(no)
	call := ordersAPI(t, a, as(sale.Paid, func(s *sale.Sale) { s.MchOrderNo = no }))
	if status, text := call("POST", "/v1/orders/"+no+"/refund", "r", `{"amount":100}`); status != 409 || !strings.Contains(text, "till's sale") || len(a.State().Refunds) != 0 {
		t.Errorf("%d %s, %d refunds", status, text, len(a.State().Refunds))
	}
}

// TestARefundOverHTTPIsNotSentAgainTooEarly: "no such refund" proves nothing while
// the first may still be on its way, in this run or from the one before.
func TestARefundOverHTTPIsNotSentAgainTooEarly(t *testing.T) {
	a := newAccount(t)
	_, _, errs := a.order("create", "-channel", "UPI_QR", "-amount", "28.65")
	order := number(t, "order", errs)
	a.Pay(order)
	c, err := load(a.config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := iotpay.New(c.Gateway.Config, merchantKey, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	run := func(began time.Time) *orders {
		return &orders{desk: desk{every: time.Millisecond, underWay: 80 * time.Second, sent: &sendings{began: began}}, config: c, client: client,
			sales: func(context.Context, sale.Filter) ([]sale.Sale, error) { return nil, nil }}
	}
	sent := func() int { return a.State().Requests["refund_order"] }

	old := run(time.Now().Add(-time.Hour))
	a.fault(t, "cut-before@refund_order*1") // it hangs on the way
	if o, err := old.GiveBack(t.Context(), order, "KFIRST", api.OrderRefund{Amount: 1000}); err != nil || o.Result == sale.GatewayOK || sent() != 1 {
		t.Fatalf("a lost refund: %+v, %v, sent %d times", o, err, sent())
	}
	for name, o := range map[string]*orders{"again in this run": old, "in a new run": run(time.Now())} {
		got, err := o.GiveBack(t.Context(), order, "KFIRST", api.OrderRefund{Amount: 1000})
		if err != nil || got.Result != sale.GatewayLost || !strings.Contains(got.Words, "on its way") || sent() != 1 {
			t.Errorf("%s: %+v, %v, sent %d times", name, got, err, sent())
		}
	}
	if o, err := run(time.Now().Add(-2*time.Minute)).GiveBack(t.Context(), order, "KFIRST", api.OrderRefund{Amount: 1000}); err != nil || o.Result != sale.GatewayOK || sent() != 2 {
		t.Errorf("later: %+v, %v, sent %d times", o, err, sent())
	}
}

func TestAnOrderOverHTTPSaysWhereTheDocumentsDisagree(t *testing.T) {
	call := ordersAPI(t, newAccount(t))
	if status, text := call("POST", "/v1/orders", "k", `{"channel":"UPI_QR","amount":100,"currency":"USD"}`); status != 201 || !strings.Contains(text, `"warnings":["USD by UPI_QR`) {
		t.Errorf("%d %s", status, text)
	}
	if status, text := call("POST", "/v1/orders", "k2", `{"channel":"UPI_QR","amount":100}`); status != 201 || strings.Contains(text, "warnings") {
		t.Errorf("%d %s", status, text)
	}
}
