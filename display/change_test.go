package display

import (
	"strings"
	"testing"

	"posd/device/sale"
)

// TestPolesSayTheChange: of cash, what the customer gets back is told instead of what was paid.
func TestPolesSayTheChange(t *testing.T) {
	s := sale.Screen{Kind: sale.ScreenPaid, Method: sale.Cash, Amount: 2865, Change: 135, Currency: "CAD"}
	for lang, word := range changeWord {
		v := voice{lang: lang, font: font{charset: UTF8}}
		if _, bottom := v.lines(s); !strings.Contains(bottom, word) || !strings.Contains(bottom, number(135, lang)) {
			t.Errorf("%s: %q", lang, bottom)
		}
	}
	if priceDigits(s) != "1.35" || priceLamp(s) != lampChange {
		t.Errorf("a price display shows %q under lamp %s", priceDigits(s), priceLamp(s))
	}
}
