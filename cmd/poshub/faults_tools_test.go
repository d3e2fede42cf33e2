//go:build tools

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"posd/device/sale"
	"posd/sync/fleet"
)

var (
	schedules = flag.Int("schedules", 100, "how many schedules of faults are played")
	seedFlag  = flag.Uint64("seed", 0, "play the schedule of this seed alone")
)

// trouble is one schedule: a real server, a real hub, two counters, and faults.
type trouble struct {
	t       *testing.T
	rng     *rand.Rand
	dir     string
	servers []process // one, a cluster of three, or a hub's and a shop's
	hub     process
	links   []*link  // the last one between counters and server; before it, where there is a leaf, between that and the hub
	samples []string // configurations of hub and leaf, where the counters publish to a server in their shop
	env     []string // the servers'
	config  Config
	tills   []*counter
	addrs   []string // the servers', as clients reach them
	routes  []string // as they reach each other
	older   string   // a copy of the server's store
	back    bool     // the stream was put back to that copy
	said    []string
}

// counter is a journal whose publisher is stopped and started.
type counter struct {
	*till
	dir  string
	sum  int64
	stop func()
	pub  *fleet.Publisher
}

func newTrouble(t *testing.T, seed uint64, postgres Books) *trouble {
	t.Helper()
	program, err := natsServer()
	if err != nil {
		t.Fatal(err)
	}
	w := &trouble{t: t, rng: rand.New(rand.NewPCG(seed, 20)), dir: t.TempDir()}
	n := 1
	switch seed % 10 {
	case 3:
		n = 3
	case 7:
		n = 2
	}
	free := freeAddrs(t, 2*n)
	w.addrs, w.routes = free[:n], free[n:]
	w.config = defaults()
	w.config.Chain, w.config.NATS.AckWait, w.config.NATS.Replicas, w.config.Books = "c", 2, n, postgres
	w.config.Books.Path = filepath.Join(w.dir, "books.db")
	w.config.Page.Listen, w.config.Page.Tokens = "127.0.0.1:0", filepath.Join(w.dir, "tokens")
	for _, at := range w.addrs {
		w.config.NATS.Servers = append(w.config.NATS.Servers, "nats://"+at)
	}
	if n == 2 {
		w.withLeaf()
	}
	w.servers = make([]process, n)
	for i := range w.servers {
		w.servers[i] = process{t: t, name: program, args: []string{"-c", w.conf(i)}, env: w.env, log: filepath.Join(w.dir, fmt.Sprintf("server%d.log", i))}
		w.startServer(i, false)
		t.Cleanup(func() { w.servers[i].kill() })
	}
	if w.samples != nil {
		initStream(t, w.leafConfig())
	}
	initStream(t, w.config)
	file := filepath.Join(w.dir, "poshub.toml")
	text, err := toml.Marshal(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.write(file, string(text))
	w.hub = process{t: t, name: os.Args[0], args: []string{"run", "-config", file}, env: []string{"POSHUB_AS_ITSELF=1"}, log: filepath.Join(w.dir, "hub.log")}
	w.hub.start()
	t.Cleanup(w.hub.kill)

	w.links = append(w.links, newLink(t, w.addrs[w.near()]))
	for _, name := range []string{"t1", "t2"} {
		dir := t.TempDir()
		c := &counter{till: newTill(t, dir, name), dir: dir}
		if w.samples != nil {
			c.name.Chain, c.name.Shop = w.config.Chain, leafShop
		}
		w.tills = append(w.tills, c)
		w.publish(c)
		t.Cleanup(func() { c.stop() })
	}
	return w
}

// near is the server that the counters publish to.
func (w *trouble) near() int {
	if w.samples != nil {
		return 1
	}
	return 0
}

func (w *trouble) conf(i int) string  { return filepath.Join(w.dir, fmt.Sprintf("server%d.conf", i)) }
func (w *trouble) store(i int) string { return filepath.Join(w.dir, fmt.Sprintf("stream%d", i)) }

// startServer starts a server on what it has stored; on a full disk it can store no more.
func (w *trouble) startServer(i int, full bool) {
	w.t.Helper()
	room := "1GB"
	if full {
		room = "1KB"
	}
	if w.samples != nil {
		w.write(w.conf(i), strings.Replace(w.samples[i], "sync_interval: always", "sync_interval: always\n  max_file_store: "+room, 1))
		w.servers[i].start()
		return
	}
	text := fmt.Sprintf("server_name: hub%d\nlisten: %q\njetstream { store_dir: %q, sync_interval: always, max_file_store: %s }\n", i, w.addrs[i], w.store(i), room)
	if len(w.servers) > 1 {
		text += fmt.Sprintf("cluster { name: centre, listen: %q, no_advertise: true, routes: [\"nats://%s\"] }\n", w.routes[i], strings.Join(w.routes, `", "nats://`))
	}
	w.write(w.conf(i), text)
	w.servers[i].start()
}

func (w *trouble) write(path, text string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *trouble) publish(c *counter) {
	config := fleet.Defaults()
	near := w.links[len(w.links)-1].l.Addr().String()
	config.Servers, config.Name = []string{"nats://" + near}, c.name
	if w.samples != nil {
		config.Servers[0] = "tls://" + near
		config.CAFile, config.CredentialFile = w.config.NATS.CAFile, filepath.Join(w.dir, leafTills[c.name.Till]+".nk")
	}
	c.pub = fleet.New(config, c.Store, c.dir, nil, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { c.pub.Run(ctx) })
	c.stop = sync.OnceFunc(func() { cancel(); run.Wait(); c.pub.Close() })
}

// happens does one thing of a schedule and says what.
func (w *trouble) happens() string {
	c := w.tills[w.rng.IntN(len(w.tills))]
	line := w.links[w.rng.IntN(len(w.links))]
	switch w.rng.IntN(12) {
	case 0, 1, 2, 3:
		n := 1 + w.rng.IntN(8)
		for range n {
			cents := 1 + w.rng.Int64N(5000)
			v := c.sell(sale.Amount(cents))
			c.sum += cents
			if w.rng.IntN(6) == 0 {
				c.refund(v, sale.Amount(cents))
				c.sum -= cents
			}
		}
		c.pub.Wake()
		return fmt.Sprintf("%s sells %d", c.name.Till, n)
	case 4:
		n := 1 + w.rng.Int64N(6000)
		line.cutNext.Store(n)
		return fmt.Sprintf("the link is cut after %d bytes", n)
	case 5:
		line.be(false, true)
		return "the link is slow"
	case 6:
		line.be(true, false)
		return "what the server says is lost"
	case 7:
		line.be(false, false)
		line.cut()
		return "the link is well again"
	case 8:
		return w.serverFails()
	case 9:
		w.hub.kill()
		w.hub.start()
		return "the hub is killed and started"
	case 10:
		cursor := filepath.Join(c.dir, "posd.fleet")
		before, err := os.ReadFile(cursor)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.t.Fatal(err)
		}
		c.pub.Wake()
		w.pause()
		c.stop()
		w.write(cursor, string(before)) // as if it had been killed between acknowledgement and cursor
		w.publish(c)
		return c.name.Till + " is killed before it has noted what was acknowledged"
	default:
		w.pause()
		return "some time passes"
	}
}

