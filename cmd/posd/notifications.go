package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/sync/iotpay"
)

// Bounds for the notifications dealt with at once, and for the connections they come
// on: this is the one door of posd that strangers may knock at.
const (
	maxNotices = 8
	maxCallers = 64
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
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			receive.ServeHTTP(w, r)
		default: // the gateway tells it again, and posd asks anyway
			http.Error(w, "too many at once", http.StatusServiceUnavailable)
		}
	})
	return func(ctx context.Context) *http.Server {
		var callers atomic.Int32
		return &http.Server{
			ConnState: func(c net.Conn, s http.ConnState) {
				switch s {
				case http.StateNew:
					if callers.Add(1) > maxCallers {
						c.Close() // its state becomes closed like any other's
					}
				case http.StateClosed:
					callers.Add(-1)
				}
			},
			Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second,
			IdleTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
			BaseContext: func(net.Listener) context.Context { return ctx },
			ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
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
