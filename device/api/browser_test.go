//go:build tools

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"posd/device"
	"posd/device/sale"
)

// These tests need Debian's chromium (and fonts-noto-cjk to draw Chinese).
// POSD_SHOTS=FOLDER keeps the pictures for eyes.

var sizes = []struct{ w, h int64 }{{800, 480}, {1024, 600}, {1920, 1080}, {480, 800}}

// counter is a fake till behind a real server, and a browser tab looking at it.
type counter struct {
	*fake
	t    *testing.T
	url  string
	tab  context.Context
	addr string
	srv  *http.Server
	opts Options
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	f := newFake()
	o := options(f)
	o.Matrix = matrix
	o.Clock = time.Now
	c := &counter{fake: f, t: t, opts: o, addr: "127.0.0.1:0"}
	c.start()
	tab, cancel := chromedp.NewContext(context.Background())
	t.Cleanup(cancel)
	c.tab = tab
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("start chromium (apt-get install chromium): %v", err)
	}
	return c
}

// start listens, again at the same address after a stop.
func (c *counter) start() {
	c.t.Helper()
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.addr = l.Addr().String()
	c.url = "http://" + c.addr
	ctx, cancel := context.WithCancel(context.Background())
	c.srv = Server(ctx, New(c.fake, c.opts), slog.New(slog.DiscardHandler))
	c.srv.RegisterOnShutdown(cancel)
	go c.srv.Serve(l)
	c.t.Cleanup(func() { cancel(); c.srv.Close() })
}

// stop goes away as a killed posd does.
func (c *counter) stop() { c.srv.Close() }

