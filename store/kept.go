package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// keptNote is a file beside the journal that says how far it goes. SQLite takes
// a log that is missing, cut or older for one that ends earlier; this does not.
//
//	Open     "open", durable, if it was "closed"
//	Commit   written over without a barrier: after a power cut it may be older than
//	         the journal, never newer, for the commit was durable before
//	Idle     written over, durable
//	Close    "closed", durable: all is in posd.db, and the log holds nothing more
//
// At the next start the commit that it names must be in the chain, under its
// hash, and what follows must hang together. A restore that cannot read the journal
// learns from it which numbers of days were given. It is written over in one piece,
// always of one length; one that cannot be read counts as one that is not there.
const keptNote = "posd.kept"

// noteOf is the note of the journal at path; one that was put aside has its note beside it.
func noteOf(path string) string {
	if filepath.Base(path) == "posd.db" {
		return filepath.Join(filepath.Dir(path), keptNote)
	}
	return path + "-kept"
}

// kept is what the note says. The zero value knows nothing.
type kept struct {
	there  bool
	closed bool
	end    link  // the last commit, 0 if there was none
	log    int64 // bytes that the log has at least
	salts  salts // of the round that the log was in
	day    int   // the highest number of a closed day; -1 in a note of an older posd, which did not say
}

const (
	keptFormat = "posd.db %-6s commit %020d hash %-64s log %010d salts %08x-%08x"
	keptDay    = " day %08d" // what follows in a note of this posd
)

func (k kept) String() string {
	state, hash := "open", k.end.hash
	if k.closed {
		state = "closed"
	}
	if hash == "" {
		hash = "-"
	}
	line := fmt.Sprintf(keptFormat, state, k.end.no, hash, k.log, k.salts[0], k.salts[1])
	if k.day >= 0 {
		line += fmt.Sprintf(keptDay, k.day)
	}
	return fmt.Sprintf("%s sum %08x\n", line, crc32.ChecksumIEEE([]byte(line)))
}

// readKept returns the note of the journal at path.
func readKept(path string) (k kept, err error) {
	text, err := os.ReadFile(noteOf(path))
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, fmt.Errorf("read how far the journal goes: %w (%w): give the file to the user posd runs as", err, sale.ErrJournalBroken)
	}
	var state string
	var sum uint32
	const format = "posd.db %s commit %d hash %s log %d salts %x-%x"
	if strings.Contains(string(text), " day ") {
		_, err = fmt.Sscanf(string(text), format+" day %d sum %x", &state, &k.end.no, &k.end.hash, &k.log, &k.salts[0], &k.salts[1], &k.day, &sum)
	} else {
		k.day = -1
		_, err = fmt.Sscanf(string(text), format+" sum %x", &state, &k.end.no, &k.end.hash, &k.log, &k.salts[0], &k.salts[1], &sum)
	}
	if k.end.hash == "-" {
		k.end.hash = ""
	}
	k.there, k.closed = true, state == "closed"
	if err != nil || k.String() != string(text) {
		return kept{}, nil
	}
	return k, nil
}

// keeper writes the note.
type keeper struct {
	f     *os.File
	state kept
	fails bool // the last write failed, and that was said
}

// openKeeper begins to write the note of a folder, which says that its journal is open.
func openKeeper(dir string, end link, log int64, day int) (*keeper, error) {
	path := filepath.Join(dir, keptNote)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: give the file to the user posd runs as", path, err)
	}
	k := &keeper{f: f, state: kept{there: true, end: end, log: log, day: day}}
	if err := adopt(path, dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return k, nil
}

// write writes the note over; sync waits until it is durable.
func (k *keeper) write(sync bool) error {
	_, err := k.f.WriteAt([]byte(k.state.String()), 0)
	if err == nil && sync {
		err = k.f.Sync()
	}
	return err
}

// keep notes the end of the chain. A note that cannot be written stays older
// than the journal, which does no harm; it is said once. The caller holds s.mu.
func (s *Store) keep(sync bool) {
	if s.keeper == nil {
		return
	}
	s.keeper.state.end = s.chain
	if sync {
		s.keeper.state.salts, s.keeper.state.log = readSalts(s.door.path+"-wal"), s.logSize()
	}
	err := s.keeper.write(sync)
	if err != nil && !s.keeper.fails {
		s.log.Warn("how far the journal goes cannot be noted", "path", s.keeper.f.Name(), "err", err)
	}
	s.keeper.fails = err != nil
}

// logSize is how long the log is and stays.
func (s *Store) logSize() int64 {
	info, err := os.Stat(s.door.path + "-wal")
	if err != nil {
		return 0
	}
	return min(info.Size(), walBytes)
}

// beginKeeping notes that the journal is open from now on. After a kill it says so already.
func (s *Store) beginKeeping() error {
	size := s.logSize()
	day, err := one(s.write, "SELECT coalesce(max(no), 0) FROM days")
	if err != nil {
		return explain("read the last closed day", err)
	}
	last, _ := day.(int64)
	k, err := openKeeper(filepath.Dir(s.door.path), s.chain, size, max(int(last), s.was.day))
	if err != nil {
		return err
	}
	s.keeper = k
	k.state.salts = readSalts(s.door.path + "-wal")
	begun := !s.was.there || s.was.closed || s.was.log != size || s.was.day != k.state.day
	err = k.write(begun)
	if err == nil && !s.was.there {
		err = syncFolder(filepath.Dir(s.door.path))
	}
	if err != nil {
		return explain("note how far the journal goes", err)
	}
	return nil
}

// endKeeping notes whether all is in the database.
func (s *Store) endKeeping(whole bool) error {
	if s.keeper == nil {
		return nil
	}
	s.keeper.state.end, s.keeper.state.closed, s.keeper.state.salts = s.chain, whole, readSalts(s.door.path+"-wal")
	return errors.Join(s.keeper.write(true), s.keeper.f.Close())
}

// checkKept holds the chain against the note: the commit that it names must be
// there, and all behind it must hang together.
func (s *Store) checkKept(c *sqlite3.SQLiteConn, end link) error {
	was := s.was.end
	switch {
	case was.no == 0:
		return nil
	case end.no < was.no:
		return fmt.Errorf("open %s: %w: it ends with commit %d, and commit %d was acknowledged: it is an older journal, or lost its log; it is left as it is: put the right files back, or `posd restore` a copy",
			s.door.path, sale.ErrJournalBroken, end.no, was.no)
	}
	rows, err := c.Query("SELECT no, entries, hash FROM commits WHERE no >= ? ORDER BY no", []driver.Value{was.no})
	if err != nil {
		return explain("read the end of the journal", err)
	}
	defer rows.Close()
	row := make([]driver.Value, 3)
	at := link{}
	for n := was.no; n <= end.no; n++ {
		if err := rows.Next(row); err != nil && !errors.Is(err, io.EOF) {
			return explain(fmt.Sprintf("read commit %d of the journal", n), err)
		} else if err != nil {
			row[0] = nil // it is missing
		}
		entries, _ := row[1].(string)
		hash, _ := row[2].(string)
		next := at.next(entries)
		if at.no == 0 { // the commit that is named
			next = link{n, was.hash}
		}
		if row[0] != n || hash != next.hash {
			return fmt.Errorf("open %s: %w: its commit %d is not the one that was acknowledged: the journal or its log is another one's, or older; it is left as it is: put the right files back, or `posd restore` a copy",
				s.door.path, sale.ErrJournalBroken, n)
		}
		at = next
	}
	return nil
}
