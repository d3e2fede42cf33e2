package display_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

func TestCountdownSendsOnlyTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(2 * time.Minute))
		synctest.Wait()
		c.cable.since()
		time.Sleep(61 * time.Second)
		synctest.Wait()
		sent := c.cable.since()
		if n := strings.Count(sent, "t2.txt="); n != 61 || strings.Contains(sent, "qr0") || !strings.Contains(sent, `t2.txt="0:59"`) {
			t.Errorf("%d times in 61 s: %q", n, sent)
		}
	})
}

func TestCodeLeavesTheGlassWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(90 * time.Second))
		time.Sleep(90*time.Second - time.Millisecond)
		synctest.Wait()
		if _, err := displaysim.ReadCode(c.far.PNG()); err != nil {
			t.Fatalf("the code left too early: %v", err)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); !errors.Is(err, displaysim.ErrNoCode) {
			t.Fatalf("after its time the glass still shows %q, %v", got, err)
		}
	})
}

func TestStoppingTakesTheCodeOffTheGlass(t *testing.T) {
	for _, driver := range []string{"nextion", "linedisplay"} {
		synctest.Test(t, func(t *testing.T) {
			far, err := displaysim.New(driver, "cd5220", displaysim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := counterWith(t, far, func(c *display.Config) { c.Driver, c.Dialect = driver, "cd5220" })
			c.Show(codeScreen(0))
			synctest.Wait()
			c.stop()
			if got, err := displaysim.ReadCode(far.PNG()); !errors.Is(err, displaysim.ErrNoCode) {
				t.Errorf("%s: after the stop the glass shows %q, %v", driver, got, err)
			}
			if p, ok := far.State().Glass.(displaysim.PoleState); ok && p.Row(0) != "NOT IN SERVICE" {
				t.Errorf("after the stop the pole shows %q", p.Lines)
			}
		})
	}
}

func TestUnplugAndReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(0))
		synctest.Wait()
		c.cable.pull()
		synctest.Wait()
		if st := c.Status(); st.Connected || st.Trouble == "" {
			t.Fatalf("unplugged, status %+v", st)
		}
		before := c.cable.times()
		time.Sleep(time.Minute)
		if tries := c.cable.times() - before; tries < 30 || tries > 60 {
			t.Errorf("opened %d times in a minute, the backoff is to end at 1.5 s", tries)
		}
		began := time.Now()
		c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
		if time.Since(began) != 0 {
			t.Error("Show waited for a display that is not there")
		}
		c.cable.push()
		time.Sleep(2 * time.Second) // the longest that a cable which is back may go unused
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, c.far); g.Page != "result" || g.Set["t1.txt"] != "CAD 12.34" {
			t.Errorf("after the plug came back: %+v", g)
		}
		if st := c.Status(); !st.Connected || st.Trouble != "" {
			t.Errorf("status %+v", st)
		}
	})
}

func TestLatestScreenWinsOnASlowPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		synctest.Wait()
		c.far.SetFault("slow=200ms")
		c.cable.since()
		began := time.Now()
		for i := range 100 {
			c.Show(sale.Screen{Kind: sale.ScreenItems, Amount: sale.Amount(i + 1), Currency: "CAD"})
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("the till waited: %s", took)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, c.far); g.Set["t1.txt"] != "Total CAD 1.00" {
			t.Errorf("the glass shows %+v", g)
		}
		if n := strings.Count(c.cable.since(), "t1.txt"); n > 8 {
			t.Errorf("%d of 100 screens were sent: the old ones are to be dropped", n)
		}
	})
}

func TestGroupShowsOnAllAndAnyMayDrawTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := counterWith(t, displaysim.NewLine("escpos", displaysim.Options{}), func(c *display.Config) { c.Driver = "linedisplay" })
		b := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer a.stop()
		defer b.stop()
		g := display.NewGroup(a.Panel, b.Panel)
		if !g.CanQR() || g.Fits(url34) != nil {
			t.Error("one of them can draw the code")
		}
		g.Show(codeScreen(0))
		time.Sleep(time.Second)
		synctest.Wait()
		if p := glassOf[displaysim.PoleState](t, a.far); p.Row(1) != "CAD 12.34" {
			t.Errorf("the pole shows %q", p.Lines)
		}
		if got, err := displaysim.ReadCode(b.far.PNG()); err != nil || got != url34 {
			t.Errorf("the panel shows %q, %v", got, err)
		}
		if s := g.Status(); len(s) != 2 || !s[0].Connected || !s[1].Connected {
			t.Errorf("status %+v", s)
		}
	})
}

func TestCablePulledInTheMiddleOfACommand(t *testing.T) {
	for _, driver := range displaysim.Drivers() {
		synctest.Test(t, func(t *testing.T) {
			far, err := displaysim.New(driver, "dsp800", displaysim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := counterWith(t, far, func(c *display.Config) { c.Driver, c.Dialect = driver, "dsp800" })
			defer c.stop()
			time.Sleep(5 * time.Second)
			far.SetFault("slow=20ms")
			c.Show(codeScreen(0))
			time.Sleep(30 * time.Millisecond)
			c.cable.pull()
			time.Sleep(time.Second)
			far.ClearFault("slow")
			if st := c.Status(); st.Connected {
				t.Errorf("%s: %+v", driver, st)
			}
			c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
			c.cable.push()
			time.Sleep(12 * time.Second)
			synctest.Wait()
			if st := c.Status(); !st.Connected || st.Trouble != "" {
				t.Errorf("%s: %+v", driver, st)
			}
			if code, err := displaysim.ReadCode(far.PNG()); !errors.Is(err, displaysim.ErrNoCode) {
				t.Errorf("%s: after the plug came back it still shows %q, %v", driver, code, err)
			}
		})
	}
}

// One that sleeps obeys nothing but the word that wakes it, which therefore goes first.
func TestSleepingPanelIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := displaysim.NewNextion(displaysim.Options{})
		far.Feed([]byte("bkcmd=0" + display.NextionEnd + "sleep=1" + display.NextionEnd))
		c := counterWith(t, far, nil)
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, far); g.Asleep || g.Bkcmd != 3 || g.Set["t1.txt"] != "CAD 12.34" || !c.Status().Connected {
			t.Errorf("%+v, %+v", g, c.Status())
		}
	})
}

// TestNoTimerIsLeftBehindAWrite: the deadline of a write that has ended would wake an idle
// box once more.
func TestNoTimerIsLeftBehindAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(0))
		synctest.Wait()
		c.cable.mu.Lock()
		defer c.cable.mu.Unlock()
		if len(c.cable.sent) == 0 || !c.cable.wakes.IsZero() {
			t.Errorf("%d bytes were written, and the last write's deadline passes in %s", len(c.cable.sent), time.Until(c.cable.wakes))
		}
	})
}
