//go:build tools

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"posd/device/sale"
)

// window is a browser's, on the hub's page.
type window struct {
	t   *testing.T
	tab context.Context
}

func (w *window) do(all ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.tab, all...); err != nil {
		w.t.Fatal(err)
	}
}

// says waits until an expression gives a text, and returns it.
func (w *window) says(expression string) string {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, err := chromedp.Run(w.tab, chromedp.Evaluate[string]("String("+expression+")||''"))
		if err == nil && text != "" && text != "undefined" && text != "false" {
			return text
		}
	}
	w.t.Fatal("never: " + expression)
	return ""
}

// accessible asks axe-core about the page as it stands, and whether it is wider than its window.
func (w *window) accessible(what string) {
	w.t.Helper()
	const version = "4.14.1"
	dir := filepath.Join(os.TempDir(), "posd-axe-"+version)
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if out, err := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "axe-core@"+version).CombinedOutput(); err != nil {
			w.t.Fatalf("npm install axe-core: %v: %s", err, out)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	const look = `;window.found = ""; axe.run(document, { resultTypes: ["violations"] }).then(r => { window.found = r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")).join(" | ") || "nothing" }); 0`
	if _, err := chromedp.Run(w.tab, chromedp.Evaluate[any](string(text)+look)); err != nil {
		w.t.Fatal(err)
	}
	if found := w.says("window.found"); found != "nothing" {
		w.t.Errorf("%s: %s", what, found)
	}
	if wide := w.says("document.documentElement.scrollWidth <= innerWidth ? 'fits' : document.documentElement.scrollWidth"); wide != "fits" {
		w.t.Errorf("%s: wider than its window: %s", what, wide)
	}
	if dir := os.Getenv("POSD_SHOTS"); dir != "" {
		picture, err := chromedp.Run(w.tab, chromedp.CaptureScreenshot())
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, what+".png"), picture, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// troubledBooks have what a page may have to show: an alarm, a sale for a person, a closed day.
func troubledBooks(t *testing.T) *books {
	t.Helper()
	b, err := openBooks(t.Context(), Books{Path: filepath.Join(t.TempDir(), "books.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	c := newTill(t, t.TempDir(), "t1")
	c.sell(2865)
	v := c.sell(100)
	v.Incident = "amounts differ: asked 1.00, approved 2.00"
	c.put(sale.SaleRow{Sale: v}, sale.DayRow{Day: sale.Day{No: 1, Date: "2026-11-21", ClosedAt: noon, By: "Ada", Books: []byte(
		`{"currency":"CAD","total":{"paid":{"count":2,"cents":2965},"refunds":{"count":0,"cents":0},"voids":{"count":0,"cents":0},"net":2965},"tips":{"count":1,"cents":50}}`)}})
	all := c.messages(0, nil)
	bookAll(t, b, all...)
	other := newTill(t, t.TempDir(), "t2")
	other.sell(5)
	bookAll(t, b, other.messages(1, nil)...) // a gap
	return b
}

// A person logs in, sees what is wrong, finds a sale and a day's reports, and logs
// out, with a keyboard or a screen reader, on a telephone and on a desk.
func TestHubsPageIsAccessible(t *testing.T) {
	s, token := guarded(t)
	s.h.books = troubledBooks(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go s.run(ctx)
	tab, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.DisableGPU))
	defer cancel()
	w := &window{t, tab}
	for _, width := range []int64{320, 1280} {
		at := func(what string) string { return fmt.Sprintf("hub-%s-%d", what, width) }
		w.do(chromedp.EmulateViewport(width, 1400), chromedp.Navigate("http://"+s.listen.Addr().String()+"/"))
		w.says(`document.querySelector("[name=token]")`)
		w.accessible(at("login"))
		w.do(chromedp.SendKeys("[name=token]", token+"\r"))
		w.says(`document.querySelector("#alarms td.bad").textContent`)
		w.says(`document.querySelector("#tills tbody th").textContent`)
		w.do(chromedp.SetValue("#day input", "2026-11-21"), chromedp.SetValue("#find [name=last4]", "1111"))
		w.do(chromedp.SendKeys("#find [name=last4]", "\r"))
		w.says(`document.querySelector("#found tbody th").textContent`)
		w.do(chromedp.Click("#day button"))
		w.says(`document.querySelector("#days summary").textContent`)
		w.do(chromedp.Click("#days summary"))
		text := w.says(`document.querySelector("#days tbody").innerText`)
		for _, want := range []string{"tips: 1, 0.50", "29.65", "Sum, CAD"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in %s", want, text)
			}
		}
		w.accessible(at("books"))
		w.do(chromedp.Click("#logout button"))
		w.says(`document.querySelector("[name=token]")`)
	}
}
