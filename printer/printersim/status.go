package printersim

import (
	"bytes"

	"posd/printer"
)

// say sends bytes to the host, unless the printer is one that never does. What
// nobody reads is lost. Call it with mu held.
func (s *Printer) say(b []byte) {
	if s.out == nil || s.has("silent-clone") || s.dead {
		return
	}
	select {
	case s.out <- b:
	default:
	}
}

// sayInOrder answers a command that was reached in the stream.
func (s *Printer) sayInOrder(b []byte) {
	if s.opt.NoGSr && len(b) == 1 {
		return
	}
	s.say(b)
}

// now looks at the last bytes received for what printers obey at once, even
// when they are offline, their buffer is full, or a picture is under way.
func (s *Printer) now(b byte) {
	const clearBuffers = "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
	s.tail = append(s.tail, b)
	if len(s.tail) > len(clearBuffers) {
		s.tail = s.tail[1:]
	}
	t := s.tail
	switch n := len(t); {
	case bytes.HasSuffix(t, []byte(clearBuffers)):
		s.clear()
		s.say([]byte{0x37, 0x25, 0x00})
	case n >= 3 && t[n-3] == printer.DLE && t[n-2] == printer.EOT && b >= 1 && b <= 4:
		s.say([]byte{s.realTime(b)})
	case n >= 3 && t[n-3] == printer.DLE && t[n-2] == printer.ENQ && (b == 1 || b == 2):
		if s.has("cutter") {
			delete(s.faults, "cutter")
			if b == 2 {
				s.clear()
			}
			s.report(s.mask)
			s.change()
		}
	case n >= 5 && t[n-5] == printer.DLE && t[n-4] == printer.DC4 && t[n-3] == 1 && t[n-2] <= 1 && b >= 1 && b <= 8:
		if !s.opt.NoPulse {
			s.machine.drawer++
		}
	}
}

// clear throws away everything that is not printed.
func (s *Printer) clear() {
	s.buffer, s.pending = s.buffer[:0], s.pending[:0]
	s.machine.line, s.machine.x = nil, 0
	s.change()
}

// realTime is the answer to DLE EOT n.
func (s *Printer) realTime(n byte) byte {
	b := byte(0x12)
	set := func(bits byte, on bool) {
		if on {
			b |= bits
		}
	}
	if s.has("lies-healthy") {
		return b
	}
	switch n {
	case 1:
		set(0x04, true) // the drawer's switch is open, as without a drawer
		set(0x08, s.offline())
	case 2:
		set(0x04, s.has("cover"))
		set(0x20, s.paperOut())
		set(0x40, s.has("cutter") || s.has("hot") || s.has("error"))
	case 3:
		set(0x08, s.has("cutter"))
		set(0x20, s.has("error"))
		set(0x40, s.has("hot"))
	case 4:
		set(0x0C, s.has("near-end") || s.paperOut())
		set(0x60, s.paperOut())
	}
	return b
}

// paperByte is the answer to GS r 1.
func (s *Printer) paperByte() byte {
	switch {
	case s.has("lies-healthy"):
		return 0
	case s.paperOut():
		return 0x0F
	case s.has("near-end"):
		return 0x03
	}
	return 0
}

// report obeys GS a: four bytes at once, and again whenever they change.
func (s *Printer) report(mask byte) {
	s.starReport(false)
	enabled := mask != 0 && s.mask != mask
	s.mask = mask
	if mask == 0 || s.opt.NoASB {
		return
	}
	b := [4]byte{0x14, 0, 0, 0x0F}
	set := func(i int, bits byte, on bool) {
		if on && !s.has("lies-healthy") {
			b[i] |= bits
		}
	}
	set(0, 0x08, s.offline())
	set(0, 0x20, s.has("cover"))
	set(1, 0x08, s.has("cutter"))
	set(1, 0x20, s.has("error"))
	set(1, 0x40, s.has("hot"))
	set(2, 0x03, s.has("near-end") || s.paperOut())
	set(2, 0x0C, s.paperOut())
	if enabled || b != s.said {
		s.said = b
		s.say(b[:])
	}
}

// starReport sends nine bytes as Star's printers do of themselves: a head that
// tells their number, and a status byte for each kind of trouble.
func (s *Printer) starReport(always bool) {
	if !s.opt.Star {
		return
	}
	b := [9]byte{0x23, 0x06}
	set := func(i int, bits byte, on bool) {
		if on && !s.has("lies-healthy") {
			b[i] |= bits
		}
	}
	set(2, 0x20, s.has("cover"))
	set(2, 0x08, s.offline())
	set(3, 0x40, s.has("hot"))
	set(3, 0x20, s.has("error"))
	set(3, 0x08, s.has("cutter"))
	set(5, 0x08, s.paperOut())
	set(5, 0x04, s.has("near-end") || s.paperOut())
	if always || b != s.star {
		s.star = b
		s.say(b[:])
	}
}
