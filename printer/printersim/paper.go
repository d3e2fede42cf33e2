package printersim

import (
	"fmt"
	"slices"
	"strings"
)

// cell is one character on paper.
type cell struct {
	r         rune
	x         int // left edge in dots, before alignment
	w, h      int // magnification
	wide      bool
	small     bool // font B
	bold      bool
	underline bool
	inverse   bool
}

// unit is the width of a cell in dots.
func (c cell) unit() int {
	switch {
	case c.wide:
		return 24 * c.w
	case c.small:
		return 9 * c.w
	}
	return 12 * c.w
}

// item is one thing on paper, top to bottom.
type item struct {
	kind  itemKind
	cells []cell
	align byte   // 0 left, 1 centre, 2 right
	feed  int    // dots to the next item
	code  string // what a QR or bar code says
	dots  [][]bool
}

type itemKind uint8

const (
	itemText    itemKind = iota
	itemPicture          // dots
	itemCode             // a QR; dots if it could be drawn
	itemBarcode
	itemCut
)

// sheet is the paper between two cuts.
type sheet []item

// text turns a sheet into plain text on the given number of columns.
func (s sheet) text(columns int) string {
	var b strings.Builder
	for _, it := range s {
		var line string
		switch it.kind {
		case itemCut:
			continue
		case itemPicture:
			line = fmt.Sprintf("[picture %dx%d]", len(it.dots[0]), len(it.dots))
		case itemCode:
			line = "[QR " + it.code + "]"
		case itemBarcode:
			line = "[barcode " + it.code + "]"
		default:
			line = cellText(it.cells)
		}
		room := columns - textWidth(line)
		if room > 0 && it.align == 1 {
			line = strings.Repeat(" ", room/2) + line
		}
		if room > 0 && it.align == 2 {
			line = strings.Repeat(" ", room) + line
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// cellText writes the characters of a line where they stand. In a magnified
// line only gaps are kept as wide as they are; a line of nothing but dashes is
// a rule and keeps its length.
func cellText(cells []cell) string {
	var b strings.Builder
	scaled := slices.ContainsFunc(cells, func(c cell) bool { return c.w > 1 || c.small })
	rule := !slices.ContainsFunc(cells, func(c cell) bool { return c.r != '-' })
	at, end := 0, 0
	for _, c := range cells {
		if scaled && c.x > end {
			b.WriteString(strings.Repeat(" ", (c.x-end)/12))
		}
		end = c.x + c.unit()
		if !scaled {
			for ; at < c.x/12; at++ {
				b.WriteByte(' ')
			}
			at += c.unit() / 12
		}
		b.WriteRune(c.r)
		if rule && scaled {
			b.WriteString(strings.Repeat("-", c.w-1))
		}
	}
	return b.String()
}

// textWidth counts columns: cells of two-byte characters take two.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += 1 + extra(r)
	}
	return n
}

// extra is 1 for characters of the East Asian blocks, which take two columns.
func extra(r rune) int {
	if r >= 0x2E80 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE4F || r >= 0xFF00 && r <= 0xFF60 || r >= 0x20000 {
		return 1
	}
	return 0
}
