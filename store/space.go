package store

import (
	"fmt"
	"syscall"

	"posd/device/sale"
)

// Room returns an error that wraps sale.ErrJournalFull while the disk has less
// room than the reserve. New business is then refused, here and by Commit (what
// carries a KeyRow is new business); what was begun is still brought to its end,
// out of the reserve.
func (s *Store) Room() error {
	if s.cfg.ReserveMiB == 0 {
		return nil
	}
	free, err := s.free(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ask for the room on the disk of %s: %w", s.cfg.Dir, err)
	}
	if free>>20 < uint64(s.cfg.ReserveMiB) {
		return fmt.Errorf("%w: %d MiB are free under %s, and %d MiB are kept to finish what was begun: free some room, then selling goes on by itself",
			sale.ErrJournalFull, free>>20, s.cfg.Dir, s.cfg.ReserveMiB)
	}
	return nil
}

// freeBytes is the room on the disk of a folder for those who are not root.
func freeBytes(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// begins reports whether rows begin new business: only what was accepted
// consumes a key.
func begins(rows []sale.Row) bool {
	for _, r := range rows {
		if _, ok := r.(sale.KeyRow); ok {
			return true
		}
	}
	return false
}
