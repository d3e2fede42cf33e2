//go:build tools

package api

import (
	"testing"
	"time"

	"posd/device/sale"
)

// TestAVoidTakesSomebodysPINAndASaleTakesNone, from an empty page to the lock.
func TestAVoidTakesSomebodysPINAndASaleTakesNone(t *testing.T) {
	c := newCounter(t)
	c.stop()
	c.opts.People = &crew{list: []sale.Person{{ID: "P1", Name: "Ana", Role: sale.Cashier}, {ID: "P2", Name: "Mo", Role: sale.Manager}}}
	by := make(chan sale.Actor, 10)
	c.onVoid = func(a sale.Actor) error {
		if a.Limits.Lacks&sale.RightVoid != 0 {
			return &sale.Refusal{Kind: sale.ErrNoRight, Words: "no"}
		}
		by <- a
		return nil
	}
	c.start()
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.until(`document.getElementById("person")?.textContent === "Sign in"`)
	js[any](c, `document.getElementById("person").click()`)
	c.until(`document.getElementById("pin")`)
	js[any](c, `document.getElementById("pin-person").value = "P1"`)
	js[any](c, `[..."2704"].forEach((d) => [...document.querySelectorAll(".pinpad button")].find((b) => b.textContent === d).click())`)
	c.press("Go on")
	c.says("That is not the PIN.")
	c.keys("2705")
	c.press("Go on")
	c.until(`document.getElementById("person").textContent === "Ana"`)
	c.shot("people-signed-in")

	c.keys("100")
	c.press("Card")
	c.says("At the card terminal") // and nobody was asked for a PIN
	s := c.get(c.last())
	s.State, s.ApprovedAmount, s.Card = sale.Paid, 100, &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166", Transaction: "7"}
	c.now(s)
	c.press("Void")
	c.until(`document.querySelector("dialog[open]") && !document.getElementById("f-by")`) // she is known
	c.agree()
	c.until(`document.getElementById("pin")`)
	c.shot("people-override")
	js[any](c, `document.getElementById("pin-person").value = "P2"`)
	c.keys("2705")
	c.press("Go on")
	select {
	case a := <-by:
		if a.Person != "Ana" || a.Approver != "Mo" {
			t.Errorf("voided by %+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the void was not asked for again")
	}
	js[any](c, `document.getElementById("person").click()`)
	c.press("Lock")
	c.until(`document.getElementById("person").textContent === "Ana: locked"`)
}
