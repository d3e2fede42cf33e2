//go:build tools

package api

import (
	"slices"
	"testing"
	"time"

	"posd/device"
	"posd/device/sale"
)

// paid is a card sale of a kind as it stands when the terminal has approved it.
func paid(id sale.ID, kind sale.CardKind, amount sale.Amount) sale.Sale {
	return sale.Sale{ID: id, Kind: kind, Method: sale.Card, Amount: amount, ApprovedAmount: amount, Currency: "CAD", State: sale.Paid, CreatedAt: time.Now().UTC(),
		Printed: sale.PrintDone, Reported: sale.ReportNotNeeded, Card: &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166", Transaction: "12"}}
}

// labels are those of the buttons in view.
func labels(c *counter) []string {
	return js[[]string](c, `[...document.querySelectorAll(document.querySelector("dialog[open]") ? "dialog button" : "main button")].filter(b => b.checkVisibility()).map(b => b.innerText.trim())`)
}

// agree presses the button that a form ends with.
func (c *counter) agree() {
	c.t.Helper()
	js[any](c, `document.querySelector("dialog form .row button, dialog .strong").click()`)
}

func TestHoldIsAskedForTwiceAndCompletedForLess(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("5000")
	c.press("Hold only")
	c.says("Hold $50.00 on the card?")
	c.shot("cashier-20-hold")
	c.press("Back")
	c.press("Hold only")
	c.says("Nothing is taken until")
	if asked(c, "sell") != 0 {
		t.Error("sold before the cashier agreed")
	}
	c.agree()
	c.says("At the card terminal: hold")
	if c.sell.Kind != sale.CardAuth || c.sell.Amount != 5000 || c.sell.Method != sale.Card {
		t.Errorf("sold %+v", c.sell)
	}
	c.shot("cashier-21-hold-waiting")
	c.now(paid("S2", sale.CardAuth, 5000))
	c.says("$50.00 is held on the card, nothing is taken yet.")
	c.fits()
	c.shot("cashier-22-held")
	if got := labels(c); slices.Contains(got, "Refund") || slices.Contains(got, "Void") || !slices.Contains(got, "Void the hold") {
		t.Errorf("buttons %q", got)
	}
	c.press("Complete")
	c.says("It can be taken once")
	c.fill("f-amount", "42")
	c.agree()
	c.says("Write the amount as 28.65")
	c.fill("f-amount", "42.00")
	c.shot("cashier-23-complete")
	c.agree()
	c.says("The terminal takes what is held")
	if c.sell.Kind != sale.CardComplete || c.sell.Original != "S2" || c.sell.Amount != 4200 {
		t.Errorf("asked %+v", c.sell)
	}
	done := paid("S3", sale.CardComplete, 4200)
	done.Original = "S2"
	c.now(done)
	c.says("$42.00 was taken of what was held")
	if got := labels(c); !slices.Contains(got, "Refund") || !slices.Contains(got, "Void") || slices.Contains(got, "Complete") {
		t.Errorf("buttons %q", got)
	}
	c.open("/manager")
	c.says("Held · completed")
	c.open("/")
	done.State = sale.Declined
	c.now(done)
	c.says("Look at the hold")
	if got := labels(c); slices.Contains(got, "Same bill, another try") {
		t.Errorf("a declined completion can be tried again as a sale: %q", got)
	}
}

func TestVoidedHoldIsNotCompleted(t *testing.T) {
	c := newCounter(t)
	s := paid("S2", sale.CardAuth, 5000)
	s.Refunds = []sale.Movement{{ID: "V1", Kind: sale.Void, Amount: 5000, State: sale.MovementDone, By: "Ana"}}
	c.put(s)
	c.current = &s
	c.open("/")
	c.says("nothing is held on the card any more")
	if got := labels(c); slices.Contains(got, "Complete") || slices.Contains(got, "Void the hold") {
		t.Errorf("buttons %q", got)
	}
}

func TestReturnWithoutASaleAsksForAnotherCustomerOnce(t *testing.T) {
	c := newCounter(t)
	first := paid("S7", sale.CardReturn, 1500)
	c.put(first)
	c.sells()
	inner := c.onSell
	var keys []string
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		keys = append(keys, r.Key)
		if r.Replaces == "" {
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrBillPaid, Other: "S7", Words: "Return S7 of 15.00 was made a minute ago."}
		}
		return inner(r)
	}
	c.size(800, 480)
	c.open("/manager")
	c.says("Given back")
	c.press("Return without a sale")
	c.says("enter it there by hand")
	c.fill("f-by", "Ana")
	c.agree()
	c.says("Fill in every field")
	c.fill("f-amount", "15.00")
	c.fill("f-reason", "broken cup")
	c.shot("manager-return")
	c.agree()
	c.says("Is it the same customer?")
	c.says("was made a moment ago")
	c.shot("manager-return-same")
	c.press("Another customer")
	c.says("At the card terminal: return")
	if c.sell.Kind != sale.CardReturn || c.sell.Amount != 1500 || c.sell.By != "Ana" || c.sell.Why != "broken cup" || c.sell.Replaces != "none" {
		t.Errorf("asked %+v", c.sell)
	}
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("keys %q", keys)
	}
	s := paid("S2", sale.CardReturn, 1500)
	s.By, s.Why = "Ana", "broken cup"
	c.now(s) // the dialog follows
	c.says("$15.00 was given to the card")
	c.says("Ana: broken cup")
	c.shot("manager-returned")
	if got := labels(c); slices.Contains(got, "Refund") || !slices.Contains(got, "Void the return") {
		t.Errorf("buttons %q", got)
	}
	c.press("Void the return")
	c.says("Take this return back?")
	c.agree()
	c.asks("void S2")
}

