package printer

import (
	"math/bits"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Bytes of the wire that printer and simulator share.
const (
	HT  = 0x09
	LF  = 0x0A
	DLE = 0x10
	EOT = 0x04
	ENQ = 0x05
	DC4 = 0x14
	ESC = 0x1B
	FS  = 0x1C
	GS  = 0x1D

	XON  = 0x11
	XOFF = 0x13
)

// encoder turns lines into a printer's bytes. It remembers what the printer is
// set to, so that no command is sent for what already holds.
type encoder struct {
	profile Profile
	set     charset
	module  byte // dots of a module of a code
	matrix  func(text string) ([][]bool, error)

	bold    bool
	size    byte // argument of GS !
	align   Align
	kept    string // name of the logo in the printer's own memory; empty if it is not there
	longest int    // data of the longest command of the last receipt
	stops   uint64 // columns that are tab stops, bit per column
	spans   []span // of the receipt, kept to be used again
}

// newEncoder returns the encoder for the configured printer.
func newEncoder(c Config) *encoder {
	p := c.profile()
	return &encoder{profile: p, set: newCharset(p.Encoding), module: byte(qrModule(c.QRModule, p.Dots)), matrix: c.Matrix}
}

// qrModule returns the dots of a module: what is configured, or about 0.7 mm
// on the paper's width.
func qrModule(configured, dots int) int {
	switch {
	case configured > 0:
		return configured
	case dots > 0 && dots < 500:
		return 5
	}
	return 6
}

// begin appends the preamble: modes to their start, two-byte characters off,
// the national set that leaves ASCII alone, and the code table.
func (e *encoder) begin(dst []byte) []byte {
	e.bold, e.size, e.align, e.stops, e.longest = false, 0, Left, 0, 0
	dst = append(dst, ESC, '@', FS, '.', ESC, 'R', 0, ESC, 't', e.profile.Table)
	if e.profile.ASB {
		// ESC @ ends the reports, so they are asked for anew: online, errors, paper.
		dst = append(dst, GS, 'a', 0x0E)
	}
	return dst
}

// receipt appends the preamble and the lines. With room in dst it allocates
// nothing, unless a line must be sent as a picture or in Chinese.
func (e *encoder) receipt(dst []byte, lines []Line) []byte {
	dst = e.begin(dst)
	if e.profile.Lean {
		dst = e.tabStops(dst, lines)
	}
	for i := range lines {
		dst = e.line(dst, &lines[i])
	}
	return dst
}

func (e *encoder) line(dst []byte, l *Line) []byte {
	switch l.Kind {
	case KindRule:
		return e.rule(dst)
	case KindQR:
		return e.qr(dst, l)
	case KindCut:
		return e.cut(dst)
	case KindLogo:
		return e.picture(dst, l.logo)
	}
	if l.Text == "" && l.Right == "" {
		return append(dst, LF)
	}
	if !e.printable(l.Text) || !e.printable(l.Right) {
		return e.drawn(dst, l)
	}
	align := l.Align
	if l.Right != "" {
		align = Left
	}
	dst = e.styled(dst, l.Style&Bold != 0, size(l.Style), align)
	dst = e.text(dst, l.Text)
	if l.Right != "" {
		dst = e.gap(dst, width(l.Text), e.columns(l.Style)-width(l.Right), l.Style)
		dst = e.text(dst, l.Right)
	}
	return append(dst, LF)
}

// columns of a line in the given style.
func (e *encoder) columns(s Style) int {
	if s&Wide != 0 {
		return e.profile.Columns / 2
	}
	return e.profile.Columns
}

// styled appends the commands that lead from what the printer is set to to what
// is wanted. Single commands only: the one that sets all styles at once would
// undo those it does not name.
func (e *encoder) styled(dst []byte, bold bool, size byte, align Align) []byte {
	if bold != e.bold {
		dst = append(dst, ESC, 'E', byte(btoi(bold)))
	}
	if size != e.size {
		dst = append(dst, GS, '!', size)
	}
	if align != e.align {
		dst = append(dst, ESC, 'a', byte(align))
	}
	e.bold, e.size, e.align = bold, size, align
	return dst
}

// size is the argument of GS !: width less one above, height less one below.
func size(s Style) byte {
	var n byte
	if s&Wide != 0 {
		n |= 0x10
	}
	if s&Tall != 0 {
		n |= 0x01
	}
	return n
}

// printable reports whether the printer has every character of s, in its code
// table or in a Chinese font of its own.
func (e *encoder) printable(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if _, ok := e.set.has(r); !ok {
			if _, ok := gb(r, e.profile.Hanzi); !ok {
				return false
			}
		}
		i += n
	}
	return true
}

// text appends printable text: by the code table, and what it lacks in the
// printer's own two-byte characters.
func (e *encoder) text(dst []byte, s string) []byte {
	hanzi := false
	for _, r := range s {
		if b, ok := e.set.has(r); ok {
			if hanzi {
				dst, hanzi = append(dst, FS, '.'), false
			}
			dst = append(dst, b)
			continue
		}
		two, _ := gb(r, e.profile.Hanzi)
		if !hanzi {
			dst, hanzi = append(dst, FS, '&'), true
		}
		dst = append(dst, two...)
	}
	if hanzi {
		dst = append(dst, FS, '.')
	}
	return dst
}

