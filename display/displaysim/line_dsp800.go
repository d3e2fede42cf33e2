package displaysim

// Answers of a DSP800.
const (
	dspACK = 0x06
	dspNAK = 0x15
)

// dsp800 reads frames EOT SOH command arguments ETB, and text between them.
func dsp800(p *pole, buf []byte) (n int, answer []byte) {
	if buf[0] != 0x04 {
		if buf[0] < ' ' {
			p.strange(buf[:1])
		} else {
			p.letter(buf[0])
		}
		return 1, nil
	}
	if len(buf) < 3 {
		return 0, nil
	}
	args, known := map[byte]int{'P': 1, 'C': 2, '%': 0, 'I': 1, 'D': 2}[buf[2]]
	if buf[1] != 0x01 || !known {
		p.strange(buf[:3])
		return 3, []byte{dspNAK}
	}
	if len(buf) < 4+args {
		return 0, nil
	}
	if buf[3+args] != 0x17 {
		p.strange(buf[:4+args])
		return 4 + args, []byte{dspNAK}
	}
	switch buf[2] {
	case 'P':
		at, ok := dspCell(buf[3])
		if !ok {
			return 5, []byte{dspNAK}
		}
		p.cursor = at
	case 'C':
		a, ok1 := dspCell(buf[3])
		b, ok2 := dspCell(buf[4])
		if !ok1 || !ok2 || b < a {
			return 6, []byte{dspNAK}
		}
		p.blank(a, b+1)
	case '%':
		p.clear()
	}
	return 4 + args, []byte{dspACK}
}

// dspCell turns a position byte, 31 to 58 hexadecimal, into a cell.
func dspCell(b byte) (int, bool) { return int(b) - 0x31, b >= 0x31 && b <= 0x58 }
