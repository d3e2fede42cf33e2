//go:build box

package box

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readme returns a line of systemd/README.md that a person copies, as it stands
// there; the test fails when README does not have it (any more).
func readme(t *testing.T, line string) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(l, "    "); ok {
			command, _, _ = strings.Cut(command, "  ") // what follows explains
			if strings.TrimSpace(command) == line {
				return line
			}
		}
	}
	t.Fatalf("README.md does not have the line %q", line)
	return ""
}

// asShop writes a command as one that the user of the box gives.
func asShop(command string) string {
	return "cd /srv && su shop -c 'bash -s' <<'COMMAND'\n" + command + "\nCOMMAND\n"
}

// write puts a text into a file of the box.
func (m *machine) write(path, text string) {
	m.t.Helper()
	m.run(fmt.Sprintf("echo %s | base64 -d >%s", base64.StdEncoding.EncodeToString([]byte(text)), path))
}

// packages builds posd's package in three versions, of which laterRelease knows a later schema
// of the journal, and returns a file system in the folder base that holds them.
func packages(t *testing.T, base string) string {
	t.Helper()
	for _, release := range []string{"1.0.0", "1.0.1", laterRelease} {
		dist := filepath.Join(base, "root", "dist-"+release)
		build := exec.Command("make", "-C", "../..", "deb", "DIST="+dist, "RELEASE="+release, "DEB_ARCH=amd64")
		if release == laterRelease {
			build.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+laterSchema(t, base))
		}
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, made := range []string{"amd64", "parts-amd64"} {
			os.RemoveAll(filepath.Join(dist, made))
		}
	}
	image := filepath.Join(base, "supplies.raw")
	for _, args := range [][]string{
		{"truncate", "-s", "96M", image},
		{"mke2fs", "-q", "-t", "ext4", "-d", filepath.Join(base, "root"), image},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return image
}

// fill writes the shop's values into the installed sample.
func fill(t *testing.T, sample string, c *counter) string {
	t.Helper()
	for _, change := range [][2]string{
		{"\nline = \"/dev/posd-printer\"\n", fmt.Sprintf("\nline = \"tcp:10.0.2.2:%d\"\n", c.printerAt)},
		{"\n# base_url = \"https://api.iotpaycloud.com/v1/\"\n", "\nbase_url = \"http://127.0.0.1:8481/v1/\"\n"},
	} {
		if strings.Count(sample, change[0]) != 1 {
			t.Fatalf("the sample has %q %d times", change[0], strings.Count(sample, change[0]))
		}
		sample = strings.Replace(sample, change[0], change[1], 1)
	}
	return sample
}

// waysIn let the test reach posd's API from outside, where posd itself listens to its
// own machine alone. They also have dpkg flush what it writes, as any Debian does that was
// not made in a hurry.
const waysIn = `
sed -i '/^force-unsafe-io/d' /etc/dpkg/dpkg.cfg.d/*
cat >/etc/systemd/system/box-api.socket <<'UNIT'
[Socket]
ListenStream=10.0.2.15:8490
FreeBind=yes
[Install]
WantedBy=sockets.target
UNIT
cat >/etc/systemd/system/box-api.service <<'UNIT'
[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:8480
UNIT
systemctl daemon-reload
systemctl enable -q --now box-api.socket
mkdir -p /srv/supplies
mount -o ro /dev/vdb /srv/supplies
`

// TestFromAptInstallToTheFirstSale installs posd, and then looks at what a running systemd
// makes of it.
func TestFromAptInstallToTheFirstSale(t *testing.T) {
	install(t, theBox(t), func(m *machine) {
		t.Run("hardened", func(t *testing.T) { hardened(t, m) })
		t.Run("secrets", func(t *testing.T) { secretsStay(t, m) })
		t.Run("figures", func(t *testing.T) { figures(t, m) })
	})
}

// install follows systemd/README.md word for word, in a box that has never seen posd, has
// look see the box that sells, and shuts it down.
func install(t *testing.T, b *box, look func(*machine)) {
	t.Helper()
	m := switchOn(t, power{disk: b.disk, supplies: b.supplies, args: b.plugs()})
	defer m.keepJournal()
	m.run(waysIn + "cp -r /srv/supplies/dist-1.0.0 /srv/dist")
	m.run(asShop(readme(t, "sudo apt install ./dist/posd_*.deb")))

	m.write("/etc/udev/rules.d/90-posd-counter.rules", adapters)
	m.run(readme(t, "sudo udevadm control --reload && sudo udevadm trigger") + " && udevadm settle")
	if out := m.run(asShop(readme(t, "posd devices"))); !strings.Contains(out, "/dev/posd-terminal") || !strings.Contains(out, "/dev/posd-display") {
		t.Errorf("posd devices does not list the names of the rules:\n%s", out)
	}
	m.run(asShop(readme(t, "sudo install -m 600 /dev/null /etc/posd/iotpay-key")))
	m.run(asShop("echo " + merchantKey + " | " + readme(t, "sudo sh -c 'cat > /etc/posd/iotpay-key'")))
	m.write("/etc/posd/posd.toml", fill(t, m.run("cat /etc/posd/posd.toml"), b.counter))
	out, code := m.try(asShop(readme(t, "sudo CREDENTIALS_DIRECTORY=/etc/posd posd check")))
	if code != 0 || strings.Contains(out, "NOT OK") {
		t.Errorf("posd check before the first start: exit %d\n%s", code, out)
	}

	m.run(asShop(readme(t, "sudo systemctl enable --now posd")))
	if out := m.run(asShop(readme(t, "systemctl status posd"))); !strings.Contains(out, "active (running)") || !strings.Contains(out, "enabled") {
		t.Errorf("systemctl status:\n%s", out)
	}
	m.run("sudo adduser --quiet shop posd") // README's YOU
	out, code = m.try(asShop("posd check"))
	if code != 0 || strings.Contains(out, "NOT OK") {
		t.Errorf("posd check of the running posd: exit %d\n%s", code, out)
	}
	for _, sale := range []string{"posd sale 1.00 -method card -wait", "posd sale 1.00 -method wechat -wait"} {
		if out := m.run(asShop(readme(t, sale))); !strings.Contains(out, "paid") {
			t.Errorf("%s:\n%s", sale, out)
		}
	}
	if out := m.run(asShop(readme(t, "posd sales"))); strings.Count(out, "paid") != 2 {
		t.Errorf("posd sales:\n%s", out)
	}
	m.until("the report to have gone out", asShop(readme(t, "posd queue")+" | grep -q '^0 waiting'"))
	t.Logf("posd queue: %s", m.run(asShop("posd queue")))
	b.agree(t, nil)
	look(m)
	m.run("sync")
	m.shutDown()
	b.installed = true
}

