package iotpay

import (
	"strings"
	"unicode"

	"posd/device/sale"
)

// maxWords bounds a text of the gateway that is shown to people.
const maxWords = 200

// printable makes a text of the gateway fit for a log line and a page: one
// line, no control characters, at most maxWords characters.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxWords {
		s = string(r[:maxWords]) + "..."
	}
	return strings.TrimSpace(s)
}

// without puts dots where a text repeats a secret, as a gateway that explains
// what it was sent may do.
func without(s string, secrets ...sale.Secret) string {
	for _, secret := range secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret.Reveal(), secret.String())
		}
	}
	return s
}

// holdsOneOf reports whether one of the texts stands in s, whatever the case.
func holdsOneOf(s string, texts []string) bool {
	s = strings.ToLower(s)
	for _, t := range texts {
		if t != "" && strings.Contains(s, strings.ToLower(t)) {
			return true
		}
	}
	return false
}
