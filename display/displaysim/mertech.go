package displaysim

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"time"

	"posd/display"
)

// NewMertech returns a QR-PAY puck. Its glass is taken to be 240x240.
func NewMertech(opt Options) *Device { return newDevice("mertech", &mertech{opt: opt}, opt) }

const puckSide = 240

// mertech shows a code, a picture or nothing.
type mertech struct {
	opt     Options
	in      []byte
	code    string
	picture string // correct, mistake or empty
	busy    time.Time
	missed  int // commands that came too soon after a code
	unknown []string
}

// MertechState is the state dump of a puck.
type MertechState struct {
	Code    string   `json:"code"`
	Picture string   `json:"picture"`
	Missed  int      `json:"missed"`
	Unknown []string `json:"unknown"`
}

func (m *mertech) powerOn() []byte {
	*m = mertech{opt: m.opt, unknown: []string{}}
	return nil
}

func (m *mertech) capacity() int    { return 0 }
func (m *mertech) overflow() []byte { return nil }
func (m *mertech) refusal() []byte  { return nil }

func (m *mertech) state() any {
	return MertechState{m.code, m.picture, m.missed, append([]string{}, m.unknown...)}
}

func (m *mertech) take(b byte) ([]byte, bool) {
	m.in = append(m.in, b)
	n, answer := m.read(m.in)
	if n == 0 {
		return nil, false
	}
	m.in = append(m.in[:0], m.in[n:]...)
	return answer, true
}

func (m *mertech) strange(b []byte) int {
	m.unknown = append(m.unknown, fmt.Sprintf("% X", b))
	if len(m.unknown) > 20 {
		m.unknown = m.unknown[1:]
	}
	return len(b)
}

func (m *mertech) read(buf []byte) (n int, answer []byte) {
	switch {
	case buf[0] != 0x02:
		return m.strange(buf[:1]), nil
	case len(buf) < 3:
		return 0, nil
	case buf[1] == 0xF2 && buf[2] == 0x02:
		return m.symbol(buf)
	case buf[1] == 0xF0 && buf[2] == 0x03:
		return m.word(buf)
	}
	return m.strange(buf[:3]), nil
}

func (m *mertech) symbol(buf []byte) (int, []byte) {
	if len(buf) < 5 {
		return 0, nil
	}
	size := int(buf[3])<<8 | int(buf[4])
	if size == 0 || size > 1000 {
		return m.strange(buf[:5]), nil
	}
	if len(buf) < 5+size+3 {
		return 0, nil
	}
	if !bytes.Equal(buf[5+size:5+size+3], []byte{0x02, 0xF2, 0x03}) {
		return m.strange(buf[:5+size+3]), nil
	}
	if !m.early() {
		m.code, m.picture = string(buf[5:5+size]), ""
		m.busy = time.Now().Add(time.Second)
	}
	return 5 + size + 3, bytes.Repeat([]byte{0x00}, 32) // undocumented
}

func (m *mertech) word(buf []byte) (int, []byte) {
	end := upTo(buf, 3, 0x03, 3+16)
	if end < 0 {
		return 0, nil
	}
	if m.early() {
		return end + 1, nil
	}
	switch w := string(buf[3:end]); w {
	case "CLS":
		m.code, m.picture = "", ""
	case "correct", "mistake":
		m.code, m.picture = "", w
	case "0D1302?", "0D1302":
		return end + 1, []byte(cmp.Or(m.opt.Firmware, "QR-PAY 1.2"))
	case "BTON", "BTOFF":
	default:
		return m.strange(buf[:end+1]), nil
	}
	return end + 1, nil
}

// early notes a command that comes while the puck is at its last code.
func (m *mertech) early() bool {
	if time.Now().Before(m.busy) {
		m.missed++
		return true
	}
	return false
}

func (m *mertech) paint() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, puckSide, puckSide))
	fill(img, img.Rect, color.White)
	switch {
	case m.code != "":
		if q, err := display.Matrix(m.code); err == nil {
			px := puckSide / (len(q) + 8)
			at := (puckSide - px*len(q)) / 2
			symbol(img, image.Rect(at, at, at+px*len(q), at+px*len(q)), m.code, color.Black, color.White)
		}
	case m.picture == "correct":
		mark(img, img.Rect.Inset(40), true, color.RGBA{20, 130, 60, 255})
	case m.picture == "mistake":
		mark(img, img.Rect.Inset(40), false, color.RGBA{190, 30, 40, 255})
	default:
		fill(img, img.Rect, color.Black)
	}
	return img
}
