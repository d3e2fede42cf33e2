package main

import (
	"encoding/json"
	"strings"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// masked reports whether a text shows no card's number, but for the last four
// digits in its own place (cardNum).
func masked(extra sale.Secret) bool {
	if showsCard(extra.Reveal()) {
		return false
	}
	var v any
	if json.Unmarshal([]byte(extra.Reveal()), &v) == nil && anyText(v, showsCard) { // written with escapes
		return false
	}
	o, err := iotpay.ParseObject([]byte(extra.Reveal()))
	if err != nil {
		return true // no JSON object: there is no such place in it
	}
	return len(digitsOf(o.Text("cardNum"))) <= 4
}

// anyText reports whether a test holds of a name or text anywhere in a JSON value.
func anyText(v any, is func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return is(v)
	case []any:
		for _, e := range v {
			if anyText(e, is) {
				return true
			}
		}
	case map[string]any:
		for name, e := range v {
			if is(name) || anyText(e, is) {
				return true
			}
		}
	}
	return false
}

// showsCard reports whether the number of a card stands anywhere in a text: 13 to
// 19 digits, perhaps in groups, that begin as a scheme's do and end in the right
// check digit.
func showsCard(text string) bool {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		end := i + 1
		for end < len(text) && (isDigit(text[end]) || strings.IndexByte(" -.", text[end]) >= 0 && end+1 < len(text) && isDigit(text[end+1])) {
			end++
		}
		// Groups may be other numbers beside it: try each beginning and end of one.
		if anyCard(strings.FieldsFunc(text[i:end], func(r rune) bool { return r == ' ' || r == '-' || r == '.' })) {
			return true
		}
		i = end
	}
	return false
}

// anyCard reports whether some groups of digits in a row are a card's number.
func anyCard(groups []string) bool {
	for from := range groups {
		number := ""
		for _, g := range groups[from:] {
			if number += g; len(number) > 19 {
				break
			}
			if isCard(number) {
				return true
			}
		}
	}
	return false
}

// isCard reports whether digits can be a card's number.
func isCard(digits string) bool {
	if len(digits) < 13 || len(digits) > 19 || strings.IndexByte("3456", digits[0]) < 0 && (digits < "2221" || digits >= "2721") {
		return false
	}
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
