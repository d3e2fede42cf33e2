package printer_test

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
)

// rounds is raised for a long run: go test ./printer -run Random -rounds 10000
var rounds = flag.Int("rounds", 400, "faults at random places")

// cutWire loses the connection after so many bytes went to the printer.
type cutWire struct {
	net.Conn
	left int
}

func (w *cutWire) Write(b []byte) (int, error) {
	if len(b) <= w.left {
		w.left -= len(b)
		return w.Conn.Write(b)
	}
	n, _ := w.Conn.Write(b[:w.left])
	w.left = 0
	w.Conn.Close()
	return n, net.ErrClosed
}

// codes are QR codes in a text, drawn by the printer or sent as a picture.
var codes = regexp.MustCompile(`(?m)^ *\[(QR|picture) [^]]*\]$`)

// checkJob holds the three promises about one receipt against what lies on the
// counter in the end.
func checkJob(t *testing.T, what string, c *counter, r sale.Receipt, res sale.PrintResult) {
	t.Helper()
	text := codes.ReplaceAllString(squeeze(c.p.Layout().Text(r)), "[code]")
	whole, begun := 0, 0
	for _, paper := range append(c.sim.Receipts(), c.sim.Unfinished()) {
		paper = codes.ReplaceAllString(paper, "[code]")
		whole += strings.Count(paper, text)
		begun += strings.Count(paper, r.Sale.Reference)
	}
	switch {
	case begun > 1:
		t.Errorf("%s: printed %d times", what, begun)
	case res.State == sale.PrintDone && whole != 1:
		t.Errorf("%s: said to be printed, and %d lie there", what, whole)
	case res.State == sale.PrintFailed && !res.Maybe && begun != 0:
		t.Errorf("%s: said to be not begun (%s), and it lies there", what, res.Words)
	case res.State != sale.PrintDone && res.State != sale.PrintSent && res.State != sale.PrintFailed:
		t.Errorf("%s: ended as %q", what, res.State)
	case res.State == sale.PrintFailed && res.Words == "":
		t.Errorf("%s: failed without a word", what)
	}
}

func numbered(n int) sale.Receipt {
	s := cardSale()
	s.Reference = fmt.Sprintf("J%06d", n)
	return sale.Receipt{Job: fmt.Sprintf("01KAK3V7Q2M8R4T6W9XB%06d", n), Sale: s, Copy: sale.CustomerCopy, At: at}
}

