package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"posd/device/sale"
)

// Limits of one request and of all together. A counter has a handful of
// clients: whoever needs more is not a counter.
const (
	maxBody      = 64 << 10
	maxHeader    = 16 << 10
	maxAtOnce    = 256
	maxWait      = 60 * time.Second // of GET /v1/sales/{id}?wait=
	requestLimit = 15 * time.Second
	closeLimit   = time.Hour       // the terminal settles and the gateway is asked about every wallet sale of the day
	writeLimit   = 5 * time.Second // for a client to take one piece of a stream
)

// Server returns an http.Server for h with the limits that the handler cannot
// set itself. Streams end when ctx ends, so that Shutdown need not wait for them.
func Server(ctx context.Context, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       namePeer,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// ListenAllowed returns an error with the remedy unless addr (host:port) is a
// loopback address: what is spoken there is not encrypted, and until a token is
// made not asked for a right. The network has a listener of its own (LANAllowed),
// unix sockets are guarded by their mode.
func ListenAllowed(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen on %q: write host and port, such as 127.0.0.1:8480", addr)
	}
	if !loopback(host) {
		return fmt.Errorf("listen on %q: only a loopback address is possible here: use 127.0.0.1 or [::1], and lan_listen for the network, with TLS and tokens", addr)
	}
	return nil
}

// LANAllowed returns an error with the remedy unless addr is an address of a
// private network with a port: posd is nothing for the internet.
func LANAllowed(addr string) error {
	if _, err := netip.ParseAddrPort(addr); err != nil {
		return fmt.Errorf("lan_listen = %q: write this box's own address and a port, such as \"192.168.1.10:8443\", or \"\" for none", addr)
	}
	if !inLAN(addr) {
		return fmt.Errorf("lan_listen = %q is no address of a private network: write this box's own, such as \"192.168.1.10:8443\"", addr)
	}
	return nil
}

// loopback reports whether a host name or address means this machine. Names
// other than localhost are refused even if they resolve here: whoever owns
// the name decides where it points next.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// guard lets through only what this counter itself may ask.
func (h *handlers) guard(mux *http.ServeMux) http.Handler {
	places := make(chan struct{}, maxAtOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if h.crossOrigin(w, r) {
			return
		}
		_, pattern := mux.Handler(r)
		known, ok := h.table[pattern]
		if !ok {
			known = route{limit: requestLimit}
		}
		limit := known.limit
		// Before anything is written: the deadline of the connection's last
		// request would still count. A recorder in a test has no deadlines.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(cmp.Or(limit, closeLimit) + writeLimit))
		if fromLAN(r.Context()) && h.shares.tooFast(client(sale.Actor{}, r), h.Clock()) {
			w.Header().Set("Retry-After", "1")
			writeProblem(w, problem(http.StatusTooManyRequests, "too-many", "This client asks too often: nothing was done. Try again in a moment."))
			return
		}
		actor, p := h.allowed(r, known)
		if p != nil {
			if p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="posd"`)
			}
			h.Log.Warn("request refused", "path", r.URL.Path, "host", r.Host, "origin", r.Header.Get("Origin"), "why", p.Type)
			writeProblem(w, p)
			return
		}
		give, ok := h.shares.take("request", client(actor, r), maxAtOnce/2)
		if ok {
			defer give()
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
			default:
				ok = false
			}
		}
		if !ok {
			w.Header().Set("Retry-After", "1")
			writeProblem(w, problem(http.StatusServiceUnavailable, "too-many", "posd is busy with other requests: nothing was done. Try again in a moment."))
			return
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") && !h.ready() {
			w.Header().Set("Retry-After", "1")
			writeProblem(w, problem(http.StatusServiceUnavailable, "starting", "posd is reading what it remembers: nothing was done. Try again in a moment."))
			return
		}
		defer h.recovered(w, r)
		r.Body = http.MaxBytesReader(w, r.Body, known.maxBody())
		r = r.WithContext(sale.WithActor(r.Context(), actor))
		if p := h.strict(w, r, pattern); p != nil {
			writeProblem(w, p)
			return
		}
		if limit != none {
			ctx, done := context.WithTimeout(r.Context(), limit)
			defer done()
			r = r.WithContext(ctx)
		}
		mux.ServeHTTP(w, r)
	})
}

// ready reports whether the till takes requests.
func (h *handlers) ready() bool {
	select {
	case <-h.till.Ready():
		return true
	default:
		return false
	}
}

// recovered answers for a handler that panicked: the till goes on.
func (h *handlers) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	h.Log.Error("handler panicked", "path", r.URL.Path, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
	writeProblem(w, problem(http.StatusInternalServerError, "internal",
		"posd could not finish this and may have taken the request: repeat it under the same Idempotency-Key, or look at the sale. The log says more."))
}

// secure sets the headers every answer carries: nothing from elsewhere is
// loaded into a page of ours, and no page from elsewhere shows one of ours.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
