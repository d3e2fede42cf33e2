package hwproxy

import (
	"fmt"
	"net"

	"posd/device/door"
)

// Config says where posd stands in for a hardware proxy, and for whom.
type Config struct {
	door.Config
	// Listen is the address that pages ask, such as 127.0.0.1:8069. Default "": nowhere.
	Listen string `toml:"listen"`
}

// Defaults returns the documented defaults.
func Defaults() Config { return Config{Config: door.Defaults()} }

// Validate returns every fault of the configuration at once.
func (c Config) Validate() []error {
	faults := c.Config.Validate()
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		fault("listen = %q: write host and port, such as 127.0.0.1:8069, or remove the section", c.Listen)
	}
	if len(c.Origins) == 0 {
		fault("origins is empty: list the address of the shop's Odoo as its browsers show it, such as \"https://shop.example\"")
	}
	return faults
}
