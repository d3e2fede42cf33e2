package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"

	"posd/device/sale"
)

// Room returns an error that wraps sale.ErrJournalFull while the disk has less
// room than the reserve. New business is then refused, here and by Commit (what
// carries a KeyRow is new business); what was begun is still brought to its end,
// out of the reserve.
func (s *Store) Room() error {
	if err := s.InPlace(); err != nil {
		return err
	}
	free, err := s.room()
	if err != nil {
		return err
	}
	if free>>20 < uint64(s.cfg.ReserveMiB) {
		return fmt.Errorf("%w: %d MiB are free under %s, and %d MiB are kept to finish what was begun: free some room, then selling goes on by itself",
			sale.ErrJournalFull, free>>20, s.cfg.Dir, s.cfg.ReserveMiB)
	}
	return nil
}

// room is the disk's free room in bytes, without bound over another file layer; an error
// that wraps EROFS while nothing may be written there.
func (s *Store) room() (free uint64, err error) {
	if s.free == nil {
		return math.MaxUint64, nil
	}
	switch free, err = s.free(s.cfg.Dir); {
	case errors.Is(err, syscall.EROFS):
		return 0, fmt.Errorf("%w: the disk under %s is a %w: look at the kernel's log; nothing new is sold until it may be written again", sale.ErrJournalBroken, s.cfg.Dir, err)
	case err != nil:
		return 0, fmt.Errorf("ask for the room on the disk of %s: %w", s.cfg.Dir, err)
	}
	return free, nil
}

// admits returns an error if rows may not be written now: new business without room, and
// whatever it is while the file system is read-only. One that was made so by force takes
// what is written to a file that is open, and answers that it is synced, and does nothing.
func (s *Store) admits(rows []sale.Row) error {
	if begins(rows) {
		return s.Room()
	}
	if _, err := s.room(); errors.Is(err, syscall.EROFS) {
		return err
	}
	return nil
}

// InPlace returns an error if the journal's name no longer leads to the file that
// is open: its folder was moved, or another was put in its place. What is begun is
// still written to the open file, where its history is; new business waits.
func (s *Store) InPlace() error {
	if s.file == nil {
		return nil
	}
	now, err := os.Stat(s.door.path)
	if err == nil && os.SameFile(now, s.file) {
		return nil
	}
	how := "another file is there"
	if err != nil {
		how = err.Error()
	}
	return fmt.Errorf("%w: %s is not the file that posd writes to (%s): put the state folder back, or restart posd on the right one; nothing new is sold until then",
		sale.ErrJournalBroken, s.door.path, how)
}

// FreeBytes returns the room on the disk of a folder for those who are not root; EROFS if
// nothing may be written there.
func FreeBytes(dir string) (uint64, error) {
	const readOnly = 1 // ST_RDONLY
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	if st.Flags&readOnly != 0 {
		return 0, syscall.EROFS
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// begins reports whether rows begin new business: only what was accepted
// consumes a key.
func begins(rows []sale.Row) bool {
	for _, r := range rows {
		if k, ok := r.(sale.KeyRow); ok && k.Sale != "" { // a day's is bound when it is closed
			return true
		}
	}
	return false
}
