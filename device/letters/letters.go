package letters

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in letters that a device has: composed, control characters as
// spaces, marks and characters without width taken out. A letter that the
// device lacks becomes its plain form, as far as the device has that; a letter
// without one stays where draws says that somebody can draw it, and is a
// question mark otherwise. draws may be nil.
func Fold(s string, has, draws func(rune) bool) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			// A lone accent or a mark without width: nothing to write.
		case r == utf8.RuneError:
			b.WriteByte('?')
		case unicode.IsControl(r):
			b.WriteByte(' ')
		case has(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			if p, ok := plain(r, has); ok {
				b.WriteString(p)
			} else if draws != nil && draws(r) {
				b.WriteRune(r)
			} else {
				b.WriteByte('?')
			}
		}
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// RightToLeft reports whether s has letters that run from right to left and
// change their shape by their neighbours: Hebrew and Arabic.
func RightToLeft(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) })
}

// Tangled reports whether s has letters of a script that cannot be written one
// letter after the other in cells: those that run from right to left, join, or
// stack, such as Hebrew, Arabic, Devanagari and Thai.
func Tangled(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsMark(r)) && !unicode.In(r, straight...)
	})
}

// Straight returns s without its tangled words, and whether it had any. Spaces
// stay as they are where it had none.
func Straight(s string) (straight string, all bool) {
	if !Tangled(s) {
		return s, true
	}
	return strings.Join(slices.DeleteFunc(strings.Fields(s), Tangled), " "), false
}

// straight are the scripts that are written letter by letter.
var straight = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Han, unicode.Hiragana,
	unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Common, unicode.Inherited,
}

// plainForms are those that Unicode's own decomposition does not give.
var plainForms = map[rune]string{
	'œ': "oe", 'Œ': "OE", 'æ': "ae", 'Æ': "AE", 'ø': "o", 'Ø': "O", 'ß': "ss", 'ẞ': "SS", 'ł': "l", 'Ł': "L",
	'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "TH", 'ħ': "h", 'Ħ': "H", 'ı': "i", 'ŋ': "n", 'Ŋ': "N",
	'€': "EUR", '£': "GBP", '¥': "JPY", '¢': "c", '₩': "KRW", '©': "(c)", '®': "(R)",
	'‘': "'", '’': "'", '‚': ",", '“': `"`, '”': `"`, '„': `"`, '‹': "<", '›': ">", '«': `"`, '»': `"`, '′': "'", '″': `"`,
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '―': "-", '−': "-", '•': "*", '·': ".", '×': "x", '÷': "/", '⁄': "/", '∕': "/",
	'°': "o", '±': "+/-", '¿': "?", '¡': "!", '¦': "|", '¬': "-", 'µ': "u", '¶': "P", '§': "S", '†': "+", '‡': "+", '‰': "o/oo",
}

// plain returns r in letters that the device has.
func plain(r rune, has func(rune) bool) (string, bool) {
	s, ok := plainForms[r]
	if !ok {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			if l, ok := plainForms[r]; ok && len(l) == 1 {
				return rune(l[0])
			}
			return r
		}, norm.NFKD.String(string(r)))
	}
	for _, r := range s {
		if !has(r) {
			return "", false
		}
	}
	return s, s != ""
}
