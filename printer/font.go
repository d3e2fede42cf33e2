package printer

import (
	"image"

	"github.com/hajimehoshi/bitmapfont/v3"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// The embedded font draws 6x12 letters and 12x12 wide characters. Doubled they
// fill a printer's own cells: 12x24 dots a column, 24x24 a wide character.
const (
	cellW = 12 // dots of a column
	cellH = 24 // dots of a line of text
	pitch = 34 // dots from line to line: 1/6 inch at 203 dpi
	zoom  = 2
)

// faces are tried in order: simplified forms first, then traditional ones.
var faces = []font.Face{bitmapfont.FaceSC, bitmapfont.FaceTC}

// inked reports whether the embedded font draws r: it answers ok for
// characters it lacks and draws nothing, so only ink proves a glyph.
func inked(r rune) bool {
	found := false
	glyph(r, func(x, y int) { found = true })
	return found
}

// glyph calls dot for every dot of r in the undoubled cell, y counted from the
// cell's top; some letters reach a dot above or below it.
func glyph(r rune, dot func(x, y int)) {
	const top = -10 // the font's topmost row of ink, from the base line
	for _, f := range faces {
		dr, mask, mp, _, ok := f.Glyph(fixed.Point26_6{}, r)
		if !ok {
			continue
		}
		found := false
		for y := dr.Min.Y; y < dr.Max.Y; y++ {
			for x := dr.Min.X; x < dr.Max.X; x++ {
				at := mp.Add(image.Pt(x-dr.Min.X, y-dr.Min.Y))
				if _, _, _, a := mask.At(at.X, at.Y).RGBA(); a > 0x7FFF {
					found = true
					dot(x, y-top)
				}
			}
		}
		if found {
			return
		}
	}
}
