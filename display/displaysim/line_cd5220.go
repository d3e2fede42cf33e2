package displaysim

// cd5220 reads the commands of Partner Tech's poles.
func cd5220(p *pole, buf []byte) (n int, answer []byte) {
	switch c := buf[0]; c {
	case 0x1B:
		return cd5220ESC(p, buf), nil
	case 0x1F:
		if len(buf) < 2 {
			return 0, nil
		}
		switch buf[1] {
		case 1, 2, 3:
			p.cd5220Mode(buf[1])
			return 2, nil
		case 'E':
			if len(buf) < 3 {
				return 0, nil
			}
			p.blink = int(buf[2])
			return 3, nil
		}
		p.strange(buf[:2])
		return 2, nil
	case 0x0C:
		p.clear()
	case 0x18:
		row := p.cursor / poleWidth * poleWidth
		p.blank(row, row+poleWidth)
		p.cursor, p.text = row, false
	case 0x08:
		p.cursor = (p.cursor + len(p.cells) - 1) % len(p.cells)
	case 0x09:
		p.cursor = (p.cursor + 1) % len(p.cells)
	case 0x0A:
		p.cursor = (p.cursor + poleWidth) % len(p.cells)
	case 0x0B:
		p.cursor = 0
	case 0x0D:
		p.cursor -= p.cursor % poleWidth
	default:
		if c < ' ' {
			p.strange(buf[:1])
		} else {
			p.letter(c)
		}
	}
	return 1, nil
}

func (p *pole) cd5220Mode(n byte) {
	p.mode, p.text = []string{"overwrite", "vertical", "horizontal"}[n-1], false
}

func cd5220ESC(p *pole, buf []byte) int {
	if len(buf) < 2 {
		return 0
	}
	need, ok := map[byte]int{'@': 2, 0x11: 2, 0x12: 2, 0x13: 2, 'Q': 3, '[': 3, '*': 3, '_': 3, 'f': 3, 'c': 3, '%': 3, '#': 3, 'l': 4, 'W': 6}[buf[1]]
	if !ok {
		p.strange(buf[:2])
		return 2
	}
	if len(buf) < need {
		return 0
	}
	switch buf[1] {
	case '@':
		p.initialise()
	case 0x11, 0x12, 0x13:
		p.cd5220Mode(buf[1] - 0x10)
	case 'Q':
		return p.cd5220String(buf)
	case '[':
		p.cd5220Move(buf)
	case '*':
		if buf[2] < 1 || buf[2] > 4 {
			p.strange(buf[:3])
			break
		}
		p.bright = int(buf[2])
	case '_':
		p.showCur = buf[2] == 1
	case 'c':
		if buf[2] == 16 {
			p.table = 16
		}
	case 'l':
		if !p.text {
			p.moveTo(buf)
		}
	}
	return need
}

// cd5220String is ESC Q: a whole line up to CR. Cursor commands mean nothing
// until the string mode is left.
func (p *pole) cd5220String(buf []byte) int {
	most := map[byte]int{'A': 20, 'B': 20, 'D': 40}[buf[2]]
	if most == 0 {
		p.strange(buf[:3])
		return 3
	}
	end := upTo(buf, 3, '\r', 3+most)
	if end < 0 {
		return 0
	}
	text := buf[3:end]
	switch buf[2] {
	case 'A':
		p.scroll = ""
		p.line(0, text)
	case 'B':
		p.line(1, text)
	case 'D':
		p.scroll = string(text)
		p.line(0, text[:min(len(text), poleWidth)])
	}
	p.text = true
	if end == len(buf)-1 && buf[end] != '\r' { // it never ended: the rest is rubbish on the glass
		p.strange(buf[end:])
	}
	return end + 1
}

func (p *pole) cd5220Move(buf []byte) {
	if p.text {
		return
	}
	row := p.cursor / poleWidth * poleWidth
	switch buf[2] {
	case 'A', 'B':
		p.cursor = (p.cursor + poleWidth) % len(p.cells)
	case 'C':
		p.cursor = (p.cursor + 1) % len(p.cells)
	case 'D':
		p.cursor = (p.cursor + len(p.cells) - 1) % len(p.cells)
	case 'H':
		p.cursor = 0
	case 'L':
		p.cursor = row
	case 'R':
		p.cursor = row + poleWidth - 1
	case 'K':
		p.cursor = poleWidth
	default:
		p.strange(buf[:3])
	}
}
