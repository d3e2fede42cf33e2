package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"posd/device/api"
)

// listen opens the TCP address and, unless it is empty, the unix socket.
func listen(a API) (all []net.Listener, err error) {
	tcp, err := net.Listen("tcp", a.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program is there already: stop it, or choose another address as listen in [api]: %w", a.Listen, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", a.Listen, err)
	}
	if a.Socket == "" {
		return []net.Listener{tcp}, nil
	}
	unix, err := listenSocket(a.Socket)
	if err != nil {
		tcp.Close()
		return nil, err
	}
	return []net.Listener{tcp, unix}, nil
}

// listenSocket makes the unix socket with mode 0660. A socket that a killed posd
// left is removed; one that somebody listens on is not.
func listenSocket(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("socket %s: a file is in the way: remove it, or choose another socket in [api]", path)
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, fmt.Errorf("socket %s: another posd listens on it: stop that one first, or choose another socket in [api]", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove the socket that an earlier posd left: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("socket %s: its folder is missing: make it and give it to the user posd runs as (systemd does with RuntimeDirectory=posd), or choose another socket in [api]", path)
	} else if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	return l, nil
}

// listenLAN opens the address in the shop's network, which speaks TLS alone.
func listenLAN(addr string, cert *certificate) (net.Listener, error) {
	if _, err := cert.load(); err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", addr, cert.config())
	if err != nil {
		return nil, fmt.Errorf("lan_listen = %q in [api]: %w: it must be an address of this box, and free", addr, err)
	}
	return l, nil
}

// listenForCustomers opens the address at which customers fetch receipts; nil for none.
func listenForCustomers(p api.Pages) (net.Listener, error) {
	if p.ReceiptListen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", p.ReceiptListen)
	if err != nil {
		return nil, fmt.Errorf("receipt_listen = %q in [pages]: %w: it must be an address of this box, and free", p.ReceiptListen, err)
	}
	return l, nil
}

// serveHTTP serves on l until ctx ends, then lets what is under way finish.
func serveHTTP(server func(ctx context.Context) *http.Server, l net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		// Streams and waiting requests end with ctx, so that Shutdown has only short ones to wait for.
		srv := server(ctx)
		failed := make(chan error, 1)
		go func() { failed <- srv.Serve(l) }()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit/2)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			srv.Close()
		}
		return ctx.Err()
	}
}
