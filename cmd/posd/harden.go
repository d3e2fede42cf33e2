package main

import (
	"fmt"
	"syscall"
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
