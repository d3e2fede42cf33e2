package printer

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"

	"posd/device/letters"
)

// charmaps are the code tables a printer can be set to, by name.
var charmaps = map[string]*charmap.Charmap{
	"cp437":       charmap.CodePage437,
	"cp850":       charmap.CodePage850,
	"cp852":       charmap.CodePage852,
	"cp858":       charmap.CodePage858,
	"cp860":       charmap.CodePage860,
	"cp863":       charmap.CodePage863,
	"cp865":       charmap.CodePage865,
	"cp866":       charmap.CodePage866,
	"cp1252":      charmap.Windows1252,
	"iso-8859-15": charmap.ISO8859_15,
}

// Encodings lists the names of the code tables that can be configured.
func Encodings() []string { return slices.Sorted(maps.Keys(charmaps)) }

// charset says which characters a printer's code table has.
type charset struct{ cm *charmap.Charmap }

// newCharset returns the charset called name; an unknown name is cp1252.
func newCharset(name string) charset {
	if cm, ok := charmaps[name]; ok {
		return charset{cm}
	}
	return charset{charmap.Windows1252}
}

// has returns the byte that prints r, if the table has it.
func (c charset) has(r rune) (byte, bool) {
	if r < 0x80 {
		return byte(r), r >= 0x20 && r != 0x7F
	}
	b, ok := c.cm.EncodeRune(r)
	// The encoder of a table with holes gives control codes for some of them.
	return b, ok && b >= 0x80 && c.cm.DecodeByte(b) == r && !unicode.IsControl(r)
}

// fold returns s as it will be printed: in the table's letters, in plain ones
// that it has, or in such as the embedded font draws. It comes before columns
// are counted, because "œ" may need two. Words of a script that the font lacks
// are left out: see lost.
func (c charset) fold(s string) string {
	if lost(s) {
		s = strings.Join(slices.DeleteFunc(strings.Fields(s), lost), " ")
	}
	return letters.Fold(s, func(r rune) bool {
		_, ok := c.has(r)
		return ok || runeWidth(r) == 2 && inked(r) // a wide character has no plain form worth having
	}, inked)
}

// lost reports whether s has letters that join or stack and that nobody here can
// draw: question marks in their place say nothing. Hebrew and Arabic are drawn.
func lost(s string) bool {
	return letters.Tangled(s) && strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) && letters.Tangled(string(r)) && !inked(r) })
}
