//go:build tools

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// oapiCodegen is the generator of Go clients; those of TypeScript are pinned in
// testdata/clients/typescript.
const oapiCodegen = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"

// sold is what each client says when all went as it should.
const sold = `the same key is the same sale
sale paid 2865
void done 2865
listed 1
refused not-found 404
`

// TestGeneratedClientsSell makes clients of the description that a running posd
// serves, as it is, compiles them, and sells by them with a token.
func TestGeneratedClientsSell(t *testing.T) {
	dir := t.TempDir()
	c, err := openCounter(t.Context(), setup{posd: program(t, "posd"), dir: dir, driver: "nextion", think: 10 * time.Millisecond, waits: shortWaits()}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	base := "http://" + c.conf.Listen
	description := []byte(get(t, base+"/openapi.json"))
	token := newToken(t, base)
	sources := filepath.Join("..", "..", "testdata", "clients")

	t.Run("TypeScript", func(t *testing.T) {
		at := unpacked(t, filepath.Join(sources, "typescript"), description)
		command(t, at, "npm", "ci", "--silent", "--no-audit", "--no-fund")
		command(t, at, "npx", "openapi-typescript", "openapi.json", "-o", "posd.d.ts")
		command(t, at, "npx", "tsc")
		if said := command(t, at, "node", "shop.js", base, token); said != sold {
			t.Errorf("it said\n%s, want\n%s", said, sold)
		}
	})
	t.Run("Go", func(t *testing.T) {
		at := unpacked(t, filepath.Join(sources, "go"), description)
		if err := os.Mkdir(filepath.Join(at, "posd"), 0o700); err != nil {
			t.Fatal(err)
		}
		command(t, at, "go", "run", oapiCodegen, "-config", "oapi-codegen.yaml", "openapi.json")
		command(t, at, "go", "build", "-o", "shop", ".")
		if said := command(t, at, "./shop", base, token); said != sold {
			t.Errorf("it said\n%s, want\n%s", said, sold)
		}
	})
}

// unpacked copies a client's sources beside the description, into a folder of their own.
func unpacked(t *testing.T, from string, description []byte) string {
	t.Helper()
	at := t.TempDir()
	if err := os.CopyFS(at, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, "openapi.json"), description, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// command runs a program in a folder and returns what it says.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, out.Bytes(), bad.Bytes())
	}
	return out.String()
}

// newToken makes the first token of a till, which may do what the clients do.
func newToken(t *testing.T, base string) string {
	t.Helper()
	res, err := http.Post(base+"/v1/tokens", "application/json", bytes.NewReader([]byte(`{"name":"shop","scopes":["sell","refund"]}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%s, %v", res.Status, err)
	}
	return made.Token
}
