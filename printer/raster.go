package printer

import (
	"strings"
	"unicode"

	"github.com/hajimehoshi/bitmapfont/v3"
	"golang.org/x/text/language"

	"posd/device/letters"
)

// picture is black dots on white, packed as printers want it: rows of bytes, the
// leftmost dot the highest bit.
type picture struct {
	w, h int
	rows []byte
}

func newPicture(w, h int) *picture { return &picture{w: w, h: h, rows: make([]byte, (w+7)/8*h)} }

func (p *picture) stride() int { return (p.w + 7) / 8 }

func (p *picture) set(x, y int) {
	if x >= 0 && y >= 0 && x < p.w && y < p.h {
		p.rows[y*p.stride()+x/8] |= 0x80 >> (x % 8)
	}
}

func (p *picture) at(x, y int) bool {
	return x >= 0 && y >= 0 && x < p.w && y < p.h && p.rows[y*p.stride()+x/8]&(0x80>>(x%8)) != 0
}

// fill blackens a rectangle.
func (p *picture) fill(x, y, w, h int) {
	for j := y; j < y+h; j++ {
		for i := x; i < x+w; i++ {
			p.set(i, j)
		}
	}
}

// defuse changes single dots so that no row holds what printers obey even in
// the middle of a picture: 10 04, 10 05 and 10 14.
func (p *picture) defuse() {
	for i := 0; i+1 < len(p.rows); i++ {
		if next := p.rows[i+1]; p.rows[i] == DLE && (next == EOT || next == ENQ || next == DC4) {
			p.rows[i] |= 0x20
		}
	}
}

// drawText draws s with its left edge at x and its top at y.
func (p *picture) drawText(x, y int, s string, style Style) {
	zx, zy := zoom, zoom
	if style&Wide != 0 {
		zx *= 2
	}
	if style&Tall != 0 {
		zy *= 2
	}
	bold := 0
	if style&Bold != 0 {
		bold = 1
	}
	for _, r := range s {
		glyph(r, func(gx, gy int) { p.fill(x+gx*zx, y+gy*zy, zx+bold, zy) })
		x += runeWidth(r) * cellW * zx / zoom
	}
}

// drawCode draws a QR code's modules without a margin.
func (p *picture) drawCode(x, y, module int, code [][]bool) {
	for j, row := range code {
		for i, black := range row {
			if black {
				p.fill(x+i*module, y+j*module, module, module)
			}
		}
	}
}

// trim takes the quiet zone off a code: the paper gives it.
func trim(code [][]bool) [][]bool {
	blank := func(row []bool) bool {
		for _, b := range row {
			if b {
				return false
			}
		}
		return true
	}
	for len(code) > 0 && blank(code[0]) {
		code = code[1:]
	}
	for len(code) > 0 && blank(code[len(code)-1]) {
		code = code[:len(code)-1]
	}
	if len(code) == 0 {
		return nil
	}
	// The finder patterns reach the first and the last column of the first row.
	left, right := len(code[0]), 0
	for i, b := range code[0] {
		if b {
			left, right = min(left, i), max(right, i+1)
		}
	}
	out := make([][]bool, len(code))
	for i, row := range code {
		out[i] = row[left:right]
	}
	return out
}

// drawn appends a line as a picture: text the printer has no characters for,
// or a code it cannot draw.
func (e *encoder) drawn(dst []byte, l *Line) []byte {
	pic := e.draw(l)
	if pic == nil {
		return dst
	}
	pic.defuse()
	return e.raster(dst, pic)
}

// picture appends the logo: by its name if the printer keeps it.
func (e *encoder) picture(dst []byte, logo *picture) []byte {
	if e.kept == "" {
		return e.raster(dst, logo)
	}
	return appendPrintKept(e.styled(dst, e.bold, e.size, Left), e.kept)
}

// raster appends a picture as wide as the paper.
func (e *encoder) raster(dst []byte, pic *picture) []byte {
	e.longest = max(e.longest, pic.stride()*min(pic.h, sliceRows))
	dst = e.styled(dst, e.bold, e.size, Left)
	return appendRaster(dst, pic)
}

// draw returns the picture of a line across the paper's width.
func (e *encoder) draw(l *Line) *picture {
	w := e.profile.Dots
	if l.Kind == KindQR {
		return drawQR(l, w, int(e.module), e.matrix)
	}
	pic := newPicture(w, lineHeight(l.Style))
	drawLine(pic, 0, l, e.profile.Columns)
	return pic
}

// lineHeight is how far the paper goes for a line of text.
func lineHeight(s Style) int {
	if s&Tall != 0 {
		return 2 * cellH
	}
	return pitch
}

// drawLine draws a line of text at height y.
func drawLine(pic *picture, y int, l *Line, columns int) {
	unit := cellW
	if l.Style&Wide != 0 {
		unit, columns = 2*cellW, columns/2
	}
	text, right := visual(l.Text), visual(l.Right)
	x := 0
	switch l.Align {
	case Centre:
		x = (pic.w - width(text)*unit) / 2
	case Right:
		x = pic.w - width(text)*unit
	}
	if right != "" {
		x = 0
		pic.drawText((columns-width(right))*unit, y, right, l.Style)
	}
	pic.drawText(x, y, text, l.Style)
}

// visual returns a line in the order and the shapes in which its letters stand
// on paper: Hebrew and Arabic run from right to left, and Arabic letters join.
// A line is broken before, in the order in which it is read.
func visual(s string) string {
	if !letters.RightToLeft(s) {
		return s
	}
	direction := bitmapfont.DirectionLeftToRight
	if first := strings.IndexFunc(s, unicode.IsLetter); letters.RightToLeft(string([]rune(s[first:])[:1])) {
		direction = bitmapfont.DirectionRightToLeft
	}
	return bitmapfont.PresentationForms(s, direction, language.Und)
}

// drawRule draws a line of dashes, each some columns wide.
func drawRule(pic *picture, y, columns, dash int) {
	for c := 0; c < columns; c += dash {
		glyph('-', func(gx, gy int) { pic.fill(c*cellW+gx*zoom*dash, y+gy*zoom, zoom*dash, zoom) })
	}
}

// drawQR draws a code in the middle of a picture w dots wide; nil if there is
// nobody to draw it or it does not fit.
func drawQR(l *Line, w, module int, matrix func(string) ([][]bool, error)) *picture {
	if matrix == nil {
		return nil
	}
	code, err := matrix(l.Text)
	if err != nil {
		return nil
	}
	code = trim(code)
	for module > 1 && len(code)*module > w {
		module--
	}
	if len(code) == 0 || len(code)*module > w {
		return nil
	}
	pic := newPicture(w, len(code)*module)
	pic.drawCode((w-len(code)*module)/2, 0, module, code)
	return pic
}

// sliceRows is the most rows sent in one command: more are lost by many printers.
const sliceRows = 255

// appendRaster appends a picture as GS v 0, in slices.
func appendRaster(dst []byte, p *picture) []byte {
	stride := p.stride()
	for y := 0; y < p.h; y += sliceRows {
		n := min(sliceRows, p.h-y)
		dst = append(dst, GS, 'v', '0', 0, byte(stride), byte(stride>>8), byte(n), byte(n>>8))
		dst = append(dst, p.rows[y*stride:(y+n)*stride]...)
	}
	return dst
}
