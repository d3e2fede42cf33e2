package store

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"posd/device/sale"
)

var update = flag.Bool("update", false, "write golden files")

// TestEveryReleasedSchemaIsBroughtForward opens a journal of every version of
// the schema that was ever released. With -update it adds one of this version.
func TestEveryReleasedSchemaIsBroughtForward(t *testing.T) {
	steps, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("..", "testdata", "store")
	golden := func(n int) string { return filepath.Join(folder, fmt.Sprintf("journal-%d.sqlite", n)) }
	if *update {
		s := lived(t, t.TempDir())
		s.copier.under.Wait()
		if s.copier.conn != nil {
			s.copier.conn.Close()
		}
		s.read.Close()
		s.lists.Close()
		s.looking.close()
		if err := intoOneFile(s.write); err != nil {
			t.Fatal(err)
		}
		copyFile(t, s.door.path, golden(len(steps)))
	}
	for n := 1; n <= len(steps); n++ {
		dir := t.TempDir()
		if _, err := os.Stat(golden(n)); errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("there is no journal of schema %d: go test -run %s ./store -update", n, t.Name())
		}
		copyFile(t, golden(n), filepath.Join(dir, "posd.db"))
		s := mustOpen(t, dir)
		verified(t, s)
		for k := 1; k <= 5; k++ {
			got := read(t, s, k)
			if got.State != sale.Paid || got.Card == nil || got.Card.Number != "XXXXXXXXXXXX1166" || len(got.Attempts) != 1 {
				t.Errorf("schema %d: sale %d is %+v", n, k, got)
			}
		}
		if rows := fields(t, s); n == len(steps) && rows != fields(t, mustOpen(t, t.TempDir())) {
			t.Errorf("migration %d was changed after its release: make a new one", n)
		}
		mustCommit(t, s, intent(50))
		verified(t, s)
	}
}

// fields is the schema as SQLite holds it.
func fields(t *testing.T, s *Store) string {
	t.Helper()
	var all string
	if err := s.read.QueryRow("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema ORDER BY name)").Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}
