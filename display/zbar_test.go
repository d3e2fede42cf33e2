//go:build tools

package display_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// zbar reads the code in a PNG with zbarimg.
func zbar(t *testing.T, png []byte) string {
	t.Helper()
	tool, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing: apt-get install zbar-tools")
	}
	file := filepath.Join(t.TempDir(), "glass.png")
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-q", "--raw", file).Output()
	if err != nil {
		return "nothing: " + err.Error()
	}
	return strings.TrimSuffix(string(out), "\n")
}

// A second decoder, which shares nothing with the one of the other tests, reads
// every code off every glass.
func TestAnotherDecoderReadsEveryCode(t *testing.T) {
	for _, driver := range codeDrivers {
		for n, code := range codes() {
			png, st := codePNG(t, driver, code)
			if driver == "nextion" && n == 300 {
				if st.Trouble == "" {
					t.Error("nextion is to refuse 300 characters")
				}
				continue
			}
			if got := zbar(t, png); got != code {
				t.Errorf("%s, %d characters: zbarimg read %q", driver, n, got)
			}
		}
	}
}

func TestAnotherDecoderReadsThePanelsBuiltInCode(t *testing.T) {
	for n, code := range codes() {
		if n == 300 {
			continue // more than the panel takes
		}
		png, _ := bareNextionPNG(t, code)
		if got := zbar(t, png); got != code {
			t.Errorf("%d characters: zbarimg read %q", n, got)
		}
	}
}
