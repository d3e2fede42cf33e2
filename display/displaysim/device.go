package displaysim

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Device is one simulated display on its wire.
type Device struct {
	name    string
	machine machine
	faults  []Fault
	opt     Options

	mu       sync.Mutex
	set      map[string]string // faults in force
	conns    map[*conn]bool
	dark     bool // without power
	in, out  int  // bytes
	overruns int
}

// Options of every device; the zero value is good.
type Options struct {
	// Model, Serial and Firmware are what the device says of itself, if it can.
	Model, Serial, Firmware string
	// Boot is how long a device takes to start after its power came back;
	// default none.
	Boot time.Duration
	// Seen is called with the device's mutex free after each change of the glass.
	Seen func()
}

// machine is the inside of a device. Its methods are called one at a time.
type machine interface {
	// take eats one byte and returns what the device answers to it. done says
	// that a whole command was eaten.
	take(b byte) (answer []byte, done bool)
	// powerOn forgets everything and returns what the device says when it starts.
	powerOn() []byte
	// capacity is the size of the input buffer; overflow is said when it runs over.
	capacity() int
	overflow() []byte
	// refusal is what the device answers under the fault nak.
	refusal() []byte
	// state is what the device holds, for JSON.
	state() any
	paint() *image.RGBA
}

// conn is one connection with its input buffer.
type conn struct {
	rw   io.ReadWriteCloser
	wake chan struct{}

	mu  sync.Mutex
	buf []byte

	write sync.Mutex
}

func newDevice(name string, m machine, opt Options) *Device {
	d := &Device{name: name, machine: m, faults: commonFaults, opt: opt, set: map[string]string{}, conns: map[*conn]bool{}}
	m.powerOn()
	return d
}

// Serve accepts connections until ctx ends.
func (d *Device) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("accept a connection to the %s: %w", d.name, err)
		}
		wg.Go(func() { d.ServeConn(ctx, c) })
	}
}

// ServeConn is the device on one connection, until that ends or ctx does.
func (d *Device) ServeConn(ctx context.Context, rw io.ReadWriteCloser) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { rw.Close() })
	defer stop()
	c := &conn{rw: rw, wake: make(chan struct{}, 1)}
	d.mu.Lock()
	d.conns[c] = true
	reset := d.has("reset-on-open")
	d.mu.Unlock()
	if reset {
		d.powerCycle(0)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.work(ctx, c)
	}()
	defer func() {
		d.mu.Lock()
		delete(d.conns, c)
		d.mu.Unlock()
		rw.Close()
		cancel()
		<-done
	}()
	buf := make([]byte, 512)
	for {
		n, err := rw.Read(buf)
		d.arrived(c, buf[:n])
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("read from posd: %w", err)
		}
	}
}

// arrived puts bytes into the input buffer, as far as there is room.
func (d *Device) arrived(c *conn, b []byte) {
	d.mu.Lock()
	d.in += len(b)
	if d.dark || d.has("dead") {
		d.mu.Unlock()
		return
	}
	if d.has("wrong-baud") {
		b = garbled(b)
	}
	b = d.lose(b)
	once := d.has("overflow")
	if once {
		delete(d.set, "overflow")
	}
	room := d.machine.capacity()
	d.mu.Unlock()

	c.mu.Lock()
	over := once
	if free := room - len(c.buf); room > 0 && len(b) > free {
		b, over = b[:free], true
	}
	if once {
		b = b[:len(b)/2]
	}
	c.buf = append(c.buf, b...)
	c.mu.Unlock()
	if over {
		d.mu.Lock()
		d.overruns++
		say := d.machine.overflow()
		d.mu.Unlock()
		d.say(c, say)
	}
	c.poke()
}

// poke wakes whoever waits for the buffer.
func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// lose drops every n-th byte under the fault lost=n.
func (d *Device) lose(b []byte) []byte {
	n := d.number("lost", 50)
	if n == 0 {
		return b
	}
	var kept []byte
	for i, x := range b {
		if (d.in-len(b)+i+1)%n != 0 {
			kept = append(kept, x)
		}
	}
	return kept
}

