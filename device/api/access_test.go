package api

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// shelf keeps tokens in memory.
type shelf struct{ list []sale.Token }

func (s *shelf) Made() bool         { return len(s.list) > 0 }
func (s *shelf) List() []sale.Token { return s.list }
func (s *shelf) Find(hash string) (sale.Token, bool) {
	for _, t := range s.list {
		if t.Hash == hash {
			return t, true
		}
	}
	return sale.Token{}, false
}
func (s *shelf) Create(ctx context.Context, r TokenRequest) (sale.Token, string, error) {
	t := s.add(r.Name, sale.ScopeSell, nil)
	s.list[len(s.list)-1].CreatedBy = sale.ActorOf(ctx).String()
	return t, "posd_" + r.Name, nil
}
func (s *shelf) Revoke(ctx context.Context, id string) (sale.Token, error) {
	for i := range s.list {
		if s.list[i].ID == id {
			s.list[i].RevokedAt, s.list[i].RevokedBy = &at, sale.ActorOf(ctx).String()
			return s.list[i], nil
		}
	}
	return sale.Token{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no such token"}
}

// add makes a token whose secret is its name.
func (s *shelf) add(name string, scopes sale.Scopes, change func(*sale.Token)) sale.Token {
	t := sale.Token{ID: "T" + name, Name: name, Hash: HashToken("posd_" + name), Scopes: scopes, CreatedAt: at}
	if change != nil {
		change(&t)
	}
	s.list = append(s.list, t)
	return t
}

// caller is one way of asking.
type caller struct {
	name    string
	headers []string
	from    string // address; socket for the unix socket
}

func callers() []caller {
	const here, lan = "127.0.0.1:40000", "192.168.1.50:40000"
	token := func(name, from string) caller {
		return caller{name, []string{"Authorization", "Bearer posd_" + name}, from}
	}
	return []caller{
		{"nothing", nil, here}, token("sell", here), token("refund", here), token("manage", here), token("read", here), token("display", here),
		token("revoked", here), token("expired", here), token("unknown", here),
		{"wrong-origin", []string{"Authorization", "Bearer posd_all", "Origin", "https://evil.example"}, here},
		{"wrong-host", []string{"Authorization", "Bearer posd_all", "Host", "evil.example"}, here},
		{"lan-nothing", nil, lan}, token("all", lan), {"socket", nil, "socket"},
		{"lan-host", []string{"Authorization", "Bearer posd_all", "Host", "192.168.1.11"}, lan},
		{"lan-named", []string{"Authorization", "Bearer posd_all", "Host", "till.local"}, lan},
		{"page-named", []string{"Authorization", "Bearer posd_sell", "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site"}, here},
		{"page-nothing", []string{"Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site"}, here},
	}
}

// matrixTill is a till with one token of each kind.
func matrixTill() (*fake, Options) {
	f := newFake()
	o := options(f)
	s := &shelf{}
	s.add("sell", sale.ScopeSell, nil)
	s.add("refund", sale.ScopeRefund, nil)
	s.add("manage", sale.ScopeManage, nil)
	s.add("read", sale.ScopeRead, nil)
	s.add("display", sale.ScopeDisplay, nil)
	s.add("all", sale.AllScopes, nil)
	s.add("revoked", sale.AllScopes, func(t *sale.Token) { t.RevokedAt = &at })
	s.add("expired", sale.AllScopes, func(t *sale.Token) { t.ExpiresAt = &at })
	o.Tokens, o.Clock = s, func() time.Time { return at }
	o.Hosts, o.Origins = []string{"till.local"}, []string{"https://shop.example"}
	return f, o
}

// TestWhoMayDoWhat holds, for every operation and every way of asking, whether
// it is let in. What is let in may still be refused for what it asks.
func TestWhoMayDoWhat(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%-34s", "")
	for _, c := range callers() {
		fmt.Fprintf(&out, " %-12s", c.name)
	}
	f, o := matrixTill()
	now := at
	o.Clock = func() time.Time { return now }
	h := New(f, o)
	for _, r := range (&handlers{till: f, Options: o}).routes() {
		if strings.HasPrefix(r.path, "/assets/") {
			continue
		}
		now = now.Add(time.Minute) // or callers from the shop's network would be told that they ask too often
		fmt.Fprintf(&out, "\n%-34s", r.method+" "+r.path)
		for _, c := range callers() {
			f.asked = nil
			status, kind := askedBy(t, h, r, c)
			word := "in"
			if status == 401 || status == 403 {
				word = fmt.Sprintf("%d", status)
				if len(f.asked) > 0 {
					t.Errorf("%s %s by %s: refused, and the till was asked %v", r.method, r.path, c.name, f.asked)
				}
			}
			if status == http.StatusTooManyRequests {
				t.Errorf("%s %s by %s: too often, which says nothing of rights", r.method, r.path, c.name)
			}
			if status >= 500 && kind != "unavailable" {
				t.Errorf("%s %s by %s: %d %s", r.method, r.path, c.name, status, kind)
			}
			fmt.Fprintf(&out, " %-12s", word)
		}
	}
	text := strings.ReplaceAll(out.String(), " \n", "\n")
	golden(t, "access.txt", []byte(strings.TrimRight(trimmed(text), "\n")+"\n"))
}

func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// askedBy asks once, of a stream its beginning.
func askedBy(t *testing.T, h http.Handler, r route, c caller) (status int, kind string) {
	path := strings.NewReplacer("{id}", "S1", "{no}", "K1", "{date}", "2026-11-21", "{$}", "").Replace(r.path)
	req := httptest.NewRequest(r.method, path, strings.NewReader("{}"))
	if r.method == "GET" {
		req = httptest.NewRequest(r.method, path, nil)
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Host, req.RemoteAddr = "localhost", c.from
	for i := 0; i < len(c.headers); i += 2 {
		if c.headers[i] == "Host" {
			req.Host = c.headers[i+1]
		} else {
			req.Header.Set(c.headers[i], c.headers[i+1])
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	if r.path == "/v1/events" {
		stop() // let in is enough
	}
	defer stop()
	if strings.HasPrefix(c.from, "192.") {
		if req.Host == "localhost" {
			req.Host = "192.168.1.10:8443"
		}
		ctx = context.WithValue(OverLAN(ctx), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 168, 1, 10), Port: 8443})
	}
	if c.from == "socket" {
		ctx = context.WithValue(ctx, http.LocalAddrContextKey, unixAddr{})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req.WithContext(ctx))
	_, kind, _ = strings.Cut(w.Body.String(), `"type":"`)
	kind, _, _ = strings.Cut(kind, `"`)
	return w.Code, kind
}

type unixAddr struct{}

func (unixAddr) Network() string { return "unix" }
func (unixAddr) String() string  { return "@" }

func TestAPageGetsItsRightsByLogIn(t *testing.T) {
	f, o := matrixTill()
	now := at
	o.Clock = func() time.Time { return now }
	h := New(f, o)
	if w := ask(t, h, "POST", "/v1/login", `{"token":"posd_unknown"}`); w.Code != 401 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("an unknown token: %d", w.Code)
	}
	w := ask(t, h, "POST", "/v1/login", `{"token":"posd_sell"}`)
	cookie := w.Header().Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie+w.Body.String(), "posd_sell") {
		t.Error("the token itself is told")
	}
	cookie, _, _ = strings.Cut(cookie, ";")
	if w := ask(t, h, "GET", "/v1/sales", "", "Cookie", cookie); w.Code != 200 {
		t.Errorf("with the cookie: %d %s", w.Code, w.Body)
	}
	if w := ask(t, h, "POST", "/v1/sales/S1/refund", `{"by":"Ana"}`, "Cookie", cookie, "Idempotency-Key", "k"); w.Code != 403 {
		t.Errorf("beyond its scope: %d %s", w.Code, w.Body)
	}
	now = now.Add(sessionFor)
	if w := ask(t, h, "GET", "/v1/sales", "", "Cookie", cookie); w.Code != 401 {
		t.Errorf("after its time: %d", w.Code)
	}
	now = at
	o.Tokens.Revoke(t.Context(), "Tsell")
	if w := ask(t, h, "GET", "/v1/sales", "", "Cookie", cookie); w.Code != 401 || !strings.Contains(w.Body.String(), "revoked") {
		t.Errorf("revoked: %d %s", w.Code, w.Body)
	}
	ask(t, h, "POST", "/v1/logout", "", "Cookie", cookie)
	if w := ask(t, h, "GET", "/v1/sales", "", "Cookie", cookie); w.Code != 401 || strings.Contains(w.Body.String(), "revoked") {
		t.Errorf("logged out: %d %s", w.Code, w.Body)
	}
}
