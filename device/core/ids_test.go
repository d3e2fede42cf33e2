package core

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReferencesAreSixteenCrockfordCharactersAndDiffer(t *testing.T) {
	c, err := New(DefaultPolicy(), Equipment{}, testMakers)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range 1000 {
		c.in = Input{Wall: time.Unix(1_800_000_000, 0), Entropy: [32]byte{byte(i), byte(i >> 8)}}
		ref := c.newRef()
		if len(ref) != 16 || seen[ref] {
			t.Fatalf("reference %q, seen before: %v", ref, seen[ref])
		}
		for _, r := range ref {
			if fmt.Sprintf("%c", r) == "" || !strings.ContainsRune(crockford, r) {
				t.Fatalf("reference %q holds %q", ref, r)
			}
		}
		seen[ref] = true
	}
}
