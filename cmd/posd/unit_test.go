package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posd/device"
)

// furtherCounter is what the unit of a further counter has in the place of the first one's.
var furtherCounter = [][2]string{
	{"[Unit]\nDescription=Point of sale on this counter\n", "# Made from posd.service by `go test ./cmd/posd -run TestTheTemplateIsTheUnit -update`:\n" +
		"# one more counter on this box. README.md, \"A second counter on the same box\".\n" +
		"[Unit]\nDescription=Point of sale on counter %i\n"},
	{"-config /etc/posd/posd.toml\n", "-config /etc/posd/%i.toml\n"},
	{"/var/lib/posd.", "/var/lib/posd-%i."},
	{"/run/posd/posd.sock", "/run/posd-%i/posd.sock"},
	{"\nStateDirectory=posd\n", "\nStateDirectory=posd-%i\n"},
	{"\nRuntimeDirectory=posd\n", "\nRuntimeDirectory=posd-%i\n"},
}

// TestTheTemplateIsTheUnit: a further counter is shut in, watched and started again as
// the first one is, and shares neither journal nor socket nor configuration with it.
func TestTheTemplateIsTheUnit(t *testing.T) {
	text, err := os.ReadFile("../../systemd/posd.service")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for _, change := range furtherCounter {
		if n := strings.Count(want, change[0]); n != 1 {
			t.Errorf("posd.service has %q %d times", change[0], n)
		}
		want = strings.Replace(want, change[0], change[1], 1)
	}
	const path = "../../systemd/posd@.service"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err = os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%s is not posd.service for another counter: %v; make it anew with -update", path, err)
	}
}

// TestACounterHasItsOwnUnit: the unit goes by the configuration's name, and is what a
// person is sent to when its posd is not there.
func TestACounterHasItsOwnUnit(t *testing.T) {
	for file, want := range map[string]string{
		"/etc/posd/posd.toml":   "posd.service",
		"/etc/posd/till-2.toml": "posd@till-2.service",
	} {
		if unit := unitOf(file); unit != want {
			t.Errorf("%s: %s, want %s", file, unit, want)
		}
	}
}

func TestAPosdThatIsAwayIsNamedByItsUnit(t *testing.T) {
	b := newBox(t, "")
	for name, want := range map[string]string{"posd.toml": "systemctl status posd)", "till-2.toml": "systemctl status posd@till-2)"} {
		b.config = filepath.Join(b.dir, name)
		b.write("")
		if code, _, errs := b.run("sales"); code != exitRefused || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s, want %q", name, code, errs, want)
		}
	}
}

// TestAdviceNamesTheCountersOwnUnit: what the person copies acts on the counter that the
// check was of, and says by what its posd ended.
func TestAdviceNamesTheCountersOwnUnit(t *testing.T) {
	for unit, name := range map[string]string{"posd.service": "posd", "posd@till-2.service": "posd@till-2"} {
		for _, c := range []struct{ state, result, words, advice string }{
			{"activating", "watchdog", "it ended last by watchdog", "systemctl restart " + name},
			{"failed", "start-limit-hit", "(start-limit-hit)", "systemctl reset-failed " + name + " && systemctl start " + name},
		} {
			d := unitStatus(unit, map[string]string{"NoNewPrivileges": "yes", "ProtectSystem": "strict", "NRestarts": "5", "ActiveState": c.state, "Result": c.result})
			if d.OK || !strings.Contains(d.Words, c.words) {
				t.Errorf("%s that is %s: %+v, want %q", unit, c.state, d, c.words)
			}
			for _, language := range []string{"en", "fr", "zh"} {
				var out strings.Builder
				advise(&out, []device.DeviceStatus{d}, language, unit)
				for _, want := range []string{"journalctl -u " + name + " -n 100", c.advice} {
					if !strings.Contains(out.String(), want) {
						t.Errorf("%s that is %s, in %s: %q, want %q", unit, c.state, language, out.String(), want)
					}
				}
			}
		}
	}
}
