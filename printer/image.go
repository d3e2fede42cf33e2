package printer

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"posd/device/sale"
)

// paperEdge is the white around the printable dots in previews.
const paperEdge = 24

// PNG returns a picture of a receipt, one pixel to a dot of the printer.
func (l Layout) PNG(r sale.Receipt) ([]byte, error) {
	pic, err := l.paint(l.Lines(r))
	if err != nil {
		return nil, err
	}
	img := image.NewPaletted(image.Rect(0, 0, pic.w+2*paperEdge, pic.h+2*paperEdge), blackOnWhite)
	for y := range pic.h {
		for x := range pic.w {
			if pic.at(x, y) {
				img.SetColorIndex(x+paperEdge, y+paperEdge, 1)
			}
		}
	}
	for x := 0; x < img.Rect.Dx(); x += 16 {
		for i := range 8 { // where it is cut
			img.SetColorIndex(x+i, img.Rect.Dy()-paperEdge/2, 1)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw receipt: %w", err)
	}
	return b.Bytes(), nil
}

// paint draws lines one below the other, as the printer feeds them.
func (l Layout) paint(lines []Line) (*picture, error) {
	l = l.complete()
	codes := make([]*picture, len(lines))
	height := 0
	for i := range lines {
		if lines[i].Kind == KindQR {
			if codes[i] = drawQR(&lines[i], l.Dots, qrModule(l.QRModule, l.Dots), l.Matrix); codes[i] == nil {
				return nil, fmt.Errorf("draw receipt: the code %q cannot be drawn on %d dots", lines[i].Text, l.Dots)
			}
		}
		height += lines[i].feed(codes[i])
	}
	paper := newPicture(l.Dots, height)
	y := 0
	for i := range lines {
		switch line := &lines[i]; line.Kind {
		case KindText:
			drawLine(paper, y, line, l.Columns)
		case KindRule:
			drawRule(paper, y, l.Columns, max(l.dash, 1))
		case KindQR:
			paper.paste(y, codes[i])
		case KindLogo:
			paper.paste(y, line.logo)
		}
		y += lines[i].feed(codes[i])
	}
	return paper, nil
}

// feed is how far the paper goes for a line.
func (l *Line) feed(code *picture) int {
	switch l.Kind {
	case KindQR:
		return code.h
	case KindLogo:
		return l.logo.h
	case KindCut:
		return 0
	}
	if l.Text == "" && l.Right == "" {
		return pitch
	}
	return lineHeight(l.Style)
}

// paste copies another picture of the same width in at height y.
func (p *picture) paste(y int, from *picture) {
	copy(p.rows[y*p.stride():], from.rows)
}
