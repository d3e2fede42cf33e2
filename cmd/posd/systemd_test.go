//go:build tools

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unit writes a unit with a program that is there, as systemd-analyze looks for
// it, and returns its path. The unit of a further counter is an instance of the template.
func unit(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../systemd/" + regexp.MustCompile("@.*[.]").ReplaceAllString(name, "@."))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAll(text, []byte("ExecStart="+program))
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A mistyped key is but a line on stderr, with exit code 0: any output fails.
func TestTheUnitIsUnderstood(t *testing.T) {
	for _, name := range []string{"posd.service", "posd@till-2.service", "posd-kiosk.service"} {
		out, err := exec.Command("systemd-analyze", "verify", unit(t, name)).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestTheUnitIsHardened(t *testing.T) {
	for _, name := range []string{"posd.service", "posd@till-2.service"} {
		out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--threshold=15", unit(t, name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: exposure above 1.5: %v\n%s", name, err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
	}
}

func TestTheUserIsUnderstood(t *testing.T) {
	root := t.TempDir()
	os.Mkdir(filepath.Join(root, "etc"), 0o755)
	rules, err := filepath.Abs("../../systemd/posd.sysusers")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-sysusers", "--root="+root, rules).CombinedOutput()
	passwd, _ := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil || !strings.Contains(string(passwd), "posd:") {
		t.Fatalf("%v\n%s\n%s", err, out, passwd)
	}
}

// udevadm verify exists since systemd 254; where it is older, our own reading of
// the grammar is all that can be had.
func TestTheRulesAreUnderstoodByUdev(t *testing.T) {
	const rules = "../../systemd/99-posd.rules"
	help, err := exec.Command("udevadm", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(help), "verify") {
		TestTheRulesAreWellFormed(t)
		return
	}
	if out, err := exec.Command("udevadm", "verify", rules).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
