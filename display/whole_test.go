package display_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// hostile are letters that become wider when they are written plainly, change
// with capitals, or are no letters of the device at all. None is a digit.
var hostile = []rune("aeiou xyzœŒæÆßøØŠšłþÞ€£¥©®ŉİıÿŸéÈ\u0301\u0308µ…ﬁﬃ茶饺ひ한אמβЖ\u200b\u00ad\u202e😀*!\"\\~'")

func hostileText(dice *rand.Rand, most int) string {
	r := make([]rune, dice.IntN(most))
	for i := range r {
		r[i] = hostile[dice.IntN(len(hostile))]
	}
	return string(r)
}

// money finds amounts in what stands on a glass.
var money = regexp.MustCompile(`-?\d[\d,. ]*`)

// rightAmounts reports amounts on the glass that are none of those shown.
func rightAmounts(glass string, shown ...sale.Amount) error {
	var right []string
	for _, a := range shown {
		plain := strings.NewReplacer(",", "", ".", "").Replace(a.String())
		right = append(right, plain)
	}
	for _, found := range money.FindAllString(glass, -1) {
		digits := strings.NewReplacer(",", "", ".", "", " ", "").Replace(found)
		if !slices.Contains(right, digits) {
			return fmt.Errorf("the glass says %q, where %v were meant", found, shown)
		}
	}
	return nil
}

// glassWords is what a simulated glass says, a line to a line.
func glassWords(far *displaysim.Device) string {
	switch g := far.State().Glass.(type) {
	case displaysim.PoleState:
		return g.Lines[0] + "\n" + g.Lines[1]
	case displaysim.DMD70State:
		return g.Lines[0] + "\n" + g.Lines[1]
	case displaysim.LED8State:
		return g.Digits
	case displaysim.BonrixState:
		if g.Screen == "DisplayItemScreen" { // its field of the quantity is none of money
			return g.Fields[2] + "\n" + g.Fields[4] + "\n" + g.Fields[0]
		}
		return strings.Join(g.Fields, "\n")
	case displaysim.NextionState:
		return g.Set["t0.txt"] + "\n" + g.Set["t1.txt"]
	}
	return ""
}

// An amount stands on the glass whole, or it does not stand there: whatever the
// names beside it are made of, on every device, in every language and charset.
func TestAmountIsWholeOrAbsent(t *testing.T) {
	type kind struct {
		driver, dialect string
		charset         display.Charset
	}
	kinds := []kind{{"nextion", "", display.UTF8}, {"nextion", "", display.CP1252}, {"nextion", "", display.ASCII},
		{"bonrix", "", display.UTF8}, {"bonrix", "", display.CP1252}, {"dmd70", "", display.CP1252}, {"dmd70", "", display.ASCII}}
	for _, d := range displaysim.Dialects() {
		kinds = append(kinds, kind{"linedisplay", d, display.ASCII}, kind{"linedisplay", d, display.CP1252})
	}
	for _, k := range kinds {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(1, 15))
			synctest.Test(t, func(t *testing.T) {
				far, err := displaysim.New(k.driver, k.dialect, displaysim.Options{})
				if err != nil {
					t.Fatal(err)
				}
				c := counterWith(t, far, func(c *display.Config) {
					c.Driver, c.Dialect, c.Charset, c.ShopName = k.driver, k.dialect, k.charset, "Bœuf & Cœur SœurÆ"
					if k.dialect == "" {
						c.Dialect = "escpos"
					}
				})
				defer c.stop()
				time.Sleep(5 * time.Second)
				for range 150 {
					s := hostileScreen(dice)
					c.Show(s)
					time.Sleep(time.Second)
					synctest.Wait()
					item := s.Amount
					if len(s.Items) > 0 {
						item = s.Items[0].Amount
					}
					if err := rightAmounts(glassWords(far), s.Amount, item, 0); err != nil {
						t.Fatalf("%+v: %v\n%s", s, err, glassWords(far))
					}
					if words := glassWords(far); k.dialect != "led8" && s.Amount > 0 && !strings.Contains(words, s.Amount.String()[len(s.Amount.String())-2:]) {
						t.Fatalf("%+v: its amount is missing\n%s", s, words)
					}
				}
			})
		})
	}
}

// hostileScreen is a bill, or a message, with names nobody would choose.
func hostileScreen(dice *rand.Rand) sale.Screen {
	s := sale.Screen{Kind: sale.ScreenItems, Currency: "CAD", Language: sale.Languages[dice.IntN(len(sale.Languages))]}
	s.Amount = sale.Amount(1 + dice.Int64N([]int64{999, 99999, 9999999, int64(sale.MaxAmount)}[dice.IntN(4)]))
	switch dice.IntN(4) {
	case 0:
		s.Message = hostileText(dice, 90)
	case 1:
		s.Kind = sale.ScreenPaid
	default:
		a := sale.Amount(1 + dice.Int64N(int64(s.Amount)))
		if dice.IntN(3) == 0 {
			a = -a
		}
		s.Items = []sale.Item{{Name: hostileText(dice, 40), Amount: a}}
	}
	return s
}

func TestTheNameGivesWayToTheAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewLine("escpos", displaysim.Options{})
		c := counterWith(t, far, func(c *display.Config) { c.Driver = "linedisplay" })
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenItems, Amount: 99999, Currency: "CAD", Items: []sale.Item{{Name: "Bœuf cœur sœur", Amount: 99999}}})
		time.Sleep(time.Second)
		synctest.Wait()
		if p := glassOf[displaysim.PoleState](t, far); p.Row(0) != "BOEUF COEUR S. 999.99"[1:] && p.Row(0) != "BOEUF COEUR . 999.99" {
			t.Errorf("the pole shows %q", p.Lines)
		}
	})
}
