package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// Store is the journal of one counter. One till commits; any number read.
type Store struct {
	cfg  Config
	log  *slog.Logger
	door door
	lock *os.File
	// keeps says that the folder's note of the journal is read and written: that
	// of a restore's half-made journal is not.
	keeps bool
	was   kept // what the note said when the store was opened
	// Troubled, if it is set before the store is used, hears of every read that
	// found the journal damaged. It must not call the store.
	Troubled func(error)

	salvage bool                             // what SQLite can read of a damaged log will do
	beside  sale.Epoch                       // of a restore: the epoch of the journal that is moved aside,
	shared  int64                            // and up to which commit both are alike
	suspect bool                             // the log is not of the round that was noted, nor of a later one
	wal     *os.File                         // the log of SQLite, to make room in it and to wipe it; nil over another file layer
	read    *sql.DB                          // look-ups
	lists   *sql.DB                          // lists, and whoever reads the whole
	looking lookups                          // what the till looks up while somebody writes
	file    fs.FileInfo                      // of posd.db as it was opened
	free    func(dir string) (uint64, error) // room on the disk of a folder, in bytes

	mu     sync.Mutex // guards what follows
	write  *sqlite3.SQLiteConn
	own    *prepared // statements of the writer
	recent recent
	chain  link
	keeper *keeper
	dirty  bool // frames were written since the log was turned over
	closed bool
	copier copier

	turnTries int  // left to Idle until the next commit
	wiped     bool // Idle has looked at the whole log in this run
}

// Open opens the journal in cfg.Dir, making it if there is none. A file that is
// there is never overwritten: whatever is wrong with it comes back in words.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	if err := errors.Join(cfg.Validate()...); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the state folder: %w: make it and give it to the user posd runs as", err)
	}
	lock, err := lockFolder(cfg.Dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cfg.Dir, "posd.db")
	s := &Store{cfg: cfg, log: log, door: door{path: path}, lock: lock, free: FreeBytes, keeps: true}
	err = checkRestored(path)
	if err == nil {
		err = s.open(ctx)
	}
	if err == nil {
		err = s.growLog()
	}
	if err == nil {
		err = s.beginKeeping()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	log.Info("journal opened", "path", path, "commits", s.chain.no, "took", time.Since(started))
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.inspect(); err != nil {
		return err
	}
	if s.suspect {
		s.log.Warn("the journal's log is not the one that posd wrote last; every row is verified first", "path", s.door.path+"-wal")
		if err := s.verifyFirst(ctx); err != nil {
			return err
		}
	}
	return s.attach()
}

// verifyFirst verifies the journal before anything can write to it.
func (s *Store) verifyFirst(ctx context.Context) error {
	v := Store{read: door{path: s.door.path, mode: "ro"}.pool(1)}
	defer v.read.Close()
	return v.Verify(ctx)
}

// inspect refuses what SQLite would take for less than it was, before SQLite
// touches it.
func (s *Store) inspect() (err error) {
	if s.keeps {
		if s.was, err = readKept(s.door.path); err != nil {
			return err
		}
	}
	if err := checkFile(s.door.path, s.was); err != nil {
		return err
	}
	if err := s.checkLog(); err != nil {
		return err
	}
	return s.lookFirst()
}

// lookFirst reads what a start reads, through a connection that cannot write: one
// that can would bring the log into a damaged file when it is closed.
func (s *Store) lookFirst() error {
	if info, err := os.Stat(s.door.path); err != nil || info.Size() == 0 {
		return err
	}
	err := s.readEnd()
	var e sqlite3.Error
	switch {
	case !errors.As(err, &e) || e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || errors.Is(err, ErrDisk):
		return err
	case e.Code == sqlite3.ErrIoErr: // such as a file that ends before a page that it should hold
		return fmt.Errorf("%w: or the file is damaged: restore a backup", err)
	default:
		return nil // such as a commit of a first start that must be undone: that takes writing
	}
}

