package display_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// cable is a Link to a simulated device through an in-memory pipe.
type cable struct {
	far *displaysim.Device
	ctx context.Context

	mu     sync.Mutex
	conn   net.Conn
	epoch  uint64
	cut    bool // nothing is plugged in
	opened int
	sent   []byte
}

func (c *cable) Open(context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	if c.cut {
		return 0, errors.New("no such device")
	}
	if c.conn == nil {
		near, far := net.Pipe()
		go c.far.ServeConn(c.ctx, far)
		c.conn, c.epoch = near, c.epoch+1
	}
	return c.epoch, nil
}

func (c *cable) current() (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil, net.ErrClosed
	}
	return c.conn, nil
}

func (c *cable) Read(p []byte) (int, error) {
	conn, err := c.current()
	if err != nil {
		return 0, err
	}
	return conn.Read(p)
}

func (c *cable) Write(p []byte) (int, error) {
	conn, err := c.current()
	if err != nil {
		return 0, err
	}
	n, err := conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, p[:n]...)
	return n, err
}

func (c *cable) SetReadDeadline(t time.Time) error {
	conn, err := c.current()
	if err != nil {
		return err
	}
	return conn.SetReadDeadline(t)
}

func (c *cable) SetWriteDeadline(t time.Time) error {
	conn, err := c.current()
	if err != nil {
		return err
	}
	return conn.SetWriteDeadline(t)
}

func (c *cable) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
	return nil
}

// pull takes the plug out; push puts it back.
func (c *cable) pull() {
	c.mu.Lock()
	c.cut = true
	c.mu.Unlock()
	c.far.SetFault("unplug")
}

func (c *cable) push() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = false
}

// since returns what was written since the last call.
func (c *cable) since() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := string(c.sent)
	c.sent = nil
	return s
}

// counter is a display on a simulated device inside a synctest bubble.
type counter struct {
	*display.Panel
	far   *displaysim.Device
	cable *cable
	stop  func() // ends Run and waits for it
}

func counterWith(t *testing.T, far *displaysim.Device, change func(*display.Config)) counter {
	t.Helper()
	c := display.Defaults()
	c.ShopName = "Chez Leon"
	if change != nil {
		change(&c)
	}
	driver, err := display.New(c)
	if err != nil {
		t.Fatal(err)
	}
	simCtx, endSim := context.WithCancel(context.Background())
	link := &cable{far: far, ctx: simCtx}
	p := display.NewPanel("customer", link, driver, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	}()
	return counter{p, far, link, func() {
		cancel()
		<-done
		endSim()
	}}
}

func glassOf[T any](t *testing.T, d *displaysim.Device) T {
	t.Helper()
	g, ok := d.State().Glass.(T)
	if !ok {
		t.Fatalf("the glass is a %T", d.State().Glass)
	}
	return g
}

const url34 = "weixin://wxpay/bizpayurl?pr=AbCdEf"

func codeScreen(until time.Duration) sale.Screen {
	s := sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 1234, Currency: "CAD", Method: sale.WeChat, Code: url34}
	if until > 0 {
		t := time.Now().Add(until)
		s.Until = &t
	}
	return s
}

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
		before := c.cable.opened
		time.Sleep(time.Minute)
		if tries := c.cable.opened - before; tries < 10 || tries > 20 {
			t.Errorf("opened %d times in a minute, the backoff is to end at 5 s", tries)
		}
		began := time.Now()
		c.Show(sale.Screen{Kind: sale.ScreenPaid, Amount: 1234, Currency: "CAD"})
		if time.Since(began) != 0 {
			t.Error("Show waited for a display that is not there")
		}
		c.cable.push()
		time.Sleep(5 * time.Second)
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
		opened := c.cable.opened
		c.far.SetFault("overflow")
		c.Show(codeScreen(0))
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		got, err := displaysim.ReadCode(c.far.PNG())
		g := glassOf[displaysim.NextionState](t, c.far)
		if st := c.Status(); err != nil || got != url34 || g.Set["t0.txt"] != "CAD 12.34" || c.cable.opened != opened || st.Trouble != "" || c.far.State().Overruns != 1 {
			t.Errorf("read %q, %v; opened %d times more; %+v; %+v", got, err, c.cable.opened-opened, g, st)
		}
	})
}

func TestPowerThatGoesInTheMiddleOfADrawingIsNoticedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, displaysim.NewNextion(displaysim.Options{}), nil)
		defer c.stop()
		synctest.Wait()
		opened := c.cable.opened
		c.far.SetFault("slow=200ms")
		c.Show(codeScreen(0))
		time.Sleep(300 * time.Millisecond)
		c.far.ClearFault("slow")
		c.far.SetFault("power-cycle=300ms")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if got, err := displaysim.ReadCode(c.far.PNG()); err != nil || got != url34 || c.cable.opened != opened {
			t.Errorf("read %q, %v; opened %d times more; %+v", got, err, c.cable.opened-opened, c.Status())
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
