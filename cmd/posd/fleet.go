package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"posd/device"
	"posd/sync/fleet"
)

// Fleet tells a chain's hub of every commit.
type Fleet struct{ fleet.Config }

func (f *Fleet) setDefaults() { f.Config = fleet.Defaults() }

// fleetKind is the kind of device that the link to the chain is.
const fleetKind = "chain"

// joinFleet makes the publisher of the journal. Commits wake it, and nothing waits for it.
func (d *daemon) joinFleet() {
	c := d.config.Fleet
	if c == nil {
		return
	}
	d.board.fleet = fleet.New(c.Config, d.journal.Store, d.config.Store.Dir, d.board.health, d.log.With("line", "chain"))
	d.journal.wake = d.board.fleet.Wake
	if c.Answers {
		d.board.fleet.Answer(d.answer)
	}
}

// answer answers a question of the chain's centre with what a command says, once the
// journal has it that it was asked. The commands read; none moves money.
func (d *daemon) answer(ctx context.Context, question string) ([]byte, error) {
	if err := d.till.Setting(ctx, nil, "chain.asked", question, false); err != nil {
		return nil, fmt.Errorf("note the question: %w", err)
	}
	switch question {
	case "log":
		var out redactor
		text := out.text(said(ctx, "journalctl -u posd* -n 400 --no-pager -o short-iso-precise"))
		if what := out.leak(text); what != "" {
			return nil, fmt.Errorf("the log would hold %s: it is not sent", what)
		}
		return []byte(text), nil
	case "support":
		dir, err := os.MkdirTemp("", "posd-support-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "support.tar.gz")
		var out, words bytes.Buffer
		if execute(ctx, []string{"support", file, "-config", d.file}, &out, &words) != exitDone {
			return nil, errors.New(words.String())
		}
		return os.ReadFile(file)
	}
	var out bytes.Buffer
	execute(ctx, []string{question, "-config", d.file}, &out, &out) // its words are the answer, however it ends
	return out.Bytes(), nil
}

// health is what the hub is told of the counter besides its books.
func (b *board) health(context.Context) []byte {
	text, err := json.Marshal(struct {
		Version string                `json:"version"`
		Devices []device.DeviceStatus `json:"devices"`
	}{version(), b.last()})
	if err != nil {
		return nil
	}
	return text
}

// fleetStatus says how far the journal is published.
func fleetStatus(c Fleet, s fleet.Status) device.DeviceStatus {
	return device.DeviceStatus{Name: "chain", Kind: fleetKind, Line: fmt.Sprintf("%s/%s", c.Chain, c.Name), OK: s.OK, Words: s.Words}
}

func (m *metrics) ofFleet(p page) {
	if m.board.fleet == nil {
		return
	}
	s := m.board.fleet.Status()
	p.gauge("posd_fleet_up", "1 while commits are published to the chain.", one(s.OK))
	p.gauge("posd_fleet_fenced", "1 while another box writes under this counter's name.", one(s.Fenced))
	p.gauge("posd_fleet_lag_commits", "Commits that are not published yet.", float64(s.Lag))
}
