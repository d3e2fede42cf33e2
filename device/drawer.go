package device

import (
	"context"
	"time"

	"posd/device/sale"
)

// The cash drawer is opened by a job of its own: written down, then the pulse,
// then what became of it.
//
//	DrawerAsked --> job queued, durable --> pulse --> job sent, or failed in words
//
// A pulse is never sent twice: a drawer that opens by itself, perhaps hours
// later, is worse than one that stays shut. What a restart finds queued may have
// been sent; it is ended as failed.

// kickLimit is how long the drawer may wait for its turn at the printer: a
// person who asked for it has used the key by then.
const kickLimit = 15 * time.Second

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
		return sale.DrawerAsked{Token: tok, By: by}, nil
	})
	return err
}

// kick sends the pulse.
func (t *Till) kick(ctx context.Context, job string) {
	ctx, cancel := context.WithTimeout(ctx, kickLimit)
	defer cancel()
	done := sale.DrawerDone{Job: job}
	if err := t.o.Drawer.OpenDrawer(ctx); err != nil {
		done.Words = err.Error()
	}
	t.post(done)
}

// kick is a job of the drawer with who waits for it.
type kick struct {
	job   sale.Job
	token sale.Token
}

// drawer writes down who asked; the pulse waits for that. What cannot be written
// is not tried again later.
func (c *Core) drawer(w sale.DrawerAsked) {
	j := sale.Job{ID: c.newID(), Kind: sale.JobDrawer, By: w.By, State: sale.PrintQueued, At: c.wall()}
	c.kicks[j.ID] = kick{j, w.Token}
	c.row(sale.JobRow{Job: j})
	c.row(sale.EventRow{At: c.wall(), Kind: "drawer.asked", Data: sale.DrawerData{By: w.By}})
	c.out.Intent = &sale.IntentFailed{Job: j.ID}
	c.urgent()
	c.after(sale.OpenDrawer{Job: j.ID})
}

// drawerDone notes what became of the pulse.
func (c *Core) drawerDone(id, words string) {
	k, ok := c.kicks[id]
	if !ok {
		return
	}
	delete(c.kicks, id)
	if words == "" {
		k.job.State = sale.PrintSent
		c.row(sale.JobRow{Job: k.job})
		c.log(nil, false, "cash drawer", "opened for "+k.job.By)
		c.reply(sale.Reply{Token: k.token, Job: k.job})
		return
	}
	c.kickFailed(k.job, words)
	c.refuse(k.token, ErrUnavailable, "", "the drawer did not open by itself, use its key: %s", words)
}

// drawerForgotten answers who asked for a drawer that could not be written down.
func (c *Core) drawerForgotten(id, words string) {
	k := c.kicks[id]
	delete(c.kicks, id)
	c.refuse(k.token, ErrUnavailable, "", "posd cannot write down who asked, so the drawer stays shut: %s", words)
}

// takeUpKick ends a job of an earlier run, whose pulse may have been sent.
func (c *Core) takeUpKick(j sale.Job) {
	c.kickFailed(j, "posd stopped before it knew whether the drawer opened; it was not tried again")
}

// kickFailed notes a drawer that may have stayed shut.
func (c *Core) kickFailed(j sale.Job, words string) {
	j.State, j.Words = sale.PrintFailed, words
	c.row(sale.JobRow{Job: j})
	c.row(sale.EventRow{At: c.wall(), Kind: "drawer.failed", Data: sale.DrawerData{By: j.By, Words: words}})
	c.log(nil, true, "cash drawer", "asked for by "+j.By+": "+words)
}
