package port

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// resolve returns the device that path stands for now, following the stable
// names that udev makes.
func resolve(path string) (string, error) {
	dev, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", notThere{}
	}
	return dev, err
}

// notThere is fs.ErrNotExist in words that help.
type notThere struct{}

func (notThere) Error() string {
	return "it is not there: is the device plugged in and switched on? `posd devices` lists what is"
}

func (notThere) Is(err error) bool { return err == fs.ErrNotExist }

// lockLine takes the lock of a device or an address, or says who has it. The
// file stays when the lock is let go: removing it would let two programs lock
// two files of one name.
func lockLine(dir, key string) (*os.File, error) {
	if dir == "" {
		return nil, nil
	}
	name := "posd-line-" + strings.Trim(strings.Map(func(r rune) rune {
		if r == '/' || r == ':' || r == os.PathSeparator || r < ' ' {
			return '-'
		}
		return r
	}, key), "-") + ".lock"
	path := filepath.Join(dir, name)
	// First without O_CREATE: in a folder that everyone may write to, the kernel
	// may refuse O_CREATE on a file that exists and is another user's.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	}
	if err == nil {
		f.Chmod(0o644) // whatever the umask and an earlier posd made of it: others may look, and not write
	}
	if errors.Is(err, fs.ErrPermission) {
		f, err = os.Open(path) // flock is content with a file it can read
	}
	if err != nil {
		return nil, fmt.Errorf("lock the line: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		who, _ := io.ReadAll(io.LimitReader(f, 200))
		return nil, &HeldError{Line: key, By: strings.TrimSpace(string(who)), File: path}
	}
	// Who holds it is a courtesy to people, so a file we may only read is fine.
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "%s, process %d\n", filepath.Base(os.Args[0]), os.Getpid())
	}
	return f, nil
}

// Hold takes the lock of an address ("host:port") that is spoken to by other
// means than a Line, until release is called.
func Hold(lockDir, addr string) (release func(), err error) {
	f, err := lockLine(lockDir, addr)
	if err != nil {
		return nil, err
	}
	return func() { unlock(f) }, nil
}

func unlock(f *os.File) {
	if f != nil {
		f.Close()
	}
}

// HeldError says that another program has the line.
type HeldError struct {
	Line string // resolved device or host:port
	By   string // name and process number as the holder wrote them, empty if it did not
	File string // the lock file
}

// Error names the holder and the remedy.
func (e *HeldError) Error() string {
	by := e.By
	if by == "" {
		by = "another program"
	}
	return fmt.Sprintf("%s is in use by %s (lock file %s): stop it, or ask it instead", e.Line, by, e.File)
}
