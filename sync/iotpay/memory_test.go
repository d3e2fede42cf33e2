package iotpay_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

const (
	testKey   = sale.Secret("7f3a9c0e5d1b48f2a6c4e8d0b2f49617")
	testMchID = "10000701"
)

// memory is a listener whose connections are pipes, so that virtual time passes
// while both sides wait.
type memory struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu     sync.Mutex
	dialed int
}

func newMemory() *memory { return &memory{conns: make(chan net.Conn), done: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.done) }); return nil }
func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.conns <- theirs:
		m.mu.Lock()
		m.dialed++
		m.mu.Unlock()
		return ours, nil
	case <-m.done:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: m.Addr(), Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func testConfig() iotpay.Config {
	cfg := iotpay.Defaults()
	cfg.BaseURL, cfg.MchID, cfg.JobNo, cfg.ClientIP = "http://127.0.0.1/v1/", testMchID, "till1", "192.168.1.20"
	return cfg
}

// counter is a gateway and a client joined in memory.
type counter struct {
	*iotpay.Client
	sim *iotpaysim.Gateway
	mem *memory
}

func newCounter(t *testing.T, cfg iotpay.Config, log io.Writer, opts ...iotpay.Option) counter {
	t.Helper()
	sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal()})
	return joined(t, cfg, log, sim, sim.Serve, opts...)
}

// joined starts serve on a listener in memory and a client that dials it.
func joined(t *testing.T, cfg iotpay.Config, log io.Writer, sim *iotpaysim.Gateway, serve func(context.Context, net.Listener) error, opts ...iotpay.Option) counter {
	t.Helper()
	mem := newMemory()
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := iotpay.New(cfg, testKey, logger, append([]iotpay.Option{iotpay.WithDial(mem.dial)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = serve(ctx, mem) })
	t.Cleanup(func() {
		c.Close()
		stop()
		_ = mem.Close()
		served.Wait()
	})
	return counter{c, sim, mem}
}

// served is a gateway made of one handler.
func served(h http.HandlerFunc) func(context.Context, net.Listener) error {
	return func(ctx context.Context, ln net.Listener) error {
		srv := &http.Server{Handler: h}
		context.AfterFunc(ctx, func() { _ = srv.Close() })
		return srv.Serve(ln)
	}
}

func (c counter) fault(t *testing.T, text string) {
	t.Helper()
	if err := c.sim.SetFault(text); err != nil {
		t.Fatal(err)
	}
}

// record keeps the bodies of requests.
func record(bodies *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*bodies = append(*bodies, string(body))
	}
}
