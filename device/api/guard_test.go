package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOnlyThisCounterMayAsk(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
	}{
		{"loopback address", "GET", "/v1/queue", []string{"Host", "127.0.0.1:8480"}, 200},
		{"another loopback address", "GET", "/v1/queue", []string{"Host", "127.9.9.9"}, 200},
		{"localhost", "GET", "/v1/queue", []string{"Host", "LocalHost:8480"}, 200},
		{"IPv6 loopback", "GET", "/v1/queue", []string{"Host", "[::1]:8480"}, 200},
		{"IPv6 loopback without port", "GET", "/v1/queue", []string{"Host", "[::1]"}, 200},
		{"a name that may point anywhere", "GET", "/v1/queue", []string{"Host", "evil.example:8480"}, 403},
		{"a name that begins like ours", "GET", "/v1/queue", []string{"Host", "localhost.evil.example"}, 403},
		{"the box's address in the network", "GET", "/", []string{"Host", "192.168.1.20:8480"}, 403},
		{"no host", "GET", "/v1/queue", []string{"Host", " "}, 403},
		{"our own page", "POST", "/v1/sales/S1/cancel", []string{"Origin", "http://127.0.0.1:8480", "Sec-Fetch-Site", "same-origin"}, 202},
		{"a foreign page", "POST", "/v1/sales/S1/cancel", []string{"Origin", "https://evil.example"}, 403},
		{"a page on another port here", "POST", "/v1/sales/S1/cancel", []string{"Origin", "http://127.0.0.1:3000"}, 403},
		{"a page without an origin", "POST", "/v1/sales/S1/cancel", []string{"Origin", "null"}, 403},
		{"a foreign page reading", "GET", "/v1/queue", []string{"Origin", "https://evil.example"}, 403},
		{"a foreign page's image", "GET", "/v1/queue", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"}, 403},
		{"a foreign page's frame", "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a link followed by a person", "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
		{"a form", "POST", "/v1/sales/S1/cancel", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"text", "POST", "/v1/sales/S1/cancel", []string{"Content-Type", "text/plain"}, 415},
		{"JSON with a charset", "POST", "/v1/sales/S1/cancel", []string{"Content-Type", "application/json; charset=utf-8"}, 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			w := ask(t, New(f, options(f)), c.method, c.path, "", c.headers...)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if c.status >= 400 && len(f.asked) > 0 {
				t.Errorf("the till was asked %v", f.asked)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("another origin is allowed to read")
			}
		})
	}
}

func TestBodyWithoutTypeIsRefused(t *testing.T) {
	f := newFake()
	r := httptest.NewRequest("POST", "/v1/sales", strings.NewReader(aSale))
	r.Host = "localhost"
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	New(f, options(f)).ServeHTTP(w, r)
	if w.Code != http.StatusUnsupportedMediaType || len(f.asked) > 0 {
		t.Errorf("status %d, asked %v: %s", w.Code, f.asked, w.Body)
	}
}

func TestUnixSocketNeedsNoHost(t *testing.T) {
	f := newFake()
	path := filepath.Join(t.TempDir(), "posd.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := Server(t.Context(), New(f, options(f)), slog.New(slog.DiscardHandler))
	go srv.Serve(l)
	defer srv.Close()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr}).Get("http://posd/v1/queue")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestListenAllowed(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:8480": true, "[::1]:8480": true, "localhost:8480": true, "127.0.0.1:0": true,
		"0.0.0.0:8480": false, ":8480": false, "[::]:8480": false, "192.168.1.20:8480": false, "till.local:8480": false, "8480": false, "": false,
	} {
		err := ListenAllowed(addr)
		if (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%q: no remedy in %q", addr, err)
		}
	}
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	for _, p := range []string{"/", "/display", "/manager"} {
		w := ask(t, h, "GET", p, "")
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", p, csp)
		}
		body := w.Body.String()
		for _, bad := range []string{"http://", "https://", "style=", "onclick=", "<style"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", p, bad)
			}
		}
		again := ask(t, h, "GET", p, "", "If-None-Match", w.Header().Get("ETag"))
		if again.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", p, again.Code)
		}
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	f := newFake()
	o := options(f)
	var log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	o.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
	w := ask(t, New(f, o), "GET", "/metrics", "")
	if w.Code != 500 || !strings.Contains(log.String(), "boom") || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("%d %s\n%s", w.Code, w.Body, log.String())
	}
}

// limited is a connection that notes whether it was written to without a deadline.
type limited struct {
	*httptest.ResponseRecorder
	set, late bool
}

func (l *limited) SetWriteDeadline(time.Time) error { l.set = true; return nil }
func (l *limited) WriteHeader(status int) {
	l.late = l.late || !l.set
	l.ResponseRecorder.WriteHeader(status)
}
func (l *limited) Write(b []byte) (int, error) {
	l.late = l.late || !l.set
	return l.ResponseRecorder.Write(b)
}

func TestEveryAnswerHasADeadlineOfItsOwn(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	for path, host := range map[string]string{"/": "localhost", "/v1/queue": "localhost", "/v1/sales/S1?wait=1s": "localhost", "/nowhere": "localhost", "/healthz": "evil.example", "/v1/events": "evil.example"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = host
		w := &limited{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, r)
		if !w.set || w.late {
			t.Errorf("%s from %s: deadline set %v, written before %v", path, host, w.set, w.late)
		}
	}
}

func TestTooManyAtOnceAreTurnedAway(t *testing.T) {
	f := newFake()
	o := options(f)
	entered, leave := make(chan struct{}), make(chan struct{})
	o.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave })
	h := New(f, o)
	for i := range maxAtOnce {
		go h.ServeHTTP(httptest.NewRecorder(), func() *http.Request {
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.Host, r.RemoteAddr = "localhost", fmt.Sprintf("127.0.0.%d:1", 1+i%2)
			return r
		}())
		<-entered
	}
	if w := ask(t, h, "GET", "/healthz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", w.Code)
	}
	close(leave)
}
