//go:build tools

package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"posd/device"
	"posd/device/sale"
)

func TestCardSaleFromKeysToReceipt(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.shot("cashier-0-empty")
	c.keys("2865")
	c.until(`document.getElementById("amount").value.includes("28.65")`)
	c.fits()
	c.shot("cashier-1-keyed")
	c.press("Card")
	c.says("At the card terminal")
	c.show(screens()["card"])
	c.says("Tap, insert or swipe")
	c.shot("cashier-2-card")
	c.open("/") // a reload at any moment
	c.says("At the card terminal")
	s := c.get("S2")
	s.CancelWished = true
	c.press("Cancel")
	c.now(s)
	c.says("Cancel is asked for")
	s.State, s.ApprovedAmount, s.Printed, s.Reported = sale.Paid, 2865, sale.PrintDone, sale.ReportQueued
	s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166"}
	s.Attention = "approved although cancel was pressed: void it if the customer does not want it"
	c.now(s)
	c.says("VISA XXXXXXXXXXXX1166")
	c.says("approved although cancel was pressed")
	c.shot("cashier-3-paid")
	c.press("Receipt")
	c.says("CORNER SHOP")
	c.press("Close")
	c.press("Void")
	c.says("Your name")
	c.fill("f-by", "Ana")
	c.shot("cashier-4-void")
	c.agree()
	c.asks("void S2")
	if c.givenBack.By != "Ana" || c.givenBack.Sale != "S2" {
		t.Errorf("void asked: %+v", c.givenBack)
	}
	c.press("New sale")
	c.says("How does the customer pay?")
	c.open("/") // what was put away stays away
	c.says("How does the customer pay?")
}

func TestWalletSaleAndTheSameCustomerQuestion(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	for _, k := range []string{"1", "2", "5", "0"} {
		c.press(k)
	}
	c.press("WeChat Pay")
	c.says("Asking IOTPay for a code")
	c.show(screens()["code"])
	c.says("The code is shown")
	c.says("left")
	c.shot("cashier-5-code")
	c.show(screens()["password"])
	c.says("typing the password")
	s := c.get("S2")
	s.State, s.GivenUp, s.Reason = sale.Unsure, true, sale.ReasonCashier
	c.show(sale.Screen{Kind: sale.ScreenWelcome})
	c.now(s)
	c.says("Cancelled here, still watched")
	c.shot("cashier-6-given-up")
	c.press("New sale")
	c.says("Not known yet")
	c.keys("1250")
	inner := c.onSell
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		if r.Replaces == "" {
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrSameBill, Other: "S2", Words: "Sale S2 of 12.50 may be for the same bill, and it is not known yet whether it was paid."}
		}
		return inner(r)
	}
	c.press("Alipay")
	c.says("Is it the same customer?")
	c.shot("cashier-7-same")
	c.press("Same bill: give that one up")
	c.says("Asking IOTPay for a code")
	if c.sell.Replaces != "S2" || c.sell.Method != sale.Alipay {
		t.Errorf("asked again with %+v", c.sell)
	}
	// The first one is paid after all.
	late := time.Now().Add(55 * time.Second)
	now := c.get("S3")
	now.State = sale.Cancelled
	c.now(now)
	s.State, s.ApprovedAmount, s.Attention = sale.Paid, 1250, "the customer has paid after all"
	s.Refunds = []sale.Movement{{ID: "R1", Kind: sale.Refund, Amount: 1250, State: sale.MovementWaiting, By: "posd", Why: "late payment", KeepUntil: &late}}
	c.now(s)
	c.says("The customer has paid after all")
	c.shot("cashier-8-late")
	c.press("Keep the payment")
	c.fill("f-by", "Ana")
	c.agree()
	c.asks("keep S2 Ana")
}

