package main

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// playDemo builds a counter for a person and keeps it until ctx ends.
func playDemo(ctx context.Context, set setup, out io.Writer) error {
	if set.listen == "" {
		if claim := claimUsualAddr(); claim != nil {
			defer claim.Close()
			set.listen = usualAddr
		}
	}
	c, err := openCounter(ctx, set, out)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "stopping")
		if err := c.Close(); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	c.introduce(out)
	watched, cancel := c.watch(ctx)
	defer cancel()
	var parts sync.WaitGroup
	parts.Go(func() {
		c.shopper.shop(watched, c.glass)
	})
	<-watched.Done()
	parts.Wait()
	if ctx.Err() != nil { // Ctrl-C
		return nil
	}
	return context.Cause(watched)
}

// introduce says where everything is.
func (c *counter) introduce(out io.Writer) {
	fmt.Fprintf(out, `
A counter inside this computer. Open the first page, key an amount, choose a method.

  cashier     http://%[1]s/
  customer    http://%[1]s/display
  manager     http://%[1]s/manager
  simulators  http://%[2]s/   the display's glass, the printer's paper, customers, cables, faults

  terminal    %[3]s   a pseudo-terminal; the customer shows a card after %[7]s
  display     %[4]s   a pseudo-terminal; the customer reads the code off its glass and pays it
  printer     %[5]s
  gateway     http://%[6]s/v1/   merchant %[8]s
  posd        process %[9]d, its log and state in %[10]s
  commands    alias posd='%[11]s -config %[12]s'
              posd sale 28.65 -method card -wait

Waits are shorter than a shop's:
  %[13]s.
Ctrl-C stops it.

`, c.conf.Listen, c.controlAddr, c.conf.Terminal, c.conf.Display, c.conf.Printer, c.conf.Gateway, c.setup.think,
		merchantID, c.running().cmd.Process.Pid, c.dir, c.path, c.file, c.conf.Waits)
}

// customer returns somebody who stands at this counter.
func (c *counter) customer() customer {
	return customer{glass: c.display.PNG, control: "http://" + c.controlAddr + "/gateway", seen: &picture{}}
}

// watch returns a context that ends when ctx does, when posd dies without
// having been asked to, or when a simulator ends.
func (c *counter) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			posd := c.running()
			select {
			case <-ctx.Done():
				return
			case err := <-c.failed:
				cancel(err)
				return
			case <-posd.Done():
				if !posd.expected() {
					cancel(posd.death())
					return
				}
			}
			// It was killed on purpose: wait for the next one.
			if !pause(ctx, nobodyThere) {
				return
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
