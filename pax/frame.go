package pax

import (
	"bytes"
	"encoding/binary"
)

// Bytes of the line protocol. STX to LRC is a frame; ACK, NAK, EOT and ENQ
// stand alone between frames; FS and US part the text inside one, GS and RS in
// messages that posd does not use.
const (
	STX byte = 0x02
	ETX byte = 0x03
	EOT byte = 0x04
	ENQ byte = 0x05
	ACK byte = 0x06
	NAK byte = 0x15
	FS  byte = 0x1C
	US  byte = 0x1F
)

// MaxFrame is the longest frame accepted, in bytes. The longest one seen in the
// field has 490; signature and file data travel in pieces of 4000.
const MaxFrame = 64 << 10

// LRC returns the check byte of a frame: the exclusive or of everything after
// STX up to and including ETX. It may have any value, those of STX, ETX, ACK
// and FS included.
func LRC(bodyAndETX []byte) byte {
	var x uint64
	p := bodyAndETX
	for len(p) >= 8 {
		x ^= binary.LittleEndian.Uint64(p)
		p = p[8:]
	}
	x ^= x >> 32
	x ^= x >> 16
	x ^= x >> 8
	lrc := byte(x)
	for _, b := range p {
		lrc ^= b
	}
	return lrc
}

// AppendFrame appends a frame made of fields to dst: STX, the fields with FS
// between them, ETX and the LRC.
func AppendFrame(dst []byte, fields ...string) []byte {
	dst = append(dst, STX)
	start := len(dst)
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, FS)
		}
		dst = append(dst, f...)
	}
	dst = append(dst, ETX)
	return append(dst, LRC(dst[start:]))
}

// group joins subfields with US and leaves trailing empty ones out.
func group(subs ...string) string {
	for len(subs) > 0 && subs[len(subs)-1] == "" {
		subs = subs[:len(subs)-1]
	}
	var b []byte
	for i, s := range subs {
		if i > 0 {
			b = append(b, US)
		}
		b = append(b, s...)
	}
	return string(b)
}

// TokenKind tells what a Scanner found.
type TokenKind uint8

// Kinds of token.
const (
	TokenNone    TokenKind = iota // nothing yet: more bytes are needed
	TokenControl                  // ACK, NAK, EOT or ENQ alone
	TokenFrame                    // a whole frame with the right LRC
	TokenDamaged                  // a frame with a wrong LRC, or longer than MaxFrame
)

// Token is what stands between two silences on the line.
type Token struct {
	Kind    TokenKind
	Control byte   // TokenControl: which byte
	Body    []byte // TokenFrame: what stands between STX and ETX; valid until the next call
}

// Scanner cuts a stream of bytes into control bytes and frames, however the
// stream was cut by the wire. Between frames it skips everything that means
// nothing: NULs, line noise, the tail of a frame whose head was lost. After ETX
// exactly one byte is taken as LRC, whatever its value. An STX inside a frame
// starts the frame anew, for no text ever holds one.
//
//	          STX                ETX            any byte
//	between ------> in the body -----> at LRC ----------> between (frame or damaged)
//
// The zero Scanner is ready.
type Scanner struct {
	frame []byte // from after STX; ends with ETX when state is atLRC
	state uint8
}

const (
	between uint8 = iota
	inBody
	atLRC
)

// Pending reports whether a frame has begun and not ended.
func (s *Scanner) Pending() bool { return s.state != between }

// Reset forgets a frame that has begun.
func (s *Scanner) Reset() { s.state, s.frame = between, s.frame[:0] }

// Next takes bytes from in until it has a token, and returns it with the bytes
// not yet looked at. TokenNone means that in is used up.
func (s *Scanner) Next(in []byte) (Token, []byte) {
	for len(in) > 0 {
		switch s.state {
		case between:
			b := in[0]
			in = in[1:]
			switch b {
			case STX:
				s.state, s.frame = inBody, s.frame[:0]
			case ACK, NAK, EOT, ENQ:
				return Token{Kind: TokenControl, Control: b}, in
			}
		case inBody:
			piece := in
			if end := bytes.IndexByte(in, ETX); end >= 0 {
				piece, s.state = in[:end+1], atLRC
			}
			in = in[len(piece):]
			for i := bytes.IndexByte(piece, STX); i >= 0; i = bytes.IndexByte(piece, STX) {
				piece, s.frame = piece[i+1:], s.frame[:0]
			}
			s.frame = append(s.frame, piece...)
			if len(s.frame) > MaxFrame {
				s.Reset()
				return Token{Kind: TokenDamaged}, in
			}
		case atLRC:
			got := in[0]
			in, s.state = in[1:], between
			if got != LRC(s.frame) {
				return Token{Kind: TokenDamaged}, in
			}
			return Token{Kind: TokenFrame, Body: s.frame[:len(s.frame)-1]}, in
		}
	}
	return Token{}, nil
}
