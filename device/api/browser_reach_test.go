//go:build tools

package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"posd/device/sale"
)

// unreachable lists what nobody could tap, however the page is scrolled: buttons,
// fields and links that are cut off or lie under something else; and the page, if it
// is wider than its window.
const unreachable = `(() => {
	const dialog = document.querySelector("dialog[open]"), out = [];
	if (document.documentElement.scrollWidth > innerWidth) out.push("the page is " + document.documentElement.scrollWidth + " wide");
	for (const e of (dialog || document).querySelectorAll("button, input, select, a[href], summary")) {
		if (!e.checkVisibility({ visibilityProperty: true })) continue;
		e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2, top = document.elementFromPoint(x, y);
		if (r.width < 24 || r.height < 24 || r.left < -1 || r.right > innerWidth + 1 || !top || !(e.contains(top) || e.closest("label")?.contains(top)))
			out.push((e.id || e.textContent.trim()) + " " + [r.x, r.y, r.width, r.height].map(Math.round) + " under " + (top ? top.tagName + "#" + top.id + "." + top.className : "nothing"));
	}
	scrollTo(0, 0);
	return out.join("; ");
})()`

// reachable fails if something on the page cannot be tapped.
func (c *counter) reachable(what string) {
	c.t.Helper()
	if out := js[string](c, unreachable); out != "" {
		c.t.Errorf("%s: %s", what, out)
	}
}

// eachState opens the pages in their main states, one after the other.
func (c *counter) eachState(look func(what string)) {
	c.t.Helper()
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	c.open("/")
	js[any](c, `sessionStorage.clear(), 1`)
	c.until(`document.querySelector(".outcomes li") && document.querySelector("#last-S02")`)
	look("keying")
	for _, s := range states(posds) {
		c.now(s)
		c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
		look(string(s.State) + " " + string(s.Reason))
	}
	js[any](c, `[...document.querySelectorAll("#sale .row .danger")].at(-1).click()`)
	c.until(`document.getElementById("dialog").open`)
	look("a question")
	c.open("/manager")
	c.until(`document.querySelector("#devices td") && document.querySelector("#sales td") && !document.querySelector(".begins")`)
	look("manager")
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.until(`document.getElementById("dialog").open`)
	look("a sale at the manager")
	c.open("/display")
	for name, s := range screens() {
		s.Language = c.opts.Language
		c.show(s)
		c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q`, s.Kind))
		look("display " + name)
	}
}

// full fills the counter with what pages can show.
func (c *counter) full() {
	c.sells()
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Attention: posds, CreatedAt: time.Now().UTC()}
	ended := paid("S04", sale.CardSale, 4200)
	went := time.Now().UTC()
	ended.WentUnsureAt, ended.FinalAt = &went, &went
	for _, s := range []sale.Sale{unsure, ended, paid("S02", sale.CardSale, 4200)} {
		c.put(s)
	}
	c.unsure, c.outcomes = []sale.Sale{unsure}, []sale.Sale{ended}
	c.link, c.stats = "down", sale.QueueStats{Queued: 4, Cents: 9900, SetAside: 1}
}

// TestEverythingCanBeReachedAtTwiceTheSize zooms the counter's screens to 200 %, which
// leaves a page half of their points each way, and looks at 320 points, which is 1280 at 400 %.
func TestEverythingCanBeReachedAtTwiceTheSize(t *testing.T) {
	c := newCounter(t)
	c.full()
	for _, size := range []struct {
		w, h     int64
		zoom     float64
		language sale.Language
	}{{400, 240, 2, sale.French}, {960, 540, 2, sale.ChineseTraditional}, {320, 256, 4, sale.English}} {
		c.opts.Language = size.language
		c.stop()
		c.start()
		if err := chromedp.Do(c.tab, chromedp.EmulateViewport(size.w, size.h, chromedp.EmulateScale(size.zoom))); err != nil {
			t.Fatal(err)
		}
		c.eachState(func(what string) {
			at := fmt.Sprintf("%s at %.0f00 %% in %dx%d", what, size.zoom, size.w, size.h)
			c.reachable(at)
			c.shot(fmt.Sprintf("reach-%d-%s", size.w, what))
		})
	}
}

// moving lists what moves by itself or on the way from one look to another.
const moving = `(() => [...document.querySelectorAll("*")].flatMap((e) => ["", "::before", "::after"].map((p) => [e, getComputedStyle(e, p || null)]))
	.filter(([, s]) => s.animationName !== "none" || s.transitionDuration.split(", ").some((d) => d !== "0s") || s.scrollBehavior !== "auto")
	.map(([e]) => e.tagName + "#" + e.id).concat(document.getAnimations().map(() => "an animation")).join(" "))()`

// TestNothingMovesForWhoWantsItSo: what moves otherwise must be seen to.
func TestNothingMovesForWhoWantsItSo(t *testing.T) {
	c := newCounter(t)
	c.full()
	c.size(1024, 600)
	c.open("/display")
	c.until(`document.getElementById("screen").dataset.kind === "welcome"`)
	if js[string](c, moving) == "" {
		t.Error("nothing moves for anybody: this test would see nothing")
	}
	c.looksLike("prefers-reduced-motion", "reduce")
	c.eachState(func(what string) {
		if m := js[string](c, moving); m != "" {
			t.Errorf("%s: these move: %s", what, m)
		}
	})
}

// lost lists what can be tapped and has no edge, and what means something by its
// ground alone and is drawn on none: forced colours leave borders and texts.
const lost = `(() => [...document.querySelectorAll("button, input, select, .pill, #sale:not([hidden]), .icon, .mark, .picture, .ring circle, rect, .calendar > button, .chart [class]")]
	.filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width)
	.filter((e) => {
		const s = getComputedStyle(e);
		if (e.closest(".code") || s.forcedColorAdjust === "none") return false; // the code is looked at below
		if (e instanceof SVGElement) return s.fill === "none" ? s.stroke === getComputedStyle(document.body).backgroundColor : s.fill === getComputedStyle(document.body).backgroundColor;
		return parseFloat(s.borderTopWidth) < 1 || s.borderTopStyle === "none";
	}).map((e) => e.tagName + "#" + e.id + "." + (e.className.baseVal ?? e.className) + " " + e.textContent.slice(0, 20)).join("; "))()`

// TestNothingIsLostInForcedColours: every state in the colours that a person's system
// forces, where grounds and shadows are gone; the customer's code stays black on white.
func TestNothingIsLostInForcedColours(t *testing.T) {
	c := newCounter(t)
	c.full()
	c.size(1024, 600)
	c.looksLike("forced-colors", "active")
	c.eachState(func(what string) {
		if out := js[string](c, lost); out != "" {
			t.Errorf("%s: %s", what, out)
		}
		c.accessible(what + " in forced colours")
		c.shot("forced-" + what)
	})
	s := screens()["code"]
	c.show(s)
	c.until(`document.querySelector(".code svg")`)
	if got, err := decode(c.picture("forced-code")); err != nil || got != s.Code {
		t.Errorf("in forced colours the code reads %q %v", got, err)
	}
}

// TestCustomersScreenCanBeDark: a kiosk whose system prefers the dark has no white
// screen, and its code can still be read.
func TestCustomersScreenCanBeDark(t *testing.T) {
	c := newCounter(t)
	c.size(1024, 600)
	c.looksLike("prefers-color-scheme", "dark")
	c.open("/display")
	for name, s := range screens() {
		c.show(s)
		c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q`, s.Kind))
		if light := js[bool](c, `getComputedStyle(document.getElementById("screen")).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) > 380`); light {
			t.Errorf("%s is light in the dark", name)
		}
		c.accessible(name + " in the dark")
		c.shot("display-dark-" + name)
	}
	s := screens()["code"]
	c.show(s)
	c.until(`document.querySelector(".code svg")`)
	if got, err := decode(c.picture("display-dark-code")); err != nil || got != s.Code {
		t.Errorf("in the dark the code reads %q %v", got, err)
	}
}

