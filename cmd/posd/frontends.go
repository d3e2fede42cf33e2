package main

import (
	"context"
	"fmt"
	"net"

	"posd/device/hwproxy"
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
	return f, nil
}

func (f frontEnds) close() {
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
	return run
}
