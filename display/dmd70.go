package display

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"posd/device/sale"
)

// Epson DM-D70: a 7 inch colour display that draws QR codes by itself. Text is
// that of the DM poles, two lines of 20 characters at the top; the code goes
// below them.
//
//	GS-like frames    US ( k  length  31  function ...
//	165  31 41 32 00        model 2                    once, in the greeting
//	169  31 45 31           level M                    once, in the greeting
//	167  31 43 n            n dots to a module         8 bytes
//	180  31 50 30 text      into the symbol's memory   8 bytes and the text
//	181  31 51 30 a x y     show; a=1 with quiet zone  13 bytes
//
// It answers identity questions when it hangs on the computer itself, and
// nothing when it hangs behind a printer; so an answer is a gift, not a demand.
const (
	dmModel  = us + "(k\x04\x00\x31\x41\x32\x00"
	dmLevelM = us + "(k\x03\x00\x31\x45\x31"
	dmText   = 64 // pixels that the two lines take from the top [assumed]
	dmWidth  = 800
)

// dmd70 drives the DM-D70.
type dmd70 struct {
	voice  voice
	glass  glass
	bright int
	wait   time.Duration

	answers bool // it told who it is
	shown   *dmFace
}

// dmFace is what stands on the glass.
type dmFace struct {
	lines [2]string
	code  string
}

func newDMD70(c Config) *dmd70 {
	return &dmd70{voice: c.voice(), glass: c.glass(), bright: c.Brightness, wait: c.AnswerWait}
}

func (d *dmd70) CanQR() bool { return true }

func (d *dmd70) Fits(code string) error { return d.glass.fits(code) }

// face returns what a picture looks like.
func (d *dmd70) face(p Picture) dmFace {
	v := d.voice.within(p.Screen)
	top, bottom := v.lines(p.Screen)
	var f dmFace
	if p.Code != "" && d.Fits(p.Code) == nil {
		f.code = p.Code
		if left := clock(p.Left); p.Left > 0 && columns(bottom)+1+len(left) <= poleColumns {
			bottom += strings.Repeat(" ", poleColumns-columns(bottom)-len(left)) + left
		}
	}
	f.lines = [2]string{v.centred(top), v.centred(bottom)}
	return f
}

// update returns the bytes that lead from shown to f; the code's come first.
func (d *dmd70) update(shown *dmFace, f dmFace) []byte {
	var b bytes.Buffer
	if shown == nil || shown.code != f.code {
		if shown == nil || shown.code != "" {
			b.WriteString(wipe)
			shown = &dmFace{}
		}
		if f.code != "" {
			b.Write(d.symbol(f.code))
		}
	}
	if shown.lines[0] != f.lines[0] {
		b.WriteString(us + "$\x01\x01" + f.lines[0])
	}
	if shown.lines[1] != f.lines[1] {
		b.WriteString(us + "$\x01\x02" + f.lines[1])
	}
	return b.Bytes()
}

// symbol is functions 167, 180 and 181: 29 bytes and the text.
func (d *dmd70) symbol(code string) []byte {
	px, side := d.glass.square(code)
	side += 2 * QuietZone * px
	x, y := (dmWidth-side)/2, dmText+(d.glass.side-side)/2
	var b bytes.Buffer
	b.WriteString(us + "(k\x03\x00\x31\x43")
	b.WriteByte(byte(px))
	n := len(code) + 3
	b.Write([]byte{us[0], '(', 'k', byte(n), byte(n >> 8), 0x31, 0x50, 0x30})
	b.WriteString(code)
	b.Write([]byte{us[0], '(', 'k', 8, 0, 0x31, 0x51, 0x30, 1, byte(x), byte(x >> 8), byte(y), byte(y >> 8)})
	return b.Bytes()
}

// Greet sets the display up and asks who it is.
func (d *dmd70) Greet(ctx context.Context, c *Conn) (sale.Identity, error) {
	d.shown, d.answers = nil, false
	if _, err := c.Write([]byte(esc + "@" + d.settings() + wipe)); err != nil {
		return sale.Identity{}, err
	}
	id, err := dmIdentity(ctx, c, d.wait)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return id, nil // it hangs behind a printer
	}
	d.answers = err == nil
	return id, err
}

// settings are what the display forgets without power: cursor, brightness, code
// table, the symbol's model and level.
func (d *dmd70) settings() string {
	table := ""
	if d.voice.font.charset == CP1252 {
		table = esc + "t\x10"
	}
	return us + "C\x00" + us + "X" + brightness(d.bright, "\x01\x02\x03\x04") + table + dmModel + dmLevelM
}

// dmIdentity asks for model, serial number and firmware. No answer to the first
// question is context.DeadlineExceeded.
func dmIdentity(ctx context.Context, c *Conn, wait time.Duration) (id sale.Identity, err error) {
	for _, q := range []struct {
		n    byte
		into *string
	}{{0x43, &id.Model}, {0x44, &id.Serial}, {0x41, &id.Version}} {
		if *q.into, err = dmAsk(ctx, c, q.n, wait); err != nil {
			return id, err
		}
	}
	return id, nil
}

// dmAsk sends US ( B and waits for the text.
func dmAsk(ctx context.Context, c *Conn, n byte, wait time.Duration) (string, error) {
	if _, err := c.Write([]byte{us[0], '(', 'B', 2, 0, 0x30, n}); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var got []byte
	for {
		if text, ok := dmAnswer(got); ok {
			return text, nil
		}
		b, err := c.Next(ctx)
		if err != nil {
			return "", fmt.Errorf("dm-d70: wait for its answer to question %02X: %w", n, err)
		}
		got = append(got, b...)
		got = got[max(0, len(got)-256):] // noise has no end
	}
}

// dmAnswer finds a whole identity answer, 57 20 ... 1F 00, and returns its text.
func dmAnswer(b []byte) (text string, ok bool) {
	begin := bytes.Index(b, []byte{0x57, 0x20})
	if begin < 0 {
		return "", false
	}
	body := b[begin+2:]
	end := bytes.Index(body, []byte{0x1F, 0x00})
	if end < 0 {
		return "", false
	}
	body = body[:end]
	if i := bytes.LastIndexByte(body, 0x1F); i >= 0 { // a display number stands before it
		body = body[i+1:]
	}
	return plain(strings.ToValidUTF8(string(body), "")), true
}

// Draw brings the display to a picture. A check asks who is there if it ever
// told, and then draws everything again: what stands on the glass it cannot say.
func (d *dmd70) Draw(ctx context.Context, c *Conn, p Picture) error {
	if p.Check {
		d.shown = nil
		if d.answers {
			if _, err := dmAsk(ctx, c, 0x43, d.wait); err != nil {
				return noAnswer(err, d.wait)
			}
		}
	}
	f := d.face(p)
	b := d.update(d.shown, f)
	if p.Check {
		b = append([]byte(d.settings()), b...)
	}
	if len(b) > 0 {
		d.shown = nil
		if _, err := c.Write(b); err != nil {
			return err
		}
		d.shown = &f
	}
	return d.voice.refusal(d, p)
}

// Heard ignores late answers.
func (d *dmd70) Heard([]byte) error { return nil }

// refusal is the flaw of a picture whose code, or one of whose texts, was left
// out. f is nil for a display that draws no codes.
func (v voice) refusal(f fitter, p Picture) error {
	if f != nil && p.Code != "" {
		if err := f.Fits(p.Code); err != nil {
			return Flaw{err.Error()}
		}
	}
	if words := v.leftOut(p.Screen); words != "" {
		return Flaw{words}
	}
	return nil
}
