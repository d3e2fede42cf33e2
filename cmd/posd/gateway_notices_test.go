package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"posd/device/sale"
)

// TestNotificationsReachTheProcessBesideSlowCallers: in every form that the gateway has
// been heard to send one in, while strangers hold every connection there is. The gateway
// has asked for five minutes of patience, so nothing but a notification makes posd ask.
func TestNotificationsReachTheProcessBesideSlowCallers(t *testing.T) {
	at := freeAddr(t)
	g := newFakeGateway(t)
	s := newShop(t, "code_shown_for = \"3s\"\n"+g.section()+fmt.Sprintf("notify_listen = %q\nnotify_url = \"http://%s/iotpay\"\n", at, at))
	paid := map[string]bool{}
	g.set(func() {
		g.odd = func(c fakeCall) fakeSays {
			if c.what == "query_order" && c.no != "" && g.orders[c.no] != nil && !paid[c.no] {
				return fakeSays{code: http.StatusTooManyRequests, body: "slow down", after: "300"}
			}
			return fakeSays{}
		}
	})
	asked := func(no string) (n int) {
		g.set(func() { n = g.sent["query_order "+no] })
		return n
	}
	for _, begun := range []string{"", "POST /iotpay HTTP/1.1\r\nHost: x\r\n", "POST /iotpay HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nparams="} {
		for range 2 * maxCallers {
			c, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			if _, err := io.WriteString(c, begun); err != nil {
				continue // it has lost its place to a later one
			}
		}
	}
	for name, send := range map[string]func(url.Values) (*http.Request, error){
		"a form":                     func(v url.Values) (*http.Request, error) { return posted(at, "", v.Encode()) },
		"the query of an empty post": func(v url.Values) (*http.Request, error) { return posted(at, "?"+v.Encode(), "") },
		"the query of a get": func(v url.Values) (*http.Request, error) {
			return http.NewRequest("GET", "http://"+at+"/iotpay?"+v.Encode(), nil)
		},
		"the field params": func(v url.Values) (*http.Request, error) {
			return posted(at, "", url.Values{"params": {object(v)}}.Encode())
		},
		"an object":                   func(v url.Values) (*http.Request, error) { return posted(at, "", object(v)) },
		"a member more, in PHP's way": func(v url.Values) (*http.Request, error) { return posted(at, "", signedAgain(v, "Zone", "x").Encode()) },
	} {
		made := s.ask("wechat", 1000, "")
		no := s.until(made.ID, "asked about", func(v sale.Sale) bool { return v.MchOrderNo != "" && asked(v.MchOrderNo) == 1 }).MchOrderNo
		told := url.Values{"mchId": {"10000701"}, "mchOrderNo": {no}, "payOrderId": {"P" + no}, "channelId": {"WX_NATIVE"}, "currency": {"CAD"}, "amount": {"1000"}, "status": {"2"}, "backType": {"2"}}
		forged := signedAgain(told)
		forged.Set("amount", "1")
		if code, body := noticed(t, send, forged, name); name != "a member more, in PHP's way" && (code != http.StatusForbidden || asked(no) != 1) {
			t.Errorf("forged, %s: %d %s, and it was asked %d times", name, code, body, asked(no))
		}
		g.set(func() { paid[no] = true })
		if code, body := noticed(t, send, signedAgain(told), name); code != http.StatusOK || body != "success" {
			t.Errorf("%s: %d %q", name, code, body)
		}
		if v := s.until(made.ID, "paid", func(v sale.Sale) bool { return v.State == sale.Paid }); asked(no) < 2 {
			t.Errorf("%s: %s without being asked about", name, v.State)
		}
	}
}

// noticed sends a notification on a connection of its own.
func noticed(t *testing.T, send func(url.Values) (*http.Request, error), v url.Values, name string) (int, string) {
	t.Helper()
	r, err := send(v)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return res.StatusCode, string(body)
}

func posted(at, query, body string) (*http.Request, error) {
	r, err := http.NewRequest("POST", "http://"+at+"/iotpay"+query, strings.NewReader(body))
	if err == nil && body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}

// signedAgain is v with more in it, signed; with more, in the order of PHP's sort.
func signedAgain(v url.Values, more ...string) url.Values {
	f, out := map[string]any{}, url.Values{}
	for name := range v {
		f[name] = v.Get(name)
	}
	for i := 0; i < len(more); i += 2 {
		f[more[i]] = more[i+1]
	}
	f["sign"] = fakeSign(f, fakeAnswerKey, len(more) > 0)
	for name, value := range f {
		out.Set(name, value.(string))
	}
	return out
}

func object(v url.Values) string {
	flat := map[string]string{}
	for name := range v {
		flat[name] = v.Get(name)
	}
	text, _ := json.Marshal(flat)
	return string(text)
}
