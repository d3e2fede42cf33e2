//go:build tools

package api

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"posd/device/sale"
)

var codeTexts = []string{
	"weixin://wxpay/bizpayurl?pr=abcdefg", // 34
	"https://qr.alipayplus.com/281002040092KZ6T1Y0000000000000000",
	strings.Repeat("https://qr.95516.com/0001000162", 10)[:300],
}

func screens() map[string]sale.Screen {
	until := time.Now().Add(95 * time.Second)
	base := sale.Screen{Sale: "S2", Amount: 2865, Currency: "CAD"}
	with := func(f func(*sale.Screen)) sale.Screen { s := base; f(&s); return s }
	kind := func(k sale.ScreenKind) sale.Screen { return with(func(s *sale.Screen) { s.Kind = k }) }
	return map[string]sale.Screen{
		"welcome": {Kind: sale.ScreenWelcome, Message: "Fresh bread at four"},
		"items": with(func(s *sale.Screen) {
			s.Kind = sale.ScreenItems
			s.Items = []sale.Item{{Name: "Sourdough, large", Amount: 895}, {Name: "Coffee beans, dark roast, one pound, ground for filter", Amount: 1795}, {Name: "Loyalty", Amount: -200}, {Name: "Tea", Amount: 375}}
		}),
		"choose": kind(sale.ScreenChoose),
		"tip": with(func(s *sale.Screen) {
			s.Kind, s.Until, s.Tips = sale.ScreenTip, &until, []sale.Tip{{Percent: 15, Amount: 430}, {Percent: 18, Amount: 516}, {Percent: 20, Amount: 573}}
		}),
		"tip-much": with(func(s *sale.Screen) {
			s.Kind, s.Amount, s.Tips = sale.ScreenTip, sale.MaxAmount, []sale.Tip{{Percent: 15, Amount: sale.MaxAmount}, {Percent: 100, Amount: sale.MaxAmount}}
		}),
		"choose-much": with(func(s *sale.Screen) {
			s.Kind, s.Amount, s.Message = sale.ScreenChoose, sale.MaxAmount, "Members pay by WeChat with ten percent off until the end of the month of May 2027"
		}),
		"card": kind(sale.ScreenCard),
		"card-lines": with(func(s *sale.Screen) {
			s.Kind, s.Subtotal, s.Taxes = sale.ScreenCard, 2492, []sale.Tax{{Name: "GST/TPS", Amount: 125}, {Name: "QST/TVQ", Amount: 248}}
			for i := range 12 {
				s.Items = append(s.Items, sale.Item{Name: fmt.Sprintf("Item %d", i+1), Amount: 207})
			}
		}),
		"return":      kind(sale.ScreenReturn),
		"return-much": with(func(s *sale.Screen) { s.Kind, s.Amount = sale.ScreenReturn, sale.MaxAmount }),
		"returned":    kind(sale.ScreenReturned),
		"held":        kind(sale.ScreenHeld),
		"held-much":   with(func(s *sale.Screen) { s.Kind, s.Amount = sale.ScreenHeld, sale.MaxAmount }),
		"processing":  with(func(s *sale.Screen) { s.Kind = sale.ScreenProcessing; s.Method = sale.Alipay }),
		"code": with(func(s *sale.Screen) {
			s.Kind = sale.ScreenCode
			s.Method = sale.WeChat
			s.Code = codeTexts[0]
			s.Until = &until
		}),
		"password":  with(func(s *sale.Screen) { s.Kind = sale.ScreenPassword; s.Method = sale.UnionPay }),
		"paid":      kind(sale.ScreenPaid),
		"paid-cash": with(func(s *sale.Screen) { s.Kind, s.Method, s.Change = sale.ScreenPaid, sale.Cash, 135 }),
		"paid-tip": with(func(s *sale.Screen) {
			s.Kind, s.Tip, s.Subtotal, s.Taxes = sale.ScreenPaid, 430, 2492, []sale.Tax{{Name: "HST", Amount: 373}}
		}),
		"paid-much": with(func(s *sale.Screen) { s.Kind = sale.ScreenPaid; s.Amount = sale.MaxAmount }),
		"code-much": with(func(s *sale.Screen) {
			s.Kind = sale.ScreenCode
			s.Method = sale.Alipay
			s.Code = codeTexts[1]
			s.Amount = sale.MaxAmount
		}),
		"items-many": with(func(s *sale.Screen) {
			s.Kind, s.Amount = sale.ScreenItems, sale.MaxAmount
			for i := range 60 {
				s.Items = append(s.Items, sale.Item{Name: fmt.Sprintf("Item %d", i+1), Amount: 123456789})
			}
		}),
		"thanks":      {Kind: sale.ScreenThanks, Sale: "S2"},
		"declined":    kind(sale.ScreenDeclined),
		"cancelled":   kind(sale.ScreenCancelled),
		"ask-cashier": kind(sale.ScreenAskCashier),
	}
}

// decode reads a QR out of a picture, as the customer's phone does.
func decode(picture []byte) (string, error) {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	r, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return "", err
	}
	return r.GetText(), nil
}

