package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"strings"

	"golang.org/x/image/colornames"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

const (
	plotWidth  = 900
	plotHeight = 110
	plotLeft   = 180 // for the names
)

// picture is the samples drawn, one panel a column from 0 to its most, and a line where
// posd was started again. It is written as SVG, for a page, and as PNG, for whatever
// shows no SVG.
type picture struct {
	size  image.Point
	texts []text
	lines []line
}

// text begins at a point of its base line, in a colour of SVG.
type text struct {
	at            image.Point
	words, colour string
}

// line goes from point to point, in a colour of SVG.
type line struct {
	points []image.Point
	colour string
}

func drawn(all []sample) *picture {
	p := &picture{size: image.Pt(plotLeft+plotWidth+20, len(columns)*(plotHeight+20)+20)}
	if len(all) > 0 {
		for i := range columns {
			p.panel(all, i, 20+i*(plotHeight+20))
		}
	}
	return p
}

// panel draws column i with its upper edge at top.
func (p *picture) panel(all []sample, i, top int) {
	most := int64(1)
	for _, s := range all {
		most = max(most, s.costs[i])
	}
	end, bottom := max(all[len(all)-1].at, 1), top+plotHeight
	x := func(s sample) int { return plotLeft + int(plotWidth*float64(s.at)/float64(end)) }
	p.texts = append(p.texts, text{image.Pt(5, top+14), columns[i].name, "black"}, text{image.Pt(5, top+30), fmt.Sprintf("0 to %d", most), "gray"})
	p.line("lightgray", image.Pt(plotLeft, top), image.Pt(plotLeft+plotWidth, top), image.Pt(plotLeft+plotWidth, bottom), image.Pt(plotLeft, bottom), image.Pt(plotLeft, top))
	var curve []image.Point
	for n, s := range all {
		if n > 0 && s.start != all[n-1].start {
			p.line("orange", image.Pt(x(s), top), image.Pt(x(s), bottom))
		}
		curve = append(curve, image.Pt(x(s), bottom-int(plotHeight*float64(s.costs[i])/float64(most))))
	}
	p.line("navy", curve...)
}

func (p *picture) line(colour string, points ...image.Point) {
	p.lines = append(p.lines, line{points, colour})
}

func (p *picture) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", p.size.X, p.size.Y)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	for _, t := range p.texts {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", t.at.X, t.at.Y, t.colour, t.words)
	}
	for _, l := range p.lines {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" points="`, l.colour)
		for _, at := range l.points {
			fmt.Fprintf(&b, "%d,%d ", at.X, at.Y)
		}
		b.WriteString(`"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *picture) image() image.Image {
	img := image.NewRGBA(image.Rectangle{Max: p.size})
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for _, l := range p.lines {
		for i := 1; i < len(l.points); i++ {
			stroke(img, l.points[i-1], l.points[i], colornames.Map[l.colour])
		}
	}
	for _, t := range p.texts {
		d := font.Drawer{Dst: img, Src: image.NewUniform(colornames.Map[t.colour]), Face: basicfont.Face7x13, Dot: fixed.P(t.at.X, t.at.Y)}
		d.DrawString(t.words)
	}
	return img
}

// stroke sets the dots from a to b.
func stroke(img draw.Image, a, b image.Point, c color.Color) {
	way := b.Sub(a)
	steps := max(way.X, -way.X, way.Y, -way.Y, 1)
	for i := range steps + 1 {
		part := float64(i) / float64(steps)
		img.Set(a.X+int(math.Round(part*float64(way.X))), a.Y+int(math.Round(part*float64(way.Y))), c)
	}
}

// write writes the picture as path.svg and path.png.
func (p *picture) write(path string) error {
	var b bytes.Buffer
	if err := png.Encode(&b, p.image()); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path+".svg", []byte(p.svg()), 0o644), os.WriteFile(path+".png", b.Bytes(), 0o644))
}
