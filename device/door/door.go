// Package door says who may come in where posd stands in another device's place
// on the shop's network: which addresses, which web pages, and under whose name
// what they do is written down. Such protocols have no passwords of their own.
//
// It leaves to others what is asked (the front ends beside it), and the API's
// own guard (device/api).
package door

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Config is embedded in the configuration of each front end.
type Config struct {
	// Allow lists the addresses and networks that may connect, such as
	// "192.168.1.20" or "192.168.1.0/24". Default: this box only.
	Allow []string `toml:"allow"`
	// Origins lists the web pages that may ask over HTTP, as their browser names
	// them, such as "https://shop.example". Default: none; programs that are no
	// browsers need none.
	Origins []string `toml:"origins"`
	// By is the name under which what is asked here is written down. Default "register".
	By string `toml:"by"`
}

// Defaults returns the documented defaults.
func Defaults() Config { return Config{Allow: []string{"127.0.0.0/8", "::1"}, By: "register"} }

// Validate returns every fault of the configuration at once.
func (c Config) Validate() []error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if len(c.Allow) == 0 {
		fault("allow is empty: list the addresses or networks that may connect, such as \"192.168.1.20\" or \"192.168.1.0/24\"")
	}
	for _, a := range c.Allow {
		if _, err := network(a); err != nil {
			fault("allow: %q: write an address or a network, such as \"192.168.1.20\" or \"192.168.1.0/24\"", a)
		}
	}
	for _, o := range c.Origins {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			fault("origins: %q: write scheme, host and port as the browser does, such as \"https://shop.example\"", o)
		}
	}
	if c.By == "" || len(c.By) > 64 || strings.ContainsFunc(c.By, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		fault("by = %q: write a name of 1 to 64 printable characters", c.By)
	}
	return faults
}

func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// Allows reports whether a client may connect from an address (host:port).
func (c Config) Allows(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(c.Allow, func(a string) bool {
		n, err := network(a)
		return err == nil && n.Contains(at.Addr().Unmap())
	})
}

// Admits reports whether a request comes from an address and, if a browser sent
// it, from a page that may ask; it then says so to the browser. A page of
// another origin names itself, or its browser says that it does not come from here.
func (c Config) Admits(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Set("Vary", "Origin")
	if !c.Allows(r.RemoteAddr) {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "none"
	}
	if !slices.Contains(c.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	return true
}
