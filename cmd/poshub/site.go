package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

// site is the hub's page, its lists as JSON and CSV, and its numbers. It only reads.
type site struct {
	h        *hub
	listen   net.Listener
	mux      *http.ServeMux
	sessions *sessions
}

func newSite(h *hub) (*site, error) {
	s := &site{h: h, mux: http.NewServeMux(), sessions: newSessions()}
	made, err := readTokens(h.config.Page.Tokens)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(h.config.Page.Listen)
	if ip := net.ParseIP(host); len(made) == 0 && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listen = %q leaves this machine and there is no token: make one with `poshub token create NAME`, and put TLS in front", h.config.Page.Listen)
	}
	if s.listen, err = net.Listen("tcp", h.config.Page.Listen); err != nil {
		return nil, fmt.Errorf("open the page: %w", err)
	}
	s.mux.HandleFunc("GET /api/tills", list(s, func(ctx context.Context, _ asked) ([]Till, error) { return h.books.tills(ctx) }))
	s.mux.HandleFunc("GET /api/alarms", list(s, func(ctx context.Context, _ asked) ([]Alarm, error) { return h.books.alarms(ctx) }))
	s.mux.HandleFunc("GET /api/open", list(s, func(ctx context.Context, _ asked) ([]Sale, error) { return h.books.open(ctx) }))
	s.mux.HandleFunc("GET /api/takings", list(s, func(ctx context.Context, a asked) ([]Taking, error) {
		return h.books.takings(ctx, a.or("by", "day"), a.or("from", "0000"), a.or("to", "9999"))
	}))
	s.mux.HandleFunc("GET /api/sales", list(s, func(ctx context.Context, a asked) ([]Sale, error) {
		cents, err := centsOf(a.or("amount", ""))
		if err != nil {
			return nil, err
		}
		return h.books.find(ctx, wanted{cents, a.or("last4", ""), a.or("reference", ""), a.or("order", ""), a.or("date", "")})
	}))
	s.mux.HandleFunc("GET /api/days", list(s, func(ctx context.Context, a asked) ([]Closed, error) {
		return h.books.days(ctx, a.or("date", s.today()))
	}))
	s.mux.HandleFunc("GET /api/hub", s.hub)
	s.mux.HandleFunc("GET /metrics", s.metrics)
	s.mux.HandleFunc("POST /login", s.login)
	s.mux.HandleFunc("POST /logout", s.logout)
	s.mux.Handle("GET /", pages())
	return s, nil
}

func (s *site) run(ctx context.Context) error {
	server := &http.Server{Handler: s.guard(s.mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(s.listen); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return ctx.Err()
}

// asked is what a request asks for.
type asked map[string][]string

func (a asked) or(name, usual string) string {
	if v := a[name]; len(v) > 0 && v[0] != "" {
		return v[0]
	}
	return usual
}

// list answers a list as JSON, or as CSV where format=csv asks for it.
func list[T any](s *site, ask func(context.Context, asked) ([]T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
		defer cancel()
		a := asked(r.URL.Query())
		found, err := ask(ctx, a)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		case a.or("format", "json") == "csv":
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			writeCSV(csv.NewWriter(w), found)
		default:
			writeJSON(w, found)
		}
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// writeCSV writes a line for each T, under its fields' names. A spreadsheet takes
// text that begins with = + - @ for a formula: it gets a quote in front.
func writeCSV[T any](w *csv.Writer, all []T) {
	kind := reflect.TypeFor[T]()
	var head []string
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		head = append(head, name)
	}
	w.Write(head)
	for _, one := range all {
		var line []string
		for i := range kind.NumField() {
			text := fmt.Sprint(reflect.ValueOf(one).Field(i))
			if raw, ok := reflect.ValueOf(one).Field(i).Interface().(json.RawMessage); ok {
				text = string(raw)
			}
			if reflect.ValueOf(one).Field(i).Kind() == reflect.String && text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
				text = "'" + text
			}
			line = append(line, text)
		}
		w.Write(line)
	}
	w.Flush()
}

// centsOf reads an amount as 28.65 or 2865c.
func centsOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if cents, ok := strings.CutSuffix(text, "c"); ok {
		return strconv.ParseInt(cents, 10, 64)
	}
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil || len(part) > 2 {
		return 0, fmt.Errorf("amount %q: write it as 28.65 or 2865c", text)
	}
	return n, nil
}

