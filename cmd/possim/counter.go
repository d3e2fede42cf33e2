package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"posd/cmd/possim/loopback"
	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// readyWithin is how long posd may take to answer after it was started.
const readyWithin = 20 * time.Second

// setup says how a counter is built.
type setup struct {
	posd     string        // path of the daemon; empty: find or build it
	dir      string        // of the state; empty: a temporary one
	listen   string        // posd's address
	gateway  string        // the gateway's
	printer  string        // the printer's
	control  string        // of the simulators' control
	driver   string        // of the display
	language string        // of the shop; empty: as posd decides
	tip      string        // where a tip is asked for; likewise
	think    time.Duration // how long a customer takes to show a card
	waits    waits
	seed     uint64    // of the script chaos
	sales    int       // likewise
	level    string    // of posd's log
	webhook  string    // where posd tells events; empty: nowhere
	log      io.Writer // where posd's log goes besides its file; nil: nowhere
	crash    crashSet
	asleep   bool        // posd is not started: the script does that
	guarded  bool        // the first report is held against the terminal's totals
	fleet    *fleetPlace // in a chain; nil outside one
	write    string      // the file of a script's history; empty: none is kept
	history  *history    // nil: none is kept
}

// counter is a shop's counter inside this computer: four simulators, and posd
// as a process of its own.
type counter struct {
	out   io.Writer
	dir   string
	path  string // of the posd program
	file  string // posd's configuration
	conf  posdConfig
	setup setup

	terminal     *paxsim.Terminal
	gateway      *iotpaysim.Gateway
	display      *displaysim.Device
	printer      *printersim.Printer
	terminalLine *line
	displayLine  *line
	controlAddr  string
	glass        chan struct{} // takes one when the display's picture changes
	shopper      *shopper

	api    *client
	mu     sync.Mutex
	posd   *daemon // the latest; see running
	log    *os.File
	stop   context.CancelFunc
	parts  sync.WaitGroup
	failed chan error // the first part that ended by itself
	remove bool       // dir is temporary
	tracer *tracer    // follows the next posd that is started; nil: nobody does
}

// openCounter builds the counter and waits until posd is ready. Close it.
func openCounter(ctx context.Context, s setup, out io.Writer) (*counter, error) {
	c := &counter{out: out, setup: s, dir: s.dir, failed: make(chan error, 1), glass: make(chan struct{}, 1)}
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *counter) open(ctx context.Context) (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "possim-"); err != nil {
			return err
		}
		c.remove = true
	}
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	if c.path, err = findPosd(ctx, c.setup.posd, c.dir, c.out); err != nil {
		return err
	}
	if c.log, err = os.OpenFile(filepath.Join(c.dir, "posd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if err := c.startSimulators(); err != nil {
		return err
	}
	if c.file, err = c.conf.write(); err != nil {
		return err
	}
	c.api = c.setup.history.client(newClient(c.conf.Listen))
	if c.setup.asleep {
		return nil
	}
	return c.startPosd(ctx)
}

