package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeTerminal is a card terminal for the tests of the whole process, written
// from the protocol's facts alone: it shares no code with the driver or with its
// simulator. It approves what it is asked for and remembers it, unless the next
// request of a command is told to be answered otherwise.
//
//	STX body ETX LRC -> ACK ... STX body ETX LRC -> wait for one byte -> EOT
type fakeTerminal struct {
	t *testing.T
	l net.Listener

	mu     sync.Mutex
	serial string
	memory map[string]*fakeRecord            // by our reference
	number int                               // of the latest transaction
	next   map[string][]fakeAnswer           // by command
	seen   []string                          // commands of the requests that came
	asked  []map[string]string               // money requests: type, amount, ref, number
	drawer map[string]map[string]*fakeRecord // memories of other terminals
	marks  bool                              // a void only marks its original
	blind  bool                              // look-ups by reference find nothing
	conns  []net.Conn
}

// fakeRecord is what a look-up tells of a transaction.
type fakeRecord struct {
	kind, original, ref, number, host, amount string
}

// fakeAnswer answers one request, whose fields follow the version.
type fakeAnswer func(c *fakeConn, cmd string, f []string)

func newFakeTerminal(t *testing.T) *fakeTerminal {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeTerminal{t: t, l: l, serial: "1850000042", memory: map[string]*fakeRecord{}, next: map[string][]fakeAnswer{}, drawer: map[string]map[string]*fakeRecord{}}
	t.Cleanup(func() { l.Close(); f.hangUp() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			go f.serve(&fakeConn{Conn: c, in: bufio.NewReader(c), f: f})
		}
	}()
	return f
}

// hangUp breaks every connection, as a pulled cable does.
func (f *fakeTerminal) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

// plug puts the terminal called serial on the line, with its own memory.
func (f *fakeTerminal) plug(serial string) {
	f.mu.Lock()
	f.drawer[f.serial] = f.memory
	f.serial, f.memory = serial, f.drawer[serial]
	if f.memory == nil {
		f.memory = map[string]*fakeRecord{}
	}
	f.mu.Unlock()
	f.hangUp()
}

// forget empties the memory: the batch was closed on the keypad, or cleared.
func (f *fakeTerminal) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.memory = map[string]*fakeRecord{}
}

// then has the next requests of a command answered in these ways, one each.
func (f *fakeTerminal) then(cmd string, a ...fakeAnswer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[cmd] = append(f.next[cmd], a...)
}

// set changes something of the terminal.
func (f *fakeTerminal) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// money returns the money requests that came.
func (f *fakeTerminal) money() []map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// count returns how many requests of a command came.
func (f *fakeTerminal) count(cmd string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.seen {
		if s == cmd {
			n++
		}
	}
	return n
}

func (f *fakeTerminal) serve(c *fakeConn) {
	defer c.Close()
	for {
		body, err := c.frame()
		if err != nil {
			return
		}
		parts := strings.Split(body, "\x1c")
		cmd, fields := parts[0], parts[min(2, len(parts)):]
		f.mu.Lock()
		f.seen = append(f.seen, cmd)
		if cmd[0] == 'T' {
			f.asked = append(f.asked, map[string]string{"type": sub(fields, 0, 0), "amount": sub(fields, 1, 0), "ref": sub(fields, 3, 0), "number": sub(fields, 3, 3)})
		}
		var a fakeAnswer = usual
		if waiting := f.next[cmd]; len(waiting) > 0 {
			a, f.next[cmd] = waiting[0], waiting[1:]
		}
		f.mu.Unlock()
		a(c, cmd, fields)
	}
}

// fakeConn is one connection to the terminal.
type fakeConn struct {
	net.Conn
	in *bufio.Reader
	f  *fakeTerminal
}

// frame reads up to the next request; what else comes means nothing to it.
func (c *fakeConn) frame() (string, error) {
	if _, err := c.in.ReadString(0x02); err != nil {
		return "", err
	}
	body, err := c.in.ReadString(0x03)
	if err != nil {
		return "", err
	}
	if _, err := c.in.ReadByte(); err != nil {
		return "", err
	}
	return strings.TrimSuffix(body, "\x03"), nil
}

func (c *fakeConn) ack() { io.WriteString(c, "\x06") }
func (c *fakeConn) eot() { io.WriteString(c, "\x04") }

// say writes a response and waits for a byte that stands for its ACK.
func (c *fakeConn) say(fields ...string) {
	c.send(fields...)
	c.in.ReadByte()
}

// send writes a response; its ACK is left to whoever reads the next request.
func (c *fakeConn) send(fields ...string) {
	body := strings.Join(append([]string{"0"}, fields...), "\x1c") + "\x03"
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	io.WriteString(c, "\x02"+body+string([]byte{sum}))
}

// reply is a whole answer: ACK, response, EOT.
func (c *fakeConn) reply(fields ...string) {
	c.ack()
	time.Sleep(20 * time.Millisecond) // for clients that read one piece; posd does not mind
	c.say(fields...)
	c.eot()
}

