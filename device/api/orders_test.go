package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// desk is a gateway's order API that answers as it is told.
type desk struct {
	mu     sync.Mutex
	asked  []string
	answer Order
	err    error
	slow   time.Duration
}

func (d *desk) note(format string, args ...any) (Order, error) {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, fmt.Sprintf(format, args...))
	return d.answer, d.err
}

func (d *desk) Place(_ context.Context, no string, r OrderRequest) (Order, error) {
	o, err := d.note("place %s %s %s", r.Channel, r.Amount, r.AuthCode)
	o.No = no
	return o, err
}

func (d *desk) Ask(_ context.Context, no string, refund bool) (Order, error) {
	return d.note("ask %s %t", no, refund)
}

func (d *desk) GiveBack(_ context.Context, orderNo, no string, r OrderRefund) (Order, error) {
	o, err := d.note("give back %s of %s", r.Amount, orderNo)
	o.No = no
	return o, err
}

func withDesk(d *desk) http.Handler {
	f := newFake()
	o := options(f)
	if d != nil {
		o.Orders = d
	}
	return New(f, o)
}

const anOrder = `{"channel":"ALIPAY_QR","amount":2865,"currency":"CAD"}`

func TestAnOrdersAnswerSaysWhatItProves(t *testing.T) {
	for name, c := range map[string]struct {
		answer Order
		err    error
		status int
		words  string
		again  int // requests after the same key was sent twice
	}{
		"placed":        {Order{Result: sale.GatewayOK, Placed: json.RawMessage(`{"payOrderId":"P1"}`)}, nil, 201, `"payOrderId":"P1"`, 1},
		"debit unasked": {Order{Result: sale.GatewayLost, Placed: json.RawMessage(`{}`)}, nil, 202, `"result":"lost"`, 1},
		"lost":          {Order{Result: sale.GatewayLost, Words: "no answer"}, nil, 504, "No answer. What became of it is not known: ask GET /v1/orders/K", 1},
		"unverified":    {Order{Result: sale.GatewayUnverified}, nil, 504, "ask GET /v1/orders/K", 1},
		"used before":   {Order{Result: sale.GatewayExists, Verified: true}, nil, 504, "ask GET /v1/orders/K", 1},
		"refused":       {Order{Result: sale.GatewayFail, Verified: true, Words: "no way"}, nil, 409, "The gateway refused: No way.", 1},
		"not signed":    {Order{Result: sale.GatewayFail, Words: "no way"}, nil, 504, "is not known", 1},
		"wrong":         {Order{Result: sale.GatewayNotSent, Words: "osType: missing"}, nil, 422, "OsType: missing. Nothing was sent.", 2},
		"away":          {Order{Result: sale.GatewayNotSent, Trouble: sale.TroubleDNS}, nil, 503, "Nothing was sent.", 2},
		"not asked":     {Order{}, &sale.Refusal{Kind: sale.ErrInvalid, Words: "Mask it."}, 422, "Mask it.", 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{answer: c.answer, err: c.err}
			h := withDesk(d)
			for n := range 2 {
				w := ask(t, h, "POST", "/v1/orders", anOrder, "Idempotency-Key", "k1")
				want := c.status
				if want == 201 && n == 1 {
					want = 200
				}
				if w.Code != want || !strings.Contains(w.Body.String(), c.words) {
					t.Errorf("request %d: %d, want %d and %q: %s", n+1, w.Code, want, c.words, w.Body)
				}
			}
			if len(d.asked) != c.again {
				t.Errorf("asked %q, want %d times", d.asked, c.again)
			}
		})
	}
}

