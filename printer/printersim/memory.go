package printersim

import (
	"fmt"
	"slices"
)

// memory is what a printer keeps without power: pictures under two characters
// each, and the numbered ones of the older command. They share nothing here.
type memory struct {
	keyed    map[string][][]bool
	numbered [][][]bool
	writes   int      // how often it was written: a real one wears out
	blocks   [][]byte // of a list of keys that the host has not acknowledged
}

// listBlock is how many keys go into one block of the list.
const listBlock = 40

// keep obeys the functions of GS ( L that are about kept pictures; false if fn
// is none of them.
func (m *machine) keep(d []byte) (moved, mine bool) {
	if m.opt.NoMemory || len(d) < 2 || d[0] != '0' {
		return false, false
	}
	switch fn, d := d[1], d[2:]; fn {
	case 64: // which keys are there
		if string(d) == "KC" {
			m.listKeys()
			return false, true
		}
	case 65:
		if string(d) == "CLR" {
			m.memory.keyed = nil
			m.memory.writes++
			return false, true
		}
	case 66:
		if len(d) == 2 {
			delete(m.memory.keyed, string(d))
			m.memory.writes++
			return false, true
		}
	case 67:
		return false, m.define(d)
	case 69:
		if len(d) == 4 && d[2] >= 1 && d[2] <= 2 && d[3] >= 1 && d[3] <= 2 {
			m.flush()
			dots := m.memory.keyed[string(d[:2])]
			m.picture(magnify(dots, int(d[2]), int(d[3])))
			return len(dots) > 0, true
		}
	}
	return false, false
}

// define keeps a picture: '0', two characters, one colour, its size, and its rows.
func (m *machine) define(d []byte) bool {
	if len(d) < 9 || d[0] != '0' || d[3] != 1 || d[8] != '1' {
		return false
	}
	w, h := int(d[4])|int(d[5])<<8, int(d[6])|int(d[7])<<8
	stride := (w + 7) / 8
	if w == 0 || h == 0 || len(d)-9 != stride*h || d[1] < 0x20 || d[1] > 0x7E || d[2] < 0x20 || d[2] > 0x7E {
		return false
	}
	if m.memory.keyed == nil {
		m.memory.keyed = map[string][][]bool{}
	}
	m.memory.keyed[string(d[1:3])] = unpack(d[9:], stride, h)
	m.memory.writes++
	return true
}

// listKeys answers function 64 in blocks; without a picture it says nothing, as
// the maker's printers do.
func (m *machine) listKeys() {
	var keys []string
	for k := range m.memory.keyed {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	m.memory.blocks = nil
	for part := range slices.Chunk(keys, listBlock) {
		block := []byte{0x37, 0x72, 0x41}
		for _, k := range part {
			block = append(block, k...)
		}
		m.memory.blocks = append(m.memory.blocks, append(block, 0))
	}
	if n := len(m.memory.blocks); n > 0 {
		m.memory.blocks[n-1][2] = 0x40 // nothing comes after it
		m.answer(m.memory.blocks[0])
	}
}

// acknowledged takes the host's word that a block arrived.
func (m *machine) acknowledged() bool {
	if len(m.memory.blocks) == 0 {
		return false
	}
	if m.memory.blocks = m.memory.blocks[1:]; len(m.memory.blocks) > 0 {
		m.answer(m.memory.blocks[0])
	}
	return true
}

// numberedImages measures FS q: a count, then for each picture its size in bytes
// across and down, and its columns.
func numberedImages(b []byte) (int, int, int) {
	if len(b) == 0 {
		return 0, 0, -1
	}
	at := 1
	for range b[0] {
		if len(b) < at+4 {
			return 0, 0, -1
		}
		x, y := int(b[at])|int(b[at+1])<<8, int(b[at+2])|int(b[at+3])<<8
		if at += 4 + x*y*8; at > longest {
			break
		}
	}
	return 1, at - 1, at
}

// keepNumbered obeys FS q: all earlier pictures are gone.
func (m *machine) keepNumbered(d []byte) {
	m.memory.numbered = nil
	m.memory.writes++
	for len(d) >= 4 {
		x, y := int(d[0])|int(d[1])<<8, int(d[2])|int(d[3])<<8
		columns := d[4 : 4+x*y*8]
		d = d[4+x*y*8:]
		dots := make([][]bool, y*8)
		for row := range dots {
			dots[row] = make([]bool, x*8)
			for col := range dots[row] {
				dots[row][col] = columns[col*y+row/8]&(0x80>>(row%8)) != 0
			}
		}
		m.memory.numbered = append(m.memory.numbered, dots)
	}
}

// printNumbered obeys FS p.
func (m *machine) printNumbered(n, mode int) bool {
	if n < 1 || n > len(m.memory.numbered) {
		m.odd = append(m.odd, fmt.Sprintf("FS p %d: there is no such picture", n))
		return false
	}
	m.flush()
	m.picture(magnify(m.memory.numbered[n-1], 1+mode&1, 1+mode>>1&1))
	return true
}
