package printer

import (
	"image"
	"image/color"
	"image/draw"
)

// longestLogo bounds a logo's height in dots: 50 mm of paper.
const longestLogo = 400

var blackOnWhite = color.Palette{color.White, color.Black}

// newLogo turns an image into dots.
func newLogo(img image.Image, dots int) *picture { return fitPicture(img, dots, longestLogo) }

// fitPicture turns an image into dots: as wide as it is, but no wider than the
// paper and no longer than longest, with grey made of black dots.
func fitPicture(img image.Image, dots, longest int) *picture {
	b := img.Bounds()
	if b.Empty() {
		return nil
	}
	w, h := b.Dx(), b.Dy()
	if w > dots {
		w, h = dots, h*dots/w
	}
	if h > longest {
		w, h = w*longest/h, longest
	}
	w, h = max(w, 1), max(h, 1)
	grey := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			from := image.Rect(x*b.Dx()/w, y*b.Dy()/h, (x+1)*b.Dx()/w, (y+1)*b.Dy()/h).Add(b.Min)
			grey.SetGray(x, y, average(img, from))
		}
	}
	two := image.NewPaletted(grey.Rect, blackOnWhite)
	draw.FloydSteinberg.Draw(two, two.Rect, grey, image.Point{})
	// Centred here, so that no printer's own idea of centring matters.
	pic := newPicture(dots, h)
	for y := range h {
		for x := range w {
			if two.ColorIndexAt(x, y) == 1 {
				pic.set((dots-w)/2+x, y)
			}
		}
	}
	pic.defuse()
	return pic
}

// average is the brightness of a part of an image on white paper: what is
// transparent is paper.
func average(img image.Image, part image.Rectangle) color.Gray {
	sum, n := uint64(0), uint64(0)
	for y := part.Min.Y; y < max(part.Max.Y, part.Min.Y+1); y++ {
		for x := part.Min.X; x < max(part.Max.X, part.Min.X+1); x++ {
			r, g, b, a := img.At(x, y).RGBA() // already multiplied by a
			sum += uint64(299*r+587*g+114*b)/1000 + uint64(0xFFFF-a)
			n++
		}
	}
	return color.Gray{Y: uint8(sum / n >> 8)}
}
