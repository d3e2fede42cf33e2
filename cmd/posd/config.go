package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
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

// judge has every part judge itself, and what lies between the parts.
func (c *Config) judge(d *strict) {
	d.judge("shop", c.Shop.Validate())
	d.judge("store", c.Store.Validate())
	c.judgeSecondPlaces(d)
	d.judge("api", c.API.validate())
	d.judge("pages", c.Pages.Validate())
	d.judge("people", c.People.validate())
	d.judge("daemon", c.Daemon.validate())
	if t := c.Terminal; t != nil {
		d.judge("terminal", append(t.lineFaults(), t.cancelFaults()...))
		d.judge("terminal", t.driverFaults(c.Gateway != nil))
		d.judge("terminal", t.Config.Validate())
	}
	if g := c.Gateway; g != nil {
		d.judge("gateway", g.Config.Validate())
		d.judge("gateway", g.noticeFaults())
		if g.FirstReport != guarded && g.FirstReport != trusted {
			d.fault("gateway.first_report", "first_report = %q is not known: write %q or %q", g.FirstReport, guarded, trusted)
		}
		for _, f := range []struct{ key, path string }{{"key_file", g.KeyFile}, {"answer_key_file", g.AnswerKeyFile}} {
			if f.path != "" && !filepath.IsAbs(f.path) {
				d.fault("gateway."+f.key, "%s = %q is not an absolute path: write it from the root, such as \"/etc/posd/iotpay-key\"", f.key, f.path)
			}
		}
	}
	d.judge("scan", c.Scan.Validate())
	if s := c.Scanner; s != nil {
		d.judge("scanner", s.LineConfig.validate())
		d.judge("scanner", s.validate())
		if c.Gateway == nil {
			d.judge("scanner", []error{errors.New("the wallets whose codes a scanner reads need [gateway]: configure it, or remove [scanner]")})
		}
	}
	names := map[string]bool{}
	for i, s := range c.Displays {
		at := fmt.Sprintf("display.%d", i)
		d.judge(at, s.LineConfig.validate())
		d.judge(at, s.Config.Validate())
		if names[s.Name] {
			d.judge(at, []error{fmt.Errorf("name = %q is the name of another display, too: give each its own", s.Name)})
		}
		names[s.Name] = true
	}
	if p := c.Printer; p != nil {
		d.judge("printer", p.LineConfig.validate())
		d.judge("printer", p.Config.Validate())
		d.judge("printer", p.logoFault())
	}
	c.judgeFrontEnds(d)
	c.judgeWebhooks(d)
	taken := map[string]string{}
	for _, l := range c.lines() {
		if by, ok := taken[l.config.Line]; ok && l.config.Line != "" {
			d.judge(l.path, []error{fmt.Errorf("line = %q is the line of [%s], too: each device needs its own", l.config.Line, sectionName(by))})
		}
		taken[l.config.Line] = l.path
	}
}

// judgeFrontEnds judges the places of other devices that posd takes.
func (c *Config) judgeFrontEnds(d *strict) {
	if p := c.POSLINK; p != nil {
		d.judge("poslink", p.Validate())
		if c.Terminal == nil {
			d.judge("poslink", []error{errors.New("registers that drive a card terminal need [terminal]: configure it, or remove [poslink]")})
		}
	}
	if h := c.HWProxy; h != nil {
		d.judge("hw_proxy", h.Validate())
		if c.Terminal == nil {
			d.judge("hw_proxy", []error{errors.New("card payments of Odoo's pages need [terminal]: configure it, or remove [hw_proxy]")})
		}
	}
	if n := c.Nexo; n != nil {
		d.judge("nexo", n.Validate())
		if c.Terminal == nil {
			d.judge("nexo", []error{errors.New("registers that drive a card terminal need [terminal]: configure it, or remove [nexo]")})
		}
	}
}

// judgeSecondPlaces judges where the journal is kept besides the box.
func (c *Config) judgeSecondPlaces(d *strict) {
	if c.Backup != nil {
		d.judge("backup", c.Backup.Validate())
	}
	if c.Fleet != nil {
		d.judge("fleet", c.Fleet.Validate())
	}
}

// judgeWebhooks judges every target, and that two can be told apart.
func (c *Config) judgeWebhooks(d *strict) {
	names := map[string]bool{}
	for i, w := range c.Webhooks {
		at := fmt.Sprintf("webhook.%d", i)
		d.judge(at, w.Validate())
		if names[w.NoteName()] {
			d.judge(at, []error{errors.New("name is that of another target, too: give each its own")})
		}
		names[w.NoteName()] = true
	}
}

// lines lists the line of every device, with the path of its section.
func (c *Config) lines() []struct {
	path   string
	config port.Config
} {
	type line = struct {
		path   string
		config port.Config
	}
	var all []line
	if c.Terminal != nil && c.Terminal.Driver == drivenHere {
		all = append(all, line{"terminal", c.Terminal.LineConfig.Config})
	}
	if c.Scanner != nil {
		all = append(all, line{"scanner", c.Scanner.LineConfig.Config})
	}
	for i, s := range c.Displays {
		all = append(all, line{fmt.Sprintf("display.%d", i), s.LineConfig.Config})
	}
	if c.Printer != nil {
		all = append(all, line{"printer", c.Printer.LineConfig.Config})
	}
	return all
}

