package device

import (
	"cmp"
	"context"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// drawerLimit is how long the drawer may wait for its turn at the printer: shorter
// than a request may take, so that who asked is told. The key is used by then.
const drawerLimit = 8 * time.Second

// OpenDrawer opens the cash drawer without a sale. Who asked is durable before
// the pulse is sent: a drawer that opens leaves a name behind.
func (t *Till) OpenDrawer(ctx context.Context, by string) error {
	by = cmp.Or(by, sale.ActorOf(ctx).Person)
	switch {
	case t.o.Drawer == nil:
		return &sale.Refusal{Kind: sale.ErrNoDevice, Words: `there is no cash drawer here: say in [printer] where it is plugged in, drawer = "pin2" or "pin5"`}
	case by == "" || len(by) > 64 || !sale.Printable(by):
		return &sale.Refusal{Kind: sale.ErrInvalid, Words: "the name of the person who asks is needed, at most 64 characters"}
	}
	_, err := t.ask(ctx, func(_ context.Context, tok core.Token) (core.Event, error) {
		return core.DrawerAsked{Token: tok, By: by}, nil
	})
	return err
}

// sendPulse sends the pulse.
func (t *Till) sendPulse(ctx context.Context, job string) {
	ctx, cancel := context.WithTimeout(ctx, drawerLimit)
	defer cancel()
	done := core.DrawerDone{Job: job}
	if err := t.o.Drawer.OpenDrawer(ctx); err != nil {
		done.Words = err.Error()
	}
	t.post(done)
}
