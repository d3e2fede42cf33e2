package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"posd/device"
	"posd/device/port"
	"posd/device/sale"
	"posd/display"
	"posd/pax"
	"posd/printer"
	"posd/sync/iotpay"
)

// parts are what is plugged into the box, and the gateway. What is not
// configured is nil; screen and displays are there even without a display.
type parts struct {
	lines    []*port.Line
	held     []func()         // locks of what is no line
	terminal *terminal        // that posd drives
	driven   *iotpay.Terminal // that the gateway drives, instead
	gateway  *gateway
	printer  *printer.Printer
	scanner  *scanner
	displays *display.Group
	panels   []*display.Panel
	screen   device.Screen
}

// plugIn makes the drivers on their lines. It opens nothing.
func plugIn(c Config, log *slog.Logger) (_ *parts, err error) {
	p := &parts{}
	defer func() {
		if err != nil {
			p.close() // what was made so far
		}
	}()
	line := func(l LineConfig) *port.Line {
		made := port.New(l.Config)
		p.lines = append(p.lines, made)
		return made
	}
	if t := c.Terminal; t != nil && t.Driver == drivenHere {
		own := log.With("line", "terminal")
		if addr, ok := t.overHTTP(); ok {
			release, err := port.Hold(c.Daemon.LockDir, addr)
			if err != nil {
				return nil, fmt.Errorf("card terminal: %w", err)
			}
			p.held = append(p.held, release)
			made, err := pax.NewHTTP(t.Line, t.Config, own)
			if err != nil {
				return nil, err
			}
			p.terminal = &terminal{Terminal: made}
		} else {
			p.terminal = &terminal{Terminal: pax.New(line(t.LineConfig), t.driver(), own)}
			if beside, ok := t.cancelLine(); ok {
				p.terminal.CancelOver(line(beside))
			}
		}
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
		logo, err := pr.logo()
		if err != nil {
			return nil, err
		}
		own.Zone, own.Matrix, own.Logo = c.Shop.calendar().Zone(), display.Matrix, logo
		p.printer = printer.New(line(pr.LineConfig), own, log.With("line", "printer"))
	}
	if s := c.Scanner; s != nil {
		p.scanner = newScanner(line(s.LineConfig), *s, log.With("line", "scanner"))
	}
	if g := c.Gateway; g != nil {
		key, own, err := g.keys()
		if err != nil {
			return nil, err
		}
		client, err := iotpay.New(g.Config, key, log.With("line", "gateway"), own...)
		if err != nil {
			return nil, err
		}
		p.gateway = &gateway{Client: client}
		if t := c.Terminal; t != nil && t.Driver == drivenByGateway {
			p.driven = iotpay.NewTerminal(client, c.Shop.Currency)
		}
	}
	return p, nil
}

// close lets go of every line, in reverse.
func (p *parts) close() {
	for _, l := range slices.Backward(p.lines) {
		l.Close()
	}
	for _, release := range p.held {
		release()
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

// layout lays receipts out as the shop's printer prints them, or one of no known
// make where there is none.
func (p *parts) layout(c Config) printer.Layout {
	if p.printer != nil {
		return p.printer.Layout()
	}
	plain := printer.Defaults()
	plain.Zone, plain.Matrix, plain.Language, plain.Shop.Name = c.Shop.calendar().Zone(), display.Matrix, c.Shop.Language, c.Shop.Name
	return plain.Layout()
}
