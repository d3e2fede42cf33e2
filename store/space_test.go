package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"posd/device/sale"
)

func TestFullDiskRefusesNewBusinessOnly(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	s.cfg.ReserveMiB = 64
	room := uint64(64 << 20)
	s.free = func(string) (uint64, error) { return room, nil }
	mustCommit(t, s, intent(1))
	room--
	if _, err := s.Commit(t.Context(), intent(2)); !errors.Is(err, sale.ErrJournalFull) {
		t.Errorf("with too little room a sale begins: %v", err)
	}
	if err := s.Room(); !errors.Is(err, sale.ErrJournalFull) {
		t.Error(err)
	}
	mustCommit(t, s, final(1)) // what was begun comes to its end
	room++
	mustCommit(t, s, intent(2))
}

func TestNoRoomAtAllLosesNothing(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustCommit(t, s, intent(0))
	pages, err := one(s.write, "PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(n int64) {
		if _, err := s.write.Exec(fmt.Sprint("PRAGMA max_page_count = ", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages.(int64))
	n := 0
	for err == nil {
		n++
		_, err = s.Commit(t.Context(), intent(n))
	}
	if !errors.Is(err, sale.ErrJournalFull) {
		t.Fatalf("with no room at all: %v", err)
	}
	if _, err := s.Sale(t.Context(), intent(n)[0].(sale.SaleRow).Sale.ID); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("of the sale that did not fit is there: %v", err)
	}
	limit(1 << 20)
	mustCommit(t, s, intent(n)) // goes on by itself
	verified(t, s)
}

// A file system that is read-only by force says that it synced: nothing is committed on its word.
func TestNothingIsCommittedOnAReadOnlyDisk(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustCommit(t, s, intent(1))
	disk := s.free
	s.free = func(string) (uint64, error) { return 1 << 40, syscall.EROFS }
	for what, rows := range map[string][]sale.Row{"an intent": intent(2), "an end": final(1)} {
		if _, err := s.Commit(t.Context(), rows); !errors.Is(err, sale.ErrJournalBroken) || !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s on a read-only disk: %v", what, err)
		}
	}
	s.free = disk
	if got := read(t, s, 1); got.State != sale.Waiting {
		t.Errorf("sale 1 is %s", got.State)
	}
	mustCommit(t, s, final(1))
	mustCommit(t, s, intent(2))
}

func TestDiskThatRefusesMidwayLosesNothing(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, intent(1))
	for k := range 30 { // at each page of a commit that is written in one piece
		d.refuseAt, d.refuseKeep = d.writes+1, k*(frameHeaderBytes+pageBytes)+k%3*500
		_, err := s.Commit(t.Context(), intent(2))
		d.refuseAt, d.refuseKeep = 0, 0
		if !errors.Is(err, sale.ErrJournalBroken) || !errors.Is(err, ErrDisk) {
			t.Fatalf("refused at page %d: %v", k, err)
		}
		mustCommit(t, s, []sale.Row{sale.NoteRow{Name: "k", Value: fmt.Sprint(k)}})
	}
	large := intent(2)
	for n := 100; n < 800; n++ {
		large = append(large, intent(n)...)
	}
	k := 0
	for ; ; k++ { // at each piece of a large one
		d.refuseAt = d.writes + 1 + k
		_, err := s.Commit(t.Context(), large)
		d.refuseAt = 0
		if err == nil {
			break
		}
		if !errors.Is(err, sale.ErrJournalBroken) {
			t.Fatalf("refused at write %d: %v", k, err)
		}
		mustCommit(t, s, []sale.Row{sale.NoteRow{Name: "k", Value: fmt.Sprint(k)}})
	}
	if k < 5 {
		t.Errorf("a commit takes %d writes only", k)
	}
	mustCommit(t, s, final(1))
	dir := d.after(t, rand.New(rand.NewPCG(1, 1)))
	s.Close()
	again := mustOpen(t, dir)
	verified(t, again)
	for n, want := range map[int]sale.State{1: sale.Paid, 2: sale.Waiting} {
		if got := read(t, again, n); got.State != want {
			t.Errorf("sale %d is %s", n, got.State)
		}
	}
}
