package display

import (
	"context"
	"errors"
	"time"

	"posd/device/sale"
)

// Mertech QR-PAY: a puck that shows one QR and two pictures, no words.
//
//	02 F2 02 <length, 2 bytes> <text> 02 F2 03     a code
//	02 F0 03 <word> 03                             CLS, correct, mistake, 0D1302?
//
// Its answers are not documented: they are read and thrown away. After a code it
// wants a second before the next command.
const (
	mertechBegin = "\x02\xF2\x02"
	mertechEnd   = "\x02\xF2\x03"
	mertechRest  = time.Second
)

func mertechWord(w string) string { return "\x02\xF0\x03" + w + "\x03" }

// mertech drives the puck.
type mertech struct {
	glass glass
	wait  time.Duration

	shown string
	busy  time.Time // until when it is still at its last code
}

func newMertech(c Config) *mertech { return &mertech{glass: c.glass(), wait: c.AnswerWait} }

func (d *mertech) CanQR() bool { return true }

func (d *mertech) Fits(code string) error { return d.glass.fits(code) }

// command returns what a picture is to the puck.
func (d *mertech) command(p Picture) string {
	switch {
	case p.Code != "" && d.Fits(p.Code) == nil:
		return mertechBegin + string([]byte{byte(len(p.Code) >> 8), byte(len(p.Code))}) + p.Code + mertechEnd
	case p.Kind == sale.ScreenPaid || p.Kind == sale.ScreenReturned || p.Kind == sale.ScreenHeld:
		return mertechWord("correct")
	case p.Kind == sale.ScreenDeclined || p.Kind == sale.ScreenCancelled:
		return mertechWord("mistake")
	}
	return mertechWord("CLS")
}

// Greet asks for the firmware; no answer is no fault.
func (d *mertech) Greet(ctx context.Context, c *Conn) (sale.Identity, error) {
	d.shown, d.busy = "", time.Time{}
	id := sale.Identity{Model: "QR-PAY"}
	if _, err := c.Write([]byte(mertechWord("0D1302?"))); err != nil {
		return id, err
	}
	limit, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	b, err := c.Next(limit)
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return id, err
	}
	id.Version = plain(string(ASCII.encode(string(b))))
	return id, nil
}

// Draw sends the picture, again at a check.
func (d *mertech) Draw(ctx context.Context, c *Conn, p Picture) error {
	if cmd := d.command(p); cmd != d.shown || p.Check {
		d.shown = ""
		if err := pause(ctx, time.Until(d.busy)); err != nil {
			return err
		}
		if _, err := c.Write([]byte(cmd)); err != nil {
			return err
		}
		if cmd[1] == mertechBegin[1] {
			d.busy = time.Now().Add(mertechRest)
		}
		d.shown = cmd
	}
	return voice{}.refusal(d, Picture{Screen: sale.Screen{Code: p.Code}})
}

// Heard ignores what it says.
func (d *mertech) Heard([]byte) error { return nil }
