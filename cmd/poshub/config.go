package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"posd/device/sale"
	"posd/sync/fleet"
)

// Config is the whole configuration file.
type Config struct {
	// Chain is the chain's name, as it stands in the counters' [fleet]. No default.
	Chain string `toml:"chain"`
	// Title stands on the page. Default: the chain's name.
	Title string `toml:"title"`
	// TimeZone and DayEnds give the days of the chain's sums. Default: the machine's zone, 00:00.
	TimeZone string `toml:"time_zone"`
	DayEnds  string `toml:"day_ends"`
	NATS     NATS   `toml:"nats"`
	Books    Books  `toml:"books"`
	Page     Page   `toml:"page"`
}

// NATS says where the stream is.
type NATS struct {
	// Servers, CredentialFile and CAFile are as in a counter's [fleet].
	Servers        []string `toml:"servers"`
	CredentialFile string   `toml:"credential_file"`
	CAFile         string   `toml:"ca_file"`
	// Stream is the stream's name. Default BOOKS.
	Stream string `toml:"stream"`
	// Consumer is the name under which this hub's books read the stream. Hubs that
	// share a database share it. Default hub.
	Consumer string `toml:"consumer"`
	// AckWait is after how many seconds a message that a hub took and did not finish,
	// because it was killed, is handed out again. Default 60.
	AckWait int `toml:"ack_wait"`
	// Replicas is how many copies the stream has: 3 where there are three servers. Default 1.
	Replicas int `toml:"replicas"`
	// Domains are the JetStream domains of shops with a server of their own, each called like its shop.
	Domains []string `toml:"domains"`
	// Monitor lists the servers' monitoring pages, such as http://10.0.0.5:8222.
	Monitor []string `toml:"monitor"`
}

// Books says where the books are kept.
type Books struct {
	// Path is SQLite's file. Default /var/lib/poshub/books.db.
	Path string `toml:"path"`
	// PostgresFile holds the address of a PostgreSQL database instead, such as
	// postgres://user:password@host/books; it is a secret. Default "": the systemd
	// credential postgres-url if there is one, else SQLite.
	PostgresFile string `toml:"postgres_file"`
}

// Page says where the page is.
type Page struct {
	// Listen is its address. Another one than loopback needs a token. Default 127.0.0.1:8490.
	Listen string `toml:"listen"`
	// Tokens is the file of the tokens' digests; `poshub token create` writes it. Default /var/lib/poshub/tokens.
	Tokens string `toml:"tokens"`
}

func defaults() Config {
	return Config{
		DayEnds: "00:00",
		NATS:    NATS{Stream: "BOOKS", Consumer: "hub", AckWait: 60, Replicas: 1},
		Books:   Books{Path: "/var/lib/poshub/books.db"},
		Page:    Page{Listen: "127.0.0.1:8490", Tokens: "/var/lib/poshub/tokens"},
	}
}

// load reads and judges a configuration file: all that is wrong with it at once.
func load(path string) (Config, error) {
	c := defaults()
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read the configuration: %w: configs/nats/poshub.toml is a documented sample; name another file with -config", err)
	}
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return c, fmt.Errorf("%s: unknown keys:\n%s", path, strict.String())
		}
		return c, fmt.Errorf("%s: %w", path, err)
	}
	c.Title = cmp.Or(c.Title, c.Chain)
	if faults := c.validate(); len(faults) > 0 {
		return c, fmt.Errorf("%s: %w", path, errors.Join(faults...))
	}
	return c, nil
}

func (c Config) validate() []error {
	faults := fleet.ServerFaults(c.NATS.Servers)
	bad := func(wrong bool, format string, a ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, a...))
		}
	}
	for _, n := range append([]string{c.Chain, c.NATS.Stream, c.NATS.Consumer}, c.NATS.Domains...) {
		bad(len(fleet.Name{Chain: n, Shop: "s", Till: "t"}.Validate()) > 0, "%q is no name for chain, stream, consumer or domain: write letters, digits, - and _", n)
	}
	bad(c.NATS.Replicas < 1 || c.NATS.Replicas > 5, "replicas = %d: write 1, or 3 where there are three servers", c.NATS.Replicas)
	bad(c.NATS.AckWait < 1 || c.NATS.AckWait > 3600, "ack_wait = %d: write seconds, 1 to 3600", c.NATS.AckWait)
	bad(!filepath.IsAbs(c.Books.Path), "path = %q in [books] is not an absolute path", c.Books.Path)
	bad(!filepath.IsAbs(c.Page.Tokens), "tokens = %q in [page] is not an absolute path", c.Page.Tokens)
	_, _, err := net.SplitHostPort(c.Page.Listen)
	bad(err != nil, "listen = %q in [page]: write host and port, such as 127.0.0.1:8490", c.Page.Listen)
	_, err = c.calendar()
	bad(err != nil, "time_zone or day_ends: %v", err)
	return faults
}

func (c Config) calendar() (sale.Calendar, error) {
	zone := time.Local
	if c.TimeZone != "" {
		var err error
		if zone, err = time.LoadLocation(c.TimeZone); err != nil {
			return sale.Calendar{}, err
		}
	}
	return sale.NewCalendar(zone, c.DayEnds)
}

func (c Config) plan() fleet.StreamPlan {
	return fleet.StreamPlan{Stream: c.NATS.Stream, Chain: c.Chain, Replicas: c.NATS.Replicas, Domains: c.NATS.Domains}
}

func (n NATS) ackWait() time.Duration { return time.Duration(n.AckWait) * time.Second }

// secretFile returns the path of a secret: as named, or as systemd hands it over; empty if there is none.
func secretFile(named, credential string) string {
	if named != "" {
		return named
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		if path := filepath.Join(dir, credential); fileThere(path) {
			return path
		}
	}
	return ""
}

func fileThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// url returns the address of the PostgreSQL database, empty for SQLite.
func (b Books) url() (string, error) {
	path := secretFile(b.PostgresFile, "postgres-url")
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the database's address: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
