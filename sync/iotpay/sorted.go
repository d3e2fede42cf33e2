package iotpay

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// order compares two fields of an object that is to be signed.
type order func(a, b field) int

// orders are the ways in which gateways of this family sort what they sign. The
// first is ours.
var orders = []order{byName, naturally, byPair}

// byName is the documented order: the names, byte by byte.
func byName(a, b field) int { return strings.Compare(a.name, b.name) }

// naturally is how the gateway's own sample code in PHP sorts: whatever the
// case, and digits by the number they are.
func naturally(a, b field) int { return natural(strings.ToUpper(a.name), strings.ToUpper(b.name)) }

// byPair is how the sibling of the gateway sorts: whole pairs of name and value,
// whatever the case.
func byPair(a, b field) int {
	return strings.Compare(strings.ToLower(a.name+"="+a.text+"&"), strings.ToLower(b.name+"="+b.text+"&"))
}

// natural compares two texts with every run of digits taken as one number.
func natural(a, b string) int {
	for a != "" && b != "" {
		if digit(a[0]) && digit(b[0]) {
			var m, n string
			m, a = run(a)
			n, b = run(b)
			if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
				return c
			}
			continue
		}
		ra, sizeA := utf8.DecodeRuneInString(a)
		rb, sizeB := utf8.DecodeRuneInString(b)
		if ra != rb {
			return cmp.Compare(ra, rb)
		}
		a, b = a[sizeA:], b[sizeB:]
	}
	return cmp.Compare(len(a), len(b))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// run splits off the digits at the beginning, without leading zeros.
func run(s string) (digits, rest string) {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}