func (s *Store) readEnd() error {
	c, err := door{path: s.door.path, mode: "ro"}.connect(nil)
	if err != nil {
		return explain("open "+s.door.path, err)
	}
	defer c.Close()
	made, err := one(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'commits'")
	if err != nil {
		return explain("read "+s.door.path, err)
	}
	if made == int64(0) {
		return s.checkKept(c, link{})
	}
	var end link
	if err := end.load(c); err != nil {
		return err
	}
	return s.checkKept(c, end)
}

// attach opens the connections of a file that looks like a journal.
func (s *Store) attach() error {
	own := s.door
	if own.vfs == "" {
		own.mode = "rw" // checkFile made the file
	}
	c, err := own.connect(own.writerPragmas())
	if err != nil {
		return explain("open "+s.door.path, err)
	}
	s.write, s.own = c, newPrepared(c)
	if err := migrate(c, s.door.path); err != nil {
		return err
	}
	if err := s.chain.load(c); err != nil {
		return err
	}
	if err := s.checkKept(c, s.chain); err != nil { // again, for where only this connection could read
		return err
	}
	s.wrote() // what the last run left
	s.read, s.lists = s.door.pool(readers), s.door.pool(listers)
	if s.door.vfs == "" {
		s.file, err = os.Stat(s.door.path)
	}
	return err
}

// Close gives the journal back. It may be called twice.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.copier.under.Wait()
	s.mu.Lock()
	var errs []error
	if s.read != nil && s.write != nil {
		errs = append(errs, s.tidy(context.Background()))
	}
	whole := s.write != nil && !s.dirty && errors.Join(errs...) == nil
	errs = append(errs, s.detach(), s.endKeeping(whole))
	if s.wal != nil {
		errs = append(errs, s.wal.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// detach closes the connections.
func (s *Store) detach() error {
	errs := []error{s.looking.close()}
	for _, db := range []*sql.DB{s.read, s.lists} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if c := s.copier.conn; c != nil {
		errs = append(errs, c.Close())
	}
	if s.write != nil {
		// With a limit in force SQLite would cut the log to nothing here.
		_, err := s.write.Exec("PRAGMA journal_size_limit = -1", nil)
		errs = append(errs, err, s.own.close())
	}
	s.write, s.own = nil, nil // who still reads is told that the readers are closed
	return errors.Join(errs...)
}

// checkFile makes an empty database file if there is none, and refuses one
// that is certainly not a journal, before SQLite touches it.
func checkFile(path string, was kept) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := checkUsed(path, "missing", was); err != nil {
			return err
		}
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
		if err != nil {
			return fmt.Errorf("make the journal: %w: give the folder to the user posd runs as", err)
		}
		return f.Close()
	}
	if err != nil {
		return fmt.Errorf("open the journal: %w (%w): give the file to the user posd runs as, on a disk that may be written", err, sale.ErrJournalBroken)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return checkUsed(path, "empty", was)
	}
	return checkContent(path, f)
}

// checkUsed refuses to begin a new journal where the folder knows of an older
// one. One that is empty was made by a run that came no further, or was emptied.
func checkUsed(path, how string, was kept) error {
	w, err := scanLog(path + "-wal")
	if err != nil {
		return unread("read "+path+"-wal", err)
	}
	if info, err := os.Stat(path + "-wal"); how == "missing" && err == nil && info.Size() > 0 {
		w.empty = false
	}
	switch {
	case !w.empty:
		return fmt.Errorf("open %s: %w: it is %s, but its log %s-wal is there; it is left as it is: put the file back, restore a backup, or move the log away to begin anew", path, sale.ErrJournalBroken, how, path)
	case was.end.no > 0:
		return fmt.Errorf("open %s: %w: it is %s, but %d commits were written to it; it is left as it is: put the file back, restore a backup, or move %s away to begin anew", path, sale.ErrJournalBroken, how, was.end.no, keptNote)
	}
	return nil
}

// sqliteMark begins every database.
const sqliteMark = "SQLite format 3\x00"

// checkContent refuses by its first bytes what is certainly not a journal.
func checkContent(path string, f *os.File) error {
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	switch {
	case err == io.EOF: // empty: made by a run that came no further
		return nil
	case err != nil && err != io.ErrUnexpectedEOF:
		return unread("read the journal", err)
	case n < len(head) || string(head[:16]) != sqliteMark:
		return fmt.Errorf("open %s: %w: it is not a database; it is left as it is: move it away to begin anew, or restore a backup", path, sale.ErrJournalBroken)
	}
	return checkHead(path, head)
}

// checkHead refuses by its head a database that is not for this program:
// SQLite would already have written to it when migrate looks.
//
//	offset  28  pages, 4 bytes
//	        60  version of the schema
//	        68  the application's mark
func checkHead(path string, head []byte) error {
	pages, have, id := binary.BigEndian.Uint32(head[28:]), binary.BigEndian.Uint32(head[60:]), binary.BigEndian.Uint32(head[68:])
	if id == 0 {
		// Either somebody else's, or one of ours whose first pages are still in
		// the log, as a power cut may leave it.
		if info, err := os.Stat(path + "-wal"); pages <= 1 || err == nil && info.Size() > 0 {
			return nil
		}
	}
	steps, err := schema()
	if err != nil {
		return err
	}
	return recognise(path, int(id), int(have), len(steps))
}
