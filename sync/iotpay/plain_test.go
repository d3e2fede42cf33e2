package iotpay

import (
	"strings"
	"testing"
	"unicode"
)

// TestPlainTextsStandAsTheyAreCompared: the short way for most texts leads where the long one does.
func TestPlainTextsStandAsTheyAreCompared(t *testing.T) {
	long := func(s string) string {
		return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '_' || r == '-' || unicode.IsSpace(r) }), " ")
	}
	short := 0
	for _, first := range "aZ0 _-\t\u00a0\x7f订." {
		for _, second := range "aZ0 _-\n\u00a0订!" {
			for _, s := range []string{"", string(first), string(first) + string(second), "a" + string(first) + string(second), string(first) + "b" + string(second), string(first) + string(second) + "c"} {
				if got := plainly(s); got != long(s) {
					t.Errorf("%q is compared as %q, and should as %q", s, got, long(s))
				}
				if isPlain(s) {
					short++
				}
			}
		}
	}
	if short == 0 {
		t.Error("no text is plain")
	}
}
