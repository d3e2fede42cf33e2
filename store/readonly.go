package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"posd/device/sale"
)

// BackupReadOnly is Backup of the journal in cfg.Dir by a process that does not
// have it open: beside a running daemon, or without one. It reads as any tool
// may and writes nothing but the copy, and where it may the note of how far the journal
// is verified, with the rights of whoever runs it.
func BackupReadOnly(ctx context.Context, cfg Config, to string, log *slog.Logger) (Verified, error) {
	if err := errors.Join(cfg.Validate()...); err != nil {
		return Verified{}, err
	}
	path := filepath.Join(cfg.Dir, "posd.db")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0:
		return Verified{}, fmt.Errorf("back up %s: there is no journal yet: `posd run` makes one, and dir in [store] says where", path)
	case err != nil:
		return Verified{}, fmt.Errorf("back up the journal: %w", err)
	}
	// Where no daemon has the folder none may begin meanwhile. One that has it, or
	// a folder that may only be read, is no hindrance.
	alone := false
	if lock, err := lockFolder(cfg.Dir); err == nil {
		defer lock.Close()
		alone = true
	} else if !errors.Is(err, sale.ErrLocked) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return Verified{}, err
	}
	if err := checkRestored(path); err != nil {
		return Verified{}, err
	}
	s := Store{cfg: cfg, log: log, door: door{path: path, mode: "ro"}, keeps: true}
	if alone { // a daemon looked at its log when it started
		if err := s.inspect(); err != nil {
			return Verified{}, err
		}
	}
	return s.backup(ctx, to)
}

// size is how many bytes the journal of a folder takes, its log included: a
// copy takes no more.
func size(dir string) (int64, error) {
	var sum int64
	for _, name := range []string{"posd.db", "posd.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err == nil {
			sum += info.Size()
		}
	}
	return sum, nil
}
