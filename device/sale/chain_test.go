package sale_test

import (
	"testing"

	"posd/device/sale"
)

// FuzzEntry: whatever a key holds, an entry is one line and comes back.
func FuzzEntry(f *testing.F) {
	for _, key := range []string{"", "k", "a b", "line\nend", `back\slash`, `\n`, "\\\n", "é\x00"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		line := sale.Entry("keys", key, "abc")
		for i, c := range line {
			if c == '\n' && i != len(line)-1 {
				t.Fatalf("%q is more than a line: %q", key, line)
			}
		}
		table, got, digest, err := sale.ParseEntry(line)
		if err != nil || table != "keys" || got != key || digest != "abc" {
			t.Fatalf("%q came back as %q, %q, %q, %v", key, table, got, digest, err)
		}
		if _, _, _, err := sale.ParseEntry(key); err == nil && len(key) < 2 {
			t.Fatalf("%q was taken for an entry", key)
		}
	})
}
