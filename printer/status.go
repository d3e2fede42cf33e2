package printer

import (
	"time"

	"posd/device/sale"
)

// Status is how the printer is, as far as it tells.
type Status struct {
	Reachable bool          `json:"reachable"` // the line could be opened
	Answers   bool          `json:"answers"`   // it answered a question on this line
	Offline   bool          `json:"offline"`
	CoverOpen bool          `json:"coverOpen"`
	PaperOut  bool          `json:"paperOut"`
	PaperLow  bool          `json:"paperLow"`
	Cutter    bool          `json:"cutterError"`
	Hot       bool          `json:"hot"` // stopped until the head is cool or the voltage right
	Fault     bool          `json:"fault"`
	Port      bool          `json:"port"`   // its port said the rest: the printer itself does not answer
	Held      bool          `json:"held"`   // it said XOFF, and not XON yet
	Drawer    bool          `json:"drawer"` // level of the drawer's switch; which level is open differs
	Words     string        `json:"words"`  // what is wrong, or "ready"; for the cashier
	At        time.Time     `json:"at"`     // when this was learned
	Identity  sale.Identity `json:"identity"`
}

// trouble returns what keeps the printer from printing, in words with a
// remedy; empty if nothing does.
func (s Status) trouble() string {
	switch {
	case s.CoverOpen:
		return "cover open: close it"
	case s.PaperOut:
		return "paper out: put in a new roll"
	case s.Cutter:
		return "cutter jammed: open the cover, take out the paper scraps, close it"
	case s.Hot:
		return "print head too hot: wait a minute"
	case s.Fault:
		return "printer error: switch it off and on again"
	case s.Offline:
		return "printer offline: press its feed or online button"
	}
	return ""
}

// realTime takes the answer to DLE EOT n in. The questions are asked in the
// order 1, 4, 2, 3, the last two only of a printer that is in trouble: one that
// says it is online has none but perhaps with its paper.
func (s *Status) realTime(n int, b byte) {
	s.Answers = true
	bit := func(i int) bool { return b>>i&1 != 0 }
	switch n {
	case 1:
		s.Drawer, s.Offline = bit(2), bit(3)
	case 4:
		s.PaperLow, s.PaperOut = b&0x0C != 0, b&0x60 != 0
	case 2:
		s.CoverOpen, s.PaperOut, s.Fault = bit(2), s.PaperOut || bit(5), bit(6)
	case 3:
		// Question 2 only said that there is an error; this one says which.
		s.Cutter, s.Hot = bit(3), bit(6)
		s.Fault = bit(2) || bit(5) || s.Fault && !s.Cutter && !s.Hot
	}
}

// report takes a report of the printer's own (GS a) in.
func (s *Status) report(b [4]byte) {
	s.Answers = true
	s.Drawer, s.Offline, s.CoverOpen = b[0]&0x04 != 0, b[0]&0x08 != 0, b[0]&0x20 != 0
	s.Cutter, s.Hot, s.Fault = b[1]&0x08 != 0, b[1]&0x40 != 0, b[1]&0x24 != 0
	s.PaperLow, s.PaperOut = b[2]&0x03 != 0, b[2]&0x0C != 0
}

// star takes a Star's own report in, of at least eight bytes.
func (s *Status) star(b string) {
	s.Answers = true
	s.Drawer, s.Offline, s.CoverOpen = b[2]&0x04 != 0, b[2]&0x08 != 0, b[2]&0x20 != 0
	s.Cutter, s.Hot, s.Fault = b[3]&0x08 != 0, b[3]&0x40 != 0, b[3]&0x24 != 0
	s.PaperLow, s.PaperOut = b[5]&0x06 != 0, b[5]&0x08 != 0
}

// paper takes the answer to GS r 1 in.
func (s *Status) paper(b byte) {
	s.Answers = true
	s.PaperLow, s.PaperOut = b&0x03 != 0, b&0x0C != 0
}
