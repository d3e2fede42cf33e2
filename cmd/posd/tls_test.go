package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheNetworkIsServedByTokenAndTLSAlone goes from a box that serves itself to
// one that a tablet reaches.
func TestTheNetworkIsServedByTokenAndTLSAlone(t *testing.T) {
	lan := freeAddr(t)
	b := newBox(t, "")
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.config, []byte(strings.Replace(string(text), "[api]", "[api]\nlan_listen = \""+lan+"\"\nhosts = [\"till.local\"]", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := b.run("run"); code == 0 || !strings.Contains(errs, "posd tls init") {
		t.Fatalf("without a certificate: exit %d: %s", code, errs)
	}
	code, out, errs := b.run("tls", "init")
	if code != 0 || !strings.Contains(out, "fingerprint") {
		t.Fatalf("tls init: exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := b.run("run"); code == 0 || !strings.Contains(errs, "posd token create") {
		t.Fatalf("without a token: exit %d: %s", code, errs)
	}
	_, secret, _ := b.run("token", "create", "tablet", "-scope", "read")
	b.daemon()
	authority, err := os.ReadFile(filepath.Join(b.dir, "state/tls/authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(authority)
	get := func(path, host string, c *tls.Config, token string) (int, string) {
		tr := &http.Transport{TLSClientConfig: c}
		defer tr.CloseIdleConnections()
		r, _ := http.NewRequest("GET", "https://"+lan+path, nil)
		r.Host = host
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		}
		res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	trusting := &tls.Config{RootCAs: known}
	for _, c := range []struct {
		name, path, host, token string
		tls                     *tls.Config
		status                  int
	}{
		{"nothing shown", "/v1/sales", "", "", trusting, 401},
		{"what the customer sees is not for the network", "/v1/events", "", "", trusting, 401},
		{"a token", "/v1/sales", "", secret, trusting, 200},
		{"a name of ours", "/v1/sales", "till.local", secret, trusting, 200},
		{"another name", "/v1/sales", "evil.example", secret, trusting, 403},
		{"the authority's page", "/authority", "", "", trusting, 200},
		{"a tablet that knows no authority", "/healthz", "", "", &tls.Config{RootCAs: x509.NewCertPool()}, 0},
		{"TLS of yesterday", "/healthz", "", "", &tls.Config{RootCAs: known, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, 0},
	} {
		if status, body := get(c.path, c.host, c.tls, c.token); status != c.status {
			t.Errorf("%s: %d %.200s", c.name, status, body)
		}
	}
	if _, out, _ := b.run("check"); !strings.Contains(out, "certificate") || !strings.Contains(out, "until 20") {
		t.Errorf("check says nothing of the certificate: %s", out)
	}
	for name, mode := range map[string]os.FileMode{"key.pem": 0o600, "authority.key": 0o600} {
		if i, err := os.Stat(filepath.Join(b.dir, "state/tls", name)); err != nil || i.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
}

// TestACertificateIsRenewedBeforeItEnds, and said when it cannot be.
func TestACertificateIsRenewedBeforeItEnds(t *testing.T) {
	c := defaults()
	c.Store.Dir, c.API.LANListen, c.API.Hosts = t.TempDir(), "192.168.1.10:8443", []string{"till.local"}
	f, now := c.tlsFiles(), time.Now()
	if err := makeAuthority(f, c.lanNames(), now); err != nil {
		t.Fatal(err)
	}
	if err := signCertificate(f, c.lanNames(), now); err != nil {
		t.Fatal(err)
	}
	cert := &certificate{files: f, now: func() time.Time { return now }}
	if renewed, err := cert.renew(c.lanNames()); renewed || err != nil {
		t.Fatalf("a new one was renewed: %v", err)
	}
	first, _ := cert.load()
	now = now.Add(certFor - 20*24*time.Hour)
	if d := cert.status("x"); !d.OK {
		t.Errorf("20 days before: %+v", d)
	}
	now = now.Add(10 * 24 * time.Hour)
	if d := cert.status("x"); d.OK || !strings.Contains(d.Words, "in 9 days") && !strings.Contains(d.Words, "in 10 days") {
		t.Errorf("10 days before: %+v", d)
	}
	os.Chtimes(f.cert, now, now)
	if renewed, err := cert.renew(c.lanNames()); !renewed || err != nil {
		t.Fatalf("not renewed: %v", err)
	}
	again, err := cert.load()
	if err != nil || !again.Leaf.NotAfter.After(first.Leaf.NotAfter) || again.Leaf.VerifyHostname("till.local") != nil {
		t.Errorf("renewed: %v, %v", again.Leaf.NotAfter, err)
	}
	now = now.Add(2 * certFor)
	if d := cert.status("x"); d.OK || !strings.Contains(d.Words, "ended on") {
		t.Errorf("after its end: %+v", d)
	}
	// The authority vouches for this box alone, whoever gets its key.
	if err := signCertificate(f, []string{"bank.example"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	forged, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	text, _ := os.ReadFile(f.authority)
	known.AppendCertsFromPEM(text)
	if _, err := forged.Leaf.Verify(x509.VerifyOptions{Roots: known, DNSName: "bank.example"}); err == nil {
		t.Error("the authority vouches for a bank")
	}
}
