package printersim

import (
	"image"
	"image/color"

	"github.com/hajimehoshi/bitmapfont/v3"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// margin is the white around the printable dots in pictures.
const margin = 24

// Image draws receipt n, counted from 1, as it came out of the printer: one
// pixel to a dot, the cut as a row of dashes below it.
func (s *Printer) Image(n int) (image.Image, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 1 || n > len(s.sheets) {
		return nil, false
	}
	return s.sheets[n-1].draw(s.opt.Dots), true
}

func (s sheet) draw(dots int) image.Image {
	height := s.height()
	img := image.NewGray(image.Rect(0, 0, dots+2*margin, height+2*margin))
	for i := range img.Pix {
		img.Pix[i] = 0xFF
	}
	y := margin
	for _, it := range s {
		switch it.kind {
		case itemText:
			drawCells(img, y, dots, it)
		case itemPicture, itemCode:
			drawDots(img, y, dots, it)
		case itemBarcode:
			box(img, margin+aligned(it.align, dots, dots/2), y, dots/2, it.feed, false)
		case itemCut:
			for x := 0; x < img.Rect.Dx(); x += 16 {
				box(img, x, y+margin/2, 8, 2, true)
			}
		}
		y += it.feed
	}
	return img
}

// height is the length of the paper in dots.
func (s sheet) height() int {
	n := 0
	for _, it := range s {
		n += it.feed
	}
	return n
}

// aligned is the left edge of something w dots wide.
func aligned(align byte, dots, w int) int {
	switch align {
	case 1:
		return (dots - w) / 2
	case 2:
		return dots - w
	}
	return 0
}

func drawCells(img *image.Gray, y, dots int, it item) {
	end := 0
	for _, c := range it.cells {
		end = max(end, c.x+c.unit())
	}
	left := margin + aligned(it.align, dots, end)
	for _, c := range it.cells {
		if c.inverse {
			box(img, left+c.x, y, c.unit(), 24*c.h, true)
		}
		if c.underline {
			box(img, left+c.x, y+24*c.h, c.unit(), 2, true)
		}
		drawRune(img, left+c.x, y, c)
	}
}

// drawRune draws a character in doubled dots, times its magnification.
func drawRune(img *image.Gray, x, y int, c cell) {
	zx, zy, thick := 2*c.w, 2*c.h, 0
	if c.small {
		zx = max(1, zx*3/4)
	}
	if c.bold {
		thick = 1
	}
	for _, f := range []font.Face{bitmapfont.FaceSC, bitmapfont.FaceTC} {
		dr, mask, at, _, ok := f.Glyph(fixed.Point26_6{}, c.r)
		found := false
		for gy := dr.Min.Y; ok && gy < dr.Max.Y; gy++ {
			for gx := dr.Min.X; gx < dr.Max.X; gx++ {
				if _, _, _, a := mask.At(at.X+gx-dr.Min.X, at.Y+gy-dr.Min.Y).RGBA(); a < 0x8000 {
					continue
				}
				found = true
				// The font's letters begin ten rows above the base line.
				for j := range zy {
					for i := range zx + thick {
						ink(img, x+gx*zx+i, y+(gy+10)*zy+j, !c.inverse)
					}
				}
			}
		}
		if found {
			return
		}
	}
}

func drawDots(img *image.Gray, y, dots int, it item) {
	if len(it.dots) == 0 {
		return
	}
	left := margin + aligned(it.align, dots, len(it.dots[0]))
	for j, row := range it.dots {
		for i, black := range row {
			if black {
				ink(img, left+i, y+j, true)
			}
		}
	}
}

func box(img *image.Gray, x, y, w, h int, full bool) {
	for j := range h {
		for i := range w {
			if full || j < 2 || i < 2 || j >= h-2 || i >= w-2 {
				ink(img, x+i, y+j, true)
			}
		}
	}
}

func ink(img *image.Gray, x, y int, black bool) {
	if (image.Point{X: x, Y: y}).In(img.Rect) {
		c := color.Gray{Y: 0xFF}
		if black {
			c.Y = 0
		}
		img.SetGray(x, y, c)
	}
}
