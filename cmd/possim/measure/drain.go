package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"posd/device/sale"
	"posd/store"
)

// A drain of what a long outage leaves: the counter's own report and its sale are copied
// in its journal, under other numbers, while no daemon runs; then the daemon is started
// and finds the gateway well again.

const (
	drainWorkers = 16
	drainLatency = 20 * time.Millisecond
)

// gate stands before the gateway: it can be shut, takes its time, and counts.
type gate struct {
	next http.Handler

	mu          sync.Mutex
	shut        bool
	latency     time.Duration
	told        int // reports that were answered
	first, last time.Time
	connections map[string]bool
	sample      []byte // the first report's request
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	shut, latency := g.shut, g.latency
	report := strings.HasSuffix(r.URL.Path, "/create_order") // and no question whether the gateway is well
	if report && g.first.IsZero() {
		g.first = time.Now()
	}
	if g.connections != nil {
		g.connections[r.RemoteAddr] = true
	}
	if report && g.sample == nil {
		g.sample, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(g.sample))
	}
	g.mu.Unlock()
	if shut {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	time.Sleep(latency)
	g.next.ServeHTTP(w, r)
	if !report {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told++
	g.last = time.Now()
}

func (g *gate) set(shut bool, latency time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.latency, g.told, g.first, g.connections = shut, latency, 0, time.Time{}, map[string]bool{}
}

// drained measures a drain of n reports by a posd of its own, and what net/http alone takes
// for as many of the same requests at the same gateway.
func drained(ctx context.Context, path string, n int) ([]row, error) {
	dir, err := os.MkdirTemp("", "posd-drain-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c, err := newPosd(ctx, path, dir)
	if err != nil {
		return nil, err
	}
	defer c.kill()
	if _, err := c.start(); err != nil {
		return nil, err
	}
	if err := c.rehearse(); err != nil { // the first report of a counter goes alone, and is looked up
		return nil, err
	}
	c.gate.set(true, 0)
	_, id, err := c.post("/v1/sales", `{"amount":99,"method":"card"}`, "the first of a backlog")
	if err == nil {
		err = c.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" })
	}
	if err != nil {
		return nil, err
	}
	c.process.Process.Signal(os.Interrupt) // all is written then
	c.process.Wait()
	if err := backlog(ctx, c.data, sale.ID(id), n); err != nil {
		return nil, err
	}
	c.gate.set(false, drainLatency)
	if _, err := c.start(); err != nil {
		return nil, err
	}
	least := time.Duration(n) * drainLatency / drainWorkers
	for begun := time.Now(); c.gate.count() < n; time.Sleep(drainLatency) {
		if time.Since(begun) > 10*least+patience {
			return nil, fmt.Errorf("of %d reports %d were told %s after the start", n, c.gate.count(), time.Since(begun))
		}
	}
	took, connections := c.gate.took()
	_, cpu, err := c.woken()
	c.kill()
	if err != nil {
		return nil, err
	}
	c.gate.set(false, drainLatency)
	if err := c.bare(n); err != nil {
		return nil, err
	}
	r := row{No: "7", What: fmt.Sprintf("a drain of %d by the daemon, of N x latency / workers", n), Floor: ms(least), Posd: ms(took), Ratio: float64(took) / float64(least),
		Spread: fmt.Sprintf("%d connections, %s of processor time a report", connections, ms(cpu/time.Duration(n))), Goal: "1.05"}
	r.judge(1.05)
	bare, _ := c.gate.took()
	b := row{No: "7", What: "the same, of net/http alone", Floor: ms(bare), Posd: ms(took), Ratio: float64(took) / float64(bare),
		Spread: fmt.Sprintf("net/http %.2f of N x latency / workers", float64(bare)/float64(least)), Goal: "1.05"}
	b.judge(1.05)
	return []row{r, b}, nil
}

// bare posts a report of the drain's n times, with as many workers.
func (c *counter) bare(n int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: drainWorkers}}
	defer client.CloseIdleConnections()
	failed := make([]error, drainWorkers)
	var all sync.WaitGroup
	for w := range drainWorkers {
		all.Go(func() {
			for i := w; i < n && failed[w] == nil; i += drainWorkers {
				resp, err := client.Post("http://"+c.server+"/v1/create_order", "application/x-www-form-urlencoded", bytes.NewReader(c.gate.sample))
				if failed[w] = err; err == nil {
					_, failed[w] = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.told
}

// took is the time from the first report to the answer to the last, and over how many
// connections they came.
func (g *gate) took() (d time.Duration, connections int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last.Sub(g.first), len(g.connections)
}

// backlog brings the reports in a journal to n.
func backlog(ctx context.Context, dir string, id sale.ID, n int) error {
	s, err := store.Open(ctx, store.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer s.Close()
	now := time.Now().UTC()
	queued, err := s.Due(ctx, now.AddDate(1, 0, 0), time.Hour, 1)
	if err != nil || len(queued) != 1 {
		return fmt.Errorf("%d reports wait where one should: %w", len(queued), err)
	}
	sold, err := s.Sale(ctx, id)
	if err != nil {
		return err
	}
	first := queued[0]
	first.DueAt = first.QueuedAt // the daemon counts running time, and there was none since
	rows := []sale.Row{sale.ReportRow{Report: first}}
	for i := 1; i < n; rows = nil {
		for ; i < n && len(rows) < 200; i++ {
			v, r := sold, first
			v.ID, v.MchOrderNo = sale.ID(fmt.Sprintf("01%024d", i)), fmt.Sprintf("02%024d", i)
			v.Attempts = []sale.Attempt{{Ref: fmt.Sprintf("%016d", i), State: sale.AttemptPaid, StartedAt: now}}
			r.No, r.Sale = v.MchOrderNo, v.ID
			r.Params = sale.Secret(strings.ReplaceAll(string(first.Params), first.No, r.No))
			rows = append(rows, sale.SaleRow{Sale: v}, sale.ReportRow{Report: r})
		}
		if _, err := s.Commit(ctx, rows); err != nil {
			return err
		}
	}
	_, err = s.Idle(ctx)
	return err
}
