package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"posd/device"
	"posd/device/api"
	"posd/device/core"
	"posd/device/sale"
	"posd/display"
	"posd/printer"
	"posd/store"
	"posd/sync/outbox"
)

// daemon is the parts of one counter, made and put together: the order of the
// fields is the order in which they are made.
type daemon struct {
	config    Config
	file      string // where the configuration stands, for commands that ask this daemon
	log       *slog.Logger
	journal   *journal
	parts     *parts
	listeners []net.Listener
	lan       net.Listener // nil where the network is not served
	cert      *certificate
	fronts    frontEnds
	notified  net.Listener // nil where the gateway's notifications arrive nowhere
	receipts  net.Listener // nil where customers fetch no receipts
	till      *device.Till
	board     *board
	sweep     *sweeper
	metrics   *metrics
	tokens    *tokenKeeper
	people    *peopleKeeper
	slips     *printer.SlipQueue // nil without a printer
	lent      *api.Lent          // nil where customers fetch no receipts
	handler   http.Handler
	started   func() // called once a start is over; nil: nothing
}

// newDaemon makes a counter. Lines are opened when it runs, the journal and the
// listeners at once. What goes over the terminal's line is written to trace,
// unless it is nil.
func newDaemon(ctx context.Context, c Config, trace io.Writer, log *slog.Logger) (_ *daemon, err error) {
	d := &daemon{config: c, log: log}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	opening := starting(func(state string) { tell(log, state) })
	opened, err := store.Open(ctx, c.Store, log)
	opening()
	if err != nil {
		return nil, err
	}
	d.journal = &journal{Store: opened, dir: c.Store.Dir}
	d.journal.hear(true, "ready", sale.TroubleNone)
	if d.parts, err = plugIn(c, log); err != nil {
		return nil, err
	}
	if trace != nil && d.parts.terminal != nil {
		d.parts.terminal.Trace(trace)
	}
	if d.listeners, err = listen(c.API); err != nil {
		return nil, err
	}
	if c.API.LANListen != "" {
		d.cert = &certificate{files: c.tlsFiles(), now: time.Now}
		if d.lan, err = listenLAN(c.API.LANListen, d.cert); err != nil {
			return nil, err
		}
	}
	if err = d.listenForOneThing(); err != nil {
		return nil, err
	}
	if d.fronts, err = openFrontEnds(c); err != nil {
		return nil, err
	}
	if d.till, err = device.New(d.tillOptions()); err != nil {
		return nil, err
	}
	if t := d.parts.terminal; t != nil {
		t.Hear(d.till.TerminalSaid)
		t.named = d.till.TerminalNamed
	}
	d.board = &board{config: c, parts: d.parts, journal: d.journal, verifier: newVerifier(opened, c.Store.Dir, log), behind: d.till.ClockBehind, dayOpen: d.till.DayTrouble}
	if c.Backup != nil {
		d.board.copies = newCopier(*c.Backup, c.Store.Dir, opened, d.till, log)
	}
	d.joinFleet()
	if d.tokens, err = newTokenKeeper(ctx, opened, d.till.Setting); err != nil {
		return nil, err
	}
	if d.people, err = newPeopleKeeper(ctx, c, opened, d.till.Setting); err != nil {
		return nil, err
	}
	d.board.tokens, d.board.cert = d.tokens, d.cert
	if d.lan != nil && !d.tokens.Made() {
		return nil, errors.New("lan_listen in [api]: the network is served by token alone, and there is none: make one first (posd token create), or remove lan_listen")
	}
	if err := d.joinWebhooks(); err != nil {
		return nil, err
	}
	d.sweep = newSweeper(c.Shop, opened.Prune, log)
	d.metrics = newMetrics(d.till, d.board)
	if d.parts.printer != nil {
		d.slips = printer.NewSlipQueue(d.parts.printer)
		d.parts.printer.OnLate(d.till.PrintedLate)
	}
	d.handler = api.New(d.till, d.apiOptions())
	return d, nil
}

// listenForOneThing opens the listeners that serve the gateway's notifications, and
// customers' receipts, alone.
func (d *daemon) listenForOneThing() (err error) {
	if d.notified, err = listenForNotices(d.config.Gateway); err != nil {
		return err
	}
	d.receipts, err = listenForCustomers(d.config.Pages)
	return err
}

