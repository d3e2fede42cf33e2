package core_test

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"posd/device/planted"
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
			bug := planted.Read(t, "../..", path)
			seeds := regexp.MustCompile(`Found within (\d+) seeds`).FindStringSubmatch(bug.About)
			driver := regexp.MustCompile(`Found by (Test\w+) in ([\w/]+)`).FindStringSubmatch(bug.About)
			if seeds == nil && driver == nil {
				t.Fatal("the patch does not say within how many seeds it is found, or by which test of a driver")
			}
			if !*allBugs && i%15 != 0 {
				return // it fits; that it is found is shown by make sim-bugs
			}
			if driver != nil {
				out, _ := bug.Run(t, "../../"+driver[2], "-test.run", "^"+driver[1]+"$")
				if !strings.Contains(out, "--- FAIL: "+driver[1]) {
					t.Errorf("%s passes all the same:\n%s", driver[1], out)
				}
				return
			}
			out, _ := bug.Run(t, ".", "-test.run", "TestSimulation$|TestJumpsOfTheClockChangeNothing$|TestAfterARestoreRegistersRepeatTheDay$|TestTheFirstReportInTheSimulation$", "-test.timeout", "1h", "-seeds", seeds[1])
			found := regexp.MustCompile(`seed (\d+): (.*)`).FindStringSubmatch(out)
			if found == nil {
				t.Fatalf("not found within %s seeds:\n%s", seeds[1], out)
			}
			t.Logf("found by seed %s: %s", found[1], found[2])
		})
	}
}
