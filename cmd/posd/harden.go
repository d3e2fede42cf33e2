package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// harden keeps the merchant key and a queued card's expiry out of core dumps and
// out of reach of other processes of the same user.
func harden() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	const prSetDumpable = 4
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return fmt.Errorf("switch core dumps off: %w", errno)
	}
	return nil
}

// stayInMemory keeps what was once used of the program's own files in memory, its code above
// all. Where another program takes the box's memory, the kernel first takes back the pages that
// it can read again from a file, and only then ends that program: until then posd would wait
// for its own code, and the watchdog end it. memory.min of a control group does not hold such
// pages: they count for whoever read them first, which may be any other posd command. What
// lies in no file is not taken without swap, and the unit forbids that.
func stayInMemory() error {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("keep the program in memory: %w", err)
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line) // from-to, rights, offset, disk, inode, file
		if len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
			continue
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err != nil {
			return fmt.Errorf("keep the program in memory: %q: %w", line, err)
		}
		if _, _, errno := unix.Syscall(unix.SYS_MLOCK2, from, to-from, unix.MLOCK_ONFAULT); errno != 0 {
			return fmt.Errorf("keep the program in memory: %s: %w: is LimitMEMLOCK= of the unit less than its size", fields[5], errno)
		}
	}
	return nil
}
