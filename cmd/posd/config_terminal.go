package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"posd/device/port"
	"posd/pax"
)

// Terminal is the card terminal and its line.
type Terminal struct {
	// Driver says who drives the terminal: "pax", posd itself on a line; "iotpay",
	// the gateway, whose order is then the charge. Default "pax".
	Driver string `toml:"driver"`
	LineConfig
	pax.Config
}

func (t *Terminal) setDefaults() {
	*t = Terminal{Driver: drivenHere, LineConfig: LineConfig{port.Defaults()}, Config: pax.Defaults()}
}

// Who drives the terminal.
const (
	drivenHere      = "pax"
	drivenByGateway = "iotpay"
)

// Whether the first report is held against the terminal's totals.
const (
	guarded = "guarded"
	trusted = "trusted"
)

// reading says which of the two readings of the gateway's CC_PAX is in force.
func (c Config) reading() string {
	switch {
	case c.Terminal.Driver == drivenByGateway:
		return "IOTPay drives the terminal: an order by CC_PAX is the charge itself"
	case c.Gateway == nil:
		return "posd drives the terminal"
	case c.Gateway.FirstReport == trusted:
		return "posd drives the terminal: an order by CC_PAX only reports what was charged, as IOTPay has said"
	}
	return "posd drives the terminal: an order by CC_PAX only reports what was charged, and the first one is held against the terminal's totals"
}

// driverFaults judges who drives the terminal, and what that takes.
func (t *Terminal) driverFaults(gateway bool) []error {
	switch {
	case t.Driver != drivenHere && t.Driver != drivenByGateway:
		return []error{fmt.Errorf(`driver = %q is not known: write "pax" (posd drives the terminal on a line) or "iotpay" (IOTPay drives it)`, t.Driver)}
	case t.Driver == drivenByGateway && t.Line != "":
		return []error{fmt.Errorf("line = %q stands beside driver = %q: IOTPay drives the terminal, posd has no line to it, so leave the line out", t.Line, t.Driver)}
	case t.Driver == drivenByGateway && !gateway:
		return []error{fmt.Errorf("driver = %q needs [gateway]: configure the account at IOTPay", t.Driver)}
	}
	return nil
}

// overHTTP returns host:port of a terminal that is spoken to over HTTP.
func (t *Terminal) overHTTP() (addr string, ok bool) {
	addr, ok = strings.CutPrefix(t.Line, "http://")
	return strings.TrimSuffix(addr, "/"), ok
}

// overTCP returns host:port of a terminal on the network.
func (t *Terminal) overTCP() (addr string, ok bool) { return strings.CutPrefix(t.Line, "tcp:") }

// driver returns what the driver is told: over TCP nothing is lost on the way,
// so that no ACK is repeated.
func (t *Terminal) driver() pax.Config {
	c := t.Config
	if _, ok := t.overTCP(); ok {
		c.AckAgain = 0
	}
	return c
}

// cancelLine returns the line to the port that takes wishes to cancel, if the
// terminal's own connection does not.
func (t *Terminal) cancelLine() (LineConfig, bool) {
	addr, ok := t.overTCP()
	if !ok || t.CancelPort == 0 {
		return LineConfig{}, false
	}
	host, _, _ := net.SplitHostPort(addr) // judged with the line
	l := t.LineConfig
	l.Line = "tcp:" + net.JoinHostPort(host, strconv.Itoa(t.CancelPort))
	return l, true
}

// cancelFaults judges the port that takes wishes to cancel.
func (t *Terminal) cancelFaults() []error {
	addr, network := t.overTCP()
	if !network {
		addr, network = t.overHTTP()
	}
	switch _, port, _ := net.SplitHostPort(addr); {
	case t.CancelPort == 0:
		return nil
	case !network:
		return []error{fmt.Errorf("cancel_port = %d: a serial line has no ports, leave the key out", t.CancelPort)}
	case port == strconv.Itoa(t.CancelPort):
		return []error{fmt.Errorf("cancel_port = %d is the port of the line itself: write another, such as 10010, or leave the key out", t.CancelPort)}
	}
	return nil
}

// lineFaults judges the terminal's line, which may be an HTTP address, too.
func (t *Terminal) lineFaults() []error {
	if t.Driver == drivenByGateway {
		return nil // there is none
	}
	l := t.LineConfig
	if addr, ok := t.overHTTP(); ok {
		if l.Line = "tcp:" + addr; l.validate() != nil {
			return []error{fmt.Errorf("line = %q is no address of a terminal: write http://host:port, such as http://192.168.1.40:10009", t.Line)}
		}
	}
	return l.validate()
}