func (c *counter) size(w, h int64) {
	c.t.Helper()
	if err := chromedp.Do(c.tab, chromedp.EmulateViewport(w, h)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) open(path string) {
	c.t.Helper()
	if err := chromedp.Do(c.tab, chromedp.Navigate(c.url+path)); err != nil {
		c.t.Fatal(err)
	}
}

func js[T any](c *counter, expression string) T {
	c.t.Helper()
	v, err := chromedp.Run(c.tab, chromedp.Evaluate[T](expression))
	if err != nil {
		c.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits until an expression is true.
func (c *counter) until(expression string) {
	c.t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		v, err := chromedp.Run(c.tab, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && v {
			return
		}
	}
	c.t.Fatalf("never true: %s\nthe page says: %s", expression, js[string](c, "document.body.innerText"))
}

func (c *counter) says(text string) {
	c.t.Helper()
	c.until("document.body.innerText.includes(" + quote(text) + ")")
}

// press clicks the button with a label, as a finger does: it must be in view and on top.
func (c *counter) press(label string) {
	c.t.Helper()
	find := `[...document.querySelectorAll("dialog[open] button, main button, #banners button")].find(b => b.innerText.trim().split("\n")[0] === ` + quote(label) + ` && !b.disabled && b.offsetParent)`
	c.until(find)
	js[any](c, find+".scrollIntoView({block:'nearest'})")
	if hit := js[bool](c, `(() => { const b = `+find+`; const r = b.getBoundingClientRect(); const e = document.elementFromPoint(r.x + r.width/2, r.y + r.height/2); return b.contains(e) })()`); !hit {
		c.t.Errorf("button %q is covered", label)
	}
	js[any](c, find+".click()")
}

func (c *counter) keys(text string) {
	c.t.Helper()
	if err := chromedp.Do(c.tab, chromedp.KeyEvent(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) fill(id, text string) {
	c.t.Helper()
	js[any](c, fmt.Sprintf("document.getElementById(%s).value = %s", quote(id), quote(text)))
}

// asks waits until the till has been asked something.
func (c *counter) asks(what string) {
	c.t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		c.mu.Lock()
		found := slices.Contains(c.asked, what)
		c.mu.Unlock()
		if found {
			return
		}
	}
	c.t.Fatalf("the till was asked %q, never %q", c.asked, what)
}

// last returns the latest sale's ID.
func (c *counter) last() sale.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Max(slices.Collect(maps.Keys(c.sales)))
}

// get returns a sale as the fake has it.
func (c *counter) get(id sale.ID) sale.Sale {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sales[id]
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// shot takes a picture, and keeps it if it was asked for.
func (c *counter) shot(name string) []byte {
	c.t.Helper()
	b, err := chromedp.Run(c.tab, chromedp.CaptureScreenshot())
	if err != nil {
		c.t.Fatal(err)
	}
	if dir := os.Getenv("POSD_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	return b
}

func (c *counter) show(s sale.Screen) {
	c.mu.Lock()
	c.screen = s
	c.mu.Unlock()
	c.tell(device.Message{Event: "screen", Data: s})
}

// now changes a sale and tells it.
func (c *counter) now(s sale.Sale) {
	c.put(s)
	c.mu.Lock()
	c.current = &s
	c.mu.Unlock()
	c.tell(device.Message{Event: "sale", Data: s})
}

func (c *counter) fits() {
	c.t.Helper()
	if !js[bool](c, "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight") {
		c.t.Errorf("%s does not fit %s", js[string](c, "location.pathname"), js[string](c, "innerWidth+'x'+innerHeight"))
	}
}

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
		"card":       kind(sale.ScreenCard),
		"processing": with(func(s *sale.Screen) { s.Kind = sale.ScreenProcessing; s.Method = sale.Alipay }),
		"code": with(func(s *sale.Screen) {
			s.Kind = sale.ScreenCode
			s.Method = sale.WeChat
			s.Code = codeTexts[0]
			s.Until = &until
		}),
		"password":  with(func(s *sale.Screen) { s.Kind = sale.ScreenPassword; s.Method = sale.UnionPay }),
		"paid":      kind(sale.ScreenPaid),
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
				c.fits()
				if out := js[string](c, `[...document.querySelectorAll("main *")].filter(e => { const r = e.getBoundingClientRect(); return !e.closest("ul") && (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) }).map(e => e.tagName + " " + e.innerText).join("; ")`); out != "" {
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
				got, err := decode(c.shot(fmt.Sprintf("scan-%dx%d-%v-%d", size.w, size.h, scale, i)))
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

// sells makes the fake answer sales like a till: waiting, then as told.
func (c *counter) sells() {
	n := 1
	byKey := map[string]sale.Sale{}
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		if s, ok := byKey[r.Key]; ok {
			return s, true, nil
		}
		n++
		s := sale.Sale{ID: sale.ID(fmt.Sprintf("S%d", n)), Amount: r.Amount, Currency: "CAD", Method: r.Method, Reference: r.Reference, Replaces: r.Replaces,
			State: sale.Waiting, CreatedAt: time.Now().UTC(), Printed: sale.PrintNone, Reported: sale.ReportNotNeeded}
		byKey[r.Key] = s
		c.now(s)
		return s, false, nil
	}
}

func TestCardSaleFromKeysToReceipt(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.shot("cashier-0-empty")
	c.keys("2865")
	c.until(`document.getElementById("amount").innerText.includes("28.65")`)
	c.fits()
	c.shot("cashier-1-keyed")
	c.press("Card")
	c.says("At the card terminal")
	c.show(screens()["card"])
	c.says("Tap, insert or swipe")
	c.shot("cashier-2-card")
	c.open("/") // a reload at any moment
	c.says("At the card terminal")
	s := c.get("S2")
	s.CancelWished = true
	c.press("Cancel")
	c.now(s)
	c.says("Cancel is asked for")
	s.State, s.ApprovedAmount, s.Printed, s.Reported = sale.Paid, 2865, sale.PrintDone, sale.ReportQueued
	s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166"}
	s.Attention = "approved although cancel was pressed: void it if the customer does not want it"
	c.now(s)
	c.says("VISA XXXXXXXXXXXX1166")
	c.says("approved although cancel was pressed")
	c.shot("cashier-3-paid")
	c.press("Receipt")
	c.says("CORNER SHOP")
	c.press("Close")
	c.press("Void")
	c.says("Your name")
	c.fill("f-by", "Ana")
	c.shot("cashier-4-void")
	js[any](c, `document.querySelector("dialog .strong").click()`)
	c.asks("void S2")
	if c.move.By != "Ana" || c.move.Sale != "S2" {
		t.Errorf("void asked: %+v", c.move)
	}
	c.press("New sale")
	c.says("How does the customer pay?")
	c.open("/") // what was put away stays away
	c.says("How does the customer pay?")
}

func TestWalletSaleAndTheSameCustomerQuestion(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	for _, k := range []string{"1", "2", "5", "0"} {
		c.press(k)
	}
	c.press("WeChat Pay")
	c.says("Asking IOTPay for a code")
	c.show(screens()["code"])
	c.says("The code is shown")
	c.says("left")
	c.shot("cashier-5-code")
	c.show(screens()["password"])
	c.says("typing the password")
	s := c.get("S2")
	s.State, s.GivenUp, s.Reason = sale.Unsure, true, sale.ReasonCashier
	c.show(sale.Screen{Kind: sale.ScreenWelcome})
	c.now(s)
	c.says("Cancelled here, still watched")
	c.shot("cashier-6-given-up")
	c.press("New sale")
	c.says("Not known yet")
	c.keys("1250")
	inner := c.onSell
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		if r.Replaces == "" {
			return sale.Sale{}, false, &device.Refusal{Kind: device.ErrSameBill, Other: "S2", Words: "Sale S2 of 12.50 may be for the same bill, and it is not known yet whether it was paid."}
		}
		return inner(r)
	}
	c.press("Alipay")
	c.says("Is it the same customer?")
	c.shot("cashier-7-same")
	c.press("Same bill: give that one up")
	c.says("Asking IOTPay for a code")
	if c.sell.Replaces != "S2" || c.sell.Method != sale.Alipay {
		t.Errorf("asked again with %+v", c.sell)
	}
	// The first one is paid after all.
	late := time.Now().Add(55 * time.Second)
	now := c.get("S3")
	now.State = sale.Cancelled
	c.now(now)
	s.State, s.ApprovedAmount, s.Attention = sale.Paid, 1250, "the customer has paid after all"
	s.Refunds = []sale.Movement{{ID: "R1", Kind: sale.Refund, Amount: 1250, State: sale.MoveWaiting, By: "posd", Why: "late payment", KeepUntil: &late}}
	c.now(s)
	c.says("The customer has paid after all")
	c.shot("cashier-8-late")
	c.press("Keep the payment")
	c.fill("f-by", "Ana")
	js[any](c, `document.querySelector("dialog .strong").click()`)
	c.asks("keep S2 Ana")
}

func TestRequestIsRepeatedUnderItsKey(t *testing.T) {
	c := newCounter(t)
	c.sells()
	inner := c.onSell
	var keys []string
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		keys = append(keys, r.Key)
		s, replayed, err := inner(r)
		if len(keys) == 1 {
			return s, replayed, fmt.Errorf("answer lost")
		}
		return s, replayed, err
	}
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("500")
	c.press("UnionPay")
	c.says("Asking IOTPay for a code")
	c.until(`sessionStorage.getItem("posd.pending") === "[]"`)
	if len(keys) < 2 || keys[0] != keys[1] || len(keys[0]) < 20 {
		t.Errorf("keys %q", keys)
	}
	// A reload while posd is away: asked again under the same key when it is back.
	s := c.get("S2")
	s.State = sale.Cancelled
	c.now(s)
	c.press("New sale")
	keys = keys[:0]
	c.keys("700")
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		keys = append(keys, r.Key)
		return sale.Sale{}, false, fmt.Errorf("answer lost")
	}
	c.press("Card")
	c.says("Asking again under the same key")
	c.shot("cashier-9-again")
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) { keys = append(keys, r.Key); return inner(r) }
	c.open("/")
	c.says("At the card terminal")
	for _, k := range keys {
		if k != keys[0] {
			t.Errorf("keys %q", keys)
		}
	}
}

func TestUnsureSaleIsSettledByAPerson(t *testing.T) {
	c := newCounter(t)
	s := sale.Sale{ID: "S5", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Reason: sale.ReasonNoAnswer, Words: "no answer from the terminal",
		Attention: "the terminal has been silent for 3 minutes: look at its list of sales", CreatedAt: time.Now().UTC()}
	c.put(s)
	c.unsure = []sale.Sale{s}
	c.link, c.stats = "down", sale.QueueStats{Queued: 4, Cents: 9900, SetAside: 1}
	c.size(800, 480)
	c.open("/")
	c.says("Needs a person")
	c.says("Reports waiting: 4")
	c.fits()
	c.shot("cashier-10-unsure-list")
	js[any](c, `document.getElementById("unsure-S5").click()`)
	c.says("silent for 3 minutes")
	c.shot("cashier-11-unsure")
	c.press("Settle")
	js[any](c, `document.querySelector("dialog .strong").click()`)
	c.says("Fill in every field")
	c.fill("f-as", "paid") // nothing is chosen for the person
	c.fill("f-reason", "it stands in the terminal's list")
	c.fill("f-by", "Ana")
	c.shot("cashier-12-settle")
	js[any](c, `document.querySelector("dialog .strong").click()`)
	c.asks("resolve S5")
	if c.resolved.As != sale.Paid || c.resolved.By != "Ana" || c.resolved.Reason == "" {
		t.Errorf("resolved %+v", c.resolved)
	}
}

func TestManagerSeesSalesQueueAndDevices(t *testing.T) {
	c := newCounter(t)
	c.link, c.stats = "down", sale.QueueStats{Queued: 2, Cents: 5730, SetAside: 1}
	c.reports = []sale.Report{{No: "R1", Sale: "S1", Amount: 2865, Currency: "CAD", State: sale.QueueDue, QueuedAt: at, Attempts: 4, Words: "no answer"},
		{No: "R2", Sale: "S1", Amount: 2865, Currency: "CAD", State: sale.QueueSetAside, QueuedAt: at, Attempts: 9, Words: "amount not allowed"}}
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.open("/manager")
		c.says("28.65")
		c.says("terminal (pax)")
		c.shot(fmt.Sprintf("manager-%dx%d", size.w, size.h))
	}
	c.press("Send again")
	c.asks("retry R2")
	c.press("Send all again")
	c.asks("retry ")
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.says("Number")
	c.press("Receipt")
	c.says("CORNER SHOP")
	c.shot("manager-receipt")
}

