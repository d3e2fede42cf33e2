package display_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// Whatever was shown before, and whatever happened to the device meanwhile: when
// the troubles are over, the glass is that of a new device that was only ever
// shown the last screen.
func TestGlassIsAFunctionOfTheLastScreen(t *testing.T) {
	type kind struct{ driver, dialect string }
	kinds := []kind{{"nextion", ""}, {"dmd70", ""}, {"bonrix", ""}, {"mertech", ""}}
	for _, d := range displaysim.Dialects() {
		kinds = append(kinds, kind{"linedisplay", d})
	}
	for _, k := range kinds {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s%s/%d", k.driver, k.dialect, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dice := rand.New(rand.NewPCG(seed, 7))
					config := func(c *display.Config) { c.Driver, c.Dialect = k.driver, cmp.Or(k.dialect, "escpos") }
					far, err := displaysim.New(k.driver, k.dialect, displaysim.Options{Boot: 200 * time.Millisecond})
					if err != nil {
						t.Fatal(err)
					}
					c := counterWith(t, far, config)
					defer c.stop()
					var story []string
					var last sale.Screen
					faults := []string{"silent", "dead", "noise", "holds", "slow=80ms", "nak", "unplug", "power-cycle=300ms", "wrong-baud", "overflow", "forgets", "lost=30"}
					if k.driver == "mertech" {
						// Its frame begins with a length and nothing cuts it off: what a torn
						// one swallows afterwards is not known.
						faults = faults[:8]
					}
					for range 25 {
						switch dice.IntN(4) {
						case 0:
							f := faults[dice.IntN(len(faults))]
							story = append(story, f)
							far.SetFault(f)
						case 1:
							story = append(story, "healed")
							far.ClearFault("")
						default:
							last = anyScreen(dice)
							story = append(story, string(last.Kind))
							c.Show(last)
						}
						time.Sleep(time.Duration(dice.IntN(900)) * time.Millisecond)
					}
					far.ClearFault("")
					time.Sleep(90 * time.Second)
					synctest.Wait()

					fresh, _ := displaysim.New(k.driver, k.dialect, displaysim.Options{})
					f := counterWith(t, fresh, config)
					defer f.stop()
					f.Show(last)
					time.Sleep(5 * time.Second)
					synctest.Wait()
					if !bytes.Equal(far.PNG(), fresh.PNG()) {
						t.Errorf("after %v the glass is\n%+v\nand should be\n%+v\n%+v", story, far.State().Glass, fresh.State().Glass, c.Status())
					}
				})
			})
		}
	}
}

// anyScreen returns a screen as a till might show it.
func anyScreen(dice *rand.Rand) sale.Screen {
	s := sale.Screen{Kind: sale.ScreenKinds[dice.IntN(len(sale.ScreenKinds))], Sale: "S1", Amount: sale.Amount(1 + dice.IntN(500000)), Currency: "CAD"}
	s.Method = []sale.Method{sale.Card, sale.WeChat, sale.Alipay, sale.UnionPay}[dice.IntN(4)]
	switch s.Kind {
	case sale.ScreenCode, sale.ScreenPassword:
		s.Code = codes()[[]int{34, 60, 112, 120, 300}[dice.IntN(5)]]
	case sale.ScreenItems:
		s.Items = []sale.Item{{Name: "Tea", Amount: s.Amount}}
	}
	return s
}
