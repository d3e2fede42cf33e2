package displaysim

// escpos reads the commands of the Epson DM family.
func escpos(p *pole, buf []byte) (n int, answer []byte) {
	c := buf[0]
	if p.deaf && c != 0x1B {
		return 1, nil
	}
	switch c {
	case 0x1B:
		return escposESC(p, buf), nil
	case 0x1F:
		return escposUS(p, buf), nil
	case 0x0C:
		p.clear()
	case 0x18:
		row := p.cursor / poleWidth * poleWidth
		p.blank(row, row+poleWidth)
		p.cursor = row
	case 0x0B:
		p.cursor = 0
	case 0x0D:
		p.cursor -= p.cursor % poleWidth
	case 0x08:
		p.cursor = (p.cursor + len(p.cells) - 1) % len(p.cells)
	case 0x09:
		p.cursor = (p.cursor + 1) % len(p.cells)
	case 0x0A:
		p.cursor = (p.cursor + poleWidth) % len(p.cells)
	default:
		if c < ' ' {
			p.strange(buf[:1])
		} else {
			p.letter(c)
		}
	}
	return 1, nil
}

func escposESC(p *pole, buf []byte) int {
	if len(buf) < 2 {
		return 0
	}
	need := map[byte]int{'@': 2, '=': 3, 't': 3, 'R': 3, '%': 3, '?': 3, 'W': 4}[buf[1]]
	switch {
	case need == 0:
		p.strange(buf[:2])
		return 2
	case buf[1] == 'W' && len(buf) >= 4 && buf[3] == 1:
		need = 8
	}
	if len(buf) < need {
		return 0
	}
	switch buf[1] {
	case '@':
		p.initialise()
	case '=':
		p.deaf = buf[2]&2 == 0
	case 't':
		p.table = buf[2]
	}
	return need // windows, user characters and national sets are eaten
}

// initialise is ESC @: everything but who listens.
func (p *pole) initialise() {
	in := p.in
	deaf, unknown := p.deaf, p.unknown
	p.powerOn()
	p.in, p.deaf, p.unknown = in, deaf, unknown
}

func escposUS(p *pole, buf []byte) int {
	if len(buf) < 2 {
		return 0
	}
	need, ok := map[byte]int{'B': 2, 0x0A: 2, 0x0D: 2, 1: 2, 2: 2, 3: 2, 'U': 2, '@': 2, ':': 2,
		'C': 3, 'X': 3, 'E': 3, 'r': 3, 'v': 3, '.': 3, ',': 3, ';': 3, '$': 4, 'T': 4, '#': 4, '^': 4}[buf[1]]
	if !ok {
		p.strange(buf[:2])
		return 2
	}
	if len(buf) < need {
		return 0
	}
	switch buf[1] {
	case 'B':
		p.cursor = poleWidth
	case 0x0A:
		p.cursor = (p.cursor + poleWidth) % len(p.cells)
	case 0x0D:
		p.cursor += poleWidth - 1 - p.cursor%poleWidth
	case 1, 2, 3:
		p.mode = []string{"overwrite", "vertical", "horizontal"}[buf[1]-1]
	case 'C':
		p.showCur = buf[2] == 1
	case 'X':
		if buf[2] < 1 || buf[2] > 4 {
			p.strange(buf[:3])
			break
		}
		p.bright = int(buf[2])
	case 'E':
		p.blink = int(buf[2])
	case 'r':
		p.reverse = buf[2] == 1
	case '$':
		p.moveTo(buf)
	case '.', ',', ';':
		p.letter(buf[2])
	}
	return need
}

// moveTo is US $ and ESC l: column 1 to 20, row 1 to 2.
func (p *pole) moveTo(buf []byte) {
	x, y := int(buf[2]), int(buf[3])
	if x < 1 || x > poleWidth || y < 1 || y > 2 {
		p.strange(buf[:4])
		return
	}
	p.cursor = (y-1)*poleWidth + x - 1
}
