package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is searched for in a chain's files is found where it is planted, and nowhere else.
func TestSearchFindsWhatIsPlanted(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("well", `{"cardNumber":"************1111","amount":411111,"no":"4111111111111112","hash":"9f4111111111111111aa"}`)
	if read, err := searched(dir, filepath.Join(dir, "not there")); err != nil || read == 0 {
		t.Fatal(read, err)
	}
	for _, text := range []string{`{"n":"4111111111111111"}`, "\x00378282246310005\x00", `{"expireDate":"2812"}`, "sign " + merchantKey} {
		write("planted", text)
		if _, err := searched(dir); err == nil || !strings.Contains(err.Error(), "planted holds") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