// serverFails kills a server; once in a while it comes back with a full disk, or its
// store is put back to an older copy.
func (w *trouble) serverFails() string {
	i := w.rng.IntN(len(w.servers))
	w.servers[i].kill()
	full := w.rng.IntN(4) == 0
	defer w.startServer(i, full)
	store := w.store(i)
	switch alone := len(w.servers) == 1; {
	case full:
		return fmt.Sprintf("server %d is killed and started on a full disk", i)
	case alone && w.older == "" && w.rng.IntN(2) == 0:
		w.older = filepath.Join(w.dir, "older")
		if err := os.CopyFS(w.older, os.DirFS(store)); err != nil {
			w.t.Fatal(err)
		}
		return "the server is killed, its store copied, and started"
	case alone && w.older != "" && !w.back && w.rng.IntN(2) == 0:
		w.back = true
		if err := errors.Join(os.RemoveAll(store), os.CopyFS(store, os.DirFS(w.older))); err != nil {
			w.t.Fatal(err)
		}
		return "the server is killed and its store put back to the older copy"
	}
	return fmt.Sprintf("server %d is killed and started", i)
}

// pause lets the processes run for a moment of the schedule.
func (w *trouble) pause() { time.Sleep(time.Duration(w.rng.IntN(300)) * time.Millisecond) }

