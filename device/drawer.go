package device

import (
	"context"

	"posd/device/sale"
)

// OpenDrawer opens the cash drawer without a sale. Who asked is durable before
// the pulse is sent: a drawer that opens leaves a name behind.
func (t *Till) OpenDrawer(ctx context.Context, by string) error {
	switch {
	case t.o.Drawer == nil:
		return &Refusal{Kind: ErrNoDevice, Words: `there is no cash drawer here: say in [printer] where it is plugged in, drawer = "pin2" or "pin5"`}
	case by == "" || len(by) > 64 || !printable(by):
		return &Refusal{Kind: ErrInvalid, Words: "the name of the person who asks is needed, at most 64 characters"}
	}
	_, err := t.ask(ctx, func(_ context.Context, tok sale.Token) (sale.Happening, error) {
		if t.failing != "" {
			return nil, &Refusal{Kind: ErrUnavailable, Words: "posd cannot write down who asked, so the drawer stays shut: " + t.failing}
		}
		return sale.DrawerAsked{Token: tok, By: by}, nil
	})
	if err != nil {
		return err
	}
	err = t.o.Drawer.OpenDrawer(ctx)
	t.o.Log.Info("cash drawer", "by", by, "err", err)
	if err != nil {
		return &Refusal{Kind: ErrUnavailable, Words: "the drawer did not open by itself, use its key: " + err.Error()}
	}
	return nil
}

// drawer writes down who asked; the answer, and the pulse behind it, wait for that.
func (c *Core) drawer(w sale.DrawerAsked) {
	c.row(sale.EventRow{At: c.wall(), Kind: "drawer.asked", Data: sale.DrawerData{By: w.By}})
	c.urgent()
	c.after(sale.Reply{Token: w.Token})
}
