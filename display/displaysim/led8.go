package displaysim

import (
	"fmt"
	"image"
	"image/color"
)

// NewLED8 returns an eight-digit price display with four lamps.
func NewLED8(opt Options) *Device { return newDevice("led8", &led8{}, opt) }

// led8 shows seven-segment digits. A point shares the cell of its digit.
type led8 struct {
	in      []byte
	digits  string
	lamp    byte
	unknown []string
}

// LED8State is the state dump of a price display.
type LED8State struct {
	Digits  string   `json:"digits"`
	Lamp    string   `json:"lamp"` // none, price, total, received or change
	Unknown []string `json:"unknown"`
}

var lamps = []string{"none", "price", "total", "received", "change"}

func (l *led8) powerOn() []byte {
	*l = led8{lamp: '0', unknown: []string{}}
	return nil
}

func (l *led8) capacity() int    { return 0 }
func (l *led8) overflow() []byte { return nil }
func (l *led8) refusal() []byte  { return nil }

func (l *led8) state() any {
	return LED8State{l.digits, lamps[l.lamp-'0'], append([]string{}, l.unknown...)}
}

func (l *led8) take(b byte) ([]byte, bool) {
	l.in = append(l.in, b)
	n := l.read(l.in)
	if n == 0 {
		return nil, false
	}
	l.in = append(l.in[:0], l.in[n:]...)
	return nil, true
}

func (l *led8) strange(b []byte) int {
	l.unknown = append(l.unknown, fmt.Sprintf("% X", b))
	if len(l.unknown) > 20 {
		l.unknown = l.unknown[1:]
	}
	return len(b)
}

// read eats one command from the beginning of buf; 0 asks for more.
func (l *led8) read(buf []byte) int {
	switch {
	case buf[0] == 0x0C:
		l.digits = ""
		return 1
	case buf[0] != 0x1B:
		return l.strange(buf[:1])
	case len(buf) < 2:
		return 0
	case buf[1] == '@':
		l.digits, l.lamp = "", '0'
		return 2
	case buf[1] == 's':
		if len(buf) < 3 {
			return 0
		}
		if buf[2] < '0' || buf[2] > '4' {
			return l.strange(buf[:3])
		}
		l.lamp = buf[2]
		return 3
	case buf[1] == 'Q':
		return l.number(buf)
	}
	return l.strange(buf[:2])
}

// number is ESC Q A, at most eight digits with points, CR.
func (l *led8) number(buf []byte) int {
	if len(buf) < 3 {
		return 0
	}
	if buf[2] != 'A' {
		return l.strange(buf[:3])
	}
	end := upTo(buf, 3, '\r', 3+16)
	if end < 0 {
		return 0
	}
	cells := 0
	for _, c := range buf[3:end] {
		if c != '.' {
			cells++
		}
		if c != '.' && c != '-' && (c < '0' || c > '9') {
			return l.strange(buf[:end+1])
		}
	}
	if cells > 8 {
		return l.strange(buf[:end+1])
	}
	l.digits = string(buf[3:end])
	return end + 1
}

// segments of 0 to 9 and of the dash: bit 0 top, clockwise, bit 6 middle.
var segments = map[byte]byte{
	'0': 0x3F, '1': 0x06, '2': 0x5B, '3': 0x4F, '4': 0x66, '5': 0x6D, '6': 0x7D, '7': 0x07, '8': 0x7F, '9': 0x6F, '-': 0x40,
}

func (l *led8) paint() *image.RGBA {
	const cell, high, thick = 60, 110, 9
	img := image.NewRGBA(image.Rect(0, 0, 8*cell+20, high+60))
	fill(img, img.Rect, color.RGBA{14, 6, 4, 255})
	on, off := color.RGBA{255, 50, 20, 255}, color.RGBA{34, 12, 8, 255}
	bars := []image.Rectangle{
		image.Rect(6, 0, 36, thick), image.Rect(34, 4, 34+thick, 50), image.Rect(34, 56, 34+thick, 102), image.Rect(6, 97, 36, 97+thick),
		image.Rect(0, 56, thick, 102), image.Rect(0, 4, thick, 50), image.Rect(6, 48, 36, 48+thick),
	}
	type digit struct{ lit, point byte }
	var cells []digit
	for i := range len(l.digits) {
		if l.digits[i] == '.' && len(cells) > 0 {
			cells[len(cells)-1].point = 1
			continue
		}
		cells = append(cells, digit{lit: segments[l.digits[i]]})
	}
	for i := range 8 {
		var d digit
		if k := i - (8 - len(cells)); k >= 0 {
			d = cells[k]
		}
		at := image.Pt(14+i*cell, 12)
		for s, bar := range bars {
			c := off
			if d.lit>>s&1 == 1 {
				c = on
			}
			fill(img, bar.Add(at), c)
		}
		if d.point == 1 {
			fill(img, image.Rect(47, 97, 47+thick, 97+thick).Add(at), on)
		}
	}
	for i, name := range lamps[1:] {
		c := off
		if int(l.lamp-'0') == i+1 {
			c = on
		}
		text(img, img.Rect, image.Pt(20+i*120, high+26), name, 1, c)
	}
	return img
}
