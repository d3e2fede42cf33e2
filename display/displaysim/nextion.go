package displaysim

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"maps"
	"strconv"
	"strings"
	"time"

	"posd/display"
)

// NewNextion returns a 4.3 inch Nextion, 480x272, with the project that
// configs/nextion describes.
func NewNextion(opt Options) *Device {
	return newDevice("nextion", &nextion{opt: opt, project: shopProject}, opt)
}

// NewBareNextion is one whose project has no QR component: qr0 is unknown to it.
func NewBareNextion(opt Options) *Device {
	var pages []nxPage
	for _, p := range shopProject {
		q := nxPage{name: p.name, back: p.back}
		for _, c := range p.parts {
			if !c.code {
				q.parts = append(q.parts, c)
			}
		}
		pages = append(pages, q)
	}
	return newDevice("nextion", &nextion{opt: opt, project: pages}, opt)
}

// nextion is the panel's inside.
type nextion struct {
	opt     Options
	project []nxPage

	in     []byte
	ends   int // bytes FF in a row
	torn   bool
	page   int
	set    map[string]string // attributes changed since the page was shown
	over   []func(*image.RGBA)
	bkcmd  int
	dim    int
	sleep  bool
	shown  int       // pages and codes drawn since power-on
	wound  time.Time // when tm0 brings page idle back; zero if va0 is 0
	errors []string
}

// expire is the timer tm0 of page pay: it counts va0 down every second and shows
// page idle when it comes to 0.
func (n *nextion) expire() {
	if !n.wound.IsZero() && !time.Now().Before(n.wound) {
		n.show("idle")
	}
}

func (n *nextion) powerOn() []byte {
	*n = nextion{opt: n.opt, project: n.project, bkcmd: 2, dim: 100, set: map[string]string{}, errors: []string{}}
	return []byte("\x00\x00\x00" + display.NextionEnd + "\x88" + display.NextionEnd)
}

func (n *nextion) capacity() int    { return 1024 }
func (n *nextion) overflow() []byte { return []byte("\x24" + display.NextionEnd) }
func (n *nextion) refusal() []byte  { return []byte("\x1A" + display.NextionEnd) }

// NextionState is the state dump of a panel.
type NextionState struct {
	Page   string            `json:"page"`
	Set    map[string]string `json:"set"`
	Bkcmd  int               `json:"bkcmd"`
	Dim    int               `json:"dim"`
	Asleep bool              `json:"asleep"`
	Shown  int               `json:"shown"`
	Errors []string          `json:"errors"`
}

func (n *nextion) state() any {
	n.expire()
	return NextionState{n.project[n.page].name, maps.Clone(n.set), n.bkcmd, n.dim, n.sleep, n.shown, append([]string{}, n.errors...)}
}

// take collects a command up to its three FF. A command longer than the buffer
// is lost.
func (n *nextion) take(b byte) ([]byte, bool) {
	n.expire()
	if b == 0xFF {
		n.ends++
		if n.ends < len(display.NextionEnd) {
			return nil, false
		}
		cmd, torn := string(n.in), n.torn
		n.in, n.ends, n.torn = nil, 0, false
		if torn {
			return n.overflow(), true
		}
		return n.command(cmd), true
	}
	for ; n.ends > 0; n.ends-- {
		n.in = append(n.in, 0xFF)
	}
	n.in = append(n.in, b)
	if len(n.in) > n.capacity() {
		n.in, n.torn = nil, true
	}
	return nil, false
}

// Codes of answers, as in the maker's table.
const (
	codeInvalid   = 0x00
	codeDone      = 0x01
	codeComponent = 0x02
	codePage      = 0x03
	codePicture   = 0x04
	codeBaud      = 0x11
	codeVariable  = 0x1A
	codeOperation = 0x1B
	codeCount     = 0x1E
	codeEscape    = 0x20
	codeAsleep    = -1 // not obeyed and not answered
)

// command does one instruction and returns the answer that bkcmd allows.
func (n *nextion) command(cmd string) []byte {
	if cmd == "connect" {
		return []byte(fmt.Sprintf("comok 1,30601-0,%s,%s,61488,%s,16777216%s", cmp.Or(n.opt.Model, "NX4827T043_011R"),
			cmp.Or(n.opt.Firmware, "163"), cmp.Or(n.opt.Serial, "D264B8204F0E1828"), display.NextionEnd))
	}
	code, data := n.do(cmd)
	if data != nil || code == codeAsleep {
		return data
	}
	if code != codeDone {
		n.errors = append(n.errors, fmt.Sprintf("%02X %s", code, printable(cmd)))
		if len(n.errors) > 20 {
			n.errors = n.errors[1:]
		}
	}
	wanted := code == codeInvalid || code == codeDone && n.bkcmd&1 != 0 || code != codeDone && n.bkcmd&2 != 0
	if !wanted {
		return nil
	}
	return []byte(string([]byte{byte(code)}) + display.NextionEnd)
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
}