// tillOptions are what the till decides by and acts through.
func (d *daemon) tillOptions() device.Options {
	c, p := d.config, d.parts
	o := device.Options{
		Policy: c.Shop.Policy, Journal: d.journal, Screen: p.screen, Log: d.log,
		Clock: time.Now, Entropy: rand.Reader,
		Makers: core.Makers{ID: newID, Report: p.report, Wallet: c.Scan.Wallet, Fits: p.fits},
	}
	// A nil pointer in an interface is not a nil interface: absent devices stay out.
	switch {
	case p.terminal != nil:
		o.Terminal = p.terminal
		if c.Gateway != nil && c.Gateway.FirstReport == guarded {
			o.Totals = p.terminal
		}
	case p.driven != nil:
		o.Terminal = p.driven
		o.Policy.CloseBatch = false // IOTPay settles it
	}
	if p.gateway != nil {
		o.Gateway, o.Outbox = p.gateway, outbox.New(p.gateway, c.Gateway.Workers)
	}
	if p.printer != nil {
		o.Printer = p.printer
		if c.Printer.Drawer != "" {
			o.Drawer = p.printer
		}
	}
	return o
}

// fits says why no display can draw a code. Where none draws any, the page does.
func (p *parts) fits(code string) error {
	if !p.displays.CanQR() {
		return nil
	}
	return p.displays.Fits(code)
}

// apiOptions are what the API shows besides the till.
func (d *daemon) apiOptions() api.Options {
	c, p, layout := d.config, d.parts, d.parts.layout(d.config)
	o := api.Options{
		Log: d.log, Matrix: display.Matrix, Metrics: d.metrics,
		Devices: d.board.look, Calendar: c.Shop.calendar(),
		ReceiptText: func(ctx context.Context, id sale.ID) (string, error) {
			r, err := d.receipt(ctx, id)
			if err != nil {
				return "", err
			}
			return layout.Text(r), nil
		},
		ReceiptPNG: func(ctx context.Context, id sale.ID) ([]byte, error) {
			r, err := d.receipt(ctx, id)
			if err != nil {
				return nil, err
			}
			return layout.PNG(r)
		},
		Subscribe: func() (<-chan device.Message, func()) { s := d.till.Subscribe(); return s.C(), s.Close },
		Prune:     d.sweep, Tokens: d.tokens, People: d.people, Hosts: c.API.Hosts, Origins: c.API.Origins, Authority: c.authority(),
		Version: version(), Shop: c.Shop.Name, Currency: c.Shop.Currency, Language: c.Shop.Language, Methods: c.methods(),
		TimeZone: c.Shop.TimeZone, Pages: c.Pages,
	}
	if d.receipts != nil {
		d.lent = api.Lend(api.LentOptions{Address: d.receipts.Addr().String(), For: c.Pages.ReceiptFor, Shop: c.Shop.Name, Language: c.Shop.Language,
			Log: d.log, Clock: time.Now, Text: o.ReceiptText, PNG: o.ReceiptPNG})
		o.Lent = d.lent
	}
	if c.Shop.Cash {
		o.Coin = sale.Amount(c.Shop.CashRounding)
	}
	if p.scanner != nil {
		o.Scan = p.scanner.Scan
	}
	if p.gateway != nil {
		o.Orders = &orders{desk: desk{every: 2 * time.Second, underWay: time.Minute + c.Gateway.CallTimeout, sent: &sendings{began: time.Now()}}, config: c, client: p.gateway.Client, sales: d.till.Sales}
	}
	if d.slips != nil {
		o.PrintBooks = reportPrinter(d.slips)
	}
	return o
}

// Run runs the counter until ctx ends or a part gives up.
func (d *daemon) Run(ctx context.Context) error {
	c, p := d.config, d.parts
	run := []part{{"displays", p.displays.Run}}
	if d.slips != nil {
		run = append(run, part{"slips", d.slips.Run})
	}
	if p.terminal != nil {
		run = append(run, part{"terminal", p.terminal.run})
	}
	if p.printer != nil {
		run = append(run, part{"printer", p.printer.Run})
	}
	if p.scanner != nil {
		run = append(run, part{"scanner", p.scanner.Run})
	}
	run = append(run, part{"till", d.till.Run}, part{"metrics", d.metrics.run}, part{"prune", d.sweep.run}, part{"verification", d.board.verifier.run})
	if d.board.copies != nil {
		run = append(run, part{"backup", d.board.copies.run})
	}
	if d.board.fleet != nil {
		run = append(run, part{"chain", d.board.fleet.Run})
	}
	for _, l := range d.listeners {
		run = append(run, part{"api on " + l.Addr().String(), serveHTTP(func(ctx context.Context) *http.Server {
			return api.Server(ctx, d.handler, d.log)
		}, l)})
	}
	if d.lan != nil {
		run = append(run, part{"api on " + c.API.LANListen, serveHTTP(func(ctx context.Context) *http.Server {
			return api.Server(api.OverLAN(ctx), d.handler, d.log)
		}, d.lan)}, part{"certificate", d.cert.run(c.lanNames(), d.log)})
	}
	if d.notified != nil {
		run = append(run, part{"notifications", serveHTTP(notices(d.config.Gateway, p.gateway, d.till, d.log), d.notified)})
	}
	if d.receipts != nil {
		run = append(run, part{"receipts on " + c.Pages.ReceiptListen, serveHTTP(d.lent.Server, d.receipts)})
	}
	run = append(run, d.frontEndParts()...)
	run = append(run, d.webhookParts()...)
	run = append(run, part{"first look", d.firstLook}, part{"notify", func(ctx context.Context) error { return notify(ctx, d.till, d.log) }})
	d.log.Info("starting", "version", version(), "listen", d.config.API.Listen, "socket", d.config.API.Socket, "state", d.config.Store.Dir)
	held, end := d.afterSale(ctx)
	defer end()
	err := runAll(held, d.log, run...)
	d.log.Info("stopped", "err", err)
	return err
}