func TestDuplicateIsTakenAgainOnThePersonsWordOnly(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	s := paid("S0", "sale", 2865)
	s.State, s.Reason, s.Reference, s.Words, s.ApprovedAmount = sale.Declined, sale.ReasonDuplicateOf, "A7", "DUP TRANSACTION (100011)", 0
	s.Incident = "the terminal has it twice"
	c.put(s)
	c.current = &s
	c.open("/")
	c.says("DUP TRANSACTION")
	c.says("Find that one before you take the money")
	if got := labels(c); slices.Contains(got, "The customer means it: take it again") || slices.Contains(got, "Same bill, another try") {
		t.Errorf("an incident is taken again: %q", got)
	}
	s.ID, s.Incident = "S1", ""
	c.now(s)
	c.open("/")
	c.until(`[...document.querySelectorAll("main button")].some(b => b.innerText.includes("means it"))`)
	c.until(`document.activeElement.innerText === "New sale"`) // Enter must not charge again
	c.fits()
	c.shot("cashier-24-duplicate")
	c.press("The customer means it: take it again")
	c.says("At the card terminal")
	if c.sell.Amount != 2865 || c.sell.Reference != "A7" || !c.sell.AllowDuplicate || c.sell.Method != sale.Card || len(c.sell.Key) < 20 {
		t.Errorf("sold %+v", c.sell)
	}
}

func TestOfflineApprovalIsConfirmedOrRefusedFromTheList(t *testing.T) {
	c := newCounter(t)
	old := paid("S3", "sale", 4200) // of a day before: it stays in the list
	old.CreatedAt, old.Offline, old.Reported = at.AddDate(0, 0, -3), true, sale.ReportQueued
	c.put(old)
	c.put(sale.Sale{ID: "S4", Amount: 900, Currency: "CAD", Method: sale.WeChat, State: sale.Unsure, Reason: sale.ReasonNoAnswer, Words: posds, CreatedAt: at})
	by := paid("S5", sale.CardReturn, 1500)
	by.CreatedAt, by.Reported = at, sale.ReportByHand
	c.put(by)
	wrong := paid("S6", "sale", 700)
	wrong.CreatedAt, wrong.ApprovedAmount, wrong.Incident, wrong.Attention = at, 710, posds, posds
	c.put(wrong)
	told := paid("S8", "sale", 800)
	told.CreatedAt, told.CancelWished, told.Attention = at, true, posds
	c.put(told)
	c.opts.Clock = func() time.Time { return at }
	c.stop()
	c.start()
	for _, size := range []struct{ w, h int64 }{{800, 480}, {1280, 800}} {
		c.size(size.w, size.h)
		c.open("/manager")
		c.says("approved without the bank, not confirmed")
		c.shot("manager-look-" + js[string](c, "String(innerWidth)"))
	}
	for _, words := range []string{"not known yet", "to do at IOTPay by hand", "$7.10 was approved where $7.00 was asked", "approved although cancel was pressed"} {
		c.says(words)
	}
	if n := js[int](c, `document.querySelectorAll("#look tbody tr").length`); n != 6 { // and S1, whose void is under way
		t.Errorf("%d rows: %s", n, js[string](c, `document.getElementById("look").innerText`))
	}
	c.press("The bank refused it")
	c.says("The customer has not paid then")
	c.fill("f-by", "Ana")
	c.agree()
	c.says("Fill in every field")
	c.fill("f-reason", "the terminal's list")
	c.shot("manager-upload")
	c.agree()
	c.asks("upload S3 refused by Ana (the terminal's list)")
	c.press("Close")
	c.press("The bank took it")
	c.fill("f-reason", "the bank's list")
	c.agree()
	c.asks("upload S3 confirmed by Ana (the bank's list)")
	c.press("Close")
	old.Upload = sale.UploadConfirmed
	c.now(old)
	c.until(`document.querySelectorAll("#look tbody tr").length === 5`)
}

func TestHeldReportGoesBehindAQuestion(t *testing.T) {
	c := newCounter(t)
	c.stats = sale.QueueStats{Queued: 1, Cents: 2865}
	c.reports = []sale.Report{{No: "R3", Sale: "S1", Amount: 2865, Currency: "CAD", State: sale.QueueHeld, QueuedAt: at, Words: posds}}
	c.size(800, 480)
	c.open("/manager")
	c.until(`document.getElementById("queue").innerText.includes("held")`)
	c.says("approved without the bank, or its amount is in question")
	c.press("Let it go")
	c.says("Send this report to IOTPay?")
	c.shot("manager-let-go")
	c.press("Back")
	if asked(c, "retry R3") != 0 {
		t.Error("let go without an answer")
	}
	c.press("Let it go")
	c.agree()
	c.asks("retry R3")
}

func TestBannerSaysHowMuchIOTPayHasNotHeardOf(t *testing.T) {
	c := newCounter(t)
	c.link, c.stats = "down", sale.QueueStats{Queued: 12, Cents: 34560}
	c.open("/")
	c.says("Reports waiting: 12, $345.60.")
	c.tell(device.Message{Event: "queue", Data: device.QueueView{QueueStats: sale.QueueStats{Queued: 13, Cents: 37425}, Link: "down"}})
	c.says("Reports waiting: 13, $374.25.")
}