func TestRequestIsRepeatedUnderItsKey(t *testing.T) {
	c := newCounter(t)
	c.sells()
	inner := c.onSell
	var keys []string
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		keys = append(keys, r.Key)
		s, replayed, err := inner(r)
		if len(keys) == 1 {
			return s, replayed, fmt.Errorf("answer lost")
		}
		return s, replayed, err
	}
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("500")
	c.press("UnionPay")
	c.says("Asking IOTPay for a code")
	c.until(`sessionStorage.getItem("posd.pending") === "[]"`)
	if len(keys) < 2 || keys[0] != keys[1] || len(keys[0]) < 20 {
		t.Errorf("keys %q", keys)
	}
	// A reload while posd is away: asked again under the same key when it is back.
	s := c.get("S2")
	s.State = sale.Cancelled
	c.now(s)
	c.press("New sale")
	keys = keys[:0]
	c.keys("700")
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		keys = append(keys, r.Key)
		return sale.Sale{}, false, fmt.Errorf("answer lost")
	}
	c.press("Card")
	c.says("Asking again under the same key")
	c.shot("cashier-9-again")
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) { keys = append(keys, r.Key); return inner(r) }
	c.open("/")
	c.says("At the card terminal")
	for _, k := range keys {
		if k != keys[0] {
			t.Errorf("keys %q", keys)
		}
	}
}

func TestUnsureSaleIsResolvedByAPerson(t *testing.T) {
	c := newCounter(t)
	s := sale.Sale{ID: "S5", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Reason: sale.ReasonNoAnswer, Words: "no answer from the terminal",
		Attention: "the terminal has been silent for 3 minutes: look at its list of sales", CreatedAt: time.Now().UTC()}
	c.put(s)
	c.unsure = []sale.Sale{s}
	c.link, c.stats = "down", sale.QueueStats{Queued: 4, Cents: 9900, SetAside: 1}
	c.size(800, 480)
	c.open("/")
	c.says("Needs a person")
	c.says("Reports waiting: 4")
	c.fits()
	c.shot("cashier-10-unsure-list")
	js[any](c, `document.getElementById("unsure-S5").click()`)
	c.says("look at the terminal’s list of sales")
	c.shot("cashier-11-unsure")
	c.press("Resolve")
	c.agree()
	c.says("Fill in every field")
	c.fill("f-as", "paid") // nothing is chosen for the person
	c.fill("f-reason", "it stands in the terminal's list")
	c.fill("f-by", "Ana")
	c.shot("cashier-12-resolve")
	c.agree()
	c.asks("resolve S5")
	if c.resolved.As != sale.Paid || c.resolved.By != "Ana" || c.resolved.Reason == "" {
		t.Errorf("resolved %+v", c.resolved)
	}
}

func TestManagerSeesSalesQueueAndDevices(t *testing.T) {
	c := newCounter(t)
	c.link, c.stats = "down", sale.QueueStats{Queued: 2, Cents: 5730, SetAside: 1}
	c.reports = []sale.Report{{No: "R1", Sale: "S1", Amount: 2865, Currency: "CAD", State: sale.QueueDue, QueuedAt: at, Attempts: 4, Words: "no answer"},
		{No: "R2", Sale: "S1", Amount: 2865, Currency: "CAD", State: sale.QueueSetAside, QueuedAt: at, Attempts: 9, Words: "amount not allowed"}}
	for _, size := range sizes {
		c.size(size.w, size.h)
		c.open("/manager")
		c.says("28.65")
		c.says("terminal (pax)")
		c.shot(fmt.Sprintf("manager-%dx%d", size.w, size.h))
	}
	c.press("Send again")
	c.asks("retry R2")
	c.press("Send all again")
	c.asks("retry ")
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.says("Number")
	c.press("Receipt")
	c.says("CORNER SHOP")
	c.shot("manager-receipt")
	js[any](c, `document.querySelector("dialog details").open = true`)
	c.until(`document.querySelector("dialog img").naturalWidth === 3`)
	c.press("Close")
}

