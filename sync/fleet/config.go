package fleet

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Name is where a counter stands in its chain.
type Name struct {
	// Chain, Shop and Till name the counter. Letters, digits, - and _, at most 32. No default.
	Chain string `toml:"chain"`
	Shop  string `toml:"shop"`
	Till  string `toml:"till"`
}

// Config says where a counter's commits are published, and under which name.
type Config struct {
	// Servers are the NATS servers, such as tls://hub.example:4222; TLS is only left
	// out (nats://) towards this very machine. No default.
	Servers []string `toml:"servers"`
	Name
	// Stream is the name of the stream. Default BOOKS.
	Stream string `toml:"stream"`
	// CredentialFile holds the counter's credential: a NATS credentials file or an
	// NKey seed. Default "": the systemd credential nats-credential; without one
	// none is shown, which servers on this machine may allow.
	CredentialFile string `toml:"credential_file"`
	// CAFile holds the certificates that the servers' are checked against. Default
	// "": the box's own.
	CAFile string `toml:"ca_file"`
	// Answers lets the chain's centre ask how this counter is: check, devices, queue,
	// the end of the log, a support bundle. Nothing of it moves money or changes a
	// setting, and each question is noted in the journal. Default false.
	Answers bool `toml:"answers"`
}

// Defaults returns the documented defaults.
func Defaults() Config { return Config{Stream: "BOOKS"} }

// A token of a NATS subject may not hold dots, stars, angle brackets, spaces or control
// characters; names are checked and never rewritten, so that two never become one.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

// Validate returns every fault of the name.
func (n Name) Validate() []error {
	var faults []error
	for _, part := range []struct{ key, value string }{{"chain", n.Chain}, {"shop", n.Shop}, {"till", n.Till}} {
		if !plain.MatchString(part.value) {
			faults = append(faults, fmt.Errorf("%s = %q: write a name of letters, digits, - and _, at most 32 of them, such as %q", part.key, part.value, part.key+"-1"))
		}
	}
	return faults
}

// Validate returns every fault of the configuration.
func (c Config) Validate() []error {
	faults := append(ServerFaults(c.Servers), c.Name.Validate()...)
	if !plain.MatchString(c.Stream) {
		faults = append(faults, fmt.Errorf("stream = %q: write a name of letters, digits, - and _, such as BOOKS", c.Stream))
	}
	for _, f := range []struct{ key, path string }{{"credential_file", c.CredentialFile}, {"ca_file", c.CAFile}} {
		if f.path != "" && !filepath.IsAbs(f.path) {
			faults = append(faults, fmt.Errorf("%s = %q is not an absolute path: write it from the root", f.key, f.path))
		}
	}
	return faults
}

// ServerFaults says what is wrong with a list of servers' addresses.
func ServerFaults(servers []string) []error {
	if len(servers) == 0 {
		return []error{fmt.Errorf("servers is empty: name the NATS servers, such as servers = [\"tls://hub.example:4222\"]")}
	}
	var faults []error
	for _, s := range servers {
		u, err := url.Parse(s)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery != "":
			faults = append(faults, fmt.Errorf("servers holds an address that is none: write scheme, host and port, such as tls://hub.example:4222, and no password"))
		case u.Scheme == "tls":
		case u.Scheme == "nats" && loopback(u.Hostname()):
		default:
			faults = append(faults, fmt.Errorf("servers has %q: only tls:// leaves this machine, such as tls://%s", s, u.Host))
		}
	}
	return faults
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Subject is what commits of an epoch are published on.
func (n Name) Subject(epoch string) string {
	return strings.Join([]string{"books", n.Chain, n.Shop, n.Till, epoch}, ".")
}

// subjects covers every epoch of the counter.
func (n Name) subjects() string { return n.Subject("*") }

// statusSubject is what the counter says of itself on; nothing of it is kept.
func (n Name) statusSubject() string {
	return strings.Join([]string{"status", n.Chain, n.Shop, n.Till}, ".")
}

// askSubject is what a question to the counter is asked on.
func (n Name) askSubject(question string) string {
	return strings.Join([]string{"ask", n.Chain, n.Shop, n.Till, question}, ".")
}

func (n Name) String() string { return n.Shop + "/" + n.Till }

// credential returns the path of the credential, empty if there is none.
func (c Config) credential() (string, error) {
	if c.CredentialFile != "" {
		return c.CredentialFile, nil
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", nil
	}
	path := filepath.Join(dir, "nats-credential")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return "", nil
	}
	return path, nil
}
