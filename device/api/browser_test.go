//go:build tools

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

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
	c.tab = newTab(t)
	return c
}

// patience is how long a page or the till may take for anything: only a machine
// with much else to do needs it, and a test that fails.
const patience = time.Minute

// browser is the one that all tests share; it ends with them.
var browser = sync.OnceValues(func() (context.Context, error) {
	ctx, _ := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*patience)))
	return ctx, chromedp.Do(ctx)
})

// newTab opens a window that shares nothing with those of other tests.
func newTab(t *testing.T) context.Context {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatalf("start chromium (apt-get install chromium): %v", err)
	}
	tab, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return tab
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
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
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

// press clicks the button with a label, as a finger does: it must be in view and
// on top. Finding, looking and clicking are one turn of the page: nothing moves between.
func (c *counter) press(label string) {
	c.t.Helper()
	c.until(`(() => {
		const b = [...document.querySelectorAll("dialog[open] button, main button, #banners button")].find(b => b.innerText.trim().split("\n")[0] === ` + quote(label) + ` && !b.disabled && b.checkVisibility({ visibilityProperty: true }));
		if (!b) return false;
		b.scrollIntoView({ block: "nearest" });
		const r = b.getBoundingClientRect(), top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		if (!b.contains(top)) return false; // it is covered
		b.click();
		return true;
	})()`)
}

// keys types at a person's pace; a busy machine only makes it slower.
func (c *counter) keys(text string) {
	c.t.Helper()
	for _, r := range text {
		time.Sleep(60 * time.Millisecond)
		if err := chromedp.Do(c.tab, chromedp.KeyEvent(string(r))); err != nil {
			c.t.Fatal(err)
		}
	}
}

// scanner types as a scanner does that pretends to be a keyboard: the keys carry
// the time at which they were pressed, so that a busy machine makes it no slower.
func (c *counter) scanner(text string) {
	c.t.Helper()
	const pace = 8 * time.Millisecond
	time.Sleep(60*time.Millisecond + pace*time.Duration(len(text))) // away from what was typed before
	at := time.Now().Add(-pace * time.Duration(len(text)))
	for _, r := range text {
		stamp := func(k *input.DispatchKeyEventParams) {
			k.Timestamp = input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6)
		}
		if err := chromedp.Do(c.tab, chromedp.KeyEvent(string(r), stamp)); err != nil {
			c.t.Fatal(err)
		}
		at = at.Add(pace)
	}
}

func (c *counter) fill(id, text string) {
	c.t.Helper()
	js[any](c, fmt.Sprintf("document.getElementById(%s).value = %s", quote(id), quote(text)))
}

// asks waits until the till has been asked something.
func (c *counter) asks(what string) {
	c.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
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

// shot keeps a picture if pictures were asked for.
func (c *counter) shot(name string) {
	c.t.Helper()
	if os.Getenv("POSD_SHOTS") != "" {
		c.picture(name)
	}
}

// picture takes a picture, and keeps it if pictures were asked for.
func (c *counter) picture(name string) []byte {
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

// sells makes the fake answer sales like a till: waiting, then as told.
func (c *counter) sells() {
	n := 1
	byKey := map[string]sale.Sale{}
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		if s, ok := byKey[r.Key]; ok {
			return s, true, nil
		}
		n++
		s := sale.Sale{ID: sale.ID(fmt.Sprintf("S%d", n)), Amount: r.Amount, Currency: "CAD", Method: r.Method, Kind: r.Kind, Original: r.Original, By: r.By, Why: r.Why, Reference: r.Reference, Replaces: r.Replaces,
			State: sale.Waiting, CreatedAt: time.Now().UTC(), Printed: sale.PrintNone, Reported: sale.ReportNotNeeded}
		byKey[r.Key] = s
		c.now(s)
		return s, false, nil
	}
}
