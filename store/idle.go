package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// The log of SQLite (posd.db-wal) in the life of a store:
//
//	opened       grown with zeros to walBytes, so that no commit waits for the
//	             file system to find room
//	Commit       frames are appended, one barrier
//	copyAt       a till that is never idle: a connection of its own copies the
//	             frames into the database while commits go on (copylog.go)
//	Idle         the frames are copied into the database; one small commit turns
//	             the log over to its first frame, so that the extra barrier of a
//	             new round is not paid by a sale; what lies behind that frame is
//	             wiped, for it may hold an expiry whose report has left
//	walBytes     where that cannot keep up: the commit that fills the log copies
//	             it itself
//	Close        as Idle; the file stays
const (
	walHeaderBytes   = 32
	frameHeaderBytes = 24
	// turnTries is how often Idle tries to turn the log over after a commit of
	// the till's: a reader that stays, such as a tool that copies the log, keeps it
	// from it, and each try is a commit.
	turnTries = 3
)

// growLog fills SQLite's log with zeros up to its usual size. A frame of zeros
// is no frame: SQLite reads the log up to the first such. It is done once
// SQLite has the file, for it removes one that it finds beside an empty database.
func (s *Store) growLog() error {
	f, err := os.OpenFile(s.door.path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the journal's log: %w: give the file to the user posd runs as", err)
	}
	s.wal = f
	if _, err := s.write.Exec("BEGIN IMMEDIATE", nil); err != nil {
		return explain("make room in the journal's log", err)
	}
	defer s.write.Exec("ROLLBACK", nil)
	info, err := f.Stat()
	if err == nil && info.Size() < walBytes {
		err = wipe(f, info.Size(), walBytes)
		if err == nil {
			err = f.Sync()
		}
	}
	// A full disk costs speed here, not safety.
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("make room in the journal's log: %w", err)
	}
	return nil
}

// wipe writes zeros over [from, to).
func wipe(f *os.File, from, to int64) error {
	zeros := make([]byte, 64<<10)
	for from < to {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), to-from)], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// Idle does what can wait until nobody does: it copies the log into the
// database, turns it over and wipes what is left of it. It does nothing when
// nothing was written since the last time. The till calls it when ten
// seconds passed without a commit, and again, ever more rarely, until done is
// true: while somebody reads the log cannot be turned over.
func (s *Store) Idle(ctx context.Context) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true, nil
	}
	err = s.tidy(ctx)
	return !s.dirty || s.turnTries == 0, err
}

func (s *Store) tidy(ctx context.Context) error {
	if !s.dirty {
		return nil
	}
	busy, frames, err := checkpoint(s.write)
	if err != nil {
		return explain("copy the log into the journal", err)
	}
	if busy || s.turnTries == 0 {
		s.log.Debug("log not turned over: somebody reads", "frames", frames)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.turnTries--
	turned, err := s.turnOver(frames)
	s.dirty = !turned
	if turned {
		s.keep(true)
	}
	return explain("turn the log over", err)
}

// checkpoint copies what no reader needs to stay in the log. busy means that
// not all of it could be copied.
func checkpoint(c *sqlite3.SQLiteConn) (busy bool, frames int64, err error) {
	left, frames, err := logOf(c, "PASSIVE")
	return left != 0, frames, err
}

// logOf returns how many frames the log has, and how many of them are not in the
// database yet. mode NOOP only asks, PASSIVE copies what nobody needs to stay.
func logOf(c *sqlite3.SQLiteConn, mode string) (left, frames int64, err error) {
	row, err := first(c, "PRAGMA wal_checkpoint("+mode+")")
	if err != nil {
		return 0, 0, err
	}
	frames, _ = row[1].(int64)
	copied, _ := row[2].(int64)
	if left = frames - copied; row[0] != int64(0) {
		left = max(left, 1) // another copies
	}
	return left, frames, nil
}

// turnOver begins a new round of the log and wipes the old one. The lock on
// writing is held while it wipes, so that no frame can come into being there.
func (s *Store) turnOver(frames int64) (turned bool, err error) {
	if _, err := s.write.Exec("UPDATE turns SET n = n + 1", nil); err != nil {
		return false, err
	}
	if s.wal == nil {
		return true, nil
	}
	if _, err := s.write.Exec("BEGIN IMMEDIATE", nil); err != nil {
		return false, err
	}
	defer s.write.Exec("ROLLBACK", nil)
	// The log's length, asked through another connection: the lock is ours.
	var busy, now, copied int64
	if err := s.read.QueryRow("PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &now, &copied); err != nil {
		return false, err
	}
	if now > frames { // appended: somebody still reads the old round
		return false, nil
	}
	err = wipeFrames(s.wal, now, !s.wiped)
	s.wiped = err == nil
	return true, err
}

// wipeFrames overwrites the frames behind the first n, up to the first that is
// wiped already, or all: a run that was killed may have left some behind a gap.
func wipeFrames(wal *os.File, n int64, all bool) error {
	const frame = frameHeaderBytes + pageBytes
	info, err := wal.Stat()
	if err != nil {
		return err
	}
	header := make([]byte, frameHeaderBytes)
	for at := walHeaderBytes + n*frame; at+frame <= info.Size(); at += frame {
		if _, err := wal.ReadAt(header, at); err != nil {
			return err
		}
		if !slices.ContainsFunc(header, func(b byte) bool { return b != 0 }) {
			if all {
				continue
			}
			return nil
		}
		if err := wipe(wal, at, at+frame); err != nil {
			return err
		}
	}
	return nil
}
