package display

import (
	"context"
	"strings"

	"posd/device/sale"
)

// dialect is the language of a 2x20 pole.
type dialect struct {
	about string
	// greet prepares the pole and leaves it clear.
	greet func(d *linedisplay) []byte
	// upper, lower and both write whole lines of 20 characters over what stands
	// there: no clearing, so no flicker.
	upper, lower func(line []byte) []byte
	both         func(upper, lower []byte) []byte
}

// Control characters of the poles.
const (
	esc = "\x1B"
	us  = "\x1F"
	cr  = "\r"
)

var dialects = map[string]dialect{
	"escpos": {
		about: "Epson DM-D30/D110/D210 and everything that copies them",
		greet: func(d *linedisplay) []byte {
			return []byte(esc + "@" + us + "C\x00" + us + "X" + string(rune(d.step(4))) + d.codeTable() + "\x0C")
		},
		upper: func(l []byte) []byte { return append([]byte("\x0B"), l...) },
		lower: func(l []byte) []byte { return append([]byte(us+"B"), l...) },
		// The cursor goes on to the lower line by itself and then home again.
		both: func(u, l []byte) []byte { return append(append([]byte("\x0B"), u...), l...) },
	},
	"cd5220": {
		about: "Partner Tech CD5220 and CD7220",
		greet: func(d *linedisplay) []byte {
			return []byte(esc + "@" + esc + "_\x00" + esc + "*" + string(rune(d.step(4))) + "\x0C")
		},
		upper: func(l []byte) []byte { return append(append([]byte(esc+"QA"), l...), cr...) },
		lower: func(l []byte) []byte { return append(append([]byte(esc+"QB"), l...), cr...) },
		both: func(u, l []byte) []byte {
			return append(append(append(append([]byte(esc+"QA"), u...), cr+esc+"QB"...), l...), cr...)
		},
	},
}

// linedisplay drives text poles. They cannot show a QR: 5x7 dots to a
// character do not carry 29 modules.
type linedisplay struct {
	voice   voice
	charset Charset
	dialect dialect
	bright  int

	shown *[2]string // the lines that stand on the glass; nil if unknown
}

func newLinedisplay(c Config) *linedisplay {
	return &linedisplay{voice: c.voice(), charset: c.Charset, dialect: dialects[c.Dialect], bright: c.Brightness}
}

func (d *linedisplay) CanQR() bool { return false }

// step turns a percentage of brightness into steps from 1 to n.
func (d *linedisplay) step(n int) int { return max(1, min(n, (d.bright*n+99)/100)) }

// codeTable chooses Windows-1252 where accents are wanted.
func (d *linedisplay) codeTable() string {
	if d.charset == CP1252 {
		return esc + "t\x10"
	}
	return ""
}

// poleLines returns both lines in capitals, centred and padded to 20 bytes.
func (d *linedisplay) poleLines(s sale.Screen) [2]string {
	top, bottom := d.says(s).lines(s)
	return [2]string{d.cell(top), d.cell(bottom)}
}

// says keeps to languages that the pole can write.
func (d *linedisplay) says(s sale.Screen) voice {
	v := d.voice
	if v.lang, v.fixed = v.speaks(s), true; !d.charset.holds(v.lang) {
		v.lang = sale.English
	}
	return v
}

// cell writes a line for the glass: exactly 20 bytes.
func (d *linedisplay) cell(s string) string {
	b := d.charset.encode(strings.ToUpper(s))
	if len(b) > poleColumns {
		b = b[:poleColumns] // only a name whose letters needed two, like Œ
	}
	left := (poleColumns - len(b)) / 2
	return strings.Repeat(" ", left) + string(b) + strings.Repeat(" ", poleColumns-left-len(b))
}

// update returns the bytes that bring a pole from shown to want: only lines
// that changed, because some poles lose bytes under a flood.
func (d *linedisplay) update(shown *[2]string, want [2]string) []byte {
	switch {
	case shown == nil || shown[0] != want[0] && shown[1] != want[1]:
		return d.dialect.both([]byte(want[0]), []byte(want[1]))
	case shown[0] != want[0]:
		return d.dialect.upper([]byte(want[0]))
	case shown[1] != want[1]:
		return d.dialect.lower([]byte(want[1]))
	}
	return nil
}

// Greet clears the pole and sets it up. Nothing is known of it.
func (d *linedisplay) Greet(_ context.Context, c *Conn) (sale.Identity, error) {
	d.shown = nil
	_, err := c.Write(d.dialect.greet(d))
	return sale.Identity{}, err
}

// Draw writes the lines that changed. A check writes both: a pole that lost its
// power says nothing.
func (d *linedisplay) Draw(_ context.Context, c *Conn, p Picture) error {
	if p.Check {
		d.shown = nil
	}
	want := d.poleLines(p.Screen)
	if b := d.update(d.shown, want); b != nil {
		d.shown = nil
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
	d.shown = &want
	return nil
}

// Heard ignores everything: these poles have nothing to say.
func (d *linedisplay) Heard([]byte) error { return nil }
