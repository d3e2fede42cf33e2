package fleet_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

// sample copies the samples of configs/nats, with keys of their own.
func sample(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	seeds, err := fleetsim.Sample("../../configs/nats", dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LEAF_SEED", seeds["ULEAF"])
	return dir
}

// Each file in configs/nats is taken by the real server, and writes to its disk at once.
func TestSampleServersLoad(t *testing.T) {
	dir := sample(t)
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
	dir := sample(t)
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
	hub, err := fleet.Dial([]string{url}, filepath.Join(dir, "UHUB.nk"), ca, "poshub", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	if _, _, err := fleet.InitStream(t.Context(), hub, demo); err != nil {
		t.Fatal(err)
	}
	b := openBox(t, t.TempDir())
	b.sell(t, 5)
	c := fleet.Defaults()
	c.Servers, c.Name, c.CAFile, c.CredentialFile = []string{url}, fleet.Name{Chain: "demo", Shop: "shop1", Till: "t1"}, ca, filepath.Join(dir, "UTILL1.nk")
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
	other, err := fleet.Dial([]string{url}, filepath.Join(dir, "UTILL2.nk"), ca, "shop1/t2", slog.New(slog.DiscardHandler))
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