func TestLatePaymentIsFoundAfterAReload(t *testing.T) {
	c := newCounter(t)
	until := time.Now().Add(50 * time.Second)
	c.put(sale.Sale{ID: "S0", Amount: 1250, ApprovedAmount: 1250, Currency: "CAD", Method: sale.WeChat, State: sale.Paid, GivenUp: true, CreatedAt: time.Now().UTC(),
		Refunds: []sale.Movement{{ID: "R1", Kind: sale.Refund, Amount: 1250, State: sale.MoveWaiting, By: "posd", KeepUntil: &until}}})
	c.open("/")
	c.says("The customer has paid after all")
	c.says("It is refunded by itself in 0:")
}

func TestTheRestOfAPartlyPaidBillIsOneTouchAway(t *testing.T) {
	c := newCounter(t)
	s := sale.Sale{ID: "S3", Amount: 2865, ApprovedAmount: 2000, Due: 865, Currency: "CAD", Method: sale.Card, Reference: "A7", State: sale.Paid, CreatedAt: time.Now().UTC(),
		Attention: "approved for 20.00 only: 8.65 is still due"}
	c.put(s)
	c.current = &s
	c.size(800, 480)
	c.open("/")
	c.says("Partly paid")
	c.says("Still due: $8.65")
	c.shot("cashier-13-partly")
	c.press("Take the rest: $8.65")
	c.until(`document.getElementById("amount").innerText.includes("8.65") && document.getElementById("reference").value === "A7"`)
}

