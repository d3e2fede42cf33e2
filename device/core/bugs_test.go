package core_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var allBugs = flag.Bool("bugs", false, "TestSimulationSeesPlantedBugs plants every bug, not a few")

// TestSimulationSeesPlantedBugs proves that the simulation can see: each patch in
// testdata/bugs breaks one money rule, and the simulation must notice within
// the number of seeds that the patch states; what only a driver can know is found by
// the driver's test that the patch names. `make sim-bugs` plants all of
// them; a plain test run plants four, because each costs a build.
func TestSimulationSeesPlantedBugs(t *testing.T) {
	patches, err := filepath.Glob("../../testdata/bugs/*.patch")
	if err != nil || len(patches) < 12 {
		t.Fatalf("%d planted bugs, %v", len(patches), err)
	}
	for i, path := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".patch"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			seeds := regexp.MustCompile(`Found within (\d+) seeds`).FindStringSubmatch(string(text))
			driver := regexp.MustCompile(`Found by (Test\w+) in (\w+)`).FindStringSubmatch(string(text))
			if seeds == nil && driver == nil {
				t.Fatal("the patch does not say within how many seeds it is found, or by which test of a driver")
			}
			file, broken := plant(t, string(text))
			if !*allBugs && i%15 != 0 {
				return // it fits; that it is found is shown by make sim-bugs
			}
			if driver != nil {
				out := runWith(t, file, broken, "../../"+driver[2], "-test.run", "^"+driver[1]+"$")
				if !strings.Contains(out, "--- FAIL: "+driver[1]) {
					t.Errorf("%s passes all the same:\n%s", driver[1], out)
				}
				return
			}
			out := runWith(t, file, broken, ".", "-test.run", "TestSimulation$|TestJumpsOfTheClockChangeNothing$|TestAfterARestoreRegistersRepeatTheDay$|TestTheFirstReportInTheSimulation$", "-test.timeout", "1h", "-seeds", seeds[1])
			found := regexp.MustCompile(`seed (\d+): (.*)`).FindStringSubmatch(out)
			if found == nil {
				t.Fatalf("not found within %s seeds:\n%s", seeds[1], out)
			}
			t.Logf("found by seed %s: %s", found[1], found[2])
		})
	}
}

// plant applies a patch of one file, whose lines must stand there just once, and
// returns the file and what it would be.
func plant(t *testing.T, patch string) (file, broken string) {
	t.Helper()
	var from, to strings.Builder
	hunk := false
	type change struct{ from, to string }
	var changes []change
	flush := func() {
		if hunk {
			changes = append(changes, change{from.String(), to.String()})
		}
		from.Reset()
		to.Reset()
	}
	for line := range strings.Lines(patch) {
		switch {
		case strings.HasPrefix(line, "--- a/"):
			file = filepath.FromSlash("../../" + strings.TrimSpace(strings.TrimPrefix(line, "--- a/")))
		case strings.HasPrefix(line, "+++ "):
		case strings.HasPrefix(line, "@@"):
			flush()
			hunk = true
		case hunk && strings.HasPrefix(line, "-"):
			from.WriteString(line[1:])
		case hunk && strings.HasPrefix(line, "+"):
			to.WriteString(line[1:])
		case hunk:
			from.WriteString(line[1:])
			to.WriteString(line[1:])
		}
	}
	flush()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken = string(b)
	for _, c := range changes {
		if strings.Count(broken, c.from) != 1 {
			t.Fatalf("the patch does not fit %s any more: these lines stand there %d times:\n%s", file, strings.Count(broken, c.from), c.from)
		}
		broken = strings.Replace(broken, c.from, c.to, 1)
	}
	return file, broken
}

// runWith builds a package's tests with one file replaced, and returns what running them says.
func runWith(t *testing.T, file, text, pkg string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(changed, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{real: changed}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "planted.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", binary, pkg).CombinedOutput(); err != nil {
		t.Fatalf("the planted bug does not build: %v\n%s", err, out)
	}
	run := exec.Command(binary, args...)
	run.Dir = pkg // where its test data is
	out, err := run.CombinedOutput()
	if err == nil {
		return fmt.Sprintf("everything passed\n%s", out)
	}
	return string(out)
}
