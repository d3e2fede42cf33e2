//go:build box

package box

import (
	"context"
	"strings"
	"testing"
)

// dropIn changes posd's unit until undo is called.
func (m *machine) dropIn(name, text string) (undo func()) {
	m.t.Helper()
	m.run("mkdir -p /etc/systemd/system/posd.service.d")
	file := "/etc/systemd/system/posd.service.d/" + name + ".conf"
	m.write(file, "[Service]\n"+text)
	m.run("systemctl daemon-reload; systemctl restart posd")
	return func() { m.run("rm -f " + file + "; systemctl daemon-reload; systemctl restart posd") }
}

// encryptedKey hands the merchant key over encrypted by the box's own key, by README's
// words: the file is of no use on another box, and nothing else holds the key.
func encryptedKey(t *testing.T, b *box, m *machine) {
	m.run(asShop(readme(t, "sudo systemd-creds encrypt --name=iotpay-key /etc/posd/iotpay-key /etc/posd/iotpay-key.cred")))
	m.run(asShop(readme(t, "sudo shred -u /etc/posd/iotpay-key")))
	undo := m.dropIn("key", readme(t, "LoadCredential=")+"\n"+readme(t, "LoadCredentialEncrypted=iotpay-key:/etc/posd/iotpay-key.cred")+"\n")
	m.until("posd to be well", "posd check >/dev/null")
	b.sellOne(t, "with-an-encrypted-key")
	m.until("the report to have gone out", "posd queue | grep -q '^0 waiting'")
	for place, script := range map[string]string{
		"/etc":            "cat /etc/posd/* /etc/systemd/system/posd.service.d/*",
		"the unit":        "systemctl show posd; systemctl cat posd",
		"the journal":     "journalctl --no-pager -o export",
		"the state":       "cat /var/lib/posd/*",
		"the environment": "cat /proc/$(systemctl show -P MainPID posd)/environ",
	} {
		if _, code := m.try("{ " + script + "; } 2>&1 | grep -aqF " + merchantKey); code == 0 {
			t.Errorf("the merchant key is in %s", place)
		}
	}
	if out := m.run("cat /run/credentials/posd.service/iotpay-key; stat -c '%a %U' /run/credentials/posd.service/iotpay-key; findmnt -no FSTYPE -T /run/credentials/posd.service"); !strings.Contains(out, merchantKey) {
		t.Errorf("the test does not see a key that is there: %q", out)
	} else {
		t.Log(strings.ReplaceAll(out, merchantKey, "(the key)"))
	}
	// A file that another box encrypted, as after a disk was moved: posd does not start, in words.
	m.run("cp /var/lib/systemd/credential.secret /srv/secret; rm /var/lib/systemd/credential.secret; systemd-creds setup >/dev/null; systemctl restart posd || true")
	m.until("systemd to say why", "systemctl status posd | grep -i credential")
	t.Log(m.run("systemctl status posd --no-pager | grep -i credential | tail -2"))
	m.run("cp /srv/secret /var/lib/systemd/credential.secret; echo " + merchantKey + " | install -m 600 /dev/stdin /etc/posd/iotpay-key")
	undo()
	m.until("posd to be well", "posd check >/dev/null")
}

// littleMemory squeezes posd until the kernel ends it in the middle of a sale, then lets
// it be: what was sold is there, and the sale under way ends as the terminal says.
func littleMemory(t *testing.T, b *box, m *machine) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	t.Log(m.run("systemctl show posd -p MemoryCurrent -p MemoryMax -p OOMPolicy -p OOMScoreAdjust -p Environment"))
	b.sellOne(t, "before-the-squeeze")
	if err := b.terminal.SetFault("late-answer=15s"); err != nil {
		t.Fatal(err)
	}
	under, err := b.sell(ctx, "in-the-squeeze", "card", 8001)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(m.run("systemctl show -P MainPID posd"))
	m.run("systemctl set-property --runtime posd MemoryMax=2M")
	m.until("the kernel to end posd", `[ "$(systemctl show -P MainPID posd)" != `+pid+` ]`)
	m.run("systemctl set-property --runtime posd MemoryMax=256M")
	b.terminal.ClearFault("")
	if out := m.run("journalctl -b -u posd --no-pager"); !strings.Contains(out, "oom-kill") {
		t.Errorf("posd was not ended for want of memory:\n%s", lastLines(out, 20))
	}
	m.until("posd to be well again", "posd check >/dev/null")
	for !under.final() {
		if under, err = b.sale(ctx, under.ID); err != nil {
			t.Fatal(err)
		}
		if under.Attention != "" {
			t.Fatalf("a person is asked: %+v", under)
		}
	}
	if under.State != "paid" {
		t.Errorf("the sale of the squeeze: %+v", under)
	}
	b.sellOne(t, "after-the-squeeze")
	glutton(t, m)
	b.sellOne(t, "beside-the-glutton")
}

