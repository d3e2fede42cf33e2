package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What each run prints, in a few of its lines, and the figures that are in it.
func TestFiguresAreReadOffTheOutput(t *testing.T) {
	for name, c := range map[string]struct {
		output string
		want   []int64
	}{
		"sim":        {"    sim_test.go:77: 120 seeds, 3400 sales, 0 answers with a wrong byte\n    sim_test.go:77: 2 seeds, 60 sales, 9 answers with a wrong byte\n    sim_test.go:50: seed 7: lost\n", []int64{122, 3460, 9, 1}},
		"sim-bugs":   {"        bugs_test.go:48: found by seed 12: lost\n    --- PASS: TestSimulationSeesPlantedBugs/01-a (1.00s)\n    --- PASS: TestModelSeesPlantedBugs/28-b (1.00s)\n    --- FAIL: TestModelSeesPlantedBugs/29-c (1.00s)\n", []int64{2, 1, 12}},
		"judge-bugs": {"    --- PASS: TestTheJudgeSeesPlantedBugs/01-a (1.00s)\n", []int64{1, 0}},
		"crash":      {"card            61 boundaries,   90 kills: a card sale\nqr              10 boundaries,   12 kills: a code\n\n102 kills, 4 at a time\n\nBROKEN: card, x\n", []int64{71, 102, 1}},
		"test-box":   {"    cutsum_test.go:80: a copy of the journal: 2 cuts, 2 of them within one, 5 had ended well\n    cutsum_test.go:80: a day's close: 2 cuts, 1 of them within one, 3 had ended well\n    cutsum_test.go:80: an upgrade: 3 cuts, 3 of them within one, 4 had ended well\n    cutsum_test.go:88: 8 power cuts, 31 sales acknowledged, 300 flushes\n    cutsum_test.go:89: 7 cuts lost something, 6 with unflushed blocks of posd's journal, 4 with torn blocks\n    powercut_test.go:88: caught at cut 1: lost\n--- FAIL: TestPowerCuts\n    --- FAIL: TestPowerCuts/a\n", []int64{8, 31, 7, 6, 4, 2, 1, 3, 1, 2}},
		"fuzz":       {"== posd/pax FuzzFrame\nfuzz: elapsed: 3s, execs: 100 (3/sec)\nfuzz: elapsed: 6s, execs: 250 (3/sec)\n== posd/pax FuzzMessage\nfuzz: elapsed: 6s, execs: 50 (3/sec)\n", []int64{300, 2}},
		"test":       {"ok  \tposd/pax\t1.2s\nok  \tposd/store\t1.2s\nFAIL\tposd/device\t2s\nFAIL\n", []int64{2, 1}},
	} {
		for _, r := range runs {
			if r.name != name {
				continue
			}
			for i, reads := range r.reads {
				if got := reads.read([]byte(c.output)); got != c.want[i] {
					t.Errorf("%s: %s: %d, want %d", name, reads.what, got, c.want[i])
				}
			}
		}
	}
}

// A run that was not made, failed, or cannot be read is said on the page.
func TestPageSaysWhatIsMissing(t *testing.T) {
	dist := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dist, "evidence"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"evidence/sim.json":   `{"command":"make sim SEEDS=7","commit":"0123456789","took":"1s","figures":[{"what":"seeds","value":7}]}`,
		"evidence/crash.json": `{"command":"make crash","failed":"exit status 2"}`,
		"bench.json":          `{`,
	} {
		if err := os.WriteFile(filepath.Join(dist, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writePage(dist); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"evidence.md", "evidence.html"} {
		text, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"make sim SEEDS=7", "0123456789 (not this one)", "FAILED: exit status 2", "not run: make record OF=fuzz", "not run: make soak", "cannot be read: unexpected end", "go1."} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s does not say %q:\n%s", name, want, text)
			}
		}
	}
}

func TestACommandThatFailsFails(t *testing.T) {
	dist := t.TempDir()
	if err := record(dist, "test", []string{"sh", "-c", "echo 'FAIL\tposd/x\t1s'; exit 3"}); err == nil || err.Error() != "exit status 3" {
		t.Errorf("%v", err)
	}
	text, err := os.ReadFile(filepath.Join(dist, "evidence", "test.json"))
	if err != nil || !strings.Contains(string(text), `"failed": "exit status 3"`) {
		t.Errorf("%s, %v", text, err)
	}
	if err := record(dist, "nothing", []string{"true"}); err == nil || !strings.Contains(err.Error(), "sim-bugs") {
		t.Errorf("%v", err)
	}
}
