package letters_test

import (
	"strings"
	"testing"

	"posd/device/letters"
)

func ascii(r rune) bool { return r >= 0x20 && r < 0x7F }

func TestFoldWritesWhatTheDeviceHas(t *testing.T) {
	latin := func(r rune) bool { return ascii(r) || strings.ContainsRune("éøŠß€Œœ", r) }
	for _, c := range []struct {
		in, ascii, latin string
	}{
		{"Café", "Cafe", "Café"},
		{"Cafe\u0301", "Cafe", "Café"}, // decomposed
		{"Smørrebrød", "Smorrebrod", "Smørrebrød"},
		{"Škoda ß €", "Skoda ss EUR", "Škoda ß €"},
		{"cœur Œ", "coeur OE", "cœur Œ"},
		{"a\u0332b", "ab", "ab"},          // no composed form
		{"a\u00adb\u200bc", "abc", "abc"}, // soft hyphen, no width
		{"a\tb\x1bc", "a b c", "a b c"},
		{"a\u00a0b", "a b", "a b"},
		{"½ ﬁ ²", "1/2 fi 2", "1/2 fi 2"},
		{"茶", "?", "?"},
		{"a\xffb", "a?b", "a?b"},
		{"Ǆ", "DZ", "DZ"},
	} {
		if got := letters.Fold(c.in, ascii, nil); got != c.ascii {
			t.Errorf("%q in ASCII is %q, want %q", c.in, got, c.ascii)
		}
		if got := letters.Fold(c.in, latin, nil); got != c.latin {
			t.Errorf("%q is %q, want %q", c.in, got, c.latin)
		}
	}
	if got := letters.Fold("茶é", ascii, func(r rune) bool { return r == '茶' || r == 'é' }); got != "茶e" {
		t.Errorf("a plain letter goes before a drawn one: %q", got)
	}
}

func TestTangledScriptsAreKnown(t *testing.T) {
	for s, want := range map[string][2]bool{
		"Café № 5, 12.34 € 茶 ひらがな 한글 αβ Жук": {false, false},
		"שלום":     {true, true},
		"a مرحبا":  {true, true},
		"ไทย":      {true, false},
		"नमस्ते":   {true, false},
		"e\u0301x": {false, false},
	} {
		if got := [2]bool{letters.Tangled(s), letters.RightToLeft(s)}; got != want {
			t.Errorf("%q: tangled and right to left %v, want %v", s, got, want)
		}
	}
}

func TestTangledWordsAreLeftOut(t *testing.T) {
	for in, want := range map[string]string{"Thai ไทย  Food": "Thai Food", "שלום": "", "a  b": "a  b"} {
		if got, all := letters.Straight(in); got != want || all != (in == want) {
			t.Errorf("%q without tangled words is %q, %v; want %q", in, got, all, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Cafe\u0301 œ\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := letters.Fold(s, ascii, nil)
		for _, r := range out {
			if !ascii(r) {
				t.Fatalf("%q holds %q, which the device lacks", out, r)
			}
		}
		if again := letters.Fold(out, ascii, nil); again != out {
			t.Fatalf("%q folded again is %q", out, again)
		}
	})
}