// outOfSight lists what of the customer's screen does not fit its window.
const outOfSight = `(() => {
	const { scrollWidth: w, scrollHeight: h } = document.documentElement;
	const out = [...document.querySelectorAll("main *")].filter(e => { const r = e.getBoundingClientRect(); return !e.closest("ul") && (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) }).map(e => e.tagName + " " + e.innerText);
	return (w > innerWidth || h > innerHeight ? ["the page, " + w + "x" + h] : []).concat(out).join("; ");
})()`

func TestCustomerSeesEveryScreen(t *testing.T) {
	c := newCounter(t)
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.show(screens()["welcome"])
		c.open("/display")
		c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
		for _, l := range sale.Languages {
			for name, s := range screens() {
				s.Language = l
				c.show(s)
				c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q && document.documentElement.lang === %q`, s.Kind, l))
				if name == "items-many" {
					c.until(`(() => { const last = document.querySelector("li:last-child"); if (!last?.innerText.includes("Item 60")) return false; const r = last.getBoundingClientRect(); return r.bottom <= document.querySelector(".total").getBoundingClientRect().top + 1 })()`)
				}
				if out := js[string](c, outOfSight); out != "" {
					t.Errorf("%s %s %dx%d: out of sight: %s", name, l, size.w, size.h, out)
				}
				c.shot(fmt.Sprintf("display-%dx%d-%s-%s", size.w, size.h, name, l))
			}
		}
	}
}

func TestCustomerCanScanEveryCode(t *testing.T) {
	c := newCounter(t)
	c.open("/display")
	for _, size := range sizes {
		c.size(size.w, size.h)
		for _, scale := range []float64{1, 1.25, 1.5} {
			if err := chromedp.Do(c.tab, chromedp.EmulateViewport(size.w, size.h, chromedp.EmulateScale(scale))); err != nil {
				t.Fatal(err)
			}
			for i, text := range codeTexts {
				s := screens()["code"]
				s.Code, s.Sale = text, sale.ID(fmt.Sprintf("S%d-%d-%v", i, size.w, scale))
				c.show(s)
				c.until(fmt.Sprintf(`document.querySelector("svg")?.viewBox.baseVal.width === %d`, modules(t, text)+8))
				got, err := decode(c.picture(fmt.Sprintf("scan-%dx%d-%v-%d", size.w, size.h, scale, i)))
				if err != nil || got != text {
					t.Errorf("%dx%d at %v, %d characters: %q %v", size.w, size.h, scale, len(text), got, err)
				}
				if whole := js[bool](c, `(() => { const s = document.querySelector("svg"); const p = s.getBoundingClientRect().width * devicePixelRatio / s.viewBox.baseVal.width; return p >= 1 && Math.abs(p - Math.round(p)) < 0.01 })()`); !whole {
					t.Errorf("%dx%d at %v: modules are not whole pixels", size.w, size.h, scale)
				}
			}
		}
	}
}

// matrix draws a QR at level M; any encoder does, the page only paints it.
func matrix(text string) ([][]bool, error) {
	q, err := encoder.Encoder_encode(text, decoder.ErrorCorrectionLevel_M, nil)
	if err != nil {
		return nil, err
	}
	m := q.GetMatrix()
	out := make([][]bool, m.GetHeight())
	for y := range out {
		out[y] = make([]bool, m.GetWidth())
		for x := range out[y] {
			out[y][x] = m.Get(x, y) == 1
		}
	}
	return out, nil
}

func modules(t *testing.T, text string) int {
	m, err := matrix(text)
	if err != nil {
		t.Fatal(err)
	}
	return len(m)
}

func TestCustomerPageGoesOfflineAndComesBack(t *testing.T) {
	c := newCounter(t)
	c.size(800, 480)
	c.open("/display")
	c.show(screens()["code"])
	c.until(`document.querySelector("svg")`)
	c.stop()
	c.until(`document.getElementById("screen").dataset.kind === "offline" && !document.querySelector("svg")`)
	c.shot("display-offline")
	c.show(screens()["paid"])
	c.start()
	c.until(`document.getElementById("screen").dataset.kind === "paid"`)
}

func TestSilenceIsTakenForAbsence(t *testing.T) {
	c := newCounter(t)
	c.opts.KeepAlive = 200 * time.Millisecond
	c.stop()
	c.start()
	c.open("/display")
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
	var once sync.Once
	hung := make(chan struct{})
	defer once.Do(func() { close(hung) })
	c.mu.Lock()
	c.stuck = hung
	c.mu.Unlock()
	c.until(`document.getElementById("screen").dataset.kind === "offline"`)
	c.mu.Lock()
	c.stuck = nil
	c.mu.Unlock()
	once.Do(func() { close(hung) })
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
}

func TestPagesComeUpByThemselvesWhenPosdDoes(t *testing.T) {
	c := newCounter(t)
	c.open("/display")
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
	// A service worker keeps the copy; ask it rather than guess when it is done.
	wait := `caches.open("posd").then(c => c.keys()).then(k => k.length >= 6)`
	for ok, limit := false, time.Now().Add(patience); !ok; {
		var err error
		if ok, err = chromedp.Run(c.tab, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil || time.Now().After(limit) {
			t.Fatalf("no copy was kept: %v", err)
		}
	}
	c.stop()
	if err := chromedp.Do(c.tab, chromedp.Reload()); err != nil {
		t.Fatal(err)
	}
	c.until(`document.getElementById("screen").dataset.kind === "offline"`)
	c.start()
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
}
