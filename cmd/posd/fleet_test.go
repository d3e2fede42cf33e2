package main

import (
	"context"
	"log/slog"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"posd/sync/fleet"
)

// The heavy modules of a chain stay in its centre: the daemon on the counter holds
// neither the NATS server nor PostgreSQL's driver, and the hub holds no server.
func TestHouseKeepsTheCentreOutOfTheCounter(t *testing.T) {
	for program, without := range map[string][]string{
		".":         {"github.com/nats-io/nats-server", "github.com/jackc/pgx", "posd/sync/fleet/fleetsim"},
		"../poshub": {"github.com/nats-io/nats-server", "posd/sync/fleet/fleetsim"},
		"../possim": {"github.com/nats-io/nats-server", "github.com/nats-io/nats.go", "github.com/jackc/pgx"},
	} {
		out, err := exec.Command("go", "list", "-deps", program).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for dep := range strings.Lines(string(out)) {
			for _, heavy := range without {
				if strings.HasPrefix(dep, heavy) {
					t.Errorf("%s holds %s", program, strings.TrimSpace(dep))
				}
			}
		}
	}
}

// Without [fleet] there is no publisher, and a commit wakes nobody.
func TestWithoutAChainNothingRunsForIt(t *testing.T) {
	d := &daemon{config: Config{}, board: &board{}, journal: &journal{}, log: slog.New(slog.DiscardHandler)}
	d.joinFleet()
	if d.board.fleet != nil || d.journal.wake != nil {
		t.Error("a publisher was made")
	}
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for _, of := range []string{"nats-io/", "posd/sync/fleet."} {
		if strings.Contains(string(all), of) {
			t.Errorf("a goroutine of %s runs:\n%s", of, all)
		}
	}
}

func TestLinkToTheChainIsOnTheBoard(t *testing.T) {
	f := Fleet{fleet.Config{Name: fleet.Name{Chain: "c", Shop: "s", Till: "t"}}}
	got := fleetStatus(f, fleet.Status{Words: "no link; 3 commits wait", Lag: 3})
	if got.OK || got.Line != "c/s/t" || !strings.Contains(got.Words, "3 commits wait") {
		t.Errorf("%+v", got)
	}
	b := &board{journal: &journal{}, parts: &parts{}}
	if text := string(b.health(context.Background())); !strings.Contains(text, `"version"`) || !strings.Contains(text, `"journal"`) {
		t.Error(text)
	}
}
