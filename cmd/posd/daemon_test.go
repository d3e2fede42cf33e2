package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inProcess is a counter without devices that runs inside the test.
type inProcess struct {
	*daemon
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

// counterConfig is the configuration of a counter without devices, with a free port.
func counterConfig(t *testing.T) Config {
	c := defaults()
	dir := t.TempDir()
	c.Store.Dir, c.Daemon.LockDir = filepath.Join(dir, "state"), dir
	c.API.Listen, c.API.Socket = "127.0.0.1:0", filepath.Join(dir, "sock")
	return c
}

// runCounter runs a counter until the test ends.
func runCounter(t *testing.T, c Config) *inProcess {
	t.Helper()
	d, err := newDaemon(t.Context(), c, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &inProcess{daemon: d, t: t, stop: stop, ended: make(chan error, 1)}
	go func() { p.ended <- d.Run(ctx) }()
	t.Cleanup(p.end)
	<-d.till.Ready()
	return p
}

// end stops the counter and lets go of everything.
func (p *inProcess) end() {
	p.stop()
	if err, open := <-p.ended; open {
		close(p.ended)
		if err != nil && !errors.Is(err, context.Canceled) {
			p.t.Errorf("the counter ended: %v", err)
		}
		if err := p.Close(); err != nil {
			p.t.Errorf("close: %v", err)
		}
	}
}

// at is the TCP address of the counter.
func (p *inProcess) at() string { return p.listeners[0].Addr().String() }

func TestACounterInsideATestSellsAndLetsGo(t *testing.T) {
	c := counterConfig(t)
	p := runCounter(t, c)
	cl := newClient("http://"+p.at(), target{"tcp", p.at()})
	a, err := cl.ask(t.Context(), http.MethodGet, "/v1/sales", nil)
	if err != nil || strings.TrimSpace(string(a.body)) != "[]" {
		t.Fatalf("%+v, %v", a, err)
	}
	c.API.Listen = p.at()
	p.end()
	again := runCounter(t, c) // journal, socket and address are free again
	if _, err := newClient("http://"+again.at(), target{"tcp", again.at()}).ask(t.Context(), http.MethodGet, "/v1/sales", nil); err != nil {
		t.Error(err)
	}
}

func TestACounterThatCannotBeMadeLetsGoOfWhatItHad(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c, free := counterConfig(t), freeAddr(t)
	c.API.Listen, c.API.Socket = free, "/nowhere/at/all"
	if _, err := newDaemon(t.Context(), c, nil, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("it was made")
	}
	c.API.Socket, c.API.Listen = "", taken.Addr().String()
	if _, err := newDaemon(t.Context(), c, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("on a taken address: %v", err)
	}
	c.API.Listen = free
	d, err := newDaemon(t.Context(), c, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("after two that failed: %v", err)
	}
	d.Close()
	d.Close()
	if conn, err := net.DialTimeout("tcp", c.API.Listen, time.Second); err == nil {
		conn.Close()
		t.Error("a closed counter still listens")
	}
}