// garbled is what a line at the wrong speed makes of bytes.
func garbled(b []byte) []byte {
	out := make([]byte, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		out = append(out, b[i]<<4|b[i+1]>>4|0x80)
	}
	return out
}

// work eats the input buffer byte by byte.
func (d *Device) work(ctx context.Context, c *conn) {
	for {
		d.mu.Lock()
		holds := d.has("holds")
		d.mu.Unlock()
		b, ok := byte(0), false
		if !holds {
			b, ok = c.next()
		}
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-c.wake:
			}
			continue
		}
		d.mu.Lock()
		answer, done := d.machine.take(b)
		if done && d.has("nak") && len(answer) > 0 {
			answer = d.machine.refusal()
		}
		pause := time.Duration(0)
		if done {
			pause = d.duration("slow", 50*time.Millisecond)
		}
		d.mu.Unlock()
		if pause > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
		if len(answer) > 0 {
			d.say(c, answer)
		}
		if done && d.opt.Seen != nil {
			d.opt.Seen()
		}
	}
}

// next takes one byte out of the buffer.
func (c *conn) next() (byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.buf) == 0 {
		return 0, false
	}
	b := c.buf[0]
	c.buf = c.buf[1:]
	return b, true
}

func (c *conn) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = nil
}

// say writes an answer, unless a fault keeps the device silent.
func (d *Device) say(c *conn, b []byte) {
	d.mu.Lock()
	quiet := d.has("silent") || d.dark
	if d.has("noise") {
		b = append([]byte{0xA5, 0x00, 0x7F}, b...)
	}
	if quiet || len(b) == 0 {
		d.mu.Unlock()
		return
	}
	d.out += len(b)
	d.mu.Unlock()
	c.write.Lock()
	defer c.write.Unlock()
	c.rw.Write(b) // a connection that broke ends in ServeConn's Read
}

// powerCycle takes the power away for a time. The glass is dark and everything
// forgotten; then the device says what it says when it starts.
func (d *Device) powerCycle(off time.Duration) {
	d.mu.Lock()
	d.dark = true
	for c := range d.conns {
		c.clear()
	}
	d.mu.Unlock()
	time.AfterFunc(off+d.opt.Boot, func() {
		d.mu.Lock()
		d.dark = false
		hello := d.machine.powerOn()
		conns := d.open()
		d.mu.Unlock()
		for _, c := range conns {
			d.say(c, hello)
		}
	})
}

// unplug ends every connection.
func (d *Device) unplug() {
	d.mu.Lock()
	conns := d.open()
	d.mu.Unlock()
	for _, c := range conns {
		c.rw.Close()
	}
}

func (d *Device) open() []*conn {
	var all []*conn
	for c := range d.conns {
		all = append(all, c)
	}
	return all
}

// State is what a device holds and has counted.
type State struct {
	Device    string   `json:"device"`
	Connected int      `json:"connected"`
	Dark      bool     `json:"dark"`
	BytesIn   int      `json:"bytesIn"`
	BytesOut  int      `json:"bytesOut"`
	Overruns  int      `json:"overruns"`
	Faults    []string `json:"faults"`
	Glass     any      `json:"glass"`
}

// State returns a copy of what the device holds now.
func (d *Device) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := State{
		Device: d.name, Connected: len(d.conns), Dark: d.dark, BytesIn: d.in, BytesOut: d.out, Overruns: d.overruns,
		Faults: []string{}, Glass: d.machine.state(),
	}
	for f, arg := range d.set {
		s.Faults = append(s.Faults, strings.TrimSuffix(f+"="+arg, "="))
	}
	slices.Sort(s.Faults)
	return s
}

// Image returns what the customer sees now.
func (d *Device) Image() *image.RGBA {
	d.mu.Lock()
	defer d.mu.Unlock()
	img := d.machine.paint()
	if d.dark {
		return image.NewRGBA(img.Bounds())
	}
	return img
}

// PNG returns Image as a PNG file.
func (d *Device) PNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, d.Image()); err != nil {
		panic("encode an image in memory: " + err.Error()) // a Buffer takes everything
	}
	return b.Bytes()
}

// Feed gives the device a command that does not come over its wire: a finger on
// its glass. What it answers is thrown away.
func (d *Device) Feed(b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range b {
		d.machine.take(x)
	}
}