func (s *site) today() string {
	cal, _ := s.h.config.calendar() // judged when the file was read
	return cal.Day(time.Now())
}

// hub says how the hub itself is.
func (s *site) hub(w http.ResponseWriter, r *http.Request) {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	findings := []string{}
	for _, f := range s.h.findings {
		findings = append(findings, f.Setting+": "+f.Words)
	}
	writeJSON(w, map[string]any{
		"title": s.h.config.Title, "today": s.today(), "trouble": s.h.trouble, "writes": s.h.writes, "booked": s.h.booked,
		"behind": s.h.last - min(s.h.last, s.h.reached), "findings": findings, "version": release, "session": s.begun(r),
	})
}

// guard lets in who may: everybody on this machine until there is a token, then
// whoever shows one. What changes nothing needs no more; nothing here changes anything.
func (s *site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Cache-Control", "no-store")
		made, err := readTokens(s.h.config.Page.Tokens)
		if err != nil {
			http.Error(w, "the tokens cannot be read", http.StatusInternalServerError)
			return
		}
		if len(made) == 0 && !loopbackHost(r.Host) {
			http.Error(w, "ask by this machine's own name: localhost", http.StatusForbidden)
			return
		}
		open := r.URL.Path == "/login" || r.URL.Path == "/login.html" || r.URL.Path == "/page.css"
		if len(made) > 0 && !open && !s.shows(r, made) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/login.html", http.StatusSeeOther)
				return
			}
			http.Error(w, "show a token: Authorization: Bearer TOKEN, or log in at /login.html", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// known reports whether a token of that digest was made.
func known(digest string, made map[string]string) bool {
	for _, d := range made {
		if subtle.ConstantTimeCompare([]byte(digest), []byte(d)) == 1 {
			return true
		}
	}
	return false
}

func digestToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// readTokens reads the tokens' digests by name; a file that is not there holds none.
func readTokens(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	made := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 {
			made[f[0]] = f[1]
		}
	}
	return made, nil
}

// metrics writes the hub's numbers in Prometheus' text format.
func (s *site) metrics(w http.ResponseWriter, r *http.Request) {
	tills, err := s.h.books.tills(r.Context())
	alarms, err2 := s.h.books.alarms(r.Context())
	if err := errors.Join(err, err2); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.h.mu.Lock()
	writes, behind, booked := s.h.writes, s.h.last-min(s.h.last, s.h.reached), s.h.booked
	s.h.mu.Unlock()
	up := 0
	if writes {
		up = 1
	}
	fmt.Fprintf(w, "# TYPE poshub_writes gauge\nposhub_writes %d\n# TYPE poshub_stream_behind gauge\nposhub_stream_behind %d\n# TYPE poshub_messages_booked_total counter\nposhub_messages_booked_total %d\n# TYPE poshub_alarms gauge\nposhub_alarms %d\n", up, behind, booked, len(alarms))
	for _, m := range []struct {
		name string
		of   func(Till) int64
	}{
		{"lag_commits", func(t Till) int64 { return t.Lag }}, {"held_commits", func(t Till) int64 { return t.Held }},
		{"unsure_sales", func(t Till) int64 { return t.Unsure }}, {"incidents", func(t Till) int64 { return t.Incidents }},
		{"unreported_cents", func(t Till) int64 { return t.Unreported }},
	} {
		fmt.Fprintf(w, "# TYPE poshub_till_%s gauge\n", m.name)
		for _, t := range tills {
			fmt.Fprintf(w, "poshub_till_%s{till=%q} %d\n", m.name, t.Till, m.of(t))
		}
	}
}
