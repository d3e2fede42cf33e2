package printer_test

import (
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// TestTroubleInTheMiddleIsWaitedFor stops the printer after nine lines: mended in
// time the receipt is whole and there is one; else a person is told why.
func TestTroubleInTheMiddleIsWaitedFor(t *testing.T) {
	for fault, words := range map[string]string{
		"paper-out": "paper out", "cover": "cover open", "cutter": "cutter", "hot": "too hot", "error": "printer error",
	} {
		for _, profile := range []string{"generic-80", "epson-tm-m30", "epson-tm-t88"} {
			for _, mended := range []bool{true, false} {
				cfg := testConfig()
				cfg.Profile = profile
				onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
					c.sim.SetFault(fault + "=9")
					if mended {
						time.AfterFunc(30*time.Second, func() { c.sim.ClearFault(fault) })
					}
					res := c.p.Print(t.Context(), numbered(1))
					switch {
					case mended && (res.State != sale.PrintDone || len(c.sim.Receipts()) != 1):
						t.Errorf("%s on %s, mended: %+v, %d receipts", fault, profile, res, len(c.sim.Receipts()))
					case !mended && (res.State != sale.PrintFailed || !res.Maybe || !strings.Contains(res.Words, words)):
						t.Errorf("%s on %s: %+v", fault, profile, res)
					}
					checkJob(t, fault+" on "+profile, c, numbered(1), res)
				})
			}
		}
	}
}

// TestAPrinterThatLiesIsBelieved writes down what nothing on this side of the
// paper can know: without paper, and saying that all is well, it "printed".
func TestAPrinterThatLiesIsBelieved(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.sim.SetFault("lies-healthy")
		c.sim.SetFault("paper-out")
		if res := c.p.Print(t.Context(), numbered(1)); res.State != sale.PrintDone {
			t.Errorf("%+v", res)
		}
		if text := strings.Join(c.sim.Receipts(), ""); strings.Contains(text, "J000001") {
			t.Errorf("without paper it printed %q", text)
		}
		c.sim.ClearFault("")
		if res := c.p.Print(t.Context(), numbered(2)); res.State != sale.PrintDone || !strings.Contains(strings.Join(c.sim.Receipts(), ""), "J000002") {
			t.Errorf("with paper: %+v", res)
		}
	})
}
