package poslink

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"posd/device/door"
	"posd/pax"
)

// serveHTTP serves registers that speak the protocol over HTTP:
//
//	GET /?AlQwMBwxLjQzHDAx... -> 200, STX 0 FS T01 ... ETX LRC
func (s *Server) serveHTTP(ctx context.Context, l net.Listener) error {
	var gate door.Gate
	defer gate.Shut()
	web := func(w http.ResponseWriter, r *http.Request) {
		if !gate.Enter() {
			http.Error(w, "posd is stopping", http.StatusServiceUnavailable)
			return
		}
		defer gate.Leave()
		s.web(w, r)
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(web), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	srv.SetKeepAlivesEnabled(false) // one frame a connection, as terminals do
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(l)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *Server) web(w http.ResponseWriter, r *http.Request) {
	if !s.c.Admits(w, r) {
		http.Error(w, "this address or page is not on the list of registers", http.StatusForbidden)
		return
	}
	if !s.admit(r.RemoteAddr) {
		http.Error(w, "too many registers are connected", http.StatusServiceUnavailable)
		return
	}
	defer func() { <-s.places }()
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet:
	default:
		w.Header().Set("Allow", "GET, OPTIONS")
		http.Error(w, "ask by GET", http.StatusMethodNotAllowed)
		return
	}
	body, err := frameOf(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	client := host(r.RemoteAddr)
	answer, x := s.answerTo(r.Context(), client, body)
	if answer == nil {
		http.Error(w, "the frame is not understood", http.StatusBadRequest)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=us-ascii")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	_, err = w.Write(answer)
	if flush := http.NewResponseController(w).Flush(); err == nil && flush == nil && r.Context().Err() == nil && x != nil {
		s.desk.delivered(x) // as far as HTTP can say
	}
}

var errNoFrame = errors.New("the query is no frame in base64")

// frameOf reads the frame out of a query. Registers write base64 raw, with white
// space in it, escaped, or by the alphabet for URLs.
func frameOf(query string) ([]byte, error) {
	if strings.Contains(query, "%") {
		plain, err := url.PathUnescape(query)
		if err != nil {
			return nil, errNoFrame
		}
		query = plain
	}
	query = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, query)
	frame, err := base64.RawStdEncoding.DecodeString(query)
	if err != nil || len(frame) < 4 || len(frame) > maxRequest || frame[0] != pax.STX {
		return nil, errNoFrame
	}
	end := bytes.IndexByte(frame, pax.ETX)
	if end < 0 {
		return nil, errNoFrame
	}
	want := pax.LRC(frame[1 : end+1])
	switch rest := frame[end+1:]; {
	case len(rest) == 0 && trimmed(want), len(rest) > 0 && (rest[0] == want || want == 0 && rest[0] == '0'):
		return frame[1:end], nil
	}
	return nil, errors.New("the frame's check byte is wrong")
}
