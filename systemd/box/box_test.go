//go:build box

package box

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
)

// box is the one that a run of the tests has: bought, installed, and then used by
// every story, each on a disk of its own.
type box struct {
	*counter
	disk      *disk  // as it was when posd had been installed and had sold
	folder    string // of what the run makes
	supplies  string // packages, as a file system
	installed bool
}

var one *box

func TestMain(m *testing.M) {
	code := m.Run()
	if one != nil {
		os.RemoveAll(one.folder)
	}
	os.Exit(code)
}

// theBox returns the box as it comes, with nothing of posd.
func theBox(t *testing.T) *box {
	t.Helper()
	if one == nil {
		c, err := newCounter()
		if err != nil {
			t.Fatal(err)
		}
		folder, err := os.MkdirTemp("", "posd-box-")
		if err != nil {
			t.Fatal(err)
		}
		one = &box{counter: c, folder: folder}
	}
	if one.supplies == "" { // a build that failed fails again, by its own words
		one.supplies = packages(t, one.folder)
	}
	one.disk = newDisk(t, imageDir(t)+"/disk.raw")
	return one
}

// installedBox returns the box with posd in it, installing it first if no test
// has done that.
func installedBox(t *testing.T) *box {
	t.Helper()
	if one == nil || !one.installed {
		install(t, theBox(t), func(*machine) {})
	}
	if !one.installed {
		t.Fatal("posd could not be installed")
	}
	return one
}

// agree compares posd's sales with what terminal and gateway did: each sale that
// is paid was taken once, no other was taken, and nothing was taken that posd does
// not know. before names what was taken before the disk came to be what it is.
func (b *box) agree(t *testing.T, before map[string]bool) {
	t.Helper()
	for _, words := range b.disagreements(context.Background(), before) {
		t.Error(words)
	}
}

func (b *box) disagreements(ctx context.Context, before map[string]bool) (words []string) {
	all, err := b.sales(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	taken := b.taken()
	known := map[string]bool{}
	for _, s := range all {
		times := 0
		for _, a := range s.Attempts {
			known[a.Ref] = true
			times += taken[a.Ref]
		}
		if want := map[bool]int{true: 1}[s.State == "paid"]; times != want {
			words = append(words, fmt.Sprintf("sale %s over %d by %s is %s and its money was taken %d times", s.ID, s.Amount, s.Method, s.State, times))
		}
		if s.Incident != "" {
			words = append(words, fmt.Sprintf("sale %s has an incident that nobody caused: %s", s.ID, s.Incident))
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(taken)) {
		if taken[ref] > 0 && !known[ref] && !before[ref] {
			words = append(words, fmt.Sprintf("money was taken under %s and posd knows nothing of it", ref))
		}
	}
	return words
}

// taken returns how often money was taken, by reference or number.
func (b *box) taken() map[string]int {
	taken := maps.Clone(b.terminal.State().Approvals)
	for _, o := range b.gateway.State().Orders {
		if o.Status == 2 || o.Status == 3 {
			taken[o.MchOrderNo]++
		}
	}
	return taken
}
