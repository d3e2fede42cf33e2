package printer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// What a shop's own program sends in the printer's language is let through only if
// every command of it is known to print, and to be forgotten at the next ESC @:
//
//	text, LF CR HT            ESC @ ! E G - a d J M R t 2 3 SP { V r $ \ D *
//	cut: ESC i m, GS V        GS ! B H f h w b L W k, GS v 0 (a picture), GS ( k (a code)
//	                          GS ( L and GS 8 L: a picture held until it is printed
//	                          FS . & ! - S W
//
// Everything else is refused by name, what posd does not know included: commands
// that set a printer up for good, keep pictures in its memory, switch its sensors
// or keys off, ask it something, or open the drawer, whose use is written down.

// command is how long a command's own bytes are behind its name, or what reads them.
type command struct {
	args int
	cut  bool
	data func(rest []byte) (n int, picture []byte, err error) // instead of args
}

var rawCommands = map[byte]map[byte]command{
	ESC: {
		'@': {}, '!': {args: 1}, 'E': {args: 1}, 'G': {args: 1}, '-': {args: 1}, 'a': {args: 1}, 'd': {args: 1}, 'J': {args: 1},
		'M': {args: 1}, 'R': {args: 1}, 't': {args: 1}, '2': {}, '3': {args: 1}, ' ': {args: 1}, '{': {args: 1}, 'V': {args: 1},
		'r': {args: 1}, '$': {args: 2}, '\\': {args: 2}, 'i': {cut: true}, 'm': {cut: true}, 'D': {data: rawTabs}, '*': {data: rawColumns},
	},
	GS: {
		'!': {args: 1}, 'B': {args: 1}, 'H': {args: 1}, 'f': {args: 1}, 'h': {args: 1}, 'w': {args: 1}, 'b': {args: 1}, 'L': {args: 2},
		'W': {args: 2}, 'V': {cut: true, data: rawCut}, 'k': {data: rawBars}, 'v': {data: rawRaster}, '(': {data: rawExtended}, '8': {data: rawLarge},
	},
	FS: {'.': {}, '&': {}, '!': {args: 1}, '-': {args: 1}, 'S': {args: 2}, 'W': {args: 1}},
}

// refusals say of the best known commands what they would do.
var rawRefusals = map[string]string{
	"ESC p": "it opens the drawer: ask posd for that, so that it is written down", "ESC =": "it switches the printer off", "ESC c": "it switches sensors or keys",
	"ESC &": "it changes the printer's letters", "ESC L": "it changes to another way of printing", "ESC v": "it asks the printer something",
	"GS a": "it changes what the printer reports", "GS r": "it asks the printer something", "GS I": "it asks the printer something",
	"GS *": "it keeps a picture in the printer", "GS /": "it prints what the printer keeps", "GS :": "it keeps commands in the printer",
	"FS q": "it writes the printer's memory", "FS g": "it writes the printer's memory", "FS p": "it prints what the printer keeps",
	"DLE EOT": "it asks the printer something", "DLE ENQ": "it makes the printer forget or go on", "DLE DC4": "it opens the drawer or switches the printer off",
}

var errRawShort = errors.New("it is cut off in the middle of a command")

// scanRaw reports whether the commands end with a cut, and how long the longest
// is; or which is not let through.
func scanRaw(data []byte) (cut bool, longest int, err error) {
	for at := 0; at < len(data); {
		b := data[at]
		switch {
		case b == LF || b == '\r':
			at++
			continue
		case b >= ' ' && b != 0x7f || b == HT:
			at++
			cut = false
			continue
		case at+1 >= len(data):
			return false, 0, errRawShort
		}
		c, known := rawCommands[b][data[at+1]]
		if !known {
			return false, 0, rawUnknown(b, data[at+1])
		}
		n := c.args
		if c.data != nil {
			if n, _, err = c.data(data[at+2:]); err != nil {
				return false, 0, fmt.Errorf("%s: %w", rawName(b, data[at+1]), err)
			}
		}
		if n > len(data)-at-2 {
			return false, 0, errRawShort
		}
		at += 2 + n
		longest, cut = max(longest, n), c.cut
	}
	for _, now := range [][]byte{{DLE, EOT}, {DLE, ENQ}, {DLE, DC4}} {
		if bytes.Contains(data, now) {
			return false, 0, fmt.Errorf("the bytes %X stand in it, which printers obey at once, even in a picture", now)
		}
	}
	return cut, longest, nil
}

// defuseRaw takes what printers obey at once out of the pictures, a dot each.
func defuseRaw(data []byte) []byte {
	out := bytes.Clone(data)
	for at := 0; at+1 < len(out); {
		c, known := rawCommands[out[at]][out[at+1]]
		if !known {
			at++
			continue
		}
		n := c.args
		if c.data != nil {
			length, pic, err := c.data(out[at+2:])
			if err != nil {
				return out
			}
			(&picture{rows: pic}).defuse()
			n = length
		}
		at += 2 + n
	}
	return out
}

