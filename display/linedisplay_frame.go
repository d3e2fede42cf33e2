package display

import (
	"strings"

	"posd/device/sale"
)

// dialect is the language of a 2x20 pole. What is the same in all of them is
// the glass; what differs is every byte around the text:
//
//	escpos   0B <20 characters> <20 characters>        home, the cursor goes on by itself
//	cd5220   ESC Q A <20> CR   ESC Q B <20> CR         whole lines
//	utc      DLE 00 <20>       DLE 14 <20>             positions
//	utce     ESC u I <40> CR                           both lines at once
//	aedex    !#9 <40> CR                               likewise, in letters
//	dsp800   EOT SOH P 31 ETB <40>          <-- ACK    framed, and it answers
//	led8     ESC Q A <8 digits> CR   ESC s <lamp>      a price display
type dialect struct {
	about string
	// clear empties the glass. settings are what a pole forgets without power:
	// mode, cursor, brightness, code table; they leave the glass as it is.
	clear    string
	settings func(d *linedisplay) string
	// upper, lower and both write whole lines over what stands there: no
	// clearing, so no flicker.
	upper, lower func(line string) string
	both         func(upper, lower string) string
	never        string // a character that may begin a command wherever it stands
	acks         bool   // answers every update
	digits       bool   // shows a number and a lamp instead of words
}

// Control characters of the poles.
const (
	esc  = "\x1B"
	us   = "\x1F"
	cr   = "\r"
	home = "\x0B"
	wipe = "\x0C"
	dle  = "\x10"
)

// dsp800 frames and answers.
const (
	dspBegin = "\x04\x01"
	dspEnd   = "\x17"
	dspACK   = 0x06
	dspNAK   = 0x15
)

var dialects = map[string]dialect{
	"escpos": {
		about: "Epson DM-D30, DM-D110, DM-D210 and all that copy them; Bixolon BCD",
		clear: esc + "@" + wipe,
		settings: func(d *linedisplay) string {
			table := ""
			if d.voice.font.charset == CP1252 {
				table = esc + "t\x10"
			}
			return us + "\x01" + us + "C\x00" + us + "X" + d.steps("\x01\x02\x03\x04") + table
		},
		upper: func(l string) string { return home + l },
		lower: func(l string) string { return us + "B" + l },
		both:  func(u, l string) string { return home + u + l },
	},
	"cd5220": {
		about: "Partner Tech CD5220 and CD7220",
		clear: esc + "@" + wipe,
		settings: func(d *linedisplay) string {
			return esc + "\x11" + esc + "_\x00" + esc + "*" + d.steps("\x01\x02\x03\x04")
		},
		upper: func(l string) string { return esc + "QA" + l + cr },
		lower: func(l string) string { return esc + "QB" + l + cr },
		both:  func(u, l string) string { return esc + "QA" + u + cr + esc + "QB" + l + cr },
	},
	"utc": {
		about:    "UTC standard, Logic Controls, Ultimate, IBM SurePOS",
		clear:    us,
		settings: utcSettings,
		upper:    func(l string) string { return dle + "\x00" + l },
		lower:    func(l string) string { return dle + "\x14" + l },
		both:     func(u, l string) string { return dle + "\x00" + u + dle + "\x14" + l },
	},
	"utce": {
		about: "UTC enhanced",
		clear: esc + "\x1E" + cr + us + esc + "d",
		// Back to standard, which knows mode, cursor and brightness, and on to enhanced.
		settings: func(d *linedisplay) string { return esc + "\x1E" + cr + utcSettings(d) + esc + "d" },
		upper:    func(l string) string { return esc + "uA" + l + cr },
		lower:    func(l string) string { return esc + "uB" + l + cr },
		both:     func(u, l string) string { return esc + "uI" + u + l + cr },
	},
	"aedex": {
		about:    "AEDEX and EMAX",
		clear:    "!#9" + strings.Repeat(" ", 2*poleColumns) + cr,
		settings: nothing,
		upper:    func(l string) string { return "!#1" + l + cr },
		lower:    func(l string) string { return "!#2" + l + cr },
		both:     func(u, l string) string { return "!#9" + u + l + cr },
		never:    "!",
	},
	"dsp800": {
		about:    "DSP800, which acknowledges",
		clear:    dspBegin + "C1X" + dspEnd,
		settings: nothing,
		upper:    func(l string) string { return dspBegin + "P1" + dspEnd + l },
		lower:    func(l string) string { return dspBegin + "PE" + dspEnd + l },
		both:     func(u, l string) string { return dspBegin + "P1" + dspEnd + u + l },
		acks:     true,
	},
	"led8": {
		about:    "eight-digit price display, 2400 baud",
		clear:    esc + "@" + wipe,
		settings: nothing,
		upper:    func(l string) string { return esc + "QA" + l + cr },
		lower:    func(l string) string { return esc + "s" + l },
		both:     func(u, l string) string { return esc + "QA" + u + cr + esc + "s" + l },
		digits:   true,
	},
}

func nothing(*linedisplay) string { return "" }

// utcSettings: overwrite mode, no cursor, brightness.
func utcSettings(d *linedisplay) string {
	return "\x11\x14\x04" + d.steps("\x20\x40\x60\xFF")
}

// steps picks one of a dialect's brightness values.
func (d *linedisplay) steps(values string) string { return brightness(d.bright, values) }

// brightness picks the value for so many percent, the dimmest first.
func brightness(percent int, values string) string {
	i := max(1, min(len(values), (percent*len(values)+99)/100))
	return values[i-1 : i]
}

// dsp800Verdict finds the last ACK or NAK in what the pole said; 0 if there is
// none.
func dsp800Verdict(b []byte) byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == dspACK || b[i] == dspNAK {
			return b[i]
		}
	}
	return 0
}

// Lamps of a price display.
const (
	lampNone     = "0"
	lampTotal    = "2"
	lampReceived = "3"
	lampChange   = "4"
)

// priceDigits is the amount as eight digits with a point, or blank where the
// screen asks for no money. An amount that does not fit stands as dashes: a part
// of it would be another amount.
func priceDigits(s sale.Screen) string {
	if s.Amount <= 0 || priceLamp(s) == lampNone {
		return ""
	}
	digits := s.Amount.String()
	if s.Change > 0 {
		digits = s.Change.String()
	}
	if len(digits)-len(".") > 8 {
		return "--------"
	}
	return digits
}

// priceLamp says what the number is.
func priceLamp(s sale.Screen) string {
	switch s.Kind {
	case sale.ScreenItems, sale.ScreenChoose, sale.ScreenTip, sale.ScreenCard, sale.ScreenProcessing, sale.ScreenCode, sale.ScreenPassword, sale.ScreenHeld:
		return lampTotal
	case sale.ScreenPaid:
		if s.Change > 0 {
			return lampChange
		}
		return lampReceived
	case sale.ScreenReturn, sale.ScreenReturned:
		return lampChange
	default:
		return lampNone
	}
}
