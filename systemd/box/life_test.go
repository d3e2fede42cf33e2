//go:build box

package box

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// story is something that a box which has posd and sells lives through.
type story struct {
	name string
	play func(*testing.T, *box, *machine)
}

// live plays stories one after the other in one box, after one start of it: what they leave
// behind is what the next one finds.
func (b *box) live(t *testing.T, plugs []string, stories ...story) {
	t.Helper()
	before := map[string]bool{}
	for ref := range b.taken() {
		before[ref] = true
	}
	m := switchOn(t, power{disk: b.disk.fork(), supplies: b.supplies, args: plugs})
	defer m.keepJournal()
	m.until("posd to be well", "posd check >/dev/null")
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) { m.tell(t, func() { s.play(t, b, m) }) })
	}
	b.agree(t, before)
}

// TestABoxOfAShop runs the stories that need one counter.
func TestABoxOfAShop(t *testing.T) {
	b := installedBox(t)
	b.live(t, b.plugs(), story{"watchdog", hangs}, story{"cables", pulledAndPlugged}, story{"clock", clockJumps}, story{"disk", diskFills},
		story{"upgrade", upgradeInASale}, story{"purge", purgeKeepsMoney}, story{"downgrade", downgradeRefused})
}

// hangs stops every thread of posd, as a hang of each of its loops would at once.
func hangs(t *testing.T, b *box, m *machine) {
	pid := strings.TrimSpace(m.run("systemctl show -P MainPID posd"))
	out := m.run(`since=$(cut -d. -f1 /proc/uptime); kill -STOP ` + pid + `
for i in $(seq 300); do [ "$(systemctl show -P MainPID posd)" != ` + pid + ` ] && break; sleep 0.1; done
echo "ended after $(( $(cut -d. -f1 /proc/uptime) - since )) s: $(systemctl show posd -p NRestarts -p Result -p WatchdogUSec -p TimeoutAbortUSec | paste -sd' ')"`)
	t.Log(strings.TrimSpace(out))
	if out := m.run("journalctl -b -u posd --no-pager"); !strings.Contains(out, "Watchdog timeout") {
		t.Errorf("systemd did not see the hang:\n%s", lastLines(out, 20))
	}
	m.until("another posd to be well", `[ "$(systemctl show -P MainPID posd)" != `+pid+` ] && posd check >/dev/null`)
	b.sellOne(t, "after-the-hang")
}

// clockJumps has a box whose clock has forgotten the time, until the network tells it.
func clockJumps(t *testing.T, b *box, m *machine) {
	m.run("date -s '1970-01-02 03:04:05' && systemctl restart posd")
	m.until("posd to answer", "posd sales >/dev/null")
	b.sellOne(t, "in-1970")
	m.run("date -s @" + fmt.Sprint(time.Now().Unix()))
	b.sellOne(t, "today")
	m.until("no report to wait", "posd queue | grep -q '^0 waiting'")
}

// diskFills has no room left for a while.
func diskFills(t *testing.T, b *box, m *machine) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	m.run("fallocate -l $(( $(df --output=avail -B1 / | tail -1) - 4096 )) /var/lib/filler; df -h / | tail -1")
	var refused error
	for i := 0; refused == nil && i < 20; i++ {
		var s saleView
		if s, refused = b.sell(ctx, fmt.Sprintf("full-%d", i), "card", int64(4000+i)); refused == nil {
			for s.ID != "" && !s.final() {
				next, err := b.sale(ctx, s.ID)
				if err != nil {
					t.Fatal(err)
				}
				s = next
			}
		}
	}
	t.Logf("while the disk is full: %v", refused)
	out, _ := m.try("posd check 2>&1")
	if !strings.Contains(out, "NOT OK") {
		t.Errorf("posd check does not say that the disk is full:\n%s", out)
	}
	m.run("rm /var/lib/filler; sync")
	b.sellOne(t, "room-again")
}

// upgradeInASale installs another version while a customer is at the terminal: the sale is
// waited for, and ends.
func upgradeInASale(t *testing.T, b *box, m *machine) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := b.terminal.SetFault("late-answer=8s"); err != nil {
		t.Fatal(err)
	}
	s, err := b.sell(ctx, "in-the-upgrade", "card", 5678)
	if err != nil {
		t.Fatal(err)
	}
	m.run("mountpoint -q /srv/supplies || mount -o ro /dev/vdb /srv/supplies; dpkg -i /srv/supplies/dist-1.0.1/*.deb")
	b.terminal.ClearFault("")
	if out := m.run("posd version"); !strings.Contains(out, "1.0.1") {
		t.Errorf("after the upgrade: %s", out)
	}
	m.until("posd to answer", "posd sales >/dev/null")
	if s, err = b.sale(ctx, s.ID); err != nil || s.State != "paid" {
		t.Errorf("the sale at the terminal: %+v, %v", s, err)
	}
	if out := m.run("journalctl -b -u posd --no-pager"); strings.Contains(out, "status=9/KILL") && strings.Contains(out, "State 'stop-sigterm' timed out") {
		t.Errorf("posd was cut, not waited for:\n%s", lastLines(out, 20))
	}
}

// purgeKeepsMoney purges the package while the gateway does not yet know of a sale.
func purgeKeepsMoney(t *testing.T, b *box, m *machine) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := b.gateway.SetFault("away"); err != nil {
		t.Fatal(err)
	}
	s, err := b.sell(ctx, "before-the-purge", "card", 6789)
	for err == nil && !s.final() {
		s, err = b.sale(ctx, s.ID)
	}
	if err != nil || s.State != "paid" || s.Reported == "done" {
		t.Fatalf("%+v, %v", s, err)
	}
	t.Log(m.run("cp -r /etc/posd /srv/kept; DEBIAN_FRONTEND=noninteractive apt-get purge -y posd 2>&1 | tail -5; ls -l /var/lib/posd"))
	b.gateway.ClearFault("")
	m.run("dpkg -i /srv/supplies/dist-1.0.1/*.deb; cp -r /srv/kept/. /etc/posd/; systemctl enable --now posd")
	m.until("the report to have gone out", "posd queue | grep -q '^0 waiting'")
	if s, err = b.sale(ctx, s.ID); err != nil || s.State != "paid" || s.Reported != "done" {
		t.Errorf("after purge and installation: %+v, %v", s, err)
	}
}
