//go:build tools

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tool runs an outside program that must end well, and returns what it said.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The package is built as for a release, installed into a folder by dpkg itself,
// upgraded over an edited configuration, and removed.
func TestThePackageInstallsUpgradesAndLeavesTheJournal(t *testing.T) {
	dist, base := t.TempDir(), t.TempDir()
	build := func(release string) string {
		tool(t, "make", "-C", root, "deb", "DIST="+dist, "RELEASE="+release)
		found, err := filepath.Glob(filepath.Join(dist, "posd_"+release+"_*.deb"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%q, %v", found, err)
		}
		return found[0]
	}
	first, second := build("1.2.3"), build("1.2.4")
	info := tool(t, "dpkg-deb", "--info", first)
	for _, want := range []string{"Package: posd", "Version: 1.2.3", "Depends: libc6", "conffiles"} {
		if !strings.Contains(info, want) {
			t.Errorf("the package does not say %q:\n%s", want, info)
		}
	}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "etc", "var/lib/posd"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(filepath.Join(base, "var/lib/dpkg/status"), nil, 0o644)
	in := func(name string) string { return filepath.Join(base, name) }
	dpkg := func(args ...string) string {
		return tool(t, "dpkg", append([]string{"--root=" + base, "--force-not-root", "--force-script-chrootless", "--force-depends", "--force-bad-path", "--log=" + in("dpkg.log")}, args...)...)
	}
	dpkg("-i", first)
	if out := tool(t, in("usr/bin/posd"), "version"); out != "posd 1.2.3\n" {
		t.Errorf("the installed posd is %q", out)
	}
	if passwd, err := os.ReadFile(in("etc/passwd")); err != nil || !strings.Contains(string(passwd), "posd:") {
		t.Errorf("no user posd was made: %v\n%s", err, passwd)
	}

	// The units as installed, their program being where it was installed to.
	for installed, name := range map[string]string{"posd.service": "posd.service", "posd@.service": "posd@till-2.service"} {
		unit, err := os.ReadFile(in("usr/lib/systemd/system/" + installed))
		if err != nil {
			t.Fatal(err)
		}
		here := filepath.Join(t.TempDir(), name)
		os.WriteFile(here, bytes.ReplaceAll(unit, []byte("=/usr/bin/posd "), []byte("="+in("usr/bin/posd")+" ")), 0o644)
		if out := tool(t, "systemd-analyze", "verify", here); out != "" {
			t.Errorf("the installed unit: %s", out)
		}
	}

	// The installed sample, as a person fills it in.
	sample, err := os.ReadFile(in("etc/posd/posd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	edited := regexp.MustCompile(`(?m)^# dir = .*$`).ReplaceAll(sample, fmt.Appendf(nil, "dir = %q", in("var/lib/posd")))
	edited = regexp.MustCompile(`(?m)^# lock_dir = .*$`).ReplaceAll(edited, fmt.Appendf(nil, "lock_dir = %q", base))
	edited = regexp.MustCompile(`(?m)^# socket = .*$`).ReplaceAll(edited, fmt.Appendf(nil, "socket = %q", in("sock")))
	edited = regexp.MustCompile(`(?m)^# listen = "127.*$`).ReplaceAll(edited, []byte(`listen = "127.0.0.1:1"`))
	if err := os.WriteFile(in("etc/posd/posd.toml"), edited, 0o644); err != nil {
		t.Fatal(err)
	}
	check := exec.Command(in("usr/bin/posd"), "check", "-config", in("etc/posd/posd.toml"))
	out, _ := check.CombinedOutput() // no device is there, and no key
	if code := check.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(string(out), "merchant key is missing") {
		t.Errorf("check: exit %d\n%s", code, out)
	}

	if err := os.WriteFile(in("var/lib/posd/posd.db"), []byte("the shop's"), 0o600); err != nil {
		t.Fatal(err)
	}
	dpkg("-i", second)
	if out := tool(t, in("usr/bin/posd"), "version"); out != "posd 1.2.4\n" {
		t.Errorf("the upgraded posd is %q", out)
	}
	if now, err := os.ReadFile(in("etc/posd/posd.toml")); err != nil || !bytes.Equal(now, edited) {
		t.Errorf("the upgrade changed the configuration: %v", err)
	}
	dpkg("--purge", "posd")
	if _, err := os.Stat(in("usr/bin/posd")); err == nil {
		t.Error("the purged posd is still there")
	}
	if kept, err := os.ReadFile(in("var/lib/posd/posd.db")); err != nil || string(kept) != "the shop's" {
		t.Errorf("the journal went with the package: %v", err)
	}
}
