package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestANamedOriginMayAskByToken, and reads what it is answered; any other reads
// nothing, and its question before a request is refused.
func TestANamedOriginMayAskByToken(t *testing.T) {
	f, o := matrixTill()
	h := New(f, o)
	for _, c := range []struct {
		origin string
		status int
	}{{"https://shop.example", 204}, {"https://shop.example.evil", 403}, {"http://shop.example", 403}, {"null", 403}} {
		w := ask(t, h, "OPTIONS", "/v1/sales", "", "Origin", c.origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,idempotency-key")
		allowed := w.Header().Get("Access-Control-Allow-Origin")
		if w.Code != c.status || (allowed == c.origin) != (c.status == 204) || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d, %q %v", c.origin, w.Code, allowed, w.Header())
		}
		if w.Header().Get("Vary") != "Origin" {
			t.Errorf("%s: a cache may give it to others", c.origin)
		}
	}
	w := ask(t, h, "GET", "/v1/sales/none", "", "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer posd_sell")
	if w.Code != 404 || w.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("a refusal that the page cannot read: %d %v", w.Code, w.Header())
	}
	if w := ask(t, h, "OPTIONS", "/v1/sales", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST", "Host", "evil.example"); w.Code != 403 {
		t.Errorf("by another name: %d", w.Code)
	}
}

// TestTheNetworkIsSlowedByClient: one that asks without pause is told so, and
// nobody else is; this box is not slowed.
func TestTheNetworkIsSlowedByClient(t *testing.T) {
	f, o := matrixTill()
	now := at
	o.Clock = func() time.Time { return now }
	h := New(f, o)
	get := func(from string, lan bool) int {
		r := httptest.NewRequest("GET", "/v1/devices", nil)
		r.Host, r.RemoteAddr = "192.168.1.10:8443", from+":5000"
		ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(192, 168, 1, 10), Port: 8443}))
		if lan {
			ctx = OverLAN(ctx)
		} else {
			r.Host = "localhost"
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(ctx))
		return w.Code
	}
	slowed := 0
	for range lanBurst + 50 {
		if get("192.168.1.66", true) == http.StatusTooManyRequests {
			slowed++
		}
		if code := get("127.0.0.1", false); code == http.StatusTooManyRequests {
			t.Fatal("this box is slowed")
		}
	}
	if slowed != 50 {
		t.Errorf("%d of %d were slowed, want 50", slowed, lanBurst+50)
	}
	if get("192.168.1.67", true) == http.StatusTooManyRequests {
		t.Error("another client is slowed with it")
	}
	now = now.Add(time.Second)
	if get("192.168.1.66", true) == http.StatusTooManyRequests {
		t.Error("it is slowed for ever")
	}
	for i := range 3 * maxClients { // what is remembered is bounded
		get(fmt.Sprintf("10.0.%d.%d", i/250, i%250), true)
	}
}

// TestOneClientCannotTakeEveryStream: half of the places are left to others.
func TestOneClientCannotTakeEveryStream(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begin := func(from string) int {
		r := httptest.NewRequest("GET", "/v1/events", nil).WithContext(ctx)
		r.Host, r.RemoteAddr = "localhost", from+":1"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for range maxLong / 2 {
		go begin("127.0.0.1")
	}
	for f.listeners() < maxLong/2 {
		time.Sleep(time.Millisecond) // polls, does not time
	}
	if code := begin("127.0.0.1"); code != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", code)
	}
	go begin("127.0.0.2")
	for f.listeners() < maxLong/2+1 {
		time.Sleep(time.Millisecond)
	}
}

func TestLANAllowed(t *testing.T) {
	for addr, ok := range map[string]bool{
		"192.168.1.10:8443": true, "10.0.0.2:8443": true, "[fd00::1]:8443": true,
		"0.0.0.0:8443": false, "8.8.8.8:8443": false, "192.168.1.10": false, "till.local:8443": false, "": false,
	} {
		if err := LANAllowed(addr); (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
	}
}
