package core

import (
	"cmp"

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

// drawerJob is a job of the drawer with who waits for it.
type drawerJob struct {
	job   sale.Job
	token Token
}

// happen writes down who asked; the pulse waits for that. What cannot be written
// is not tried again later.
func (w DrawerAsked) happen(c *Machine) {
	if c.lacks(w.Token, sale.RightDrawer) {
		return
	}
	c.out.Intent = &IntentFailed{Job: c.openDrawer(sale.Job{By: w.By}, w.Token)}
}

// openDrawer writes down why the drawer opens; the pulse waits for that.
func (c *Machine) openDrawer(j sale.Job, t Token) (id string) {
	j.ID, j.Kind, j.State, j.At = c.newID(), sale.JobDrawer, sale.PrintQueued, c.wall()
	c.drawerJobs[j.ID] = drawerJob{j, t}
	c.row(sale.JobRow{Job: j})
	c.row(sale.EventRow{At: c.wall(), Sale: j.Sale, Kind: "drawer.asked", Data: sale.DrawerData{By: j.By, Acted: c.in.Actor.Acted()}})
	c.urgent()
	c.after(OpenDrawer{Job: j.ID})
	return j.ID
}

// happen notes what became of the pulse.
func (w DrawerDone) happen(c *Machine) {
	k, ok := c.drawerJobs[w.Job]
	if !ok {
		return
	}
	delete(c.drawerJobs, w.Job)
	if w.Words == "" {
		k.job.State = sale.PrintSent
		c.row(sale.JobRow{Job: k.job})
		c.log(nil, false, "cash drawer", "opened for "+cmp.Or(k.job.By, string(k.job.Sale)))
		if k.token == 0 {
			return
		}
		c.reply(Reply{Token: k.token, Job: k.job})
		return
	}
	c.drawerFailed(k.job, w.Words)
	if k.token == 0 {
		return
	}
	c.refuse(k.token, sale.ErrUnavailable, "", "the drawer did not open by itself, use its key: %s", w.Words)
}

// drawerForgotten answers who asked for a drawer that could not be written down.
func (c *Machine) drawerForgotten(id, words string) {
	k := c.drawerJobs[id]
	delete(c.drawerJobs, id)
	c.refuse(k.token, sale.ErrUnavailable, "", "posd cannot write down who asked, so the drawer stays shut: %s", words)
}

// takeUpDrawer ends a job of an earlier run, whose pulse may have been sent.
func (c *Machine) takeUpDrawer(j sale.Job) {
	c.drawerFailed(j, "posd stopped before it knew whether the drawer opened; it was not tried again")
}

// drawerFailed notes a drawer that may have stayed shut.
func (c *Machine) drawerFailed(j sale.Job, words string) {
	j.State, j.Words = sale.PrintFailed, words
	c.row(sale.JobRow{Job: j})
	c.row(sale.EventRow{At: c.wall(), Kind: "drawer.failed", Data: sale.DrawerData{By: j.By, Words: words}})
	c.log(nil, true, "cash drawer", "asked for by "+cmp.Or(j.By, string(j.Sale))+": "+words)
}
