//go:build box

package box

import (
	"context"
	"strings"
	"testing"
)

// TestABoxThatSleeps: the box is put to sleep with a customer at the terminal.
func TestABoxThatSleeps(t *testing.T) {
	b := installedBox(t)
	b.live(t, b.plugs(), story{"box", boxSleeps})
}

// boxSleeps suspends the whole box for some seconds in the middle of a sale. Its USB devices
// lose their power meanwhile, and come back under other names of the kernel's.
func boxSleeps(t *testing.T, b *box, m *machine) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	pid := m.run("systemctl show -P MainPID posd")
	under := b.underWay(t, "asleep")
	out := m.run("dmesg -C; rtcwake -m mem -s 10; dmesg | grep -E 'PM: |usb|ttyUSB' | tail -n 40")
	t.Log(out)
	if !strings.Contains(out, "PM: suspend exit") {
		t.Errorf("the box did not sleep:\n%s", out)
	}
	for !under.final() {
		next, err := b.sale(ctx, under.ID)
		if err != nil {
			t.Fatal(err)
		}
		if next.Attention != "" {
			t.Fatalf("a person is asked: %+v", next)
		}
		under = next
	}
	if under.State != "paid" {
		t.Errorf("the sale that the box slept in: %+v", under)
	}
	b.sellOne(t, "after-the-sleep")
	if now := m.run("systemctl show -P MainPID posd"); now != pid {
		t.Errorf("posd was started again: %s, then %s: %s", pid, now, m.run("journalctl -b -u posd --no-pager | tail -n 20"))
	}
	m.until("posd to be well", "posd check >/dev/null")
}
