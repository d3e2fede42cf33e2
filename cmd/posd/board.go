package main

import (
	"context"
	"sync"
	"time"

	"posd/device"
	"posd/display"
	"posd/printer"
	"posd/sync/fleet"
	"posd/sync/webhook"
)

// How fresh an answer must be to be given again without asking, and how long
// devices may take to answer when someone looks at the board.
const (
	terminalFresh = 5 * time.Second
	gatewayFresh  = 20 * time.Second
	lookLimit     = 8 * time.Second
)

// board shows how every device is.
type board struct {
	config   Config
	parts    *parts
	journal  *journal
	verifier *verifier         // nil where no daemon runs
	tokens   *tokenKeeper      // nil where no daemon runs
	cert     *certificate      // nil where the network is not served
	copies   *copier           // nil where none are made, or no daemon runs
	hooks    []*webhook.Target // in the order of the configuration; none where no daemon runs
	fleet    *fleet.Publisher  // nil where there is no chain, or no daemon runs
	behind   func() string     // whether the clock is behind the journal, in words; nil where no daemon runs
	dayOpen  func() string     // why a day that was to be closed is not, in words; nil where no daemon runs
	asking   sync.Mutex        // one look asks at a time; the others get what it heard
}

// look asks those devices that have not been heard of just now, all at once,
// and returns how everything is. It sends a terminal nothing but a greeting.
func (b *board) look(ctx context.Context) []device.DeviceStatus {
	b.asking.Lock()
	defer b.asking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var all sync.WaitGroup
	if t := b.parts.terminal; t != nil && t.stale() {
		all.Go(func() { t.greet(ctx) })
	}
	if g := b.parts.gateway; g != nil && g.age() > gatewayFresh {
		all.Go(func() { g.greet(ctx) })
	}
	all.Wait()
	return b.last()
}

// last returns how every device was when it was last heard of, asking none.
func (b *board) last() []device.DeviceStatus {
	journal := device.DeviceStatus{Name: "journal", Kind: "sqlite", Line: b.config.Store.Dir}
	journal = b.journal.status(journal)
	if b.verifier != nil {
		journal = b.verifier.judge(journal)
	}
	list := []device.DeviceStatus{journal}
	if b.behind != nil {
		list = append(list, clockStatus(b.behind())...)
	}
	if b.dayOpen != nil {
		list = append(list, dayStatus(b.dayOpen())...)
	}
	if b.tokens != nil {
		list = append(list, b.access())
	}
	if b.cert != nil {
		list = append(list, b.cert.status(b.config.API.LANListen))
	}
	return append(list, b.plugged()...)
}

// clockStatus is the box's clock, which is worth a line only when it is wrong.
func clockStatus(behind string) []device.DeviceStatus {
	if behind == "" {
		return nil
	}
	return []device.DeviceStatus{{Name: "clock", Kind: "clock", Line: "this box", Words: behind}}
}

// dayStatus is a business day that could not be closed; one that can be is worth no line.
func dayStatus(trouble string) []device.DeviceStatus {
	if trouble == "" {
		return nil
	}
	return []device.DeviceStatus{{Name: "day", Kind: "day", Line: "this box", Words: trouble}}
}

// access says who may ask, where a cashier's devices are looked at: a till that
// is open to every program is something to know.
func (b *board) access() device.DeviceStatus {
	return device.DeviceStatus{Name: "access", Kind: "tokens", Line: b.config.API.Listen, OK: true, Words: accessWords(b.tokens.Made())}
}

// plugged is last without the journal.
func (b *board) plugged() []device.DeviceStatus {
	var list []device.DeviceStatus
	switch {
	case b.copies != nil:
		list = append(list, b.copies.status())
	case b.config.Backup != nil:
		list = append(list, copiesAlone(*b.config.Backup, b.config.Store.Dir))
	}
	for _, h := range b.hooks {
		list = append(list, hookStatus(h.Status()))
	}
	if b.fleet != nil {
		list = append(list, fleetStatus(*b.config.Fleet, b.fleet.Status()))
	}
	if t := b.parts.terminal; t != nil {
		d := t.status(device.DeviceStatus{Name: "terminal", Kind: "pax", Line: b.config.Terminal.Line})
		switch {
		case t.busy.Load() > 0 && d.Since.IsZero(): // never heard of, and in use: nothing is known to be wrong
			d.OK, d.Words = true, "busy with a sale"
		case t.busy.Load() > 0:
			d.Words += "; busy with a sale"
		}
		d.Words += "; " + b.config.reading()
		list = append(list, d)
	}
	if b.parts.driven != nil { // as well as the gateway is, and no better known
		list = append(list, b.parts.gateway.status(device.DeviceStatus{Name: "terminal", Kind: "iotpay", Line: b.config.Gateway.BaseURL}))
		list[len(list)-1].Words += "; " + b.config.reading()
	}
	if g := b.parts.gateway; g != nil {
		list = append(list, g.status(device.DeviceStatus{Name: "gateway", Kind: "iotpay", Line: b.config.Gateway.BaseURL}))
	}
	if s := b.parts.scanner; s != nil {
		list = append(list, s.status(device.DeviceStatus{Name: "scanner", Kind: "scanner", Line: b.config.Scanner.Line}))
	}
	for i, p := range b.parts.panels {
		d := b.config.Displays[i]
		list = append(list, displayStatus(d, p.Status()))
	}
	if p := b.parts.printer; p != nil {
		list = append(list, printerStatus(b.config.Printer, p.Status()))
	}
	return list
}

func displayStatus(d Display, s display.Status) device.DeviceStatus {
	words := s.Trouble
	if s.Connected && words == "" {
		words = "ready"
	}
	return device.DeviceStatus{Name: d.Name, Kind: d.Driver, Line: d.Line, OK: s.Connected, Identity: s.Identity, Words: words}
}

func printerStatus(p *Printer, s printer.Status) device.DeviceStatus {
	profile, _ := printer.FindProfile(p.Profile) // known since the file was judged
	stopped := s.Offline || s.CoverOpen || s.PaperOut || s.Cutter || s.Hot || s.Fault
	words := s.Words
	if !s.Reachable {
		words = "not reachable: is it switched on, and is its cable in?"
	}
	return device.DeviceStatus{
		Name: "printer", Kind: "escpos", Line: p.Line, OK: s.Reachable && !stopped && (s.Answers || profile.Quiet),
		Identity: s.Identity, Words: words, Trouble: printerTrouble(s, profile.Quiet), Since: s.At,
	}
}

// printerTrouble is what stops the printer, or is about to, in one word.
func printerTrouble(s printer.Status, quiet bool) string {
	switch {
	case !s.Reachable:
		return "unplugged"
	case s.PaperOut:
		return "paper-out"
	case s.CoverOpen:
		return "cover-open"
	case s.Offline, s.Cutter, s.Hot, s.Fault:
		return "stopped"
	case !s.Answers && !quiet:
		return "silent"
	case s.PaperLow:
		return "paper-low"
	}
	return ""
}
