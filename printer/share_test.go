package printer_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
	"posd/printer/printersim"
)

// dialled is a line over TCP: one connection, made anew after a loss.
type dialled struct {
	address string
	mu      sync.Mutex
	conn    net.Conn
	epoch   uint64
}

func (d *dialled) Open(ctx context.Context) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
		if err != nil {
			return 0, err
		}
		d.conn, d.epoch = conn, d.epoch+1
	}
	return d.epoch, nil
}

func (d *dialled) now() net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		dead, _ := net.Pipe()
		dead.Close()
		return dead
	}
	return d.conn
}

func (d *dialled) Read(b []byte) (int, error)         { return d.now().Read(b) }
func (d *dialled) Write(b []byte) (int, error)        { return d.now().Write(b) }
func (d *dialled) SetReadDeadline(t time.Time) error  { return d.now().SetReadDeadline(t) }
func (d *dialled) SetWriteDeadline(t time.Time) error { return d.now().SetWriteDeadline(t) }

func (d *dialled) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
	return nil
}

// Two tills share one printer on the network, which serves one connection at a
// time: each lets it go after its job, the other waits and says so, and every
// receipt comes out once, in its till's order.
func TestTwoTillsShareAPrinterOnTheNetwork(t *testing.T) {
	for _, profile := range []string{"generic-80", "epson-tm-m30"} {
		cfg := testConfig()
		cfg.Profile, cfg.ReleaseAfter, cfg.AnswerLimit = profile, 20*time.Millisecond, 100*time.Millisecond
		sim := printersim.New(simOptions(cfg))
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var tills sync.WaitGroup
		tills.Go(func() { sim.Serve(ctx, l) })
		const each = 5
		var both sync.WaitGroup
		waited := make([]int, 2)
		for till := range 2 {
			p := printer.New(&dialled{address: l.Addr().String()}, cfg, slog.New(slog.DiscardHandler))
			both.Go(func() {
				for n := range each {
					r := numbered(100*till + n)
					res := p.Print(ctx, r)
					for ; res.State == sale.PrintFailed && !res.Maybe && waited[till] < 10_000; waited[till]++ {
						if !strings.Contains(res.Words, "another till") {
							t.Errorf("till %d waits and says %q", till, res.Words)
						}
						res = p.Print(ctx, r) // as the till does
					}
					if res.State != sale.PrintDone {
						t.Errorf("till %d, receipt %d: %+v", till, n, res)
					}
				}
			})
		}
		both.Wait()
		cancel()
		tills.Wait()
		all := strings.Join(sim.Receipts(), "")
		for till := range 2 {
			at := -1
			for n := range each {
				number := numbered(100*till + n).Sale.Reference
				next := strings.Index(all, number)
				if strings.Count(all, number) != 1 || next < at {
					t.Errorf("%s: receipt %s lies there %d times, or out of order", profile, number, strings.Count(all, number))
				}
				at = next
			}
		}
	}
}

// A till that dies in the middle of a command leaves the shared printer waiting for
// the rest of it: another till's receipt comes out whole all the same.
func TestAnotherTillDiesInTheMiddleOfACommand(t *testing.T) {
	cfg := testConfig()
	cfg.ReleaseAfter, cfg.AnswerLimit = 20*time.Millisecond, 100*time.Millisecond
	for _, left := range [][]byte{
		{printer.ESC}, {printer.GS, '(', 'k'}, {printer.GS, '(', 'k', 40, 0, 49}, {printer.GS, 'v', '0', 0, 8, 0, 20, 0, 0xFF},
	} {
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			print := func(n int) {
				t.Helper()
				if res := c.p.Print(t.Context(), numbered(n)); res.State != sale.PrintDone {
					t.Fatalf("% X: %+v", left, res)
				}
			}
			print(1)
			time.Sleep(time.Second) // it is let go
			other, far := net.Pipe()
			go c.sim.ServeConn(t.Context(), far)
			if _, err := other.Write(append([]byte{printer.ESC, '@'}, left...)); err != nil {
				t.Fatal(err)
			}
			other.Close()
			synctest.Wait()
			print(2)
			all := c.sim.Receipts()
			if got, want := all[len(all)-1], strings.ReplaceAll(all[0], numbered(1).Sale.Reference, numbered(2).Sale.Reference); !strings.HasSuffix(got, want) { // behind the rest of a picture
				t.Errorf("after % X of another till the receipt is\n%s\nand does not end as\n%s", left, got, want)
			}
		})
	}
}

// A line that is let go is closed, and the next job opens it anew.
func TestPrinterOnTheNetworkIsLetGo(t *testing.T) {
	cfg := testConfig()
	cfg.ReleaseAfter = 2 * time.Second
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		for n := range uint64(3) {
			if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
				t.Fatalf("%+v", res)
			}
			time.Sleep(time.Second)
			if held, epoch := c.link.held(); !held || epoch != n+1 {
				t.Errorf("it is let go too soon")
			}
			time.Sleep(2 * time.Second)
			if held, _ := c.link.held(); held {
				t.Error("the line is still held")
			}
			if st := c.p.Status(); !st.Reachable || st.Words != "ready" {
				t.Errorf("a line that was let go is no trouble: %+v", st)
			}
		}
	})
}

