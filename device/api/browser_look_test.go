//go:build tools

package api

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"posd/device/sale"
)

// looksLike has the browser say what its person prefers.
func (c *counter) looksLike(name, value string) {
	c.t.Helper()
	prefers := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}}
	err := chromedp.Do(c.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, prefers)
		return err
	}))
	if err != nil {
		c.t.Fatal(err)
	}
}

// everyPage looks at both pages of the shop in what states they have.
func (c *counter) everyPage(where string) {
	c.t.Helper()
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	c.open("/")
	c.until(`document.querySelector("#last-S02")`)
	c.accessible("keying" + where)
	c.shot("look-keying" + where)
	for _, s := range states(posds) {
		c.now(s)
		c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
		c.accessible(string(s.State) + " " + string(s.Reason) + where)
		c.shot("look-" + string(s.State) + where)
	}
	c.open("/manager")
	c.until(`document.querySelector("#devices td") && document.querySelector("#sales td") && !document.querySelector(".begins")`)
	c.accessible("manager" + where)
	c.shot("look-manager" + where)
}

func TestPagesCanBeReadInTheDarkAndInLargeLetters(t *testing.T) {
	c := newCounter(t)
	c.sells()
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Attention: posds, CreatedAt: time.Now().UTC()}
	for _, s := range []sale.Sale{unsure, paid("S02", sale.CardSale, 4200)} {
		c.put(s)
	}
	c.unsure = []sale.Sale{unsure}
	sizes := []struct{ w, h int64 }{{320, 640}, {800, 480}, {1920, 1080}}
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.looksLike("prefers-color-scheme", "dark")
		c.everyPage(fmt.Sprintf("-dark-%d", size.w))
		if js[string](c, `getComputedStyle(document.body).backgroundColor`) == "rgb(244, 246, 243)" {
			t.Error("the dark page is light")
		}
	}
	c.looksLike("prefers-color-scheme", "light")
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.open("/")
		js[any](c, `localStorage.setItem("posd.size", "1.5"), 1`)
		c.everyPage(fmt.Sprintf("-150-%d", size.w))
	}
	before := js[float64](c, `parseFloat(getComputedStyle(document.documentElement).fontSize)`)
	js[any](c, `document.getElementById("size").click(), 1`)
	c.until(fmt.Sprintf(`parseFloat(getComputedStyle(document.documentElement).fontSize) < %f`, before))
	c.open("/")
	c.until(`document.getElementById("size").textContent.startsWith("A 100 %")`)
	c.looksLike("forced-colors", "active")
	c.until(`document.querySelector(".pill")`)
	c.accessible("forced colours")
	if w := js[string](c, `getComputedStyle(document.querySelector(".pill")).borderTopWidth`); w == "0px" {
		t.Errorf("in forced colours a pill has a border of %s", w)
	}
}

func TestTheMonthShowsTheThreeBooks(t *testing.T) {
	c := newCounter(t)
	c.size(1024, 600)
	c.open("/manager")
	c.until(`document.querySelectorAll("#day td button").length === 2 && document.querySelectorAll(".calendar button").length === 1`)
	c.accessible("month")
	js[any](c, `document.querySelector(".calendar button").click(), 1`)
	c.says("Z REPORT 12 (CLOSING)")
	c.press("Close")
	js[any](c, `document.getElementById("before").click(), 1`)
	c.says("No day was closed in this month.")
	js[any](c, `document.getElementById("after").click(), 1`)
	c.until(`document.querySelectorAll("#day td button").length === 2`)
}
