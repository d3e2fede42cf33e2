package store

import (
	"sync"

	"github.com/mattn/go-sqlite3"
)

const (
	// copyAt is how long the log gets before it is copied beside the selling, in
	// frames: half of what it may have, so that there is room to go on meanwhile.
	copyAt = walBytes / 2 / (pageBytes + frameHeaderBytes)
	// copyLook is how many commits go by between two looks at how long it is.
	copyLook = 8
	// copyRest is how many frames may be left to copy while commits wait.
	copyRest = 256
	// copyPasses is how often what was committed meanwhile is copied after it: a
	// disk on which it never ends leaves it to a calmer moment.
	copyPasses = 4
)

// copier copies the log into the database while the till sells, so that no sale
// pays for it. It has a connection of its own: SQLite lets one connection copy
// what is committed while another one appends.
//
//	the writer   commit  commit  commit ...  commit      turn  commit
//	the copier          |-- most of the log --|-- the rest --|
//	                     nobody waits          s.mu is held: some pages
type copier struct {
	at    int64 // copyAt; tests have less
	since int   // commits since it was looked
	busy  bool  // a copy is under way
	under sync.WaitGroup
	conn  *sqlite3.SQLiteConn // made at the first use
	turns int                 // how often the log began anew by it
}

// copyLog looks now and then whether the log should be copied. It is called
// behind a commit, by whoever holds s.mu.
func (s *Store) copyLog() {
	c := &s.copier
	if c.since++; c.since < copyLook || c.busy || s.closed {
		return
	}
	c.since = 0
	if s.door.vfs != "" { // a file layer that knows one connection only
		if _, frames, err := logOf(s.write, "NOOP"); err == nil && frames >= s.copyFrom() {
			s.copyRest(s.write)
		}
		return
	}
	c.busy = true
	c.under.Go(func() {
		err := s.copyBeside()
		s.mu.Lock()
		defer s.mu.Unlock()
		c.busy = false
		if err != nil { // Idle tries again, and says so
			s.log.Debug("log not copied beside the selling", "err", err)
		}
	})
}

func (s *Store) copyFrom() int64 {
	if s.copier.at > 0 {
		return s.copier.at
	}
	return copyAt
}

// copyBeside copies the log if it is long, most of it while commits go on.
func (s *Store) copyBeside() error {
	c := &s.copier
	if c.conn == nil {
		conn, err := s.door.reading().connect(copierPragmas())
		if err != nil {
			return err
		}
		c.conn = conn
	}
	left, frames, err := logOf(c.conn, "NOOP")
	if err != nil || frames < s.copyFrom() {
		return err
	}
	for pass := 0; left > copyRest && pass < copyPasses; pass++ {
		if _, _, err := logOf(c.conn, "PASSIVE"); err != nil {
			return err
		}
		if left, _, err = logOf(c.conn, "NOOP"); err != nil {
			return err
		}
	}
	if left > copyRest {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return s.copyRest(c.conn)
}

// copyRest copies what is left and turns the log over by a commit that is not a
// sale's. The caller holds s.mu.
func (s *Store) copyRest(c *sqlite3.SQLiteConn) error {
	busy, _, err := checkpoint(c)
	if err != nil || busy { // somebody reads: the log goes on
		return err
	}
	s.copier.turns++
	_, err = s.write.Exec("UPDATE turns SET n = n + 1", nil)
	return err
}
