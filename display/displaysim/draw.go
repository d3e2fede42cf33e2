package displaysim

import (
	"image"
	"image/color"

	"github.com/hajimehoshi/bitmapfont/v3"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"

	"posd/display"
)

// fill paints a rectangle, as far as it lies in the picture.
func fill(img *image.RGBA, r image.Rectangle, c color.Color) {
	r = r.Intersect(img.Rect)
	px := color.RGBAModel.Convert(c).(color.RGBA)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := img.Pix[img.PixOffset(r.Min.X, y):][:4*r.Dx()]
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = px.R, px.G, px.B, px.A
		}
	}
}

// textWidth is the width of a text in pixels at a scale.
func textWidth(s string, scale int) int {
	return font.MeasureString(bitmapfont.FaceSC, s).Ceil() * scale
}

// lineHeight of the font at scale 1.
const lineHeight = 16

// text writes s with its upper left corner at p in whole-pixel enlarged dots,
// clipped to clip.
func text(img *image.RGBA, clip image.Rectangle, p image.Point, s string, scale int, c color.Color) {
	small := image.NewAlpha(image.Rect(0, 0, textWidth(s, 1)+1, lineHeight))
	d := font.Drawer{Dst: small, Src: image.Opaque, Face: bitmapfont.FaceSC, Dot: fixed.P(0, bitmapfont.FaceSC.Metrics().Ascent.Ceil())}
	d.DrawString(s)
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			if small.AlphaAt(x, y).A > 0x7F {
				fill(img, image.Rect(0, 0, scale, scale).Add(p).Add(image.Pt(x*scale, y*scale)).Intersect(clip), c)
			}
		}
	}
}

// symbol paints the QR of s into box: whole pixels to a module, in the middle.
// It reports whether there was room for at least one pixel to a module.
func symbol(img *image.RGBA, box image.Rectangle, s string, dark, light color.Color) bool {
	m, err := display.Matrix(s)
	if err != nil {
		return false
	}
	px := min(box.Dx(), box.Dy()) / len(m)
	if px == 0 {
		return false
	}
	side := px * len(m)
	at := box.Min.Add(image.Pt((box.Dx()-side)/2, (box.Dy()-side)/2))
	fill(img, image.Rect(0, 0, side, side).Add(at), light)
	for y, row := range m {
		for x, on := range row {
			if on {
				fill(img, image.Rect(0, 0, px, px).Add(at).Add(image.Pt(x*px, y*px)), dark)
			}
		}
	}
	return true
}

// rgb565 turns a panel's colour number into a colour.
func rgb565(n int) color.RGBA {
	r, g, b := n>>11&0x1F, n>>5&0x3F, n&0x1F
	return color.RGBA{uint8(r * 255 / 31), uint8(g * 255 / 63), uint8(b * 255 / 31), 255}
}

// dimmed returns the picture under a backlight of so many percent.
func dimmed(img *image.RGBA, percent int) *image.RGBA {
	if percent >= 100 {
		return img
	}
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = uint8(int(img.Pix[i]) * percent / 100)
		}
	}
	return img
}

// mark paints a tick or a cross into a box.
func mark(img *image.RGBA, box image.Rectangle, good bool, c color.Color) {
	thick := box.Dx() / 8
	stroke := func(x0, y0, x1, y1 int) { // in percent of the box
		steps := box.Dx()
		for i := range steps + 1 {
			x := box.Min.X + (x0*(steps-i)+x1*i)*box.Dx()/steps/100
			y := box.Min.Y + (y0*(steps-i)+y1*i)*box.Dy()/steps/100
			fill(img, image.Rect(x-thick/2, y-thick/2, x+thick/2, y+thick/2), c)
		}
	}
	if good {
		stroke(5, 55, 38, 90)
		stroke(38, 90, 95, 10)
		return
	}
	stroke(10, 10, 90, 90)
	stroke(90, 10, 10, 90)
}
