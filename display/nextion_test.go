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

func TestCustomerReadsTheCodeFromThePanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		synctest.Wait()
		c.cable.since()
		c.Show(codeScreen(2 * time.Minute))
		synctest.Wait()
		got, err := displaysim.ReadCode(c.far.PNG())
		if err != nil || got != url34 {
			t.Fatalf("the customer read %q, %v", got, err)
		}
		sent := c.cable.since()
		if !strings.HasPrefix(sent, "page 1"+display.NextionEnd+`qr0.txt="`) {
			t.Errorf("the code did not leave first: %q", sent)
		}
		st := c.Status()
		if !st.Connected || st.Trouble != "" || st.Identity.Model != "NX4827T043_011R" || st.Identity.Serial != "D264B8204F0E1828" {
			t.Errorf("status %+v", st)
		}
		g := glassOf[displaysim.NextionState](t, c.far)
		if g.Set["t0.txt"] != "CAD 12.34" || g.Set["t2.txt"] != "2:00" || g.Dim != 100 || g.Bkcmd != 3 {
			t.Errorf("glass %+v", g)
		}
	})
}

func TestPanelIsDrawnAnewAfterItsPowerWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{Boot: 300 * time.Millisecond}), nil)
		defer c.stop()
		c.Show(codeScreen(0))
		synctest.Wait()
		c.far.SetFault("power-cycle=2s")
		time.Sleep(2 * time.Second)
		if _, err := displaysim.ReadCode(c.far.PNG()); err == nil {
			t.Fatal("a panel without power shows a code")
		}
		time.Sleep(400 * time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
			t.Fatalf("after the power came back the customer read %q, %v", got, err)
		}
	})
}

func TestFaultsOfThePanelHealByThemselves(t *testing.T) {
	for _, fault := range []string{"silent", "dead", "noise", "nak", "overflow", "lost=20", "wrong-baud", "slow=300ms"} {
		t.Run(fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
				defer c.stop()
				synctest.Wait()
				if err := c.far.SetFault(fault); err != nil {
					t.Fatal(err)
				}
				c.Show(codeScreen(0))
				time.Sleep(4 * time.Second)
				synctest.Wait()
				st := c.Status()
				switch fault {
				case "overflow", "slow=300ms": // the driver copes
					if !st.Connected || st.Trouble != "" {
						t.Errorf("%s: %+v", fault, st)
					}
				default:
					if st.Trouble == "" {
						t.Errorf("%s goes unnoticed: %+v", fault, st)
					}
				}
				c.far.ClearFault("")
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
					t.Errorf("%s: after it was over the customer read %q, %v; %+v", fault, got, err, c.Status())
				}
				if st := c.Status(); !st.Connected || st.Trouble != "" {
					t.Errorf("%s: after it was over %+v", fault, st)
				}
				if g := glassOf[displaysim.NextionState](t, c.far); g.Set["qr0.txt"] != url34 {
					t.Errorf("%s: after it was over the code is not in its component: %+v", fault, g)
				}
			})
		})
	}
}

// What a panel's buffer lost is not known: a command may be torn in the middle.
// Everything is sent again, one by one, on the same connection.
func TestOverflowIsHealedOnTheSameConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		synctest.Wait()
		opened := c.cable.times()
		c.far.SetFault("overflow")
		c.Show(codeScreen(0))
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		got, err := displaysim.ReadCode(c.far.PNG())
		g := glassOf[displaysim.NextionState](t, c.far)
		if st := c.Status(); err != nil || got != url34 || g.Set["t0.txt"] != "CAD 12.34" || c.cable.times() != opened || st.Trouble != "" || c.far.State().Overruns != 1 {
			t.Errorf("read %q, %v; opened %d times more; %+v; %+v", got, err, c.cable.times()-opened, g, st)
		}
	})
}

func TestPowerThatGoesInTheMiddleOfADrawingIsNoticedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		synctest.Wait()
		opened := c.cable.times()
		c.far.SetFault("slow=200ms")
		c.Show(codeScreen(0))
		time.Sleep(300 * time.Millisecond)
		c.far.ClearFault("slow")
		c.far.SetFault("power-cycle=300ms")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 || c.cable.times() != opened {
			t.Errorf("read %q, %v; opened %d times more; %+v", got, err, c.cable.times()-opened, c.Status())
		}
	})
}

