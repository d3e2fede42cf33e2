package displaysim

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"posd/display"
)

// NewBonrix returns an ESP32 box with a 320x480 display.
func NewBonrix(opt Options) *Device { return newDevice("bonrix", &bonrix{}, opt) }

const boxWidth, boxHeight, boxCode = 320, 480, 240

// bonrix reads lines; the last one that named a screen is on the glass.
type bonrix struct {
	in      []byte
	screen  string
	fields  []string
	unknown []string
}

// BonrixState is the state dump of a box.
type BonrixState struct {
	Screen  string   `json:"screen"`
	Fields  []string `json:"fields"`
	Unknown []string `json:"unknown"`
}

// boxScreens are the screens and how many fields each takes.
var boxScreens = map[string]int{
	"WelcomeScreen": 1, "DisplayItemScreen": 5, "DisplayTotalScreen": 4, "DisplayQRCodeScreen": 3,
	"DisplaySuccessQRCodeScreen": 3, "DisplayFailQRCodeScreen": 3, "DisplayCancelQRCodeScreen": 3,
}

func (b *bonrix) powerOn() []byte {
	*b = bonrix{screen: "WelcomeScreen", fields: []string{""}, unknown: []string{}}
	return []byte("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nready\r\n")
}

func (b *bonrix) capacity() int    { return 0 }
func (b *bonrix) overflow() []byte { return nil }
func (b *bonrix) refusal() []byte  { return nil }

func (b *bonrix) state() any {
	return BonrixState{b.screen, append([]string{}, b.fields...), append([]string{}, b.unknown...)}
}

func (b *bonrix) take(x byte) ([]byte, bool) {
	if x != '\n' {
		if b.in = append(b.in, x); len(b.in) > 4096 {
			b.in = nil
		}
		return nil, false
	}
	line := strings.TrimRight(string(b.in), "\r")
	b.in = nil
	return b.line(line), true
}

func (b *bonrix) line(line string) []byte {
	part := strings.Split(line, "**")
	if want, ok := boxScreens[part[0]]; ok && len(part)-1 == want {
		b.screen, b.fields = part[0], part[1:]
		return nil
	}
	switch part[0] {
	case "freeSize":
		return []byte("812\r\nexit\r\n")
	case "startrotation":
		return []byte("Command received. Starting rotation mode...\r\n")
	case "stoprotation":
		return []byte("Rotation mode stopped.\r\n")
	case "fileinfo":
		return []byte(`{"files":[],"totalBytes":1048576,"usedBytes":0,"availableBytes":1048576}` + "\r\n")
	case "getvolume":
		return []byte("Current Volume: 18\r\n")
	}
	b.unknown = append(b.unknown, fmt.Sprintf("%q", line))
	if len(b.unknown) > 20 {
		b.unknown = b.unknown[1:]
	}
	return nil
}

func (b *bonrix) paint() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, boxWidth, boxHeight))
	fill(img, img.Rect, color.White)
	middle := func(y int, s string, scale int, c color.Color) {
		text(img, img.Rect, image.Pt((boxWidth-textWidth(s, scale))/2, y), s, scale, c)
	}
	grey := color.RGBA{90, 90, 90, 255}
	switch b.screen {
	case "DisplayQRCodeScreen":
		middle(24, b.fields[1], 3, color.Black)
		box := image.Rect((boxWidth-boxCode)/2, 110, (boxWidth+boxCode)/2, 110+boxCode)
		if m, err := display.Matrix(b.fields[0]); err == nil {
			px := boxCode / (len(m) + 8)
			side := px * len(m)
			symbol(img, image.Rect(0, 0, side, side).Add(box.Min).Add(image.Pt((boxCode-side)/2, (boxCode-side)/2)), b.fields[0], color.Black, color.White)
		}
		middle(390, b.fields[2], 2, grey)
	case "DisplaySuccessQRCodeScreen", "DisplayFailQRCodeScreen", "DisplayCancelQRCodeScreen":
		c := map[string]color.RGBA{"DisplaySuccessQRCodeScreen": {20, 130, 60, 255}, "DisplayFailQRCodeScreen": {190, 30, 40, 255}, "DisplayCancelQRCodeScreen": {200, 120, 0, 255}}[b.screen]
		fill(img, image.Rect(0, 0, boxWidth, 170), c)
		mark(img, image.Rect(110, 35, 210, 135), b.screen == "DisplaySuccessQRCodeScreen", color.White)
		for i, f := range b.fields {
			middle(210+i*60, f, 2, color.Black)
		}
	default:
		for i, f := range b.fields {
			for j, part := range folded(f, 24) {
				middle(150+(i*2+j)*36, part, 2, color.Black)
			}
		}
	}
	return img
}

// folded breaks a text between words into lines of at most n characters, and a
// longer word where the line is full.
func folded(s string, n int) []string {
	lines := []string{""}
	for _, w := range strings.Fields(s) {
		for r := []rune(w); len(r) > n; r = []rune(w) {
			lines, w = append(lines, string(r[:n])), string(r[n:])
		}
		last := &lines[len(lines)-1]
		if *last != "" && len([]rune(*last))+1+len([]rune(w)) > n {
			lines = append(lines, w)
			continue
		}
		*last = strings.TrimSpace(*last + " " + w)
	}
	return lines
}
