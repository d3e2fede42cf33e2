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
