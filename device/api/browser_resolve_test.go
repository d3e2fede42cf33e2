//go:build tools

package api

import (
	"testing"

	"posd/device/sale"
)

// TestARefundAndAVoidAreResolvedByAPerson: each by a button of its own, which names it and
// sends its own number; nothing is chosen for the person, and what has ended has none.
func TestARefundAndAVoidAreResolvedByAPerson(t *testing.T) {
	for _, tt := range []struct {
		kind      sale.MovementKind
		button    string
		as, other sale.State
	}{{sale.Refund, "Refund: Resolve", "done", "refused"}, {sale.Void, "Void: Resolve", "refused", "done"}} {
		c := newCounter(t)
		s := paid("S5", sale.CardSale, 4200)
		s.Attention = "nobody can tell whether it was given back"
		s.Refunds = []sale.Movement{
			{ID: "M7", Kind: tt.kind, Amount: 4200, State: sale.MovementUnsure, By: "Ana", CreatedAt: at},
			{ID: "M8", Kind: tt.kind, Amount: 4200, State: sale.MovementRefused, By: "Ana", CreatedAt: at, FinalAt: &at},
		}
		c.put(s)
		c.open("/manager")
		c.until(`document.querySelector("#sales td button")`)
		js[any](c, `document.querySelector("#sales td button").click()`)
		c.says("Resolve")
		if n := js[int](c, `[...document.querySelectorAll("button")].filter((b) => b.textContent.endsWith(": Resolve")).length`); n != 1 {
			t.Errorf("%s: %d buttons to resolve with", tt.kind, n)
		}
		c.press(tt.button)
		c.agree()
		c.says("Fill in every field")
		if offered := js[string](c, `[...document.getElementById("f-as").options].map((o) => o.value).join(" ")`); offered != " done refused" {
			t.Errorf("%s: may be resolved as %q", tt.kind, offered)
		}
		c.fill("f-as", string(tt.as))
		c.fill("f-reason", "it stands in the terminal's list")
		c.fill("f-by", "Ana")
		c.agree()
		c.asks("resolve M7")
		if r := c.resolved; r.Sale != "M7" || r.As != tt.as || r.By != "Ana" || r.Reason == "" {
			t.Errorf("%s: resolved %+v", tt.kind, r)
		}
	}
}

// TestTheCashierIsWarnedBeforeARefundBeyondTheLimits: nothing is sent until the question is answered.
func TestTheCashierIsWarnedBeforeARefundBeyondTheLimits(t *testing.T) {
	c := newCounter(t)
	c.limit = true
	s := paid("S5", sale.CardSale, 4200)
	s.Method, s.ChannelID = sale.WeChat, sale.WXNative
	c.put(s)
	c.open("/manager")
	c.until(`document.querySelector("#sales td button")`)
	js[any](c, `document.querySelector("#sales td button").click()`)
	c.press("Refund")
	c.fill("f-by", "Ana")
	c.agree()
	c.says("Promise nothing yet")
	if n := asked(c, "refund S5"); n != 0 {
		t.Errorf("%d refunds were asked for before the answer", n)
	}
	js[any](c, `document.querySelector("#dialog button.danger").click()`)
	c.asks("refund S5")
	if !c.givenBack.Anyway || c.givenBack.By != "Ana" {
		t.Errorf("asked for %+v", c.givenBack)
	}
}

// TestAlipayPlusIsNamedOnTheCustomersScreen, beside its code and in the words.
func TestAlipayPlusIsNamedOnTheCustomersScreen(t *testing.T) {
	c := newCounter(t)
	c.open("/display")
	c.show(sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 4200, Currency: "CAD", Method: sale.Alipay, Brand: sale.AlipayPlus, Code: "https://qr.alipayplus.com/281002040092KZ6T1Y"})
	c.says("Scan with Alipay+")
	if mark := js[string](c, `document.querySelector(".mark").textContent`); mark != "Alipay+" {
		t.Errorf("the mark says %q", mark)
	}
}
