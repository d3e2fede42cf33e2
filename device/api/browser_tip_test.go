//go:build tools

package api

import (
	"testing"

	"posd/device/sale"
)

// TestCustomerChoosesATip sells on a real posd that asks for one on the customer's page.
func TestCustomerChoosesATip(t *testing.T) {
	r := newReal(t, "-tip", "display")
	r.begins()
	ask := func(keys string) {
		r.open("/")
		r.says("How does the customer pay?")
		r.keys("\x1b" + keys + enter)
		r.says("The customer is choosing a tip")
	}
	ended := func() sale.Sale {
		r.open("/")
		r.until(`document.getElementById("sale").dataset.tone === "paid"`)
		return r.sold()[0]
	}
	ask("1000")
	r.open("/display")
	r.says("Would you like to add a tip?")
	if n := js[int](&r.counter, `new Set([...document.querySelectorAll(".tips button")].map((b) => getComputedStyle(b).backgroundColor + getComputedStyle(b).height + getComputedStyle(b).fontSize)).size`); n != 1 {
		t.Error("one of the choices stands out")
	}
	r.shot("display-tip")
	r.until(`(() => { const b = [...document.querySelectorAll(".tips button")].find((b) => b.innerText.includes("18")); b?.click(); return Boolean(b) })()`)
	if s := ended(); s.Amount != 1000 || s.Tip != 180 || s.ApprovedAmount != 1180 || s.Incident != "" {
		t.Errorf("with a tip: %+v", s)
	}
	ask("2000")
	r.open("/display")
	r.press("No tip")
	if s := ended(); s.Amount != 2000 || s.Tip != 0 || s.ApprovedAmount != 2000 {
		t.Errorf("without a tip: %+v", s)
	}
	ask("2500")
	r.open("/display")
	r.press("Another amount")
	r.until(`document.querySelectorAll(".pad button").length === 13`)
	for _, key := range []string{"9", "del", "3", "2", "5", "0"} { // 32.50 would be more than the bill: the last key does nothing
		r.until(`(() => { const b = document.getElementById("tip-` + key + `"); b?.click(); return Boolean(b) })()`)
	}
	r.shot("display-tip-other")
	r.press("Add $3.25")
	if s := ended(); s.Amount != 2500 || s.Tip != 325 || s.ApprovedAmount != 2825 {
		t.Errorf("with a tip of the customer's own: %+v", s)
	}
	ask("3000")
	r.press("No tip") // the cashier goes on
	if s := ended(); s.Tip != 0 || s.ApprovedAmount != 3000 {
		t.Errorf("the cashier went on: %+v", s)
	}
	ask("4000")
	r.press("Cancel")
	r.until(`document.getElementById("sale").dataset.tone === "cancelled"`)
	if s := r.sold()[0]; s.State != sale.Cancelled || len(s.Attempts) != 0 {
		t.Errorf("cancelled: %+v", s)
	}
}

// TestTerminalAsksForATip has the simulated terminal ask, whose customer adds 15 %.
func TestTerminalAsksForATip(t *testing.T) {
	r := newReal(t, "-tip", "terminal")
	r.begins()
	r.keys("1000" + enter)
	r.until(`document.getElementById("sale").dataset.tone === "paid"`)
	if s := r.sold()[0]; s.Tip != 150 || s.ApprovedAmount != 1150 || s.Incident != "" {
		t.Errorf("%+v", s)
	}
}
