package display

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"posd/device/sale"
)

// linedisplay drives text poles. They cannot show a QR: 5x7 dots to a
// character do not carry 29 modules.
type linedisplay struct {
	voice   voice
	dialect dialect
	bright  int
	wait    time.Duration // for an acknowledgement, where there is one

	shown *[2]string // the lines that stand on the glass; nil if unknown
	free  time.Time  // when the pole has worked the last update off
	wrote [poleRate]time.Time
	n     int // updates so far
}

// A pole that answers nothing is given twice the time that its line takes for an
// update, and no more than poleRate of them in a second: some lose bytes under a
// flood. One that acknowledges says itself when it is done.
const (
	poleRate = 5
	poleSlow = 9600 // the line's speed, where nobody knows it
)

// pace returns how long to wait before the next update.
func (d *linedisplay) pace(now time.Time) time.Duration {
	if d.dialect.acks {
		return 0
	}
	return max(d.free.Sub(now), d.wrote[d.n%poleRate].Add(time.Second).Sub(now))
}

// sent notes an update of so many bytes.
func (d *linedisplay) sent(now time.Time, bytes, baud int) {
	d.wrote[d.n%poleRate] = now
	d.n++
	d.free = now.Add(2 * time.Duration(bytes) * 10 * time.Second / time.Duration(baud))
}

func newLinedisplay(c Config) *linedisplay {
	v := c.voice()
	v.font.capitals = true
	return &linedisplay{voice: v, dialect: dialects[c.Dialect], bright: c.Brightness, wait: c.AnswerWait}
}

func (d *linedisplay) CanQR() bool { return false }

// poleLines returns what stands on the glass: both lines in capitals, centred
// and padded to 20 bytes.
func (d *linedisplay) poleLines(s sale.Screen) [2]string {
	if d.dialect.digits {
		return [2]string{priceDigits(s), priceLamp(s)}
	}
	v := d.voice.within(s)
	top, bottom := v.lines(s)
	return [2]string{d.cell(v, top), d.cell(v, bottom)}
}

// cell writes a line for the glass: exactly 20 bytes.
func (d *linedisplay) cell(v voice, s string) string {
	line := v.centred(s)
	if d.dialect.never != "" {
		line = strings.ReplaceAll(line, d.dialect.never, ".")
	}
	return line
}

// update returns the bytes that bring a pole from shown to want: only lines
// that changed, because some poles lose bytes under a flood.
func (d *linedisplay) update(shown *[2]string, want [2]string) []byte {
	switch {
	case shown == nil || shown[0] != want[0] && shown[1] != want[1]:
		return []byte(d.dialect.both(want[0], want[1]))
	case shown[0] != want[0]:
		return []byte(d.dialect.upper(want[0]))
	case shown[1] != want[1]:
		return []byte(d.dialect.lower(want[1]))
	}
	return nil
}

// greeting is what a pole is sent first.
func (d *linedisplay) greeting() []byte { return []byte(d.dialect.clear + d.dialect.settings(d)) }

// Greet clears the pole and sets it up. Most poles say nothing, so nothing is
// known of them.
func (d *linedisplay) Greet(ctx context.Context, c *Conn) (sale.Identity, error) {
	d.shown = nil
	return sale.Identity{}, d.write(ctx, c, d.greeting())
}

// Draw writes the lines that changed. A check writes settings and both lines: a
// pole that lost its power says nothing.
func (d *linedisplay) Draw(ctx context.Context, c *Conn, p Picture) error {
	var b []byte
	if p.Check {
		d.shown = nil
		b = []byte(d.dialect.settings(d))
	}
	want := d.poleLines(p.Screen)
	if b = append(b, d.update(d.shown, want)...); len(b) > 0 {
		d.shown = nil
		if err := d.write(ctx, c, b); err != nil {
			return err
		}
	}
	d.shown = &want
	if d.dialect.digits {
		return nil
	}
	return d.voice.refusal(nil, p)
}

// write sends one update, not too soon after the last one, and waits for its
// acknowledgement where the dialect has one.
func (d *linedisplay) write(ctx context.Context, c *Conn, b []byte) error {
	if err := pause(ctx, d.pace(time.Now())); err != nil {
		return err
	}
	for c.Pending() != nil { // whatever it said before
	}
	_, err := c.Write(b)
	d.sent(time.Now(), len(b), c.baud())
	if err != nil || !d.dialect.acks {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	for {
		got, err := c.Next(ctx)
		if err != nil {
			return fmt.Errorf("pole: wait for the acknowledgement: %w", noAnswer(err, d.wait))
		}
		switch dsp800Verdict(got) {
		case dspACK:
			return nil
		case dspNAK:
			return errors.New("pole: it refuses the text (NAK): is dialect right?")
		}
	}
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Heard ignores everything: these poles have nothing to say unasked.
func (d *linedisplay) Heard([]byte) error { return nil }
