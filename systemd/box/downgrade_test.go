//go:build box

package box

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// laterRelease is a posd that has one migration more.
const laterRelease = "1.1.0"

// laterSchema writes what the go command's -overlay takes: the sources, and among the
// migrations one more. It returns the path of it.
func laterSchema(t *testing.T, base string) string {
	t.Helper()
	folder, err := filepath.Abs("../../store/migrations")
	if err != nil {
		t.Fatal(err)
	}
	known, err := filepath.Glob(folder + "/*.sql")
	if err != nil || len(known) == 0 {
		t.Fatalf("no migrations in %s: %v", folder, err)
	}
	migration, overlay := filepath.Join(base, "later.sql"), filepath.Join(base, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{fmt.Sprintf("%s/%04d_later.sql", folder, len(known)+1): migration}})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{migration: []byte("CREATE TABLE later (x);\n"), overlay: text} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

// downgradeRefused installs a posd with a later schema, and then the one before it: that one
// does not start, says why in every place where a person looks, and changes nothing. The
// later one installed again goes on.
func downgradeRefused(t *testing.T, b *box, m *machine) {
	m.run("mountpoint -q /srv/supplies || mount -o ro /dev/vdb /srv/supplies; dpkg -i /srv/supplies/dist-" + laterRelease + "/*.deb")
	m.until("posd to be well", "posd check >/dev/null")
	b.sellOne(t, "by-the-later-posd")
	m.until("the report to have gone out", "posd queue | grep -q '^0 waiting'")

	m.run("systemctl stop posd")
	// SQLite's index of the log, and who held the folder last, are no part of the journal.
	const sums = "cd /var/lib/posd && find . -type f ! -name '*-shm' ! -name posd.lock | sort | xargs sha256sum"
	before := m.run(sums)
	t.Log(m.run("dpkg -i /srv/supplies/dist-1.0.1/*.deb 2>&1 | tail -4; systemctl start posd; systemctl status posd --no-pager -n 3 | head -20 || true"))
	m.until("several starts", `[ "$(systemctl show -P NRestarts posd)" -ge 2 ]`)
	out := m.until("systemctl status to say what is wrong", "systemctl status posd --no-pager -n 20 >/run/said; cat /run/said; grep -q 'newer posd' /run/said")
	if !strings.Contains(out, "install that version again") {
		t.Errorf("systemctl status does not say what to do:\n%s", out)
	}
	out, code := m.try("posd check 2>&1")
	if code == 0 || !strings.Contains(out, "(journal-newer)") {
		t.Errorf("posd check: exit %d", code)
	}
	t.Logf("posd check: exit %d\n%s", code, out)
	if out, code := m.try("posd sale 1.00 -method card -wait 2>&1"); code != 1 || !strings.Contains(out, "systemctl status posd") {
		t.Errorf("a sale by the posd that does not start: exit %d\n%s", code, out)
	}
	m.run("systemctl stop posd")
	if after := m.run(sums); after != before {
		t.Errorf("the older posd has changed the state folder:\n%s\nthen\n%s", before, after)
	}

	m.run("dpkg -i /srv/supplies/dist-" + laterRelease + "/*.deb; systemctl reset-failed posd; systemctl start posd")
	m.until("posd to be well", "posd check >/dev/null")
	b.sellOne(t, "by-the-later-posd-again")
}
