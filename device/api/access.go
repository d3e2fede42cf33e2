package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"posd/device/sale"
)

// Who may ask:
//
//	unix socket                     a user of the box: everything; the file's mode decided
//	TCP, no token was made yet      any program of the box: everything
//	TCP, Authorization: Bearer T    what T's scopes allow
//	TCP, cookie of a log-in         what the token allows that was shown at the log-in
//	TCP, loopback, nothing shown    what the customer sees
//
// A token that was made keeps the door closed, even when it is revoked: nobody
// opens a till by taking rights away.

// Tokens keeps the tokens. Its errors are refusals.
type Tokens interface {
	// Made reports whether there ever was a token.
	Made() bool
	// Find returns the token with a SHA-256, in hex.
	Find(hash string) (sale.Token, bool)
	List() []sale.Token
	// Create makes a token and returns what is shown once.
	Create(ctx context.Context, r TokenRequest) (t sale.Token, secret string, err error)
	Revoke(ctx context.Context, id string) (sale.Token, error)
}

// HashToken is the form in which tokens are kept.
func HashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

type peerKey struct{}

// namePeer notes which user of the box is at the other end of a unix socket.
func namePeer(ctx context.Context, c net.Conn) context.Context {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *syscall.Ucred
	if raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}) != nil || err != nil {
		return ctx
	}
	name := strconv.FormatUint(uint64(cred.Uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return context.WithValue(ctx, peerKey{}, name)
}

// overSocket reports whether a request came over a unix socket.
func overSocket(r *http.Request) bool {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return addr != nil && addr.Network() == "unix"
}

// fromHere reports whether a request came from this machine over TCP.
func fromHere(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(host) && !fromLAN(r.Context())
}

// open reports whether every program of the box may do everything.
func (h *handlers) open() bool { return h.Tokens == nil || !h.Tokens.Made() }

// identify says who asks, or what is wrong with what was shown.
func (h *handlers) identify(r *http.Request) (sale.Actor, *Problem) {
	if overSocket(r) {
		name, _ := r.Context().Value(peerKey{}).(string)
		return sale.Actor{User: name, Scopes: sale.AllScopes}, nil
	}
	if h.open() && !fromLAN(r.Context()) {
		return sale.Actor{Scopes: sale.AllScopes}, nil
	}
	hash := ""
	if shown := r.Header.Get("Authorization"); shown != "" {
		secret, ok := strings.CutPrefix(shown, "Bearer ")
		if !ok {
			return sale.Actor{}, problem(http.StatusUnauthorized, "token-refused", "The header Authorization must be \"Bearer \" and a token.")
		}
		hash = HashToken(strings.TrimSpace(secret))
	} else if c, err := r.Cookie(sessionCookie); err == nil {
		var ok bool
		if hash, ok = h.sessions.find(c.Value, h.Clock()); !ok && !fromHere(r) {
			return sale.Actor{}, nil
		}
	}
	if hash == "" {
		if fromHere(r) {
			return sale.Actor{Scopes: sale.ScopeDisplay}, nil
		}
		return sale.Actor{}, nil
	}
	return h.byToken(hash)
}

// allowed says who asks, and why that is refused; nil if it is not.
func (h *handlers) allowed(r *http.Request, known route) (sale.Actor, *Problem) {
	if p := h.refusal(r); p != nil { // whoever asks
		return sale.Actor{}, p
	}
	a, p := h.identify(r)
	switch {
	case known.who == anyone: // such as the log-in itself, beside a cookie that is over
		return a, nil
	case p != nil:
		return a, p
	}
	a = h.named(a, r)
	return a, lacking(a, known)
}

// beyondStep are the operations that take a person's right to manage and are no
// business of the step, which checks the others.
var beyondStep = map[string]bool{"prune": true, "place-order": true, "refund-order": true}

// byToken is who acts by the token with a hash.
func (h *handlers) byToken(hash string) (sale.Actor, *Problem) {
	var t sale.Token
	ok := false
	if h.Tokens != nil {
		t, ok = h.Tokens.Find(hash)
	}
	if !ok {
		return sale.Actor{}, problem(http.StatusUnauthorized, "token-refused", "This token is not known here. Nothing was done.")
	}
	if ok, words := t.InForce(h.Clock()); !ok {
		return sale.Actor{}, problem(http.StatusUnauthorized, "token-refused", words+": ask for a new one. Nothing was done.")
	}
	a := sale.Actor{Token: t.Name, Scopes: t.Scopes}
	a.Limits = sale.Limits{NoReturns: !t.Returns, Token: sale.Cap{Who: a.String(), MaxRefund: t.MaxRefund, MaxDay: t.MaxDay}}
	return a, nil
}

// lacking says why an actor may not use a route; nil if it may.
func lacking(a sale.Actor, known route) *Problem {
	switch {
	case beyondStep[known.id] && a.Limits.Lacks&sale.RightManage != 0:
		return problem(http.StatusForbidden, "pin-needed", "This takes somebody with the right to manage: give a PIN. Nothing was done.")
	case known.who == anyone || a.Scopes&known.who != 0:
		return nil
	case a.Token == "":
		return problem(http.StatusUnauthorized, "token-missing", "This needs a token: send the header Authorization: Bearer and a token, or log in on posd's page. Nothing was done.")
	}
	return problem(http.StatusForbidden, "not-allowed", fmt.Sprintf("The token %s may not do this: it takes one of the scopes %s. Nothing was done.", a.Token, known.who))
}

const (
	sessionCookie = "posd_session"
	sessionFor    = 12 * time.Hour
)