func rawName(a, b byte) string {
	names := map[byte]string{ESC: "ESC", GS: "GS", FS: "FS", DLE: "DLE", EOT: "EOT", ENQ: "ENQ", DC4: "DC4"}
	second := names[b]
	if second == "" {
		second = fmt.Sprintf("%X", b)
		if b > ' ' && b < 0x7f {
			second = string(rune(b))
		}
	}
	if first := names[a]; first != "" {
		return first + " " + second
	}
	return fmt.Sprintf("%02X", a)
}

func rawUnknown(a, b byte) error {
	name := rawName(a, b)
	why := rawRefusals[name]
	if why == "" {
		why = "posd does not know that it only prints"
	}
	return fmt.Errorf("the command %s is not let through: %s", name, why)
}

// rawTabs reads columns up to a zero.
func rawTabs(rest []byte) (int, []byte, error) { return upToZero(rest, 33) }

func upToZero(rest []byte, most int) (int, []byte, error) {
	i := bytes.IndexByte(rest[:min(len(rest), most)], 0)
	if i < 0 {
		return 0, nil, errRawShort
	}
	return i + 1, nil, nil
}

// rawColumns reads a picture in columns: m nL nH, 1 or 3 bytes a column.
func rawColumns(rest []byte) (int, []byte, error) {
	if len(rest) < 3 {
		return 0, nil, errRawShort
	}
	n := int(rest[1]) | int(rest[2])<<8
	switch rest[0] {
	case 0, 1:
	case 32, 33:
		n *= 3
	default:
		return 0, nil, fmt.Errorf("the mode %d is not known", rest[0])
	}
	return rawPicture(rest, 3, n)
}

// rawRaster reads a picture in rows: 0 m xL xH yL yH.
func rawRaster(rest []byte) (int, []byte, error) {
	if len(rest) < 6 || rest[0] != '0' {
		return 0, nil, errRawShort
	}
	return rawPicture(rest, 6, (int(rest[2])|int(rest[3])<<8)*(int(rest[4])|int(rest[5])<<8))
}

func rawPicture(rest []byte, head, n int) (int, []byte, error) {
	if n > len(rest)-head {
		return 0, nil, errRawShort
	}
	return head + n, rest[head : head+n], nil
}

// rawCut reads m, and how far to feed for those that say so.
func rawCut(rest []byte) (int, []byte, error) {
	if len(rest) == 0 {
		return 0, nil, errRawShort
	}
	switch rest[0] {
	case 0, 1, '0', '1':
		return 1, nil, nil
	case 'A', 'B':
		return 2, nil, nil
	}
	return 0, nil, fmt.Errorf("the cut %d is not known", rest[0])
}

// rawBars reads a barcode in either form.
func rawBars(rest []byte) (int, []byte, error) {
	switch {
	case len(rest) < 2:
		return 0, nil, errRawShort
	case rest[0] <= 6:
		n, _, err := upToZero(rest[1:], 256)
		return 1 + n, nil, err
	case rest[0] >= 'A' && rest[0] <= 'O':
		return 2 + int(rest[1]), nil, nil
	}
	return 0, nil, fmt.Errorf("the barcode %d is not known", rest[0])
}

// heldPictures are the functions of GS ( L and GS 8 L that hold a picture until it
// is printed, and print it; the others write the printer's memory.
var heldPictures = []byte{2, 50, 112, 113}

func rawExtended(rest []byte) (int, []byte, error) {
	if len(rest) < 5 {
		return 0, nil, errRawShort
	}
	n := int(rest[1]) | int(rest[2])<<8
	switch {
	case rest[0] == 'k' && n >= 2:
		return 3 + n, nil, nil
	case rest[0] == 'L' && n >= 2 && rest[3] == '0' && bytes.IndexByte(heldPictures, rest[4]) >= 0:
		return rawPicture(rest, 3, n)
	}
	return 0, nil, fmt.Errorf("its function %s %d is not let through: posd does not know that it only prints", strings.TrimSpace(string(rune(rest[0]))), rest[4])
}

func rawLarge(rest []byte) (int, []byte, error) {
	if len(rest) < 7 || rest[0] != 'L' {
		return 0, nil, errRawShort
	}
	n := uint64(rest[1]) | uint64(rest[2])<<8 | uint64(rest[3])<<16 | uint64(rest[4])<<24
	if rest[5] != '0' || bytes.IndexByte(heldPictures, rest[6]) < 0 {
		return 0, nil, fmt.Errorf("its function %d is not let through: posd does not know that it only prints", rest[6])
	}
	if n < 2 || n > maxOwnBytes {
		return 0, nil, errRawShort
	}
	return rawPicture(rest, 5, int(n))
}