// glutton has another program take the box's memory: the kernel ends that one, and posd keeps
// its own program in memory meanwhile.
func glutton(t *testing.T, m *machine) {
	pid := strings.TrimSpace(m.run("systemctl show -P MainPID posd"))
	held := "grep -E 'VmLck|VmRSS|RssFile' /proc/" + pid + "/status; cut -d' ' -f12 /proc/" + pid + "/stat" // major faults
	before := m.run(held)
	if strings.Contains(before, " 0 kB") {
		t.Errorf("posd locks nothing of itself:\n%s", before)
	}
	out, _ := m.try("systemd-run --wait -q -p OOMPolicy=continue tail /dev/zero; dmesg | grep -i 'out of memory' | tail -2")
	if now := strings.TrimSpace(m.run("systemctl show -P MainPID posd")); now != pid {
		t.Errorf("the box's memory ran out and posd was ended for it: %s", out)
		return
	}
	if !strings.Contains(out, "tail") {
		t.Errorf("the box's memory did not run out: %s", out)
	}
	t.Logf("posd before another program took the box's memory:\n%safterwards:\n%s", before, m.run(held))
}

// crashLoop has posd end again and again for a reason that a person must mend: systemctl
// status and posd check say which, and when it is mended posd runs without another word.
func crashLoop(t *testing.T, b *box, m *machine) {
	m.run("cp /etc/posd/posd.toml /srv/good.toml; sed -i 's/^\\[shop\\]$/[shop]\\nnmae = \"Corner\"/' /etc/posd/posd.toml; systemctl restart posd || true")
	m.until("several starts", `[ "$(systemctl show -P NRestarts posd)" -ge 4 ]`)
	// Between two starts the status has the words of the last one; in the moment of a start it has none yet.
	out := m.until("systemctl status to say what is wrong", "systemctl status posd --no-pager -n 20 >/run/said; cat /run/said; grep -q nmae /run/said")
	t.Log(out)
	if !strings.Contains(out, "/etc/posd/posd.toml") {
		t.Error("systemctl status does not name the file")
	}
	if out, code := m.try("posd check"); code != 1 || !strings.Contains(out, "nmae") {
		t.Errorf("posd check: exit %d\n%s", code, out)
	}
	lines := strings.TrimSpace(m.run("journalctl -u posd -b --no-pager --since -10s | wc -l"))
	t.Logf("%s lines of the journal in 10 s", lines)
	m.run("cp /srv/good.toml /etc/posd/posd.toml")
	m.until("posd to be back by itself", "posd sales >/dev/null")
	out = m.until("posd check to say that it was started again and again", "posd check >/run/said; cat /run/said; grep -q unit-restarts /run/said")
	const remedy = "systemctl restart posd"
	if !strings.Contains(out, remedy) {
		t.Errorf("posd check does not say what to do about a posd that was started again and again:\n%s", out)
	}
	m.run(remedy)
	m.until("posd check to be well", "posd check >/dev/null")
	b.sellOne(t, "after-the-crashes")
	givenUp(t, m)
	b.sellOne(t, "after-it-was-given-up")
}

// givenUp has systemd start posd no more, as the installed unit never does: a box may have
// a limit of its own. posd check says it, and what it says to do helps.
func givenUp(t *testing.T, m *machine) {
	const file = "/etc/systemd/system/posd.service.d/limit.conf"
	m.run("mkdir -p /etc/systemd/system/posd.service.d")
	m.write(file, "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nExecStartPre=/bin/false\n")
	m.run("systemctl daemon-reload; systemctl restart posd || true")
	m.until("systemd to give up", `[ "$(systemctl show -P ActiveState posd)" = failed ]`)
	out, code := m.try("posd check")
	const remedy = "systemctl reset-failed posd && systemctl start posd"
	if code == 0 || !strings.Contains(out, "unit-failed") || !strings.Contains(out, remedy) {
		t.Errorf("posd check of a posd that is not started again: exit %d\n%s", code, out)
	}
	t.Log(m.run("systemctl show posd -p ActiveState,SubState,Result,NRestarts"))
	m.run("rm " + file + "; systemctl daemon-reload; " + remedy)
	m.until("posd check to be well", "posd check >/dev/null")
}
