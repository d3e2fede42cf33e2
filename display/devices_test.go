package display_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// A line that somebody else left with a deadline still works.
func TestDeadlineLeftOnTheLineDoesNotMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewNextion(displaysim.Options{})
		ctx, end := context.WithCancel(t.Context())
		defer end()
		link := &cable{far: far, ctx: ctx}
		link.Open(t.Context())
		link.SetReadDeadline(time.Now().Add(-time.Second))
		if _, err := display.Probe(t.Context(), link, "nextion", time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestDevicesSayWhoTheyAre(t *testing.T) {
	for driver, want := range map[string]string{"nextion": "NX4827T043_011R", "dmd70": "DM-D70", "bonrix": "QR box, 812 KB free"} {
		synctest.Test(t, func(t *testing.T) {
			far, err := displaysim.New(driver, "", displaysim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			defer end()
			link := &cable{far: far, ctx: ctx}
			id, err := display.Probe(ctx, link, driver, time.Second)
			if err != nil || id.Model != want {
				t.Errorf("%s: %+v, %v", driver, id, err)
			}
			if link.conn != nil {
				t.Errorf("%s: the line is left open", driver)
			}
			for _, other := range display.Probes() {
				if other == driver {
					continue
				}
				if id, err := display.Probe(ctx, link, other, time.Second); err == nil {
					t.Errorf("a %s passes for a %s: %+v", driver, other, id)
				}
			}
		})
	}
	if _, err := display.Probe(t.Context(), &cable{}, "linedisplay", time.Second); err == nil || !strings.Contains(err.Error(), "cannot be asked") {
		t.Errorf("a pole has no voice: %v", err)
	}
}

func TestBoxThatRestartsWhenItsPortIsOpenedIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewBonrix(displaysim.Options{Boot: 1500 * time.Millisecond})
		far.SetFault("reset-on-open")
		c := counterWith(t, far, func(c *display.Config) { c.Driver = "bonrix" })
		defer c.stop()
		c.Show(codeScreen(0))
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(far.PNG()); err != nil || got != url34 {
			t.Errorf("the customer read %q, %v", got, err)
		}
		far.SetFault("power-cycle=1s") // it says so when it starts
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got, err := displaysim.ReadCode(far.PNG()); err != nil || got != url34 {
			t.Errorf("after its power came back: %q, %v", got, err)
		}
	})
}

// One that says nothing when it starts is given its time.
func TestBoxThatRestartsWithoutAWordIsGivenItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewBonrix(displaysim.Options{Boot: 1500 * time.Millisecond})
		far.SetFault("reset-on-open")
		far.SetFault("silent")
		c := counterWith(t, far, func(c *display.Config) { c.Driver = "bonrix" })
		defer c.stop()
		c.Show(codeScreen(0))
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(far.PNG()); err != nil || got != url34 {
			t.Errorf("the customer read %q, %v", got, err)
		}
	})
}

func TestPuckIsGivenItsSecondAfterACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewMertech(displaysim.Options{})
		c := counterWith(t, far, func(c *display.Config) { c.Driver = "mertech" })
		defer c.stop()
		synctest.Wait()
		c.Show(codeScreen(0))
		time.Sleep(100 * time.Millisecond)
		c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if m := glassOf[displaysim.MertechState](t, far); m.Picture != "correct" || m.Missed != 0 || len(m.Unknown) > 0 {
			t.Errorf("%+v", m)
		}
		if id := c.Status().Identity; id.Version != "QR-PAY 1.2" {
			t.Errorf("identity %+v", id)
		}
	})
}

func TestDMD70BehindAPrinterIsDrawnWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewDMD70(displaysim.Options{})
		far.SetFault("silent")
		c := counterWith(t, far, func(c *display.Config) { c.Driver = "dmd70" })
		defer c.stop()
		c.Show(codeScreen(time.Minute))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		g := glassOf[displaysim.DMD70State](t, far)
		if got, err := displaysim.ReadCode(far.PNG()); err != nil || got != url34 || g.Codes != 1 || g.Cut || len(g.Unknown) > 0 || g.Level != "1" {
			t.Errorf("%q, %v, %+v", got, err, g)
		}
		if st := c.Status(); !st.Connected || st.Identity.Model != "" {
			t.Errorf("%+v", st)
		}
		c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
		synctest.Wait()
		if g := glassOf[displaysim.DMD70State](t, far); g.Codes != 0 || strings.TrimSpace(g.Lines[1]) != "CAD 12.34" {
			t.Errorf("%+v", g)
		}
	})
}

// A display that lost its power alone and says nothing of it gets its picture
// and its settings back at the next check.
func TestBrightnessComesBackAfterThePowerWasAway(t *testing.T) {
	for _, k := range [][2]string{{"dmd70", ""}, {"linedisplay", "escpos"}, {"linedisplay", "cd5220"}, {"linedisplay", "utc"}, {"linedisplay", "utce"}} {
		synctest.Test(t, func(t *testing.T) {
			far, err := displaysim.New(k[0], k[1], displaysim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := counterWith(t, far, func(c *display.Config) {
				c.Driver, c.Brightness = k[0], 30
				if k[1] != "" {
					c.Dialect = k[1]
				}
			})
			defer c.stop()
			c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
			time.Sleep(2 * time.Second)
			synctest.Wait()
			before := far.PNG()
			far.SetFault("power-cycle=100ms")
			time.Sleep(200 * time.Millisecond)
			if bytes.Equal(before, far.PNG()) {
				t.Fatalf("%v kept its picture without power", k)
			}
			time.Sleep(31 * time.Second)
			synctest.Wait()
			if !bytes.Equal(before, far.PNG()) {
				t.Errorf("%v is not as it was: %+v", k, far.State().Glass)
			}
		})
	}
}