// held reports whether there is a connection, and which one was the last.
func (l *pipeLink) held() (bool, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn != nil, l.epoch
}

// What keeps a receipt waiting for a day is one line in the log, not one a try.
func TestTroubleIsLoggedOncePerCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		sim := printersim.New(simOptions(testConfig()))
		link := &pipeLink{sim: sim, ctx: t.Context(), away: true}
		p := printer.New(link, testConfig(), slog.New(slog.NewTextHandler(&log, nil)))
		for range 500 {
			p.Print(t.Context(), samples()["card-approved"])
		}
		if n := strings.Count(log.String(), "\n"); n > 3 {
			t.Errorf("%d lines for one cause:\n%.500s", n, log.String())
		}
		link.away = false
		sim.SetFault("paper-out")
		for range 50 {
			p.Print(t.Context(), samples()["card-approved"])
		}
		if n := strings.Count(log.String(), "\n"); n > 4 || !strings.Contains(log.String(), "paper out") {
			t.Errorf("%d lines for two causes:\n%.900s", n, log.String())
		}
		link.Close()
	})
}

// A receipt that stopped in the middle and was given to the cashier is printed
// when the roll is changed: then it is told of, by the printer's own word.
func TestReceiptThatCameAfterAllIsToldOf(t *testing.T) {
	for _, profile := range []string{"generic-80", "epson-tm-m30", "epson-tm-t88"} {
		for _, fault := range []string{"paper-out=9", "cover=9", "forgets", "dies-mid=9"} {
			cfg := testConfig()
			cfg.Profile = profile
			onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
				var late []sale.PrintResult
				c.p.OnLate(func(r sale.PrintResult) { late = append(late, r) })
				if res := c.p.Print(t.Context(), numbered(1)); res.State != sale.PrintDone {
					t.Fatalf("%+v", res)
				}
				lost := fault == "forgets" || fault == "dies-mid=9"
				if fault == "forgets" {
					c.sim.SetFault("paper-out=9")
					time.AfterFunc(30*time.Second, func() { c.sim.SetFault("forgets") })
				} else {
					c.sim.SetFault(fault)
				}
				res := c.p.Print(t.Context(), numbered(2))
				if res.State != sale.PrintFailed || !res.Maybe {
					t.Fatalf("%s: %+v", fault, res)
				}
				heal(c)
				for range 5 {
					c.p.Probe(t.Context())
					time.Sleep(30 * time.Second)
				}
				synctest.Wait()
				came := strings.Contains(strings.Join(c.sim.Receipts(), ""), numbered(2).Sale.Reference)
				if came == lost || came != (len(late) == 1) || came && (late[0].Job != numbered(2).Job || late[0].State != sale.PrintDone) {
					t.Errorf("%s, %s: the receipt came: %v; told of: %+v", profile, fault, came, late)
				}
				if res := c.p.Print(t.Context(), numbered(3)); res.State != sale.PrintDone {
					t.Errorf("%s, %s: the next receipt ended as %+v", profile, fault, res)
				}
			})
		}
	}
}

// On a printer that was well a moment ago the receipt goes out first, and the
// question comes behind it.
func TestReceiptGoesBehindAStatusThatIsKnown(t *testing.T) {
	for _, profile := range []string{"generic-80", "epson-tm-m30", "epson-tm-t88"} {
		cfg := testConfig()
		cfg.Profile = profile
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			for _, wait := range []time.Duration{0, time.Second, time.Hour} {
				time.Sleep(wait)
				if wait == time.Hour {
					c.p.Probe(t.Context())
				} else if wait > 0 {
					var first []byte
					c.link.Close()
					c.link.wire = func(conn net.Conn) net.Conn { return &firstWrite{conn, &first} }
					c.p.Probe(t.Context())
					first = nil
					c.p.Print(t.Context(), numbered(2))
					if !bytes.HasPrefix(first, []byte{printer.ESC, '@'}) {
						t.Errorf("%s: first % X was sent", profile, first)
					}
				}
				if res := c.p.Print(t.Context(), numbered(int(wait/time.Second))); res.State != sale.PrintDone {
					t.Errorf("%s: %+v", profile, res)
				}
			}
			// What went wrong meanwhile is found behind it, and "printed" is not said.
			c.sim.SetFault("cover")
			if res := c.p.Print(t.Context(), numbered(9)); res.State != sale.PrintFailed || !strings.Contains(res.Words, "cover open") {
				t.Errorf("%s with its cover open: %+v", profile, res)
			}
		})
	}
}

// firstWrite keeps the first bytes of each write into an empty buffer.
type firstWrite struct {
	net.Conn
	first *[]byte
}

func (w *firstWrite) Write(b []byte) (int, error) {
	if len(*w.first) == 0 {
		*w.first = append([]byte(nil), b[:min(len(b), 8)]...)
	}
	return w.Conn.Write(b)
}
