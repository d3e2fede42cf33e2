package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestConfigurationIsThis(t *testing.T) {
	got := posdConfig{
		Dir: `/tmp/a "quoted" \ folder`, Listen: "127.0.0.1:8480", Terminal: "/tmp/t", Display: "/tmp/d", Driver: "nextion",
		Printer: "tcp:127.0.0.1:9100", Gateway: "127.0.0.1:8481", Waits: shortWaits(),
	}.text()
	golden := filepath.Join("..", "..", "testdata", "possim", "posd.toml")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the configuration changed; look at it and run with -update:\n%s", got)
	}
}

func TestConfigurationAndKeyAreForOneUserOnly(t *testing.T) {
	dir := t.TempDir()
	path, err := posdConfig{Dir: dir, Waits: shortWaits()}.write()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(dir, "iotpay-key")} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
}