// stopLook is how often a stop looks whether the sale has ended.
const stopLook = 100 * time.Millisecond

// afterSale returns a context that ends once ctx has ended and no sale is at the
// terminal any more, or stop_wait is over. New ones are refused meanwhile: what is
// cut in the middle is unsure, and a person has to wait for it.
func (d *daemon) afterSale(ctx context.Context) (held context.Context, end context.CancelFunc) {
	held, end = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer end()
		select {
		case <-ctx.Done():
		case <-held.Done():
			return
		}
		d.till.Refuse("posd is stopping: nothing was done. Try again when it runs.")
		over := time.NewTimer(d.config.Daemon.StopWait)
		defer over.Stop()
		look := time.NewTicker(stopLook)
		defer look.Stop()
		for d.asking(held) {
			select {
			case <-look.C:
			case <-over.C:
				d.log.Warn("stopping in the middle of a sale: it is taken up at the next start")
				return
			case <-held.Done():
				return
			}
		}
	}()
	return held, end
}

// asking reports whether a request that takes money is out: at the terminal, or
// with the customer's own code at the gateway.
func (d *daemon) asking(ctx context.Context) bool {
	ctx, done := context.WithTimeout(ctx, time.Second)
	defer done()
	now, err := d.till.Snapshot(ctx)
	return err == nil && now.Current != nil && now.Current.State == sale.Waiting && (now.Current.Method == sale.Card || now.Current.Method == sale.Scan)
}

// Close lets go of listeners, lines and journal, in reverse. It is safe to call
// on a daemon that was made in part, never ran, or closed already.
func (d *daemon) Close() error {
	if d.lan != nil {
		d.lan.Close()
	}
	if d.receipts != nil {
		d.receipts.Close()
	}
	if d.notified != nil {
		d.notified.Close()
	}
	d.fronts.close()
	for _, l := range slices.Backward(d.listeners) {
		l.Close()
	}
	if d.parts != nil {
		d.parts.close()
	}
	if d.board != nil && d.board.fleet != nil {
		d.board.fleet.Close()
	}
	if d.journal == nil {
		return nil
	}
	err := d.journal.Close()
	if err != nil {
		d.log.Error("journal did not close well", "err", err)
	}
	return err
}

// firstLook asks every device once how it is, so that the log of a start says
// what is not well; afterwards whoever wants to know asks.
func (d *daemon) firstLook(ctx context.Context) error {
	select {
	case <-d.till.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	d.board.look(ctx)
	for _, one := range d.board.last() {
		if !one.OK && ctx.Err() == nil && one.Kind != copyKind { // copies say so themselves
			d.log.Warn("device is not well", "device", one.Name, "line", one.Line, "words", one.Words)
		}
	}
	if d.started != nil {
		d.started()
	}
	<-ctx.Done()
	return ctx.Err()
}

// receipt returns the customer's receipt of a sale as it stands.
func (d *daemon) receipt(ctx context.Context, id sale.ID) (sale.Receipt, error) {
	s, err := d.till.Sale(ctx, id)
	at := s.CreatedAt
	if s.FinalAt != nil {
		at = *s.FinalAt
	}
	return sale.Receipt{Sale: s, Copy: sale.CustomerCopy, At: at}, err
}

// calendar returns the shop's business days, known to be right since the file
// was judged.
func (s Shop) calendar() sale.Calendar {
	c, _ := s.Calendar()
	return c
}
