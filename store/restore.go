package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"posd/device/sale"
)

// Restored says what a restore did.
type Restored struct {
	Aside    string    // new name of the journal that was there; empty if there was none
	LostFrom time.Time // what was written from here on is not in the backup; zero if all of it
	LostTo   time.Time
	Taken    int // sales that were taken from the journal that was there
	Unread   int // rows of that journal that could not be read, and are lost
	SetAside int // reports whose request the backup does not hold
	// Gap says what may be missing, empty if all of the journal that was there was read,
	// and which number the next closed day has at least.
	Gap sale.Gap
}

// Restore puts a backup in the place of the journal of cfg.Dir, which no daemon
// may be using. The backup is verified first. What was there before is moved
// aside, never overwritten. What is made belongs to the owner of the folder,
// so that it may be run as root.
//
//	verify FROM             with its log, if it has one; nothing touched so far
//	copy to posd.db.part    take from the journal that is there what the backup
//	                        does not have (aside.go), and mark what must not be forgotten:
//	                        every report counts as attempted; those whose
//	                        request the backup leaves out are set aside, for a
//	                        person; event numbers go on a million further; every
//	                        reference made between the backup and now counts as
//	                        used
//	posd.restoring          from here on a daemon refuses to start
//	posd.db -> posd.db.aside-TIME, its log and its note likewise
//	posd.db.part -> posd.db
//	remove posd.restoring
//
// Stopped at any step it can be run again.
func Restore(ctx context.Context, cfg Config, from string, now time.Time, log *slog.Logger) (r Restored, err error) {
	return restore(ctx, cfg, from, false, now, log)
}

// Salvage is Restore from a journal whose log is damaged, or gone: it goes on with
// what SQLite can read of it. What it cannot read is lost, and marked so.
func Salvage(ctx context.Context, cfg Config, from string, now time.Time, log *slog.Logger) (r Restored, err error) {
	return restore(ctx, cfg, from, true, now, log)
}

func restore(ctx context.Context, cfg Config, from string, damaged bool, now time.Time, log *slog.Logger) (r Restored, err error) {
	doing := "restore the journal from " + from
	if err := errors.Join(cfg.Validate()...); err != nil {
		return r, err
	}
	if err := checkSource(ctx, from, damaged, log); err != nil {
		return r, fmt.Errorf("%s: %w", doing, err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return r, fmt.Errorf("%s: make the state folder: %w", doing, err)
	}
	lock, err := lockFolder(cfg.Dir)
	if err != nil {
		return r, err
	}
	path := filepath.Join(cfg.Dir, "posd.db")
	part := path + ".part"
	s := &Store{cfg: cfg, log: log, door: door{path: part}, lock: lock, salvage: damaged}
	defer s.Close()
	err = s.prepare(ctx, from, path, now, &r)
	if err == nil {
		err = adopt(part, cfg.Dir)
	}
	if err != nil {
		return r, errors.Join(explain(doing, err), s.detach(), removeDatabase(part))
	}
	flag := restoringFlag(path)
	if err := os.WriteFile(flag, []byte(from+"\n"), 0o640); err != nil {
		return r, fmt.Errorf("%s: %w", doing, err)
	}
	if err := syncFolder(cfg.Dir); err != nil {
		return r, fmt.Errorf("%s: %w", doing, err)
	}
	r.Aside, err = moveAside(path, now)
	if err == nil {
		err = rename(part, path)
	}
	if err == nil {
		err = noteRestored(cfg.Dir, s.chain, r.Gap.NextDay-1)
	}
	if err == nil {
		err = os.Remove(flag)
	}
	if err == nil {
		err = syncFolder(cfg.Dir)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w: run it again", doing, err)
	}
	log.Info("journal restored", "from", from, "aside", r.Aside, "reports set aside", r.SetAside)
	return r, nil
}

// adopt gives a file that root made to the owner of the state folder, without
// whom posd could not write it.
func adopt(path, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// checkSource refuses what is no sound copy of a journal. A copy has no log; a
// journal that was put aside, or the state folder's own, may have one.
func checkSource(ctx context.Context, from string, damaged bool, log *slog.Logger) error {
	if logged(from) || filepath.Base(from) == "posd.db" {
		if damaged {
			return checkBackup(from)
		}
		look := Store{log: log, door: door{path: from}, keeps: true}
		if err := checkBackup(from); err != nil {
			return err
		}
		if err := look.inspect(); err != nil || logged(from) { // with a log it is verified once it is copied
			return err
		}
	}
	return verifyFile(ctx, from)
}

// logged reports whether a database has a log beside it that holds something.
func logged(path string) bool {
	w, err := scanLog(path + "-wal")
	return err != nil || !w.empty
}

// noteRestored notes how far the restored journal goes.
func noteRestored(dir string, end link, day int) error {
	k, err := openKeeper(dir, end, 0, max(day, 0))
	if err != nil {
		return err
	}
	k.state.closed = true
	return errors.Join(k.write(true), k.f.Close())
}

// prepare makes the restored journal beside the old one.
func (s *Store) prepare(ctx context.Context, from, was string, now time.Time, r *Restored) error {
	if err := removeDatabase(s.door.path); err != nil {
		return err
	}
	if err := copyContent(from, s.door.path); err != nil {
		return err
	}
	withLog := logged(from)
	if withLog {
		if err := copyContent(from+"-wal", s.door.path+"-wal"); err != nil {
			return err
		}
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	if withLog || s.salvage {
		if err := s.Verify(ctx); err != nil {
			return err
		}
	}
	copied := s.chain.no
	complete := from == was && !s.salvage
	if from != was {
		if err := s.takeOver(ctx, was, r); err != nil {
			return err
		}
		complete = exists(was) && r.Unread == 0
	}
	epoch, err := s.beginEpoch(ctx, copied)
	if err != nil {
		return err
	}
	old, err := readKept(was)
	if err != nil || !old.there {
		old.day = -1
	}
	if err := s.mark(now, filepath.Base(from), complete, old.day, epoch, r); err != nil {
		return err
	}
	if err := errors.Join(s.read.Close(), s.lists.Close()); err != nil {
		return err
	}
	if err := intoOneFile(s.write); err != nil {
		return err
	}
	return s.detach()
}

func copyContent(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// moveAside gives the journal another name, with its log, so that it can still
// be opened there.
func moveAside(path string, now time.Time) (string, error) {
	stem := path + ".aside-" + now.UTC().Format("20060102T150405Z")
	aside := stem
	for n := 2; exists(aside) || exists(aside+"-wal"); n++ {
		aside = fmt.Sprintf("%s-%d", stem, n)
	}
	moved := false
	for _, f := range [][2]string{{path, aside}, {path + "-wal", aside + "-wal"}, {path + "-journal", aside + "-journal"}, {noteOf(path), noteOf(aside)}} {
		switch err := os.Rename(f[0], f[1]); {
		case err == nil:
			moved = moved || f[0] != noteOf(path)
		case !errors.Is(err, fs.ErrNotExist):
			return aside, err
		}
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return aside, err
	}
	if !moved {
		return "", nil
	}
	return aside, syncFolder(filepath.Dir(path))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// restoringFlag is there while a restore has begun to move files.
func restoringFlag(path string) string { return filepath.Join(filepath.Dir(path), "posd.restoring") }

// checkRestored refuses a folder in which a restore was stopped half way.
func checkRestored(path string) error {
	if !exists(restoringFlag(path)) {
		return nil
	}
	return fmt.Errorf("open %s: %w: a restore was stopped half way: run posd restore again with the same backup", path, sale.ErrJournalBroken)
}
