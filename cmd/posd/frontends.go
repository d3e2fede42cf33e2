package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"posd/device/hwproxy"
	"posd/device/nexo"
	"posd/device/poslink"
	"posd/device/sale"
)

// frontEnds are the places of other devices that posd takes: each asks the till
// as the API does, and none is there unless it is configured. Their protocols know no
// persons: what they ask stands in the journal under the section's name and by, and
// takes nobody's PIN.
type frontEnds struct {
	registers *poslink.Listeners
	pages     net.Listener
	nexo      net.Listener
	nexoKey   sale.Secret
}

// openFrontEnds opens the listeners of what is configured.
func openFrontEnds(c Config) (f frontEnds, err error) {
	if c.POSLINK != nil {
		l, err := poslink.Listen(c.POSLINK.Config)
		if err != nil {
			return f, err
		}
		f.registers = &l
	}
	if c.HWProxy != nil {
		if f.pages, err = net.Listen("tcp", c.HWProxy.Listen); err != nil {
			f.close()
			return frontEnds{}, fmt.Errorf("listen = %q in [hw_proxy]: %w", c.HWProxy.Listen, err)
		}
	}
	if c.Nexo != nil {
		if err = f.openNexo(c); err != nil {
			f.close()
			return frontEnds{}, fmt.Errorf("[nexo]: %w", err)
		}
	}
	return f, nil
}

// openNexo reads what sealed messages and https need, and listens.
func (f *frontEnds) openNexo(c Config) (err error) {
	if path := c.Nexo.PassphraseFile; path != "" {
		if f.nexoKey, err = readKey(path, "passphrase of sealed messages", "passphrase_file"); err != nil {
			return err
		}
	}
	if !c.Nexo.TLS {
		f.nexo, err = net.Listen("tcp", c.Nexo.Listen)
		return err
	}
	cert := &certificate{files: c.tlsFiles(), now: time.Now}
	if _, err := cert.load(); err != nil {
		return err
	}
	f.nexo, err = tls.Listen("tcp", c.Nexo.Listen, cert.config())
	return err
}

func (f frontEnds) close() {
	if f.nexo != nil {
		f.nexo.Close()
	}
	if f.registers != nil {
		f.registers.Close()
	}
	if f.pages != nil {
		f.pages.Close()
	}
}

// frontEndParts are what runs for the front ends that are there.
func (d *daemon) frontEndParts() []part {
	var run []part
	if l := d.fronts.registers; l != nil {
		run = append(run, part{"registers", func(ctx context.Context) error {
			noted, err := d.till.Noted(ctx)
			if err != nil {
				return err
			}
			return poslink.New(d.config.POSLINK.Config, poslink.Options{
				Till: d.till, Notes: d.till, Earlier: noted, NewKey: func() string { return "poslink/" + newKey() },
				Log: d.log.With("front", "poslink"),
			}).Run(sale.WithActor(ctx, sale.Actor{Front: "poslink " + d.config.POSLINK.By}), *l)
		}})
	}
	if l := d.fronts.pages; l != nil {
		run = append(run, part{"hardware proxy", func(ctx context.Context) error {
			noted, err := d.till.Noted(ctx)
			if err != nil {
				return err
			}
			return hwproxy.New(d.config.HWProxy.Config, hwproxy.Options{
				Till: d.till, Notes: d.till, Earlier: noted, NewKey: func() string { return "hwproxy/" + newKey() },
				Devices: d.board.last, Log: d.log.With("front", "hw_proxy"),
			}).Run(sale.WithActor(ctx, sale.Actor{Front: "hw_proxy " + d.config.HWProxy.By}), l)
		}})
	}
	if l := d.fronts.nexo; l != nil {
		run = append(run, part{"nexo registers", func(ctx context.Context) error {
			noted, err := d.till.Noted(ctx)
			if err != nil {
				return err
			}
			s, err := nexo.New(d.config.Nexo.Config, nexo.Options{
				Till: d.till, Notes: d.till, Earlier: noted, NewKey: func() string { return "nexo/" + newKey() },
				Passphrase: d.fronts.nexoKey, Devices: d.board.last, Log: d.log.With("front", "nexo"),
			})
			if err != nil {
				return err
			}
			return s.Run(sale.WithActor(ctx, sale.Actor{Front: "nexo " + d.config.Nexo.By}), l)
		}})
	}
	return run
}
