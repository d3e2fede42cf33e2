//go:build tools

package api

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"posd/device"
	"posd/device/sale"
)

func TestManyPagesAreOneStream(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.open("/")
	c.says("How does the customer pay?")
	first := c.tab
	for range 8 {
		tab, cancel := chromedp.NewContext(first)
		defer cancel()
		if err := chromedp.Do(tab); err != nil {
			t.Fatal(err)
		}
		c.tab = tab
		c.open("/")
		c.says("How does the customer pay?")
	}
	if n := c.listeners(); n != 1 {
		t.Errorf("%d streams", n)
	}
	c.keys("500" + enter)
	c.says("At the card terminal")
	c.tab = first // it hears of it, too
	c.says("At the card terminal")
}

func TestTimesAreTheShops(t *testing.T) {
	c := newCounter(t)
	c.opts.TimeZone = "America/Toronto"
	c.stop()
	c.start()
	if _, err := chromedp.Call(c.tab, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	c.open("/") // the sale of 15:04 UTC, Tokyo 00:04, Toronto 10:04
	c.says("10:04 a.m.")
	c.open("/manager")
	c.says("10:04 a.m.")
}

func TestFocusIsWhereNoMoneyMoves(t *testing.T) {
	c := newCounter(t)
	c.sells()
	inner := c.onSell
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		if r.Replaces == "" {
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrBillPaid, Other: "S1", Words: posds}
		}
		return inner(r)
	}
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("2865" + enter)
	c.says("This bill is paid already")
	c.keys(enter)
	c.until(`!document.getElementById("dialog").open`)
	if n := asked(c, "sell"); n != 1 {
		t.Errorf("asked to sell %d times", n)
	}
	c.put(paid("S3", sale.CardSale, 900))
	c.open("/manager")
	js[any](c, `localStorage.setItem("posd.by", "Ana"), 1`)
	c.says("$9.00")
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.says("Void")
	c.until(`document.activeElement.innerText === "Close"`)
	c.press("Void")
	c.says("Void this sale?")
	c.keys(enter) // the name stands there already
	c.until(`!document.getElementById("dialog").open`)
	if n := asked(c, "void S3"); n != 0 {
		t.Error("Enter voided a sale")
	}
}

// asked counts how often the till was asked something.
func asked(c *counter, what string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		if a == what {
			n++
		}
	}
	return n
}

func TestRefundOfNothingIsNotAll(t *testing.T) {
	c := newCounter(t)
	s := paid("S3", sale.CardSale, 900)
	c.put(s)
	c.current = &s
	c.open("/")
	c.press("Refund")
	c.says("Refund all: $9.00") // the button says what nothing written means
	c.fill("f-by", "Ana")
	for _, wrong := range []string{"0.00", "0", "-5", "9.01", "1e1", "5"} {
		c.fill("f-amount", wrong)
		c.agree()
		c.until(`document.querySelector("dialog .complaint").innerText !== ""`)
	}
	js[any](c, `(() => { const f = document.getElementById("f-amount"); f.value = "4.50"; f.dispatchEvent(new Event("input", { bubbles: true })) })()`)
	c.says("Refund $4.50")
	if n := asked(c, "refund S3"); n != 0 {
		t.Fatalf("asked %d times", n)
	}
	c.agree()
	c.asks("refund S3")
	if c.givenBack.Amount != 450 {
		t.Errorf("refunded %+v", c.givenBack)
	}
}

func TestUnusualAmountIsAskedForOnce(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.opts.Pages.AskAbove = 10000
	c.stop()
	c.start()
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("10001" + kb.F1)
	c.says("Take $100.01?")
	c.keys(enter)
	c.until(`!document.getElementById("dialog").open`)
	if n := asked(c, "sell"); n != 0 {
		t.Fatal("sold without an answer")
	}
	c.keys(kb.F1)
	c.press("Yes, take it")
	c.asks("sell")
}

func TestWhatCannotWorkIsGreyAndSaysWhy(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.opts.Devices = func(context.Context) []device.DeviceStatus {
		return []device.DeviceStatus{{Name: "terminal", Trouble: "silent"}, {Name: "gateway", OK: true}, {Name: "printer", Trouble: "paper-out"}}
	}
	c.stop()
	c.start()
	c.open("/")
	c.until(`document.querySelector("#method-card[aria-disabled]")`)
	c.says("is it switched on, and is its cable in?")
	c.keys("500" + enter)
	c.until(`document.getElementById("complaint").innerText.includes("cable")`)
	if n := asked(c, "sell"); n != 0 {
		t.Error("asked a terminal that is not there")
	}
	js[any](c, `document.getElementById("pill-printer").click()`)
	c.says("put in a new roll")
	c.press("Back")
	c.press("WeChat Pay")
	c.asks("sell")
}

func TestPillsFollowTheDevices(t *testing.T) {
	r := newReal(t)
	r.begins()
	r.until(`document.querySelectorAll('.pill[data-ok="yes"]').length === 4`)
	r.control("POST", "/pax/unplug", "")
	r.until(`document.getElementById("pill-card").dataset.ok === "no" && document.querySelector("#method-card[aria-disabled]")`)
	r.control("POST", "/pax/plug", "")
	r.until(`document.getElementById("pill-card").dataset.ok === "yes" && !document.querySelector("#method-card[aria-disabled]")`)
}

func TestNoPageSaysTryAgainWhileAnOutcomeIsOpen(t *testing.T) {
	c := newCounter(t)
	for _, s := range []sale.Sale{
		{ID: "S2", Method: sale.Card, State: sale.Unsure, Reason: sale.ReasonNoAnswer},
		{ID: "S3", Method: sale.WeChat, State: sale.Unsure, Reason: sale.ReasonTimeout},
		{ID: "S4", Method: sale.WeChat, State: sale.Unsure, GivenUp: true, Reason: sale.ReasonCashier},
		{ID: "S5", Method: sale.Scan, State: sale.Waiting},
	} {
		s.Amount, s.Currency, s.CreatedAt = 500, "CAD", time.Now().UTC()
		c.now(s)
		c.open("/")
		c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
		if js[bool](c, `/try again|another try/i.test(document.body.innerText)`) {
			t.Errorf("%s %s says try again", s.Method, s.State)
		}
	}
}