// do splits an instruction into its word and parameters, or its assignment.
func (n *nextion) do(cmd string) (code int, data []byte) {
	word, rest, _ := strings.Cut(cmd, " ")
	if n.sleep && !strings.HasPrefix(cmd, "sleep=") && word != "get" && word != "sendme" && word != "rest" {
		return codeAsleep, nil
	}
	if name, value, ok := strings.Cut(word, "="); ok { // the text may hold spaces
		if rest != "" {
			value = cmd[len(name)+1:]
		}
		return n.assign(name, value), nil
	}
	args, ok := parameters(rest)
	if !ok {
		return codeEscape, nil
	}
	counts := map[string][2]int{"page": {1, 1}, "ref": {1, 1}, "vis": {2, 2}, "cls": {1, 1}, "fill": {5, 5}, "draw": {5, 5}, "line": {5, 5},
		"cir": {4, 4}, "cirs": {4, 4}, "pic": {3, 3}, "xstr": {11, 11}, "get": {1, 1}, "sendme": {0, 0}, "rest": {0, 0}, "qrcode": {7, 8},
		"printh": {1, 1}, "prints": {2, 2}}
	want, known := counts[word]
	if !known {
		return codeInvalid, nil
	}
	if len(args) < want[0] || len(args) > want[1] {
		return codeCount, nil
	}
	switch word {
	case "page":
		return n.show(args[0]), nil
	case "ref":
		if _, ok := n.part(args[0]); !ok && args[0] != "0" {
			return codeComponent, nil
		}
		if args[0] == "0" {
			n.over = nil
		}
		return codeDone, nil
	case "vis":
		if _, ok := n.part(args[0]); !ok && args[0] != "255" {
			return codeComponent, nil
		}
		n.set[args[0]+".vis"] = args[1]
		return codeDone, nil
	case "pic":
		return codePicture, nil // the project holds no pictures
	case "get":
		return n.get(args[0])
	case "sendme":
		return 0, []byte(string([]byte{0x66, byte(n.page)}) + display.NextionEnd)
	case "rest":
		return 0, n.powerOn()
	case "printh":
		var b []byte
		for _, h := range strings.Fields(args[0]) {
			x, err := strconv.ParseUint(h, 16, 8)
			if err != nil {
				return codeVariable, nil
			}
			b = append(b, byte(x))
		}
		return 0, b
	case "prints":
		return 0, []byte(args[0])
	}
	return n.primitive(word, args), nil
}

// parameters splits at commas outside quotes and takes escapes away. A text's
// quotes are left out.
func parameters(s string) (args []string, ok bool) {
	if s == "" {
		return nil, true
	}
	var b bytes.Buffer
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
			if i == len(s) || !strings.ContainsRune(`"\r`, rune(s[i])) {
				return nil, false
			}
			b.WriteByte(map[byte]byte{'"': '"', '\\': '\\', 'r': '\n'}[s[i]])
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			args = append(args, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(args, b.String()), !quoted
}

func (n *nextion) show(name string) int {
	for i, p := range n.project {
		if name == p.name || name == strconv.Itoa(i) {
			n.page, n.set, n.over, n.wound = i, map[string]string{}, nil, time.Time{}
			n.shown++
			return codeDone
		}
	}
	return codePage
}

func (n *nextion) part(name string) (nxPart, bool) {
	for _, p := range n.project[n.page].parts {
		if p.name == name && !p.static {
			return p, true
		}
	}
	return nxPart{}, false
}

// assign sets a system variable or an attribute of a component on this page.
func (n *nextion) assign(name, value string) int {
	switch name {
	case "bkcmd", "dim", "dims", "sleep", "baud", "bauds", "thsp", "thup":
		return n.setSystem(name, value)
	}
	add := strings.HasSuffix(name, "+")
	name = strings.TrimSuffix(name, "+")
	comp, attr, dotted := strings.Cut(name, ".")
	part, ok := n.part(comp)
	if !dotted || !ok {
		return codeVariable
	}
	switch attr {
	case "txt":
		if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return codeOperation
		}
		got, ok := parameters(value)
		if !ok || len(got) != 1 {
			return codeEscape
		}
		s := got[0]
		if add {
			s = n.set[name] + s
		}
		n.set[name] = s[:min(len(s), part.most)] // beyond txt_maxl: cut without a word
		if part.code {
			n.shown++
		}
		return codeDone
	case "val":
		v, err := strconv.Atoi(value)
		if !part.number {
			return codeVariable
		}
		if err != nil || v < 0 {
			return codeOperation
		}
		n.set[name], n.wound = value, time.Time{}
		if v > 0 {
			n.wound = time.Now().Add(time.Duration(v) * time.Second)
		}
		return codeDone
	case "pco", "bco":
		v, err := strconv.Atoi(value)
		if err != nil || v < 0 || v > 65535 {
			return codeOperation
		}
		n.set[name] = value
		return codeDone
	}
	return codeVariable
}

// setSystem sets a system variable.
func (n *nextion) setSystem(name, value string) int {
	v, err := strconv.Atoi(value)
	if err != nil {
		return codeOperation
	}
	switch {
	case name == "bkcmd" && v >= 0 && v <= 3:
		n.bkcmd = v
	case strings.HasPrefix(name, "dim") && v >= 0 && v <= 100:
		n.dim = v
	case name == "sleep" && (v == 0 || v == 1):
		n.sleep = v == 1
	case strings.HasPrefix(name, "baud"):
		if !strings.Contains(" 2400 4800 9600 19200 31250 38400 57600 115200 230400 250000 256000 512000 921600 ", " "+value+" ") {
			return codeBaud
		}
	case strings.HasPrefix(name, "th"):
	default:
		return codeOperation
	}
	return codeDone
}

func (n *nextion) get(name string) (int, []byte) {
	comp, attr, _ := strings.Cut(name, ".")
	if _, ok := n.part(comp); ok && attr == "txt" {
		return 0, []byte("\x70" + n.set[name] + display.NextionEnd)
	}
	v, ok := map[string]int{"dim": n.dim, "bkcmd": n.bkcmd, "dp": n.page}[name]
	if !ok {
		return codeVariable, nil
	}
	return 0, []byte{0x71, byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24), 0xFF, 0xFF, 0xFF}
}