func TestOrdersAreAskedAfterAndGivenBack(t *testing.T) {
	d := &desk{answer: Order{No: "K1", Result: sale.GatewayOK, Verified: true}}
	h := withDesk(d)
	for _, c := range []struct {
		method, target, body, asked string
		status                      int
	}{
		{"GET", "/v1/orders/K1", "", "ask K1 false", 200},
		{"GET", "/v1/orders/K1?refund=true", "", "ask K1 true", 200},
		{"POST", "/v1/orders/K1/refund", `{"amount":100}`, "give back 1.00 of K1", 201},
	} {
		if w := ask(t, h, c.method, c.target, c.body, "Idempotency-Key", "k"); w.Code != c.status || d.asked[len(d.asked)-1] != c.asked {
			t.Errorf("%s: %d, asked %q: %s", c.target, w.Code, d.asked, w.Body)
		}
	}
	n := len(d.asked)
	for _, c := range []struct {
		target, body, key string
		status            int
	}{
		{"/v1/orders/K1/refund", `{"amount":200}`, "k", 422}, // another body
		{"/v1/orders", anOrder, "k", 422},                    // another thing
		{"/v1/orders", anOrder, "", 400},
		{"/v1/orders", `{"channel":"ALIPAY_QR","amount":0}`, "k2", 422},
		{"/v1/orders", `{"channel":"ALIPAY_QR","amount":1,"secret":1}`, "k3", 422},
	} {
		if w := ask(t, h, "POST", c.target, c.body, "Idempotency-Key", c.key); w.Code != c.status {
			t.Errorf("%s %s: %d, want %d: %s", c.target, c.body, w.Code, c.status, w.Body)
		}
	}
	if w := ask(t, h, "POST", "/v1/orders", anOrder, "Idempotency-Key", "k4", "Origin", "http://elsewhere.example"); w.Code != 403 {
		t.Errorf("a foreign page: %d", w.Code)
	}
	if len(d.asked) != n {
		t.Errorf("asked %q", d.asked[n:])
	}
	d.answer = Order{Result: sale.GatewayNotFound, Verified: true}
	if w := ask(t, h, "GET", "/v1/orders/K9", ""); w.Code != 404 {
		t.Errorf("an unknown number: %d %s", w.Code, w.Body)
	}
	for _, c := range [][3]string{{"POST", "/v1/orders", anOrder}, {"GET", "/v1/orders/K1", ""}, {"POST", "/v1/orders/K1/refund", `{"amount":1}`}} {
		if w := ask(t, withDesk(nil), c[0], c[1], c[2], "Idempotency-Key", "k"); w.Code != 404 || !strings.Contains(w.Body.String(), "no account") {
			t.Errorf("without a gateway: %d %s", w.Code, w.Body)
		}
	}
}

func TestALostRefundMayBeTriedAgainUnderItsNumber(t *testing.T) {
	d := &desk{answer: Order{Result: sale.GatewayLost}}
	h := withDesk(d)
	try := func() string {
		w := ask(t, h, "POST", "/v1/orders/K1/refund", `{"amount":100}`, "Idempotency-Key", "k")
		return w.Body.String()
	}
	if lost := try(); !strings.Contains(lost, "?refund=true") {
		t.Error(lost)
	}
	d.answer.Result = sale.GatewayOK
	if got := try(); !strings.Contains(got, `"result":"ok"`) || len(d.asked) != 2 {
		t.Errorf("%s, asked %q", got, d.asked)
	}
}

func TestAnOrderGoesOnWhenItsCallerHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{answer: Order{Result: sale.GatewayOK}, slow: 40 * time.Second}
		h := withDesk(d)
		w := ask(t, h, "POST", "/v1/orders", anOrder, "Idempotency-Key", "k")
		if w.Code != 504 || !strings.Contains(w.Body.String(), "ask GET /v1/orders/K") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		time.Sleep(30 * time.Second)
		w = ask(t, h, "POST", "/v1/orders", anOrder, "Idempotency-Key", "k")
		if w.Code != 200 || len(d.asked) != 1 {
			t.Errorf("%d, asked %q: %s", w.Code, d.asked, w.Body)
		}
	})
}

func TestTheOldestAnswersAreForgotten(t *testing.T) {
	d := &desk{answer: Order{Result: sale.GatewayOK}}
	h := withDesk(d)
	send := func(key int) int {
		return ask(t, h, "POST", "/v1/orders", anOrder, "Idempotency-Key", fmt.Sprint(key)).Code
	}
	for k := range maxOrderRuns + 1 {
		send(k)
	}
	if code := send(maxOrderRuns); code != 200 {
		t.Errorf("the latest: %d", code)
	}
	if code := send(0); code != 201 {
		t.Errorf("the oldest: %d", code)
	}
}
