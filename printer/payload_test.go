package printer_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// A wallet's code on paper is what was given, readable by the customer's eye on
// every paper, or the slip is refused before a byte of it is sent.
func TestCodeOnPaperIsReadableOrRefused(t *testing.T) {
	for _, profile := range []string{"generic-80", "generic-58", "epson-tm-t88iii"} {
		cfg := testConfig()
		cfg.Profile, cfg.Matrix = profile, display.Matrix
		dice := rand.New(rand.NewPCG(3, 15))
		opt := simOptions(cfg)
		opt.NoQR = !cfg.Model().QR
		onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
			shown, refused := 0, 0
			for _, n := range []int{1, 34, 60, 84, 85, 120, 191, 300, 450, 700, 1000, 1500, 2331, 2332} {
				code := make([]byte, n)
				for i := range code {
					code[i] = byte(' ' + dice.IntN('~'-' '+1))
				}
				before := len(c.sim.Receipts())
				res := c.p.PrintCode(t.Context(), sale.Screen{Kind: sale.ScreenCode, Method: sale.Alipay, Amount: 100, Currency: "CAD", Code: string(code)})
				synctest.Wait()
				if res.State == sale.PrintFailed {
					refused++
					if res.Maybe || !strings.Contains(res.Words, fmt.Sprint(n)) || len(c.sim.Receipts()) != before {
						t.Errorf("%s, %d characters: %+v", profile, n, res)
					}
					continue
				}
				shown++
				img, _ := c.sim.Image(len(c.sim.Receipts()))
				if got, err := displaysim.ReadCode(pngBytes(t, img)); err != nil || got != string(code) {
					t.Errorf("%s, %d characters: the customer read %q, %v", profile, n, got, err)
				}
			}
			if shown < 7 || refused == 0 {
				t.Errorf("%s: %d shown, %d refused", profile, shown, refused)
			}
		})
	}
}

func pngBytes(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
