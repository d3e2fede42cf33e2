package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"posd/device/sale"
)

// Config is one target.
type Config struct {
	// Name is what the target is called in the log and by posd check; "" for the URL's host.
	Name string `toml:"name"`
	// URL is where events are sent: https, or http in the shop's own network.
	URL string `toml:"url"`
	// SecretFile holds the secret that both sides know, whsec_ and base64.
	SecretFile string `toml:"secret_file"`
	// Kinds are the events that are told, such as "sale.paid" or "refund.*". Default all.
	Kinds []string `toml:"kinds"`
	// MaxAge is how old an event may get that is not taken; then it is given up. Default 168h.
	MaxAge time.Duration `toml:"max_age"`
}

// Defaults returns a target without a place.
func Defaults() Config { return Config{Kinds: []string{"*"}, MaxAge: 168 * time.Hour} }

// name is what the target is called.
func (c Config) name() string {
	if c.Name != "" {
		return c.Name
	}
	if u, err := url.Parse(c.URL); err == nil {
		return u.Host
	}
	return c.URL
}

// Validate returns every fault with its key, value and remedy.
func (c Config) Validate() (faults []error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		faults = append(faults, fmt.Errorf("url = %q is no target: write it whole, such as \"https://erp.example/posd\"", c.URL))
	case u.Scheme == "http" && !near(u.Hostname()):
		faults = append(faults, fmt.Errorf("url = %q would go over the internet unencrypted: use https", c.URL))
	case u.Scheme != "https" && u.Scheme != "http":
		faults = append(faults, fmt.Errorf("url = %q: use https, or http in the shop's own network", c.URL))
	}
	if !filepath.IsAbs(c.SecretFile) {
		faults = append(faults, fmt.Errorf("secret_file = %q is not an absolute path: name the file that holds the secret, from the root", c.SecretFile))
	}
	for _, k := range c.Kinds {
		if _, err := path.Match(k, ""); err != nil || k == "" {
			faults = append(faults, fmt.Errorf("kinds holds %q: write a kind such as sale.paid, or refund.*", k))
		}
	}
	if c.MaxAge < time.Minute {
		faults = append(faults, fmt.Errorf("max_age = %s: write at least 1m", c.MaxAge))
	}
	return faults
}

// near reports whether a host, written as an address or as localhost, is this box or in a private network.
func near(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && (ip.IsPrivate() || ip.IsLoopback())
}

const secretPrefix = "whsec_"

// ParseSecret reads what a secret file holds.
func ParseSecret(text string) (sale.Secret, error) {
	b64, ok := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return "", errors.New("the secret of a webhook is whsec_ and 24 to 64 bytes in base64: echo whsec_$(head -c 32 /dev/urandom | base64)")
	}
	return sale.Secret(key), nil
}

// wants reports whether a kind of event is told.
func (c Config) wants(kind string) bool {
	for _, k := range c.Kinds {
		if ok, _ := path.Match(k, kind); ok {
			return true
		}
	}
	return false
}