// gb returns r as GB18030, if a printer with that font has it: GB2312 is the
// part of it whose bytes are both above A0.
func gb(r rune, font string) ([]byte, bool) {
	if font == "" {
		return nil, false
	}
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
	// Characters of one column would take two in a font of squares.
	if err != nil || len(b) != 2 || runeWidth(r) != 2 || font == "gb2312" && (b[0] < 0xA1 || b[0] > 0xF7 || b[1] < 0xA1) {
		return nil, false
	}
	return b, true
}

// gap appends the way from one column to another: by tab stops where there are
// any, and by spaces.
func (e *encoder) gap(dst []byte, from, to int, style Style) []byte {
	if style&Wide == 0 {
		tabs, at := e.reach(from, to)
		for range tabs {
			dst = append(dst, HT)
		}
		from = at
	}
	for ; from < to; from++ {
		dst = append(dst, ' ')
	}
	return dst
}

// reach returns how many tabs lead from a column to the last stop not behind
// another, and that stop; no tabs if none lies between or spaces are shorter.
func (e *encoder) reach(from, to int) (tabs, at int) {
	between := e.stops & (1<<(to+1) - 1) &^ (1<<(from+1) - 1)
	if between == 0 {
		return 0, from
	}
	at = bits.Len64(between) - 1
	tabs = bits.OnesCount64(between)
	if tabs >= at-from {
		return 0, from
	}
	return tabs, at
}

// span is the way between a label and its value, in columns.
type span struct{ from, to int }

// tabStops chooses the tab stops that make the receipt shortest, one after
// the other as long as another one saves bytes, and appends them.
func (e *encoder) tabStops(dst []byte, lines []Line) []byte {
	e.spans = e.spans[:0]
	for i := range lines {
		if l := &lines[i]; l.Right != "" && l.Style&Wide == 0 {
			e.spans = append(e.spans, span{width(l.Text), e.profile.Columns - width(l.Right)})
		}
	}
	e.stops = 0
	best := e.gapBytes()
	for n := 0; n < 32; n++ {
		stop := -1
		for c := 1; c < min(e.profile.Columns, 64); c++ {
			bit := uint64(1) << c
			if e.stops&bit != 0 {
				continue
			}
			e.stops |= bit
			cost := e.gapBytes() + n + 1 + 3
			e.stops &^= bit
			if cost < best {
				best, stop = cost, c
			}
		}
		if stop < 0 {
			break
		}
		e.stops |= 1 << stop
	}
	if e.stops == 0 {
		return dst
	}
	dst = append(dst, ESC, 'D')
	for s := e.stops; s != 0; s &= s - 1 {
		dst = append(dst, byte(bits.TrailingZeros64(s)))
	}
	return append(dst, 0)
}

// gapBytes counts the bytes between labels and values with the present stops.
func (e *encoder) gapBytes() int {
	n := 0
	for _, s := range e.spans {
		tabs, at := e.reach(s.from, s.to)
		n += tabs + s.to - at
	}
	return n
}

// rule appends a line across the paper: dashes, up to eight columns wide each
// where wide glyphs are known to work.
func (e *encoder) rule(dst []byte) []byte {
	times := e.profile.dash()
	n := e.profile.Columns / times
	align := e.align
	if n*times*cellW != e.profile.Dots {
		align = Left // it fills the columns, not the paper
	}
	dst = e.styled(dst, false, byte(times-1)<<4, align)
	for range n {
		dst = append(dst, '-')
	}
	return append(dst, LF)
}

// qr appends a code: natively with level M, or as a picture.
func (e *encoder) qr(dst []byte, l *Line) []byte {
	if !e.profile.QR {
		return e.drawn(dst, l)
	}
	module := e.moduleOf(l.Text)
	if module == 0 {
		return dst
	}
	dst = e.styled(dst, e.bold, e.size, l.Align)
	n := len(l.Text) + 3
	dst = append(dst,
		GS, '(', 'k', 4, 0, '1', 'A', '2', 0, // model 2
		GS, '(', 'k', 3, 0, '1', 'C', module,
		GS, '(', 'k', 3, 0, '1', 'E', '1', // level M
		GS, '(', 'k', byte(n), byte(n>>8), '1', 'P', '0')
	dst = append(dst, l.Text...)
	return append(dst, GS, '(', 'k', 3, 0, '1', 'Q', '0')
}

// A code that is wider than the paper is left out by printers, without a word:
// its modules are made smaller, down to leastModule dots, a quarter of a
// millimetre. No code of up to surelyFits bytes is too wide for any paper.
const (
	surelyFits  = 84
	leastModule = 2
)

// moduleOf returns the dots of a module with which a code fits the paper; 0 if
// there are none.
func (e *encoder) moduleOf(code string) byte {
	if len(code) <= surelyFits || e.matrix == nil {
		return e.module
	}
	m, err := e.matrix(code)
	if err != nil {
		return 0
	}
	side := len(trim(m))
	for module := e.module; module >= leastModule; module-- {
		if side*int(module) <= e.profile.Dots {
			return module
		}
	}
	return 0
}

// cut appends the end of a receipt. The blade sits above the head and a cut is
// ignored within a line, so a line feed goes before and the printer feeds itself.
func (e *encoder) cut(dst []byte) []byte {
	if !e.profile.Cutter {
		return append(dst, ESC, 'd', 6)
	}
	return append(dst, LF, GS, 'V', 'B', 0)
}
