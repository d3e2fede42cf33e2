package printer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// A drawer opens when it is asked for, or never: whatever became of the printer
// since it was last asked, and whatever heals it afterwards.
func TestDrawerOpensNowOrNotAtAll(t *testing.T) {
	opened, refused := 0, 0
	for seed := range 240 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 15))
		cfg := testConfig()
		cfg.Drawer = "pin2"
		cfg.Profile = []string{"generic-80", "epson-tm-m30", "epson-tm-t88", "star-escpos", "pos-5890", "plain-437"}[rnd.IntN(6)]
		opt := simOptions(cfg)
		opt.NoASB, opt.NoPulse = !cfg.Model().ASB, !cfg.Model().RealTime
		fault := []string{"", "paper-out", "cover", "cutter", "hot", "error", "offline", "xoff", "paper-out=9", "cover=9"}[rnd.IntN(10)]
		what := fmt.Sprintf("seed %d: %s with %q", seed, cfg.Profile, fault)
		onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
			if rnd.IntN(4) > 0 || fault == "xoff" { // which nobody hears who is not there
				c.p.Probe(t.Context()) // all was well then
			}
			fail(c, rnd, "")
			if fault != "" {
				c.sim.SetFault(fault)
			}
			printed := make(chan sale.PrintResult, 1)
			if rnd.IntN(2) == 0 { // a receipt comes first, and may stop in the middle
				go func() { printed <- c.p.Print(t.Context(), numbered(1)) }()
				time.Sleep(time.Duration(rnd.IntN(8)) * time.Second)
			} else {
				printed <- sale.PrintResult{}
			}
			began := time.Now()
			err := c.p.OpenDrawer(t.Context())
			if took := time.Since(began); took > 9*time.Second {
				t.Errorf("%s: who asked for the drawer waited %s", what, took)
			}
			time.Sleep(20 * time.Millisecond)
			synctest.Wait()
			now := c.sim.State().Drawer
			switch {
			case err == nil && now != 1:
				t.Errorf("%s: said to be opened, and it was kicked %d times", what, now)
			case err != nil && now != 0:
				t.Errorf("%s: refused (%v), and it was kicked", what, err)
			case err != nil:
				refused++
			default:
				opened++
			}
			heal(c)
			<-printed
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if later := c.sim.State().Drawer; later != now {
				t.Errorf("%s: it opened by itself (%v at first)", what, err)
			}
		})
	}
	if opened < 20 || refused < 20 {
		t.Errorf("%d opened, %d refused: that shows little", opened, refused)
	}
}

// One that is asked while a receipt is stopped is answered at once.
func TestDrawerWhileAReceiptIsStopped(t *testing.T) {
	for profile, opens := range map[string]bool{"epson-tm-m30": true, "generic-80": true, "star-escpos": false} {
		cfg := testConfig()
		cfg.Drawer, cfg.Profile = "pin2", profile
		opt := simOptions(cfg)
		opt.NoPulse = !opens
		onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
			c.sim.SetFault("paper-out=9")
			done := make(chan sale.PrintResult, 1)
			go func() { done <- c.p.Print(context.Background(), samples()["card-approved"]) }()
			time.Sleep(20 * time.Second)
			began := time.Now()
			err := c.p.OpenDrawer(t.Context())
			synctest.Wait()
			if took := time.Since(began); took > time.Second || (err == nil) != opens || (c.sim.State().Drawer == 1) != opens {
				t.Errorf("%s: %v after %s, kicked %d times", profile, err, took, c.sim.State().Drawer)
			}
			c.sim.ClearFault("")
			if res := <-done; res.State != sale.PrintDone {
				t.Errorf("%s: the receipt ended as %+v", profile, res)
			}
		})
	}
}
