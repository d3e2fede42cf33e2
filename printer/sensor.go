package printer

// Sensor is a Link whose port tells by itself how the printer is. The kernel's
// class driver for USB printers has a status byte that goes past everything
// that is written, so it is there when the printer's buffer is full, and where
// a printer has no way back at all:
//
//	20  paper out
//	10  selected
//	08  no error     healthy is 18
//
// It is an additional source: three bits instead of twelve, and many printers
// answer 00 or 18 for ever. So it is asked where the printer itself is silent,
// and only what cannot be such a constant is believed: paper out always, the
// other two once the printer was heard to be well. It never proves that
// anything was printed.
type Sensor interface {
	// PortStatus returns the status byte; false if there is none.
	PortStatus() (bits byte, ok bool)
}

const (
	portPaperOut = 0x20
	portSelected = 0x10
	portNoError  = 0x08
	portWell     = portSelected | portNoError
)

// hearPort takes the port's own word on a printer that says nothing itself.
func (p *Printer) hearPort() {
	sensor, ok := p.link.(Sensor)
	if !ok {
		return
	}
	b, ok := sensor.PortStatus()
	if !ok {
		return
	}
	p.portKnown = p.portKnown || b&portWell == portWell
	if p.portKnown || b&portPaperOut != 0 {
		p.note(func(s *Status) { s.port(b, p.portKnown) })
	}
}

// port takes the port's status byte in.
func (s *Status) port(b byte, known bool) {
	s.Port, s.PaperOut = true, b&portPaperOut != 0
	s.Offline, s.Fault = known && b&portSelected == 0, known && b&portNoError == 0
}
