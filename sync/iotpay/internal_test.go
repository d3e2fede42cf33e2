package iotpay

import (
	"log/slog"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

func plain(t testing.TB) *Client {
	t.Helper()
	cfg := Defaults()
	cfg.MchID, cfg.JobNo, cfg.ClientIP = "10000701", "till1", "192.168.1.20"
	c, err := New(cfg, "a key that no fuzzer knows", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzAnswers feeds the client whatever a gateway, or something in its place,
// may say. Without the key nothing of it may be believed.
func FuzzAnswers(f *testing.F) {
	for _, file := range []string{"answer-alipay-pc-new.json", "answer-alipay-mobile-old.json", "answer-wx-native-table.json"} {
		text, err := os.ReadFile(testdata + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, 200)
	}
	f.Add([]byte(`{"retCode":"FAIL","retMsg":"order not exist"}`), 200)
	f.Add([]byte(`<html>`), 200)
	f.Add([]byte(``), 503)
	c := plain(f)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, endpoint := range []string{"create_order", "query_order", "refund_order", "query_refund"} {
			_, a := c.judge(endpoint, "N", exchange{sent: true, status: status, header: http.Header{}, body: body})
			switch {
			case a.Result == sale.GatewayOK || a.Verified:
				t.Fatalf("%s: believed %q: %+v", endpoint, body, a)
			case a.Result == "" || a.Result == sale.GatewayNotSent:
				t.Fatalf("%s: %q ends as %q", endpoint, body, a.Result)
			case a.Result == sale.GatewayNotFound && endpoint != "query_order" && endpoint != "query_refund":
				t.Fatalf("%s: %q is not found", endpoint, body)
			}
		}
	})
}

func TestWordsSortFailures(t *testing.T) {
	c := plain(t)
	for _, tt := range []struct {
		endpoint, words string
		result          sale.GatewayResult
		trouble         sale.Trouble
	}{
		{"query_order", "order not exist", sale.GatewayNotFound, ""},
		{"query_order", "Order Not Found", sale.GatewayNotFound, ""},
		{"query_order", "订单不存在", sale.GatewayNotFound, ""},
		{"query_refund", "refund not exist", sale.GatewayNotFound, ""},
		{"create_order", "order not exist", sale.GatewayFail, ""},
		{"refund_order", "order not exist", sale.GatewayFail, ""},
		{"create_order", "order exists", sale.GatewayExists, ""},
		{"refund_order", "refund already exists", sale.GatewayExists, ""},
		{"query_order", "order exists", sale.GatewayFail, ""},
		{"query_order", "merchant not found", sale.GatewayFail, sale.TroubleKey},
		{"query_order", "merchant does not exist, order not exist", sale.GatewayFail, sale.TroubleKey},
		{"query_order", "signature fail", sale.GatewayFail, sale.TroubleKey},
		{"query_order", "system error: order not found", sale.GatewayFail, sale.TroubleServer},
		{"query_order", "file not found", sale.GatewayFail, ""},
		{"create_order", "balance not enough", sale.GatewayFail, ""},
		{"create_order", "", sale.GatewayFail, ""},
	} {
		a := c.hear(tt.endpoint, parse(t, `{"retCode":"FAIL","retMsg":"`+tt.words+`"}`), sale.GatewayAnswer{})
		if a.Result != tt.result || a.Trouble != tt.trouble || a.Words == "" {
			t.Errorf("%s %q: %+v, want %s %q", tt.endpoint, tt.words, a, tt.result, tt.trouble)
		}
	}
}

func TestRefusalOfAnotherOrderIsNotOurs(t *testing.T) {
	c := plain(t)
	for _, tt := range []struct {
		endpoint, fields string
		want             sale.GatewayResult
	}{
		{"query_order", `"mchOrderNo":"N"`, sale.GatewayNotFound},
		{"query_order", `"mchOrderNo":"OTHER"`, sale.GatewayUnverified},
		{"query_order", `"mchOrderNo":"OTHER","payOrderId":"N"`, sale.GatewayNotFound}, // asked by payOrderId
		{"query_refund", `"mchRefundNo":"N","mchOrderNo":"OTHER"`, sale.GatewayNotFound},
		{"query_refund", `"mchRefundNo":"OTHER"`, sale.GatewayUnverified},
	} {
		a := c.hear(tt.endpoint, parse(t, `{"retCode":"FAIL","retMsg":"order not exist",`+tt.fields+`}`), sale.GatewayAnswer{No: "N"})
		if a.Result != tt.want {
			t.Errorf("%s {%s}: %+v, want %s", tt.endpoint, tt.fields, a, tt.want)
		}
	}
}

func TestCodesAreReadAsTheDocumentsSay(t *testing.T) {
	c := plain(t)
	for _, tt := range []struct {
		endpoint, fields string
		want             sale.GatewayResult
	}{
		{"create_order", `"retCode":"SUCCESS","resCode":"SUCCESS"`, sale.GatewayOK},
		{"create_order", `"retCode":"SUCCESS","resCode":"FAIL"`, sale.GatewayFail},
		{"create_order", `"retCode":"FAIL","resCode":"SUCCESS"`, sale.GatewayFail},
		{"create_order", `"retCode":"SUCCESS"`, sale.GatewayLost}, // retCode is about communication only
		{"refund_order", `"retCode":"SUCCESS"`, sale.GatewayLost},
		{"query_order", `"retCode":"SUCCESS","status":2`, sale.GatewayOK}, // here the status speaks
		{"query_order", `"retCode":"SUCCESS"`, sale.GatewayLost},
		{"query_order", `"resCode":"SUCCESS","status":2`, sale.GatewayLost},
		{"query_order", `"retCode":"success","resCode":"success"`, sale.GatewayLost},
	} {
		text, err := signed([]byte("{"+tt.fields+"}"), c.answerKey)
		if err != nil {
			t.Fatal(err)
		}
		if a := c.hear(tt.endpoint, parse(t, string(text)), sale.GatewayAnswer{}); a.Result != tt.want || !a.Verified {
			t.Errorf("%s {%s}: %+v, want %s", tt.endpoint, tt.fields, a, tt.want)
		}
	}
}

func TestBackoffIsFullJitterUnderItsCap(t *testing.T) {
	const base, longest = 500 * time.Millisecond, 4 * time.Second
	for try, ceiling := range map[int]time.Duration{0: base, 1: 2 * base, 2: 4 * base, 3: longest, 10: longest, 62: longest, 1000: longest} {
		least, most := longest, time.Duration(0)
		for range 2000 {
			d := backoff(base, longest, try, nil)
			least, most = min(least, d), max(most, d)
		}
		if most > ceiling || most < ceiling*9/10 || least > ceiling/10 {
			t.Errorf("try %d: from %s to %s, want all of 0 to %s", try, least, most, ceiling)
		}
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for text, want := range map[string]time.Duration{
			"0": time.Second, "-5": time.Second, "1": time.Second, "90": 90 * time.Second, "99999999999999": 1 << 31 * time.Second,
			in(time.Minute): time.Minute, in(-time.Hour): time.Second,
		} {
			if got, ok := retryAfter(http.Header{"Retry-After": {text}}); got != want || !ok {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
		}
		for _, text := range []string{"", "soon", "1.5"} {
			if got, ok := retryAfter(http.Header{"Retry-After": {text}}); ok {
				t.Errorf("%q: %s", text, got)
			}
		}
		if got := backoff(time.Second, 4*time.Second, 0, &http.Response{Header: http.Header{"Retry-After": {"3600"}}}); got != 4*time.Second {
			t.Errorf("an hour asked for, waits %s", got)
		}
	})
}

func TestEveryTroubleHasASentence(t *testing.T) {
	seen := map[string]sale.Trouble{}
	for _, tr := range []sale.Trouble{sale.TroubleNone, sale.TroubleDNS, sale.TroubleConnect, sale.TroubleTLS, sale.TroubleTimeout,
		sale.TroublePortal, sale.TroubleServer, sale.TroubleThrottled, sale.TroubleKey, sale.TroubleClock, "something new"} {
		words := Advice(tr)
		if other, twice := seen[words]; twice || words == "" {
			t.Errorf("%q and %q share the words %q", tr, other, words)
		}
		seen[words] = tr
	}
}
