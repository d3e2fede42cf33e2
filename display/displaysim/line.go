package displaysim

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
)

// NewLine returns a 2x20 text pole that speaks a dialect; see Dialects.
func NewLine(dialect string, opt Options) *Device {
	if dialect == "led8" {
		return NewLED8(opt)
	}
	return newDevice(dialect, &pole{speak: tongues[dialect], dialect: dialect}, opt)
}

const poleWidth = 20

// tongue reads the beginning of buf and acts on p. n is how many bytes it ate;
// 0 asks for more.
type tongue func(p *pole, buf []byte) (n int, answer []byte)

var tongues = map[string]tongue{"escpos": escpos, "cd5220": cd5220, "utc": utc, "utce": utc, "aedex": aedex, "dsp800": dsp800}

// pole is a vacuum fluorescent display of 2x20 characters.
type pole struct {
	speak   tongue
	dialect string

	in      []byte
	cells   [2 * poleWidth]rune
	cursor  int
	mode    string // overwrite, vertical, horizontal
	showCur bool
	bright  int // 1 to 4
	blink   int
	reverse bool
	table   byte
	scroll  string // a text that runs along the upper line
	text    bool   // CD5220's string mode
	deaf    bool   // another device on the cable is addressed
	// UTC: the enhanced commands are understood; characters that follow blink.
	enhanced, blinking bool
	unknown            []string
}

func (p *pole) powerOn() []byte {
	*p = pole{speak: p.speak, dialect: p.dialect, mode: "overwrite", bright: 4, unknown: []string{}}
	switch p.dialect {
	case "utc":
		p.mode, p.showCur = "vertical", true
	case "utce":
		p.mode, p.showCur, p.enhanced = "vertical", true, true
	}
	p.clear()
	return nil
}

func (p *pole) capacity() int    { return 0 } // it eats faster than a line brings
func (p *pole) overflow() []byte { return nil }
func (p *pole) refusal() []byte  { return []byte{dspNAK} } // only one dialect ever answers

// PoleState is the state dump of a pole.
type PoleState struct {
	Lines      [2]string `json:"lines"`
	Cursor     int       `json:"cursor"` // 0 to 39
	Mode       string    `json:"mode"`
	Brightness int       `json:"brightness"` // 1 to 4
	Blink      int       `json:"blink"`      // times 50 ms; 0 steady
	ShowCursor bool      `json:"showCursor"`
	CodeTable  byte      `json:"codeTable"`
	Unknown    []string  `json:"unknown"` // bytes that mean nothing in its dialect
}

func (p *pole) state() any {
	return PoleState{
		[2]string{string(p.cells[:poleWidth]), string(p.cells[poleWidth:])}, p.cursor, p.mode, p.bright, p.blink, p.showCur, p.table, slices.Clone(p.unknown),
	}
}

func (p *pole) take(b byte) ([]byte, bool) {
	p.in = append(p.in, b)
	var said []byte
	done := false
	for len(p.in) > 0 {
		n, answer := p.speak(p, p.in)
		if n == 0 {
			break
		}
		p.in = append(p.in[:0], p.in[n:]...)
		said, done = append(said, answer...), true
	}
	return said, done
}

func (p *pole) clear() {
	for i := range p.cells {
		p.cells[i] = ' '
	}
	p.cursor, p.scroll, p.text = 0, "", false
}

// put writes one character at the cursor and moves on.
func (p *pole) put(r rune) {
	p.cells[p.cursor] = r
	end := p.cursor%poleWidth == poleWidth-1
	switch {
	case p.mode == "horizontal" && end:
		row := p.cells[p.cursor-poleWidth+1 : p.cursor+1]
		copy(row, row[1:])
		row[poleWidth-1] = ' '
	case p.mode == "vertical" && p.cursor == len(p.cells)-1:
		copy(p.cells[:poleWidth], p.cells[poleWidth:])
		p.blank(poleWidth, len(p.cells))
		p.cursor = poleWidth
	default:
		p.cursor = (p.cursor + 1) % len(p.cells)
	}
}

func (p *pole) blank(from, to int) {
	for i := from; i < to; i++ {
		p.cells[i] = ' '
	}
}

// letter decodes a byte by the chosen code table and puts it; one that the
// table does not hold stands as a hollow box.
func (p *pole) letter(b byte) {
	r := rune(b)
	if b >= 0x80 && p.table != 16 {
		p.strange([]byte{b})
		return
	}
	p.put(r)
}

// strange notes bytes that mean nothing here and shows them.
func (p *pole) strange(b []byte) {
	p.unknown = append(p.unknown, fmt.Sprintf("% X", b))
	if len(p.unknown) > 20 {
		p.unknown = p.unknown[1:]
	}
	p.put('□')
}

// line replaces a whole line (0 or 1).
func (p *pole) line(n int, b []byte) {
	p.blank(n*poleWidth, (n+1)*poleWidth)
	p.cursor = n * poleWidth
	at := p.cursor
	for i, x := range b {
		if i == poleWidth {
			break
		}
		p.cursor = at + i
		p.letter(x)
	}
	p.cursor = at
}

// Dots of the picture: a cell of 5x7 dots with one dot between characters and
// two between lines.
const (
	poleScale  = 6
	poleCellW  = 6
	poleCellH  = 9
	poleMargin = 3 * poleScale
)

func (p *pole) paint() *image.RGBA {
	w := poleWidth*poleCellW*poleScale + 2*poleMargin
	h := 2*poleCellH*poleScale + 2*poleMargin
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	fill(img, img.Rect, color.RGBA{6, 14, 14, 255})
	on := color.RGBA{uint8(10 * p.bright), uint8(60 * p.bright), uint8(50 * p.bright), 255}
	off := color.RGBA{12, 26, 26, 255}
	for i, r := range p.cells {
		g, _ := glyph(r)
		ox := poleMargin + i%poleWidth*poleCellW*poleScale
		oy := poleMargin + i/poleWidth*poleCellH*poleScale
		for x := range 5 {
			for y := range 7 {
				c := off
				if g[x]>>y&1 == 1 {
					c = on
				}
				fill(img, image.Rect(0, 0, poleScale-1, poleScale-1).Add(image.Pt(ox+x*poleScale, oy+y*poleScale)), c)
			}
		}
		if p.showCur && i == p.cursor {
			fill(img, image.Rect(ox, oy+8*poleScale-2, ox+5*poleScale, oy+8*poleScale), on)
		}
	}
	return img
}

// upTo returns the index of end in buf, or -1 while it has not come; a text
// that never ends is cut off.
func upTo(buf []byte, from int, end byte, most int) int {
	if i := slices.Index(buf[from:], end); i >= 0 {
		return from + i
	}
	if len(buf) > most {
		return len(buf) - 1
	}
	return -1
}

// Row returns what stands on a line, without the blanks around it.
func (s PoleState) Row(n int) string { return strings.TrimSpace(s.Lines[n]) }