// startSimulators makes the four, their lines and addresses, and posd's
// configuration, which names them.
func (c *counter) startSimulators() error {
	var ctx context.Context
	ctx, c.stop = context.WithCancel(context.Background())

	c.terminal = paxsim.New(paxsim.Options{Think: c.setup.think, AckWait: time.Second})
	c.gateway = iotpaysim.New(iotpaysim.Options{MchID: merchantID, Key: merchantKey, JobNo: loginName, Strict: true})
	c.printer = printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true})
	var err error
	if c.display, err = displaysim.New(c.setup.driver, "", displaysim.Options{Seen: c.lookAtGlass}); err != nil {
		return err
	}
	if c.terminalLine, err = newLine(filepath.Join(c.dir, "dev", "terminal")); err != nil {
		return err
	}
	c.run("the line of the terminal", func() error { return c.terminalLine.Serve(ctx, c.setup.history.line("terminal", c.terminal.ServeConn)) })
	if c.displayLine, err = newLine(filepath.Join(c.dir, "dev", "display")); err != nil {
		return err
	}
	c.run("the line of the display", func() error { return c.displayLine.Serve(ctx, c.display.ServeConn) })

	printer, err := c.serve(ctx, "the printer", c.setup.printer, c.printer.Serve)
	if err != nil {
		return err
	}
	gateway, err := c.serve(ctx, "the gateway", c.setup.gateway, c.setup.history.door("gateway", c.gateway.Serve))
	if err != nil {
		return err
	}
	c.shopper = &shopper{think: c.setup.think, say: func(words string) { fmt.Fprintln(c.out, "the customer", words) }}
	if c.controlAddr, err = c.serve(ctx, "the control address", c.setup.control, func(ctx context.Context, l net.Listener) error {
		return serveHTTP(ctx, l, c.controls())
	}); err != nil {
		return err
	}
	c.shopper.customer = c.customer()
	listen := c.setup.listen
	if listen == "" {
		if listen, err = loopback.Addr(); err != nil {
			return err
		}
	}
	c.conf = posdConfig{Dir: c.dir, Listen: listen, Terminal: c.terminalLine.link, Display: c.displayLine.link, Driver: c.setup.driver, Language: c.setup.language, Tip: c.setup.tip,
		Printer: "tcp:" + printer, Gateway: gateway, Guarded: c.setup.guarded, Waits: c.setup.waits, Level: c.setup.level, Fleet: c.setup.fleet, Webhook: c.setup.webhook}
	return nil
}

// lookAtGlass tells the customer that there is something to see.
func (c *counter) lookAtGlass() {
	select {
	case c.glass <- struct{}{}:
	default:
	}
}

// serve runs a part on addr, or on a free one, and returns the address.
func (c *counter) serve(ctx context.Context, name, addr string, serve func(context.Context, net.Listener) error) (string, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	c.run(name, func() error { return serve(ctx, l) })
	return l.Addr().String(), nil
}

// run runs a part until the counter is closed; the first to end before that is
// remembered.
func (c *counter) run(name string, part func() error) {
	c.parts.Go(func() {
		err := part()
		if err != nil && !errors.Is(err, context.Canceled) {
			select {
			case c.failed <- fmt.Errorf("%s: %w", name, err):
			default:
			}
		}
	})
}

// startPosd starts posd and waits until it is ready.
func (c *counter) startPosd(ctx context.Context) error {
	log := io.Writer(c.log)
	if c.setup.log != nil {
		log = io.MultiWriter(c.log, c.setup.log)
	}
	d, err := startDaemon(c.path, []string{"run", "-config", c.file}, log, c.tracer)
	if err != nil {
		return err
	}
	c.setup.history.process(d)
	c.mu.Lock()
	c.posd = d
	c.mu.Unlock()
	return d.ready(ctx, c.api, readyWithin)
}

// running returns the posd that was started last; nil if none was.
func (c *counter) running() *daemon {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posd
}

// Close stops posd, then the simulators, and removes what was temporary.
func (c *counter) Close() error {
	var errs []error
	if d := c.running(); d != nil {
		errs = append(errs, d.Stop())
	}
	if c.stop != nil {
		c.stop()
	}
	c.parts.Wait()
	if c.log != nil {
		c.log.Close()
	}
	if c.remove {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	return errors.Join(errs...)
}

// portOf returns the port of host:port, 0 if there is none.
func portOf(addr string) int {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return n
}

// usualAddr is where posd listens unless it is told otherwise: what is written about
// it works beside the demo as it stands.
const usualAddr = "127.0.0.1:8480"

// claimUsualAddr keeps the usual address for this process's posd until it is closed; nil
// means that another one has it: a posd that listens, or a demo whose posd does not yet.
func claimUsualAddr() *os.File {
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "possim-8480.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil { // another user's: so is the address, perhaps
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !unused(usualAddr) {
		f.Close()
		return nil
	}
	return f
}

// unused reports whether nobody listens on an address.
func unused(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