func TestWholeSaleByKeyboard(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("12345")
	c.keys(kb.Backspace)
	c.keys("a")
	c.asks("sell")
	c.says("Asking IOTPay for a code")
	if c.sell.Amount != 1234 || c.sell.Method != sale.Alipay {
		t.Errorf("sold %+v", c.sell)
	}
	s := c.get("S2")
	s.State = sale.Declined
	c.now(s)
	c.says("No money was taken")
	c.until(`document.activeElement.innerText === "New sale"`)
	c.keys(kb.Tab)
	c.until(`document.activeElement.innerText === "Same bill, another try"`)
	c.keys(kb.Enter)
	c.until(`document.getElementById("amount").innerText.includes("12.34")`)
	c.keys("c")
	c.says("At the card terminal")
	s = c.get("S3")
	s.State, s.ApprovedAmount = sale.Paid, 1234
	c.now(s)
	c.until(`document.activeElement.innerText === "New sale"`)
	c.keys(kb.Enter)
	c.says("How does the customer pay?")
	c.keys("900c")
	c.says("At the card terminal")
	c.keys(kb.Enter) // must not cancel
	c.says("At the card terminal")
	if slices.Contains(c.asked, "cancel S4") {
		t.Error("Enter cancelled a sale")
	}
}

func TestTwoTapsAreOneSale(t *testing.T) {
	c := newCounter(t)
	c.sells()
	inner, hold := c.onSell, make(chan struct{})
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) { <-hold; return inner(r) }
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("900")
	js[any](c, `document.getElementById("method-card").click(), document.getElementById("method-card").click(), document.getElementById("method-wechat").click(), 1`)
	c.asks("sell")
	close(hold)
	c.says("At the card terminal")
	if n := len(c.asked) - slices.Index(c.asked, "sell"); n != 1 {
		t.Errorf("asked %q", c.asked)
	}
}

