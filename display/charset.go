package display

import (
	"strings"
	"unicode/utf8"

	"posd/device/sale"
)

// Charset is how a device's font numbers letters.
type Charset string

// Charsets. ASCII is for poles whose code table nobody knows: letters lose
// their accents, and Chinese screens are shown in English.
const (
	ASCII  Charset = "ascii"
	CP1252 Charset = "cp1252" // also ISO 8859-1 for the letters used here
	UTF8   Charset = "utf-8"
)

// holds reports whether a language can be written in the charset.
func (c Charset) holds(l sale.Language) bool {
	return c == UTF8 || l == sale.English || l == sale.French
}

// encode returns the bytes of s. A letter that the charset lacks is written as
// its nearest plain one, or as a question mark.
func (c Charset) encode(s string) []byte {
	if c == UTF8 {
		return []byte(strings.ToValidUTF8(s, "?"))
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case c == CP1252 && r >= 0xA0 && r < 0xFF: // not ÿ: FF ends a Nextion command
			out = append(out, byte(r))
		default:
			out = append(out, bare(r)...)
		}
	}
	return out
}

// bare writes a letter without its accent.
func bare(r rune) string {
	for _, f := range accents {
		if strings.ContainsRune(f.from, r) {
			return f.to
		}
	}
	return "?"
}

var accents = []struct{ from, to string }{
	{"ÀÁÂÃÄÅ", "A"}, {"àáâãäå", "a"}, {"Ç", "C"}, {"ç", "c"},
	{"ÈÉÊË", "E"}, {"èéêë", "e"}, {"ÌÍÎÏ", "I"}, {"ìíîï", "i"},
	{"Ñ", "N"}, {"ñ", "n"}, {"ÒÓÔÕÖ", "O"}, {"òóôõö", "o"},
	{"ÙÚÛÜ", "U"}, {"ùúûü", "u"}, {"ÝŸ", "Y"}, {"ýÿ", "y"},
	{"Œ", "OE"}, {"œ", "oe"}, {"Æ", "AE"}, {"æ", "ae"},
	{"’‘", "'"}, {"“”«»", `"`}, {"–—", "-"}, {"\u00a0\u202f", " "}, {"…", "."},
}
