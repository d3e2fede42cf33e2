//go:build box

package box

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var pulls = flag.Int("pulls", 4, "how often the cables are pulled and plugged")

// gadgetScript stands in the box for a terminal with its own plug and for a printer.
//
//go:embed gadget.sh
var gadgetScript string

// usedScript is run in the box for a process: it says of each of posd's devices how long after its
// name had come the process had it open, in hundredths of a second of the box's own clock.
const usedScript = `now() { read -r up _ </proc/uptime; echo "${up/./}"; }
declare -A came
left="terminal display printer scanner"
for i in $(seq 2400); do
  for name in $left; do
    [ -e /dev/posd-$name ] || continue
    : "${came[$name]:=$(now)}"
    for fd in /proc/$1/fd/*; do
      [ "$fd" -ef /dev/posd-$name ] || continue
      echo "$name $(( $(now) - came[$name] ))"
      left=${left/$name/}
      break
    done
  done
  [ -n "${left// /}" ] || break
  sleep 0.05
done
`

// cable is one that is pulled and plugged. A terminal's is an adapter (FTDI) or its own plug
// (ACM), by turns.
type cable struct {
	name   string
	port   int  // where what hangs on it listens
	gadget bool // by gadget.sh in the box, not by QEMU
}

// plug puts a cable into a socket of the box's, from 0 to 3.
func (m *machine) plug(c *cable, socket int) {
	m.t.Helper()
	if c.gadget {
		m.run(fmt.Sprintf("bash /run/gadget.sh plug %s %d %d", c.name, socket, c.port))
		return
	}
	m.ask("chardev-add", map[string]any{"id": c.name, "backend": map[string]any{"type": "socket", "data": map[string]any{
		"addr":   map[string]any{"type": "inet", "data": map[string]any{"host": "127.0.0.1", "port": fmt.Sprint(c.port)}},
		"server": false, "reconnect": 1}}})
	m.ask("device_add", map[string]any{"driver": "usb-serial", "id": "usb-" + c.name, "chardev": c.name, "serial": c.name + "-1", "always-plugged": true, "bus": "usb.0", "port": fmt.Sprint(1 + socket)})
}

// pull takes a cable out, and waits until the box has seen it go.
func (m *machine) pull(c *cable) {
	m.t.Helper()
	if c.gadget {
		m.run("bash /run/gadget.sh pull " + c.name)
	} else {
		m.ask("device_del", map[string]any{"id": "usb-" + c.name})
	}
	m.until(c.name+" to be gone", "[ ! -e /dev/posd-"+c.name+" ]")
	if !c.gadget {
		m.ask("chardev-remove", map[string]any{"id": c.name}) // the adapter's buffer, and its line
	}
}

// codeScanner is a scanner on a serial line: it sends what is before it, and listens to nothing.
type codeScanner struct {
	at int // a port of this machine's

	mu    sync.Mutex
	line  net.Conn // the latest
	heard []byte
}

func newCodeScanner(t *testing.T) *codeScanner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &codeScanner{at: l.Addr().(*net.TCPAddr).Port}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.line = c
			s.mu.Unlock()
			go s.listen(c)
		}
	}()
	return s
}

