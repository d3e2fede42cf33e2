package printersim

import "fmt"

// raster obeys GS v 0.
func (m *machine) raster(args, data []byte) bool {
	m.flush()
	stride, h := int(args[1])|int(args[2])<<8, int(args[3])|int(args[4])<<8
	if h > 255 {
		m.odd = append(m.odd, fmt.Sprintf("GS v 0 of %d rows: many printers lose what is above 255", h))
	}
	m.picture(magnify(unpack(data, stride, h), 1+int(args[0]&1), 1+int(args[0]>>1&1)))
	return true
}

// graphics obeys GS ( L and GS 8 L: store, and print what was stored, in the
// print buffer or for good.
func (m *machine) graphics(d []byte) bool {
	if moved, mine := m.keep(d); mine {
		return moved
	}
	switch {
	case len(d) >= 10 && d[0] == '0' && d[1] == 'p':
		w, h := int(d[6])|int(d[7])<<8, int(d[8])|int(d[9])<<8
		stride := (w + 7) / 8
		if len(d)-10 < stride*h {
			m.odd = append(m.odd, "GS ( L shorter than its picture")
			return false
		}
		m.modes.graphic = magnify(unpack(d[10:], stride, h), int(d[3]), int(d[4]))
	case len(d) >= 2 && d[0] == '0' && (d[1] == '2' || d[1] == 2):
		m.flush()
		m.picture(m.modes.graphic)
		return true
	default:
		m.odd = append(m.odd, fmt.Sprintf("GS ( L % X", d[:min(len(d), 8)]))
	}
	return false
}

// columns obeys ESC *: eight or twenty-four dots high.
func (m *machine) columns(args, data []byte) bool {
	m.flush()
	bytesHigh := 1
	if args[0] >= 32 {
		bytesHigh = 3
	}
	w := len(data) / bytesHigh
	dots := make([][]bool, 8*bytesHigh)
	for y := range dots {
		dots[y] = make([]bool, w)
		for x := range dots[y] {
			dots[y][x] = data[x*bytesHigh+y/8]&(0x80>>(y%8)) != 0
		}
	}
	m.picture(dots)
	return true
}

// picture puts a picture on paper; slices that follow each other are one.
func (m *machine) picture(dots [][]bool) {
	if len(dots) == 0 || len(dots[0]) == 0 {
		return
	}
	if n := len(m.sheet); n > 0 && m.sheet[n-1].kind == itemPicture && len(m.sheet[n-1].dots)%255 == 0 &&
		m.sheet[n-1].align == m.modes.align && len(m.sheet[n-1].dots[0]) == len(dots[0]) {
		last := &m.sheet[n-1]
		last.dots = append(last.dots, dots...)
		last.feed = len(last.dots)
		return
	}
	m.sheet = append(m.sheet, item{kind: itemPicture, dots: dots, align: m.modes.align, feed: len(dots)})
}

// unpack spreads rows of packed bits.
func unpack(data []byte, stride, h int) [][]bool {
	rows := make([][]bool, h)
	for y := range rows {
		rows[y] = make([]bool, stride*8)
		for x := range rows[y] {
			rows[y][x] = data[y*stride+x/8]&(0x80>>(x%8)) != 0
		}
	}
	return rows
}

// magnify repeats every dot.
func magnify(in [][]bool, w, h int) [][]bool {
	w, h = max(w, 1), max(h, 1)
	var out [][]bool
	for _, row := range in {
		wide := make([]bool, 0, len(row)*w)
		for _, b := range row {
			for range w {
				wide = append(wide, b)
			}
		}
		for range h {
			out = append(out, wide)
		}
	}
	return out
}

// bare takes empty rows and columns off the edges of a code.
func bare(in [][]bool) [][]bool {
	top, bottom, left, right := len(in), -1, 1<<30, -1
	for y, row := range in {
		for x, b := range row {
			if b {
				top, bottom, left, right = min(top, y), max(bottom, y), min(left, x), max(right, x)
			}
		}
	}
	var out [][]bool
	for y := top; y <= bottom; y++ {
		out = append(out, in[y][left:right+1])
	}
	return out
}
