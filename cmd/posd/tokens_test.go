package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheFirstTokenClosesTheDoor goes from a till that every program may use to
// one that takes tokens, by command, and back to nobody.
func TestTheFirstTokenClosesTheDoor(t *testing.T) {
	b := newBox(t, "")
	code, secret, errs := b.run("token", "create", "before", "-scope", "read", "-json") // no daemon runs
	if code != 0 || !strings.Contains(secret, `"token":"posd_`) {
		t.Fatalf("exit %d\n%s%s", code, secret, errs)
	}
	b.daemon()
	if code, out, errs := b.run("token", "list"); code != 0 || !strings.Contains(out, "before") || strings.Contains(out, "posd_") {
		t.Errorf("list: exit %d\n%s%s", code, out, errs)
	}
	code, secret, errs = b.run("token", "create", "register 2", "-scope", "sell", "-max-refund", "50.00", "-expires", "2999-01-01")
	secret = strings.TrimSpace(secret)
	if code != 0 || len(secret) < 43 || !strings.Contains(errs, "shown this once") {
		t.Fatalf("exit %d\n%s%s", code, secret, errs)
	}
	tcp := "http://" + b.n
	if code, _, errs := b.run("sales", "-url", tcp); code != exitRefused || !strings.Contains(errs, "needs a token") {
		t.Errorf("without a token: exit %d: %s", code, errs)
	}
	file := filepath.Join(b.dir, "token")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := b.run("sales", "-url", tcp, "-token-file", file); code != 0 {
		t.Errorf("with a token: exit %d: %s", code, errs)
	}
	if code, _, errs := b.run("retry", "-all", "-url", tcp, "-token-file", file); code != exitRefused || !strings.Contains(errs, "manage") {
		t.Errorf("beyond its scope: exit %d: %s", code, errs)
	}
	if code, out, errs := b.run("check"); !strings.Contains(out, "by token only") {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := b.run("token", "create", "register 2", "-scope", "sell"); code != exitRefused || !strings.Contains(errs, "already") {
		t.Errorf("the same name twice: exit %d: %s", code, errs)
	}
	if code, out, errs := b.run("token", "revoke", "register 2"); code != 0 || !strings.Contains(out, "is revoked") {
		t.Errorf("revoke: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := b.run("sales", "-url", tcp, "-token-file", file); code != exitRefused || !strings.Contains(errs, "revoked") {
		t.Errorf("revoked: exit %d: %s", code, errs)
	}
	// The secret stands nowhere: not in the journal, not in the log.
	for _, name := range []string{"state/posd.db", "state/posd.db-wal", "log"} {
		if text, err := os.ReadFile(filepath.Join(b.dir, name)); err == nil && strings.Contains(string(text), secret) {
			t.Errorf("%s holds the token", name)
		}
	}
	if res, err := http.Get(tcp + "/manager"); err != nil || res.StatusCode != 200 {
		t.Errorf("the manager's page: %v, %v", res, err)
	} else {
		page := make([]byte, 2048)
		n, _ := res.Body.Read(page)
		res.Body.Close()
		if !strings.Contains(string(page[:n]), "login.js") {
			t.Errorf("no log-in on the manager's page: %s", page[:n])
		}
	}
}

func TestATillWithoutTokensSaysThatItIsOpen(t *testing.T) {
	b := newBox(t, "")
	b.daemon()
	if code, out, errs := b.run("check"); !strings.Contains(out, "OPEN: every program of this box") {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
}
