package printer_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
	"posd/printer/printersim"
)

// pipeLink is a line to a simulated printer: every Open after a loss is a new
// connection.
type pipeLink struct {
	sim *printersim.Printer
	ctx context.Context

	mu    sync.Mutex
	conn  net.Conn
	epoch uint64
	away  bool
	wakes time.Time // when the last write's deadline passes; zero: never
	// wire, if set, stands between: it returns the end the driver gets.
	wire func(net.Conn) net.Conn
}

func (l *pipeLink) Open(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return 0, errors.New("connection refused")
	}
	if l.conn == nil {
		near, far := net.Pipe()
		l.conn = near
		if l.wire != nil {
			l.conn = l.wire(near)
		}
		l.epoch++
		go l.sim.ServeConn(l.ctx, far)
	}
	return l.epoch, nil
}

// now returns the connection, closed if there is none.
func (l *pipeLink) now() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		dead, _ := net.Pipe()
		dead.Close()
		return dead
	}
	return l.conn
}

func (l *pipeLink) lost(n int, err error) (int, error) {
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		l.Close()
	}
	return n, err
}

func (l *pipeLink) Read(b []byte) (int, error)        { return l.lost(l.now().Read(b)) }
func (l *pipeLink) Write(b []byte) (int, error)       { return l.lost(l.now().Write(b)) }
func (l *pipeLink) SetReadDeadline(t time.Time) error { return l.now().SetReadDeadline(t) }
func (l *pipeLink) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	l.wakes = t
	l.mu.Unlock()
	return l.now().SetWriteDeadline(t)
}

func (l *pipeLink) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
	return nil
}

// counter is a printer with its driver.
type counter struct {
	sim  *printersim.Printer
	link *pipeLink
	p    *printer.Printer
	cfg  printer.Config
}

func simOptions(c printer.Config) printersim.Options {
	p := c.Model()
	return printersim.Options{Dots: p.Dots, Matrix: c.Matrix, NoCutter: !p.Cutter, NoMemory: !p.Keeps, Hanzi: p.Hanzi != "", Star: p.Star, ProcessID: p.Confirm == printer.ConfirmID}
}

func onCounter(t *testing.T, cfg printer.Config, opt printersim.Options, f func(t *testing.T, c *counter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		sim := printersim.New(opt)
		link := &pipeLink{sim: sim, ctx: ctx}
		f(t, &counter{sim: sim, link: link, p: printer.New(link, cfg, slog.New(slog.DiscardHandler)), cfg: cfg})
		link.Close()
		cancel()
		synctest.Wait()
	})
}

func TestPrintedIsWhatWasLaidOut(t *testing.T) {
	for _, profile := range printer.Profiles {
		cfg := testConfig()
		cfg.Profile = profile.Name
		opt := simOptions(cfg)
		if profile.Table != 16 {
			continue // the simulator's tables are Epson's
		}
		onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
			for name, r := range samples() {
				res := c.p.Print(t.Context(), r)
				want := sale.PrintDone
				if profile.Quiet {
					want = sale.PrintSent
				}
				if res.State != want || res.Job != r.Job {
					t.Fatalf("%s on %s: %+v", name, profile.Name, res)
				}
				synctest.Wait()
				all := c.sim.Receipts()
				if len(all) == 0 {
					t.Fatalf("%s on %s: nothing came out but %q", name, profile.Name, c.sim.Unfinished())
				}
				got, want2 := squeeze(all[len(all)-1]), squeeze(c.p.Layout().Text(r))
				if profile.QR && got != want2 {
					t.Errorf("%s on %s: printed\n%s\nlaid out\n%s", name, profile.Name, got, want2)
				}
			}
			if odd := c.sim.Unknown(); len(odd) > 0 {
				t.Errorf("%s: the printer does not understand %q", profile.Name, odd)
			}
		})
	}
}

// squeeze drops the empty lines at the end: feeding to the blade makes some.
func squeeze(s string) string { return strings.TrimRight(s, "\n") }

func TestTroubleBeforeTheReceiptPrintsNothing(t *testing.T) {
	for fault, words := range map[string]string{
		"paper-out": "paper out", "cover": "cover open", "cutter": "cutter", "hot": "too hot", "error": "printer error", "offline": "offline",
	} {
		onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
			c.sim.SetFault(fault)
			res := c.p.Print(t.Context(), samples()["card-approved"])
			if res.State != sale.PrintFailed || res.Maybe || !strings.Contains(res.Words, words) {
				t.Errorf("%s: %+v", fault, res)
			}
			if got := c.sim.Unfinished() + strings.Join(c.sim.Receipts(), ""); got != "" {
				t.Errorf("%s: printed %q", fault, got)
			}
			c.sim.ClearFault(fault)
			if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
				t.Errorf("after %s: %+v", fault, res)
			}
		})
	}
}

func TestPaperPutInGoesOnByItself(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.sim.SetFault("paper-out=9")
		time.AfterFunc(30*time.Second, func() { c.sim.ClearFault("paper-out") })
		res := c.p.Print(t.Context(), samples()["card-approved"])
		if res.State != sale.PrintDone {
			t.Errorf("%+v", res)
		}
		if n := len(c.sim.Receipts()); n != 1 {
			t.Errorf("%d receipts", n)
		}
	})
}

