package port

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config says where a device is and how its line is set up. Everything but
// Line is for ttys only.
type Config struct {
	// Line is a device path ("/dev/posd-terminal") or "tcp:host:port". Empty means: no such device.
	Line string `toml:"line"`
	// Baud is the speed in bits per second. Default 9600.
	Baud int `toml:"baud"`
	// DataBits is 5 to 8. Default 8.
	DataBits int `toml:"data_bits"`
	// Parity is none, odd or even. Default none.
	Parity string `toml:"parity"`
	// StopBits is 1 or 2. Default 1.
	StopBits int `toml:"stop_bits"`
	// Flow is none, rtscts or xonxoff. Default none.
	Flow string `toml:"flow"`
	// DTR is keep, on or off: the state of the line's DTR signal once it is open. Default keep.
	DTR string `toml:"dtr"`
	// RTS is keep, on or off, likewise. Default keep.
	RTS string `toml:"rts"`
	// ConnectTimeout is how long a TCP connection may take to come about. Default 3s.
	ConnectTimeout time.Duration `toml:"connect_timeout"`

	// LockDir is the folder of the lock files; every program of the box must
	// name the same one. Empty means no lock.
	LockDir string `toml:"-"`
}

// Defaults returns 9600 8N1 without flow control, and no line.
func Defaults() Config {
	return Config{
		Baud: 9600, DataBits: 8, Parity: "none", StopBits: 1, Flow: "none",
		DTR: "keep", RTS: "keep", ConnectTimeout: 3 * time.Second,
	}
}

// Validate returns every fault, each with key, value and remedy.
func (c Config) Validate() []error {
	var faults []error
	bad := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if addr, ok := strings.CutPrefix(c.Line, "tcp:"); ok {
		host, p, err := net.SplitHostPort(addr)
		n, perr := strconv.ParseUint(p, 10, 16)
		if err != nil || host == "" || perr != nil || n == 0 {
			bad("line: %q is no TCP address: write tcp:host:port, such as tcp:192.168.1.40:10009", c.Line)
		}
	} else if c.Line != "" && !filepath.IsAbs(c.Line) {
		bad("line: %q is neither a device path nor an address: write /dev/... or tcp:host:port", c.Line)
	}
	if c.Baud < 50 || c.Baud > 4_000_000 {
		bad("baud: %d is no speed a serial line has: write 9600, 19200, 38400, 57600 or 115200", c.Baud)
	}
	if c.DataBits < 5 || c.DataBits > 8 {
		bad("data_bits: %d is not possible: write 8, or 7", c.DataBits)
	}
	if c.StopBits != 1 && c.StopBits != 2 {
		bad("stop_bits: %d is not possible: write 1 or 2", c.StopBits)
	}
	oneOf := func(key, value string, may ...string) {
		for _, m := range may {
			if value == m {
				return
			}
		}
		bad("%s: %q is not known: write %s", key, value, strings.Join(may, ", "))
	}
	oneOf("parity", c.Parity, "none", "odd", "even")
	oneOf("flow", c.Flow, "none", "rtscts", "xonxoff")
	oneOf("dtr", c.DTR, "keep", "on", "off")
	oneOf("rts", c.RTS, "keep", "on", "off")
	if c.ConnectTimeout <= 0 || c.ConnectTimeout > time.Minute {
		bad("connect_timeout: %s is out of range: write 1s to 60s", c.ConnectTimeout)
	}
	return faults
}
