package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"posd/device"
	"posd/device/api"
	"posd/device/port"
	"posd/device/sale"
	"posd/display"
	"posd/pax"
	"posd/printer"
	"posd/store"
	"posd/sync/iotpay"
	"posd/sync/outbox"
)

// serve is the daemon: the parts of one counter, made and put together. It
// returns when ctx ends or a part gives up.
func serve(ctx context.Context, c Config, log *slog.Logger) error {
	journal, err := store.Open(ctx, c.Store, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := journal.Close(); err != nil {
			log.Error("journal did not close well", "err", err)
		}
	}()
	parts, err := plugIn(c, log)
	if err != nil {
		return err
	}
	defer parts.close()
	listeners, err := listen(c.API)
	if err != nil {
		return err
	}

	o := device.Options{
		Policy: c.Shop.Policy, Journal: journal, Screen: parts.screen, Log: log,
		Clock: time.Now, Entropy: rand.Reader,
		Makers: device.Makers{ID: newID, Report: parts.report, Wallet: c.Scan.wallet},
	}
	// A nil pointer in an interface is not a nil interface: absent devices stay out.
	if parts.terminal != nil {
		o.Terminal = parts.terminal
	}
	if parts.gateway != nil {
		o.Gateway, o.Outbox = parts.gateway, outbox.New(parts.gateway, c.Gateway.Workers)
	}
	if parts.printer != nil {
		o.Printer = parts.printer
	}
	till, err := device.New(o)
	if err != nil {
		return err
	}

	board := &board{config: c, parts: parts}
	count := newMetrics(till, board)
	handler := api.New(till, api.Options{
		Log: log, Matrix: display.Matrix, Metrics: count,
		Devices: board.look, Day: c.Shop.day, ReceiptText: parts.receiptText(till, c),
		Subscribe: func() (<-chan device.Message, func()) { s := till.Subscribe(); return s.C(), s.Close },
		Version:   version(), Shop: c.Shop.Name, Currency: c.Shop.Currency, Language: c.Shop.Language, Methods: c.methods(),
	})

	run := []part{{"displays", parts.displays.Run}}
	if parts.printer != nil {
		run = append(run, part{"printer", parts.printer.Run})
	}
	run = append(run, part{"till", till.Run}, part{"metrics", count.run})
	for _, l := range listeners {
		run = append(run, part{"api on " + l.Addr().String(), serveHTTP(func(ctx context.Context) *http.Server {
			return api.Server(ctx, handler, log)
		}, l)})
	}
	run = append(run, part{"notify", func(ctx context.Context) error { return notify(ctx, till, log) }})
	log.Info("starting", "version", version(), "listen", c.API.Listen, "socket", c.API.Socket, "state", c.Store.Dir)
	err = runAll(ctx, log, run...)
	log.Info("stopped", "err", err)
	return err
}

// parts are what is plugged into the box, and the gateway. What is not
// configured is nil; screen and displays are there even without a display.
type parts struct {
	lines    []*port.Line
	terminal *terminal
	gateway  *gateway
	printer  *printer.Printer
	displays *display.Group
	panels   []*display.Panel
	screen   device.Screen
}

// plugIn makes the drivers on their lines. It opens nothing.
func plugIn(c Config, log *slog.Logger) (*parts, error) {
	p := &parts{}
	line := func(l LineConfig) *port.Line {
		made := port.New(l.Config)
		p.lines = append(p.lines, made)
		return made
	}
	if t := c.Terminal; t != nil {
		p.terminal = &terminal{Terminal: pax.New(line(t.LineConfig), t.Config, log.With("line", "terminal"))}
	}
	for _, d := range c.Displays {
		driver, err := display.New(d.Config)
		if err != nil {
			return nil, err
		}
		p.panels = append(p.panels, display.NewPanel(d.Name, line(d.LineConfig), driver, log))
	}
	p.displays = display.NewGroup(p.panels...)
	p.screen = p.displays
	if pr := c.Printer; pr != nil {
		own := pr.Config
		own.Zone, own.Matrix = c.Shop.zone(), display.Matrix
		p.printer = printer.New(line(pr.LineConfig), own, log.With("line", "printer"))
	}
	if g := c.Gateway; g != nil {
		key, err := g.merchantKey()
		if err != nil {
			return nil, err
		}
		client, err := iotpay.New(g.Config, key, log.With("line", "gateway"))
		if err != nil {
			return nil, err
		}
		p.gateway = &gateway{Client: client}
	}
	return p, nil
}

// close lets go of every line, in reverse.
func (p *parts) close() {
	for _, l := range slices.Backward(p.lines) {
		l.Close()
	}
	if p.gateway != nil {
		p.gateway.Close()
	}
}

// report composes the report of a card sale; without a gateway there is nobody to tell.
func (p *parts) report(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
	if p.gateway == nil {
		return "", errors.New("there is no [gateway] in the configuration to report card sales to")
	}
	return p.gateway.ReportParams(no, amount, currency, extra)
}

// receiptText writes receipts as the shop's printer would print them, or a
// printer of no known make where there is none.
func (p *parts) receiptText(till *device.Till, c Config) func(context.Context, sale.ID) (string, error) {
	layout := printer.Defaults()
	layout.Zone, layout.Language, layout.Shop.Name = c.Shop.zone(), c.Shop.Language, c.Shop.Name
	write := layout.Layout()
	if p.printer != nil {
		write = p.printer.Layout()
	}
	return func(ctx context.Context, id sale.ID) (string, error) {
		s, err := till.Sale(ctx, id)
		if err != nil {
			return "", err
		}
		return write.Text(sale.Receipt{Sale: s, Copy: sale.CustomerCopy, At: time.Now()}), nil
	}
}

// methods lists what can be taken here, in the order of the pages' buttons.
func (c Config) methods() []sale.Method {
	all := []sale.Method{}
	if c.Terminal != nil {
		all = append(all, sale.Card)
	}
	if c.Gateway != nil {
		all = append(all, sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan)
	}
	return all
}

// zone returns the shop's time zone, known to be one since the file was judged.
func (s Shop) zone() *time.Location {
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// day returns the bounds of the business day called date: a shop whose day ends
// at 04:00 counts the small hours to the day before.
func (s Shop) day(date string) (from, to time.Time, err error) {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return from, to, fmt.Errorf("%q is no day: write it as 2026-11-21", date)
	}
	ends, err := time.Parse("15:04", s.DayEnds)
	if err != nil {
		return from, to, err
	}
	at := func(day int) time.Time {
		return time.Date(d.Year(), d.Month(), day, ends.Hour(), ends.Minute(), 0, 0, s.zone())
	}
	return at(d.Day()), at(d.Day() + 1), nil
}
