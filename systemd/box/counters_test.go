//go:build box

package box

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"posd/display/displaysim"
	"posd/pax/paxsim"
)

// second is the other counter of the box: a terminal and a display of its own.
type second struct {
	terminal              *paxsim.Terminal
	display               *displaysim.Device
	terminalAt, displayAt int
}

func newSecond(t *testing.T) *second {
	t.Helper()
	s := &second{terminal: paxsim.New(paxsim.Options{Think: 300 * time.Millisecond})}
	var err error
	if s.display, err = displaysim.New("nextion", "", displaysim.Options{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	for _, part := range []struct {
		port  *int
		serve func(context.Context, net.Listener) error
	}{{&s.terminalAt, s.terminal.Serve}, {&s.displayAt, s.display.Serve}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*part.port = l.Addr().(*net.TCPAddr).Port
		go part.serve(ctx, l)
	}
	return s
}

// secondAdapters names the second counter's adapters.
const secondAdapters = `SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="terminal-2-1", SYMLINK+="posd-terminal-2"
SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="display-2-1", SYMLINK+="posd-display-2"
`

// TestABoxOfTwoCounters runs, in one box after one start, what concerns a second counter
// and what a hard-pressed box does.
func TestABoxOfTwoCounters(t *testing.T) {
	b := installedBox(t)
	s := newSecond(t)
	plugs := append(b.plugs(), adapter("terminal-2", s.terminalAt)...)
	b.live(t, append(plugs, adapter("display-2", s.displayAt)...),
		story{"second", func(t *testing.T, b *box, m *machine) { secondCounter(t, b, s, m) }},
		story{"credential", encryptedKey}, story{"memory", littleMemory}, story{"crashes", crashLoop})
}

// tell plays a story in the machine: what fails in it ends it alone.
func (m *machine) tell(t *testing.T, play func()) {
	whole := m.t
	m.t = t
	defer func() { m.t = whole }()
	began := time.Now()
	play()
	t.Logf("it took %s", time.Since(began).Round(time.Second))
}

const till2 = " -config /etc/posd/till-2.toml"

// secondCounter adds a counter by README's words. Both sell at once on one printer; one is
// killed in the middle of a sale, and the other's posd notices nothing.
func secondCounter(t *testing.T, b *box, s *second, m *machine) {
	m.write("/etc/udev/rules.d/91-posd-counter-2.rules", secondAdapters)
	m.run(readme(t, "sudo udevadm control --reload && sudo udevadm trigger") + " && udevadm settle")
	m.run(asShop(readme(t, "sudo cp /etc/posd/posd.toml /etc/posd/till-2.toml")))
	text := m.run("cat /etc/posd/till-2.toml")
	for _, change := range [][2]string{
		{"\n# dir = \"/var/lib/posd\"\n", readme(t, `dir = "/var/lib/posd-till-2"`)},
		{"\n# listen = \"127.0.0.1:8480\"\n", readme(t, `listen = "127.0.0.1:8482"`)},
		{"\n# socket = \"/run/posd/posd.sock\"\n", readme(t, `socket = "/run/posd-till-2/posd.sock"`)},
		{"\nline = \"/dev/posd-terminal\"\n", readme(t, `line = "/dev/posd-terminal-2"`)},
		{"\nline = \"/dev/posd-display\"\n", readme(t, `line = "/dev/posd-display-2"`)},
	} {
		if strings.Count(text, change[0]) != 1 {
			t.Fatalf("the configuration has %q %d times", change[0], strings.Count(text, change[0]))
		}
		text = strings.Replace(text, change[0], "\n"+change[1]+"\n", 1)
	}
	m.write("/etc/posd/till-2.toml", text)
	m.run(asShop(readme(t, "sudo systemctl enable --now posd@till-2")))
	out := m.until("the second counter to be well", asShop(readme(t, "posd check -config /etc/posd/till-2.toml")))
	if !strings.Contains(out, "posd@till-2.service") || strings.Contains(out, "NOT OK") {
		t.Errorf("posd check of the second counter:\n%s", out)
	}
	if out := m.run(asShop(readme(t, "posd sale 1.00 -method card -wait -config /etc/posd/till-2.toml"))); !strings.Contains(out, "paid") {
		t.Errorf("the second counter's first sale:\n%s", out)
	}
	if n := len(s.terminal.State().Approvals); n != 1 {
		t.Errorf("the second terminal approved %d sales, want 1", n)
	}
	first := m.run("systemctl show -P MainPID posd")

	// Both have a customer at the terminal; the second posd dies.
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	for _, terminal := range []*paxsim.Terminal{b.terminal, s.terminal} {
		if err := terminal.SetFault("late-answer=20s"); err != nil {
			t.Fatal(err)
		}
	}
	mine, err := b.sell(ctx, "both-at-once", "card", 7001)
	if err != nil {
		t.Fatal(err)
	}
	m.run("posd sale 70.02 -method card -key second-at-once" + till2 + "; [ $? = 4 ]") // still waiting
	if err := eventually(ctx, commandLimit, func() error {
		if n := len(s.terminal.State().Approvals); n != 2 {
			return fmt.Errorf("the second terminal was asked %d times", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	m.run("systemctl kill -s KILL posd@till-2")
	b.terminal.ClearFault("")
	s.terminal.ClearFault("")
	for !mine.final() {
		if mine, err = b.sale(ctx, mine.ID); err != nil {
			t.Fatal(err)
		}
	}
	if mine.State != "paid" {
		t.Errorf("the first counter's sale: %+v", mine)
	}
	b.sellOne(t, "beside-the-killed")
	m.until("the killed counter's sale to be paid, too", "posd sales"+till2+" | grep 70.02 | grep -q paid")
	if now := m.run("systemctl show -P MainPID posd"); now != first {
		t.Errorf("the first counter's posd was started again: %s, then %s", first, now)
	}
	for _, own := range []string{"/var/lib/posd", "/var/lib/posd-till-2", "/run/posd/posd.sock", "/run/posd-till-2/posd.sock"} {
		m.run("test -e " + own)
	}
	m.until("all receipts to have come out", "! posd sales -json | grep -q '\"printed\": *\"queued\"' && ! posd sales -json"+till2+" | grep -q '\"printed\": *\"queued\"'")
	secondGoes(t, m, first)
}

// secondGoes takes the second counter away again; the first one's socket stays.
func secondGoes(t *testing.T, m *machine, first string) {
	out := m.run("systemd-analyze security --no-pager posd@till-2.service | tail -1; systemctl disable --now posd@till-2 2>&1; ls -d /run/posd*; posd sales | head -2")
	t.Log(out)
	if now := m.run("systemctl show -P MainPID posd"); now != first {
		t.Errorf("the first counter's posd went with the second's: %s, then %s", first, now)
	}
	if out, code := m.try("posd sales" + till2); code == 0 || !strings.Contains(out, "systemctl status posd@till-2") {
		t.Errorf("a command for a counter that is away: exit %d\n%s", code, out)
	}
}