// TestFaultsAtRandomPlaces prints on printers that fail at random places, and
// looks at the paper afterwards. A printer that lies is not among them: its
// word is all there is.
func TestFaultsAtRandomPlaces(t *testing.T) {
	profiles := []string{"generic-80", "generic-58", "epson-tm-m30", "epson-tm-t88", "epson-tm-t88iii", "silent-58", "silent-80", "star-escpos"}
	faults := []string{"", "paper-out", "cover", "cutter", "hot", "error", "dies-mid", "offline", "slow", "silent-clone", "xoff", "cable", "away", "near-end", "holds", "forgets"}
	ended := map[sale.Printed]int{}
	for seed := range *rounds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		cfg := testConfig()
		cfg.Profile = profiles[rnd.IntN(len(profiles))]
		cfg.CodeTable = 16 // the simulator's tables are Epson's
		opt := simOptions(cfg)
		opt.NoGSr = rnd.IntN(8) == 0
		opt.NoASB = !cfg.Model().ASB
		opt.Line = time.Duration(rnd.IntN(40)) * time.Millisecond
		var done []sale.PrintResult
		var script []string
		onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
			jobs := 1 + rnd.IntN(3)
			for n := range jobs {
				name := faults[rnd.IntN(len(faults))]
				script = append(script, name)
				fail(c, rnd, name)
				done = append(done, c.p.Print(t.Context(), numbered(n)))
				if rnd.IntN(3) > 0 {
					heal(c)
				}
			}
			heal(c)
			c.link.Open(t.Context()) // what the printer still has, it prints now
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			for n, res := range done {
				ended[res.State]++
				checkJob(t, fmt.Sprintf("seed %d, %s, %v, receipt %d of %d: %s", seed, cfg.Profile, script, n+1, jobs, res.State), c, numbered(n), res)
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Log(ended)
	for _, s := range []sale.Printed{sale.PrintDone, sale.PrintSent, sale.PrintFailed} {
		if ended[s] == 0 {
			t.Errorf("no receipt ended as %s", s)
		}
	}
}

// fail makes something go wrong during the next receipt, and perhaps right again.
func fail(c *counter, rnd *rand.Rand, name string) {
	switch name {
	case "":
	case "cable":
		left := rnd.IntN(1500)
		c.link.Close()
		c.link.wire = func(conn net.Conn) net.Conn { return &cutWire{conn, left} }
	case "away":
		c.link.Close()
		c.link.away = true
	case "paper-out", "cover", "cutter", "hot", "error", "dies-mid":
		c.sim.SetFault(fmt.Sprintf("%s=%d", name, rnd.IntN(60)))
	default:
		after := time.Duration(rnd.IntN(2000)) * time.Millisecond
		time.AfterFunc(after, func() { c.sim.SetFault(name) })
	}
	if rnd.IntN(2) == 0 {
		time.AfterFunc(time.Duration(rnd.IntN(90))*time.Second, func() { c.sim.ClearFault("") })
	}
}

func heal(c *counter) {
	c.sim.ClearFault("")
	c.link.mu.Lock()
	c.link.away, c.link.wire = false, nil
	c.link.mu.Unlock()
	if c.sim.State().Dead {
		c.link.Close()
	}
}

// TestCutAtEveryByte loses the cable after every byte of a receipt in turn.
func TestCutAtEveryByte(t *testing.T) {
	cfg := testConfig()
	cfg.Profile = "epson-tm-t88"
	for left, whole := 0, false; !whole; left++ {
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			c.link.wire = func(conn net.Conn) net.Conn { return &cutWire{conn, left} }
			first := c.p.Print(t.Context(), numbered(1))
			if whole = first.State == sale.PrintDone; whole {
				return
			}
			c.link.wire = nil
			second := c.p.Print(t.Context(), numbered(2))
			time.Sleep(time.Minute)
			checkJob(t, fmt.Sprintf("cut after %d bytes", left), c, numbered(1), first)
			checkJob(t, fmt.Sprintf("the receipt after the one cut after %d bytes", left), c, numbered(2), second)
			if second.State != sale.PrintDone {
				t.Errorf("after a cut at %d the next receipt ended %+v", left, second)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// TestPaperOutAtEveryLine ends the paper after every line in turn, and puts a
// new roll in.
func TestPaperOutAtEveryLine(t *testing.T) {
	for _, profile := range []string{"generic-80", "epson-tm-m30"} {
		cfg := testConfig()
		cfg.Profile = profile
		for line := range 60 {
			onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
				c.sim.SetFault(fmt.Sprintf("paper-out=%d", line))
				time.AfterFunc(20*time.Second, func() { c.sim.ClearFault("paper-out") })
				res := c.p.Print(t.Context(), numbered(1))
				time.Sleep(time.Minute)
				checkJob(t, fmt.Sprintf("%s, paper out after %d lines", profile, line), c, numbered(1), res)
				if line > 0 && line < 40 && res.State != sale.PrintDone {
					t.Errorf("%s: paper out after %d lines ended %+v", profile, line, res)
				}
			})
		}
	}
}

// TestANewRunClearsWhatTheOldOneLeft kills the program after every so many
// bytes of a receipt: the next run knows nothing of it.
func TestANewRunClearsWhatTheOldOneLeft(t *testing.T) {
	for _, profile := range []string{"generic-80", "epson-tm-m30"} {
		cfg := testConfig()
		cfg.Profile = profile
		for left := 0; left < 1400; left += 7 {
			onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
				c.link.wire = func(conn net.Conn) net.Conn { return &cutWire{conn, left} }
				c.p.Print(t.Context(), numbered(1))
				c.link.Close()
				c.link.wire = nil
				c.p = printer.New(c.link, cfg, slog.New(slog.DiscardHandler))
				res := c.p.Print(t.Context(), numbered(2))
				time.Sleep(time.Minute)
				checkJob(t, fmt.Sprintf("%s: after a run that ended at byte %d", profile, left), c, numbered(2), res)
				if res.State != sale.PrintDone {
					t.Errorf("%s: after a run that ended at byte %d: %+v", profile, left, res)
				}
			})
			if t.Failed() {
				return
			}
		}
	}
}
