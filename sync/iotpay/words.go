package iotpay

import (
	"strings"
	"unicode"

	"posd/device/sale"
)

// kind is one row of the table by which a FAIL is understood: the words that
// tell it, what it is a word about, and what a shop can do about it.
type kind struct {
	texts   func(Config) []string
	concern sale.Concern
	trouble sale.Trouble
}

// kinds are tried from the top. The gateway documents none of its words, so the
// order is what keeps one odd answer from being taken for more than it is:
//
//	a channel or a kind of card   "mchId has no permission for channel UPI_QR", "merchant not support JCB card"
//	the signature, login or key   "signature fail"
//	patience                      "request too frequent", "system busy, try again later"
//	the gateway's own failure     "system error", also where it adds "order not found"
//
// What none of them tells concerns the one order, refund or report.
var kinds = []kind{
	{func(c Config) []string { return c.ChannelTexts }, sale.ConcernChannel, sale.TroubleNone},
	{func(c Config) []string { return c.KeyTexts }, sale.ConcernLink, sale.TroubleKey},
	{func(c Config) []string { return c.PatienceTexts }, sale.ConcernPatience, sale.TroubleNone},
	{func(c Config) []string { return c.SystemTexts }, sale.ConcernSystem, sale.TroubleServer},
}

// understand says what the words of a FAIL are about.
func (c Config) understand(words string) (sale.Concern, sale.Trouble) {
	for _, k := range kinds {
		if holdsOneOf(words, k.texts(c)) {
			return k.concern, k.trouble
		}
	}
	return sale.ConcernOrder, sale.TroubleNone
}

// refusesRefund reports whether the words of a FAIL say that a refund was not
// made, and never will be: a ground of business, and no word about anything
// wider. Words of the system never do; what they answer may have been done.
func (c Config) refusesRefund(words string) bool {
	concern, _ := c.understand(words)
	return (concern == sale.ConcernOrder || concern == sale.ConcernChannel) && holdsOneOf(words, c.RefundRefusedTexts)
}

// without takes the number that was asked about out of words, and the brackets
// around it: "order [01J...] exists" says what "order exists" says.
func without(words, no string) string {
	if no == "" {
		return words
	}
	for _, around := range []string{"[" + no + "]", "【" + no + "】", `"` + no + `"`, no} {
		words = strings.ReplaceAll(words, around, "")
	}
	return words
}

// plainly is a text as it is compared: small letters, words apart by one blank.
func plainly(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '_' || r == '-' || unicode.IsSpace(r) }), " ")
}

// isPlain reports whether s certainly stands as plainly would have it. Nearly all texts of a
// configuration do, and a start holds each against all others.
func isPlain(s string) bool {
	word := false // the letter before is of a word
	for _, c := range []byte(s) {
		letter := c > ' ' && c < 0x7f && (c < 'A' || c > 'Z') && c != '_' && c != '-'
		if !letter && (c != ' ' || !word) {
			return false
		}
		word = letter
	}
	return word || s == ""
}

// holdsOneOf reports whether one of the texts stands in s, whatever the case and
// whatever parts its words.
func holdsOneOf(s string, texts []string) bool {
	s = plainly(s)
	for _, t := range texts {
		if t = plainly(t); t != "" && strings.Contains(s, t) {
			return true
		}
	}
	return false
}
