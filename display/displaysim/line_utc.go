package displaysim

import "slices"

// utc reads UTC standard (Logic Controls, Ultimate, SurePOS), where the same
// control bytes mean other things than elsewhere, and, once switched, UTC
// enhanced.
func utc(p *pole, buf []byte) (n int, answer []byte) {
	switch c := buf[0]; c {
	case 0x1B:
		return p.utcESC(buf), nil
	case 0x1F:
		p.clear()
		p.mode, p.showCur, p.bright, p.blinking = "vertical", true, 4, false
	case 0x1E:
		p.clear()
	case 0x11:
		p.mode = "overwrite"
	case 0x12:
		p.mode = "vertical"
	case 0x10:
		if len(buf) < 2 {
			return 0, nil
		}
		if int(buf[1]) >= len(p.cells) {
			p.strange(buf[:2])
		} else {
			p.cursor = int(buf[1])
		}
		return 2, nil
	case 0x04:
		if len(buf) < 2 {
			return 0, nil
		}
		if i := slices.Index([]byte{0x20, 0x40, 0x60, 0xFF}, buf[1]); i < 0 {
			p.strange(buf[:2])
		} else {
			p.bright = i + 1
		}
		return 2, nil
	case 0x08:
		p.cursor = (p.cursor + len(p.cells) - 1) % len(p.cells)
	case 0x09:
		p.cursor = (p.cursor + 1) % len(p.cells)
	case 0x0A:
		p.cursor = (p.cursor + poleWidth) % len(p.cells)
	case 0x0D:
		p.cursor -= p.cursor % poleWidth
	case 0x13, 0x14:
		p.showCur = c == 0x13
	case 0x18:
		p.blank(p.cursor, p.cursor-p.cursor%poleWidth+poleWidth)
	case 0x19:
		p.blank(p.cursor, len(p.cells))
	case 0x1C, 0x1D:
		p.blinking = c == 0x1C
	case 0x05:
		return p.utcScroll(buf, 1), nil
	case 0x03:
		if len(buf) < 7 {
			return 0, nil
		}
		return 7, nil // a character is loaded; none is ever asked for
	default:
		if c < ' ' {
			p.strange(buf[:1])
		} else {
			p.letter(c)
		}
	}
	return 1, nil
}

// utcScroll eats a running text up to CR; its beginning stands on the upper line.
func (p *pole) utcScroll(buf []byte, from int) int {
	end := upTo(buf, from, '\r', from+45)
	if end < 0 {
		return 0
	}
	p.scroll = string(buf[from:end])
	p.line(0, buf[from:end])
	return end + 1
}

func (p *pole) utcESC(buf []byte) int {
	if len(buf) < 2 {
		return 0
	}
	switch c := buf[1]; {
	case c == 'd':
		p.enhanced = true
	case c == 0x06 || c == 0x07 || c == 0x0B:
		return p.utcScroll(buf, 2)
	case c == 'u' && p.enhanced:
		return p.utcEnhanced(buf)
	case (c == 0x1E || c == 0x0F) && p.enhanced:
		if len(buf) < 3 {
			return 0
		}
		p.enhanced = false
		return 3
	default:
		p.strange(buf[:2])
	}
	return 2
}

// utcEnhanced is ESC u, a letter, text and CR.
func (p *pole) utcEnhanced(buf []byte) int {
	if len(buf) < 3 {
		return 0
	}
	end := upTo(buf, 3, '\r', 50)
	if end < 0 {
		return 0
	}
	text := buf[3:end]
	switch buf[2] {
	case 'A':
		p.line(0, text)
	case 'B':
		p.line(1, text)
	case 'I':
		p.both(text)
	case 'D', 'F':
		p.scroll = string(text)
		p.line(0, text)
	case 'E', 'H': // clock, attention code
	default:
		p.strange(buf[:end])
	}
	return end + 1
}

// both writes 40 characters over both lines; what is missing is blank.
func (p *pole) both(text []byte) {
	p.line(0, text[:min(len(text), poleWidth)])
	p.line(1, text[min(len(text), poleWidth):])
}
