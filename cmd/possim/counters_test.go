package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/cmd/possim/caller"
	"posd/cmd/possim/loopback"
	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
)

// till is one of several counters: a posd with journal, socket, address and terminal of
// its own.
type till struct {
	name, config string
	terminal     *paxsim.Terminal
	api          *client
	running      *daemon
}

// served has serve take connections at an address of its own, until the test ends.
func served(t *testing.T, serve func(context.Context, net.Listener) error) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(ctx, l)
	}()
	t.Cleanup(func() { stop(); <-done })
	return l.Addr().String()
}

// newTill starts a counter whose printer is at an address; its lines' locks lie in lockDir.
func newTill(t *testing.T, name, printer, lockDir string) *till {
	t.Helper()
	dir := t.TempDir()
	listen, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	c := &till{name: name, config: filepath.Join(dir, name+".toml"), api: newClient(listen), terminal: paxsim.New(paxsim.Options{AckWait: time.Second})}
	text := fmt.Sprintf("[store]\ndir = %q\n[api]\nlisten = %q\nsocket = %q\n[daemon]\nlock_dir = %q\n[terminal]\nline = %q\n[printer]\nline = %q\nanswer_limit = \"150ms\"\nrelease_after = \"100ms\"\n",
		filepath.Join(dir, "state"), listen, filepath.Join(dir, "sock"), lockDir, "tcp:"+served(t, c.terminal.Serve), "tcp:"+printer)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.start(t)
	return c
}

func (c *till) start(t *testing.T) {
	t.Helper()
	var err error
	if c.running, err = startDaemon(program(t, "posd"), []string{"run", "-config", c.config}, nil, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.running.Kill)
	if err := c.running.ready(t.Context(), c.api, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// sell takes the bill by card and waits until it is paid.
func (c *till) sell(ctx context.Context, bill string, cents int64) (saleView, error) {
	s, err := c.api.sell(ctx, bill, sellBody{Amount: cents, Method: "card", Reference: bill})
	if err != nil {
		return s, err
	}
	return s, c.until(ctx, s.ID, "to be paid", func(s saleView) bool { return s.State == "paid" })
}

func (c *till) until(ctx context.Context, id, what string, good func(saleView) bool) error {
	return until(ctx, time.Minute, c.name+"'s sale "+what, func(ctx context.Context) (bool, string, error) {
		s, err := c.api.sale(ctx, id, 0)
		return err == nil && good(s), s.String(), err
	})
}

// printedOnce holds every receipt of the bills against the paper: each is on a sheet
// that has no other's.
func printedOnce(t *testing.T, p *printersim.Printer, bills []string) {
	t.Helper()
	sheets := p.Receipts()
	for _, bill := range bills {
		times := 0
		for _, sheet := range sheets {
			if !strings.Contains(sheet, bill) {
				continue
			}
			times++
			for _, other := range bills {
				if other != bill && strings.Contains(sheet, other) {
					t.Errorf("the receipts of %s and %s are one:\n%s", bill, other, sheet)
				}
			}
			if !strings.Contains(sheet, "TRANSACTION RECORD") || !strings.Contains(sheet, "CUSTOMER COPY") {
				t.Errorf("the receipt of %s is not whole:\n%s", bill, sheet)
			}
		}
		if times != 1 {
			t.Errorf("the receipt of %s came out %d times", bill, times)
		}
	}
}

// TestTwoCountersShareAPrinter: two posds, on one box or on two, print on one printer of
// the network, which serves one at a time, in the ways that printers do. Both sell at once.
func TestTwoCountersShareAPrinter(t *testing.T) {
	for _, fault := range []string{"", "one-at-a-time", "slow-accept=300ms"} {
		for _, boxes := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s/boxes=%d", fault, boxes), func(t *testing.T) {
				t.Parallel()
				p := printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true, Line: 2 * time.Millisecond})
				if fault != "" {
					if err := p.SetFault(fault); err != nil {
						t.Fatal(err)
					}
				}
				at, locks := served(t, p.Serve), t.TempDir()
				tills := []*till{newTill(t, "till-1", at, locks)}
				if boxes == 2 {
					locks = t.TempDir()
				}
				tills = append(tills, newTill(t, "till-2", at, locks))
				var bills []string
				var both sync.WaitGroup
				for n, c := range tills {
					own := []string{fmt.Sprintf("BILL%d0", n), fmt.Sprintf("BILL%d1", n)}
					bills = append(bills, own...)
					both.Go(func() {
						for i, bill := range own {
							s, err := c.sell(t.Context(), bill, int64(1000+100*n+i))
							if err == nil {
								err = c.until(t.Context(), s.ID, "to be printed", func(s saleView) bool { return s.Printed == "printed" })
							}
							if err != nil {
								t.Errorf("%s: %v\n%s", bill, err, c.running.said)
								return
							}
						}
					})
				}
				both.Wait()
				printedOnce(t, p, bills)
			})
		}
	}
}

