package printer_test

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posd/device/sale"
	"posd/printer"
)

// usbLink is a line whose port has a status byte.
type usbLink struct {
	*pipeLink
	bits func() byte
}

func (l *usbLink) PortStatus() (byte, bool) { return l.bits(), true }

// onUSB runs f with a printer behind a port that says what bits returns.
func onUSB(t *testing.T, profile string, f func(t *testing.T, c *counter, bits *atomic.Uint32)) {
	cfg := testConfig()
	cfg.Profile = profile
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		var bits atomic.Uint32
		bits.Store(0x18)
		c.p = printer.New(&usbLink{c.link, func() byte { return byte(bits.Load()) }}, cfg, slog.New(slog.DiscardHandler))
		f(t, c, &bits)
	})
}

func TestThePortSpeaksForASilentPrinter(t *testing.T) {
	for _, tc := range []struct {
		before, now uint32
		state       sale.Printed
		words       string
	}{
		{0x18, 0x18, sale.PrintSent, "does not say whether it printed"}, // well is not printed
		{0x18, 0x38, sale.PrintFailed, "paper out"},
		{0x18, 0x30, sale.PrintFailed, "paper out"},
		{0x18, 0x08, sale.PrintFailed, "offline"},
		{0x18, 0x10, sale.PrintFailed, "printer error"},
		{0x00, 0x00, sale.PrintSent, "does not say whether it printed"}, // says nothing but that, ever
		{0x10, 0x10, sale.PrintSent, "does not say whether it printed"},
		{0x00, 0x20, sale.PrintFailed, "paper out"}, // nothing but a sensor sets that
	} {
		for _, profile := range []string{"generic-80", "silent-58"} {
			onUSB(t, profile, func(t *testing.T, c *counter, bits *atomic.Uint32) {
				c.sim.SetFault("silent-clone")
				bits.Store(tc.before)
				c.p.Probe(t.Context())
				bits.Store(tc.now)
				res := c.p.Print(t.Context(), numbered(1))
				if res.State != tc.state || res.Maybe || !strings.Contains(res.Words, tc.words) && profile != "silent-58" {
					t.Errorf("%s, port %02X then %02X: %+v", profile, tc.before, tc.now, res)
				}
				checkJob(t, profile, c, numbered(1), res)
				bits.Store(0x18)
				if res := c.p.Print(t.Context(), numbered(2)); res.State != sale.PrintSent {
					t.Errorf("%s, mended after %02X: %+v", profile, tc.now, res)
				}
			})
		}
	}
}

func TestThePortSeesThePaperEndInTheMiddle(t *testing.T) {
	for mended, want := range map[bool]sale.Printed{true: sale.PrintSent, false: sale.PrintFailed} {
		onUSB(t, "generic-80", func(t *testing.T, c *counter, bits *atomic.Uint32) {
			c.sim.SetFault("silent-clone")
			time.AfterFunc(2*time.Second, func() { bits.Store(0x30); c.sim.SetFault("paper-out") })
			c.sim.SetFault("slow=100ms")
			if mended {
				time.AfterFunc(20*time.Second, func() { bits.Store(0x18); c.sim.ClearFault("paper-out") })
			}
			res := c.p.Print(t.Context(), numbered(1))
			if res.State != want || res.Maybe == mended {
				t.Errorf("mended %v: %+v", mended, res)
			}
			checkJob(t, "paper out", c, numbered(1), res)
		})
	}
}

func TestAPrinterThatAnswersNeedsNoPort(t *testing.T) {
	onUSB(t, "generic-80", func(t *testing.T, c *counter, bits *atomic.Uint32) {
		bits.Store(0x20)
		if res := c.p.Print(t.Context(), numbered(1)); res.State != sale.PrintDone {
			t.Errorf("%+v", res)
		}
		if s := c.p.Status(); s.Port || s.Words != "ready" {
			t.Errorf("%+v", s)
		}
	})
}
