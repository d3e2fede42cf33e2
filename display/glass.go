package display

import "fmt"

// leastModuleUM is the smallest module that phones read at 30 cm, in
// micrometres.
const leastModuleUM = 400

// glass is the part of a display that a code may fill.
type glass struct {
	side         int  // pixels of the square
	quietOutside bool // the quiet zone lies around the square rather than in it
	pitchUM      int  // one pixel, in micrometres
	maxText      int  // bytes that the device takes as a code's text; 0 if any
}

// square returns the whole pixels that one module of this code gets, and the
// side of the symbol; 0 if there is no such symbol.
func (g glass) square(code string) (px, side int) {
	m, err := Matrix(code)
	if err != nil {
		return 0, 0
	}
	n := len(m)
	if g.quietOutside {
		px = g.side / n
	} else {
		px = g.side / (n + 2*QuietZone)
	}
	return px, n * px
}

// fits returns an error in words unless a phone can read the code on this glass.
func (g glass) fits(code string) error {
	if g.maxText > 0 && len(code) > g.maxText {
		return fmt.Errorf("the code has %d characters, this display takes %d", len(code), g.maxText)
	}
	if _, err := Matrix(code); err != nil {
		return err
	}
	px, _ := g.square(code)
	if px*g.pitchUM < leastModuleUM {
		return fmt.Errorf("a code of %d characters is too dense for this display: its modules would be %d pixels of %.2f mm, a phone needs %.1f mm",
			len(code), px, float64(g.pitchUM)/1000, float64(leastModuleUM)/1000)
	}
	return nil
}
