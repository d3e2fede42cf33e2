//go:build tools

package api

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
)

// axe is the text of axe-core, fetched by npm once for this machine.
var axe = sync.OnceValues(func() (string, error) {
	const version = "4.14.1"
	dir := filepath.Join(os.TempDir(), "posd-axe-"+version)
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if out, err := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "axe-core@"+version).CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm install axe-core: %w: %s", err, out)
		}
	}
	text, err := os.ReadFile(file)
	return string(text), err
})

const violations = `axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", ")).join(" | "))`

// accessible asks axe-core about the page as it stands, and whether it is wider than its window.
func (c *counter) accessible(what string) {
	c.t.Helper()
	text, err := axe()
	if err != nil {
		c.t.Fatal(err)
	}
	if !js[bool](c, "Boolean(window.axe)") {
		js[any](c, text+";0")
	}
	if found := jsAwait[string](c, violations); found != "" {
		c.t.Errorf("%s: %s", what, found)
	}
	if wide := js[string](c, `document.documentElement.scrollWidth <= innerWidth ? "" : document.documentElement.scrollWidth + ": " + [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.tagName + "#" + e.id + "." + e.className).join(" ")`); wide != "" {
		c.t.Errorf("%s: wider than its window: %s", what, wide)
	}
}

func TestEveryPageIsAccessible(t *testing.T) {
	c := newCounter(t)
	c.sells()
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Attention: posds, CreatedAt: time.Now().UTC()}
	ended := paid("S04", sale.CardSale, 4200)
	went := time.Now().UTC()
	ended.WentUnsureAt, ended.FinalAt = &went, &went
	offline := paid("S02", sale.CardSale, 4200)
	offline.Offline = true
	for _, s := range []sale.Sale{unsure, ended, offline} {
		c.put(s)
	}
	c.unsure, c.outcomes = []sale.Sale{unsure}, []sale.Sale{ended}
	c.link, c.stats = "down", sale.QueueStats{Queued: 4, Cents: 9900, SetAside: 1}
	c.reports = []sale.Report{{No: "R1", Sale: "S02", Amount: 4200, Currency: "CAD", State: sale.QueueHeld, QueuedAt: at}}
	for i, size := range []struct{ w, h int64 }{{320, 640}, {800, 480}, {1920, 1080}} {
		where := fmt.Sprintf(" %dx%d ", size.w, size.h)
		c.opts.Language = []sale.Language{sale.English, sale.French, sale.ChineseSimplified}[i]
		c.stop()
		c.start()
		c.size(size.w, size.h)
		c.mu.Lock()
		c.current = nil
		c.mu.Unlock()
		c.open("/")
		js[any](c, `sessionStorage.clear(), 1`)
		c.until(`document.querySelector(".outcomes li") && document.querySelector("#last-S02")`)
		c.keys("-5")
		c.accessible("keying" + where)
		c.shot(fmt.Sprintf("axe-keying-%d", size.w))
		for _, s := range states(posds) {
			c.now(s)
			c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
			c.accessible(string(s.State) + " " + string(s.Reason) + where)
		}
		js[any](c, `[...document.querySelectorAll("#sale .row .danger")].at(-1).click()`)
		c.until(`document.getElementById("dialog").open`)
		c.accessible("dialog" + where)
		c.open("/manager")
		c.until(`document.querySelector("#devices td") && document.querySelector("#sales td") && !document.querySelector(".begins")`)
		c.accessible("manager" + where)
		c.shot(fmt.Sprintf("axe-manager-%d", size.w))
		js[any](c, `document.querySelector("#sales td button").click()`)
		c.until(`document.getElementById("dialog").open`)
		c.accessible("a sale" + where)
		c.open("/display")
		for name, s := range screens() {
			s.Language = c.opts.Language
			c.show(s)
			c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q`, s.Kind))
			c.accessible("display " + name + where)
		}
	}
}