// TestPosdStartsWithTheBox: what was enabled runs again after the power was cut.
func TestPosdStartsWithTheBox(t *testing.T) {
	b := installedBox(t)
	m := switchOn(t, power{disk: b.disk.fork(), supplies: b.supplies, args: b.plugs()})
	defer m.keepJournal()
	m.until("posd to be active", "systemctl is-active posd")
	out := m.until("posd check to be well", "posd check")
	if !strings.Contains(out, "ok") || strings.Contains(out, "NOT OK") {
		t.Errorf("posd check after a start of the box:\n%s", out)
	}
	b.sellOne(t, "after-the-start")
}

// hardened holds the running unit's exposure to the goal and prints what is left.
func hardened(t *testing.T, m *machine) {
	out := m.run("systemd-analyze security --no-pager posd.service")
	var exposure float64
	for l := range strings.Lines(out) {
		if _, words, ok := strings.Cut(l, "exposure level for posd.service: "); ok {
			fmt.Sscan(words, &exposure)
		}
		if strings.HasPrefix(l, "✗") {
			t.Log(strings.TrimSpace(l))
		}
	}
	t.Logf("exposure of the running unit: %.1f", exposure)
	if exposure == 0 || exposure > 1.5 {
		t.Errorf("the running unit's exposure is %.1f, above 1.5\n%s", exposure, out)
	}
}

// secretsStay looks for the merchant key wherever somebody else may read.
func secretsStay(t *testing.T, m *machine) {
	const pid = "$(systemctl show -P MainPID posd)" // of now: a slow machine's watchdog may have ended the one before
	for place, script := range map[string]string{
		"the journal":        "journalctl --no-pager -o export",
		"the environment":    "cat /proc/" + pid + "/environ",
		"the command line":   "cat /proc/" + pid + "/cmdline",
		"the unit":           "systemctl show posd",
		"the state folder":   "cat /var/lib/posd/*",
		"what posd says":     "posd check; posd devices",
		"core dumps":         "cat /var/lib/systemd/coredump/* /core* 2>/dev/null",
		"the stored secrets": "su shop -c 'cat /run/credentials/posd.service/* /etc/posd/iotpay-key' 2>/dev/null",
		"the other memory":   "pid=" + pid + "; su shop -c \"cat /proc/$pid/environ /proc/$pid/mem\" 2>/dev/null",
	} {
		if _, code := m.try("{ " + script + "; } 2>&1 | grep -aqF " + merchantKey); code == 0 {
			t.Errorf("the merchant key is in %s", place)
		}
	}
	if _, code := m.try("cat /etc/posd/iotpay-key | grep -aqF " + merchantKey); code != 0 {
		t.Error("the test does not see a key that is there")
	}
	if out := m.run("cat /run/credentials/posd.service/iotpay-key"); !strings.Contains(out, merchantKey) {
		t.Errorf("the test does not see a key that is there: %q", out)
	}
	if out := m.run("grep -E '^(Max core file size)' /proc/" + pid + "/limits"); !strings.Contains(out, " 0 ") {
		t.Errorf("posd may leave a core dump: %s", out)
	}
}

// figures prints what posd costs in the box. It judges nothing.
func figures(t *testing.T, m *machine) {
	pid := strings.TrimSpace(m.run("systemctl show -P MainPID posd"))
	const switches = "awk '/voluntary_ctxt_switches|nonvoluntary/ {n += $2} END {print n}' /proc/%[1]s/task/*/status"
	out := m.run(fmt.Sprintf("grep -E 'VmRSS|VmHWM|Threads' /proc/%[1]s/status; ls /proc/%[1]s/fd | wc -l; a=$("+switches+"); sleep 10; b=$("+switches+"); echo \"switches in 10 s: $((b-a))\"", pid))
	t.Logf("posd in the box:\n%s%s", out, m.run("systemctl show posd -p MemoryCurrent -p CPUUsageNSec -p ActiveEnterTimestampMonotonic -p ExecMainStartTimestampMonotonic"))
}

// sellOne makes a card sale and a wallet sale and waits for their end.
func (b *box) sellOne(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	for _, method := range []string{"card", "wechat"} {
		var s saleView
		if err := eventually(ctx, commandLimit, func() (err error) {
			s, err = b.sell(ctx, name+"-"+method, method, 1234)
			return err
		}); err != nil {
			t.Fatalf("%s, %s: %v", name, method, err)
		}
		for !s.final() {
			next, err := b.sale(ctx, s.ID)
			if err != nil {
				t.Fatalf("%s, %s: %v; seen last: %+v", name, method, err, s)
			}
			s = next
		}
		if s.State != "paid" {
			t.Errorf("%s, %s: %+v", name, method, s)
		}
	}
}
