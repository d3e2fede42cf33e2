package printersim

import (
	"fmt"

	"posd/printer"
)

// token is one command, or a run of text, cut out of the stream.
type token struct {
	name string // "ESC @", "GS ( k", "text", "unknown"
	args []byte // the fixed arguments
	data []byte // what a length or an end mark announced
}

// arg returns a fixed argument, 0 if the command ended before it.
func (t token) arg(i int) int {
	if i < len(t.args) {
		return int(t.args[i])
	}
	return 0
}

// size says how long a command is after its name: a fixed number of arguments,
// or, by rule, more. need is 0 when b does not hold enough to tell.
type size func(b []byte) (args, data, total int)

func exactly(n int) size { return func([]byte) (int, int, int) { return n, 0, n } }

// until is arguments up to a closing 00, at most limit of them.
func until(first, limit int) size {
	return func(b []byte) (int, int, int) {
		for i := first; i < len(b); i++ {
			if b[i] == 0 {
				return first, i - first, i + 1
			}
			if i-first >= limit {
				return first, i - first, i
			}
		}
		return 0, 0, -1
	}
}

// counted is data whose length stands in its first two bytes, pL pH.
func counted(b []byte) (int, int, int) {
	if len(b) < 2 {
		return 0, 0, -1
	}
	n := int(b[0]) | int(b[1])<<8
	return 2, n, 2 + n
}

// commands are the ESC/POS commands this printer knows, with their lengths.
var commands = map[string]size{
	"ESC @": exactly(0), "ESC d": exactly(1), "ESC J": exactly(1), "ESC 2": exactly(0), "ESC 3": exactly(1), "ESC !": exactly(1),
	"ESC E": exactly(1), "ESC G": exactly(1), "ESC -": exactly(1), "ESC M": exactly(1), "ESC {": exactly(1), "ESC V": exactly(1),
	"ESC a": exactly(1), "ESC $": exactly(2), "ESC \\": exactly(2), "ESC D": until(0, 32), "ESC SP": exactly(1), "ESC R": exactly(1),
	"ESC t": exactly(1), "ESC i": exactly(0), "ESC m": exactly(0), "ESC p": exactly(3), "ESC =": exactly(1), "ESC *": columnImage,
	"ESC c 3": exactly(1), "ESC c 4": exactly(1), "ESC c 5": exactly(1),
	"FS .": exactly(0), "FS &": exactly(0), "FS C": exactly(1), "FS -": exactly(1), "FS !": exactly(1), "FS S": exactly(2), "FS p": exactly(2), "FS q": numberedImages,
	"FS ( A": counted, "FS ( C": counted, "FS ( E": counted,
	"GS !": exactly(1), "GS B": exactly(1), "GS L": exactly(2), "GS W": exactly(2), "GS b": exactly(1), "GS V": cut,
	"GS ( A": counted, "GS ( D": counted, "GS ( E": counted, "GS ( H": counted, "GS ( K": counted, "GS ( L": counted,
	"GS ( N": counted, "GS ( k": counted, "GS 8 L": largeGraphics, "GS v 0": raster, "GS *": downloaded, "GS /": exactly(1),
	"GS P": exactly(2), "GS h": exactly(1), "GS w": exactly(1), "GS H": exactly(1), "GS f": exactly(1), "GS k": barcode,
	"GS I": exactly(1), "GS r": exactly(1), "GS a": exactly(1),
	"DLE EOT": exactly(1), "DLE ENQ": exactly(1), "DLE DC4": dc4,
}

func cut(b []byte) (int, int, int) {
	switch {
	case len(b) == 0:
		return 0, 0, -1
	case b[0] == 'A' || b[0] == 'B':
		return 2, 0, 2
	}
	return 1, 0, 1
}

func columnImage(b []byte) (int, int, int) {
	if len(b) < 3 {
		return 0, 0, -1
	}
	n := int(b[1]) | int(b[2])<<8
	if b[0] >= 32 {
		n *= 3
	}
	return 3, n, 3 + n
}

func raster(b []byte) (int, int, int) {
	if len(b) < 5 {
		return 0, 0, -1
	}
	n := (int(b[1]) | int(b[2])<<8) * (int(b[3]) | int(b[4])<<8)
	return 5, n, 5 + n
}

func largeGraphics(b []byte) (int, int, int) {
	if len(b) < 4 {
		return 0, 0, -1
	}
	n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16 | int(b[3])<<24
	return 4, n, 4 + n
}

func downloaded(b []byte) (int, int, int) {
	if len(b) < 2 {
		return 0, 0, -1
	}
	n := int(b[0]) * int(b[1]) * 8
	return 2, n, 2 + n
}

func barcode(b []byte) (int, int, int) {
	switch {
	case len(b) == 0:
		return 0, 0, -1
	case b[0] <= 6:
		return until(1, 255)(b)
	case len(b) < 2:
		return 0, 0, -1
	}
	return 2, int(b[1]), 2 + int(b[1])
}

func dc4(b []byte) (int, int, int) {
	if len(b) == 0 {
		return 0, 0, -1
	}
	switch b[0] {
	case 1, 2:
		return 3, 0, 3
	case 8:
		return 8, 0, 8
	}
	return 1, 0, 1
}

// families are the bytes that open a command, by the name used here.
var families = map[byte]string{printer.ESC: "ESC", printer.FS: "FS", printer.GS: "GS", printer.DLE: "DLE"}

// longest is the largest command taken.
const longest = 1 << 20

// scan cuts the first token off b and says how many bytes it took. It returns
// 0 when b holds only the beginning of one.
func scan(b []byte) (token, int) {
	if len(b) == 0 {
		return token{}, 0
	}
	if b[0] >= 0x20 {
		n := 1
		for n < len(b) && b[n] >= 0x20 {
			n++
		}
		return token{name: "text", data: b[:n]}, n
	}
	family, ok := families[b[0]]
	if !ok {
		switch b[0] {
		case printer.LF, printer.HT, '\r', 0, ack:
			return token{name: control[b[0]]}, 1
		}
		return token{name: "unknown", data: b[:1]}, 1
	}
	// Names are two or three bytes long; the shorter one never begins a longer one.
	name := family
	for n := 1; n <= 2; n++ {
		if len(b) <= n {
			return token{}, 0
		}
		name += " " + letter(b[n])
		if s, ok := commands[name]; ok {
			args, data, total := s(b[n+1:])
			if total > longest {
				break // a length that no printer has room for: line noise
			}
			if total < 0 || len(b) < n+1+total {
				return token{}, 0
			}
			rest := b[n+1:]
			return token{name: name, args: rest[:args], data: rest[args : args+data]}, n + 1 + total
		}
	}
	return token{name: "unknown", data: b[:2]}, 2
}

// ack is the host's word that a block of an answer arrived.
const ack = 0x06

var control = map[byte]string{printer.LF: "LF", printer.HT: "HT", '\r': "CR", 0: "NUL", ack: "ACK"}

func letter(b byte) string {
	switch b {
	case ' ':
		return "SP"
	case printer.EOT:
		return "EOT"
	case printer.ENQ:
		return "ENQ"
	case printer.DC4:
		return "DC4"
	}
	if b > 0x20 && b < 0x7F {
		return string(rune(b))
	}
	return fmt.Sprintf("%02X", b)
}
