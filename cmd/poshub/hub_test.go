package main

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

// chain is a real NATS server with the stream, a hub and counters.
type chain struct {
	t      *testing.T
	server *fleetsim.Server
	config Config
}

func newChain(t *testing.T) *chain {
	t.Helper()
	s, err := fleetsim.Start(fleetsim.Options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	c := defaults()
	c.Chain, c.NATS.Servers, c.Books.Path, c.Page.Tokens, c.Page.Listen = "c", []string{s.ClientURL()}, filepath.Join(t.TempDir(), "books.db"), filepath.Join(t.TempDir(), "tokens"), "127.0.0.1:0"
	k := &chain{t, s, c}
	t.Cleanup(func() { k.server.Stop() })
	nc, err := dial(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, _, err := fleet.InitStream(t.Context(), nc, c.plan()); err != nil {
		t.Fatal(err)
	}
	return k
}

// hub runs a hub until stop is called.
func (k *chain) hub() (h *hub, stop func()) {
	k.t.Helper()
	h, err := openHub(k.t.Context(), k.config, quiet)
	if err != nil {
		k.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { h.run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		run.Wait()
		h.close()
	})
	k.t.Cleanup(stop)
	return h, stop
}

// publish runs a counter's publisher.
func (k *chain) publish(c *till, dir string) *fleet.Publisher {
	k.t.Helper()
	config := fleet.Defaults()
	config.Servers, config.Name = []string{k.server.ClientURL()}, c.name
	p := fleet.New(config, c.Store, dir, nil, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { p.Run(ctx) })
	k.t.Cleanup(func() { cancel(); run.Wait(); p.Close() })
	return p
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

func TestCountersReachTheBooks(t *testing.T) {
	k := newChain(t)
	h, stop := k.hub()
	one, two := newTill(t, t.TempDir(), "t1"), newTill(t, t.TempDir(), "t2")
	two.name.Shop = "shop2"
	for range 20 {
		one.sell(10)
		two.sell(1)
	}
	first := k.publish(one, t.TempDir())
	k.publish(two, t.TempDir())
	until(t, "both are booked", func() bool {
		return upTo(t, h.books, "shop1/t1") == one.Commits() && upTo(t, h.books, "shop2/t2") == two.Commits()
	})
	stop() // a hub that is away misses nothing
	one.sell(1000)
	first.Wake()
	h, _ = k.hub()
	until(t, "the rest is booked", func() bool { return upTo(t, h.books, "shop1/t1") == one.Commits() })
	if netOf(t, h.books) != 1220 {
		t.Error(netOf(t, h.books))
	}
	alarmed(t, h.books, "", 0)
}

// Booked, and killed before the stream was told: it comes again, and changes nothing.
func TestKilledBetweenTheBooksAndTheAcknowledgement(t *testing.T) {
	k := newChain(t)
	c := newTill(t, t.TempDir(), "t1")
	c.sell(10)
	p := k.publish(c, t.TempDir())
	until(t, "it is published", func() bool { s := p.Status(); return s.OK && s.Lag == 0 })
	h, err := openHub(t.Context(), k.config, quiet)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := fleet.OpenFeed(t.Context(), h.nc, "BOOKS", "c", "hub", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	d, err := feed.Next(t.Context(), 10, 1<<20, 10*time.Second)
	if err != nil || len(d.Messages) != 2 {
		t.Fatal(len(d.Messages), err)
	}
	bookAll(t, h.books, d.Messages...)
	d.Undone() // what the server does by itself a minute after a kill
	h.close()
	c.sell(20)
	p.Wake()
	h, _ = k.hub()
	until(t, "the rest is booked", func() bool { return upTo(t, h.books, "shop1/t1") == 4 })
	if netOf(t, h.books) != 30 {
		t.Error(netOf(t, h.books))
	}
}

// Books that were thrown away are built anew from the stream.
func TestBooksAreBuiltAnewFromTheStream(t *testing.T) {
	k := newChain(t)
	c := newTill(t, t.TempDir(), "t1")
	for range 5 {
		c.sell(10)
	}
	k.publish(c, t.TempDir())
	h, stop := k.hub()
	until(t, "all is booked", func() bool { return upTo(t, h.books, "shop1/t1") == 10 })
	stop()
	k.config.Books.Path = filepath.Join(t.TempDir(), "new.db")
	h, _ = k.hub()
	until(t, "all is booked again", func() bool { return upTo(t, h.books, "shop1/t1") == 10 })
	if netOf(t, h.books) != 50 {
		t.Error(netOf(t, h.books))
	}
}

// Each setting by which money is lost is named.
func TestInitNamesEachSettingThatLosesMoney(t *testing.T) {
	s, err := fleetsim.Start(fleetsim.Options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "BOOKS", Subjects: []string{"books.>", "other"}, MaxAge: time.Hour, MaxMsgs: 10, MaxBytes: 1 << 20, MaxMsgsPerSubject: 5, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	made, found, err := fleet.InitStream(t.Context(), nc, fleet.StreamPlan{Stream: "BOOKS", Chain: "c", Replicas: 1})
	if made || err != nil {
		t.Fatal(made, err)
	}
	loses := map[string]bool{}
	for _, f := range found {
		loses[f.Setting] = loses[f.Setting] || f.Loses
	}
	for _, setting := range []string{"storage", "discard", "max_age", "max_msgs", "max_bytes", "max_msgs_per_subject", "deny_delete", "deny_purge", "subjects"} {
		if !loses[setting] {
			t.Errorf("%s is not named: %v", setting, found)
		}
	}
}

// Only a server that writes each message to its disk at once may acknowledge.
func TestSyncIntervalIsLookedAt(t *testing.T) {
	for always, want := range map[bool]int{true: 0, false: 1} {
		o := fleetsim.Options(t.TempDir())
		o.SyncAlways, o.HTTPHost, o.HTTPPort = always, "127.0.0.1", -1
		s, err := fleetsim.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		found, err := fleet.CheckServer(t.Context(), "http://"+s.MonitorAddr().String())
		if err != nil || len(found) != want {
			t.Errorf("sync always %v: %v %v", always, found, err)
		}
		s.Stop()
	}
}
