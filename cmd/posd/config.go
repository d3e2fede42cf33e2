package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"posd/device/api"
	"posd/device/core"
	"posd/device/hwproxy"
	"posd/device/nexo"
	"posd/device/port"
	"posd/device/poslink"
	"posd/device/sale"
	"posd/display"
	"posd/printer"
	"posd/store"
	"posd/sync/iotpay"
)

// Config is the whole configuration file. A section that does not stand in
// it is a device that is not there.
type Config struct {
	Shop     Shop            `toml:"shop"`
	Store    store.Config    `toml:"store"`
	Backup   *Backup         `toml:"backup"`
	Fleet    *Fleet          `toml:"fleet"`
	Webhooks []Webhook       `toml:"webhook"`
	API      API             `toml:"api"`
	Pages    api.Pages       `toml:"pages"`
	People   People          `toml:"people"`
	Daemon   Daemon          `toml:"daemon"`
	Terminal *Terminal       `toml:"terminal"`
	Gateway  *Gateway        `toml:"gateway"`
	Scan     iotpay.Prefixes `toml:"scan"`
	Scanner  *Scanner        `toml:"scanner"`
	Displays []Display       `toml:"display"`
	Printer  *Printer        `toml:"printer"`
	POSLINK  *POSLINK        `toml:"poslink"`
	HWProxy  *HWProxy        `toml:"hw_proxy"`
	Nexo     *Nexo           `toml:"nexo"`
}

// Shop is the place and how it sells.
type Shop struct {
	// Name stands on the pages, and on displays and receipts that have no name of their own. Default "".
	Name string `toml:"name"`
	core.Policy
}

// API says where posd listens.
type API struct {
	// Listen is the TCP address of the API and the pages; loopback only. Default 127.0.0.1:8480.
	Listen string `toml:"listen"`
	// LANListen is the address in the shop's network at which tablets and registers
	// ask, over TLS and by token; empty for none. Default "".
	LANListen string `toml:"lan_listen"`
	// CertFile and KeyFile are the certificate for it; empty: what `posd tls init` made. Default "".
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
	// Hosts are names by which posd may be asked besides its addresses. Default none.
	Hosts []string `toml:"hosts"`
	// Origins are other web pages that may ask, as browsers name them. Default none.
	Origins []string `toml:"origins"`
	// Socket is the path of the unix socket, mode 0660; empty for none. Default /run/posd/posd.sock.
	Socket string `toml:"socket"`
}

// Daemon is about the process itself.
type Daemon struct {
	// LogLevel is debug, info, warn or error. Default info.
	LogLevel string `toml:"log_level"`
	// LockDir is the folder of the lines' lock files. Default /run/lock.
	LockDir string `toml:"lock_dir"`
	// StopWait is how long a stop waits for the answer of a sale that is at the terminal. Default 2m.
	StopWait time.Duration `toml:"stop_wait"`
}

// Gateway is the account at IOTPay.
type Gateway struct {
	// KeyFile holds the merchant key. Default "": the systemd credential iotpay-key.
	KeyFile string `toml:"key_file"`
	// AnswerKeyFile holds the key that signs the gateway's answers. Default "": the
	// systemd credential iotpay-answer-key if there is one, else the merchant key.
	AnswerKeyFile string `toml:"answer_key_file"`
	// NotifyListen is the address on which the gateway's notifications arrive, by
	// way of notify_url. Default "": nowhere, posd asks instead.
	NotifyListen string `toml:"notify_listen"`
	// FirstReport says whether the first report of an installation is held against the
	// terminal's totals: guarded, or trusted where IOTPay has said that an order by
	// CC_PAX only reports. Default guarded.
	FirstReport string `toml:"first_report"`
	iotpay.Config
}

// Display is one customer display and its line.
type Display struct {
	LineConfig
	display.Config
}

// Printer is the receipt printer and its line.
type Printer struct {
	// LogoFile is the picture above the shop's name: PNG, JPEG or GIF. Default "": none.
	LogoFile string `toml:"logo"`
	LineConfig
	printer.Config
}

