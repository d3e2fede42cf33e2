package display

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// probes are questions that change nothing on a display and mean nothing to
// most other devices. They are for a line that a person points at, never for one
// that is configured as something else.
var probes = map[string]func(context.Context, *Conn, time.Duration) (sale.Identity, error){
	"nextion": nextionConnect,
	"bonrix":  bonrixFree,
	"dmd70":   dmIdentity,
}

// Probes lists the drivers whose devices can be asked who they are. Text poles
// cannot: they have no voice.
func Probes() []string { return slices.Sorted(maps.Keys(probes)) }

// Probe asks the device on a line whether it is one for this driver, and closes
// the line again. The error says why it does not seem to be.
func Probe(ctx context.Context, link Link, driver string, wait time.Duration) (sale.Identity, error) {
	ask, ok := probes[driver]
	if !ok {
		return sale.Identity{}, fmt.Errorf("a %s cannot be asked who it is: only %s can", driver, strings.Join(Probes(), ", "))
	}
	if _, err := link.Open(ctx); err != nil {
		return sale.Identity{}, fmt.Errorf("ask for a %s: %w", driver, err)
	}
	c, err := newConn(link)
	if err != nil {
		link.Close()
		return sale.Identity{}, err
	}
	defer c.end()
	id, err := ask(ctx, c, wait)
	if err != nil {
		return sale.Identity{}, fmt.Errorf("ask for a %s: %w", driver, noAnswer(err, wait))
	}
	return id, nil
}