func TestLatePaymentIsFoundAfterAReload(t *testing.T) {
	c := newCounter(t)
	until := time.Now().Add(50 * time.Second)
	c.put(sale.Sale{ID: "S0", Amount: 1250, ApprovedAmount: 1250, Currency: "CAD", Method: sale.WeChat, State: sale.Paid, GivenUp: true, CreatedAt: time.Now().UTC(),
		Refunds: []sale.Movement{{ID: "R1", Kind: sale.Refund, Amount: 1250, State: sale.MovementWaiting, By: "posd", KeepUntil: &until}}})
	c.open("/")
	c.says("The customer has paid after all")
	c.says("It is refunded by itself in 0:")
}

func TestTheRestOfAPartlyPaidBillIsOneTouchAway(t *testing.T) {
	c := newCounter(t)
	s := sale.Sale{ID: "S3", Amount: 2865, ApprovedAmount: 2000, Due: 865, Currency: "CAD", Method: sale.Card, Reference: "A7", State: sale.Paid, CreatedAt: time.Now().UTC(),
		Attention: "approved for 20.00 only: 8.65 is still due"}
	c.put(s)
	c.current = &s
	c.size(800, 480)
	c.open("/")
	c.says("Partly paid")
	c.says("Still due: $8.65")
	c.shot("cashier-13-partly")
	c.press("Take the rest: $8.65")
	c.until(`document.getElementById("amount").value.includes("8.65") && document.getElementById("reference").value === "A7"`)
}

func TestWholeSaleByKeyboard(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("12345")
	c.keys(kb.Backspace)
	c.keys(kb.F3)
	c.asks("sell")
	c.says("Asking IOTPay for a code")
	if c.sell.Amount != 1234 || c.sell.Method != sale.Alipay {
		t.Errorf("sold %+v", c.sell)
	}
	s := c.get("S2")
	s.State = sale.Declined
	c.now(s)
	c.says("No money was taken")
	c.until(`document.activeElement.innerText === "New sale"`)
	c.keys(kb.Tab)
	c.until(`document.activeElement.innerText === "Same bill, another try"`)
	c.keys(kb.Enter)
	c.until(`document.getElementById("amount").value.includes("12.34")`)
	c.keys(kb.F1)
	c.says("At the card terminal")
	s = c.get("S3")
	s.State, s.ApprovedAmount = sale.Paid, 1234
	c.now(s)
	c.until(`document.activeElement.innerText === "New sale"`)
	c.keys(kb.Enter)
	c.says("How does the customer pay?")
	c.keys("900" + kb.F1)
	c.says("At the card terminal")
	c.keys(kb.Enter) // must not cancel
	c.says("At the card terminal")
	if asked(c, "cancel S4") != 0 {
		t.Error("Enter cancelled a sale")
	}
}

func TestTwoTapsAreOneSale(t *testing.T) {
	c := newCounter(t)
	c.sells()
	inner, hold := c.onSell, make(chan struct{})
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) { <-hold; return inner(r) }
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("900")
	js[any](c, `document.getElementById("method-card").click(), document.getElementById("method-card").click(), document.getElementById("method-wechat").click(), 1`)
	c.asks("sell")
	close(hold)
	c.says("At the card terminal")
	if n := asked(c, "sell"); n != 1 {
		t.Errorf("asked %q", c.asked)
	}
}

func TestButtonsStayUnderTheFinger(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("900" + kb.F2)
	c.says("Asking IOTPay for a code")
	c.show(screens()["code"])
	c.says("1:3")
	js[any](c, `window.before = document.getElementById("wait-0"), window.count = document.getElementById("count").innerText, 1`)
	c.tell(device.Message{Event: "queue", Data: device.QueueView{QueueStats: sale.QueueStats{Queued: 9}, Link: "down"}})
	c.says("Reports waiting: 9")
	c.until(`document.getElementById("count").innerText !== window.count`)
	if !js[bool](c, `window.before === document.getElementById("wait-0") && window.before.isConnected`) {
		t.Error("the cancel button was replaced though nothing about the sale changed")
	}
}

