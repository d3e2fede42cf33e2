package device

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
	"posd/printer"
	"posd/printer/printersim"
)

var printerFaults = flag.Int("printer-faults", 1000, "how many faults the printer has in the tests of receipts")

// TestReceiptsThroughTheRealPrinter does what the simulation does to receipts
// (TestReceiptsUnderRandomPrinterFaults) with the whole till, the real printer
// driver, and printersim at the end of the line; a fifth of the faults are
// enough, because the driver alone is put to the same test, byte by byte, in
// its own package.
func TestReceiptsThroughTheRealPrinter(t *testing.T) {
	ended, faults := map[sale.Printed]int{}, 0
	for seed := uint64(0); faults < *printerFaults/5; seed++ {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, seed)
			defer d.stop()
			for i := range 10 {
				d.sell(i)
			}
			faults += d.faults
			d.heal()
			d.count(ended)
			if t.Failed() {
				t.Logf("seed %d:\n%s", seed, strings.Join(d.story, "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Log(faults, "faults:", ended)
	for _, s := range []sale.Printed{sale.PrintDone, sale.PrintFailed} {
		if ended[s] == 0 {
			t.Errorf("no receipt ended as %s", s)
		}
	}
}

// receipts is a printer that prints no codes: a till that takes cards shows none.
type receipts struct{ *printer.Printer }

func (receipts) PrintCode(context.Context, sale.Screen) sale.PrintResult {
	panic("a card has no code")
}

// desk is a till that takes cards, with a real printer driver.
type desk struct {
	t       *testing.T
	rnd     *rand.Rand
	sim     *printersim.Printer
	line    *pipe
	paxLine *pipe
	journal *journaltest.Memory
	till    *Till
	halt    func()
	end     context.CancelFunc
	faults  int
	story   []string
}

func newDesk(t *testing.T, seed uint64) *desk {
	d := &desk{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), journal: journaltest.New()}
	ctx, end := context.WithCancel(context.Background())
	d.end = end
	d.sim = printersim.New(printersim.Options{Line: time.Duration(d.rnd.IntN(40)) * time.Millisecond, NoGSr: d.rnd.IntN(6) == 0})
	terminal := paxsim.New(paxsim.Options{})
	d.line = &pipe{serve: func(c net.Conn) { d.sim.ServeConn(ctx, c) }}
	d.paxLine = &pipe{serve: func(c net.Conn) { terminal.ServeConn(ctx, c) }}
	d.start()
	return d
}

func (d *desk) start() {
	till, err := New(Options{
		Policy: core.DefaultPolicy(), Journal: d.journal, Terminal: pax.New(d.paxLine, pax.Defaults(), quiet), Screen: &fakeGlass{},
		Printer: receipts{printer.New(d.line, printer.Defaults(), quiet)}, Makers: testMakers,
		Log: quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(d.rnd.Uint64(), 12))},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- till.Run(ctx) }()
	<-till.Ready()
	d.till = till
	d.halt = func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("Run: %v", err)
		}
	}
}

func (d *desk) stop() {
	d.halt()
	d.end()
	d.line.Close()
	d.paxLine.Close()
	synctest.Wait()
}

func (d *desk) say(format string, args ...any) {
	d.story = append(d.story, fmt.Sprintf("%s  ", time.Now().Format("15:04:05.000"))+fmt.Sprintf(format, args...))
}

func reference(i int) string { return fmt.Sprintf("BILL-%04d", i) }

// sell takes one card while the printer fails, and restarts posd now and then.
func (d *desk) sell(i int) {
	d.spoil()
	s, _, err := d.till.Sell(context.Background(), SellRequest{Key: reference(i), Amount: 1000, Method: sale.Card, Reference: reference(i)})
	if err != nil {
		d.say("sale %d: %v", i, err)
	}
	time.Sleep(time.Duration(1+d.rnd.IntN(8000)) * time.Millisecond)
	if d.rnd.IntN(6) == 0 {
		d.faults++
		d.say("restart")
		d.halt()
		d.start()
	}
	time.Sleep(time.Duration(d.rnd.IntN(60)) * time.Second)
	if d.rnd.IntN(5) == 0 && err == nil {
		if _, err := d.till.Print(context.Background(), s.ID); err == nil {
			d.say("sale %d: printed again", i)
		}
	}
}

// spoil lets the printer fail within the next receipt, and perhaps mends it.
func (d *desk) spoil() {
	if d.rnd.IntN(3) == 0 {
		d.sim.ClearFault("")
	}
	names := []string{"paper-out", "cover", "cutter", "hot", "error", "dies-mid", "offline", "slow", "silent-clone", "xoff", "cable", ""}
	name := names[d.rnd.IntN(len(names))]
	after := time.Duration(d.rnd.IntN(4000)) * time.Millisecond
	switch name {
	case "":
		return
	case "cable":
		time.AfterFunc(after, func() { d.line.Close() })
	case "paper-out", "cover", "cutter", "hot", "error", "dies-mid":
		name = fmt.Sprintf("%s=%d", name, d.rnd.IntN(60))
		fallthrough
	default:
		time.AfterFunc(after, func() { d.sim.SetFault(name) })
	}
	d.faults++
	d.say("printer: %s", name)
}

func (d *desk) heal() {
	time.Sleep(10 * time.Second)
	d.sim.ClearFault("")
	d.line.Close()
	d.say("everything is well from here on")
	time.Sleep(time.Hour)
	d.line.Open(context.Background()) // what the printer still has, it prints now
	time.Sleep(10 * time.Minute)
	synctest.Wait()
}

// count compares the paper on the counter with what posd says of it.
func (d *desk) count(ended map[sale.Printed]int) {
	papers := append(d.sim.Receipts(), d.sim.Unfinished())
	for _, id := range d.journal.Rows.Order {
		s := d.journal.Rows.Sales[id]
		if s.State != sale.Paid {
			continue
		}
		ended[s.Printed]++
		there, unmarked := 0, 0
		for _, p := range papers {
			if n := strings.Count(p, s.Reference); n > 0 {
				there += n
				if !strings.Contains(p, "DUPLICATE") {
					unmarked += n
				}
			}
		}
		switch {
		case unmarked > 1:
			d.t.Errorf("receipt of %s: %d lie there and none says that it is a duplicate", s.Reference, unmarked)
		case s.Printed == sale.PrintDone && there == 0:
			d.t.Errorf("receipt of %s is called printed and does not lie there", s.Reference)
		case s.Printed == sale.PrintNone || s.Printed == sale.PrintQueued:
			d.t.Errorf("receipt of %s: nobody knows what became of it (%s)", s.Reference, s.Printed)
		}
	}
	for _, j := range d.journal.Rows.Jobs {
		if !j.Finished() {
			d.t.Errorf("print job %s is still %s", j.ID, j.State)
		}
	}
}
