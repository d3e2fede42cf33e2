package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"posd/device"
)

// TestCheckSaysThatAnotherCountersPosdAnswers: two counters of one box, one
// address; a folder under two names is one folder.
func TestCheckSaysThatAnotherCountersPosdAnswers(t *testing.T) {
	mine, other := t.TempDir(), t.TempDir()
	link := filepath.Join(t.TempDir(), "state")
	if err := os.Symlink(mine, link); err != nil {
		t.Fatal(err)
	}
	c := defaults()
	c.Store.Dir = mine
	answered := func(dir string) []device.DeviceStatus {
		return whoseDaemon([]device.DeviceStatus{{Name: "journal", Line: dir, OK: true}}, c)
	}
	for _, same := range []string{mine, mine + "/", link} {
		if found := answered(same); len(found) > 0 {
			t.Errorf("%s is %s: %+v", same, mine, found)
		}
	}
	for _, wrong := range []string{other, "/nowhere/at/all"} {
		found := answered(wrong)
		if len(found) != 1 || found[0].OK {
			t.Fatalf("%s is not %s: %+v", wrong, mine, found)
		}
		if v := (&doctor{}).why(context.Background(), found[0]); v.cause != daemonOther {
			t.Errorf("the cause is %v", v)
		}
	}
}
