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
	LineConfig
	pax.Config
}

func (t *Terminal) setDefaults() { *t = Terminal{LineConfig{port.Defaults()}, pax.Defaults()} }

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
	l := t.LineConfig
	if addr, ok := t.overHTTP(); ok {
		if l.Line = "tcp:" + addr; l.validate() != nil {
			return []error{fmt.Errorf("line = %q is no address of a terminal: write http://host:port, such as http://192.168.1.40:10009", t.Line)}
		}
	}
	return l.validate()
}
