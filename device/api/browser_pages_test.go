//go:build tools

package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"posd/device/sale"
)

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
	c.reports = []sale.Report{{No: "R1", Sale: "S02", Amount: 4200, Currency: "CAD", State: sale.QueueHeld, QueuedAt: at, Words: "approuvé sans la banque"}}
	offline := paid("S02", "sale", 4200)
	offline.Offline = true
	c.put(offline)
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
		c.shot("till-" + where + "-resolve")
		check("resolve " + where)
		c.press("Retour")
		for _, kind := range []sale.CardKind{sale.CardAuth, sale.CardReturn, sale.CardComplete} {
			c.now(paid(s.ID, kind, s.Amount))
			c.until(`document.getElementById("sale").dataset.tone === "paid"`)
			c.fits()
			c.shot("till-" + where + "-" + string(kind))
			check(string(kind) + " " + where)
		}
		s = paid(s.ID, "sale", s.Amount)
		s.State, s.Reason = sale.Declined, sale.ReasonDuplicateOf
		c.now(s)
		c.says("encaisser encore")
		c.fits()
		check("duplicate " + where)

		c.open("/manager")
		c.says("terminal (pax)")
		c.says("La banque l’a acceptée")
		c.shot("manager-" + where)
		check("manager " + where)
		for _, press := range []string{"La banque l’a refusée", "Laisser partir", "Fermer la journée", "Rembourser sans vente", "Rapport du jour", "Z 12"} {
			c.press(press)
			c.until(`document.getElementById("dialog").open`)
			c.shot("manager-" + where + "-" + press)
			check(press + " " + where)
			c.press(map[bool]string{true: "Fermer", false: "Retour"}[press == "Rapport du jour" || press == "Z 12"])
		}
		c.mu.Lock()
		delete(c.sales, s.ID) // the next size begins anew
		c.mu.Unlock()
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
