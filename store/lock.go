package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"posd/device/sale"
)

// lockFolder takes the state folder for this process. The lock goes with the
// process, however it ends; the pid in the file is for people to read.
func lockFolder(dir string) (*os.File, error) {
	path := filepath.Join(dir, "posd.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w: give the folder to the user posd runs as", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		pid := "unknown"
		if b, err := io.ReadAll(io.LimitReader(f, 32)); err == nil && len(b) > 0 {
			pid = strings.TrimSpace(string(b))
		}
		return nil, fmt.Errorf("state folder %s is %w: pid %s holds %s; stop that one first", dir, sale.ErrLocked, pid, path)
	}
	if err := adopt(path, dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// Written over and not cut first, which would wait for the disk when the file
	// is closed. A full disk must not keep posd from starting: then the pid is
	// that of an earlier run.
	fmt.Fprintf(f, "%-20d\n", os.Getpid())
	return f, nil
}
