package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the pictures that are printed, with PNG
	"image/png"
	"strings"
	"time"
	"unicode/utf8"

	"posd/device/sale"
)

// Bounds of a print of the shop's own. A picture is unpacked in memory, one at a time.
const (
	maxOwnBytes   = 768 << 10
	maxOwnLines   = 1000
	maxOwnPixels  = 6_000_000
	longestPaper  = 12_000 // rows of dots: a metre and a half
	longestOwnRow = 4096   // bytes of a line of text
)

// PreparePrint returns what is kept and printed of what somebody sent: text as
// lines, a picture as black dots as wide as this paper, the printer's own
// commands as they are, once all of them are known to print and nothing else.
func (p *Printer) PreparePrint(form sale.PrintForm, data []byte) ([]byte, error) {
	switch {
	case form == sale.PrintTest && len(data) == 0:
		return []byte(p.encoder.profile.Name), nil // what it shows is read when it is printed
	case form == sale.PrintTest:
		return nil, errors.New("a test slip has no data: leave it out")
	case len(data) == 0:
		return nil, errors.New("there is nothing to print")
	case len(data) > maxOwnBytes:
		return nil, fmt.Errorf("a print has at most %d kB: scale the picture down to the paper, %d dots wide", maxOwnBytes>>10, p.encoder.profile.Dots)
	}
	switch form {
	case sale.PrintText:
		return data, textFault(data)
	case sale.PrintImage:
		p.picturing.Lock()
		defer p.picturing.Unlock()
		return p.flatten(data)
	case sale.PrintRaw:
		if !p.encoder.profile.Raw {
			return nil, fmt.Errorf("the printer's own commands are not taken for the profile %s, whose commands posd does not know: send text or a picture", p.encoder.profile.Name)
		}
		data = defuseRaw(data)
		_, _, err := scanRaw(data)
		return data, err
	}
	return nil, fmt.Errorf("a print of the form %.20q is not known: text, escpos, image and test are", form)
}

func textFault(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("the text is not UTF-8")
	}
	if n := bytes.Count(data, []byte{'\n'}); n >= maxOwnLines {
		return fmt.Errorf("the text has %d lines, and at most %d are printed at once", n+1, maxOwnLines)
	}
	for line := range strings.Lines(string(data)) {
		if len(line) > longestOwnRow {
			return fmt.Errorf("a line of the text has more than %d characters", longestOwnRow)
		}
	}
	return nil
}

// flatten makes black dots of a picture, as a PNG of one bit a dot.
func (p *Printer) flatten(data []byte) ([]byte, error) {
	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || format != "png" && format != "jpeg" {
		return nil, errors.New("this is no picture that can be printed: send PNG or JPEG")
	}
	dots := p.encoder.profile.Dots
	if size.Width < 1 || size.Height < 1 || size.Width > maxOwnPixels || size.Height > maxOwnPixels/size.Width {
		return nil, fmt.Errorf("the picture has %d x %d dots, more than is printed at once: scale it down to the paper, %d dots wide", size.Width, size.Height, dots)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the picture is damaged (%w): save it again as PNG", err)
	}
	pic := fitPicture(img, dots, longestPaper)
	if pic == nil {
		return nil, errors.New("the picture is empty")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, pic.paletted()); err != nil {
		return nil, fmt.Errorf("keep the picture: %w", err)
	}
	return out.Bytes(), nil
}

// PrintOwn prints something of the shop's own; the result means what it means
// for receipts.
func (p *Printer) PrintOwn(ctx context.Context, own sale.Print) sale.PrintResult {
	began := time.Now()
	build, err := p.own(own)
	if err != nil {
		return sale.PrintResult{Job: own.Job, State: sale.PrintFailed, Words: err.Error()}
	}
	res := p.do(ctx, own.Job, build)
	res.Job = own.Job
	if res.State == sale.PrintFailed && !res.Maybe && p.saidOf(own.Job, res.Words) {
		return res // it is tried again and again; one line says why
	}
	p.log.Info("print", "job", own.Job, "form", own.Form, "printed", res.State, "words", res.Words, "took", time.Since(began))
	return res
}

// own returns what makes the printer's bytes of a print. It was prepared by this
// run or an earlier one, perhaps for other paper.
func (p *Printer) own(own sale.Print) (func(dst []byte) []byte, error) {
	if len(own.Data) == 0 {
		return nil, errors.New("what was to be printed is not in this journal: print it again")
	}
	page := p.layout.page(p.layout.Language)
	if own.Duplicate {
		page.text(Bold|Wide, Centre, page.Duplicate)
		page.blank()
	}
	switch own.Form {
	case sale.PrintText:
		for line := range strings.Lines(string(own.Data)) {
			page.verbatim(strings.TrimRight(line, "\r\n"))
		}
	case sale.PrintImage:
		img, err := png.Decode(bytes.NewReader(own.Data))
		if err != nil {
			return nil, fmt.Errorf("the picture that was kept is damaged: %w", err)
		}
		page.lines = append(page.lines, Line{Kind: KindLogo, logo: fitPicture(img, p.encoder.profile.Dots, longestPaper)})
	case sale.PrintTest:
		lines := p.layout.SlipLines(p.testSlip())
		page.lines = append(page.lines, lines[:len(lines)-1]...) // it is cut below
	case sale.PrintRaw:
		ends, longest, err := scanRaw(own.Data)
		if err != nil {
			return nil, err
		}
		return func(dst []byte) []byte { return p.encoder.raw(dst, page.lines, own.Data, ends, longest) }, nil
	default:
		return nil, fmt.Errorf("a print of the form %.20q is not known", own.Form)
	}
	page.lines = append(page.lines, Line{Kind: KindCut})
	return func(dst []byte) []byte { return p.encoder.pictures(dst, page.lines) }, nil
}

// pictures is receipt for lines whose pictures are no logo that the printer keeps.
func (e *encoder) pictures(dst []byte, lines []Line) []byte {
	kept := e.kept
	e.kept = ""
	defer func() { e.kept = kept }()
	return e.receipt(dst, lines)
}

// raw appends the printer's own commands between a start that does not depend on
// what was printed before, and a cut if they have none at their end.
func (e *encoder) raw(dst []byte, before []Line, data []byte, cut bool, longest int) []byte {
	dst = e.receipt(dst, before)
	dst = append(dst, ESC, '@')
	dst = append(dst, data...)
	e.longest = max(e.longest, longest)
	dst = e.begin(dst)
	e.longest = max(e.longest, longest)
	if cut {
		return dst
	}
	return e.cut(append(dst, LF))
}

// paletted is a picture as an image.
func (p *picture) paletted() *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, p.w, p.h), blackOnWhite)
	for y := range p.h {
		for x := range p.w {
			if p.at(x, y) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}
