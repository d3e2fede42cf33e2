package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 4096

// Backup writes a copy of the journal as it stands to path, while selling goes
// on, reads the copy back and verifies what of it was not verified before, and only then
// gives it its name. The copy holds no request of a report, so no expiry: see Restore.
func (s *Store) Backup(ctx context.Context, path string) error {
	_, err := s.backup(ctx, path)
	return err
}

// backup is Backup; it returns what of the copy was verified.
func (s *Store) backup(ctx context.Context, path string) (Verified, error) {
	doing := "back the journal up to " + path
	if err := s.mayWrite(path); err != nil {
		return Verified{}, fmt.Errorf("%s: %w", doing, err)
	}
	started, part := time.Now(), path+".part"
	if err := removeDatabase(part); err != nil {
		return Verified{}, fmt.Errorf("%s: %w", doing, err)
	}
	before, _ := LastVerified(filepath.Dir(s.door.path))
	var now Verified
	err := s.copyTo(ctx, part)
	if err == nil {
		now, err = verifyCopy(ctx, part, before)
	}
	if err == nil {
		err = rename(part, path)
	}
	if err != nil {
		return Verified{}, errors.Join(explain(doing, err), removeDatabase(part))
	}
	s.noteVerified(now)
	s.log.Info("journal backed up", "path", path, "verified from", now.From, "to", now.Commit, "took", time.Since(started))
	return now, nil
}

// mayWrite refuses to overwrite what is not an older backup.
func (s *Store) mayWrite(path string) error {
	if !filepath.IsAbs(path) {
		return errors.New("the path is not absolute")
	}
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("its folder cannot be used: %w: make it, or name another file", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if own, err := os.Stat(s.door.path); err == nil && os.SameFile(own, there) {
		return errors.New("that is the journal itself: name another file")
	}
	if err := checkBackup(path); err != nil {
		return fmt.Errorf("name another file: %w", err)
	}
	return nil
}

// checkBackup refuses by its first bytes what is certainly not a backup.
func checkBackup(path string) error {
	info, err := os.Stat(path) // to open what is no file may wait for ever
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty: it is no copy of a journal", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 16)
	if _, err := io.ReadFull(f, head); err != nil || string(head) != sqliteMark {
		return fmt.Errorf("%s is no copy of a journal: it is not a database", path)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return checkContent(path, f)
}

// copyTo copies one moment of the journal into a new file.
func (s *Store) copyTo(ctx context.Context, path string) error {
	from, err := s.door.connect(copyPragmas())
	if err != nil {
		return err
	}
	defer from.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	f.Close()
	to, err := door{path: path}.connect([]pragma{{"synchronous", "FULL", "2"}, {"secure_delete", "ON", "1"}})
	if err != nil {
		return err
	}
	defer to.Close()
	// The moment is held, or every sale made meanwhile would begin the copy anew.
	if _, err := from.Exec("BEGIN", nil); err != nil {
		return err
	}
	if _, err := one(from, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	if err := copyPages(ctx, to, from, s.door.path+"-wal"); err != nil {
		return err
	}
	if err := intoOneFile(to); err != nil {
		return err
	}
	if _, err := to.Exec("UPDATE reports SET params = ''", nil); err != nil {
		return err
	}
	return to.Close()
}

func copyPages(ctx context.Context, to, from *sqlite3.SQLiteConn, log string) error {
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			b.Close()
			return err
		}
		if done, err = b.Step(backupPages); err != nil {
			b.Close()
			return err
		}
		// A reader holds the log; one that a slow stick holds for ever must not.
		if info, err := os.Stat(log); err == nil && info.Size() > logBound {
			b.Close()
			return fmt.Errorf("the disk is so slow, or so much is sold, that the journal's log has grown to %d MiB meanwhile: try again when less is sold, or on a faster disk", info.Size()>>20)
		}
	}
	return b.Finish()
}

// quiet opens a database that nobody writes, and writes nothing beside it.
type quiet struct{ path string }

func (q quiet) Connect(context.Context) (driver.Conn, error) {
	d := door{path: q.path}
	return (&sqlite3.SQLiteDriver{}).Open(d.dsn() + "&mode=ro&immutable=1")
}

func (q quiet) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// verifyFile verifies all of a backup.
func verifyFile(ctx context.Context, path string) error {
	_, err := verifyCopy(ctx, path, Verified{})
	return err
}

// verifyCopy verifies of a backup what was not verified before.
func verifyCopy(ctx context.Context, path string, before Verified) (Verified, error) {
	if err := checkBackup(path); err != nil {
		return Verified{}, err
	}
	db := sql.OpenDB(quiet{path})
	defer db.Close()
	s := Store{read: db}
	from := before.base()
	if has, err := s.has(ctx, from); err != nil || !has {
		from = link{}
	}
	end, err := s.verifyFrom(ctx, from, func(int64) {})
	return before.after(from, end, time.Now()), err
}

// rename gives a finished file its name, so that it is there after a power cut.
func rename(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	err = f.Sync()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder makes the names in a folder durable, where the file system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// removeDatabase removes a database with what SQLite keeps beside it.
func removeDatabase(path string) error {
	var errs []error
	for _, ext := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
