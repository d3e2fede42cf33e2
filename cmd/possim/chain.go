package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"posd/cmd/possim/caller"
	"posd/cmd/possim/loopback"
	"strings"
	"sync"
	"time"
)

// chain is three counters in two shops inside this computer, with the centre of
// their chain: a NATS server and a hub, each a process of its own that can be killed.
type chain struct {
	out      io.Writer
	dir      string
	remove   bool
	programs map[string]string // paths by name
	natsAddr string
	pageAddr string
	log      *os.File // what server and hub say
	nats     *daemon
	hub      *daemon
	counters []*stage
}

// places are the counters' names.
var places = [][2]string{{"shop1", "t1"}, {"shop1", "t2"}, {"shop2", "t1"}}

// openChain builds a chain and waits until all of it is ready. Close it.
func openChain(ctx context.Context, set setup, out io.Writer) (*chain, error) {
	k := &chain{out: out, dir: set.dir, programs: map[string]string{}}
	if err := k.open(ctx, set); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

func (k *chain) open(ctx context.Context, set setup) (err error) {
	if k.dir == "" {
		if k.dir, err = os.MkdirTemp("", "possim-chain-"); err != nil {
			return err
		}
		k.remove = true
	}
	if k.dir, err = filepath.Abs(k.dir); err != nil {
		return err
	}
	if k.log, err = os.OpenFile(filepath.Join(k.dir, "centre.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if set.posd, err = findPosd(ctx, set.posd, k.dir, k.out); err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return fmt.Errorf("the chain's programs cannot be built: %w", err)
	}
	for name, pkg := range map[string]string{"poshub": "./cmd/poshub", "natsd": "./cmd/possim/natsd"} {
		k.programs[name] = filepath.Join(k.dir, name)
		if err := build(ctx, root, pkg, k.programs[name], k.out); err != nil {
			return err
		}
	}
	for _, addr := range []*string{&k.natsAddr, &k.pageAddr} {
		if *addr, err = loopback.Addr(); err != nil {
			return err
		}
	}
	if err := k.startNATS(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(k.file(), []byte(k.hubConfig()), 0o600); err != nil {
		return err
	}
	if _, err := k.poshub(ctx, "init"); err != nil {
		return err
	}
	if err := k.startHub(ctx); err != nil {
		return err
	}
	for _, p := range places {
		own := set
		own.dir, own.fleet = filepath.Join(k.dir, p[0]+"-"+p[1]), &fleetPlace{Servers: "nats://" + k.natsAddr, Shop: p[0], Till: p[1]}
		c, err := openCounter(ctx, own, k.out)
		if err != nil {
			return err
		}
		k.counters = append(k.counters, &stage{counter: c, customer: c.customer(), out: k.out})
	}
	return nil
}

func (k *chain) file() string { return filepath.Join(k.dir, "poshub.toml") }

func (k *chain) hubConfig() string {
	return fmt.Sprintf("# Written by possim.\nchain = \"demo\"\n[nats]\nservers = [%q]\n[books]\npath = %q\n[page]\nlisten = %q\ntokens = %q\n",
		"nats://"+k.natsAddr, filepath.Join(k.dir, "books.db"), k.pageAddr, filepath.Join(k.dir, "tokens"))
}

// startNATS starts the server, on the stream that is there.
func (k *chain) startNATS(ctx context.Context) (err error) {
	k.nats, err = startDaemon(k.programs["natsd"], []string{"-dir", filepath.Join(k.dir, "stream"), "-port", fmt.Sprint(portOf(k.natsAddr))}, k.log, nil)
	if err != nil {
		return err
	}
	return until(ctx, 30*time.Second, "the NATS server", func(context.Context) (bool, string, error) {
		if k.nats.Gone() {
			return false, "", k.nats.death()
		}
		return strings.Contains(fmt.Sprint(k.nats.said), "ready"), "not ready", nil
	})
}

func (k *chain) startHub(ctx context.Context) (err error) {
	if k.hub, err = startDaemon(k.programs["poshub"], []string{"run", "-config", k.file()}, k.log, nil); err != nil {
		return err
	}
	return until(ctx, 30*time.Second, "the hub's page", func(ctx context.Context) (bool, string, error) {
		if k.hub.Gone() {
			return false, "", k.hub.death()
		}
		var state struct{ Trouble string }
		err := k.ask(ctx, "hub", nil, &state)
		return err == nil, state.Trouble, err
	})
}

// poshub runs a command of the hub.
func (k *chain) poshub(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, k.programs["poshub"], append(args, "--config", k.file())...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("poshub %s: %w: %s", args[0], err, out)
	}
	return string(out), nil
}

// ask asks the hub's page for a list.
func (k *chain) ask(ctx context.Context, list string, q url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+k.pageAddr+"/api/"+list+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, caller.MaxAnswer))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the hub answered %d: %s", answer.StatusCode, text)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Close ends counters, hub and server, and removes what was temporary.
func (k *chain) Close() error {
	var errs []error
	for _, st := range k.counters {
		errs = append(errs, st.Close())
	}
	for _, d := range []*daemon{k.hub, k.nats} {
		if d != nil {
			d.Kill()
		}
	}
	if k.log != nil {
		errs = append(errs, k.log.Close())
	}
	if k.remove {
		errs = append(errs, os.RemoveAll(k.dir))
	}
	return errors.Join(errs...)
}

// playChainDemo builds a chain for a person, sells at every counter now and then,
// and keeps it until ctx ends.
func playChainDemo(ctx context.Context, set setup, out io.Writer) error {
	set.think = 500 * time.Millisecond
	k, err := openChain(ctx, set, out)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "stopping")
		if err := k.Close(); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	fmt.Fprintf(out, "\nA chain inside this computer: two shops, three counters that sell by themselves.\n\n  books       http://%s/\n", k.pageAddr)
	for i, st := range k.counters {
		fmt.Fprintf(out, "  %s/%s    http://%s/\n", places[i][0], places[i][1], st.conf.Listen)
	}
	fmt.Fprintf(out, "  stream      nats://%s\n  state       %s\n\nCtrl-C stops it.\n\n", k.natsAddr, k.dir)
	var all sync.WaitGroup
	for i, st := range k.counters {
		all.Go(func() {
			for n := int64(1); pause(ctx, time.Duration(3+i)*time.Second); n++ {
				if _, err := st.sell(ctx, sellBody{Amount: 500 + 37*n%4000, Method: "card", Reference: fmt.Sprintf("demo %d-%d", i, n)}); err != nil && ctx.Err() == nil {
					fmt.Fprintf(out, "counter %d: %v\n", i+1, err)
				}
			}
		})
	}
	all.Wait()
	return nil
}
