package store

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
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

func benchStore(b *testing.B) *Store {
	s, err := Open(b.Context(), Config{Dir: b.TempDir()}, slog.New(slog.DiscardHandler))
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

// versus runs ours and floor in turns and prints medians, the median of the
// ratios by rounds of 50, and the ratio of the worst of each.
func versus(b *testing.B, n int, ours, floor func(i int)) {
	var our, low []time.Duration
	var ratios []float64
	for i := range n {
		our = append(our, took(func() { ours(i) }))
		low = append(low, took(func() { floor(i) }))
		if k := len(our); k%50 == 0 {
			ratios = append(ratios, float64(quantile(our[k-50:], 0.5))/float64(quantile(low[k-50:], 0.5)))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(micros(quantile(our, 0.5)), "p50-µs")
	b.ReportMetric(micros(quantile(low, 0.5)), "floor-p50-µs")
	b.ReportMetric(middle(ratios), "ratio")
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
	n := 0
	for b.Loop() {
		versus(b, 2000,
			func(int) { n++; mustCommit(b, s, []sale.Row{sale.ReportRow{Report: queueEntry(n)}}) },
			func(int) { fl.write(b) })
	}
}

// Row 1: a sale, its event, and its report.
func BenchmarkEnqueueSale(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	n := 0
	for b.Loop() {
		versus(b, 2000,
			func(int) {
				n++
				rows := final(n)
				mustCommit(b, s, rows[:3])
			},
			func(int) { fl.write(b) })
	}
}

// Both commits of a card sale, as a till makes them, against two writes.
func BenchmarkSale(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	n := 0
	for b.Loop() {
		versus(b, 1000,
			func(int) { n++; mustCommit(b, s, intent(n)); mustCommit(b, s, final(n)) },
			func(int) { fl.write(b); fl.write(b) })
	}
}

var _ = fmt.Sprint
