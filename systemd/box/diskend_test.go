//go:build box

package box

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// moment says at which of its requests a disk loses its power.
type moment int

const (
	atAnyTime   moment = iota // at the test's word, whatever is cached
	beforeFlush               // at a flush, which is not done any more, with blocks of posd's journal in the cache
	afterWrite                // when a block of posd's journal has come into the cache
)

func (m moment) String() string {
	return [...]string{"at any time", "before a flush", "after a write"}[m]
}

// end is how the power goes, and what was cached then.
type end struct {
	journal []extent // of the disk, where posd's journal lies
	when    moment
	armed   chan struct{} // closed when the power goes; nil: it stays
	off     bool
	last    forgotten
}

type extent struct{ from, to int64 } // sectors, to excluded

// forgotten counts what a cut found in the cache, in sectors, and how many blocks of
// the file system came to be torn by it.
type forgotten struct{ cached, lost, journal, journalLost, torn int }

func (f forgotten) String() string {
	return fmt.Sprintf("%d sectors were not flushed, %d of posd's journal; lost %d, %d of the journal; %d blocks torn", f.cached, f.journal, f.lost, f.journalLost, f.torn)
}

// arm has the power go at the next such moment, and returns what is closed then.
func (d *disk) arm(when moment) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.when, d.armed = when, make(chan struct{})
	d.ends(atAnyTime, true)
	return d.armed
}

// ends takes the disk's power if it is to go at this moment, and it has come. What is
// asked of the disk afterwards is neither done nor answered.
func (d *disk) ends(when moment, come bool) bool {
	if d.armed != nil && !d.off && when == d.when && come {
		d.off = true
		close(d.armed)
	}
	return d.off
}

func (d *disk) isOff() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// setJournal says where posd's journal lies now.
func (d *disk) setJournal(at []extent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal = at
}

func (d *disk) ofJournal(n int64) bool {
	for _, e := range d.journal {
		if e.from <= n && n < e.to {
			return true
		}
	}
	return false
}

// cached counts what is in the cache.
func (d *disk) cached() (f forgotten) {
	f.cached = len(d.cache)
	for at := range d.cache {
		if d.ofJournal(at) {
			f.journal++
		}
	}
	return f
}

// powerGoes is the power's end: of what is in the cache each sector survives with
// the probability that is drawn for this cut.
func (d *disk) powerGoes(lot *rand.Rand) {
	d.cut(lot, []float64{0, 0, 0.5, 0.9}[lot.IntN(4)])
}

func (d *disk) cut(lot *rand.Rand, survive float64) {
	const sectorsOfBlock = 8
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = d.cached()
	kept, lost := map[int64]bool{}, map[int64]bool{}
	for at, s := range d.cache {
		if lot.Float64() < survive {
			d.platter[at] = s
			kept[at/sectorsOfBlock] = true
			continue
		}
		lost[at/sectorsOfBlock] = true
		d.last.lost++
		if d.ofJournal(at) {
			d.last.journalLost++
		}
	}
	for block := range lost {
		if kept[block] {
			d.last.torn++
		}
	}
	clear(d.cache)
	d.armed, d.off = nil, false
}

// extents reads what filefrag -v -b512 says of files: where on the disk they lie.
func extents(said string) (all []extent) {
	for l := range strings.Lines(said) {
		var no int
		var at, end, from, to int64
		if n, _ := fmt.Sscanf(strings.NewReplacer(":", " ", "..", " ").Replace(l), "%d %d %d %d %d", &no, &at, &end, &from, &to); n == 5 && from > 0 {
			all = append(all, extent{from, to + 1})
		}
	}
	return all
}
