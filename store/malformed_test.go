package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posd/device/sale"
)

// TestAStartOnAMalformedFileSaysSo: a copy that was made of a file in use has pages of
// other moments, or of nothing, in it. The start tells that the file is damaged, where it
// lies and the way out, or opens it and finds the damage when it verifies.
func TestAStartOnAMalformedFileSaysSo(t *testing.T) {
	dir := t.TempDir()
	s := lived(t, dir)
	whole := dump(t, s)
	if _, err := s.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	good, err := os.ReadFile(filepath.Join(dir, "posd.db"))
	if err != nil {
		t.Fatal(err)
	}
	atStart, later := 0, 0
	for at := 0; at < len(good); at += pageBytes {
		for _, filler := range []byte{0, 0x5a} {
			dir := t.TempDir()
			spoiled := slices.Clone(good)
			copy(spoiled[at:], bytes.Repeat([]byte{filler}, pageBytes))
			path := filepath.Join(dir, "posd.db")
			if err := os.WriteFile(path, spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := openDir(t, dir)
			if err == nil {
				if _, err = s.Recover(t.Context()); err == nil {
					if err := s.Verify(t.Context()); err == nil && dump(t, s) != whole {
						t.Errorf("page %d of %#x: opened, and every row is said to be as it was written", at/pageBytes+1, filler)
					}
					later++
					continue
				}
			}
			atStart++
			if words := err.Error(); !errors.Is(err, sale.ErrJournalBroken) || !strings.Contains(words, "damaged") && !strings.Contains(words, "restore") && !strings.Contains(words, "left as it is") {
				t.Errorf("page %d of %#x: the start says %q", at/pageBytes+1, filler, words)
			}
		}
	}
	if atStart == 0 || later == 0 {
		t.Errorf("%d pages were seen at the start, %d later", atStart, later)
	}
}
