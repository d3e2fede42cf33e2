package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"posd/device"
	"posd/device/port"
	"posd/device/sale"
	"posd/display"
	"posd/pax"
	"posd/store"
)

// doctor finds out why something is not well. Where no daemon runs it may open the
// lines and ask what hangs on them; beside one it only looks.
type doctor struct {
	config Config
	alone  bool
	pause  time.Duration // for one question to a line
}

// verdict is a cause and what was found, for people.
type verdict struct {
	cause  cause
	detail string
}

// why returns the cause of what a device says of itself; none when all is well.
func (d *doctor) why(ctx context.Context, s device.DeviceStatus) verdict {
	switch {
	case s.Kind == "tokens":
		if s.Words == accessWords(false) {
			return verdict{cause: accessOpen}
		}
		return verdict{}
	case s.Kind == boxKind && s.Trouble == "":
		return verdict{}
	case s.Kind == boxKind:
		return namedCause(s)
	case s.OK && s.Trouble == "paper-low":
		return verdict{cause: printerLow}
	case s.OK && s.Name != "journal" && s.Name != "gateway" && d.panel(s) != nil && s.Words != "ready":
		return verdict{cause: displayFlaw}
	case s.OK:
		return verdict{}
	}
	switch s.Kind {
	case "pax":
		return d.ofTerminal(ctx, s)
	case "iotpay":
		return d.ofGateway(s)
	case "sqlite", copyKind:
		return namedCause(s)
	case "clock": // behind the journal
		return verdict{cause: gatewayClock}
	case "escpos":
		return d.ofPrinter(ctx, s)
	case "scanner":
		return d.orElse(ctx, d.config.Scanner.Config, scannerSilent)
	}
	if p := d.panel(s); p != nil {
		return d.ofDisplay(ctx, p)
	}
	return verdict{cause: unknownCause}
}

// namedCause takes the cause that a status names itself.
func namedCause(s device.DeviceStatus) verdict {
	if _, ok := advices[cause(s.Trouble)]; ok {
		return verdict{cause: cause(s.Trouble)}
	}
	return verdict{cause: unknownCause}
}

// panel returns the configured display that a status is of.
func (d *doctor) panel(s device.DeviceStatus) *Display {
	for i := range d.config.Displays {
		if p := &d.config.Displays[i]; p.Name == s.Name && p.Driver == s.Kind {
			return p
		}
	}
	return nil
}

// ofLine returns what is wrong with a line itself; none if it can be used.
func (d *doctor) ofLine(ctx context.Context, c port.Config) verdict {
	if !d.alone { // the daemon has it: only whether it is there can be seen
		if filepath.IsAbs(c.Line) {
			if _, err := os.Stat(c.Line); err != nil {
				return verdict{lineCause(err), err.Error()}
			}
		}
		return verdict{}
	}
	ctx, cancel := context.WithTimeout(ctx, max(d.pause, c.ConnectTimeout))
	defer cancel()
	c.LockDir = d.config.Daemon.LockDir
	line := port.New(c)
	defer line.Close()
	if _, err := line.Open(ctx); err != nil {
		return verdict{lineCause(err), err.Error()}
	}
	return verdict{}
}

// orElse is ofLine, or another cause where the line can be used.
func (d *doctor) orElse(ctx context.Context, c port.Config, other cause) verdict {
	if v := d.ofLine(ctx, c); v.cause != "" {
		return v
	}
	return verdict{cause: other}
}

// lineCause returns why a line cannot be opened.
func lineCause(err error) cause {
	var held *port.HeldError
	var name *net.DNSError
	switch {
	case errors.As(err, &held), errors.Is(err, syscall.EBUSY):
		return lineHeld
	case errors.As(err, &name):
		return hostUnknown
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return lineAbsent
	case errors.Is(err, fs.ErrPermission):
		return lineForbidden
	case errors.Is(err, port.ErrNoDevice), errors.Is(err, syscall.ENOTTY):
		return lineNoDevice
	case errors.Is(err, syscall.ECONNREFUSED):
		return hostRefuses
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return hostAway
	}
	return unknownCause
}