// play lets faults happen, heals all, and compares.
func (w *trouble) play() {
	for range 12 + w.rng.IntN(12) {
		w.said = append(w.said, w.happens())
	}
	for _, k := range w.links {
		k.cutNext.Store(0)
		k.be(false, false)
		k.cut()
	}
	for i := range w.servers { // none has a full disk any more
		w.servers[i].kill()
		w.startServer(i, false)
	}
	b, err := openBooks(w.t.Context(), w.config.Books)
	if err != nil {
		w.t.Fatal(err)
	}
	defer b.db.Close()
	var sum int64
	for _, c := range w.tills {
		sum += c.sum
		c.pub.Wake()
		w.await(c.name.Till+" is booked", func() bool { return w.booked(b, c) == "" })
	}
	if net := netOf(w.t, b); net != sum {
		w.t.Errorf("the books say %d cents, sold were %d", net, sum)
	}
	w.await("no alarm is left but of a stream that was taken back", func() bool { return w.alarms(b) == "" })
}

// booked compares a counter's commits, each with its hash, with the books.
func (w *trouble) booked(b *books, c *counter) string {
	want := map[int64]string{}
	for after := int64(0); ; {
		found, err := c.CommitsAfter(w.t.Context(), after, 100)
		if err != nil {
			return err.Error()
		}
		if len(found) == 0 {
			break
		}
		for _, one := range found {
			want[one.No], after = one.Hash, one.No
		}
	}
	rows, err := b.db.QueryContext(w.t.Context(), b.mark("SELECT commit_no, hash FROM commits WHERE till = ?"), c.name.Shop+"/"+c.name.Till)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	for rows.Next() {
		var no int64
		var hash string
		if err := rows.Scan(&no, &hash); err != nil {
			return err.Error()
		}
		if want[no] != hash {
			return fmt.Sprintf("commit %d is booked with hash %.8s, and is %.8s", no, hash, want[no])
		}
		delete(want, no)
	}
	if len(want) > 0 {
		return fmt.Sprintf("%d commits are not booked", len(want))
	}
	return ""
}

func (w *trouble) alarms(b *books) string {
	all, err := b.alarms(w.t.Context())
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, a := range all {
		if a.Kind != alarmTaken || !w.back {
			out = append(out, fmt.Sprintf("%+v", a))
		}
	}
	return strings.Join(out, "; ")
}

func (w *trouble) await(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("not in time: " + what)
		}
	}
}

// tell says how a schedule that failed went.
func (w *trouble) tell() {
	if !w.t.Failed() {
		return
	}
	w.t.Log(strings.Join(w.said, "\n"))
	for _, file := range []string{"hub.log", "server0.log", "server1.log"} {
		f, err := os.Open(filepath.Join(w.dir, file))
		if err != nil {
			continue
		}
		if end, err := f.Seek(0, io.SeekEnd); err == nil {
			f.Seek(max(0, end-4000), io.SeekStart)
		}
		text, _ := io.ReadAll(f)
		f.Close()
		w.t.Logf("%s ends:\n%s", file, text)
	}
	for _, c := range w.tills {
		w.t.Logf("%s: %+v", c.name.Till, c.pub.Status())
	}
}

// After any faults of link, server, hub and publisher, and once all is well again,
// each commit of each journal is in the books exactly once and the sums are equal
// to the cent. One schedule in five keeps its books on PostgreSQL, one in ten has a
// cluster of three servers, one in ten a server in the shop.
func TestFaultsOfAChainLoseNothing(t *testing.T) {
	first, last := uint64(1), uint64(*schedules)
	if *seedFlag != 0 {
		first, last = *seedFlag, *seedFlag
	}
	p := startPostgres(t)
	seeds := make(chan uint64)
	var players sync.WaitGroup
	for range 8 { // a schedule waits more than it works
		players.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					var books Books
					if seed%5 == 0 {
						books = p.books(t)
					}
					w := newTrouble(t, seed, books)
					defer w.tell()
					w.play()
				})
			}
		})
	}
	for seed := first; seed <= last; seed++ {
		seeds <- seed
	}
	close(seeds)
	players.Wait()
}
