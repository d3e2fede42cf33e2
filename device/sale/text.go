package sale

import (
	"unicode"
	"unicode/utf8"
)

// Printable reports whether s is text that can be shown and printed as it is.
func Printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Total is the sum of a bill's items.
func Total(items []Item) (sum Amount) {
	for _, it := range items {
		sum += it.Amount
	}
	return sum
}
