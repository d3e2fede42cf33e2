package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Copies says where copies of the journal go by themselves, and how many stay.
//
//	/media/posd-stick/            never made by posd: without the stick it is not there
//	    posd-000041-20261121T220000Z.db    oldest first by number, not by clock
//	    posd-000042-20261122T040000Z.db    made, read back and verified
//	    posd-000043-....db.part            under way; gone when it is stopped
type Copies struct {
	// Path is the folder, an absolute path. Default "".
	Path string `toml:"path"`
	// Every is the pause between two copies. Default 6h.
	Every time.Duration `toml:"every"`
	// Keep is how many copies stay; the oldest leaves when a new one is there. Default 14.
	Keep int `toml:"keep"`
	// ReserveMiB is the room, in MiB, that copies leave free on their disk. Default 256.
	ReserveMiB int `toml:"reserve_mib"`
	// SameDisk lets the folder be on the journal's own disk, or the system's.
	// Otherwise a stick that is not there would be taken for one. Default false.
	SameDisk bool `toml:"same_disk"`
}

// CopiesDefaults returns what is usual but for the path.
func CopiesDefaults() Copies { return Copies{Every: 6 * time.Hour, Keep: 14, ReserveMiB: 256} }

// Validate returns every fault of the configuration.
func (c Copies) Validate() []error {
	var faults []error
	if !filepath.IsAbs(c.Path) {
		faults = append(faults, fmt.Errorf(`path = %q is not an absolute path: name the folder for the copies, such as "/media/posd-stick", or remove the section`, c.Path))
	}
	if c.Every < time.Second || c.Every > 31*24*time.Hour {
		faults = append(faults, fmt.Errorf(`every = %q is out of range: use "1s" to "744h", "6h" is usual`, c.Every))
	}
	if c.Keep < 1 || c.Keep > 1000 {
		faults = append(faults, fmt.Errorf("keep = %d is out of range: use 1 to 1000, 14 is usual", c.Keep))
	}
	if c.ReserveMiB < 0 || c.ReserveMiB > 1<<20 {
		faults = append(faults, fmt.Errorf("reserve_mib = %d is out of range: use 0 to 1048576, 256 is usual", c.ReserveMiB))
	}
	return faults
}

// ErrSameDisk means that copies would lie beside what they are copies of.
var ErrSameDisk = errors.New("on the same disk")

// Place returns why copies of the journal in dir cannot go to c.Path now, nil if they can.
func (c Copies) Place(dir string) error {
	info, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not there: plug the stick in and mount it, or make the folder", c.Path)
	case err != nil:
		return fmt.Errorf("%w: look at the stick", err)
	case !info.IsDir():
		return fmt.Errorf("%s is no folder: name one as path in [backup]", c.Path)
	case c.SameDisk:
		return nil
	}
	for _, other := range []string{dir, "/"} {
		if there, err := os.Stat(other); err == nil && device(there) == device(info) {
			return fmt.Errorf("%s is %w as %s: plug the stick in and mount it there, or set same_disk = true in [backup] if that is meant", c.Path, ErrSameDisk, other)
		}
	}
	return nil
}

func device(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// Copied is the last copy that was made.
type Copied struct {
	At   time.Time
	Path string
}

// copiedNote is a file in the state folder: it says when the last copy was made
// while the stick is not there to be asked.
const copiedNote = "posd.copied"

// LastCopy returns the last copy of the journal in dir, wherever it is now; ok
// is false if none is known of.
func LastCopy(dir string) (c Copied, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, copiedNote))
	if err != nil {
		return c, false
	}
	at, path, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	c.Path = path
	c.At, err = time.Parse(time.RFC3339, at)
	return c, err == nil
}

// Copy makes one more copy in c.Path, verified, and lets the oldest leave. With
// too little room the oldest leave before, but never the newest.
func (s *Store) Copy(ctx context.Context, c Copies, now time.Time) (Copied, error) {
	if err := c.Place(s.cfg.Dir); err != nil {
		return Copied{}, err
	}
	all, err := c.list()
	if err != nil {
		return Copied{}, err
	}
	if all, err = s.makeRoom(c, all); err != nil {
		return Copied{}, err
	}
	n := 1
	if len(all) > 0 {
		n = all[len(all)-1].n + 1
	}
	done := Copied{now, filepath.Join(c.Path, fmt.Sprintf("posd-%06d-%s.db", n, now.UTC().Format("20060102T150405Z")))}
	if err := s.Backup(ctx, done.Path); err != nil {
		return Copied{}, err
	}
	for len(all) >= c.Keep {
		if err := os.Remove(all[0].path); err != nil {
			return done, fmt.Errorf("remove an old copy: %w", err)
		}
		all = all[1:]
	}
	note := filepath.Join(s.cfg.Dir, copiedNote)
	return done, os.WriteFile(note, []byte(now.UTC().Format(time.RFC3339)+" "+done.Path+"\n"), 0o640)
}

// makeRoom removes the oldest copies while there is too little room for one
// more, and returns those that stay.
func (s *Store) makeRoom(c Copies, all []copied) ([]copied, error) {
	need, err := size(s.cfg.Dir)
	if err != nil {
		return all, err
	}
	reserve := c.ReserveMiB
	if c.SameDisk {
		reserve = max(reserve, s.cfg.ReserveMiB) // or the copies would end the selling
	}
	for {
		free, err := s.free(c.Path)
		if err != nil {
			return all, fmt.Errorf("ask for the room in %s: %w", c.Path, err)
		}
		if free >= uint64(need)+uint64(reserve)<<20 {
			return all, nil
		}
		if len(all) <= 1 {
			return all, fmt.Errorf("too little room in %s: %d MiB are free, a copy takes %d, and %d are kept free: free some room, or use a larger stick",
				c.Path, free>>20, need>>20+1, reserve)
		}
		if err := os.Remove(all[0].path); err != nil {
			return all, fmt.Errorf("remove an old copy: %w", err)
		}
		all = all[1:]
	}
}

// copied is one of our copies in a folder.
type copied struct {
	n    int
	path string
}

var copyName = regexp.MustCompile(`^posd-([0-9]{6,9})-[0-9TZ]{16}\.db(\.part(-wal|-shm|-journal)?)?$`)

// list returns the copies in the folder, oldest first, and removes what a copy
// that was stopped half way has left.
func (c Copies) list() ([]copied, error) {
	found, err := os.ReadDir(c.Path)
	if err != nil {
		return nil, fmt.Errorf("look for copies: %w", err)
	}
	var all []copied
	for _, f := range found {
		m := copyName.FindStringSubmatch(f.Name())
		path := filepath.Join(c.Path, f.Name())
		switch {
		case m == nil || !f.Type().IsRegular():
		case m[2] != "":
			if err := os.Remove(path); err != nil {
				return nil, fmt.Errorf("remove what a copy left: %w", err)
			}
		default:
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, err
			}
			all = append(all, copied{n, path})
		}
	}
	slices.SortFunc(all, func(a, b copied) int { return cmp.Compare(a.n, b.n) })
	return all, nil
}

// Empty reports whether there is no copy in the folder yet.
func (c Copies) Empty() bool {
	all, err := c.list()
	return err == nil && len(all) == 0
}
