//go:build tools

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"posd/cmd/possim/loopback"
	"regexp"
	"strings"
	"testing"
)

// TestTheIntegratorsPageRunsAsItStands runs every line of device/api/README.md in one
// shell, beside the demo and by the alias that it prints. Only where a port is in use
// by somebody else is another one put in its place.
func TestTheIntegratorsPageRunsAsItStands(t *testing.T) {
	text, err := os.ReadFile("../../device/api/README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	hook := "127.0.0.1:9099"
	if !unused(hook) {
		if hook, err = loopback.Addr(); err != nil {
			t.Fatal(err)
		}
		page = strings.ReplaceAll(strings.ReplaceAll(page, "127.0.0.1:9099", hook), `("127.0.0.1", 9099)`, fmt.Sprintf(`("127.0.0.1", %d)`, portOf(hook)))
	}
	d := startDemo(t, "-posd", program(t, "posd"), "-think", "50ms", "-webhook", "http://"+hook+"/posd")
	page = strings.ReplaceAll(page, "http://127.0.0.1:8480", d.api.Base)
	dir := t.TempDir()
	script := "set -eu\nshopt -s expand_aliases\n" + d.alias + "\n"
	for _, block := range regexp.MustCompile("(?ms)^```(sh|python)\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		if block[1] == "python" {
			if err := os.WriteFile(filepath.Join(dir, "receiver.py"), []byte(block[2]), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		script += block[2]
	}
	cmd := exec.CommandContext(t.Context(), "timeout", "120", "bash", "-x", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
