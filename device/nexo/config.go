package nexo

import (
	"fmt"
	"net"
	"path/filepath"
	"time"

	"posd/device/door"
)

// Config says where posd stands in for a terminal of the nexo kind, and for whom.
type Config struct {
	door.Config
	// Listen is the address that registers ask, such as 127.0.0.1:8443. Default "": nowhere.
	Listen string `toml:"listen"`
	// TLS says that it is asked by https, with the certificate of [api]. Default true.
	TLS bool `toml:"tls"`
	// PassphraseFile holds the passphrase of sealed messages, as it was given to the
	// register. Default "": messages are in clear.
	PassphraseFile string `toml:"passphrase_file"`
	// KeyIdentifier and KeyVersion name that passphrase, as the register does. Default "posd" and 1.
	KeyIdentifier string `toml:"key_identifier"`
	KeyVersion    int    `toml:"key_version"`
	// HoldFor is how long a request is held while nothing has ended; then it is
	// answered InProgress. Default 2m30s.
	HoldFor time.Duration `toml:"hold_for"`
}

// Defaults returns the documented defaults.
func Defaults() Config {
	return Config{Config: door.Defaults(), TLS: true, KeyIdentifier: "posd", KeyVersion: 1, HoldFor: 150 * time.Second}
}

// Validate returns every fault of the configuration at once.
func (c Config) Validate() []error {
	faults := c.Config.Validate()
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		fault("listen = %q: write host and port, such as 127.0.0.1:8443, or remove the section", c.Listen)
	}
	if c.PassphraseFile != "" && !filepath.IsAbs(c.PassphraseFile) {
		fault("passphrase_file = %q is not an absolute path: write it from the root", c.PassphraseFile)
	}
	if !named(c.KeyIdentifier) {
		fault("key_identifier = %q: write 1 to 64 printable characters", c.KeyIdentifier)
	}
	if c.KeyVersion < 0 {
		fault("key_version = %d: write a number of at least 0", c.KeyVersion)
	}
	if c.HoldFor <= 0 || c.HoldFor > time.Hour {
		fault("hold_for = %q: write a time above 0s and up to 1h0m0s", c.HoldFor)
	}
	return faults
}
