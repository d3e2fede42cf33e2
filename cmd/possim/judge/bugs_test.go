package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/planted"
)

var plantBugs = flag.Bool("bugs", false, "TestTheJudgeSeesPlantedBugs plants its bugs; else it is only looked whether they fit")

// plantedBugs are those of testdata/bugs that a counter of possim can meet, each with
// the scripts that lead to it; in testdata/bugs/judge are those that only it can meet. The first history that breaks a rule is enough.
var plantedBugs = []struct {
	name    string
	scripts []string
}{
	{"01-timeout-is-a-decline", []string{"terminal"}},
	{"04-sent-again-after-a-restart", []string{"kill", "terminal"}},
	{"06-cancel-is-a-state", []string{"all", "network"}},
	{"07-late-payment-is-kept-silently", []string{"all", "network"}},
	{"08-second-number-for-a-lost-refund", []string{"network"}},
	{"10-report-forgotten", []string{"terminal"}},
	{"12-second-code-for-a-lost-create", []string{"network"}},
	{"14-duplicate-receipt-unmarked", []string{"power"}},
	{"judge/73-forged-answer-is-genuine", []string{"network"}},
}

// scriptLimit ends a script whose posd, having a bug, never comes to rest.
const scriptLimit = 6 * time.Minute

// TestTheJudgeSeesPlantedBugs has possim sell with a posd that has a bug of
// testdata/bugs: the judge must find a broken rule in the history, and none where the
// same script was played with posd as it is. `make judge-bugs` does it.
func TestTheJudgeSeesPlantedBugs(t *testing.T) {
	bugs := make([]planted.Bug, len(plantedBugs))
	for i, p := range plantedBugs {
		bugs[i] = planted.Read(t, "../../..", "../../../testdata/bugs/"+p.name+".patch")
	}
	if !*plantBugs {
		return // they fit; that the judge sees them is shown by make judge-bugs
	}
	dir := t.TempDir()
	possim, sound := filepath.Join(dir, "possim"), filepath.Join(dir, "posd")
	for program, pkg := range map[string]string{possim: "posd/cmd/possim", sound: "posd/cmd/posd"} {
		if out, err := exec.Command("go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	played := map[string]bool{} // by posd as it is
	for i, p := range plantedBugs {
		t.Run(filepath.Base(p.name), func(t *testing.T) {
			posd := bugs[i].Build(t, "build", "posd/cmd/posd")
			for _, script := range p.scripts {
				found, said := play(t, possim, posd, script)
				if len(found) == 0 {
					t.Logf("not seen in script %s; possim said last: %s", script, said)
					continue
				}
				t.Logf("found in script %s: %s", script, found[0])
				if !played[script] {
					played[script] = true
					if found, said := play(t, possim, sound, script); len(found) > 0 {
						t.Errorf("posd as it is breaks a rule in script %s: %s; possim said last: %s", script, found[0], said)
					}
				}
				return
			}
			t.Errorf("the judge does not see: %s", bugs[i].About)
		})
	}
}

// play has a posd sell by a script, and returns what the judge finds in the history and
// what possim, whose own verdict does not count here, said last.
func play(t *testing.T, possim, posd, script string) (found []string, said string) {
	t.Helper()
	history := filepath.Join(t.TempDir(), script+".jsonl")
	ctx, cancel := context.WithTimeout(context.Background(), scriptLimit)
	defer cancel()
	run := exec.CommandContext(ctx, possim, "-posd", posd, "-script", script, "-history", history)
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) } // it ends its posd
	out, _ := run.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	said = lines[len(lines)-1]
	v, err := judgeFile(history)
	if err != nil {
		t.Logf("script %s: no verdict: %v", script, err)
		return nil, said
	}
	for _, rule := range rules {
		for _, words := range v.Rules[rule.name].Broken {
			found = append(found, fmt.Sprintf("%s: %s", rule.name, words))
		}
	}
	return found, said
}
