package display_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// payload is a code's text of n bytes: what gateways send, and what they might.
func payload(dice *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		switch dice.IntN(6) {
		case 0:
			b[i] = ` **"\'&,;()`[dice.IntN(11)]
		case 1:
			b[i] = "0123456789"[dice.IntN(10)]
		default:
			b[i] = byte(' ' + dice.IntN('~'-' '+1))
		}
	}
	if dice.IntN(20) == 0 {
		b[dice.IntN(n)] = []byte{0, '\n', '\r', 0x1B, 0x7F, 0xE9, 0xFF}[dice.IntN(7)]
	}
	return string(b)
}

// A code is a payload: what the customer's eye decodes is what was given, for
// texts of every length that a device takes. What cannot be shown so is refused
// by Fits before anything is sent, and then no code stands on the glass.
func TestEyeReadsThePayloadOrFitsRefusesIt(t *testing.T) {
	for _, k := range []struct {
		name   string
		driver string
		far    *displaysim.Device
		most   int
	}{
		{"nextion", "nextion", displaysim.NewNextion(displaysim.Options{}), 195},
		{"nextion without a component", "nextion", displaysim.NewBareNextion(displaysim.Options{}), 195},
		{"dmd70", "dmd70", displaysim.NewDMD70(displaysim.Options{}), 1010},
		{"bonrix", "bonrix", displaysim.NewBonrix(displaysim.Options{}), 710},
		{"mertech", "mertech", displaysim.NewMertech(displaysim.Options{}), 1010},
	} {
		t.Run(k.name, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(2, 15))
			synctest.Test(t, func(t *testing.T) {
				c := counterWith(t, k.far, func(c *display.Config) { c.Driver = k.driver })
				defer c.stop()
				time.Sleep(5 * time.Second)
				shown, refused := 0, 0
				for i := range 30 {
					code := payload(dice, 1+i*(k.most-1)/29)
					c.Show(sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 12345, Currency: "CAD", Method: sale.Alipay, Code: code})
					time.Sleep(3 * time.Second)
					synctest.Wait()
					got, err := displaysim.ReadCode(k.far.PNG())
					if no := c.Fits(code); no != nil {
						refused++
						if !errors.Is(err, displaysim.ErrNoCode) || c.Status().Trouble != no.Error() {
							t.Fatalf("%q is refused (%v) and the glass shows %q, %v; status %+v", code, no, got, err, c.Status())
						}
						continue
					}
					shown++
					if err != nil || got != code || c.Status().Trouble != "" {
						t.Fatalf("%q: the customer read %q, %v; status %+v", code, got, err, c.Status())
					}
				}
				if shown < 5 || refused == 0 {
					t.Errorf("%d codes were shown and %d refused: that shows little", shown, refused)
				}
			})
		})
	}
}