// TestAReceiptWaitsForAnotherTillInWords: while somebody else has the printer the sale is
// paid, its receipt waits, and posd says for what; then it comes out, once.
func TestAReceiptWaitsForAnotherTillInWords(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "one-at-a-time"} {
		p := printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true})
		at := served(t, p.Serve)
		other, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Write([]byte{0x10, 0x04, 1}); err != nil { // asks how it is
			t.Fatal(err)
		}
		if n, err := other.Read(make([]byte, 1)); n != 1 {
			t.Fatal(err)
		}
		if fault != "" {
			p.SetFault(fault)
		}
		c := newTill(t, "till-1", at, t.TempDir())
		s, err := c.sell(t.Context(), "WAITS", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := until(t.Context(), time.Minute, "words about the printer", func(context.Context) (bool, string, error) {
			said := c.running.said.String()
			return strings.Contains(said, "another till may be using it"), said, nil
		}); err != nil {
			t.Error(err)
		}
		if s, err := c.api.sale(t.Context(), s.ID, 0); err != nil || s.State != "paid" || s.Printed != "queued" {
			t.Errorf("%q: while another till has the printer: %s, %v", fault, s, err)
		}
		other.Close()
		if err := c.until(t.Context(), s.ID, "to be printed", func(s saleView) bool { return s.Printed == "printed" }); err != nil {
			t.Errorf("%q: %v\n%s", fault, err, c.running.said)
		}
		printedOnce(t, p, []string{"WAITS"})
	}
}

// TestACounterThatIsKilledLeavesTheOtherAlone: two counters of one box, each with a
// customer at its terminal; one is killed. The other's sale ends and it sells on, the
// same process; the killed one finds its sale again. Neither knows of the other's.
func TestACounterThatIsKilledLeavesTheOtherAlone(t *testing.T) {
	t.Parallel()
	p := printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true})
	at, locks := served(t, p.Serve), t.TempDir()
	one, two := newTill(t, "till-1", at, locks), newTill(t, "till-2", at, locks)
	open := map[*till]saleView{}
	for n, c := range []*till{one, two} {
		if err := c.terminal.SetFault("late-answer=2s"); err != nil {
			t.Fatal(err)
		}
		s, err := c.api.sell(t.Context(), "open", sellBody{Amount: int64(2000 + n), Method: "card", Reference: "OPEN" + c.name})
		if err != nil {
			t.Fatal(err)
		}
		open[c] = s
		if err := until(t.Context(), time.Minute, "the terminal to be asked", func(context.Context) (bool, string, error) {
			return strings.Contains(c.running.said.String(), "T00") || len(c.terminal.State().Approvals) > 0, c.running.said.String(), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	two.running.Kill()
	if err := one.until(t.Context(), open[one].ID, "to be paid", func(s saleView) bool { return s.State == "paid" }); err != nil {
		t.Error(err)
	}
	one.terminal.ClearFault("")
	if _, err := one.sell(t.Context(), "ALONE", 3000); err != nil {
		t.Error(err)
	}
	if one.running.Gone() {
		t.Error(one.running.death())
	}
	two.terminal.ClearFault("")
	two.start(t)
	if err := two.until(t.Context(), open[two].ID, "to be paid", func(s saleView) bool { return s.State == "paid" }); err != nil {
		t.Error(err)
	}
	for c, want := range map[*till]int{one: 2, two: 1} {
		all, err := c.api.sales(t.Context())
		if taken := len(c.terminal.State().Approvals); err != nil || len(all) != want || taken != want {
			t.Errorf("%s has %d sales and its terminal %d, want %d: %v", c.name, len(all), taken, want, err)
		}
	}
	if _, err := one.api.sale(t.Context(), open[two].ID, 0); !isNotFound(err) {
		t.Errorf("till-1 on till-2's sale: %v", err)
	}
}

func isNotFound(err error) bool {
	var p *caller.Problem
	return errors.As(err, &p) && p.Status == 404
}
