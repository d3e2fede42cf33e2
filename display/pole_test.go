package display_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

func TestPoleSaysThatItCannotShowACode(t *testing.T) {
	for _, dialect := range displaysim.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := counterWith(t, displaysim.NewLine(dialect, displaysim.Options{}), func(c *display.Config) { c.Driver, c.Dialect = "linedisplay", dialect })
				defer c.stop()
				c.Show(codeScreen(time.Minute))
				time.Sleep(time.Second)
				synctest.Wait()
				if c.CanQR() || c.Fits(url34) == nil || display.NewGroup(c.Panel).CanQR() {
					t.Error("it promises a QR")
				}
				c.cable.since()
				time.Sleep(20 * time.Second)
				if sent := c.cable.since(); sent != "" {
					t.Errorf("a countdown that a pole does not show costs %q", sent)
				}
				if st := c.Status(); !st.Connected || st.Trouble != "" {
					t.Errorf("status %+v", st)
				}
				if l, ok := c.far.State().Glass.(displaysim.LED8State); ok {
					if l.Digits != "12.34" || l.Lamp != "total" || len(l.Unknown) > 0 {
						t.Errorf("%+v", l)
					}
					return
				}
				p := glassOf[displaysim.PoleState](t, c.far)
				if p.Row(0) != "SCAN WITH WECHAT" || p.Row(1) != "CAD 12.34" || len(p.Unknown) > 0 || dialect != "dsp800" && dialect != "aedex" && p.ShowCursor {
					t.Errorf("%+v", p)
				}
				c.Show(sale.Screen{Kind: sale.ScreenProcessing, Amount: 1234, Currency: "CAD"})
				time.Sleep(time.Second)
				c.Show(sale.Screen{Kind: sale.ScreenProcessing, Amount: 99900, Currency: "CAD"})
				time.Sleep(time.Second)
				synctest.Wait()
				p = glassOf[displaysim.PoleState](t, c.far)
				if p.Row(0) != "PLEASE WAIT" || p.Row(1) != "CAD 999.00" || len(p.Unknown) > 0 {
					t.Errorf("after single lines: %+v", p)
				}
			})
		})
	}
}

func TestWrongDialectIsVisible(t *testing.T) {
	for _, wrong := range [][2]string{{"escpos", "utc"}, {"cd5220", "escpos"}, {"utc", "cd5220"}, {"utce", "escpos"}, {"aedex", "utc"}, {"dsp800", "cd5220"}} {
		synctest.Test(t, func(t *testing.T) {
			c := counterWith(t, displaysim.NewLine(wrong[1], displaysim.Options{}), func(c *display.Config) { c.Driver, c.Dialect = "linedisplay", wrong[0] })
			defer c.stop()
			c.Show(sale.Screen{Kind: sale.ScreenProcessing, Amount: 1234, Currency: "CAD"})
			time.Sleep(time.Second)
			synctest.Wait()
			p := glassOf[displaysim.PoleState](t, c.far)
			if len(p.Unknown) == 0 && p.Row(0) == "PLEASE WAIT" && p.Row(1) == "CAD 12.34" {
				t.Errorf("%s on a pole that speaks %s looks right", wrong[0], wrong[1])
			}
		})
	}
}

func TestAmountTooLongForEightDigitsIsNotShownInPart(t *testing.T) {
	for a, want := range map[sale.Amount]string{5: "0.05", 99999999: "999999.99", 100000000: "--------"} {
		synctest.Test(t, func(t *testing.T) {
			c := counterWith(t, displaysim.NewLED8(displaysim.Options{}), func(c *display.Config) { c.Driver, c.Dialect = "linedisplay", "led8" })
			defer c.stop()
			c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: a, Currency: "CAD"})
			time.Sleep(time.Second)
			synctest.Wait()
			if l := glassOf[displaysim.LED8State](t, c.far); l.Digits != want || l.Lamp != "received" {
				t.Errorf("%d: %+v", a, l)
			}
		})
	}
}

// A DSP800 is the one pole that answers: its silence is noticed and healed.
func TestSilenceOfADSP800IsNoticed(t *testing.T) {
	for _, fault := range []string{"silent", "dead", "nak"} {
		synctest.Test(t, func(t *testing.T) {
			c := counterWith(t, displaysim.NewLine("dsp800", displaysim.Options{}), func(c *display.Config) { c.Driver, c.Dialect = "linedisplay", "dsp800" })
			defer c.stop()
			c.Show(sale.Screen{Kind: sale.ScreenWelcome})
			time.Sleep(time.Second)
			c.far.SetFault(fault)
			c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
			time.Sleep(5 * time.Second)
			if st := c.Status(); st.Connected || st.Trouble == "" {
				t.Errorf("%s goes unnoticed: %+v", fault, st)
			}
			c.far.ClearFault("")
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if p := glassOf[displaysim.PoleState](t, c.far); !c.Status().Connected || p.Row(1) != "CAD 12.34" {
				t.Errorf("after %s: %+v, %q", fault, c.Status(), p.Lines)
			}
		})
	}
}

func TestPoleThatLostItsPowerIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewLine("escpos", displaysim.Options{}), func(c *display.Config) { c.Driver = "linedisplay" })
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenWelcome})
		time.Sleep(time.Second)
		c.far.SetFault("power-cycle=1s")
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if p := glassOf[displaysim.PoleState](t, c.far); p.Row(0) != "CHEZ LEON" || p.Row(1) != "WELCOME" {
			t.Errorf("the pole shows %q", p.Lines)
		}
	})
}

func TestPoleIsNotFlooded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewLine("escpos", displaysim.Options{}), func(c *display.Config) { c.Driver = "linedisplay" })
		defer c.stop()
		time.Sleep(time.Second)
		c.cable.since()
		for i := range 200 {
			c.Show(sale.Screen{Kind: sale.ScreenItems, Amount: sale.Amount(i + 1), Currency: "CAD"})
			time.Sleep(5 * time.Millisecond)
		}
		if n := strings.Count(c.cable.since(), "CAD"); n < 4 || n > 6 {
			t.Errorf("%d updates in a second, about 5 are right", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if p := glassOf[displaysim.PoleState](t, c.far); p.Row(1) != "TOTAL       CAD 2.00" {
			t.Errorf("the last one is missing: %q", p.Lines)
		}
	})
}

// Two updates in a row are parted by what the line and the pole need, not by a
// pause for a flood that is none.
func TestPoleIsPacedByWhatItNeeds(t *testing.T) {
	for dialect, most := range map[string]time.Duration{"escpos": 90 * time.Millisecond, "cd5220": 105 * time.Millisecond, "dsp800": 5 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			c := counterWith(t, displaysim.NewLine(dialect, displaysim.Options{}), func(c *display.Config) { c.Driver, c.Dialect = "linedisplay", dialect })
			defer c.stop()
			time.Sleep(2 * time.Second)
			c.Show(sale.Screen{Kind: sale.ScreenItems, Amount: 100, Currency: "CAD"})
			synctest.Wait()
			began := time.Now()
			c.Show(sale.Screen{Kind: sale.ScreenCard, Amount: 200, Currency: "CAD"})
			for ; time.Since(began) < time.Second; time.Sleep(time.Millisecond) {
				synctest.Wait()
				if p := glassOf[displaysim.PoleState](t, c.far); p.Row(1) == "CAD 2.00" {
					break
				}
			}
			if took := time.Since(began); took > most {
				t.Errorf("%s: the second update came after %s, where %s is enough", dialect, took, most)
			}
		})
	}
}
