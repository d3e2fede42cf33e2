package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestASettingReachesAWebhookAndTheStream: the daemon tells of a token that is made,
// by both ways, and the command tries the target.
func TestASettingReachesAWebhookAndTheStream(t *testing.T) {
	heard := make(chan string, 10)
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("webhook-signature") == "" || r.Header.Get("webhook-id") == "" {
			t.Error("it is not signed")
		}
		heard <- string(body)
	}))
	defer far.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, "[[webhook]]\nurl = \""+far.URL+"\"\nsecret_file = \""+secret+"\"\n")
	if code, out, errs := b.run("webhook", "test"); code != 0 || !strings.Contains(<-heard, `"type":"webhook.test"`) {
		t.Fatalf("test: exit %d: %s%s", code, out, errs)
	}
	b.daemon()
	follow := exec.Command(b.program, "events", "-config", b.config, "-after", "0")
	lines, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { follow.Process.Kill(); follow.Wait() }()
	if code, _, errs := b.run("token", "create", "register 9", "-scope", "sell"); code != 0 {
		t.Fatal(errs)
	}
	for text := range heard {
		if strings.Contains(text, `"type":"token.created"`) && strings.Contains(text, "register 9") {
			break
		}
	}
	for read := bufio.NewScanner(lines); read.Scan(); {
		if strings.Contains(read.Text(), "token.created") && strings.Contains(read.Text(), "register 9") {
			break
		}
	}
	if _, out, _ := b.run("check"); !strings.Contains(out, "webhook") {
		t.Errorf("check says nothing of the target: %s", out)
	}
}

func TestUsageErrorsSayWhatWasMeant(t *testing.T) {
	b := newBox(t, "")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"sael", "1.00"}, exitRefused, "did you mean `posd sale`"},
		{[]string{"help", "nonsense"}, exitRefused, "no command"},
		{[]string{"help", "sale"}, 0, "Usage"},
		{[]string{"--version"}, 0, "posd "},
		{[]string{"completion", "bash"}, 0, "bash completion"},
	} {
		code, out, errs := b.run(c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%v: exit %d: %.300s%.300s", c.args, code, out, errs)
		}
	}
}