func (l LineConfig) validate() []error {
	if l.Line == "" {
		return append([]error{errors.New(`line is empty: name the device's line, "/dev/..." or "tcp:host:port" (` + "`posd devices`" + ` lists what is plugged in), or remove the section`)}, l.Config.Validate()...)
	}
	return l.Config.Validate()
}

func (a API) validate() []error {
	var faults []error
	if err := api.ListenAllowed(a.Listen); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, a.lanFaults()...)
	if a.Socket != "" && !filepath.IsAbs(a.Socket) {
		faults = append(faults, fmt.Errorf(`socket = %q is not an absolute path: write it from the root, such as %q, or "" for none`, a.Socket, defaultSocket))
	}
	if len(a.Socket) > 107 { // sun_path
		faults = append(faults, fmt.Errorf("socket has %d characters, and the path of a socket at most 107: choose a shorter one", len(a.Socket)))
	}
	return faults
}

// lanFaults are what is wrong with what is said of the network.
func (a API) lanFaults() (faults []error) {
	if a.LANListen != "" {
		if err := api.LANAllowed(a.LANListen); err != nil {
			faults = append(faults, err)
		}
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		faults = append(faults, errors.New("cert_file and key_file go together: name both, or neither for what posd tls init makes"))
	}
	for _, one := range []struct{ key, path string }{{"cert_file", a.CertFile}, {"key_file", a.KeyFile}} {
		if one.path != "" && !filepath.IsAbs(one.path) {
			faults = append(faults, fmt.Errorf("%s = %q is not an absolute path: write it from the root", one.key, one.path))
		}
	}
	for _, name := range a.Hosts {
		if name == "" || strings.ContainsAny(name, "/: *") {
			faults = append(faults, fmt.Errorf("hosts holds %q: write a name alone, such as till.local, without port or path", name))
		}
	}
	for _, o := range a.Origins {
		if u, err := url.Parse(o); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || o != u.Scheme+"://"+u.Host || strings.Contains(o, "*") {
			faults = append(faults, fmt.Errorf("origins holds %q: write it as browsers do, such as https://shop.example, without a path", o))
		}
	}
	return faults
}

func (d Daemon) validate() []error {
	var faults []error
	if _, err := parseLevel(d.LogLevel); err != nil {
		faults = append(faults, err)
	}
	if d.StopWait < 0 || d.StopWait > 10*time.Minute {
		faults = append(faults, fmt.Errorf("stop_wait = %s: write up to 10m, or 0s to wait for nothing; TimeoutStopSec of the unit must be longer", d.StopWait))
	}
	if !filepath.IsAbs(d.LockDir) {
		faults = append(faults, fmt.Errorf(`lock_dir = %q is not an absolute path: write it from the root, such as "/run/lock"`, d.LockDir))
	}
	return faults
}

func parseLevel(s string) (slog.Level, error) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	l, ok := levels[s]
	if !ok {
		return 0, fmt.Errorf("log_level = %q is not known: use debug, info, warn or error", s)
	}
	return l, nil
}

// The names under which systemd hands the keys over.
const (
	keyCredential       = "iotpay-key"
	answerKeyCredential = "iotpay-answer-key"
)

// credential returns the path of a systemd credential; "" if there are none.
func credential(name string) string {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		return filepath.Join(dir, name)
	}
	return ""
}

// merchantKey reads the key from its file or from the systemd credential.
func (g *Gateway) merchantKey() (sale.Secret, error) {
	path := cmp.Or(g.KeyFile, credential(keyCredential))
	if path == "" {
		return "", fmt.Errorf("the merchant key is missing: put it into a file that only posd can read and name that file as key_file in [gateway], or hand it over as the systemd credential %s", keyCredential)
	}
	return readKey(path, "merchant key", "key_file")
}

// answerKey reads the key that signs the gateway's answers; "" where none is
// named, and it is the merchant key.
func (g *Gateway) answerKey() (sale.Secret, error) {
	path := g.AnswerKeyFile
	if path == "" {
		path = credential(answerKeyCredential)
		if _, err := os.Stat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
	}
	return readKey(path, "key of the gateway's answers", "answer_key_file")
}

// keys returns what the client is made with.
func (g *Gateway) keys() (sale.Secret, []iotpay.Option, error) {
	key, err := g.merchantKey()
	if err != nil {
		return "", nil, err
	}
	answers, err := g.answerKey()
	if err != nil || answers == "" {
		return key, nil, err
	}
	return key, []iotpay.Option{iotpay.WithAnswerKey(answers)}, nil
}

// readKey reads a key of one line.
func readKey(path, what, option string) (sale.Secret, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the %s: %w: %s in [gateway] names the file", what, err, option)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\r\n\x00") {
		return "", fmt.Errorf("%s does not hold a %s: it must be one line, the key that IOTPay gave", path, what)
	}
	return sale.Secret(key), nil
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
