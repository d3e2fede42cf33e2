package paxsim

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"posd/pax"
)

// HTTP answers GET /?<base64 of a frame> with the frame of the response, as a
// terminal does: no ACK, NAK or EOT. A request that a terminal would not
// acknowledge is left without an answer.
func (t *Terminal) HTTP() http.Handler { return t.overHTTP(false) }

// HTTPCancels takes A14 and nothing else, as HTTP does for all other requests.
func (t *Terminal) HTTPCancels() http.Handler { return t.overHTTP(true) }

func (t *Terminal) overHTTP(cancels bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, ok := unwrap(r.URL.RawQuery)
		if !ok {
			http.Error(w, "write ?<base64 of the frame>", http.StatusBadRequest)
			return
		}
		if t.deaf() || t.fault("dead", q.command) != nil || t.fault("busy", q.command) != nil || cancels && q.command != "A14" || !cancels && t.underWay() {
			hangUp(r.Context())
		}
		t.count(q.command)
		body, ok := t.do(q)
		if !ok || t.fault("lose-answer", q.command) != nil || t.fault("eot-for-answer", q.command) != nil {
			hangUp(r.Context())
		}
		if t.fault("no-header", q.command) != nil {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			conn.Write(frame(body)) // and nothing else
			conn.Close()
			return
		}
		f := frame(body)
		if t.fault("bad-lrc-once", q.command) != nil || t.fault("bad-lrc-always", q.command) != nil {
			f[len(f)-1] ^= 0x5A
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "text/plain")
		w.Write(f)
	})
}

// do does a request. A transaction goes on if the other side vanishes.
func (t *Terminal) do(q request) ([]byte, bool) {
	switch {
	case q.command == "A14":
		t.cancelRunning()
		return reply(t.opt.Version, "A15", "000000", "OK"), true
	case q.command[0] == 'T':
		return t.run(context.Background(), t.begin(q))
	}
	return t.answer(q), true
}

// hangUp ends a request without an answer.
func hangUp(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
	}
	panic(http.ErrAbortHandler)
}

// unwrap takes the frame out of a query; some clients percent-encode it.
func unwrap(query string) (request, bool) {
	if plain, err := url.PathUnescape(query); err == nil {
		query = plain
	}
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(query, " ", "+"))
	if err != nil {
		return request{}, false
	}
	var s pax.Scanner
	tok, _ := s.Next(raw)
	if tok.Kind != pax.TokenFrame {
		return request{}, false
	}
	return parseRequest(tok.Body), true
}
