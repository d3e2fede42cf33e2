package display

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"posd/device/sale"
)

// Bonrix-type boxes: an ESP32 with a colour display that knows the screens of a
// till. One line of UTF-8 is one screen:
//
//	DisplayQRCodeScreen**weixin://wxpay/...**12.34**WeChat LF
//	'-- screen --------'  '-- fields, joined by two stars --'
//
// Whether it answers is not documented: what comes is read and never required.
// Two stars and line ends cannot be escaped: texts are kept free of them, and a
// code that holds them is refused, for a code that was changed is another code.
const (
	bonrixEnd  = "\n"
	bonrixJoin = "**"
)

// bonrix drives such a box.
type bonrix struct {
	voice    voice
	glass    glass
	boot     time.Duration // how long it may take to start after the port is opened
	currency bool

	shown string
}

func newBonrix(c Config) *bonrix {
	return &bonrix{voice: c.voice(), glass: c.glass(), boot: c.BootWait, currency: c.BoxCurrency}
}

func (d *bonrix) CanQR() bool { return true }

func (d *bonrix) Fits(code string) error {
	if strings.Contains(code, bonrixJoin) || strings.HasPrefix(code, "*") || strings.HasSuffix(code, "*") {
		return errors.New("the code holds stars, which this box takes for the end of a field")
	}
	if strings.TrimSpace(code) != code {
		return errors.New("the code begins or ends with a space, which this box may leave out")
	}
	return d.glass.fits(code)
}

// line returns the screen as the box takes it. There is no remaining time on it:
// each line paints the whole glass.
func (d *bonrix) line(p Picture) string {
	v := d.voice.within(p.Screen)
	top, bottom := v.lines(p.Screen)
	amount := number(p.Amount, v.lang)
	if d.currency {
		amount = Money(p.Amount, p.Currency, v.lang)
	}
	id := string(p.Sale)
	id = id[max(0, len(id)-8):]
	switch {
	case p.Code != "" && d.Fits(p.Code) == nil:
		name := bonrixWallet[called(p.Screen)]
		if p.Kind == sale.ScreenPassword {
			name = passwordShort[v.lang]
		}
		return d.join("DisplayQRCodeScreen", p.Code, d.field(amount), d.field(name))
	case p.Kind == sale.ScreenItems && len(p.Items) > 0:
		last := p.Items[len(p.Items)-1]
		return d.words("DisplayItemScreen", clip(v.font.outside(last.Name), poleColumns), "", number(last.Amount, v.lang), "1", amount)
	case p.Kind == sale.ScreenItems && p.Amount > 0:
		return d.words("DisplayTotalScreen", amount, number(0, v.lang), number(0, v.lang), amount)
	case p.Kind == sale.ScreenPaid:
		return d.words("DisplaySuccessQRCodeScreen", top, id, bottom)
	case p.Kind == sale.ScreenDeclined:
		return d.words("DisplayFailQRCodeScreen", top, id, bottom)
	case p.Kind == sale.ScreenCancelled:
		return d.words("DisplayCancelQRCodeScreen", top, id, bottom)
	}
	// Its picture of success says that a payment was made: a refund and an amount
	// held are said in words.
	return d.words("WelcomeScreen", strings.TrimSpace(top+" "+bottom))
}

// bonrixWallet is the name under the code.
var bonrixWallet = map[sale.Method]string{sale.WeChat: "WeChat", sale.Alipay: "Alipay", sale.UnionPay: "UnionPay", brand: "Alipay+"}

// words makes a line of a screen and its texts.
func (d *bonrix) words(screen string, texts ...string) string {
	for i, t := range texts {
		texts[i] = d.field(t)
	}
	return d.join(screen, texts...)
}

// field writes a text for the box. Of stars in a row one stays, and none stands
// at an edge, where it would be taken for the end of a field.
func (d *bonrix) field(text string) string {
	text = string(d.voice.write(text))
	for strings.Contains(text, bonrixJoin) {
		text = strings.ReplaceAll(text, bonrixJoin, "*")
	}
	if strings.HasPrefix(text, "*") {
		text = " " + text
	}
	if strings.HasSuffix(text, "*") {
		text += " "
	}
	return text
}

// join makes a line of a screen and its fields, as they are.
func (d *bonrix) join(screen string, fields ...string) string {
	return screen + bonrixJoin + strings.Join(fields, bonrixJoin) + bonrixEnd
}

// Greet waits until the box has started: opening its port may restart it, and
// what is sent meanwhile is lost.
func (d *bonrix) Greet(ctx context.Context, c *Conn) (sale.Identity, error) {
	d.shown = ""
	return sale.Identity{Model: "QR box"}, bootChatter(ctx, c, d.boot)
}

// bootQuiet is how long a starting ESP32 is silent at the end.
const bootQuiet = 300 * time.Millisecond

// bootChatter waits for a device that restarts when its port is opened: for
// most if it says nothing, else until it has fallen silent.
func bootChatter(ctx context.Context, c *Conn, most time.Duration) error {
	limit, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	_, err := c.Next(limit)
	for err == nil {
		quiet, stop := context.WithTimeout(limit, bootQuiet)
		_, err = c.Next(quiet)
		stop()
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// Draw sends the line of the screen, again at a check: the box cannot be asked
// what it shows.
func (d *bonrix) Draw(_ context.Context, c *Conn, p Picture) error {
	if line := d.line(p); line != d.shown || p.Check {
		d.shown = ""
		if _, err := c.Write([]byte(line)); err != nil {
			return err
		}
		d.shown = line
	}
	return d.voice.refusal(d, p)
}

// Heard looks for the first words of an ESP32 that starts.
func (d *bonrix) Heard(b []byte) error {
	if bytes.Contains(b, []byte("rst:0x")) {
		d.shown = ""
		return ErrRestarted
	}
	return nil
}

// bonrixFree asks for the free memory and reads until the word exit.
func bonrixFree(ctx context.Context, c *Conn, wait time.Duration) (sale.Identity, error) {
	if _, err := c.Write([]byte("freeSize" + bonrixEnd)); err != nil {
		return sale.Identity{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var got []byte
	for {
		if kb, ok := bonrixAnswer(got); ok {
			return sale.Identity{Model: "QR box, " + kb + " KB free"}, nil
		}
		b, err := c.Next(ctx)
		if err != nil {
			return sale.Identity{}, err
		}
		got = append(got, b...)
		got = got[max(0, len(got)-512):]
	}
}

// bonrixAnswer finds a number followed by a line "exit".
func bonrixAnswer(b []byte) (kb string, ok bool) {
	lines := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' || r == '\r' })
	for i := 1; i < len(lines); i++ {
		n := strings.TrimSpace(lines[i-1])
		if strings.TrimSpace(lines[i]) == "exit" && n != "" && strings.Trim(n, "0123456789.") == "" {
			return n, true
		}
	}
	return "", false
}
