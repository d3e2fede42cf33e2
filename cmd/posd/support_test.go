package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What must not leave a shop, each as it may stand in a log, an answer or a file.
var leaks = map[string]string{
	"a number":             "card 4111111111111111 declined",
	"in groups":            "5555 5555 5555 4444",
	"with dashes":          "3782-822463-10005",
	"in JSON":              `{"cardNum":"6011111111111117"}`,
	"beside other digits":  "trace 000123 4012888888881881 00",
	"the merchant key":     "level=DEBUG msg=post body=&sign_key=" + supportKey,
	"the key in a frame":   "..." + supportKey + "...",
	"the client's token":   "Bearer " + supportToken,
	"a token of posd's":    "made posd_AbCdEfGhIjKlMnOpQrStUvWxYz012345678901234",
	"a bearer":             "Authorization: Bearer abc.def-ghi",
	"a signature":          `"sign":"0123456789ABCDEF0123456789ABCDEF"`,
	"an expiry":            `{"expDate":"2712","other":1}`,
	"a wallet's code":      `authCode=134567890123456789`,
	"a password":           `password = "hunter2!"`,
	"a private key":        "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----",
	"a private key, torn":  "-----BEGIN PRIVATE KEY-----\nMHcCAQEEI",
	"a name with a prefix": `merchant_key: abcdef`,
}

const (
	supportKey   = "key-of-a-shop-that-does-not-exist"
	supportToken = "a-token-that-opens-nothing"
)

// hidden are the parts of leaks that must not be seen any more.
var hidden = []string{
	"4111111111111111", "5555 5555", "822463", "6011111111111117", "4012888888881881", supportKey, supportToken, "AbCdEfGhIj", "abc.def",
	"0123456789ABCDEF", "2712", "134567890", "hunter2", "MHc", "abcdef\n",
}

func TestSupportTakesOutWhatMustNotLeaveTheShop(t *testing.T) {
	for name, text := range leaks {
		var b bundle
		b.knows(supportKey, supportToken)
		b.add("log.txt", "", "before\n"+text+"\nafter")
		got := b.members[0].text
		for _, secret := range hidden {
			if strings.Contains(got+"\n", secret) {
				t.Errorf("%s: %q is left in %q", name, secret, got)
			}
		}
		if torn := strings.Contains(name, "torn"); !strings.HasPrefix(got, "before\n") || !torn && !strings.HasSuffix(got, "\nafter") {
			t.Errorf("%s: what is no secret went, too: %q", name, got)
		}
		if b.taken == 0 {
			t.Errorf("%s: nothing was counted", name)
		}
	}
}

func TestSupportLeavesWhatIsNeeded(t *testing.T) {
	const text = `sale=01JDABCDEFGHJKMNPQRSTVWXYZ line=terminal took=1.2s amount=4111
{"cardNum":"XXXXXXXXXXXX1111","payOrderId":"P0120261122040000123","mchOrderNo":"01JDABCDEFGHJKMNPQRSTVWXY0"}
key_file = "/etc/posd/iotpay-key"
serial_number = "0123456789"
time=2026-11-22T04:00:00Z 1764300000000
`
	var b bundle
	b.add("log.txt", "", text)
	if got := b.members[0].text; got != text || b.taken != 0 {
		t.Errorf("%d things were taken out:\n%s", b.taken, got)
	}
}

// The last look relies on nothing that was taken out before: a secret that got in
// all the same stops the bundle, and no file is left.
func TestSupportWritesNothingThatLeaks(t *testing.T) {
	for _, name := range []string{"a number", "in groups", "in JSON", "the merchant key", "the client's token", "a token of posd's", "a bearer", "a private key"} {
		dir := t.TempDir()
		var b bundle
		b.knows(supportKey, supportToken)
		b.members = append(b.members, member{"log.txt", "", "x\n" + leaks[name] + "\n"}) // past the redactor
		err := b.write(filepath.Join(dir, "support.tar.gz"))
		if err == nil || !strings.Contains(err.Error(), "log.txt would hold") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: %v was left", name, left)
		}
	}
}

// The whole command: what it prints is what is in the file, and a card's number and
// a key that the daemon's answers hold are in neither.
func TestSupportCommand(t *testing.T) {
	s := newStub(t, map[string][]reply{
		"GET /v1/devices": {{status: http.StatusOK, body: []map[string]any{{"name": "terminal", "words": "said 4111111111111111"}}}},
		"GET /v1/sales":   {{status: http.StatusOK, body: []map[string]any{{"id": "01A", "words": "sign=" + supportKey}}}},
	})
	file := filepath.Join(t.TempDir(), "support.tar.gz")
	code, out, errs := s.posd("support", file)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	all := unpack(t, file)
	for name, text := range all {
		if !strings.Contains(out, name) {
			t.Errorf("%s is in the file and not said:\n%s", name, out)
		}
		if strings.Contains(text, "4111111111111111") || strings.Contains(text, supportKey) {
			t.Errorf("%s leaks: %s", name, text)
		}
	}
	for _, name := range []string{"devices.json", "sales.json", "log.txt", "version.txt"} {
		if all[name] == "" {
			t.Errorf("%s is missing or empty", name)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read it", info.Mode(), err)
	}
}

// unpack returns the members of a bundle.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for pack := tar.NewReader(zip); ; {
		head, err := pack.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(pack)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(head.Name, "posd-support/")] = string(text)
	}
}