func TestLastSalesArePrintedAgainAndGivenBackWithoutOpeningThem(t *testing.T) {
	c := newCounter(t)
	c.put(paid("S3", sale.CardSale, 900))
	declined := paid("S4", sale.CardSale, 700)
	declined.State = sale.Declined
	c.put(declined)
	c.size(800, 480)
	c.open("/")
	c.until(`document.getElementById("print-S3") && document.getElementById("print-S4") && !document.getElementById("refund-S4")`)
	c.shot("till-last-sales")
	js[any](c, `document.getElementById("print-S3").click()`)
	c.says("Receipt sent to the printer.")
	c.asks("print S3")
	c.press("Back")
	js[any](c, `document.getElementById("refund-S3").click()`)
	c.says("Refund all: $9.00")
	c.fill("f-by", "Ana")
	c.agree()
	c.asks("refund S3")
}

func TestCardBecomesAWalletAndBackOnlyWithoutMoney(t *testing.T) {
	c := newCounter(t)
	c.sells()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("1250")
	c.press("Card")
	c.press("Take WeChat Pay instead")
	c.asks("cancel S2")
	s := c.get("S2")
	s.CancelWished = true
	c.now(s) // wished, and not decided: nothing new may begin
	c.says("Cancel is asked for")
	if n := asked(c, "sell"); n != 1 {
		t.Fatalf("asked to sell %d times before the terminal had answered", n)
	}
	s.State, s.Reason = sale.Cancelled, sale.ReasonAborted
	c.now(s)
	c.says("Asking IOTPay for a code")
	if c.sell.Method != sale.WeChat || c.sell.Amount != 1250 || c.sell.Replaces != "" {
		t.Errorf("sold %+v", c.sell)
	}
	c.show(sale.Screen{Kind: sale.ScreenCode, Sale: "S3", Amount: 1250, Method: sale.WeChat, Code: codeTexts[0], Currency: "CAD"})
	c.says("The code is shown")
	c.press("Take a card instead")
	c.asks("cancel S3")
	s = c.get("S3")
	s.State, s.GivenUp, s.Reason = sale.Unsure, true, sale.ReasonCashier
	c.now(s)
	c.says("At the card terminal")
	if c.sell.Method != sale.Card || c.sell.Replaces != "S3" {
		t.Errorf("sold %+v", c.sell)
	}
	c.press("Take WeChat Pay instead")
	c.asks("cancel S4")
	s = c.get("S4")
	s.State, s.ApprovedAmount = sale.Paid, 1250 // the card was faster
	c.now(s)
	c.until(`document.getElementById("sale").dataset.tone === "paid"`)
	if n := asked(c, "sell"); n != 3 {
		t.Errorf("asked to sell %d times: another payment after one that was made", n)
	}
}

func TestWhatIsEnteredByHandIsTickedOff(t *testing.T) {
	c := newCounter(t)
	s := paid("S5", sale.CardReturn, 1500)
	s.Reported = sale.ReportByHand
	c.put(s)
	c.open("/manager")
	c.says("to do at IOTPay by hand")
	js[any](c, `document.querySelector("#look td button").click()`)
	c.press("Entered at IOTPay")
	c.says("who did it stays in the journal")
	c.agree()
	c.says("Fill in every field")
	c.fill("f-by", "Ana")
	c.fill("f-reason", "in the portal")
	c.agree()
	c.asks("corrected S5 by Ana (in the portal)")
	s.Reported, s.Corrected = sale.ReportDone, &sale.Word{By: "Ana", Reason: "in the portal", At: at}
	c.put(s)
	c.open("/manager")
	c.until(`document.querySelector("#devices td") && !document.getElementById("look").innerText.includes("by hand")`)
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.says("Entered at IOTPay: Ana, in the portal")
}
