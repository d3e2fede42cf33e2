package iotpaysim

import (
	"net"
	"sync"
	"time"
)

// door is a listener that nobody answers while the gateway is away: a TCP port
// is closed, so that callers are refused as by a host where nothing runs, and
// opened again afterwards. Other listeners take a caller in and hang up.
type door struct {
	g    *Gateway
	addr net.Addr
	gone chan struct{} // closed with the door

	mu   sync.Mutex
	ln   net.Listener
	away bool // ln was closed by shut
}

func newDoor(g *Gateway, ln net.Listener) *door {
	d := &door{g: g, addr: ln.Addr(), gone: make(chan struct{}), ln: ln}
	g.mu.Lock()
	g.doors = append(g.doors, d)
	g.mu.Unlock()
	if g.isAway() {
		d.shut()
	}
	return d
}

// Accept waits for a caller, and meanwhile for the gateway to be back.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.listener().Accept()
		switch {
		case err == nil && !d.g.isAway():
			return conn, nil
		case err == nil:
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		case !d.reopen():
			return nil, err
		}
	}
}

// Close closes the door for good.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.gone) // net/http closes a listener once
	return d.ln.Close()
}

// Addr is where the door is, open or not.
func (d *door) Addr() net.Addr { return d.addr }

func (d *door) listener() net.Listener {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ln
}

// shut makes callers find nobody.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ln, ok := d.ln.(*net.TCPListener); ok {
		d.away = true
		_ = ln.Close()
	}
}

// reopen waits until the gateway is back and listens again. It returns false
// if it was not shut but broke, or is closed for good.
func (d *door) reopen() bool {
	d.mu.Lock()
	away := d.away
	d.mu.Unlock()
	for away {
		changed := d.g.faultsChange()
		again := (<-chan time.Time)(nil)
		if !d.g.isAway() {
			if d.listen() {
				return true
			}
			again = time.After(100 * time.Millisecond) // the kernel may have lent the port to somebody
		}
		select {
		case <-changed:
		case <-again:
		case <-d.gone:
			return false
		}
	}
	return false
}

func (d *door) listen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	ln, err := net.Listen("tcp", d.addr.String())
	if err != nil {
		return false
	}
	select {
	case <-d.gone:
		_ = ln.Close()
		return false
	default:
	}
	d.ln, d.away = ln, false
	return true
}