// The panel's buffer takes 1024 bytes: never more are under way unanswered.
func TestPanelsBufferNeverRunsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), func(c *display.Config) { c.CodeSide, c.CodeMax = 1000, 1000 })
		defer c.stop()
		synctest.Wait()
		c.far.SetFault("slow=50ms")
		s := codeScreen(0)
		s.Code = strings.Repeat("0123456789", 99)
		c.Show(s)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := c.far.State().Overruns; n != 0 {
			t.Errorf("it ran over %d times", n)
		}
		if g := glassOf[displaysim.NextionState](t, c.far); g.Page != "pay" || g.Set["t1.txt"] != "Scan WeChat" {
			t.Errorf("%+v", g)
		}
	})
}

func TestProjectWithoutACodeComponentIsDrawnByThePanelItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewBareNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(0))
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
			t.Errorf("the customer read %q, %v", got, err)
		}
		if st := c.Status(); st.Trouble != "" {
			t.Errorf("status %+v", st)
		}
	})
}

func TestCodeTooLongForThePanelIsRefusedWithWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		s := codeScreen(0)
		s.Code = strings.Repeat("https://example.com/", 15)
		c.Show(s)
		synctest.Wait()
		if st := c.Status(); !st.Connected || !strings.Contains(st.Trouble, "300 characters") {
			t.Errorf("status %+v", st)
		}
		if err := c.Fits(s.Code); err == nil {
			t.Error("Fits promises it")
		}
		if g := glassOf[displaysim.NextionState](t, c.far); g.Page != "result" || g.Set["t0.txt"] != "Scan with WeChat" {
			t.Errorf("glass %+v", g)
		}
	})
}

// When posd dies with a code on the glass, the panel's own timer takes it away.
func TestPanelsTimerTakesTheCodeAwayWhenPosdFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), func(c *display.Config) { c.CodeTimer = true })
		defer c.stop()
		c.Show(codeScreen(2 * time.Minute))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
			t.Fatalf("while posd lives: %q, %v, %+v", got, err, c.Status())
		}
		c.cable.pull()
		time.Sleep(8 * time.Second)
		if _, err := displaysim.ReadCode(c.far.PNG()); err != nil {
			t.Fatalf("a short silence took the code away: %v", err)
		}
		time.Sleep(3 * time.Second)
		if got, err := displaysim.ReadCode(c.far.PNG()); !errors.Is(err, displaysim.ErrNoCode) {
			t.Fatalf("11 s after the last word the glass shows %q, %v", got, err)
		}
		c.cable.push()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
			t.Fatalf("after posd came back: %q, %v", got, err)
		}
	})
}

func TestPanelOnAnotherPageIsDrawnAnewAtTheNextCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(codeScreen(0))
		synctest.Wait()
		c.far.Feed([]byte("page idle" + display.NextionEnd)) // a finger on a button of the project
		if _, err := displaysim.ReadCode(c.far.PNG()); err == nil {
			t.Fatal("the page did not change")
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 {
			t.Errorf("after the check: %q, %v", got, err)
		}
	})
}

// A panel whose start-up message was lost stands on its first page with nothing
// in it: the next check sees that, although the page is the right one.
func TestPanelThatStartedAgainUnheardIsDrawnAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenWelcome})
		synctest.Wait()
		c.far.SetFault("silent")
		c.far.SetFault("power-cycle=100ms")
		time.Sleep(200 * time.Millisecond)
		c.far.ClearFault("")
		if g := glassOf[displaysim.NextionState](t, c.far); g.Page != "idle" || len(g.Set) != 0 {
			t.Fatalf("it did not start again: %+v", g)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, c.far); g.Set["t0.txt"] != "Chez Leon" || g.Bkcmd != 3 {
			t.Errorf("%+v", g)
		}
	})
}

func TestCheckOfAPanelThatIsRightCostsTwoQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), func(c *display.Config) { c.ShopName = `Chez "Léon" \ 茶` })
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenWelcome})
		synctest.Wait()
		c.cable.since()
		time.Sleep(65 * time.Second)
		synctest.Wait()
		if got, want := c.cable.since(), "sendme"+display.NextionEnd+"get t0.txt"+display.NextionEnd; got != want+want {
			t.Errorf("two checks sent %q", got)
		}
	})
}

// What one screen set beyond its texts must not stay on the next one.
func TestColourOfAResultDoesNotStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		c.Show(sale.Screen{Kind: sale.ScreenDeclined, Amount: 100, Currency: "CAD"})
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, c.far); g.Set["t0.pco"] != "51333" {
			t.Fatalf("declined is not red: %+v", g)
		}
		c.Show(sale.Screen{Kind: sale.ScreenProcessing, Amount: 100, Currency: "CAD"})
		synctest.Wait()
		if g := glassOf[displaysim.NextionState](t, c.far); g.Set["t0.txt"] != "Please wait" || g.Set["t0.pco"] != "" {
			t.Errorf("%+v", g)
		}
	})
}
