package store

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/psanford/sqlite3vfs"
)

// disk is a file layer of SQLite's in memory that forgets what was not synced
// when its power is cut.
type disk struct {
	mu       sync.Mutex
	files    map[string]*platter
	syncs    int
	ops      int // writes, truncates and syncs so far
	cutAt    int // the op at which the power goes; 0: never
	refuseAt int // the write from which on all fail; 0: never
	// refuseKeep is how many bytes of each such write are there all the same.
	refuseKeep int
	writes     int
	noSync     bool // a disk that only says it synced
	noRead     bool // a disk that gives no page
	cutDone    bool
}

// platter is one file: what is on it for certain, what the system shows, and
// the steps between the two that a cut may lose, tear or reorder.
type platter struct {
	durable []byte
	shown   []byte
	pending []step
}

type step struct {
	at   int64
	data []byte // nil: the file is cut to at
}

var diskNo atomic.Int64

// newDisk registers a disk. SQLite never forgets a file layer, so each has its
// own name.
func newDisk(t testing.TB) (*disk, string) {
	t.Helper()
	d := &disk{files: map[string]*platter{}}
	name := fmt.Sprintf("disk%d", diskNo.Add(1))
	if err := sqlite3vfs.RegisterVFS(name, d); err != nil {
		t.Fatal(err)
	}
	return d, name
}

// openOn opens a store on a disk, without readers and without a folder.
func openOn(t testing.TB, vfs string) (*Store, error) {
	t.Helper()
	lock, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{log: slog.New(slog.DiscardHandler), door: door{path: "/posd.db", vfs: vfs}, lock: lock}
	if err := s.attach(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (d *disk) Open(name string, flags sqlite3vfs.OpenFlag) (sqlite3vfs.File, sqlite3vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cutDone {
		return nil, 0, sqlite3vfs.CantOpenError
	}
	p := d.files[name]
	if p == nil {
		p = new(platter)
		d.files[name] = p
	}
	return &handle{d, p}, flags, nil
}

func (d *disk) Delete(name string, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
	return nil
}

func (d *disk) Access(name string, _ sqlite3vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

func (d *disk) FullPathname(name string) string { return name }

// op counts an operation and says whether the power is still there for it.
func (d *disk) op() error {
	d.ops++
	if d.cutAt > 0 && d.ops >= d.cutAt {
		d.cutDone = true
	}
	if d.cutDone {
		return sqlite3vfs.IOError
	}
	return nil
}

// after writes what a cut left of the files into a real folder.
func (d *disk) after(t testing.TB, r *rand.Rand) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	dir := t.TempDir()
	all := r.IntN(4) == 0 // the platter kept everything: only the answer was lost
	for name, p := range d.files {
		left := p.shown
		if !all {
			left = p.survive(r)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), left, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// survive loses about half of the unsynced steps, tears others at a sector of
// 512 bytes or keeps any of their sectors, and lets what is left reach the platter in
// any order.
func (p *platter) survive(r *rand.Rand) []byte {
	out := append([]byte(nil), p.durable...)
	for _, i := range r.Perm(len(p.pending)) {
		s := p.pending[i]
		switch r.IntN(4) {
		case 0, 1:
			continue
		case 2:
			if len(s.data) > 512 && r.IntN(2) == 0 { // any of its sectors
				for at := 0; at < len(s.data); at += 512 {
					if r.IntN(2) == 0 {
						out = step{s.at + int64(at), s.data[at:min(at+512, len(s.data))]}.apply(out)
					}
				}
				continue
			}
			if len(s.data) > 512 {
				from, to := r.IntN(len(s.data)/512)*512, len(s.data)
				if r.IntN(2) == 0 {
					from, to = 0, from+512
				}
				s = step{s.at + int64(from), s.data[from:to]}
			}
		}
		out = s.apply(out)
	}
	return out
}

func (s step) apply(b []byte) []byte {
	if s.data == nil {
		if s.at < int64(len(b)) {
			return b[:s.at]
		}
		return append(b, make([]byte, s.at-int64(len(b)))...)
	}
	if end := s.at + int64(len(s.data)); end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[s.at:], s.data)
	return b
}

// handle is an open file of a disk.
type handle struct {
	d *disk
	p *platter
}

func (h *handle) Close() error { return nil }

func (h *handle) ReadAt(b []byte, at int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.d.noRead {
		return 0, asUsualLayer
	}
	if at >= int64(len(h.p.shown)) {
		return 0, io.EOF
	}
	n := copy(b, h.p.shown[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(b []byte, at int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.d.writes++
	s := step{at, append([]byte{}, b...)}
	if h.d.refuseAt > 0 && h.d.writes >= h.d.refuseAt {
		s.data = s.data[:min(len(b), h.d.refuseKeep)]
		h.p.pending = append(h.p.pending, s)
		h.p.shown = s.apply(h.p.shown)
		return 0, sqlite3vfs.IOErrorWrite
	}
	if h.d.cutDone {
		return 0, sqlite3vfs.IOError
	}
	h.p.pending = append(h.p.pending, s)
	h.p.shown = s.apply(h.p.shown)
	return len(b), h.d.op()
}

func (h *handle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.d.cutDone {
		return sqlite3vfs.IOError
	}
	s := step{at: size}
	h.p.pending = append(h.p.pending, s)
	h.p.shown = s.apply(h.p.shown)
	return h.d.op()
}

func (h *handle) Sync(sqlite3vfs.SyncType) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if err := h.d.op(); err != nil {
		return err
	}
	h.d.syncs++
	if !h.d.noSync {
		h.p.durable = append(h.p.durable[:0], h.p.shown...)
		h.p.pending = nil
	}
	return nil
}

func (h *handle) FileSize() (int64, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return int64(len(h.p.shown)), nil
}

func (h *handle) Lock(sqlite3vfs.LockType) error   { return nil }
func (h *handle) Unlock(sqlite3vfs.LockType) error { return nil }

// CheckReservedLock answers true for "nobody holds it": the layer turns it over.
func (h *handle) CheckReservedLock() (bool, error) { return true, nil }

func (h *handle) SectorSize() int64 { return 4096 }

// DeviceCharacteristics are those of a file on Linux: a torn write does no
// harm to its neighbours.
func (h *handle) DeviceCharacteristics() sqlite3vfs.DeviceCharacteristic {
	return sqlite3vfs.IocapPowersafeOverwrite
}

// synced returns how many syncs f cost.
func (d *disk) synced(f func()) int {
	before := d.syncs
	f()
	return d.syncs - before
}
