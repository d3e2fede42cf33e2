package printer

import "posd/device/sale"

// What the tests outside the package look at.
var (
	Width    = width
	AllWords = func() map[string][]*string {
		out := map[string][]*string{}
		for lang, w := range table {
			out[string(lang)] = w.all()
		}
		return out
	}
)

// Model returns the profile a configuration comes to.
func (c Config) Model() Profile { return c.profile() }

// Encode returns what is sent for a receipt, but for the question at its end.
func (c Config) Encode(r sale.Receipt) []byte { return newEncoder(c).receipt(nil, c.Layout().Lines(r)) }

// SlipText returns a slip as plain text.
func (l Layout) SlipText(s Slip) string { return l.text(l.SlipLines(s)) }

// TestSlip is what a print of the form test shows.
func (p *Printer) TestSlip() Slip { return p.testSlip() }
