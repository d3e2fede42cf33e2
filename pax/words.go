package pax

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// printable returns text of the terminal fit for a page, a log and a receipt:
// read as UTF-8 or else as ISO-8859-1, without control characters, with single
// spaces, at most 120 characters, and with every run of nine digits or more, and
// every thirteen in groups, masked but for the last four.
func printable(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	text := string(b)
	if !utf8.Valid(b) {
		var sb strings.Builder
		for _, c := range b {
			sb.WriteRune(rune(c))
		}
		text = sb.String()
	}
	out := make([]rune, 0, len(text))
	digits := 0
	mask := func() {
		if digits >= 9 {
			for i := len(out) - digits; i < len(out)-4; i++ {
				out[i] = 'X'
			}
		}
		digits = 0
	}
	for _, r := range text {
		if r <= ' ' || r == 0x7F || (r >= 0x80 && r <= 0xA0) || r == utf8.RuneError {
			r = ' '
		}
		if '0' <= r && r <= '9' {
			digits++
		} else {
			mask()
		}
		if r == ' ' && (len(out) == 0 || out[len(out)-1] == ' ') {
			continue
		}
		out = append(out, r)
	}
	mask()
	v := []rune(parted.ReplaceAllStringFunc(string(out), hideDigits))
	if len(v) > 120 {
		v = v[:120]
	}
	return strings.TrimSpace(string(v))
}

// parted is what may be a card number, written in groups or not.
var parted = regexp.MustCompile(`[0-9X](?:[ -]?[0-9X]){12,}`)

// hideDigits masks all digits but the last four.
func hideDigits(s string) string {
	b := []byte(s)
	for i, seen := len(b)-1, 0; i >= 0; i-- {
		if b[i] < '0' || b[i] > '9' {
			continue
		}
		if seen++; seen > 4 {
			b[i] = 'X'
		}
	}
	return string(b)
}

// name returns a number or name of the terminal's, such as a reference, as it
// is, unless it holds what no such thing does: it is then not worth having.
func name(b []byte) string {
	if len(b) > 64 {
		return ""
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return strings.TrimSpace(string(b))
}

// short is name for what is never as long as a card number: should one stand
// there, it is not passed on.
func short(b []byte) string {
	v := name(b)
	if parted.MatchString(v) {
		return ""
	}
	return v
}

// clip is printable for use in an error: short, and masked before it is cut.
func clip(b []byte) string {
	v := []rune(printable(b))
	if len(v) > 24 {
		return string(v[:24]) + "..."
	}
	return string(v)
}

// join puts the parts that are not empty together with single spaces.
func join(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// withCode is "DECLINED (051)": the terminal's text and code.
func withCode(text, code string) string {
	switch {
	case text == "":
		return fmt.Sprintf("code %s", code)
	case code == "":
		return text
	}
	return fmt.Sprintf("%s (%s)", text, code)
}
