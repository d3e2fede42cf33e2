package display

import "bytes"

// Nextion frames. A command is ASCII and ends with three bytes FF; so does
// every answer, whose first byte says what it is:
//
//	posd   page 1 FF FF FF   qr0.txt="..." FF FF FF
//	panel  01 FF FF FF       01 FF FF FF                 done, done
//	panel  1A FF FF FF                                   no such component
//	panel  00 00 00 FF FF FF 88 FF FF FF                 power is back
//
// A body may hold FF itself (a number -1), so answers with a fixed length are
// taken by length and only the others up to the terminator.
const (
	NextionEnd = "\xFF\xFF\xFF"
	// NextionBuffer is what the panel's input takes while it is busy.
	NextionBuffer = 1024
)

// First bytes of answers.
const (
	nxInvalid  = 0x00 // with 00 00 after it: power is back
	nxDone     = 0x01
	nxOverflow = 0x24
	nxTouch    = 0x65
	nxPage     = 0x66
	nxAwake    = 0x67
	nxAsleep   = 0x68
	nxText     = 0x70
	nxNumber   = 0x71
	nxSlept    = 0x86
	nxReady    = 0x88
)

// nxFailures are the answers that say why a command was not done.
var nxFailures = map[byte]string{
	0x00: "invalid instruction", 0x02: "no such component", 0x03: "no such page", 0x04: "no such picture",
	0x05: "no such font", 0x06: "file operation failed", 0x09: "bad checksum", 0x11: "bad baud rate",
	0x12: "bad waveform", 0x1A: "no such component or attribute", 0x1B: "bad operation", 0x1C: "assignment failed",
	0x1D: "EEPROM failed", 0x1E: "wrong number of parameters", 0x1F: "input or output failed", 0x20: "bad escape",
	0x23: "name too long",
}

// nxBody is the length of bodies that are taken by length.
var nxBody = map[byte]int{nxTouch: 3, nxPage: 1, nxAwake: 5, nxAsleep: 5, nxNumber: 4}

// nxAnswer is one message of the panel: its first byte and what follows.
type nxAnswer struct {
	kind byte
	body []byte
}

// restarted reports whether the message says that power came back.
func (a nxAnswer) restarted() bool {
	return a.kind == nxInvalid && len(a.body) == 2 && a.body[0] == 0 && a.body[1] == 0
}

// nxScanner takes messages out of a stream. It holds at most nxMost bytes:
// noise without a terminator is thrown away.
type nxScanner struct{ buf []byte }

const nxMost = 1024

func (s *nxScanner) feed(b []byte) {
	s.buf = append(s.buf, b...)
	if len(s.buf) > nxMost {
		s.buf = s.buf[len(s.buf)-nxMost:]
	}
}

func (s *nxScanner) reset() { s.buf = s.buf[:0] }

// next returns the next whole message.
func (s *nxScanner) next() (nxAnswer, bool) {
	for len(s.buf) > 0 && s.buf[0] == 0xFF { // the tail of something torn
		s.buf = s.buf[1:]
	}
	if len(s.buf) == 0 {
		return nxAnswer{}, false
	}
	if n, ok := nxBody[s.buf[0]]; ok {
		if len(s.buf) < 1+n+len(NextionEnd) {
			return nxAnswer{}, false
		}
		if string(s.buf[1+n:1+n+len(NextionEnd)]) == NextionEnd {
			return s.take(1 + n), true
		} // not what it seemed: noise up to the next terminator
	}
	end := bytes.Index(s.buf, []byte(NextionEnd))
	if end < 0 {
		return nxAnswer{}, false
	}
	return s.take(end), true
}

func (s *nxScanner) take(n int) nxAnswer {
	a := nxAnswer{kind: s.buf[0], body: append([]byte(nil), s.buf[1:n]...)}
	s.buf = append(s.buf[:0], s.buf[n+len(NextionEnd):]...)
	return a
}
