package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