// ofTerminal tells a terminal that is away from one that is asleep, at another
// speed, another one, or none at all.
func (d *doctor) ofTerminal(ctx context.Context, s device.DeviceStatus) verdict {
	t := d.config.Terminal
	if want := t.SerialNumber; want != "" && s.Identity.Serial != "" && sale.SerialNumber(want) != sale.SerialNumber(s.Identity.Serial) {
		return verdict{cause: terminalOther, detail: s.Identity.Serial}
	}
	on := t.LineConfig.Config
	if addr, ok := t.overHTTP(); ok {
		on.Line = "tcp:" + addr
	}
	if v := d.ofLine(ctx, on); v.cause != "" {
		return v
	}
	if !d.alone || strings.HasPrefix(on.Line, "tcp:") {
		return verdict{cause: terminalSilent}
	}
	for _, speed := range probeSpeeds {
		if speed != on.Baud && d.terminalAt(ctx, on, speed) {
			return verdict{terminalSpeed, baud(speed)}
		}
	}
	if driver, _, found := d.displayOn(ctx, on, ""); found {
		return verdict{cablesSwapped, "a " + driver + " answers on " + on.Line}
	}
	return verdict{cause: terminalSilent}
}

// terminalAt greets a terminal at another speed.
func (d *doctor) terminalAt(ctx context.Context, on port.Config, speed int) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*d.pause)
	defer cancel()
	on.Baud, on.LockDir = speed, d.config.Daemon.LockDir
	line := port.New(on)
	defer line.Close()
	own := d.config.Terminal.driver()
	own.AckWait, own.GreetWait = d.pause, d.pause
	_, err := pax.New(line, own, slog.New(slog.DiscardHandler)).Greet(ctx)
	return err == nil
}

// displayOn asks whether a display answers on a line, at any usual speed; only
// displays of one driver are asked for if it is named.
func (d *doctor) displayOn(ctx context.Context, on port.Config, only string) (driver string, speed int, found bool) {
	on.LockDir = d.config.Daemon.LockDir
	for _, driver := range display.Probes() {
		if only != "" && driver != only {
			continue
		}
		for _, on.Baud = range probeSpeeds {
			line := port.New(on)
			_, err := display.Probe(ctx, line, driver, d.pause)
			line.Close()
			if err == nil {
				return driver, on.Baud, true
			}
			if ctx.Err() != nil {
				return "", 0, false
			}
		}
	}
	return "", 0, false
}

func (d *doctor) ofDisplay(ctx context.Context, p *Display) verdict {
	if v := d.ofLine(ctx, p.LineConfig.Config); v.cause != "" {
		return v
	}
	if d.alone && !strings.HasPrefix(p.Line, "tcp:") {
		if _, speed, found := d.displayOn(ctx, p.LineConfig.Config, p.Driver); found && speed != p.Baud {
			return verdict{displaySpeed, baud(speed)}
		}
	}
	return verdict{cause: displaySilent}
}

func (d *doctor) ofPrinter(ctx context.Context, s device.DeviceStatus) verdict {
	switch s.Trouble {
	case "paper-out":
		return verdict{cause: printerPaper}
	case "cover-open":
		return verdict{cause: printerCover}
	case "stopped":
		return verdict{cause: printerStopped}
	case "silent":
		return verdict{cause: printerSilent}
	}
	return d.orElse(ctx, d.config.Printer.LineConfig.Config, printerSilent)
}

func (d *doctor) ofGateway(s device.DeviceStatus) verdict {
	if _, err := d.config.Gateway.merchantKey(); d.alone && err != nil {
		if d.config.Gateway.KeyFile == "" && credential(keyCredential) == "" || errors.Is(err, fs.ErrNotExist) {
			return verdict{cause: keyMissing}
		}
		return verdict{keyForm, err.Error()}
	}
	if v := namedCause(s); v.cause != unknownCause {
		return v
	}
	return verdict{cause: gatewayOther}
}

// journalCause returns why the journal in dir cannot be used.
func journalCause(err error, dir string) cause {
	_, disk := store.FreeBytes(dir)
	switch {
	case errors.Is(err, sale.ErrLocked):
		return journalLocked
	case errors.Is(err, sale.ErrJournalFull):
		return diskFull
	case errors.Is(err, syscall.EROFS), errors.Is(disk, syscall.EROFS):
		return diskReadOnly
	case errors.Is(err, store.ErrDisk):
		return diskRefuses
	case errors.Is(err, store.ErrNewer):
		return journalNewer
	case errors.Is(err, store.ErrForeign):
		return journalForeign
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return journalForbidden
	case errors.Is(err, sale.ErrJournalBroken):
		return journalDamaged
	}
	return unknownCause
}

func baud(speed int) string { return "it answers at " + strconv.Itoa(speed) + " baud" }

// name gives each status its cause, in the place of the word that pages know.
func (d *doctor) name(ctx context.Context, list []device.DeviceStatus) []device.DeviceStatus {
	for i := range list {
		v := d.why(ctx, list[i])
		list[i].Trouble = string(v.cause)
		if v.detail != "" && !strings.Contains(list[i].Words, v.detail) {
			list[i].Words += "; " + v.detail
		}
	}
	return list
}
