package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"posd/device/sale"
)

// Lent are the receipts that customers may fetch: a paid sale's code on the glass holds
// the address of its receipt, on a listener of its own that serves nothing else, in
// clear, to whoever is in the shop's network and has the address.
//
//	glass: QR of http://192.168.1.10:8481/r/TOKEN --> phone --> the receipt as it is printed
//
// A token is 26 random letters (130 bits), made when the sale is paid, good for a while,
// and kept in memory alone: after a restart nothing is lent.
type Lent struct {
	o LentOptions

	mu     sync.Mutex
	tokens map[string]loan // by token
	given  []string        // tokens, oldest first
}

// LentOptions are what receipts are lent by.
type LentOptions struct {
	Address  string        // host and port that customers' telephones reach
	For      time.Duration // how long a receipt can be fetched
	Shop     string
	Language sale.Language // of what is said where there is no receipt
	Log      *slog.Logger
	Clock    func() time.Time
	// Text and PNG show the customer's receipt of a sale.
	Text func(ctx context.Context, id sale.ID) (string, error)
	PNG  func(ctx context.Context, id sale.ID) ([]byte, error)
}

// loan is one receipt that can be fetched.
type loan struct {
	id    sale.ID
	until time.Time
}

const (
	mostLent    = 512 // the newest; older ones are gone before their time
	mostFetches = 8   // under way at once: drawing is work
)

// Lend returns a Lent of nothing yet.
func Lend(o LentOptions) *Lent { return &Lent{o: o, tokens: map[string]loan{}} }

// address is where the receipt of a sale can be fetched, the same for every page that shows it.
func (l *Lent) address(id sale.ID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Clock()
	for i := len(l.given) - 1; i >= 0; i-- {
		if t := l.given[i]; l.tokens[t].id == id && now.Before(l.tokens[t].until) {
			return l.url(t)
		}
	}
	t := rand.Text()
	l.tokens[t] = loan{id, now.Add(l.o.For)}
	l.given = append(l.given, t)
	for len(l.given) > mostLent || now.After(l.tokens[l.given[0]].until) {
		delete(l.tokens, l.given[0])
		l.given = l.given[1:]
	}
	return l.url(t)
}

func (l *Lent) url(token string) string { return "http://" + l.o.Address + "/r/" + token }

// find returns whose receipt a token is for, while it is lent.
func (l *Lent) find(token string) (sale.ID, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.tokens[token]
	return found.id, ok && l.o.Clock().Before(found.until)
}

// gone says that there is no receipt here, the same whatever was wrong.
var gone = map[sale.Language]string{
	sale.English:            "This receipt is no longer here. Please ask at the till.",
	sale.French:             "Ce reçu n’est plus ici. Adressez-vous à la caisse.",
	sale.ChineseSimplified:  "此收据已不在此处，请咨询收银员。",
	sale.ChineseTraditional: "此收據已不在此處，請向收銀員查詢。",
}

// Server returns the server of what is lent, with its limits.
func (l *Lent) Server(ctx context.Context) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /r/{token}", l.page)
	mux.HandleFunc("GET /r/{token}/receipt.png", l.picture)
	mux.HandleFunc("/", l.nothing)
	places := make(chan struct{}, mostFetches)
	limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			mux.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return &http.Server{
		Handler: limited, ReadTimeout: 5 * time.Second, WriteTimeout: requestLimit, IdleTimeout: 10 * time.Second, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(l.o.Log.Handler(), slog.LevelDebug),
	}
}

// page is a receipt as its paper looks, and in words for who cannot see it.
func (l *Lent) page(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	id, ok := l.find(token)
	if !ok {
		l.nothing(w, r)
		return
	}
	text, err := l.o.Text(r.Context(), id)
	if err != nil {
		l.fail(w, r, id, err)
		return
	}
	l.write(w, http.StatusOK, fmt.Sprintf("<img src=\"/r/%s/receipt.png\" alt=\"%s\">", token, html.EscapeString(text)))
}

// picture is the receipt itself.
func (l *Lent) picture(w http.ResponseWriter, r *http.Request) {
	id, ok := l.find(r.PathValue("token"))
	if !ok {
		l.nothing(w, r)
		return
	}
	body, err := l.o.PNG(r.Context(), id)
	if err != nil {
		l.fail(w, r, id, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(body) // the customer may be gone
}

// nothing is all that anybody sees who has no token that is good.
func (l *Lent) nothing(w http.ResponseWriter, _ *http.Request) {
	l.write(w, http.StatusNotFound, "<p>"+gone[l.o.Language]+"</p>")
}

// fail says no more than nothing does; the log says why.
func (l *Lent) fail(w http.ResponseWriter, r *http.Request, id sale.ID, err error) {
	if !errors.Is(err, context.Canceled) {
		l.o.Log.Error("receipt not lent", "sale", id, "err", err)
	}
	l.nothing(w, r)
}

func (l *Lent) write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n%s\n</html>\n",
		l.o.Language, html.EscapeString(l.o.Shop), body)
}
