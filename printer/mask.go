package printer

import "strings"

// MaskCard returns a card number with nothing readable but its last four
// digits. A field that shows more than four trailing digits, or twelve or more
// in a row, is not a masked number: then nothing of it is printed but stars.
func MaskCard(field string) string {
	field = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, field)
	if field == "" {
		return ""
	}
	tail := len(field)
	for tail > 0 && isDigit(field[tail-1]) {
		tail--
	}
	last := field[tail:]
	if len(last) > 4 || longestRun(field) >= 12 {
		return "****"
	}
	return "************"[:min(12, max(4, len(field)-len(last)))] + last
}

// safe13 is safe for the retrieval reference, which has twelve digits of its own.
func safe13(text string) string {
	if longestRun(text) == 12 {
		return text
	}
	return safe(text)
}

// safe returns a text from outside with every run of twelve or more digits
// replaced by stars: a card number must not reach paper by another field.
func safe(text string) string {
	if longestRun(text) < 12 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && isDigit(text[j]) {
			j++
		}
		switch {
		case j-i >= 12:
			b.WriteString("****")
		case j > i:
			b.WriteString(text[i:j])
		default:
			b.WriteByte(text[i])
			j++
		}
		i = j
	}
	return b.String()
}

func longestRun(s string) int {
	run, longest := 0, 0
	for i := 0; i < len(s); i++ {
		run++
		if !isDigit(s[i]) {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
