package printer

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
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

// fold returns s as it will be printed: control characters become spaces,
// what the table lacks becomes plain letters, what has no plain letter stays
// if the embedded font can draw it, and only the rest becomes a question mark.
// Folding comes before counting columns, because "œ" may need two.
func (c charset) fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7F {
			return c.foldSlow(s)
		}
	}
	return s
}

func (c charset) foldSlow(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		switch _, ok := c.has(r); {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			// A lone accent or a mark without width: nothing to print.
		case ok:
			b.WriteRune(r)
		case r == utf8.RuneError:
			b.WriteByte('?')
		case unicode.IsControl(r) || unicode.IsSpace(r):
			b.WriteByte(' ')
		case runeWidth(r) == 2 && inked(r):
			b.WriteRune(r)
		default:
			if plain, ok := c.plain(r); ok {
				b.WriteString(plain)
			} else if inked(r) {
				b.WriteRune(r)
			} else {
				b.WriteByte('?')
			}
		}
	}
	return b.String()
}

// letters are the plain forms that Unicode's own decomposition does not give.
var letters = map[rune]string{
	'œ': "oe", 'Œ': "OE", 'æ': "ae", 'Æ': "AE", 'ø': "o", 'Ø': "O", 'ß': "ss", 'ẞ': "SS", 'ł': "l", 'Ł': "L",
	'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "TH", 'ħ': "h", 'Ħ': "H", 'ı': "i", 'ŋ': "n", 'Ŋ': "N",
	'€': "EUR", '£': "GBP", '¥': "JPY", '¢': "c", '₩': "KRW", '©': "(c)", '®': "(R)",
	'‘': "'", '’': "'", '‚': ",", '“': `"`, '”': `"`, '„': `"`, '‹': "<", '›': ">", '«': `"`, '»': `"`, '′': "'", '″': `"`,
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '―': "-", '−': "-", '•': "*", '·': ".", '×': "x", '÷': "/", '⁄': "/", '∕': "/",
	'°': "o", '±': "+/-", '¿': "?", '¡': "!", '¦': "|", '¬': "-", 'µ': "u", '¶': "P", '§': "S", '†': "+", '‡': "+", '‰': "o/oo",
}

// plain returns r in letters the table has.
func (c charset) plain(r rune) (string, bool) {
	s, ok := letters[r]
	if !ok {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			if l, ok := letters[r]; ok && len(l) == 1 {
				return rune(l[0])
			}
			return r
		}, norm.NFKD.String(string(r)))
	}
	for _, r := range s {
		if _, ok := c.has(r); !ok {
			return "", false
		}
	}
	return s, s != ""
}
