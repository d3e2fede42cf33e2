package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"posd/device/sale"
)

// Walk verifies the journal piece by piece beside selling. Each piece is a short
// view of its own, so that the log can be turned over in between; a Verify of a
// journal of years would hold one moment for minutes.
//
// It sees what Verify sees, but for two things: rows that no commit ever wrote, and
// the pages of a table that cannot be looked through in structureLimit.
type Walk struct {
	s       *Store
	end     link
	missing map[string]int64 // rows not there, until a later commit says that they left
	last    int64            // the end of the chain when it began, for Progress
	tables  int              // whose structure was looked at
	skipped int              // whose structure took too long
}

const (
	// walkPiece is how many commits one piece reads.
	walkPiece = 200
	// structureLimit is how long SQLite may look at the pages of one table.
	structureLimit = 10 * time.Second
)

// Walk begins a verification.
func (s *Store) Walk() *Walk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Walk{s: s, missing: map[string]int64{}, last: s.chain.no}
}

// Progress returns how many commits were read, of how many.
func (w *Walk) Progress() (read, of int64) { return w.end.no, max(w.last, w.end.no) }

// Skipped returns of how many tables the structure was not looked at to the end.
func (w *Walk) Skipped() int { return w.skipped }

// Next reads the next piece; done is true once there is none. An error that wraps
// sale.ErrJournalBroken names what is not as posd wrote it; any other says only
// that the piece could not be read to its end.
func (w *Walk) Next(ctx context.Context) (done bool, err error) {
	if w.tables < len(ledgers) {
		return false, w.structure(ctx)
	}
	err = lookIn(ctx, w.s.lists, "verify the journal", func(v view) error {
		rows, err := v.witness()
		if err != nil {
			return err
		}
		defer rows.close()
		rows.missing = w.missing
		before := w.end.no
		if w.end, err = v.chain(rows, w.end, walkPiece); err != nil {
			return err
		}
		if done = w.end.no == before; !done {
			return nil
		}
		for name, no := range w.missing {
			return bad("%s is missing: commit %d wrote it and none removed it", name, no)
		}
		return v.requests()
	})
	if done && err == nil && w.skipped == 0 {
		w.s.noteVerified(Verified{}.after(link{}, w.end, time.Now()))
	}
	return done, err
}

// structure lets SQLite look at the pages and indexes of the next table.
func (w *Walk) structure(ctx context.Context) error {
	table := ledgers[w.tables].table
	limited, cancel := context.WithTimeout(ctx, structureLimit)
	defer cancel()
	err := lookIn(limited, w.s.lists, "verify the journal", func(v view) error {
		return v.structure(fmt.Sprintf("PRAGMA integrity_check('%s')", table))
	})
	w.tables++
	if err != nil && limited.Err() != nil && ctx.Err() == nil && !errors.Is(err, sale.ErrJournalBroken) {
		w.skipped++
		return nil
	}
	return err
}

// logBound is how long the log may get while somebody reads.
const logBound = 4 * walBytes

// Log returns an error while the log is longer than it may be: somebody has been
// reading one moment of the journal for so long that it cannot be turned over.
func (s *Store) Log() error {
	info, err := os.Stat(s.door.path + "-wal")
	if err != nil || info.Size() <= logBound {
		return err
	}
	who := "another program (such as sqlite3, or a tool that copies the journal)"
	if names := readersOf(s.door.path, "/proc"); len(names) > 0 {
		who = strings.Join(names, ", ")
	}
	return fmt.Errorf("the journal's log has grown to %d MiB, for %s keeps the journal open in the middle of reading it: end that program", info.Size()>>20, who)
}

// readersOf names the other processes that hold a lock on the journal's shared
// memory, as the kernel lists locks:
//
//	3: POSIX  ADVISORY  READ  4711 08:01:131090 124 124
//
// The file itself is not opened: closing it would give away SQLite's own locks.
func readersOf(path, proc string) (names []string) {
	info, err := os.Stat(path + "-shm")
	if err != nil {
		return nil
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	list, err := os.ReadFile(filepath.Join(proc, "locks"))
	if err != nil || !ok {
		return nil
	}
	seen := map[string]bool{strconv.Itoa(os.Getpid()): true}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasSuffix(f[5], fmt.Sprint(":", st.Ino)) || seen[f[4]] {
			continue
		}
		seen[f[4]] = true
		name, err := os.ReadFile(filepath.Join(proc, f[4], "comm"))
		if err != nil {
			name = []byte("a program")
		}
		names = append(names, fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), f[4]))
	}
	return names
}
