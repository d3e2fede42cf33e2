//go:build tools

package api

import (
	"testing"
	"time"

	"posd/device"
	"posd/device/sale"
)

func TestCashIsTakenByAmountHandedOverAndChange(t *testing.T) {
	c := newCounter(t)
	c.opts.Coin, c.opts.Methods = 5, []sale.Method{sale.Card, sale.Cash}
	c.stop()
	c.start()
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		c.mu.Lock()
		c.sell = r
		c.mu.Unlock()
		s := paid("S01", sale.CardSale, r.Amount)
		s.Method, s.Card, s.Given, s.ApprovedAmount, s.Rounding, s.CreatedAt = sale.Cash, nil, r.Given, 2865, 2, time.Now().UTC()
		c.now(s)
		return s, false, nil
	}
	c.size(800, 480)
	c.open("/")
	c.until(`document.querySelector("#methods .method[data-method=cash]")`)
	c.keys("28.63")
	c.press("Cash")
	c.says("Cash: $28.65 is due")
	c.accessible("cash")
	c.keys("28.60\r")
	c.says("At least $28.65 is due.")
	js[any](c, `document.getElementById("f-given").value = "", 1`)
	c.keys("30.00")
	c.says("Change: $1.35")
	c.keys("\r")
	c.until(`document.getElementById("sale").dataset.tone === "paid"`)
	c.says("Change: $1.35")
	c.says("$28.65")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sell.Amount != 2863 || c.sell.Given != 3000 || c.sell.Method != sale.Cash {
		t.Errorf("asked for %+v", c.sell)
	}
}

func TestTheDrawerIsCountedAtTheClose(t *testing.T) {
	c := newCounter(t)
	c.opts.Coin = 5
	c.stop()
	c.start()
	c.open("/manager")
	c.press("Close the day")
	c.until(`document.getElementById("f-counted")`)
	c.fill("f-by", "Ana")
	c.fill("f-counted", "x")
	js[any](c, `document.querySelector("dialog form").requestSubmit(), 1`)
	c.says("Write the amount as 28.65.")
	c.fill("f-counted", "312.40")
	js[any](c, `document.querySelector("dialog form").requestSubmit(), 1`)
	c.asks("close by Ana, without terminal false")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.Counted == nil || *c.closing.Counted != 31240 {
		t.Errorf("asked: %+v", c.closing)
	}
}

// TestTheSearchAsksPosd: what is not among the newest is found all the same.
func TestTheSearchAsksPosd(t *testing.T) {
	c := newCounter(t)
	old := paid("S00", sale.CardSale, 4242)
	old.Reference = "B-OLD"
	c.onSales = func(f sale.Filter) []sale.Sale {
		if f.Search == "B-OLD" || f.Search == "42.42" || f.Search == "1166" {
			return []sale.Sale{old}
		}
		return nil
	}
	c.open("/manager")
	c.until(`document.getElementById("search") && !document.querySelector(".begins")`)
	search := func(text string) {
		c.fill("search", text)
		js[any](c, `document.getElementById("search").dispatchEvent(new Event("input")), 1`)
	}
	for _, text := range []string{"B-OLD", "42.42", "1166"} {
		search(text)
		c.until(`document.querySelector("#sales td button")?.textContent.includes("B-OLD")`)
		c.until(`document.getElementById("file")?.getAttribute("href") === "/v1/sales.csv?search=` + text + `"`)
		search("nothing of the kind")
		c.until(`!document.querySelector("#sales td button") && !document.getElementById("file")`)
	}
}
