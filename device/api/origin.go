package api

import (
	"context"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Where requests come from:
//
//	this box      http, Host is loopback
//	the network   https on an address of its own, Host is that address or a name of
//	              Hosts, and a token
//	the socket    the file's mode has decided
//
// A page of another origin is answered only if Origins names it, and then by CORS:
// it shows a token and has no cookie of ours. Browsers themselves ask a person
// before a public page reaches a private address; nothing is to be sent for that.

type lanKey struct{}

// OverLAN marks a listener's requests as from the network: they come over TLS, to
// the address that is listened on or a name of Options.Hosts.
func OverLAN(ctx context.Context) context.Context { return context.WithValue(ctx, lanKey{}, true) }

// fromLAN reports whether a request came in over the network.
func fromLAN(ctx context.Context) bool { return ctx.Value(lanKey{}) != nil }

// hostAllowed reports whether the name by which posd was asked is its own: a page
// whose name was made to point here still sends that name.
func (h *handlers) hostAllowed(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(r.Host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if slices.ContainsFunc(h.Hosts, func(known string) bool { return strings.EqualFold(known, host) }) {
		return true
	}
	if !fromLAN(r.Context()) {
		return loopback(host)
	}
	asked, err := netip.ParseAddr(host)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if err != nil || local == nil {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	return err == nil && at.Addr().Unmap() == asked.Unmap()
}

// named reports whether an origin is one of those that may ask.
func (h *handlers) originNamed(origin string) bool { return slices.Contains(h.Origins, origin) }

// sameOrigin reports whether a request comes from a page of our own.
func sameOrigin(r *http.Request, origin string) bool {
	return origin == "http://"+r.Host || origin == "https://"+r.Host
}

const foreignPage = "This request comes from a page that is not posd's own: use posd's page, call posd from a program instead of a page, or name the page's origin in [api], origins."

// foreign returns why a request does not come from where requests may, or nil.
func (h *handlers) foreign(r *http.Request) *Problem {
	// On a unix socket the file's mode has decided already, and no browser can
	// be talked into using it; the Host there is whatever the client made up.
	if !overSocket(r) && !h.hostAllowed(r) {
		return problem(http.StatusForbidden, "foreign", "posd does not answer to this name: open it as http://127.0.0.1 or http://localhost, or over the network by its address or a name of [api], hosts.")
	}
	origin := r.Header.Get("Origin")
	if h.originNamed(origin) {
		return nil
	}
	if origin != "" && !sameOrigin(r, origin) {
		return problem(http.StatusForbidden, "foreign", foreignPage)
	}
	// Requests that carry no Origin, such as a foreign page's images; a person
	// following a link to a page of ours is welcome.
	if s := r.Header.Get("Sec-Fetch-Site"); s != "" && s != "same-origin" && s != "none" &&
		!(r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document") {
		return problem(http.StatusForbidden, "foreign", foreignPage)
	}
	return nil
}

// refusal returns why a request is not taken, whoever asks; nil if it is.
func (h *handlers) refusal(r *http.Request) *Problem {
	if p := h.foreign(r); p != nil {
		return p
	}
	ct := r.Header.Get("Content-Type")
	if r.Method == http.MethodGet || r.Method == http.MethodHead || (ct == "" && r.ContentLength == 0) {
		return nil
	}
	if media, _, err := mime.ParseMediaType(ct); err != nil || media != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "not-json", "The body must be JSON with the header Content-Type: application/json.")
	}
	return nil
}

// crossOrigin says to a browser what a named origin's page may send and read, and
// answers its question before a request; it reports whether that was all.
func (h *handlers) crossOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	origin := r.Header.Get("Origin")
	if len(h.Origins) > 0 {
		w.Header().Add("Vary", "Origin")
	}
	if !h.originNamed(origin) || !overSocket(r) && !h.hostAllowed(r) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "Link, Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "+approvalHeader)
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
