package fleet_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

// sample copies the samples of configs/nats into a folder, with certificates and
// keys of its own, and returns the seeds' files by the placeholder of their public key.
func sample(t *testing.T) (dir string, seeds map[string]string) {
	t.Helper()
	dir, seeds = t.TempDir(), map[string]string{}
	certificates(t, dir)
	replace := []string{"/etc/nats/", dir + "/", "/var/lib/nats", filepath.Join(dir, "data")}
	for _, name := range []string{"UHUB", "UTILL1", "UTILL2", "ULEAF"} {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		public, err1 := pair.PublicKey()
		seed, err2 := pair.Seed()
		seeds[name] = filepath.Join(dir, name+".nk")
		if err := os.WriteFile(seeds[name], seed, 0o600); err != nil || err1 != nil || err2 != nil {
			t.Fatal(err, err1, err2)
		}
		replace = append(replace, `"`+name+`"`, `"`+public+`"`)
	}
	leaf, err := os.ReadFile(seeds["ULEAF"])
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LEAF_SEED", string(leaf))
	files, err := filepath.Glob("../../configs/nats/*.conf")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, seeds
}

func certificates(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, &plan, &plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"server.pem": {Type: "CERTIFICATE", Bytes: cert}, "ca.pem": {Type: "CERTIFICATE", Bytes: cert}, "server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Each file in configs/nats is taken by the real server, and writes to its disk at once.
func TestSampleServersLoad(t *testing.T) {
	dir, _ := sample(t)
	for _, name := range []string{"server.conf", "cluster.conf", "leaf.conf"} {
		o, err := server.ProcessConfigFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !o.SyncAlways || !o.JetStream || o.TLSConfig == nil || o.JetStreamDomain == "" {
			t.Errorf("%s: sync always %v, JetStream %v", name, o.SyncAlways, o.JetStream)
		}
	}
}

// With the sample's rights, over TLS: a counter publishes its own journal, and may
// neither write nor read another one's, nor delete, nor look around.
func TestCredentialOpensOnlyItsOwnSubject(t *testing.T) {
	dir, seeds := sample(t)
	o, err := server.ProcessConfigFile(filepath.Join(dir, "server.conf"))
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.HTTPPort, o.LeafNode.Port, o.NoSigs, o.NoLog = "127.0.0.1", -1, -1, 0, true, true
	s, err := fleetsim.Start(*o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	url := strings.Replace(s.ClientURL(), "nats://", "tls://", 1)
	ca := filepath.Join(dir, "ca.pem")
	hub, err := fleet.Dial([]string{url}, seeds["UHUB"], ca, "poshub", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	demo := fleet.StreamPlan{Stream: "BOOKS", Chain: "demo", Replicas: 1}
	if _, _, err := fleet.InitStream(t.Context(), hub, demo); err != nil {
		t.Fatal(err)
	}
	b := openBox(t, t.TempDir())
	b.sell(t, 5)
	c := fleet.Defaults()
	c.Servers, c.Name, c.CAFile, c.CredentialFile = []string{url}, fleet.Name{Chain: "demo", Shop: "shop1", Till: "t1"}, ca, seeds["UTILL1"]
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	pub := fleet.New(c, b.Store, b.dir, nil, quiet)
	pub.Answer(func(_ context.Context, question string) ([]byte, error) {
		if question == "queue" {
			return nil, errors.New("line one\nline two")
		}
		return []byte("all is well: " + question), nil
	})
	b.run(pub)
	b.caughtUp(t)
	if text, err := fleet.Ask(t.Context(), hub, c.Name, "devices"); err != nil || string(text) != "all is well: devices" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := fleet.Ask(t.Context(), hub, c.Name, "check"); err == nil || err.Error() != fleet.ErrBusy.Error() {
		t.Errorf("a second question at once: %v", err)
	}
	if _, err := fleet.Ask(t.Context(), hub, c.Name, "refund"); err == nil || !strings.Contains(err.Error(), "no question") {
		t.Errorf("a question that is none: %v", err)
	}
	if _, err := fleet.Ask(t.Context(), hub, fleet.Name{Chain: "demo", Shop: "shop1", Till: "t2"}, "check"); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a counter that is away: %v", err)
	}
	feed, err := fleet.OpenFeed(t.Context(), hub, "BOOKS", "demo", "hub", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := feed.Next(t.Context(), 10, 1<<20, 10*time.Second); err != nil || len(d.Messages) != 5 {
		t.Fatal(len(d.Messages), err)
	}
	other, err := fleet.Dial([]string{url}, seeds["UTILL2"], ca, "shop1/t2", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for subject, body := range map[string]string{
		"books.demo.shop1.t1.1-x": "{}", "books.demo.shop9.t9.1-x": "{}", "status.demo.shop1.t1": "{}",
		"$JS.API.DIRECT.GET.BOOKS.books.demo.shop1.t1.*": "", "$JS.API.DIRECT.GET.BOOKS": `{"seq":1}`, "$JS.API.STREAM.MSG.GET.BOOKS": `{"seq":1}`,
		"$JS.API.STREAM.MSG.DELETE.BOOKS": `{"seq":1}`, "$JS.API.STREAM.PURGE.BOOKS": "", "$JS.API.STREAM.DELETE.BOOKS": "", "$JS.API.STREAM.INFO.BOOKS": "",
		"$JS.API.CONSUMER.CREATE.BOOKS": `{}`, "ask.demo.shop1.t1.devices": "",
	} {
		if answer, err := other.Request(subject, []byte(body), 300*time.Millisecond); err == nil {
			t.Errorf("%s was answered: %s", subject, answer.Data)
		}
	}
	for _, subject := range []string{"books.>", "_INBOX.>", "_INBOX.shop1.t1.>", "status.>", "ask.>", "ask.demo.shop1.t1.*"} {
		sub, err := other.SubscribeSync(subject)
		if err != nil {
			continue
		}
		other.Flush()
		if _, err := sub.NextMsg(200 * time.Millisecond); err == nil || err == nats.ErrTimeout && other.LastError() == nil {
			t.Errorf("%s may be listened to", subject)
		}
	}
	b.sell(t, 1)
	b.caughtUp(t)
	// The hub itself may not take anything out of the stream.
	for subject, body := range map[string]string{"$JS.API.STREAM.MSG.DELETE.BOOKS": `{"seq":1}`, "$JS.API.STREAM.PURGE.BOOKS": ""} {
		answer, err := hub.Request(subject, []byte(body), 5*time.Second)
		if err != nil || !strings.Contains(string(answer.Data), "error") {
			t.Errorf("%s: %s %v", subject, answer.Data, err)
		}
	}
}
