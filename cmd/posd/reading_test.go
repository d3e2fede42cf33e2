package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckSaysWhatAnOrderByCCPAXIs: a report or the charge itself, and whether the first
// report is held against the terminal's totals.
func TestCheckSaysWhatAnOrderByCCPAXIs(t *testing.T) {
	g := newFakeGateway(t)
	terminal := "[terminal]\nline = \"tcp:127.0.0.1:1\"\n"
	for words, text := range map[string]string{
		"an order by CC_PAX only reports what was charged, and the first one is held": terminal + g.section(),
		"an order by CC_PAX only reports what was charged, as IOTPay has said":        terminal + g.section() + "first_report = \"trusted\"\n",
		"an order by CC_PAX is the charge itself":                                     "[terminal]\ndriver = \"iotpay\"\n" + g.section(),
		"posd drives the terminal\n":                                                  terminal,
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "posd.toml")
		lines := "[api]\nlisten = \"127.0.0.1:1\"\nsocket = \"\"\n[store]\ndir = \"" + dir + "\"\n[daemon]\nlock_dir = \"" + dir + "\"\n"
		if err := os.WriteFile(file, []byte(lines+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, out, errs := command("check", "-config", file); !strings.Contains(out, words) {
			t.Errorf("%q is not said:\n%s%s", words, out, errs)
		}
	}
}