// POSLINK puts posd in the card terminal's place for register software that drives one.
type POSLINK struct{ poslink.Config }

// HWProxy puts posd in the place of Odoo's hardware proxy.
type HWProxy struct{ hwproxy.Config }

// LineConfig gives port.Config another name, as it stands beside the driver's Config.
type LineConfig struct{ port.Config }

// defaults returns the configuration of a box on which nothing is configured.
func defaults() Config {
	return Config{
		Shop:   Shop{Policy: core.DefaultPolicy()},
		Store:  store.Defaults(),
		API:    API{Listen: "127.0.0.1:8480", Socket: defaultSocket},
		Daemon: Daemon{LogLevel: "info", LockDir: "/run/lock", StopWait: 2 * time.Minute},
		Scan:   iotpay.DefaultPrefixes(),
		Pages:  api.DefaultPages(),
		People: defaultPeople(),
	}
}

const defaultSocket = "/run/posd/posd.sock"

// Nexo puts posd in the place of a terminal that speaks nexo's sale protocol in JSON.
type Nexo struct{ nexo.Config }

func (n *Nexo) setDefaults()    { n.Config = nexo.Defaults() }
func (p *POSLINK) setDefaults() { p.Config = poslink.Defaults() }
func (h *HWProxy) setDefaults() { h.Config = hwproxy.Defaults() }
func (g *Gateway) setDefaults() { *g = Gateway{FirstReport: guarded, Config: iotpay.Defaults()} }
func (d *Display) setDefaults() { *d = Display{LineConfig{port.Defaults()}, display.Defaults()} }
func (p *Printer) setDefaults() {
	*p = Printer{LineConfig: LineConfig{port.Defaults()}, Config: printer.Defaults()}
}

// load reads and judges a configuration file. What is wrong with it comes back
// as one *Faults that names everything at once.
func load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("there is no configuration file %s: write one (configs/posd.toml is a documented sample) or name another with -config", path)
	case err != nil:
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return parse(path, text)
}

// parse is load on a file's text.
func parse(path string, text []byte) (Config, error) {
	c := defaults()
	var d strict
	if d.read(text, &c) == nil {
		c.inherit(&d)
		c.judge(&d)
	}
	if len(d.faults) > 0 {
		slices.SortStableFunc(d.faults, func(a, b Fault) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Section, b.Section), strings.Compare(a.Words, b.Words))
		})
		return Config{}, &Faults{File: path, List: d.faults}
	}
	return c, nil
}

// inherit hands down what is said once for the shop.
func (c *Config) inherit(d *strict) {
	c.Shop.ByLaw(func(key string) bool { return d.has("shop." + key) })
	for i := range c.Displays {
		at := fmt.Sprintf("display.%d", i)
		if !d.has(at + ".language") {
			c.Displays[i].Language = c.Shop.Language
		}
		if !d.has(at+".shop_name") && len([]rune(c.Shop.Name)) <= 20 { // longer ones do not fit
			c.Displays[i].ShopName = c.Shop.Name
		}
		c.Displays[i].LockDir = c.Daemon.LockDir
	}
	if p := c.Printer; p != nil {
		if !d.has("printer.language") {
			p.Language = c.Shop.Language
		}
		if !d.has("printer.release_after") && strings.HasPrefix(p.Line, "tcp:") {
			p.ReleaseAfter = 2 * time.Second // another till may use it
		}
		if !d.has("printer.shop.name") {
			p.Shop.Name = c.Shop.Name
		}
		p.LockDir = c.Daemon.LockDir
	}
	if c.Terminal != nil {
		c.Terminal.LockDir = c.Daemon.LockDir
	}
	if c.Scanner != nil {
		c.Scanner.LockDir = c.Daemon.LockDir
	}
}

// methods lists what can be taken here, in the order of the pages' buttons.
func (c Config) methods() []sale.Method {
	all := []sale.Method{}
	if c.Terminal != nil {
		all = append(all, sale.Card)
	}
	if c.Gateway != nil {
		all = append(all, sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan)
	}
	if c.Shop.Cash {
		all = append(all, sale.Cash)
	}
	return all
}
