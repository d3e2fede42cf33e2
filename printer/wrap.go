package printer

import "strings"

// runeWidth returns the columns r takes: two for East Asian wide characters,
// one for everything else. Marks without width were folded away before.
func runeWidth(r rune) int {
	switch {
	case r < 0x1100:
		return 1
	case r <= 0x115F, // Hangul Jamo
		r >= 0x2E80 && r <= 0x303E, // CJK radicals, punctuation
		r >= 0x3041 && r <= 0x33FF, // kana, enclosed and square forms
		r >= 0x3400 && r <= 0x4DBF,
		r >= 0x4E00 && r <= 0x9FFF,
		r >= 0xA000 && r <= 0xA4CF,
		r >= 0xAC00 && r <= 0xD7A3, // Hangul
		r >= 0xF900 && r <= 0xFAFF,
		r >= 0xFE30 && r <= 0xFE4F,
		r >= 0xFF00 && r <= 0xFF60, // full-width forms
		r >= 0xFFE0 && r <= 0xFFE6,
		r >= 0x1F300 && r <= 0x1FAFF,
		r >= 0x20000 && r <= 0x3FFFD:
		return 2
	}
	return 1
}

// width returns the columns s takes in normal size.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wrap breaks s into lines of at most cols columns: between words, between
// wide characters, and inside a word only when it is longer than a line. It
// never returns an empty line.
func wrap(s string, cols int) []string {
	var lines []string
	line, used := "", 0
	flush := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line, used = "", 0
	}
	for _, word := range pieces(s) {
		space := word.spaced && used > 0
		w := width(word.text)
		if used > 0 && used+w+btoi(space) > cols {
			flush()
			space = false
		}
		if space {
			line, used = line+" ", used+1
		}
		for _, r := range word.text {
			if used+runeWidth(r) > cols {
				flush()
			}
			line, used = line+string(r), used+runeWidth(r)
		}
	}
	flush()
	return lines
}

// piece is a run of characters that stays together if it can.
type piece struct {
	text   string
	spaced bool // a space stood before it
}

// pieces cuts s at spaces and around wide characters. Closing punctuation
// stays with what is before it.
func pieces(s string) []piece {
	var out []piece
	for _, word := range strings.Fields(s) {
		spaced, start := true, 0
		for i, r := range word {
			if i == start || strings.ContainsRune("，。、；：？！）」』》”’,.;:?!)", r) {
				continue
			}
			before := []rune(word[start:i])
			if runeWidth(r) == 2 || runeWidth(before[len(before)-1]) == 2 {
				out = append(out, piece{word[start:i], spaced})
				spaced, start = false, i
			}
		}
		out = append(out, piece{word[start:], spaced})
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
