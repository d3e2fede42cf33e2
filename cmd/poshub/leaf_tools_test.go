//go:build tools

package main

import (
	"os"
	"path/filepath"
	"strings"

	"posd/sync/fleet/fleetsim"
)

// The shop of configs/nats/leaf.conf, and whose keys its counters have there.
const leafShop = "shop2"

var leafTills = map[string]string{"t1": "UTILL3", "t2": "UTILL4"}

// withLeaf makes the schedule one of a shop with a server of its own: the two
// servers are those of configs/nats, with TLS and rights, and the link between
// them has faults as the counters' has.
func (w *trouble) withLeaf() {
	w.t.Helper()
	seeds, err := fleetsim.Sample("../../configs/nats", w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = []string{"LEAF_SEED=" + seeds["ULEAF"]}
	between := newLink(w.t, w.routes[0])
	w.links = append(w.links, between)
	for i, name := range []string{"server.conf", "leaf.conf"} {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		w.samples = append(w.samples, strings.NewReplacer(
			"0.0.0.0:4222", w.addrs[i], "127.0.0.1:8222", "127.0.0.1:-1", filepath.Join(w.dir, "data"), w.store(i),
			"0.0.0.0:7422", w.routes[0], "hub.example:7422", between.l.Addr().String()).Replace(string(text)))
	}
	w.config.Chain, w.config.NATS.Replicas, w.config.NATS.Domains = "demo", 1, []string{leafShop}
	w.config.NATS.Servers = []string{"tls://" + w.addrs[0]}
	w.config.NATS.CAFile, w.config.NATS.CredentialFile = filepath.Join(w.dir, "ca.pem"), filepath.Join(w.dir, "UHUB.nk")
}

// leafConfig is the configuration with which the shop's own stream is made.
func (w *trouble) leafConfig() Config {
	c := w.config
	c.NATS.Servers, c.NATS.Domains = []string{"tls://" + w.addrs[1]}, nil
	return c
}
