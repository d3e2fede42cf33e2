package printer

// A printer mixes what it says in one stream of bytes. The masks tell them
// apart; nothing else does.
//
//	11, 13               flow control: XON, XOFF, anywhere
//	& 93 = 10, then 3    a report of its own (GS a): 4 bytes, the last three & 90 = 00
//	& 93 = 12            the answer to DLE EOT; which one, the asker knows
//	5F, 37, 3B ... 00    a text: GS I, GS ( H, power-off
//	& 90 = 00            the answer to GS r
//	& B1 = 21, then more a Star's own report, of as many bytes as its first says
//
// A Star sends its report when it is connected to and whenever something changes,
// also under its ESC/POS emulation. Most of its bytes look like answers to GS r,
// which would prove receipts that were never printed.
//
// demux takes the stream apart. It never fails: bytes that fit nowhere are
// dropped, and a broken report ends where the next one begins.
type demux struct {
	star  bool    // the printer is a Star
	own   []byte  // a Star's report under way
	block [4]byte // a report under way
	have  int
	text  []byte // a text under way: its first byte and what followed
}

// signalKind says what a printer said.
type signalKind uint8

const (
	sigFlow     signalKind = iota + 1 // b is XON or XOFF
	sigRealTime                       // b answers DLE EOT
	sigReport                         // block
	sigText                           // text, its first byte included, the closing 00 not
	sigAnswer                         // b answers GS r
	sigStar                           // text is a Star's report
)

type signal struct {
	kind  signalKind
	b     byte
	block [4]byte
	text  string
}

// maxText bounds a text: longer ones are line noise.
const maxText = 128

// feed takes the next byte and returns what it completes, if anything.
func (d *demux) feed(b byte) (signal, bool) {
	if len(d.own) > 0 && b&0x11 != 0 {
		d.own = nil // it was none
	}
	switch {
	case b == XON || b == XOFF:
		return signal{kind: sigFlow, b: b}, true
	case len(d.own) > 0:
		if d.own = append(d.own, b); len(d.own) < starLength(d.own[0]) {
			return signal{}, false
		}
		s := signal{kind: sigStar, text: string(d.own)}
		d.own = nil
		return s, true
	case d.star && b&0xB1 == 0x21:
		d.own = append(make([]byte, 0, 16), b)
		return signal{}, false
	case d.text != nil && (b == 0 || b >= 0x20 && b < 0x7F):
		return d.feedText(b)
	case b&0x93 == 0x12:
		return signal{kind: sigRealTime, b: b}, true
	case b&0x93 == 0x10:
		d.text, d.have = nil, 1
		d.block[0] = b
		return signal{}, false
	case d.have > 0 && b&0x90 == 0:
		d.block[d.have] = b
		if d.have++; d.have < len(d.block) {
			return signal{}, false
		}
		d.have = 0
		return signal{kind: sigReport, block: d.block}, true
	case b == 0x5F || b == 0x37 || b == 0x3B:
		d.text, d.have = append(make([]byte, 0, 16), b), 0
		return signal{}, false
	case b&0x90 == 0:
		return signal{kind: sigAnswer, b: b}, true
	}
	d.text, d.have = nil, 0
	return signal{}, false
}

// starLength is how long a Star's report is, by its first byte.
func starLength(first byte) int { return int(first>>1&7 | first>>2&0x18) }

func (d *demux) feedText(b byte) (signal, bool) {
	if b == 0 {
		s := signal{kind: sigText, text: string(d.text)}
		d.text = nil
		return s, true
	}
	if d.text = append(d.text, b); len(d.text) > maxText {
		d.text = nil
	}
	return signal{}, false
}