// sub returns subfield j of field i, empty if it is not there.
func sub(fields []string, i, j int) string {
	if i >= len(fields) {
		return ""
	}
	subs := strings.Split(fields[i], "\x1f")
	if j >= len(subs) {
		return ""
	}
	return subs[j]
}

func subs(s ...string) string { return strings.Join(s, "\x1f") }

const fakeApproved = "00\x1fAPPROVAL\x1fA7K2\x1f\x1f31\x1f4"

// usual is how a terminal answers that has nothing to hide.
func usual(c *fakeConn, cmd string, f []string) {
	switch cmd {
	case "A00":
		c.f.mu.Lock()
		serial := c.f.serial
		c.f.mu.Unlock()
		c.reply("A01", "1.44", "000000", "OK", serial, "S920", "2", "", "", "", "")
	case "T00":
		c.reply(c.f.approve(f, nil)...)
	case "R02":
		c.reply(c.f.lookup(sub(f, 6, 0))...)
	case "R00": // it has no such report
		c.reply("R01", "1.44", "100026", "NOT SUPPORTED")
	case "B00":
		c.f.forget()
		c.reply("B01", "1.44", "000000", "OK", "00\x1fCLOSED\x1f\x1f\x1f\x1f4", "0=0", "0=0", "20261127120000", "77", "88")
	default:
		c.reply(cmd[:1]+"99", "1.44", "100026", "NOT SUPPORTED")
	}
}

// approve takes a transaction and returns its response; change alters its record first.
func (f *fakeTerminal) approve(fields []string, change func(r *fakeRecord)) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number++
	r := &fakeRecord{kind: sub(fields, 0, 0), ref: sub(fields, 3, 0), number: fmt.Sprint(f.number), host: fakeApproved, amount: sub(fields, 1, 0)}
	if r.kind == "16" {
		for _, o := range f.memory {
			if o.number == sub(fields, 3, 3) {
				o.original, o.kind = o.kind, "16"
				r.amount = strings.Split(o.amount, "\x1f")[0]
				r.original = o.original
			}
		}
	}
	if change != nil {
		change(r)
	}
	if r.kind != "16" || !f.marks {
		f.memory[r.ref] = r
	}
	return r.t01("000000", "OK", f.serial)
}

// t01 is the record as the response to its own request.
func (r *fakeRecord) t01(code, text, serial string) []string {
	return []string{"T01", "1.44", code, text, r.host, r.kind, r.amount, subs("4242", "4", "0330", "", "", "", "01"),
		subs(r.number, r.ref, "20261127115900"), "", "", "", subs("TC=0011223344556677", "CID=00", "TVR=0080008000", "SN="+serial)}
}

// lookup is R03.
func (f *fakeTerminal) lookup(ref string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.memory[ref]
	if ref == "" && len(f.memory) > 0 { // how many there are
		return []string{"R03", "1.44", "000000", "OK", fmt.Sprint(len(f.memory)), "1"}
	}
	if r == nil || f.blind {
		return []string{"R03", "1.44", "100023", "NOT FOUND"}
	}
	return []string{"R03", "1.44", "000000", "OK", "1", "1", r.host, "01", r.kind, r.original, r.amount, subs("4242", "4", "", "", "", "", "01"),
		subs(r.number, r.ref, "20261127115900"), "", "", "", "SN=" + f.serial}
}

// Ways to answer a money request.

// takenAndLost approves, and breaks the line instead of answering.
func takenAndLost(c *fakeConn, _ string, f []string) {
	c.ack()
	c.f.approve(f, nil)
	c.f.hangUp()
}

// takenSilently approves, and says nothing.
func takenSilently(c *fakeConn, _ string, f []string) {
	c.ack()
	c.f.approve(f, nil)
}

// takenAndCleared approves and says nothing, and its batch is closed on the keypad before
// anybody can ask.
func takenAndCleared(c *fakeConn, cmd string, f []string) {
	takenSilently(c, cmd, f)
	c.f.forget()
}

// unheard is a request that reached nobody: the line stays.
func unheard(*fakeConn, string, []string) {}

// approvedWith approves, the record changed.
func approvedWith(change func(r *fakeRecord)) fakeAnswer {
	return func(c *fakeConn, _ string, f []string) { c.reply(c.f.approve(f, change)...) }
}

// coded approves with another code of approval.
func coded(code string, change func(r *fakeRecord)) fakeAnswer {
	return func(c *fakeConn, _ string, f []string) {
		a := c.f.approve(f, change)
		a[2] = code
		c.reply(a...)
	}
}

// refusedWith answers with a code and nothing else.
func refusedWith(code, text string) fakeAnswer {
	return func(c *fakeConn, cmd string, _ []string) {
		c.reply(map[string]string{"T00": "T01", "B00": "B01"}[cmd], "1.44", code, text)
	}
}
