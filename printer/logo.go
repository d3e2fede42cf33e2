package printer

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// longestLogo bounds a logo's height in dots: 50 mm of paper.
const longestLogo = 400

// newLogo turns an image into dots: as wide as it is, but no wider than the
// paper, with grey made of black dots.
func newLogo(img image.Image, dots int) *picture {
	b := img.Bounds()
	if b.Empty() {
		return nil
	}
	w, h := b.Dx(), b.Dy()
	if w > dots {
		w, h = dots, h*dots/w
	}
	if h > longestLogo {
		w, h = w*longestLogo/h, longestLogo
	}
	w, h = max(w, 1), max(h, 1)
	// What is transparent is paper.
	grey := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(grey, grey.Rect, image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(grey, grey.Rect, img, b, draw.Over, nil)
	two := image.NewPaletted(grey.Rect, color.Palette{color.White, color.Black})
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