func TestButtonsStayUnderTheFinger(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("900w")
	c.says("Asking IOTPay for a code")
	c.show(screens()["code"])
	c.says("1:3")
	js[any](c, `window.before = document.getElementById("wait-0"), window.count = document.getElementById("count").innerText, 1`)
	c.tell(device.Message{Event: "queue", Data: device.QueueView{QueueStats: sale.QueueStats{Queued: 9}, Link: "down"}})
	c.says("Reports waiting: 9")
	c.until(`document.getElementById("count").innerText !== window.count`)
	if !js[bool](c, `window.before === document.getElementById("wait-0") && window.before.isConnected`) {
		t.Error("the cancel button was replaced though nothing about the sale changed")
	}
}

func TestPagesComeUpByThemselvesWhenPosdDoes(t *testing.T) {
	c := newCounter(t)
	c.open("/display")
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
	// A service worker keeps the copy; ask it rather than guess when it is done.
	wait := `caches.open("posd").then(c => c.keys()).then(k => k.length >= 6)`
	for ok, limit := false, time.Now().Add(20*time.Second); !ok; {
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

// contrast lists the texts of a page that are hard to read: less than 4.5 to 1,
// or 3 to 1 for large ones (WCAG AA). Disabled controls are exempt there too.
const contrast = `(() => {
	const rgb = (s) => { const m = s.match(/[\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; };
	const light = ({ c }) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const ground = (e) => { for (; e; e = e.parentElement) { const b = rgb(getComputedStyle(e).backgroundColor); if (b.a > 0.99) return b; } return { c: [255, 255, 255], a: 1 }; };
	const bad = [];
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.closest(":disabled")) continue;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
		const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < (large ? 3 : 4.5)) bad.push(e.innerText.slice(0, 30) + " " + ratio.toFixed(2));
	}
	return bad.join("; ");
})()`

// unnamed lists controls without a name, too small for a finger, or covered.
const unnamed = `[...document.querySelectorAll("button, input, select, a")].filter((e) => e.checkVisibility()).flatMap((e) => {
	const name = e.getAttribute("aria-label") || e.innerText.trim() || (e.labels && [...e.labels].map((l) => l.innerText).join(""));
	const r = e.getBoundingClientRect();
	const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
	const covered = !document.querySelector("dialog[open]") && !e.disabled && r.bottom < innerHeight && !e.contains(top);
	return [covered && "covered: " + e.outerHTML.slice(0, 80), !name && "no name: " + e.outerHTML.slice(0, 80), (r.width < 40 || r.height < 36) && "small: " + e.outerHTML.slice(0, 80)].filter(Boolean);
}).join("; ")`

func TestPagesCanBeReadAndTouched(t *testing.T) {
	c := newCounter(t)
	c.sells()
	check := func(what string) {
		t.Helper()
		if bad := js[string](c, contrast); bad != "" {
			t.Errorf("%s: hard to read: %s", what, bad)
		}
		if bad := js[string](c, unnamed); bad != "" {
			t.Errorf("%s: %s", what, bad)
		}
	}
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Attention: "le terminal se tait", CreatedAt: time.Now().UTC()}
	c.put(unsure)
	c.unsure = []sale.Sale{unsure}
	c.link, c.stats = "stopped", sale.QueueStats{Queued: 4, Cents: 9900, SetAside: 1}
	c.opts.Language = sale.French
	c.stop()
	c.start()
	for _, size := range sizes {
		where := fmt.Sprintf("%dx%d", size.w, size.h)
		c.size(size.w, size.h)
		c.mu.Lock()
		c.current = nil
		c.mu.Unlock()
		c.open("/")
		js[any](c, `sessionStorage.clear(), 1`)
		c.says("Comment le client paie-t-il?")
		c.fits()
		c.keys("123456789")
		c.shot("till-" + where + "-keying")
		check("keying " + where)
		js[any](c, `document.getElementById("method-unionpay").click()`)
		c.says("Un code est demandé")
		c.fits()
		check("waiting " + where)
		s := c.get(c.last())
		for _, state := range []sale.State{sale.Declined, sale.Paid, sale.Unsure} {
			s.State, s.ApprovedAmount, s.Attention = state, s.Amount, "voyez la liste du terminal"
			c.now(s)
			c.until(`document.getElementById("sale").dataset.tone === "` + string(state) + `"`)
			c.fits()
			c.shot("till-" + where + "-" + string(state))
			check(string(state) + " " + where)
		}
		c.press("Régler")
		c.says("Comment le savez-vous")
		c.shot("till-" + where + "-settle")
		check("settle " + where)
		c.press("Retour")
		c.open("/manager")
		c.says("terminal (pax)")
		c.shot("manager-" + where)
		check("manager " + where)
	}
	c.open("/display")
	for name, s := range screens() {
		s.Language = sale.French
		c.show(s)
		c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q`, s.Kind))
		check("display " + name)
	}
}

// TestPagesLoadOnlyTheirOwn asks the browser what it loaded and what it refused.
func TestPagesLoadOnlyTheirOwn(t *testing.T) {
	c := newCounter(t)
	for _, p := range []string{"/", "/display", "/manager"} {
		if err := chromedp.Do(c.tab, chromedp.Navigate("about:blank")); err != nil {
			t.Fatal(err)
		}
		c.open(p)
		c.says("Corner Shop")
		if got := js[string](c, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin)).join(" ")`); got != "" {
			t.Errorf("%s loaded %s", p, got)
		}
		if n := js[int](c, `performance.getEntriesByType("resource").length`); n < 4 {
			t.Errorf("%s loaded %d files", p, n)
		}
		// The policy holds: what is not ours does not run.
		js[any](c, `window.ran = 0, document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = 1" })), 1`)
		if js[int](c, `window.ran`) != 0 {
			t.Errorf("%s runs foreign scripts", p)
		}
	}
}
