package store

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"posd/device/sale"
)

// The benchmarks print ratios to floors measured in the same run, in turns, so
// that a machine that slows down slows both. Run them with
//
//	go test -run '^$' -bench . -benchtime 1x ./store
//
// A floor is a plain file: write, then fdatasync, in room made before.

// floor is the plain file.
type floor struct {
	f    *os.File
	at   int64
	data []byte
}

const floorRoom = 4 << 20

func newFloor(b *testing.B, bytes int) *floor {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	if err := wipe(f, 0, floorRoom); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	return &floor{f: f, data: make([]byte, bytes)}
}

func (fl *floor) write(b *testing.B) {
	if fl.at+int64(len(fl.data)) > floorRoom {
		fl.at = 0
	}
	fl.data[0]++
	if _, err := fl.f.WriteAt(fl.data, fl.at); err != nil {
		b.Fatal(err)
	}
	if err := syscall.Fdatasync(int(fl.f.Fd())); err != nil {
		b.Fatal(err)
	}
	fl.at += int64(len(fl.data))
}

func benchStore(b *testing.B) *Store { return benchStoreIn(b, b.TempDir()) }

func benchStoreIn(b *testing.B, dir string) *Store {
	s, err := Open(b.Context(), Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// took measures f once.
func took(f func()) time.Duration {
	t := time.Now()
	f()
	return time.Since(t)
}

// versus runs ours, floor and a peer in turns and prints medians, the medians of the
// ratios by rounds of 50, and the ratio of the worst of ours and the floor.
func versus(b *testing.B, n int, ours, floor, peer func()) {
	var our, low, theirs []time.Duration
	var ratios, ofPeer []float64
	for range n {
		our, low, theirs = append(our, took(ours)), append(low, took(floor)), append(theirs, took(peer))
		if k := len(our); k%50 == 0 {
			mine := float64(quantile(our[k-50:], 0.5))
			ratios = append(ratios, mine/float64(quantile(low[k-50:], 0.5)))
			ofPeer = append(ofPeer, mine/float64(quantile(theirs[k-50:], 0.5)))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(micros(quantile(our, 0.5)), "p50-µs")
	b.ReportMetric(micros(quantile(low, 0.5)), "floor-p50-µs")
	b.ReportMetric(micros(quantile(theirs, 0.5)), "mattn-p50-µs")
	b.ReportMetric(middle(ratios), "ratio")
	b.ReportMetric(middle(ofPeer), "of-mattn")
	b.ReportMetric(float64(slices.Max(our))/float64(slices.Max(low)), "worst-ratio")
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func quantile(d []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(d))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func middle(f []float64) float64 {
	slices.Sort(f)
	return f[len(f)/2]
}

// Row 1: a single row.
func BenchmarkEnqueueOneRow(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	peer := newMattn(b, s)
	n := 0
	rows := func() []sale.Row { n++; return []sale.Row{sale.ReportRow{Report: queueEntry(n)}} }
	for b.Loop() {
		versus(b, 2000, func() { mustCommit(b, s, rows()) }, func() { fl.write(b) }, func() { peer.must(b, rows()) })
	}
}

// Row 1: a sale, its event, and its report.
func BenchmarkEnqueueSale(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	peer := newMattn(b, s)
	n := 0
	rows := func() []sale.Row { n++; return final(n)[:3] }
	for b.Loop() {
		versus(b, 2000, func() { mustCommit(b, s, rows()) }, func() { fl.write(b) }, func() { peer.must(b, rows()) })
	}
}

// Both commits of a card sale, as a till makes them, against two writes.
func BenchmarkSale(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	peer := newMattn(b, s)
	n := 0
	for b.Loop() {
		versus(b, 1000,
			func() { n++; mustCommit(b, s, intent(n)); mustCommit(b, s, final(n)) },
			func() { fl.write(b); fl.write(b) },
			func() { peer.must(b, intent(n)); peer.must(b, final(n)) })
	}
}

// Row 2: barriers of a sale of one attempt, counted by a file layer.
func BenchmarkBarriers(b *testing.B) {
	for b.Loop() {
		d, vfs := newDisk(b)
		s, err := openOn(b, vfs)
		if err != nil {
			b.Fatal(err)
		}
		s.copier.at = 1 << 40 // it has a connection of its own where there can be one
		mustCommit(b, s, intent(0))
		const n = 100
		got := d.synced(func() {
			for i := 1; i <= n; i++ {
				mustCommit(b, s, intent(i))
				mustCommit(b, s, final(i))
			}
		})
		b.ReportMetric(float64(got)/n, "barriers/sale")
		b.ReportMetric(0, "ns/op")
		s.Close()
	}
}

// Row 3: the first 100 commits after a restart against the 100 before it.
func BenchmarkAfterRestart(b *testing.B) {
	for b.Loop() {
		dir, n := b.TempDir(), 0
		hundred := func(s *Store) time.Duration {
			var all []time.Duration
			for range 100 {
				n++
				rows := final(n)[:3]
				all = append(all, took(func() { mustCommit(b, s, rows) }))
			}
			return quantile(all, 0.5)
		}
		var ratios []float64
		for range 15 {
			s := benchStoreIn(b, dir)
			first := hundred(s)
			hundred(s)
			steady := hundred(s)
			if _, err := s.Idle(b.Context()); err != nil {
				b.Fatal(err)
			}
			s.Close()
			if n > 300 { // the first start of all makes the files
				ratios = append(ratios, float64(first)/float64(steady))
			}
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(middle(ratios), "ratio")
	}
}

// desk is the queue before the one writer, as a till has it: whatever came
// while the last barrier ran goes with the next one, what is urgent first.
type desk struct {
	urgent, other chan order
	write         func([]sale.Row) error
	stop          chan struct{}
	stopped       chan struct{}
}

type order struct {
	rows []sale.Row
	done chan error
}

func newDesk(write func([]sale.Row) error) *desk {
	d := &desk{make(chan order, 128), make(chan order, 128), write, make(chan struct{}), make(chan struct{})}
	go d.run()
	return d
}

func (d *desk) run() {
	defer close(d.stopped)
	for {
		var group []order
		select {
		case o := <-d.urgent:
			group = append(group, o)
		default:
			select {
			case o := <-d.urgent:
				group = append(group, o)
			case o := <-d.other:
				group = append(group, o)
			case <-d.stop:
				return
			}
		}
		for len(group) < 128 {
			select {
			case o := <-d.urgent:
				group = append(group, o)
				continue
			default:
			}
			break
		}
		var rows []sale.Row
		for _, o := range group {
			rows = append(rows, o.rows...)
		}
		err := d.write(rows)
		for _, o := range group {
			o.done <- err
		}
	}
}

func (d *desk) close() { close(d.stop); <-d.stopped }

func (d *desk) ask(b *testing.B, way chan order, rows []sale.Row) {
	o := order{rows, make(chan error, 1)}
	way <- o
	if err := <-o.done; err != nil {
		b.Error(err)
	}
}

// Row 4: 64 writers at once against 64 that share a plain file in the same
// way, and what the desk costs a lone one.
func BenchmarkWriters64(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	var n atomic.Int64
	row := func() []sale.Row { return []sale.Row{sale.ReportRow{Report: queueEntry(int(n.Add(1)))}} }
	file := func(rows []sale.Row) error { fl.group(b, len(rows)); return nil }
	peer := newMattn(b, s)
	crowd := func(write func([]sale.Row) error) time.Duration {
		d := newDesk(write)
		defer d.close()
		return took(func() {
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for range 20 {
						d.ask(b, d.urgent, row())
					}
				})
			}
			wg.Wait()
		})
	}
	for b.Loop() {
		var ratios, theirs, lone []float64
		for range 15 {
			least := float64(crowd(file))
			ratios, theirs = append(ratios, least/float64(crowd(s.writes))), append(theirs, least/float64(crowd(peer.commit)))
			var alone, direct []time.Duration
			d := newDesk(s.writes)
			for range 60 {
				alone = append(alone, took(func() { d.ask(b, d.urgent, row()) }))
				direct = append(direct, took(func() { mustCommit(b, s, row()) }))
			}
			d.close()
			lone = append(lone, float64(quantile(alone, 0.5))/float64(quantile(direct, 0.5)))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(middle(ratios), "of-floor")
		b.ReportMetric(middle(theirs), "mattn-of-floor")
		b.ReportMetric(middle(lone), "lone-ratio")
	}
}

// group writes n records with one barrier.
func (fl *floor) group(b *testing.B, n int) {
	if fl.at+int64(n*len(fl.data)) > floorRoom {
		fl.at = 0
	}
	for range n {
		if _, err := fl.f.WriteAt(fl.data, fl.at); err != nil {
			b.Error(err)
		}
		fl.at += int64(len(fl.data))
	}
	if err := syscall.Fdatasync(int(fl.f.Fd())); err != nil {
		b.Error(err)
	}
}

// Row 5: a sale's intent while answers are taken in flat out, 16 to a commit,
// against the same with nothing else to do. The peer is given the same desk.
func BenchmarkSaleDuringDrain(b *testing.B) {
	s := benchStore(b)
	peer := newMattn(b, s)
	n := backlog
	for b.Loop() {
		fillStore(b, s, backlog)
		fillQueue(b, peer.commit, backlog)
		p50, p99, drained := intentsDuringDrain(b, s.writes, &n)
		theirs50, theirs99, _ := intentsDuringDrain(b, peer.commit, &n)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(p50, "p50-ratio")
		b.ReportMetric(p99, "p99-ratio")
		b.ReportMetric(float64(drained), "drained")
		b.ReportMetric(theirs50, "mattn-p50-ratio")
		b.ReportMetric(theirs99, "mattn-p99-ratio")
	}
}

const backlog = 20000

func (s *Store) writes(rows []sale.Row) error {
	_, err := s.Commit(context.Background(), rows)
	return err
}

// intentsDuringDrain says how much longer an intent takes while the backlog is drained, and how
// much of it was. n numbers the intents.
func intentsDuringDrain(b *testing.B, write func([]sale.Row) error, n *int) (p50, p99 float64, drained int) {
	d := newDesk(write)
	defer d.close()
	intents := func(k int) (all []time.Duration) {
		for range k {
			*n++
			rows := intent(*n)
			all = append(all, took(func() { d.ask(b, d.urgent, rows) }))
		}
		return all
	}
	idle := intents(500)
	stop, ended := make(chan struct{}), make(chan int)
	go func() {
		k := 0
		for ; k < backlog-answersPerCommit; k += answersPerCommit {
			select {
			case <-stop:
				ended <- k
				return
			default:
			}
			var rows []sale.Row
			for i := k; i < k+answersPerCommit; i++ {
				rows = append(rows, sale.ReportGone{No: queueEntry(i).No, How: sale.ReportDone})
			}
			d.ask(b, d.other, append(rows, sale.EventRow{At: noon, Kind: "reported"}))
		}
		ended <- k
		<-stop
	}()
	busy := intents(500)
	close(stop)
	ratio := func(q float64) float64 { return float64(quantile(busy, q)) / float64(quantile(idle, q)) }
	return ratio(0.5), ratio(0.99), <-ended
}

const answersPerCommit = 16

func fillQueue(b *testing.B, write func([]sale.Row) error, n int) {
	for from := 0; from < n; from += 1000 {
		var rows []sale.Row
		for i := from; i < min(n, from+1000); i++ {
			r := queueEntry(i)
			r.DueAt = noon.Add(time.Duration(i) * time.Millisecond)
			rows = append(rows, sale.ReportRow{Report: r})
		}
		if err := write(rows); err != nil {
			b.Fatal(err)
		}
	}
}

func fillStore(b *testing.B, s *Store, n int) {
	fillQueue(b, s.writes, n)
	if _, err := s.Idle(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// rows of the large journals: go test -bench 'Claim|Restart' ./store -rows 1000000
var large = flag.Int("rows", 100_000, "rows of the large journals in benchmarks")

// Row 6: a claim of 64 out of many against one out of few, due or in backoff.
func BenchmarkClaim(b *testing.B) {
	few, many := benchStore(b), benchStore(b)
	fillStore(b, few, 64)
	fillStore(b, many, *large)
	claim := func(s *Store, now time.Time, want int) time.Duration {
		return took(func() {
			due, err := s.Due(context.Background(), now, 1000*time.Hour, 64)
			if err != nil || len(due) != want {
				b.Fatalf("claimed %d, %v", len(due), err)
			}
		})
	}
	for b.Loop() {
		for _, c := range []struct {
			name string
			now  time.Time
			want int
		}{{"due", noon.Add(time.Hour), 64}, {"backoff", noon.Add(-time.Hour), 0}} {
			var ratios []float64
			for range 20 {
				var a, z []time.Duration
				for range 50 {
					a = append(a, claim(few, c.now, c.want))
					z = append(z, claim(many, c.now, c.want))
				}
				ratios = append(ratios, float64(quantile(z, 0.5))/float64(quantile(a, 0.5)))
			}
			b.ReportMetric(middle(ratios), c.name+"-ratio")
		}
		b.ReportMetric(0, "ns/op")
	}
}

// Row 14: opening and recovering after a kill, against opening the same files
// and asking one question; and many sales against few.
func BenchmarkRestart(b *testing.B) {
	make := func(n int) killed {
		s := benchStore(b)
		for from := 0; from < n; from += 500 {
			var rows []sale.Row
			for i := from; i < min(n, from+500); i++ {
				end := final(i)
				v := end[0].(sale.SaleRow).Sale
				v.Reported = sale.ReportDone
				rows = append(rows, sale.SaleRow{Sale: v}, intent(i)[1], end[1])
			}
			mustCommit(b, s, rows)
		}
		mustCommit(b, s, intent(n+1)) // one is under way
		dir := b.TempDir()            // as a kill leaves it
		copyFile(b, s.door.path, filepath.Join(dir, "posd.db"))
		log, err := os.ReadFile(s.door.path + "-wal")
		if err != nil {
			b.Fatal(err)
		}
		return killed{filepath.Join(dir, "posd.db"), log}
	}
	few, many := make(10), make(*large)
	ours := func(k killed) (d time.Duration) {
		k.again(b)
		t := time.Now()
		s := benchStoreIn(b, filepath.Dir(k.path))
		got, err := s.Recover(b.Context())
		d = time.Since(t)
		if err != nil || len(got.Open) != 1 {
			b.Fatal(len(got.Open), err)
		}
		s.Close()
		return d
	}
	least := func(k killed) (d time.Duration) {
		k.again(b)
		t := time.Now()
		c, err := door{path: k.path}.connect([]pragma{{"synchronous", "FULL", "2"}})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		_, err = one(c, "SELECT count(*) FROM sales WHERE state IN ('waiting', 'unsure')")
		d = time.Since(t)
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	for b.Loop() {
		var a, z, l []time.Duration
		for range 30 {
			a, z, l = append(a, ours(few)), append(z, ours(many)), append(l, least(many))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(micros(quantile(z, 0.5)), "p50-µs")
		b.ReportMetric(micros(quantile(l, 0.5)), "floor-p50-µs")
		b.ReportMetric(float64(quantile(z, 0.5))/float64(quantile(l, 0.5)), "ratio")
		b.ReportMetric(float64(quantile(z, 0.5))/float64(quantile(a, 0.5)), "many/few")
	}
}

// killed is what a kill leaves: a database whose last commits are in its log.
type killed struct {
	path string
	log  []byte
}

// again puts the log back as the kill left it. The database has its content by
// then, which changes nothing: it is copied once more.
func (k killed) again(b *testing.B) {
	if err := os.Remove(k.path + "-shm"); err != nil && !os.IsNotExist(err) {
		b.Fatal(err)
	}
	if err := os.WriteFile(k.path+"-wal", k.log, 0o600); err != nil {
		b.Fatal(err)
	}
}
