package display

import (
	"strings"
	"unicode"

	"posd/device/letters"
	"posd/device/sale"
)

// Charset is how a device's font numbers letters.
type Charset string

// Charsets. ASCII is for poles whose code table nobody knows: letters lose
// their accents, and Chinese screens are shown in English.
const (
	ASCII  Charset = "ascii"
	CP1252 Charset = "cp1252"
	UTF8   Charset = "utf-8"
	// latin1 is what a Nextion's fonts of one byte hold of CP1252: nothing below
	// A0, and not ÿ, whose FF ends a command.
	latin1 Charset = "latin1"
)

// holds reports whether a language can be written in the charset.
func (c Charset) holds(l sale.Language) bool {
	return c == UTF8 || c == "" || l == sale.English || l == sale.French
}

// cp1252Low are the letters of CP1252 from 80 on; spaces are its holes.
var cp1252Low = []rune("€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ")

// number returns the byte that a letter has in a charset of one byte.
func (c Charset) number(r rune) (byte, bool) {
	switch {
	case r < 0x80:
		return byte(r), r >= 0x20 && r != 0x7F
	case c == ASCII:
		return 0, false
	case r >= 0xA0 && r < 0xFF || r == 0xFF && c == CP1252:
		return byte(r), r != 0xAD // a soft hyphen has no width
	case c == CP1252 && r > 0xFF:
		for i, low := range cp1252Low {
			if low == r {
				return 0x80 + byte(i), true
			}
		}
	}
	return 0, false
}

// encode returns the bytes of s. Of a text that was folded before, a letter has
// as many of them as it has columns, but for UTF-8.
func (c Charset) encode(s string) []byte {
	s = letters.Fold(strings.ToValidUTF8(s, "?"), c.has, nil)
	if c == UTF8 || c == "" {
		return []byte(s)
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		b, _ := c.number(r)
		out = append(out, b)
	}
	return out
}

// has reports whether a device with this charset can write a letter.
func (c Charset) has(r rune) bool {
	if c == UTF8 || c == "" {
		return unicode.IsPrint(r)
	}
	_, ok := c.number(r)
	return ok
}

// font is how a device writes: its charset, and whether in capitals alone.
type font struct {
	charset  Charset
	capitals bool
}

// fold returns s as the device will write it. Control characters are taken out:
// on a pole they would be commands. It comes before anything is measured,
// because plain letters may be wider: œ, ß and € are two and three of them.
func (f font) fold(s string) string {
	s = plain(letters.Fold(plain(s), f.charset.has, nil))
	if !f.capitals {
		return s
	}
	return strings.Map(func(r rune) rune {
		if up := unicode.ToUpper(r); f.charset.has(up) {
			return up
		}
		return r
	}, s)
}

// outside is fold for names and messages. Words in letters that cannot be
// written one after the other are left out: see leftOut.
func (f font) outside(s string) string {
	s, _ = letters.Straight(s)
	return f.fold(s)
}

// leftOut says in words what of a screen stands on no glass of a driver: text
// whose letters run from right to left, join or stack. Empty if nothing.
func (v voice) leftOut(s sale.Screen) string {
	texts := []string{s.Message}
	if s.Kind == sale.ScreenWelcome && s.Message == "" {
		texts[0] = v.shop
	}
	if s.Kind == sale.ScreenItems {
		for _, it := range s.Items {
			texts = append(texts, it.Name)
		}
	}
	for _, t := range texts {
		if _, all := letters.Straight(t); !all {
			return "left out, because this display cannot write its letters: " + plain(t)
		}
	}
	return ""
}
