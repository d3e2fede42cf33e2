package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// guarded is a hub's page that wants a token, and the token.
func guarded(t *testing.T) (*site, string) {
	t.Helper()
	c := defaults()
	c.Page.Listen, c.Page.Tokens = "127.0.0.1:0", filepath.Join(t.TempDir(), "tokens")
	token, err := addToken(c.Page.Tokens, "owner")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSite(&hub{config: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.listen.Close() })
	return s, token
}

func (s *site) asks(method, path, body string, cookies ...*http.Cookie) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.guard(s.mux).ServeHTTP(w, r)
	return w.Result()
}

// logIn returns the cookie of a log-in.
func (s *site) logIn(t *testing.T, token string) *http.Cookie {
	t.Helper()
	got := s.asks("POST", "/login", url.Values{"token": {token}}.Encode())
	if all := got.Cookies(); len(all) == 1 && got.StatusCode == http.StatusSeeOther && got.Header.Get("Location") == "/" {
		return all[0]
	}
	t.Fatalf("no log-in: %s %v", got.Status, got.Header)
	return nil
}

// What a browser keeps is no token: it says nothing of one, and ends by time, by
// logging out, by a restart, and with its token.
func TestCookieIsNoToken(t *testing.T) {
	s, token := guarded(t)
	c := s.logIn(t, token)
	if strings.Contains(c.Value, token) || c.Value == digestToken(token) || len(c.Value) < 26 {
		t.Errorf("the cookie holds %q", c.Value)
	}
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != int(sessionFor.Seconds()) {
		t.Errorf("the cookie is %+v", c)
	}
	if other := s.logIn(t, token); other.Value == c.Value {
		t.Error("two log-ins have one name")
	}
	for at := range s.sessions.all {
		if strings.Contains(at, c.Value) {
			t.Error("what the cookie holds is kept as it is")
		}
	}
	may := func(what string, want int, cookies ...*http.Cookie) {
		t.Helper()
		if got := s.asks("GET", "/page.js", "", cookies...).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	may("with the cookie", http.StatusOK, c)
	may("without", http.StatusUnauthorized)
	may("with the token as cookie", http.StatusUnauthorized, &http.Cookie{Name: cookieName, Value: token})
	may("with its digest", http.StatusUnauthorized, &http.Cookie{Name: cookieName, Value: digestToken(c.Value)})
	may("with an empty cookie", http.StatusUnauthorized, &http.Cookie{Name: cookieName})

	now := time.Now()
	s.sessions.now = func() time.Time { return now }
	out := s.logIn(t, token)
	s.asks("POST", "/logout", "", out)
	may("logged out", http.StatusUnauthorized, out)
	last := s.logIn(t, token)
	now = now.Add(sessionFor - time.Second)
	may("a second before its end", http.StatusOK, last)
	now = now.Add(time.Second)
	may("at its end", http.StatusUnauthorized, last)

	mine := s.logIn(t, token)
	if err := os.WriteFile(s.h.config.Page.Tokens, []byte("another "+digestToken("t")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	may("its token was taken back", http.StatusUnauthorized, mine)
	again, _ := guarded(t)
	s = again
	may("after a restart", http.StatusUnauthorized, mine)
}

// However often somebody logs in, few log-ins are kept.
func TestSessionsAreBounded(t *testing.T) {
	s := newSessions()
	now := time.Now()
	s.now = func() time.Time { return now }
	var all []string
	for n := range sessionsMost + 10 {
		now = now.Add(time.Second)
		all = append(all, s.begin(fmt.Sprint(n)))
	}
	if len(s.all) != sessionsMost || s.tokenOf(all[0]) != "" || s.tokenOf(all[9]) != "" || s.tokenOf(all[10]) != "10" {
		t.Error(len(s.all), s.tokenOf(all[0]), s.tokenOf(all[10]))
	}
}