// TestReceiptIsScannedOffTheGlass: the code beside "Paid" leads to the receipt, at every size.
func TestReceiptIsScannedOffTheGlass(t *testing.T) {
	c := newCounter(t)
	now := time.Now()
	c.opts.Lent = lending(&now)
	c.stop()
	c.start()
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.open("/display")
		for _, name := range []string{"paid-cash", "thanks"} {
			c.show(screens()[name])
			c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q && document.querySelector(".code svg")`, screens()[name].Kind))
			if got, err := decode(c.picture(fmt.Sprintf("receipt-%s-%d", name, size.w))); err != nil || got != c.opts.Lent.address("S2") {
				t.Errorf("%s %dx%d: the code reads %q %v", name, size.w, size.h, got, err)
			}
			if out := js[string](c, outOfSight); out != "" {
				t.Errorf("%s %dx%d: out of sight: %s", name, size.w, size.h, out)
			}
		}
	}
	c.accessible("paid with a receipt")
}

// TestBillsAreShownToTheShop: the till and the manager see what a sale's amount is made of.
func TestBillsAreShownToTheShop(t *testing.T) {
	c := newCounter(t)
	s := paid("S9", sale.CardSale, 2865)
	s.Lines = sale.Lines{Subtotal: 2492, Taxes: []sale.Tax{{Name: "HST", Amount: 373}}, Items: []sale.Item{{Name: "Sourdough, large", Amount: 2492}}}
	c.put(s)
	c.now(s)
	shows := func(where string) {
		c.until(`document.querySelector(".lines dl")`)
		js[any](c, `document.querySelector(".lines summary").click(), 1`)
		for _, words := range []string{"Sourdough, large", "Subtotal", "$24.92", "HST", "$3.73"} {
			c.says(words)
		}
		c.accessible(where)
		c.shot("bill-" + where)
	}
	c.open("/")
	shows("till")
	c.open("/manager")
	c.until(`document.querySelector("#sales td button")`)
	js[any](c, `document.querySelector("#sales td button").click()`)
	shows("manager")
}