func TestPaperNotPutInIsForThePerson(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.sim.SetFault("paper-out=9")
		res := c.p.Print(t.Context(), samples()["card-approved"])
		if res.State != sale.PrintFailed || !res.Maybe || !strings.Contains(res.Words, "paper out") {
			t.Errorf("%+v", res)
		}
		// The next receipt must not take the first one's late answer for its own.
		c.sim.ClearFault("paper-out")
		c.sim.SetFault("slow=1s")
		if res := c.p.Print(t.Context(), samples()["wallet-paid"]); res.State == sale.PrintDone && len(c.sim.Receipts()) != 2 {
			t.Errorf("%+v after %d receipts", res, len(c.sim.Receipts()))
		}
	})
}

func TestPowerCutInTheMiddleIsSaid(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.sim.SetFault("dies-mid=9")
		res := c.p.Print(t.Context(), samples()["card-approved"])
		if res.State != sale.PrintFailed || !res.Maybe {
			t.Errorf("%+v", res)
		}
	})
}

func TestSilentCloneIsSentNeverPrinted(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.sim.SetFault("silent-clone")
		for range 2 {
			if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintSent {
				t.Errorf("%+v", res)
			}
		}
		if n := len(c.sim.Receipts()); n != 2 {
			t.Errorf("%d receipts", n)
		}
	})
}

func TestAwayIsNotReachable(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		c.link.away = true
		if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintFailed || res.Maybe || !strings.Contains(res.Words, "not reachable") {
			t.Errorf("%+v", res)
		}
		if s := c.p.Status(); s.Reachable {
			t.Errorf("%+v", s)
		}
	})
}

func TestProbeSaysWhoItIsAndHowItIs(t *testing.T) {
	cfg := testConfig()
	cfg.Profile = "epson-tm-t88"
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		s, err := c.p.Probe(t.Context())
		if err != nil || !s.Reachable || !s.Answers || s.Words != "ready" || s.Identity != (sale.Identity{Model: "PRINTERSIM", Serial: "0000001", Version: "1.00"}) {
			t.Errorf("%+v, %v", s, err)
		}
		c.sim.SetFault("near-end")
		if s, _ := c.p.Probe(t.Context()); s.Words != "ready; paper nearly out" {
			t.Errorf("%+v", s)
		}
		c.sim.SetFault("paper-out")
		if s, err := c.p.Probe(t.Context()); err != nil || !strings.HasPrefix(s.Words, "paper out") {
			t.Errorf("%+v, %v", s, err)
		}
		c.sim.ClearFault("")
		c.sim.SetFault("silent-clone")
		if s, err := c.p.Probe(t.Context()); err == nil || s.Words != "connected; does not answer" {
			t.Errorf("%+v, %v", s, err)
		}
		if odd := c.sim.Unknown(); len(odd) > 0 {
			t.Errorf("not understood: %q", odd)
		}
	})
}

func TestRunAsksWhileIdleAndEnds(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.p.Run(ctx) }()
		time.Sleep(time.Minute)
		c.sim.SetFault("cover")
		time.Sleep(time.Minute)
		if s := c.p.Status(); !s.CoverOpen {
			t.Errorf("%+v", s)
		}
		if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintFailed || res.Maybe {
			t.Errorf("%+v", res)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAStoppedProgramSaysWhatMayLieThere(t *testing.T) {
	for fault, maybe := range map[string]bool{"paper-out=5": true, "silent-clone": false} {
		onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
			c.sim.SetFault(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			if maybe {
				ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
			}
			defer cancel()
			began := time.Now()
			res := c.p.Print(ctx, samples()["card-approved"])
			if res.State != sale.PrintFailed || res.Maybe != maybe || !strings.HasPrefix(res.Words, "stopped") || time.Since(began) > 11*time.Second {
				t.Errorf("%s: %+v after %v", fault, res, time.Since(began))
			}
			if res := c.p.Print(ctx, samples()["card-approved"]); res.State != sale.PrintFailed || res.Maybe {
				t.Errorf("%s, after it was stopped: %+v", fault, res)
			}
		})
	}
}

func TestReceiptsWaitTheirTurn(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		results := make(chan sale.PrintResult)
		for n := range 5 {
			go func() { results <- c.p.Print(t.Context(), numbered(n)) }()
		}
		for range 5 {
			if res := <-results; res.State != sale.PrintDone {
				t.Errorf("%+v", res)
			}
		}
		for n := range 5 {
			checkJob(t, "five at once", c, numbered(n), sale.PrintResult{State: sale.PrintDone})
		}
	})
}

// TestNoTimerIsLeftBehindAWrite: the deadline of a write that has ended would wake an idle
// box once more.
func TestNoTimerIsLeftBehindAWrite(t *testing.T) {
	onCounter(t, testConfig(), simOptions(testConfig()), func(t *testing.T, c *counter) {
		if _, err := c.p.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !c.link.wakes.IsZero() {
			t.Errorf("the last write's deadline passes in %s", time.Until(c.link.wakes))
		}
	})
}
