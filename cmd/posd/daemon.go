package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"posd/device"
	"posd/device/api"
	"posd/device/sale"
	"posd/display"
	"posd/printer"
	"posd/store"
	"posd/sync/outbox"
)

// serve is the daemon: the parts of one counter, made and put together. It
// returns when ctx ends or a part gives up. What goes over the terminal's line
// is written to trace, unless it is nil.
func serve(ctx context.Context, c Config, trace io.Writer, log *slog.Logger) error {
	opened, err := store.Open(ctx, c.Store, log)
	if err != nil {
		return err
	}
	memory := &journal{Store: opened}
	memory.hear(true, "ready", sale.TroubleNone)
	defer func() {
		if err := memory.Close(); err != nil {
			log.Error("journal did not close well", "err", err)
		}
	}()
	parts, err := plugIn(c, log)
	if err != nil {
		return err
	}
	defer parts.close()
	if trace != nil && parts.terminal != nil {
		parts.terminal.Trace(trace)
	}
	listeners, err := listen(c.API)
	if err != nil {
		return err
	}

	noticed, err := listenForNotices(c.Gateway)
	if err != nil {
		return err
	}

	o := device.Options{
		Policy: c.Shop.Policy, Journal: memory, Screen: parts.screen, Log: log,
		Clock: time.Now, Entropy: rand.Reader,
		Makers: device.Makers{ID: newID, Report: parts.report, Wallet: c.Scan.Wallet},
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
		if c.Printer.Drawer != "" {
			o.Drawer = parts.printer
		}
	}
	till, err := device.New(o)
	if err != nil {
		return err
	}

	board := &board{config: c, parts: parts, journal: memory}
	if c.Backup != nil {
		board.copies = newCopier(*c.Backup, c.Store.Dir, opened, till, log)
	}
	sweep := newSweeper(c.Shop, opened.Prune, log)
	layout := parts.layout(c)
	count := newMetrics(till, board)
	options := api.Options{
		Log: log, Matrix: display.Matrix, Metrics: count,
		Devices: board.look, Day: c.Shop.day, Today: func() string { return c.Shop.today(time.Now()) },
		ReceiptText: func(ctx context.Context, id sale.ID) (string, error) {
			r, err := receipt(ctx, till, id)
			if err != nil {
				return "", err
			}
			return layout.Text(r), nil
		},
		ReceiptPNG: func(ctx context.Context, id sale.ID) ([]byte, error) {
			r, err := receipt(ctx, till, id)
			if err != nil {
				return nil, err
			}
			return layout.PNG(r)
		},
		Subscribe: func() (<-chan device.Message, func()) { s := till.Subscribe(); return s.C(), s.Close },
		Prune:     sweep,
		Version:   version(), Shop: c.Shop.Name, Currency: c.Shop.Currency, Language: c.Shop.Language, Methods: c.methods(),
	}
	if parts.scanner != nil {
		options.Scan = parts.scanner.Scan
	}
	if parts.gateway != nil {
		options.Orders = &orders{desk: desk{every: 2 * time.Second}, config: c, client: parts.gateway.Client, sales: till.Sales}
	}
	run := []part{{"displays", parts.displays.Run}}
	if parts.printer != nil {
		slips := printer.NewSlipQueue(parts.printer)
		options.PrintBooks = reportPrinter(slips)
		run = append(run, part{"slips", slips.Run})
	}
	handler := api.New(till, options)

	if parts.terminal != nil {
		run = append(run, part{"terminal", parts.terminal.run})
	}
	if parts.printer != nil {
		run = append(run, part{"printer", parts.printer.Run})
	}
	if parts.scanner != nil {
		run = append(run, part{"scanner", parts.scanner.Run})
	}
	run = append(run, part{"till", till.Run}, part{"metrics", count.run}, part{"prune", sweep.run})
	if board.copies != nil {
		run = append(run, part{"backup", board.copies.run})
	}
	for _, l := range listeners {
		run = append(run, part{"api on " + l.Addr().String(), serveHTTP(func(ctx context.Context) *http.Server {
			return api.Server(ctx, handler, log)
		}, l)})
	}
	if noticed != nil {
		run = append(run, part{"notifications", serveHTTP(notices(c.Gateway, parts.gateway, till, log), noticed)})
	}
	run = append(run, part{"first look", func(ctx context.Context) error { return firstLook(ctx, till, board, log) }})
	run = append(run, part{"notify", func(ctx context.Context) error { return notify(ctx, till, log) }})
	log.Info("starting", "version", version(), "listen", c.API.Listen, "socket", c.API.Socket, "state", c.Store.Dir)
	err = runAll(ctx, log, run...)
	log.Info("stopped", "err", err)
	return err
}

// receipt returns the customer's receipt of a sale as it stands.
func receipt(ctx context.Context, till *device.Till, id sale.ID) (sale.Receipt, error) {
	s, err := till.Sale(ctx, id)
	at := s.CreatedAt
	if s.FinalAt != nil {
		at = *s.FinalAt
	}
	return sale.Receipt{Sale: s, Copy: sale.CustomerCopy, At: at}, err
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

// today names the business day under way at now.
func (s Shop) today(now time.Time) string {
	d := now.In(s.zone())
	name := d.Format(time.DateOnly)
	if from, _, err := s.day(name); err == nil && now.Before(from) {
		name = d.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return name
}
