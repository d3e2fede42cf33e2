package store

import (
	"fmt"
	"path/filepath"
)

// Config says where posd keeps what it remembers.
type Config struct {
	// Dir is the state folder, an absolute path. It holds posd.db, its log
	// posd.db-wal and the lock file. Default /var/lib/posd.
	Dir string `toml:"dir"`
	// ReserveMiB is the room on the disk, in MiB, that is kept for finishing
	// what was begun: with less than this free, new sales and refunds are
	// refused. 0 keeps none. Default 64.
	ReserveMiB int `toml:"reserve_mib"`
}

// Defaults returns the configuration of a box as it is installed.
func Defaults() Config { return Config{Dir: "/var/lib/posd", ReserveMiB: 64} }

// Validate returns every fault of the configuration.
func (c Config) Validate() []error {
	var faults []error
	switch {
	case c.Dir == "":
		faults = append(faults, fmt.Errorf(`dir is empty: name the folder for posd's state, such as "/var/lib/posd"`))
	case !filepath.IsAbs(c.Dir):
		faults = append(faults, fmt.Errorf(`dir = %q is not an absolute path: write it from the root, such as "/var/lib/posd"`, c.Dir))
	}
	if c.ReserveMiB < 0 || c.ReserveMiB > 1<<20 {
		faults = append(faults, fmt.Errorf("reserve_mib = %d is out of range: use 0 to 1048576, 64 is usual", c.ReserveMiB))
	}
	return faults
}
