package pax

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Line is one line of a transcript: bytes that went one way, a conclusion, or a remark.
type Line struct {
	Kind  LineKind
	Bytes []byte // of Sent and Received
	Text  string // of Remark and Concluded
}

// LineKind is the first character of a transcript's line.
type LineKind byte

// Kinds of line.
const (
	Sent      LineKind = '>' // to the terminal
	Received  LineKind = '<' // from the terminal
	Concluded LineKind = '=' // what posd made of it
	Remark    LineKind = '#'
)

// ParseTranscript reads a transcript of a line to a terminal:
//
//	# a remark
//	> 02 41 30 30 1C 31 2E 34 33 03 46
//	< 06
//	= charge sale 0123456789ABCDEF 2865 approved
//
// Empty lines are left out. It is what a Trace writes.
func ParseTranscript(r io.Reader) ([]Line, error) {
	var out []Line
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 4096), 4*MaxFrame)
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimSpace(sc.Text())
		if text == "" {
			continue
		}
		kind, rest := LineKind(text[0]), strings.TrimSpace(text[1:])
		switch kind {
		case Remark, Concluded:
			out = append(out, Line{Kind: kind, Text: rest})
		case Sent, Received:
			b, err := hex.DecodeString(strings.Join(strings.Fields(rest), ""))
			if err != nil || len(b) == 0 {
				return nil, fmt.Errorf("transcript line %d: %q is no bytes in hex", n, clip([]byte(rest)))
			}
			out = append(out, Line{Kind: kind, Bytes: b})
		default:
			return nil, fmt.Errorf("transcript line %d begins with %q: write >, <, = or #", n, text[:1])
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read transcript: %w", err)
	}
	return out, nil
}
