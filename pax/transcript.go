package pax

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// Line is one line of a transcript: bytes that went one way, a conclusion, or a remark.
type Line struct {
	Kind  LineKind
	Bytes []byte        // of Sent and Received
	At    time.Duration // since the transcript began, if it says so; of Concluded: when the call was made
	Text  string        // of Remark and Concluded
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

const (
	remarkMark = "#"           // begins a remark behind something else
	lineOpened = "line opened" // remark at a new connection
	settings   = "settings"    // begins the remark with what shapes the requests
)

// ParseTranscript reads a transcript of a line to a terminal:
//
//	# a remark
//	> 02 41 30 30 1C 31 2E 34 33 03 46 # 0.031s A00
//	< 06 # 0.052s ACK
//	= charge sale 0123456789ABCDEF 2865 -: approved 2865 # 0.000s
//
// A conclusion stands behind the bytes that led to it, as call: result. The calls:
//
//	charge KIND REFERENCE CENTS TENDER [again] [of KIND REFERENCE NUMBER CENTS]: VERDICT CENTS
//	find KIND REFERENCE CENTS CONTROL'S-REFERENCE ITS-CENTS: RESULT CONTROL'S-RESULT LATE-ANSWERS
//	batch: END NUMBER KINDS-OF-CARD
//	greet: true
//
// A remark that begins with settings holds those that shape the requests, as
// key=value.
//
// Empty lines are left out. Behind # may stand the time since the transcript
// began, and words. It is what Trace writes.
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
		case Remark:
			out = append(out, Line{Kind: kind, Text: rest})
		case Concluded:
			rest, at := cutTime(rest)
			out = append(out, Line{Kind: kind, Text: rest, At: at})
		case Sent, Received:
			digits, at := cutTime(rest)
			b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			if err != nil || len(b) == 0 {
				return nil, fmt.Errorf("transcript line %d: %q is no bytes in hex", n, clip([]byte(rest)))
			}
			out = append(out, Line{Kind: kind, Bytes: b, At: at})
		default:
			return nil, fmt.Errorf("transcript line %d begins with %q: write >, <, = or #", n, text[:1])
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read transcript: %w", err)
	}
	return out, nil
}

// cutTime takes the remark off a line, and the time that it may begin with.
func cutTime(s string) (string, time.Duration) {
	s, remark, _ := strings.Cut(s, remarkMark)
	when, _, _ := strings.Cut(strings.TrimSpace(remark), " ")
	at, err := time.ParseDuration(when)
	if err != nil {
		at = 0 // a remark of another kind
	}
	return strings.TrimSpace(s), at
}
