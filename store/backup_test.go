package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

var quietLog = slog.New(slog.DiscardHandler)

func TestBackupIsAVerifiedCopyWithoutExpiry(t *testing.T) {
	s := lived(t, t.TempDir())
	to := filepath.Join(t.TempDir(), "usb", "posd.backup")
	if err := os.Mkdir(filepath.Dir(to), 0o750); err != nil {
		t.Fatal(err)
	}
	for range 2 { // an older backup may be replaced
		if err := s.Backup(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	if err := verifyFile(t.Context(), to); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "1227") {
		t.Error("an expiry is in the backup")
	}
	if !strings.Contains(string(b), queueEntry(1).No) {
		t.Error("the report is not in the backup")
	}
	left, err := os.ReadDir(filepath.Dir(to))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the backup lies %v, %v", left, err)
	}
	if got, err := s.Report(t.Context(), queueEntry(1).No); err != nil || got.Params == "" {
		t.Errorf("the journal's own report lost its request: %v", err)
	}
	verified(t, s)
}

func TestBackupOverwritesNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	other := filepath.Join(t.TempDir(), "taxes.ods")
	if err := os.WriteFile(other, []byte("important"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{other, filepath.Join(dir, "posd.db"), "relative", filepath.Join(dir, "no such folder", "x")} {
		if err := s.Backup(t.Context(), to); err == nil {
			t.Errorf("a backup was written to %s", to)
		} else {
			t.Log(err)
		}
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "important" {
		t.Errorf("the file that was there is %q, %v", b, err)
	}
	verified(t, s)
}

func TestRestoreForgetsNothingItMustKnow(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	to := filepath.Join(t.TempDir(), "posd.backup")
	if err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	before := read(t, s, 3)
	lastThen, _ := s.LastSeq(t.Context())
	// What happens after the backup is lost: a sale under this reference.
	made := noon.Add(time.Hour)
	lostRef := refAt(made)
	lost := intent(9)[0].(sale.SaleRow).Sale
	lost.Attempts[0].Ref = lostRef
	mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: lost}, sale.EventRow{At: made, Kind: "waiting", Sale: lost.ID}})
	now := noon.Add(2 * time.Hour)

	if _, err := Restore(t.Context(), Config{Dir: dir}, to, now, quietLog); !errors.Is(err, sale.ErrLocked) {
		t.Fatalf("restored under a running daemon: %v", err)
	}
	s.Close()
	done, err := Restore(t.Context(), Config{Dir: dir}, to, now, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"posd.db.part", "posd.db.part-wal", "posd.db.part-shm", "posd.db-wal", "posd.restoring"} {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s is left", name)
		}
	}
	again := mustOpen(t, dir)
	verified(t, again)
	if got, err := again.Sale(t.Context(), lost.ID); err != nil || done.Taken != 1 || !reflect.DeepEqual(got, lost) { // taken from the journal that was there
		t.Errorf("the sale made after the backup: %+v, %v", got, err)
	}
	if got := read(t, again, 3); got.Reported != sale.ReportSetAside {
		t.Errorf("sale 3 is %s", got.Reported)
	} else if got.Reported = before.Reported; !reflect.DeepEqual(got, before) {
		t.Errorf("sale 3 came back as %+v", got)
	}
	for ref, want := range map[string]bool{
		lostRef:                          true, // known to the terminal, not to us
		refAt(now.Add(time.Millisecond)): false,
		refAt(noon.Add(-time.Second)):    false,
		ulidAt(made):                     true,
		ulidAt(now.Add(time.Second)):     false,
		intent(1)[0].(sale.SaleRow).Sale.Attempts[0].Ref: true,
	} {
		if got, err := again.HasReference(t.Context(), ref); err != nil || got != want {
			t.Errorf("HasReference(%s) = %v, %v", ref, got, err)
		}
	}
	q, err := again.QueueStats(t.Context())
	if err != nil || q.Queued != 0 || q.SetAside != 4 {
		t.Errorf("the queue is %+v, %v", q, err)
	}
	r, err := again.Report(t.Context(), queueEntry(1).No)
	if err != nil || !r.Attempted || !strings.Contains(r.Words, "by hand") {
		t.Errorf("a report came back as %+v, %v", r, err)
	}
	evs, err := again.Events(t.Context(), lastThen, 10)
	if err != nil || len(evs) != 1 || evs[0].Kind != "restored" || evs[0].Seq < lastThen+1_000_000 {
		t.Errorf("events after the restore: %+v, %v", evs, err)
	}

	// What was there before is whole under its new name.
	if !strings.HasPrefix(done.Aside, filepath.Join(dir, "posd.db.aside-")) {
		t.Fatalf("moved aside to %q", done.Aside)
	}
	old := t.TempDir()
	copyFile(t, done.Aside, filepath.Join(old, "posd.db"))
	copyFile(t, done.Aside+"-wal", filepath.Join(old, "posd.db-wal"))
	kept := mustOpen(t, old)
	verified(t, kept)
	if _, err := kept.Sale(t.Context(), lost.ID); err != nil {
		t.Errorf("the journal moved aside lost a sale: %v", err)
	}
}

