package store

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/psanford/sqlite3vfs"

	"posd/device/sale"
)

// asUsualLayer is what SQLite's usual file layer says of EIO, SQLITE_IOERR_CORRUPTFS. The
// library has no name for it, and lets nobody else make one.
var asUsualLayer = func() error {
	e := sqlite3vfs.IOErrorRead
	*(*int)(unsafe.Pointer(&e)) = 10 | 33<<8 // its first field is the code
	return e
}()

// TestADiskThatFailsToReadIsNoDamage: a page that the disk does not give is not a damaged page.
// SQLite calls both corrupt; a person who is told so restores a copy and loses what is newer.
func TestADiskThatFailsToReadIsNoDamage(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	look := func() error {
		if _, err := s.write.Exec("PRAGMA shrink_memory", nil); err != nil { // it forgets what it has read
			return err
		}
		_, err := one(s.write, "SELECT count(*) FROM sales")
		return explain("read the journal", err)
	}
	if err := look(); err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.noRead = true
	d.mu.Unlock()
	if err := look(); !errors.Is(err, ErrDisk) || !errors.Is(err, sale.ErrJournalBroken) || strings.Contains(err.Error(), "restore") {
		t.Errorf("while the disk gives no page: %v", err)
	}
	d.mu.Lock()
	d.noRead = false
	d.mu.Unlock()
	if err := look(); err != nil {
		t.Errorf("once it does again: %v", err)
	}
}

// TestAStartOnADiskThatFailsToReadFindsNoDamage: the looks before SQLite's first call it by the
// same name. Nothing is mapped at a process's first address: the kernel answers EIO, as it does
// for a bad sector.
func TestAStartOnADiskThatFailsToReadFindsNoDamage(t *testing.T) {
	const failing = "/proc/self/mem"
	f, err := os.Open(failing)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := checkContent("posd.db", f); !errors.Is(err, ErrDisk) || !errors.Is(err, sale.ErrJournalBroken) {
		t.Errorf("its first bytes: %v", err)
	}
	_, err = scanWAL(f)
	if err := unread("read posd.db-wal", err); !errors.Is(err, ErrDisk) || strings.Contains(err.Error(), "damaged") {
		t.Errorf("its log: %v", err)
	}
}
