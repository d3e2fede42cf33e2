package printersim

import (
	"fmt"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// epsonTables are the code tables by the numbers Epson gave them.
var epsonTables = map[byte]*charmap.Charmap{
	0: charmap.CodePage437, 2: charmap.CodePage850, 3: charmap.CodePage860, 4: charmap.CodePage863, 5: charmap.CodePage865,
	16: charmap.Windows1252, 17: charmap.CodePage866, 18: charmap.CodePage852, 19: charmap.CodePage858, 40: charmap.ISO8859_15,
}

// modes is everything ESC @ resets.
type modes struct {
	w, h      int
	bold      bool
	underline bool
	inverse   bool
	small     bool
	align     byte
	spacing   int // dots from line to line
	side      int // dots right of each character
	table     byte
	hanzi     bool
	tabs      []int // dots
	left      int
	module    int
	level     byte
	code      []byte // stored for a QR
	graphic   [][]bool
	barHeight int
}

// machine executes commands on paper. It is the mechanism: what it prints is
// printed, and one line at a time comes out of it.
type machine struct {
	opt    Options
	modes  modes
	line   []cell
	x      int
	lead   byte // first byte of a two-byte character
	sheet  sheet
	memory memory
	drawer int      // times the drawer was kicked
	moved  bool     // the last command moved the paper
	odd    []string // bytes it did not understand

	answer func([]byte) // to the host, in sequence
	paper  func() byte  // what GS r 1 says
}

func (m *machine) reset() {
	tabs := make([]int, 0, 16)
	for c := 8; c < m.opt.Dots/12; c += 8 {
		tabs = append(tabs, c*12)
	}
	m.modes = modes{w: 1, h: 1, spacing: 34, hanzi: m.opt.Chinese, tabs: tabs, module: 3, level: 'L', barHeight: 162}
	m.line, m.x, m.lead = nil, 0, 0
}

// style executes a command that changes how what follows looks, and reports whether name is one.
func (m *machine) style(name string, n int) bool {
	o := &m.modes
	switch name {
	case "ESC 2":
		o.spacing = 34
	case "ESC 3":
		o.spacing = n
	case "ESC !":
		o.small, o.bold, o.underline = n&1 != 0, n&8 != 0, n&0x80 != 0
		o.h, o.w = 1+n>>4&1, 1+n>>5&1
	case "ESC E", "ESC G":
		o.bold = n&1 != 0
	case "ESC -":
		o.underline = n&3 != 0
	case "ESC M":
		o.small = n&1 != 0
	case "GS !":
		o.w, o.h = 1+n>>4&7, 1+n&7
	case "GS B":
		o.inverse = n&1 != 0
	case "ESC SP":
		o.side = n
	case "ESC t":
		o.table = byte(n)
	case "FS .":
		o.hanzi = false
	case "FS &":
		o.hanzi = m.opt.Hanzi
	default:
		return false
	}
	return true
}

// place executes a command that says where what follows stands, and reports whether t is one.
func (m *machine) place(t token) bool {
	o := &m.modes
	switch t.name {
	case "HT":
		for _, stop := range o.tabs {
			if stop > m.x {
				m.x = stop
				break
			}
		}
	case "ESC a":
		if len(m.line) == 0 && m.x == 0 {
			o.align = byte(t.arg(0) & 3)
		}
	case "ESC $":
		m.x = t.arg(0) | t.arg(1)<<8
	case "ESC \\":
		m.x = max(0, m.x+int(int16(t.arg(0)|t.arg(1)<<8)))
	case "GS L":
		o.left = t.arg(0) | t.arg(1)<<8
	case "ESC D":
		o.tabs = nil
		for _, c := range t.data {
			o.tabs = append(o.tabs, int(c)*m.unit())
		}
	default:
		return false
	}
	return true
}

// do executes one token and reports whether paper moved.
func (m *machine) do(t token) bool {
	o := &m.modes
	arg := t.arg
	if m.style(t.name, arg(0)) || m.place(t) {
		return false
	}
	switch t.name {
	case "text":
		return m.print(t.data)
	case "LF":
		m.feedLine(o.spacing)
		return true
	case "CR", "NUL", "GS a", "DLE EOT", "DLE ENQ", "DLE DC4", "ESC =", "ESC R", "GS b", "ESC {", "ESC V", "FS -", "FS !", "FS C", "FS S",
		"ESC c 3", "ESC c 4", "ESC c 5", "GS P", "GS W", "GS f", "GS w", "GS H", "GS ( A", "GS ( D", "GS ( E", "GS ( K", "GS ( N", "FS ( A", "FS ( E", "FS ( C":
		// Obeyed in real time, or without a trace on this paper.
	case "ESC @":
		m.reset()
	case "ESC d":
		if arg(0) == 0 {
			m.flush()
		}
		for range arg(0) {
			m.feedLine(o.spacing)
		}
		if arg(0) >= 5 {
			m.tear()
		}
		return arg(0) > 0
	case "ESC J":
		m.feedLine(arg(0))
		return true
	case "GS V", "ESC i", "ESC m":
		return m.cut(t)
	case "ESC p":
		m.drawer++
	case "GS ( k":
		return m.code2D(t.data)
	case "GS v 0":
		return m.raster(t.args, t.data)
	case "FS q":
		if m.opt.NoMemory {
			m.unknown(token{name: t.name, args: t.args})
			break
		}
		m.keepNumbered(t.data)
	case "FS p":
		return m.printNumbered(arg(0), arg(1))
	case "ACK":
		if !m.acknowledged() {
			m.unknown(t)
		}
	case "GS ( L", "GS 8 L":
		return m.graphics(t.data)
	case "ESC *":
		return m.columns(t.args, t.data)
	case "GS h":
		o.barHeight = arg(0)
	case "GS k":
		return m.barcode(t)
	case "GS r":
		m.status(byte(arg(0)))
	case "GS ( H":
		m.processID(t.data)
	case "GS I":
		m.identify(byte(arg(0)))
	default:
		m.unknown(t)
	}
	return false
}

// unknown keeps what was not understood: the machine names it, as its log does.
func (m *machine) unknown(t token) {
	what := fmt.Sprintf("%s % X", t.name, append(append([]byte{}, t.args...), t.data...))
	if t.name == "unknown" {
		what = fmt.Sprintf("% X", t.data)
	}
	if len(m.odd) < 1000 {
		m.odd = append(m.odd, what)
	}
}

func (m *machine) unit() int {
	u := 12
	if m.modes.small {
		u = 9
	}
	return u*m.modes.w + m.modes.side
}

// print puts characters on the line and reports whether it ran over.
func (m *machine) print(text []byte) bool {
	moved := false
	for _, b := range text {
		if m.modes.hanzi && m.lead == 0 && b >= 0x81 && b < 0xFF {
			m.lead = b
			continue
		}
		r, wide := m.char(b)
		if m.lead != 0 {
			two, err := simplifiedchinese.GB18030.NewDecoder().Bytes([]byte{m.lead, b})
			m.lead = 0
			r, wide = '?', true
			if err == nil {
				r = []rune(string(two))[0]
			}
		}
		o := m.modes
		c := cell{r: r, x: m.x, w: o.w, h: o.h, wide: wide, small: o.small, bold: o.bold, underline: o.underline, inverse: o.inverse}
		if o.left+m.x+c.unit() > m.opt.Dots {
			m.feedLine(o.spacing)
			moved, c.x = true, 0
		}
		m.line, m.x = append(m.line, c), c.x+c.unit()+o.side
	}
	return moved
}

// char decodes one byte by the code table that is set.
func (m *machine) char(b byte) (rune, bool) {
	if b < 0x80 {
		return rune(b), false
	}
	cm := m.opt.Tables[m.modes.table]
	if cm == nil {
		cm = charmap.CodePage437
	}
	return cm.DecodeByte(b), false
}

// feedLine prints the line and moves the paper on; large characters need more.
func (m *machine) feedLine(dots int) {
	for _, c := range m.line {
		dots = max(dots, 24*c.h)
	}
	m.sheet = append(m.sheet, item{kind: itemText, cells: m.line, align: m.modes.align, feed: dots})
	m.line, m.x, m.lead = nil, 0, 0
}

// flush prints what is on the line, if anything.
func (m *machine) flush() {
	if len(m.line) > 0 {
		m.feedLine(m.modes.spacing)
	}
}

// cut cuts the paper, unless something stands on the line: then it is ignored,
// as printers do. A printer without a cutter feeds, and somebody tears.
func (m *machine) cut(t token) bool {
	if len(m.line) > 0 {
		m.odd = append(m.odd, "cut in the middle of a line")
		return false
	}
	if m.opt.NoCutter {
		return false
	}
	if len(t.args) == 1 || t.name != "GS V" {
		m.odd = append(m.odd, "cut without a feed: the last lines are above the blade")
	}
	m.tear()
	return true
}

// tear ends the sheet.
func (m *machine) tear() {
	m.sheet = append(m.sheet, item{kind: itemCut})
}

// status answers GS r.
func (m *machine) status(n byte) {
	switch n {
	case 1, '1':
		m.answer([]byte{m.paper()})
	case 2, '2':
		m.answer([]byte{0})
	}
}

// processID answers GS ( H function 48: all before it is printed.
func (m *machine) processID(data []byte) {
	if !m.opt.ProcessID {
		return
	}
	if len(data) == 6 && data[0] == '0' && data[1] == '0' {
		m.answer(append(append([]byte{0x37, 0x22}, data[2:]...), 0))
	}
}

// identify answers GS I.
func (m *machine) identify(n byte) {
	texts := map[byte]string{65: "1.00", 66: "POSD", 67: "PRINTERSIM", 68: "0000001"}
	switch text, ok := texts[n]; {
	case ok:
		m.answer(append(append([]byte{0x5F}, text...), 0))
	case n >= 1 && n <= 3:
		m.answer([]byte{2})
	}
}

// code2D obeys GS ( k for QR codes.
func (m *machine) code2D(d []byte) bool {
	if m.opt.NoQR {
		// Firmware without it prints the bytes of the command, as far as they can be.
		return m.print(append([]byte("(k"), printable(d)...))
	}
	if len(d) < 3 || d[0] != '1' {
		m.odd = append(m.odd, fmt.Sprintf("GS ( k % X", d))
		return false
	}
	o := &m.modes
	switch d[1] {
	case 'A':
	case 'C':
		o.module = int(d[2])
	case 'E':
		o.level = d[2]
	case 'P':
		o.code = append([]byte{}, d[3:]...)
	case 'Q':
		m.flush()
		it := item{kind: itemCode, code: string(o.code), align: o.align}
		if m.opt.Matrix != nil {
			if modules, err := m.opt.Matrix(it.code); err == nil {
				it.dots = magnify(bare(modules), o.module, o.module)
				it.feed = len(it.dots)
			}
		}
		m.sheet = append(m.sheet, it)
		return true
	default:
		m.odd = append(m.odd, fmt.Sprintf("GS ( k % X", d))
	}
	return false
}

func printable(b []byte) []byte {
	var out []byte
	for _, c := range b {
		if c >= 0x20 && c < 0x7F {
			out = append(out, c)
		}
	}
	return out
}

// barcode prints CODE39, CODE128 and the others as a box with their text.
func (m *machine) barcode(t token) bool {
	m.flush()
	m.sheet = append(m.sheet, item{kind: itemBarcode, code: string(printable(t.data)), align: m.modes.align, feed: m.modes.barHeight})
	return true
}