func TestRestoreKeepsABrokenJournalAside(t *testing.T) {
	good := lived(t, t.TempDir())
	to := filepath.Join(t.TempDir(), "posd.backup")
	if err := good.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "posd.db"), []byte("no database any more"), 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := Restore(t.Context(), Config{Dir: dir}, to, noon, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(done.Aside); err != nil || string(b) != "no database any more" {
		t.Errorf("kept aside is %q, %v", b, err)
	}
	verified(t, mustOpen(t, dir))
}

func TestRestoreTakesNothingButAGoodBackup(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	to := filepath.Join(t.TempDir(), "posd.backup")
	if err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	want := dump(t, s)
	s.Close()
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), "ARQC: 3D36")
	b[at+6] ^= 1
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, b, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	for _, from := range []string{bad, empty, missing} {
		if _, err := Restore(t.Context(), Config{Dir: dir}, from, noon, quietLog); err == nil {
			t.Errorf("restored from %s", from)
		} else {
			t.Log(err)
		}
	}
	if exists(missing) {
		t.Error("a missing backup was made")
	}
	if got := dump(t, mustOpen(t, dir)); got != want {
		t.Error("the journal was touched")
	}
}

// TestRestoreStoppedHalfWay stops it where it has moved the old journal away:
// a daemon must not begin a new one in the empty place.
func TestRestoreStoppedHalfWay(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	to := filepath.Join(t.TempDir(), "posd.backup")
	if err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := os.WriteFile(filepath.Join(dir, "posd.restoring"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "posd.db"), filepath.Join(dir, "posd.db.aside-x")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir}, quietLog)
	if !errors.Is(err, sale.ErrJournalBroken) || !strings.Contains(err.Error(), "restore again") {
		t.Errorf("a start gave %v", err)
	}
	if _, err := Restore(t.Context(), Config{Dir: dir}, to, noon, quietLog); err != nil {
		t.Fatal(err)
	}
	verified(t, mustOpen(t, dir))
}

// refAt is an ECR reference of an instant, with zeros for the random part.
func refAt(at time.Time) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	v := uint64(at.UnixMilli()) << 2 // 50 bits; the random part would fill the rest
	var out [16]byte
	for i := range out {
		out[i] = '0'
	}
	for i := 9; i >= 0; i-- {
		out[i] = digits[v&31]
		v >>= 5
	}
	return string(out[:])
}

func ulidAt(at time.Time) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	v := uint64(at.UnixMilli())
	var out [10]byte
	for i := 9; i >= 0; i-- {
		out[i] = digits[v&31]
		v >>= 5
	}
	return string(out[:]) + fmt.Sprintf("%016d", 7)
}

// TestSellingGoesOnMeanwhile commits while everything that looks at the whole
// journal runs beside it.
func TestSellingGoesOnMeanwhile(t *testing.T) {
	s := lived(t, t.TempDir())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 100; n < 250; n++ {
			for _, rows := range [][]sale.Row{intent(n), final(n)} {
				if _, err := s.Commit(context.Background(), rows); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	to := filepath.Join(t.TempDir(), "posd.backup")
	for selling := true; selling; {
		select {
		case <-done:
			selling = false
		default:
		}
		if err := s.Backup(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prune(t.Context(), noon.Add(time.Hour), noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		verified(t, s)
		if _, err := s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	verified(t, s)
	if got := read(t, s, 249); got.State != sale.Paid {
		t.Errorf("the last sale is %s", got.State)
	}
}
