package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTheProgramStaysInMemory: the kernel marks what is mapped of the program's own file as
// locked, or posd says that it may not.
func TestTheProgramStaysInMemory(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munlockall() })
	err := stayInMemory()
	const enough = 1 << 30
	if err != nil {
		if os.Geteuid() == 0 || limit.Cur >= enough || !strings.Contains(err.Error(), "LimitMEMLOCK=") {
			t.Fatal(err)
		}
		return // a user's own limit, which says so in words
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, part := range regexp.MustCompile(`(?m)^[0-9a-f]+-[0-9a-f]+ `).Split(string(maps), -1) {
		head, rest, _ := strings.Cut(part, "\n")
		if !strings.HasSuffix(head, " "+program) {
			continue
		}
		found++
		if _, flags, _ := strings.Cut(rest, "VmFlags:"); !strings.Contains(flags, " lo ") {
			t.Errorf("may be taken: %s", head)
		}
	}
	if found == 0 {
		t.Fatalf("nothing is mapped of %s:\n%s", program, maps)
	}
}
