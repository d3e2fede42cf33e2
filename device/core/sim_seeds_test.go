package core_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// tally is what a run of many seeds did.
type tally struct{ seeds, sales, steps uint64 }

// seedRun runs seeds on every core, each seed in one goroutine.
type seedRun struct {
	last    uint64 // the last seed, the first is 1
	next    atomic.Uint64
	failing atomic.Uint64 // the lowest seed that broke a rule; 0: none
	mu      sync.Mutex
	done    tally
	began   time.Time
	burnt   time.Duration // processor time before it began
	mallocs uint64        // allocations before it began
	told    time.Time
	aloud   bool     // progress is printed
	hashes  []string // of the seeds' effects; nil: nobody asks
}

// runSeeds runs the seeds from 1 to last and returns what was done and the
// lowest one that breaks a rule, 0 if none does.
func runSeeds(last uint64, aloud bool) (*seedRun, uint64) {
	// A world lives for a millisecond: collecting it at every 4 MB is most of the work.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	r := &seedRun{last: last, began: time.Now(), told: time.Now(), burnt: burnt(), mallocs: mallocs(), aloud: aloud}
	if aloud {
		fmt.Printf("%d seeds on %d cores, %s\n", last, runtime.GOMAXPROCS(0), resident())
	}
	if *simHash != "" {
		r.hashes = make([]string, last)
	}
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(r.core)
	}
	cores.Wait()
	if aloud {
		fmt.Println(r)
	}
	return r, r.failing.Load()
}

func (r *seedRun) core() {
	for {
		seed := r.next.Add(1)
		if low := r.failing.Load(); seed > r.last || low != 0 && seed > low && r.hashes == nil {
			return
		}
		w := r.simulate(seed)
		if len(w.failures) > 0 {
			for low := r.failing.Load(); (low == 0 || seed < low) && !r.failing.CompareAndSwap(low, seed); low = r.failing.Load() {
			}
		}
		r.note(w)
	}
}

func (r *seedRun) simulate(seed uint64) *world {
	w := newWorld(seed, false)
	if r.hashes == nil {
		return w.live(false)
	}
	w.hash = newEffectsHash()
	w.live(false)
	r.hashes[seed-1] = w.hash.String()
	return w
}

func (r *seedRun) note(w *world) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.seeds++
	r.done.sales += uint64(len(w.disk.Rows.Order))
	r.done.steps += uint64(w.steps)
	if r.aloud && time.Since(r.told) > 10*time.Second {
		r.told = time.Now()
		fmt.Println(r)
	}
}

// String says how much was done, how fast, and in how much memory.
func (r *seedRun) String() string {
	d, cores := r.done, runtime.GOMAXPROCS(0)
	wall, cpu := time.Since(r.began), burnt()-r.burnt
	return fmt.Sprintf("%d seeds, %d sales, %d steps: %.0f sales/s on %d cores, %.0f sales/s for each second of a core, %.1f allocations a step with the world around it; %s",
		d.seeds, d.sales, d.steps, float64(d.sales)/wall.Seconds(), cores, float64(d.sales)/cpu.Seconds(), float64(mallocs()-r.mallocs)/float64(d.steps), resident())
}

// burnt is the processor time that this process has used, collecting garbage included.
func burnt() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mallocs is how often this process has allocated.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// resident says how much memory this process holds, as Linux counts it.
func resident() string {
	status, _ := os.ReadFile("/proc/self/status") // elsewhere it is not said
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	rss, _, _ = strings.Cut(rss, "\n")
	return "memory " + strings.Join(strings.Fields(rss), " ")
}
