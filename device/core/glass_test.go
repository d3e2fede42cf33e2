package core

import (
	"testing"

	"posd/device/sale"
)

func TestGlassNamesWhereTheMoneyGoes(t *testing.T) {
	c := &Machine{policy: DefaultPolicy()}
	for _, tc := range []struct {
		kind        sale.CardKind
		during, end sale.ScreenKind
	}{
		{sale.CardSale, sale.ScreenCard, sale.ScreenPaid},
		{sale.CardReturn, sale.ScreenReturn, sale.ScreenReturned},
		{sale.CardAuth, sale.ScreenCard, sale.ScreenHeld},
		{sale.CardComplete, sale.ScreenProcessing, sale.ScreenPaid},
	} {
		s := sale.Sale{ID: "S1", Kind: tc.kind, Method: sale.Card, State: sale.Waiting, Amount: 500, Currency: "CAD"}
		if g := c.saleScreen(&live{s: s}); g.Kind != tc.during || g.Amount != 500 {
			t.Errorf("while a %s waits glass shows %s %s", tc.kind, g.Kind, g.Amount)
		}
		s.State, s.ApprovedAmount = sale.Paid, 300
		if g := c.resultScreen(s); g.Kind != tc.end || g.Amount != 300 {
			t.Errorf("after a %s glass shows %s %s", tc.kind, g.Kind, g.Amount)
		}
		s.State = sale.Declined
		if g := c.resultScreen(s); g.Kind != sale.ScreenDeclined {
			t.Errorf("after a declined %s glass shows %s", tc.kind, g.Kind)
		}
	}
}

func TestGlassShowsWhatABillIsMadeOf(t *testing.T) {
	c := &Machine{policy: DefaultPolicy()}
	s := sale.Sale{ID: "S1", Kind: sale.CardSale, Method: sale.Card, State: sale.Waiting, Amount: 1130, Currency: "CAD",
		Lines: sale.Lines{Subtotal: 1000, Taxes: []sale.Tax{{Name: "HST", Amount: 130}}, Items: []sale.Item{{Name: "Tea", Amount: 1000}}}}
	during := c.saleScreen(&live{s: s})
	s.State, s.Tip, s.ApprovedAmount = sale.Paid, 200, 1330
	after := c.resultScreen(s)
	for _, g := range []sale.Screen{during, after} {
		if g.Subtotal != 1000 || len(g.Taxes) != 1 || len(g.Items) != 1 {
			t.Errorf("%s shows subtotal %s, taxes %v, items %v", g.Kind, g.Subtotal, g.Taxes, g.Items)
		}
	}
	if after.Amount != 1330 || after.Tip != 200 || after.Change != 0 {
		t.Errorf("paid with a tip: %+v", after)
	}
}

// TestGlassShowsTheChange: what is given back is reckoned from what was taken, in coins.
func TestGlassShowsTheChange(t *testing.T) {
	c := &Machine{policy: DefaultPolicy()}
	s := sale.Sale{ID: "S1", Method: sale.Cash, State: sale.Paid, Amount: 2863, Rounding: 2, ApprovedAmount: 2865, Given: 3000, Currency: "CAD"}
	if g := c.resultScreen(s); g.Kind != sale.ScreenPaid || g.Change != 135 {
		t.Errorf("glass shows %s with change %s, want paid and 1.35", g.Kind, g.Change)
	}
	s.Given = 2865
	if g := c.resultScreen(s); g.Change != 0 {
		t.Errorf("for cash that fits glass shows change %s", g.Change)
	}
}
