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

// fit makes words fit to be stored and shown. A gateway that explains what it
// was sent may repeat a secret: dots stand in its place, and words that repeat a
// card's expiry are withheld whole.
func fit(words string, secrets ...sale.Secret) string {
	if strings.Contains(words, "expireDate") {
		return "(the gateway's words repeat card data and are withheld)"
	}
	for _, secret := range secrets {
		if len(secret) >= 4 {
			words = strings.ReplaceAll(words, secret.Reveal(), secret.String())
		}
	}
	return printable(words)
}
