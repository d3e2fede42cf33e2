package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"posd/device/api"
	"posd/device/port"
)

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
