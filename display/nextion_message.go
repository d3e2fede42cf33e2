package display

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// Pages of the panel's project; configs/nextion describes them.
const (
	nxIdle   = 0 // t0 the shop's name or thanks, t1 a word below it
	nxPay    = 1 // qr0 the code, t0 amount, t1 wallet, t2 remaining time
	nxResult = 2 // t0 what happened or what the customer is to do, t1 amount
)

// nxSilence is how many seconds the project's timer lets a code stand without a
// word from posd. Every second of the countdown winds it up again (by one second
// more or less, so that it always differs from what was sent before).
const nxSilence = 10

// Colours of the panel, RGB565.
const (
	nxGreen    = "3046"
	nxRed      = "51333"
	nxWeChat   = "1548"
	nxAlipay   = "5055"
	nxUnionPay = "51333"
)

var nxWalletColour = map[sale.Method]string{sale.WeChat: nxWeChat, sale.Alipay: nxAlipay, sale.UnionPay: nxUnionPay}

// nxLeaf is what should stand on the panel: a page and its attributes in the
// order in which they are sent.
type nxLeaf struct {
	page  int
	code  string // text of the QR in it
	attrs []nxAttr
	trim  int // attrs from here on are sent after the others are acknowledged
}

type nxAttr struct{ name, value string }

// nxQuote makes a string constant of a text: quotes and backslashes are escaped.
func nxQuote(text []byte) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(text)) + `"`
}

// leaf returns what a picture looks like on the panel.
func (n *nextion) leaf(p Picture) nxLeaf {
	v := n.voice.within(p.Screen)
	lang := v.lang
	text := func(name, s string) nxAttr { return nxAttr{name + ".txt", nxQuote(v.write(s))} }
	top, bottom := v.lines(p.Screen)
	switch {
	case p.Kind == sale.ScreenWelcome || p.Kind == sale.ScreenThanks || p.Kind == sale.ScreenOffline:
		return nxLeaf{page: nxIdle, attrs: []nxAttr{text("t0", top), text("t1", bottom)}, trim: 2}
	case p.Code != "" && n.Fits(p.Code) == nil:
		word := scanShort[lang][called(p.Screen)]
		if word == "" {
			word = scanShort[lang][""]
		}
		if p.Kind == sale.ScreenPassword {
			word = passwordShort[lang]
		}
		l := nxLeaf{page: nxPay, code: p.Code, trim: 3, attrs: []nxAttr{
			{"qr0.txt", nxQuote([]byte(p.Code))},
			text("t0", Money(p.Amount, p.Currency, lang)),
			text("t1", word),
		}}
		if c, ok := nxWalletColour[p.Method]; ok {
			l.attrs = append(l.attrs, nxAttr{"t1.bco", c})
		}
		if p.Left > 0 {
			l.attrs = append(l.attrs, text("t2", clock(p.Left)))
			if n.timer {
				l.attrs = append(l.attrs, nxAttr{"va0.val", strconv.Itoa(nxSilence - int(p.Left/time.Second)%2)})
			}
		}
		return l
	case p.Kind == sale.ScreenItems:
		top, bottom = strings.Join(strings.Fields(top), " "), strings.Join(strings.Fields(bottom), " ")
	}
	l := nxLeaf{page: nxResult, attrs: []nxAttr{text("t0", top), text("t1", bottom)}, trim: 2}
	switch p.Kind {
	case sale.ScreenPaid, sale.ScreenReturned, sale.ScreenHeld:
		l.attrs = append(l.attrs, nxAttr{"t0.pco", nxGreen})
	case sale.ScreenDeclined, sale.ScreenCancelled:
		l.attrs = append(l.attrs, nxAttr{"t0.pco", nxRed})
	}
	return l
}

// clock writes a remaining time as 1:59.
func clock(left time.Duration) string {
	s := int(left / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// commands returns what makes the glass show l where shown stands, first the
// commands that matter, then the trimmings. A page brings its components back to
// their designed values, so it is sent when any attribute has to be taken back.
func (l nxLeaf) commands(shown *nxLeaf) (first, trim []string) {
	stands := map[string]string{}
	if shown != nil && shown.page == l.page && l.covers(*shown) {
		for _, a := range shown.attrs {
			stands[a.name] = a.value
		}
	} else {
		first = append(first, "page "+strconv.Itoa(l.page))
	}
	for i, a := range l.attrs {
		if v, ok := stands[a.name]; ok && v == a.value {
			continue
		}
		if c := a.name + "=" + a.value; i < l.trim {
			first = append(first, c)
		} else {
			trim = append(trim, c)
		}
	}
	return first, trim
}

// says reports whether a text that the panel holds is l's, or its beginning where
// the component is too short for it.
func (l nxLeaf) says(name, held string) bool {
	for _, a := range l.attrs {
		if a.name == name {
			quoted := nxQuote([]byte(held))
			return a.value == quoted || held != "" && strings.HasPrefix(a.value, quoted[:len(quoted)-1])
		}
	}
	return false
}

// covers reports whether l sets every attribute that other set.
func (l nxLeaf) covers(other nxLeaf) bool {
	has := map[string]bool{}
	for _, a := range l.attrs {
		has[a.name] = true
	}
	for _, a := range other.attrs {
		if !has[a.name] {
			return false
		}
	}
	return true
}
