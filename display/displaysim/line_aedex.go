package displaysim

// aedex reads AEDEX and EMAX: commands in letters, each up to CR.
func aedex(p *pole, buf []byte) (n int, answer []byte) {
	if buf[0] != '!' {
		if buf[0] < ' ' {
			p.strange(buf[:1])
		} else {
			p.letter(buf[0])
		}
		return 1, nil
	}
	if len(buf) < 3 && (len(buf) < 2 || buf[1] == '#') {
		return 0, nil
	}
	if buf[1] != '#' {
		p.letter('!')
		return 1, nil
	}
	end := upTo(buf, 3, '\r', 48)
	if end < 0 {
		return 0, nil
	}
	text := buf[3:end]
	for i := 1; i < len(text); i++ {
		if text[i-1] == '!' && text[i] == '#' { // a new command cuts this one off
			p.strange(buf[:3])
			return 3 + i - 1, nil
		}
	}
	switch buf[2] {
	case '1':
		p.line(0, text)
	case '2':
		p.line(1, text)
	case '9':
		p.both(text)
	case '4', '6':
		p.scroll = string(text)
		p.line(0, text)
	case '5', '8': // clock, attention pair
	default:
		p.strange(buf[:end])
	}
	return end + 1, nil
}
