package printer

import (
	"strings"
	"testing"
	"unicode"

	"posd/device/sale"
)

// FuzzReceipt lays out and encodes receipts whose texts are anybody's: every
// line fits, nothing but the encoder's own commands is sent, no long number
// comes out of a field that could hold a card's.
func FuzzReceipt(f *testing.F) {
	f.Add("Café", "B-1042", "APPROVED", "XXXXXXXXXXXX1166", uint8(0))
	f.Add("東京 餐厅，你好", "\x1b@\x10\x04\x01", "4111111111111111", "4111111111111111", uint8(7))
	f.Add("\xff\xfe\u0301", "œ€ÿ", "é\u0301 \u200b", "1234567890123", uint8(3))
	f.Fuzz(func(t *testing.T, shop, bill, host, card string, n uint8) {
		c := Defaults()
		c.Profile = Profiles[int(n)%len(Profiles)].Name
		c.Language = sale.Languages[int(n)%len(sale.Languages)]
		c.Shop = Shop{Name: shop, Footer: []string{host}}
		s := sale.Sale{ID: "01KAK3V7Q2M8R4T6W9XBCDEFGH", Reference: bill, Amount: 1, State: sale.Paid, Method: sale.Card,
			Card: &sale.CardInfo{HostText: host, Label: host, Number: card, Account: host}}
		s.Card.HostText = host
		l := c.Layout()
		lines := l.Lines(sale.Receipt{Sale: s})
		for _, line := range lines {
			w := width(line.Text) + width(line.Right)
			if line.Style&Wide != 0 {
				w *= 2
			}
			if line.Kind == KindText && w > l.Columns {
				t.Errorf("%q %q takes %d of %d columns", line.Text, line.Right, w, l.Columns)
			}
			for _, r := range line.Text + line.Right {
				if unicode.IsControl(r) || r == unicode.ReplacementChar {
					t.Errorf("%q holds %q", line.Text+line.Right, r)
				}
			}
		}
		newEncoder(c).receipt(nil, lines)
		masked := MaskCard(card)
		if d := strings.Trim(masked, "*"); len(d) > 4 {
			t.Errorf("%q is shown as %q", card, masked)
		}
		if longestRun(safe(host)) >= 12 {
			t.Errorf("%q is shown as %q", host, safe(host))
		}
	})
}
