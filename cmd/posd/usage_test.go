package main

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"posd/device/sale"
)

func TestAWrongCommandLineIsToldInPosdsOwnWords(t *testing.T) {
	for line, words := range map[string]string{
		"day":                       "Close the business day",
		"order":                     "order asks IOTPay itself",
		"day clos":                  "did you mean `posd day close`?",
		"token nonsense":            "`posd token -help` lists them",
		"help nonsense":             "\"nonsense\" is no command",
		"help sal":                  "did you mean `posd sale`?",
		"help day clos":             "did you mean `posd day close`?",
		"day close":                 "posd day close needs -by NAME (your NAME)",
		"day close now -by Ana":     "\"now\" is too much: write `posd day close",
		"sale":                      "AMOUNT is missing: write `posd sale AMOUNT",
		"sales paid":                "\"paid\" is too much",
		"sales state":               "did you mean -state?",
		"sales -limit many":         "-limit \"many\" is not a whole number",
		"sale 1.00 -method":         "-method needs HOW",
		"sale 1.00 -metod card":     "did you mean -method?",
		"token create x":            "posd token create needs -scope SCOPES",
		"sales -url ftp://x":        "https://192.168.1.10:8443",
		"sales -url https://x/path": "https://192.168.1.10:8443",
	} {
		code, out, errs := command(strings.Fields(line)...)
		if code != exitRefused || !strings.Contains(errs, words) || out != "" {
			t.Errorf("%s: exit %d, want 1 and %q on stderr alone:\n%s%s", line, code, words, out, errs)
		}
		for _, foreign := range []string{"arg(s)", "flag(s)", "strconv", "required flag", "shorthand"} {
			if strings.Contains(errs, foreign) {
				t.Errorf("%s: words of a library: %s", line, errs)
			}
		}
	}
}

// TestEveryCommandRefusesWhatIsTooMuch runs each command with too much, which
// must be refused before anything is asked or opened.
func TestEveryCommandRefusesWhatIsTooMuch(t *testing.T) {
	var try func(c *cobra.Command)
	n := 0
	try = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			try(sub)
		}
		if !c.HasParent() || c.HasSubCommands() || !c.IsAvailableCommand() || c.Name() == "help" || c.Parent().Name() == "completion" {
			return
		}
		n++
		line := append(strings.Fields(strings.TrimPrefix(c.CommandPath(), "posd ")), "a", "b", "c", "d")
		code, out, errs := command(line...)
		if code != exitRefused || out != "" || !strings.Contains(errs, "is too much") {
			t.Errorf("%v: exit %d: %s%s", line, code, out, errs)
		}
	}
	try(commands())
	if n < 30 {
		t.Errorf("only %d commands were tried", n)
	}
}

// TestTheManualPageIsTheStoredOne holds systemd/posd.1, which the package brings, to
// what the commands say of themselves.
func TestTheManualPageIsTheStoredOne(t *testing.T) {
	const file = "../../systemd/posd.1"
	code, out, errs := command("man")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if *update {
		if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(file)
	if err != nil || string(stored) != out {
		t.Errorf("%s is not what posd man prints: run this test with -update (%v)", file, err)
	}
	for _, c := range commands().Commands() {
		if c.IsAvailableCommand() && !strings.Contains(out, roff("posd "+c.Name())) {
			t.Errorf("%s is not in the manual page", c.Name())
		}
	}
}

// TestCommandsReachTheNetworksListener asks over https: by an authority that is
// named, with a token, and not at all where the certificate is another's.
func TestCommandsReachTheNetworksListener(t *testing.T) {
	var shown string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(as(sale.Paid))
	}))
	defer srv.Close()
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	dir := t.TempDir()
	authority, nothing := filepath.Join(dir, "authority.pem"), filepath.Join(dir, "nothing.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for file, text := range map[string][]byte{authority: cert, nothing: []byte("nothing")} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("POSD_TOKEN", "posd_T")
	line := []string{"sale", "28.65", "-method", "card", "-url", srv.URL}
	if code, out, errs := command(append(line, "-authority", authority)...); code != 0 || shown != "Bearer posd_T" {
		t.Errorf("exit %d, shown %q: %s%s", code, shown, out, errs)
	}
	shown = ""
	for words, more := range map[string][]string{"-authority FILE": nil, "holds no certificate": {"-authority", nothing}} {
		if code, _, errs := command(append(line, more...)...); code != exitRefused || !strings.Contains(errs, words) || shown != "" {
			t.Errorf("%v: exit %d, shown %q: %s", more, code, shown, errs)
		}
	}
}
