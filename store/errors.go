package store

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// ErrDisk means that the disk itself would not read or write: nothing is known to be wrong
// with what lies on it.
var ErrDisk = errors.New("the disk refuses")

// explain wraps an error of SQLite so that callers can decide by it and a
// person knows what to do.
func explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT:
		return fmt.Errorf("%s: %w (free some room): %w", doing, sale.ErrJournalFull, err)
	case e.Code == sqlite3.ErrNotADB || e.Code == sqlite3.ErrCorrupt:
		return fmt.Errorf("%s: %w (its file is damaged; restore a backup): %w", doing, sale.ErrJournalBroken, err)
	case e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrPerm:
		return fmt.Errorf("%s: %w (its file or folder may not be written; look at the owner and at the disk): %w", doing, sale.ErrJournalBroken, err)
	case e.SystemErrno == syscall.EROFS:
		return fmt.Errorf("%s: %w (the disk: %w; look at the kernel's log): %w", doing, sale.ErrJournalBroken, syscall.EROFS, err)
	case e.ExtendedCode == sqlite3.ErrIoErrRead || e.ExtendedCode == sqlite3.ErrIoErrWrite || e.ExtendedCode == sqlite3.ErrIoErrFsync || e.Code == sqlite3.ErrIoErr && e.SystemErrno == syscall.EIO:
		return fmt.Errorf("%s: %w (%w; look at the kernel's log): %w", doing, sale.ErrJournalBroken, ErrDisk, err)
	case e.Code == sqlite3.ErrIoErr || e.Code == sqlite3.ErrCantOpen:
		return fmt.Errorf("%s: %w (the disk refuses; look at the kernel's log): %w", doing, sale.ErrJournalBroken, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// unread explains an error of a read that is not SQLite's, of a file of the journal.
func unread(doing string, err error) error {
	if errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%s: %w (%w; look at the kernel's log): %w", doing, sale.ErrJournalBroken, ErrDisk, err)
	}
	return fmt.Errorf("%s: %w (%w): look at the disk", doing, err, sale.ErrJournalBroken)
}
