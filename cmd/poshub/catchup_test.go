package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"posd/device/sale"
	"posd/sync/fleet"
)

var (
	tillsFlag = flag.Int("tills", 1000, "how many counters BenchmarkCatchUp has")
	dayFlag   = flag.Int("day", 10, "how many sales each counter of BenchmarkCatchUp made while it was offline")
)

// replayed is one counter's day, published by many under names of their own.
type replayed struct {
	epoch   sale.Epoch
	commits []sale.Commit
}

func (r *replayed) Epoch(context.Context) (sale.Epoch, error) { return r.epoch, nil }
func (r *replayed) Commits() int64                            { return int64(len(r.commits)) }

func (r *replayed) CommitsAfter(_ context.Context, after int64, most int) ([]sale.Commit, error) {
	rest := r.commits[min(after, r.Commits()):]
	return slices.Clone(rest[:min(most, len(rest))]), nil
}

func (r *replayed) CommitHash(_ context.Context, no int64) (string, error) {
	return r.commits[no-1].Hash, nil
}

func dayToReplay(b *testing.B, sales int) *replayed {
	b.Helper()
	c := newTill(b, b.TempDir(), "t")
	for n := range sales {
		c.sell(sale.Amount(1000 + n))
	}
	e, err := c.Epoch(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	all, err := c.CommitsAfter(b.Context(), 0, int(c.Commits()))
	if err != nil || int64(len(all)) != c.Commits() {
		b.Fatal(len(all), err)
	}
	return &replayed{e, all}
}

// BenchmarkCatchUp measures a chain after a day offline: how many commits a second a
// server on this disk takes from 1,000 counters at once, each with a publisher of its
// own, and how many a hub then books, on SQLite. Server and hub are processes; the
// hub's memory is looked at when half and when all is booked.
func BenchmarkCatchUp(b *testing.B) {
	dir := b.TempDir()
	day := dayToReplay(b, *dayFlag)
	all := int64(*tillsFlag) * day.Commits()
	c := defaults()
	c.Chain, c.NATS.Servers = "c", []string{serverApart(b, dir)}
	c.Books.Path, c.Page.Listen, c.Page.Tokens = filepath.Join(dir, "books.db"), "127.0.0.1:0", filepath.Join(dir, "tokens")
	initStream(b, c)
	b.ResetTimer()
	began := time.Now()
	publishAll(b, c.NATS.Servers, day)
	takes := float64(all) / time.Since(began).Seconds()
	b.ReportMetric(takes, "published/s")

	k, err := openBooks(b.Context(), c.Books)
	if err != nil {
		b.Fatal(err)
	}
	defer k.db.Close()
	file := filepath.Join(dir, "poshub.toml")
	text, err := toml.Marshal(c)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		b.Fatal(err)
	}
	hub := process{t: b, name: os.Args[0], args: []string{"run", "-config", file}, env: []string{"POSHUB_AS_ITSELF=1"}, log: filepath.Join(dir, "hub.log")}
	hub.start()
	b.Cleanup(hub.kill)
	first := awaitBooked(b, k, 1) // it has started
	began = time.Now()
	awaitBooked(b, k, all/2)
	half := resident(b, hub.cmd.Process.Pid)
	awaitBooked(b, k, all)
	books := float64(all-first) / time.Since(began).Seconds()
	b.ReportMetric(books, "booked/s")
	b.ReportMetric(books/takes, "booked-per-published")
	b.ReportMetric(half, "MB-hub-half-way")
	b.ReportMetric(resident(b, hub.cmd.Process.Pid), "MB-hub-at-end")
	b.ReportMetric(float64(all), "commits")
}

// serverApart runs a NATS server in a process of its own, so that it counts neither
// as a counter nor as the hub.
func serverApart(b *testing.B, dir string) (url string) {
	b.Helper()
	program, err := natsServer()
	if err != nil {
		b.Fatal(err)
	}
	at, conf := freeAddrs(b, 1)[0], filepath.Join(dir, "server.conf")
	text := fmt.Sprintf("listen: %q\njetstream { store_dir: %q, sync_interval: always }\n", at, filepath.Join(dir, "stream"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	server := process{t: b, name: program, args: []string{"-c", conf}, log: filepath.Join(dir, "server.log")}
	server.start()
	b.Cleanup(server.kill)
	return "nats://" + at
}

// publishAll has every counter publish its day, all at once, until the last is acknowledged.
func publishAll(b *testing.B, servers []string, day *replayed) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var run sync.WaitGroup
	var all []*fleet.Publisher
	for i := range *tillsFlag {
		config := fleet.Defaults()
		config.Servers, config.Name = servers, fleet.Name{Chain: "c", Shop: fmt.Sprintf("shop%d", i/3), Till: fmt.Sprintf("t%d", i%3)}
		p := fleet.New(config, day, b.TempDir(), nil, quiet)
		all = append(all, p)
		run.Go(func() { p.Run(ctx) })
	}
	for _, p := range all {
		for s := p.Status(); !s.OK || s.Lag > 0; s = p.Status() {
			if b.Context().Err() != nil {
				b.Fatal(s.Words)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	stop()
	run.Wait()
	for _, p := range all {
		p.Close()
	}
}

// awaitBooked waits for so many commits and returns how many there are.
func awaitBooked(b *testing.B, k *books, most int64) (n int64) {
	b.Helper()
	for {
		if err := k.db.QueryRowContext(b.Context(), "SELECT coalesce(sum(last), 0) FROM epochs").Scan(&n); err != nil {
			b.Fatal(err)
		}
		if n >= most {
			return n
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// resident is what a process holds of the machine's memory, in MB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, at, _ := strings.Cut(string(text), "VmRSS:")
	var kB float64
	if _, err := fmt.Sscan(at, &kB); err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}
