//go:build tools

package api

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"posd/device"
	"posd/device/sale"
)

// posds is a sentence of posd's own: no page shows it, in any language.
const posds = "a sentence of posd's own"

// foreign lists what a page of a language says in English, or in posd's words.
const foreign = `(async () => {
	const { all, word } = await import("/assets/words.js");
	const own = all.map((key) => word(key, document.documentElement.lang));
	const text = document.body.innerText;
	return all.map((key) => word(key, "en")).filter((w) => w.length > 7 && !w.includes("{") && !own.includes(w) && text.includes(w)).concat(text.includes("posd's own") ? ["posd's own sentence"] : []).join(" | ");
})()`

func TestNoPageSpeaksWordsOfAnotherLanguage(t *testing.T) {
	c := newCounter(t)
	c.sells()
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Reason: sale.ReasonNoAnswer, Words: posds, Attention: posds, CreatedAt: time.Now().UTC()}
	offline := paid("S02", "sale", 4200)
	offline.Offline, offline.Incident, offline.Attention = true, posds, posds
	c.opts.Devices = func(context.Context) []device.DeviceStatus {
		return []device.DeviceStatus{{Name: "terminal", Words: posds, Trouble: "silent"}, {Name: "gateway", Words: posds, Trouble: "dns"},
			{Name: "printer", Words: posds, Trouble: "paper-out"}, {Name: "journal", OK: true, Words: posds}}
	}
	c.reports = []sale.Report{{No: "R1", Sale: "S02", Amount: 4200, Currency: "CAD", State: sale.QueueHeld, QueuedAt: at, Words: posds}}
	c.size(1024, 600)
	for _, l := range []sale.Language{sale.French, sale.ChineseSimplified, sale.ChineseTraditional} {
		c.put(unsure)
		c.put(offline)
		c.unsure, c.current = []sale.Sale{unsure}, nil
		c.opts.Language = l
		c.stop()
		c.start()
		check := func(what string) {
			t.Helper()
			if found := jsAwait[string](c, foreign); found != "" {
				t.Errorf("%s, %s: says %s", l, what, found)
			}
		}
		c.open("/")
		c.until(`document.documentElement.lang === "` + string(l) + `" && document.querySelectorAll("#pills .pill").length === 4 && document.querySelector("#last-S02")`)
		check("keying")
		c.keys("500")
		js[any](c, `document.getElementById("method-card").click(), document.getElementById("pill-wallets").click()`)
		check("cannot")
		js[any](c, `document.querySelector("dialog button").click()`)
		js[any](c, `document.getElementById("unsure-S01").click()`)
		check("unsure")
		for _, s := range states(posds) {
			c.now(s)
			c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
			check(string(s.State) + " " + string(s.Reason))
			c.shot("words-" + string(l) + "-" + string(s.State) + string(s.Reason))
		}
		c.mu.Lock()
		c.err = &sale.Refusal{Kind: sale.ErrNotPossible, Words: posds}
		c.mu.Unlock()
		js[any](c, `document.querySelector("#sale .row .danger").click()`)
		c.fill("f-by", "Ana")
		c.agree()
		c.until(`document.querySelector("#sale .complaint")`)
		check("refused")
		c.mu.Lock()
		c.err = nil
		c.mu.Unlock()
		c.open("/manager")
		c.until(`document.documentElement.lang === "` + string(l) + `" && document.querySelector("#devices td")`)
		check("manager")
		c.shot("words-" + string(l) + "-manager")
	}
}

// states are a sale's, one after the other, with words that are not for pages.
func states(words string) []sale.Sale {
	base := sale.Sale{ID: "S09", Amount: 2865, Currency: "CAD", Method: sale.Card, Kind: sale.CardSale, State: sale.Waiting, CreatedAt: time.Now().UTC(), Printed: sale.PrintNone, Reported: sale.ReportNotNeeded}
	with := func(f func(*sale.Sale)) sale.Sale { s := base; f(&s); return s }
	back := func(state sale.MovementState) []sale.Movement {
		return []sale.Movement{{ID: "M1", Kind: sale.Refund, Amount: 500, State: state, By: "Ana", Words: words}}
	}
	return []sale.Sale{
		base,
		with(func(s *sale.Sale) { s.CancelWished = true }),
		with(func(s *sale.Sale) {
			s.State, s.Reason, s.Words, s.Attention = sale.Unsure, sale.ReasonNoAnswer, words, words
		}),
		with(func(s *sale.Sale) { s.State, s.Reason, s.Words = sale.Cancelled, sale.ReasonNotSent, words }),
		with(func(s *sale.Sale) {
			s.State, s.Reason, s.Words, s.Incident = sale.Declined, sale.ReasonDuplicateOf, "", words
		}),
		with(func(s *sale.Sale) {
			s.State, s.ApprovedAmount, s.Attention, s.CancelWished = sale.Paid, 2865, words, true
		}),
		with(func(s *sale.Sale) { s.State, s.ApprovedAmount, s.Incident = sale.Paid, 2900, words }),
		with(func(s *sale.Sale) {
			s.State, s.ApprovedAmount, s.Attention, s.Refunds = sale.Paid, 2865, words, back(sale.MovementRefused)
		}),
		with(func(s *sale.Sale) {
			s.State, s.ApprovedAmount, s.Attention, s.Reported, s.Refunds = sale.Paid, 2865, words, sale.ReportByHand, back(sale.MovementDone)
		}),
	}
}

// jsAwait is js for an expression that is a promise.
func jsAwait[T any](c *counter, expression string) T {
	c.t.Helper()
	v, err := chromedp.Run(c.tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		c.t.Fatalf("%s: %v", expression, err)
	}
	return v
}
