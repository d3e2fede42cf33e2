package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	cookieName = "poshub"
	// sessionFor is how long a log-in lasts.
	sessionFor = 12 * time.Hour
	// sessionsMost is how many log-ins there are at once; the one that ends first makes room.
	sessionsMost = 1000
)

// sessions are the log-ins of browsers. A cookie holds a random name, and only its
// digest is kept, in memory alone: what a browser stored opens nothing after its end,
// after a restart, or once its token is taken back.
type sessions struct {
	mu  sync.Mutex
	now func() time.Time
	all map[string]session // by the digest of the cookie
}

type session struct {
	token string // its digest
	until time.Time
}

func newSessions() *sessions { return &sessions{now: time.Now, all: map[string]session{}} }

// begin begins a log-in by a token of that digest and returns what its cookie holds.
func (s *sessions) begin(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := ""
	for at, one := range s.all {
		if !s.now().Before(one.until) {
			delete(s.all, at)
		} else if first == "" || one.until.Before(s.all[first].until) {
			first = at
		}
	}
	if len(s.all) >= sessionsMost {
		delete(s.all, first)
	}
	id := rand.Text()
	s.all[digestToken(id)] = session{token, s.now().Add(sessionFor)}
	return id
}

// tokenOf returns the digest of the token that began a log-in, empty if there is none, or none any more.
func (s *sessions) tokenOf(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, there := s.all[digestToken(id)]
	if !there || !s.now().Before(one.until) {
		return ""
	}
	return one.token
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, digestToken(id))
}

func cookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// shows reports whether a request shows one of the tokens, or the cookie of a log-in by one.
func (s *site) shows(r *http.Request, made map[string]string) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return known(digestToken(token), made)
	}
	c, err := r.Cookie(cookieName)
	return err == nil && known(s.sessions.tokenOf(c.Value), made)
}

// begun reports whether a request comes with a log-in that can be ended.
func (s *site) begun(r *http.Request) bool {
	c, err := r.Cookie(cookieName)
	return err == nil && s.sessions.tokenOf(c.Value) != ""
}

// login begins a session for who shows a token in the form.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	made, err := readTokens(s.h.config.Page.Tokens)
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	token := digestToken(strings.TrimSpace(r.PostFormValue("token")))
	if err != nil || !known(token, made) {
		time.Sleep(time.Second) // guessing takes its time
		http.Redirect(w, r, "/login.html?wrong", http.StatusSeeOther)
		return
	}
	http.SetCookie(w, cookie(r, s.sessions.begin(token), sessionFor))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		s.sessions.end(c.Value)
	}
	http.SetCookie(w, cookie(r, "", -time.Second))
	http.Redirect(w, r, "/login.html", http.StatusSeeOther)
}
