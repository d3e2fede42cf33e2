package displaysim

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"slices"

	"posd/display"
)

// NewDMD70 returns an Epson DM-D70, 800x480. Where its two lines of text stand
// is an assumption: at the top, 64 pixels high.
func NewDMD70(opt Options) *Device { return newDevice("dmd70", &dmd70{opt: opt}, opt) }

const dmWidth, dmHeight, dmRow = 800, 480, 32

// dmd70 is a text pole that also draws codes.
type dmd70 struct {
	opt    Options
	in     []byte
	text   pole
	stored string // by function 180
	module int
	level  byte
	codes  []dmCode // drawn since the last clear
}

type dmCode struct {
	text   string
	module int
	quiet  bool
	x, y   int
}

// DMD70State is the state dump of a DM-D70.
type DMD70State struct {
	Lines  [2]string `json:"lines"`
	Stored string    `json:"stored"`
	Module int       `json:"module"`
	Level  string    `json:"level"`
	Codes  int       `json:"codes"` // on the glass
	// Cut says that a code reaches beyond the glass.
	Cut     bool     `json:"cut"`
	Unknown []string `json:"unknown"`
}

func (d *dmd70) powerOn() []byte {
	*d = dmd70{opt: d.opt, text: pole{speak: escpos}, module: 4, level: '1'}
	d.text.powerOn()
	return nil
}

func (d *dmd70) capacity() int    { return 0 }
func (d *dmd70) overflow() []byte { return nil }
func (d *dmd70) refusal() []byte  { return nil }

func (d *dmd70) state() any {
	t := d.text.state().(PoleState)
	s := DMD70State{Lines: t.Lines, Stored: d.stored, Module: d.module, Level: string(d.level), Codes: len(d.codes), Unknown: t.Unknown}
	for _, c := range d.codes {
		if box, ok := c.box(); !ok || !box.In(image.Rect(0, 0, dmWidth, dmHeight)) {
			s.Cut = true
		}
	}
	return s
}

func (d *dmd70) take(b byte) ([]byte, bool) {
	d.in = append(d.in, b)
	n, answer := d.read(d.in)
	if n == 0 {
		return nil, false
	}
	d.in = append(d.in[:0], d.in[n:]...)
	return answer, true
}

// read takes US ( out and leaves the rest to the text commands.
func (d *dmd70) read(buf []byte) (n int, answer []byte) {
	if buf[0] == 0x1F && len(buf) < 2 {
		return 0, nil
	}
	if buf[0] == 0x1F && buf[1] == '(' {
		if len(buf) < 5 {
			return 0, nil
		}
		size := int(buf[3]) | int(buf[4])<<8
		if size > 2000 {
			d.text.strange(buf[:5])
			return 5, nil
		}
		if len(buf) < 5+size {
			return 0, nil
		}
		return 5 + size, d.function(buf[2], buf[5:5+size])
	}
	if buf[0] == 0x0C {
		d.codes = nil
	}
	if len(buf) >= 2 && buf[0] == 0x1B && buf[1] == '@' {
		d.codes, d.stored, d.module = nil, "", 4
	}
	return escpos(&d.text, buf)
}

// function does one US ( with its parameters.
func (d *dmd70) function(group byte, a []byte) []byte {
	switch {
	case group == 'B' && len(a) == 2 && a[0] == 0x30:
		return d.identity(a[1])
	case group == 'k' && len(a) >= 2 && a[0] == 0x31:
		return d.symbol(a[1], a[2:])
	}
	d.text.strange(append([]byte{0x1F, '(', group}, a...))
	return nil
}

func (d *dmd70) identity(n byte) []byte {
	text, ok := map[byte]string{
		0x41: cmp.Or(d.opt.Firmware, "1.04 ESC/POS"), 0x42: "EPSON", 0x43: cmp.Or(d.opt.Model, "DM-D70"), 0x44: cmp.Or(d.opt.Serial, "X4PA000123"),
		0x45: "", 0x24: "163",
	}[n]
	if !ok {
		return nil
	}
	return append(append([]byte{0x57, 0x20}, text...), 0x1F, 0x00)
}

func (d *dmd70) symbol(fn byte, a []byte) []byte {
	switch {
	case fn == 0x41 && len(a) == 2: // 165, model
		if a[0] != '2' {
			d.text.strange(a)
		}
	case fn == 0x43 && len(a) == 1: // 167, module size
		d.module = int(a[0])
	case fn == 0x45 && len(a) == 1 && a[0] >= '0' && a[0] <= '3': // 169, level
		d.level = a[0]
	case fn == 0x50 && len(a) >= 2 && a[0] == 0x30: // 180, store
		d.stored = string(a[1:])
	case fn == 0x51 && len(a) == 6 && a[0] == 0x30: // 181, show
		c := dmCode{d.stored, d.module, a[1] == 1, int(a[2]) | int(a[3])<<8, int(a[4]) | int(a[5])<<8}
		if c.x >= dmWidth || c.y >= dmHeight || c.text == "" {
			d.text.strange(a)
			return nil
		}
		d.codes = append(d.codes, c)
	case fn == 0x52 && len(a) == 1 && a[0] == 0x30: // 182, size
		box, ok := dmCode{text: d.stored, module: d.module}.box()
		fits := byte('0')
		if !ok || box.Dx() > dmWidth || box.Dy() > dmHeight {
			fits = '1'
		}
		return append(fmt.Appendf([]byte{0x37, 0x36}, "%d\x1F%d\x1F1\x1F%c", box.Dx(), box.Dy(), fits), 0)
	default:
		d.text.strange(append([]byte{fn}, a...))
	}
	return nil
}

// box is where the code lies on the glass, its quiet zone included.
func (c dmCode) box() (image.Rectangle, bool) {
	m, err := display.Matrix(c.text)
	if err != nil {
		return image.Rectangle{}, false
	}
	side := len(m)
	if c.quiet {
		side += 8
	}
	return image.Rect(0, 0, side*c.module, side*c.module).Add(image.Pt(c.x, c.y)), true
}

func (d *dmd70) paint() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, dmWidth, dmHeight))
	fill(img, img.Rect, color.RGBA{10, 24, 60, 255})
	ink := color.RGBA{240, 240, 250, 255}
	for i, r := range d.text.cells {
		at := image.Pt(i%poleWidth*dmWidth/poleWidth, i/poleWidth*dmRow)
		if r == '□' {
			fill(img, image.Rect(8, 6, 30, 28).Add(at), ink)
			fill(img, image.Rect(11, 9, 27, 25).Add(at), color.Black)
			continue
		}
		text(img, img.Rect, at.Add(image.Pt(14, 0)), string(r), 2, ink)
	}
	for _, c := range d.codes {
		box, ok := c.box()
		if !ok {
			continue
		}
		if c.quiet {
			fill(img, box, color.White)
			box = box.Inset(4 * c.module)
		}
		symbol(img, box, c.text, color.Black, color.White)
	}
	return dimmed(img, []int{20, 40, 60, 100}[slices.Index([]int{1, 2, 3, 4}, d.text.bright)])
}
