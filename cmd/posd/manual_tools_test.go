//go:build tools

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestTheManualPageHasNoFaults has man itself read the page.
func TestTheManualPageHasNoFaults(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "../../systemd/posd.1")
	cmd.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=80", "LC_ALL=C.UTF-8", "MANROFFSEQ=")
	var bad strings.Builder
	cmd.Stderr = &bad
	out, err := cmd.Output()
	if err != nil || bad.Len() > 0 {
		t.Errorf("%v: %s", err, bad.String())
	}
	text := regexp.MustCompile(".\x08").ReplaceAllString(string(out), "") // bold and underlined, as on a typewriter
	for _, want := range []string{"posd sale AMOUNT", "day close", "-by NAME"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}
