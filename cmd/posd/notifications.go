package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/sync/iotpay"
)

// Bounds for the notifications dealt with at once, and for the connections they come
// on: this is the one door of posd that strangers may knock at.
const (
	maxNotices    = 8
	maxCallers    = 64
	maxNoticeBody = 64 << 10
)

// listenForNotices opens the address that the gateway posts payments to; nil
// where none is configured.
func listenForNotices(g *Gateway) (net.Listener, error) {
	if g == nil || g.NotifyListen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", g.NotifyListen)
	if err != nil {
		return nil, fmt.Errorf("listen for the gateway's notifications: %w: choose another notify_listen in [gateway], or leave it out", err)
	}
	return l, nil
}

// notices returns the server that takes the gateway's word of payments. What it
// says makes the till ask at once; that answer decides.
func notices(g *Gateway, client *gateway, till *device.Till, log *slog.Logger) func(context.Context) *http.Server {
	receive := client.Receiver(iotpay.Notices{
		Asked: func(ctx context.Context, no string) (sale.Amount, string, error) {
			s, err := ordered(ctx, till, no)
			return s.Amount, s.Currency, err
		},
		Paid: func(ctx context.Context, a sale.GatewayAnswer) error {
			till.Notice(ctx, a.No)
			return nil
		},
	})
	path := "/"
	if u, err := url.Parse(g.NotifyURL); err == nil && u.Path != "" {
		path = u.Path
	}
	places := make(chan struct{}, maxNotices)
	mux := http.NewServeMux()
	open := &callers{}
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		// A caller that takes its time holds its own connection only: what it
		// sends is read before it gets a place.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNoticeBody))
		if err != nil {
			http.Error(w, "not read", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		defer open.dealWith(r)()
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			receive.ServeHTTP(w, r)
		default: // the gateway tells it again, and posd asks anyway
			http.Error(w, "too many at once", http.StatusServiceUnavailable)
		}
	})
	return func(ctx context.Context) *http.Server {
		return &http.Server{
			ConnState: open.changed, ConnContext: open.named,
			Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second,
			IdleTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
			BaseContext: func(net.Listener) context.Context { return ctx },
			ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
	}
}

// callers are the connections that are open. One more than maxCallers closes the
// one that has been open longest and is not being answered: whoever keeps
// connections open without a word, or sends a byte now and then, does not keep
// the gateway out, which says what it has to say at once.
type callers struct {
	mu   sync.Mutex
	open []*caller // the oldest first
}

type caller struct {
	conn     net.Conn
	answered bool // its request is read whole, and is being dealt with
}

// callerKey finds a request's caller in its context.
type callerKey struct{}

// named puts a connection's caller into the context of its requests.
func (c *callers) named(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.open {
		if k.conn == conn {
			return context.WithValue(ctx, callerKey{}, k)
		}
	}
	return ctx
}

// dealWith marks a request's caller as being answered until the function returned
// is called.
func (c *callers) dealWith(r *http.Request) (done func()) {
	k, ok := r.Context().Value(callerKey{}).(*caller)
	if !ok {
		return func() {}
	}
	set := func(is bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		k.answered = is
	}
	set(true)
	return func() { set(false) }
}

// changed follows the state of a connection.
func (c *callers) changed(conn net.Conn, s http.ConnState) {
	c.mu.Lock()
	var leaves net.Conn
	switch s {
	case http.StateNew:
		c.open = append(c.open, &caller{conn: conn})
		if len(c.open) > maxCallers {
			i := max(0, slices.IndexFunc(c.open, func(k *caller) bool { return !k.answered }))
			leaves = c.open[i].conn
			c.open = slices.Delete(c.open, i, i+1)
		}
	case http.StateClosed, http.StateHijacked:
		c.open = slices.DeleteFunc(c.open, func(k *caller) bool { return k.conn == conn })
	}
	c.mu.Unlock()
	if leaves != nil {
		leaves.Close() // its state becomes closed like any other's
	}
}

// ordered returns the sale that an order belongs to. It need not be awaited any
// more: posd's own question is often faster than the notification, which must be
// answered with success all the same, or it is repeated.
func ordered(ctx context.Context, till *device.Till, no string) (sale.Sale, error) {
	s, ok, err := till.Awaited(ctx, no)
	if ok || err != nil {
		return s, err
	}
	recent, err := till.Sales(ctx, sale.Filter{From: time.Now().Add(-25 * time.Hour), Limit: 1000})
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(recent, func(s sale.Sale) bool { return s.MchOrderNo == no })
	if i < 0 {
		return s, sale.ErrNotFound
	}
	return recent[i], nil
}

// noticeFaults judges where notifications are to arrive.
func (g *Gateway) noticeFaults() []error {
	if g.NotifyListen == "" {
		return nil
	}
	var faults []error
	if _, p, err := net.SplitHostPort(g.NotifyListen); err != nil || p == "" {
		faults = append(faults, fmt.Errorf(`notify_listen = %q is no address: write host and port, such as "0.0.0.0:8490"`, g.NotifyListen))
	}
	if g.NotifyURL == iotpay.Defaults().NotifyURL {
		faults = append(faults, errors.New("notify_listen is set, but notify_url is not: write the public address that leads here, such as https://shop.example/iotpay"))
	}
	return faults
}
