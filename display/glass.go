package display

import (
	"errors"
	"fmt"
)

// leastModuleUM is the smallest module that phones read at 30 cm, in
// micrometres.
const leastModuleUM = 400

// glass is the part of a display that a code may fill.
type glass struct {
	side         int  // pixels of the square
	quietOutside bool // the quiet zone lies around the square rather than in it
	pitchUM      int  // one pixel, in micrometres
	maxText      int  // characters that the device takes as a code's text
}

// capacity is how many bytes a symbol holds at level M, by version less one. A
// display that encodes by itself may or may not pack digits tighter; counting
// bytes is right for both, and costs no encoding before the first byte leaves.
var capacity = [40]int{
	14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
	711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331,
}

// modules returns how many modules the symbol of a code has on a side at most;
// 0 if there is no such symbol.
func modules(code string) int {
	for i, most := range capacity {
		if len(code) <= most {
			return 21 + 4*i
		}
	}
	return 0
}

// square returns the whole pixels that one module of this code gets, and the
// side of the symbol without its quiet zone; 0 if there is no such symbol.
func (g glass) square(code string) (px, side int) {
	n := modules(code)
	if n == 0 {
		return 0, 0
	}
	if g.quietOutside {
		px = g.side / n
	} else {
		px = g.side / (n + 2*QuietZone)
	}
	return px, n * px
}

// fits returns an error in words unless a phone can read the code on this glass.
func (g glass) fits(code string) error {
	if code == "" {
		return errors.New("there is no code to show")
	}
	for i := range len(code) {
		if code[i] < ' ' || code[i] > '~' {
			// What a display and a phone make of such a byte differs from one to the next.
			return fmt.Errorf("the code holds the byte %02X, and displays are sent codes of plain ASCII alone", code[i])
		}
	}
	if len(code) > g.maxText {
		return fmt.Errorf("the code has %d characters, this display takes %d", len(code), g.maxText)
	}
	if px, _ := g.square(code); px*g.pitchUM < leastModuleUM {
		return fmt.Errorf("a code of %d characters is too dense for this display: its modules would be %d pixels of %.2f mm, a phone needs %.1f mm",
			len(code), px, float64(g.pitchUM)/1000, float64(leastModuleUM)/1000)
	}
	return nil
}