func (s *codeScanner) listen(c net.Conn) {
	defer c.Close()
	for b := make([]byte, 64); ; {
		n, err := c.Read(b)
		s.mu.Lock()
		s.heard = append(s.heard, b[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// scan reads a customer's code.
func (s *codeScanner) scan(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line != nil {
		s.line.Write([]byte(code + "\r")) // a cable that is just pulled: it is scanned again
	}
}

// size is what posd holds: descriptors, goroutines, and memory in KiB.
type size struct{ descriptors, goroutines, memory int }

func (m *machine) size() (s size) {
	m.t.Helper()
	out := m.run(`pid=$(systemctl show -P MainPID posd)
ls /proc/$pid/fd | wc -l
(exec 3<>/dev/tcp/127.0.0.1/8480; printf 'GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:8480\r\n\r\n' >&3; cat <&3) | sed -n 's/^go_goroutines //p'
awk '/^VmRSS/ {print $2}' /proc/$pid/status`)
	if n, err := fmt.Sscan(out, &s.descriptors, &s.goroutines, &s.memory); n != 3 {
		m.t.Fatalf("%v: %q", err, out)
	}
	return s
}

// cabling is the story of the cables: those of the box, and how long each took to be used again.
type cabling struct {
	*box
	m       *machine
	all     []*cable // the terminal's first
	scanner *codeScanner
	lot     *rand.Rand
	waits   map[string][]int // by name, in hundredths of a second
	sent    int              // receipts of which the printer did not say in time that they are out
}

// pulledAndPlugged pulls the cables of all devices in any order and plugs them in in another one
// and elsewhere, one time in two in the middle of a card sale. posd goes on by itself, and takes
// nothing for what it is not.
func pulledAndPlugged(t *testing.T, b *box, m *machine) {
	c := &cabling{box: b, m: m, scanner: newCodeScanner(t), lot: rand.New(rand.NewPCG(*seed, 3)), waits: map[string][]int{}}
	c.all = []*cable{{name: "terminal", port: b.terminalAt}, {name: "display", port: b.displayAt},
		{name: "printer", port: b.printerAt, gadget: true}, {name: "scanner", port: c.scanner.at}}
	m.write("/run/gadget.sh", gadgetScript)
	m.write("/run/used.sh", usedScript)
	m.write("/etc/udev/rules.d/92-posd-scanner.rules", `SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="scanner-1", SYMLINK+="posd-scanner"`+"\n")
	text := m.run("udevadm control --reload; cp /etc/posd/posd.toml /run/before.toml; cat /etc/posd/posd.toml")
	m.write("/etc/posd/posd.toml", strings.Replace(text, fmt.Sprintf("\nline = \"tcp:10.0.2.2:%d\"\n", b.printerAt), "\nline = \"/dev/posd-printer\"\n", 1)+
		"\n[scanner]\nline = \"/dev/posd-scanner\"\n")
	m.run("systemctl stop posd") // who has the printer by the network still
	m.plug(c.all[2], 0)
	m.plug(c.all[3], 3)
	m.until("printer and scanner", "[ -e /dev/posd-printer ] && [ -e /dev/posd-scanner ]")
	m.run("systemctl start posd")
	m.until("posd to be well", "posd check >/run/said || { cat /run/said; false; }")
	c.sellAll(t, "before-the-pulls")
	pid, first := m.run("systemctl show -P MainPID posd"), m.size()
	t.Logf("seed %d; %d times; posd holds %+v", *seed, *pulls, first)
	for i := range *pulls {
		c.pullOnce(t, i, strings.TrimSpace(pid))
		if i%10 == 9 {
			t.Logf("after %d times posd holds %+v", i+1, m.size())
		}
	}
	if now := m.run("systemctl show -P MainPID posd"); now != pid {
		t.Errorf("posd was started again: %s, then %s", pid, now)
	}
	c.judge(t, first)
	c.putBack()
}

// judge looks at what the pulls have left, and prints how long each device took to be used again.
func (c *cabling) judge(t *testing.T, first size) {
	for _, name := range slices.Sorted(maps.Keys(c.waits)) {
		waits := slices.Sorted(slices.Values(c.waits[name]))
		t.Logf("%s: %d times plugged in; in use after %d (median), %d (worst) hundredths of a second: %v", name, len(waits), waits[len(waits)/2], waits[len(waits)-1], c.waits[name])
	}
	last := c.m.size()
	t.Logf("%d times pulled and plugged; posd holds %+v, then %+v; %d receipts without the printer's word", *pulls, first, last, c.sent)
	if last.descriptors > first.descriptors+2 || last.goroutines > first.goroutines+4 || last.memory > first.memory+16<<10 {
		t.Errorf("posd has grown: %+v, then %+v", first, last)
	}
	if odd := c.printer.State().Unknown; len(odd) > 0 {
		t.Errorf("the printer was sent what no printer knows: %q", odd)
	}
	c.scanner.mu.Lock()
	defer c.scanner.mu.Unlock()
	if len(c.scanner.heard) > 0 {
		t.Errorf("the scanner was spoken to: %q", c.scanner.heard)
	}
}

// putBack leaves the box with the cables that the other stories know.
func (c *cabling) putBack() {
	for _, each := range c.all {
		c.m.pull(each)
	}
	c.all[0].gadget = false
	c.m.plug(c.all[0], 0)
	c.m.plug(c.all[1], 1)
	c.m.run("cp /run/before.toml /etc/posd/posd.toml; rm /etc/udev/rules.d/92-posd-scanner.rules; systemctl restart posd")
	c.m.until("posd to be well", "posd check >/dev/null")
}

// pullOnce pulls all cables and plugs them in again, and sells by all of them.
func (c *cabling) pullOnce(t *testing.T, i int, pid string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	under := saleView{}
	if i%2 == 1 {
		under = c.underWay(t, fmt.Sprintf("pulled-%d", i))
	}
	for _, n := range c.lot.Perm(len(c.all)) {
		c.m.pull(c.all[n])
	}
	// Something waits for the printer; scanner and display are used by themselves, and the
	// terminal by the sale under way or the next one.
	if err := c.api.Call(ctx, http.MethodPost, "/v1/prints", fmt.Sprintf("slip-%d", i), map[string]any{"form": "text", "data": "Soup of the day"}, nil); err != nil {
		t.Fatal(err)
	}
	c.all[0].gadget = !c.all[0].gadget
	c.m.run("setsid bash /run/used.sh " + pid + " >/run/used 2>&1 &")
	sockets := c.lot.Perm(len(c.all))
	for _, n := range c.lot.Perm(len(c.all)) {
		c.m.plug(c.all[n], sockets[n])
	}
	c.m.until("all names", "for n in terminal display printer scanner; do [ -e /dev/posd-$n ] || exit 1; done")
	for under.ID != "" && !under.final() {
		var err error
		if under, err = c.sale(ctx, under.ID); err != nil {
			t.Fatal(err)
		}
		if under.Attention != "" {
			t.Fatalf("a person is asked: %+v", under)
		}
	}
	if under.ID != "" && under.State != "paid" {
		t.Errorf("the sale that the cables were pulled from: %+v", under)
	}
	c.sellAll(t, fmt.Sprintf("after-pull-%d", i))
	used := c.m.until("all to be used", "[ $(wc -l </run/used) = 4 ] && cat /run/used")
	for line := range strings.Lines(used) {
		var name string
		var wait int
		if _, err := fmt.Sscan(line, &name, &wait); err != nil {
			t.Fatalf("%q: %v", used, err)
		}
		c.waits[name] = append(c.waits[name], wait)
	}
}

// sellAll sells by each device: by card, by a code on the display, and by a scanned one; and
// each receipt comes out.
func (c *cabling) sellAll(t *testing.T, key string) {
	t.Helper()
	c.sellOne(t, key)
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		_, err := c.sell(ctx, key+"-scan", "scan", 1234)
		asked <- err
	}()
	for waiting := true; waiting; { // nobody takes a code before posd waits for one
		select {
		case err := <-asked:
			if waiting = false; err != nil {
				t.Fatalf("%s by scan: %v", key, err)
			}
		case <-time.After(200 * time.Millisecond):
			c.scanner.scan("280000000000000001")
		}
	}
	for _, method := range []string{"card", "wechat", "scan"} {
		if err := eventually(ctx, time.Minute, func() error {
			s, err := c.sell(ctx, key+"-"+method, method, 1234) // its key finds it
			if err == nil && (s.State != "paid" || s.Printed != "printed" && s.Printed != "sent") {
				err = errors.New("not paid and printed")
			}
			if err == nil && s.Printed == "sent" { // the printer answered too late to be sure, as on a machine that is slow
				c.sent++
			}
			if err != nil {
				err = fmt.Errorf("%s by %s: %w: %+v", key, method, err, s)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
}
