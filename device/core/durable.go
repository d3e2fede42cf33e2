package core

import "posd/device/sale"

// intend marks this step's rows as an intent: acted on only when durable.
func (c *Machine) intend(l *live, movement string) {
	c.urgent()
	c.out.Intent = &IntentFailed{Sale: l.s.ID, Movement: movement}
}

func (c *Machine) bind(key, digest string, id sale.ID, movement string) {
	c.keys[key] = sale.KeyBinding{Digest: digest, Sale: id, Movement: movement}
	c.row(sale.KeyRow{Key: key, Digest: digest, Sale: id, Movement: movement, At: c.wall()})
}

// happen notes what has become durable, and gives the answers that waited for it.
func (w Stored) happen(c *Machine) {
	for _, id := range w.Sales {
		l := c.live[id]
		if l == nil {
			continue
		}
		if l.writes--; l.writes > 0 || c.cashStored(l) {
			continue
		}
		for _, r := range l.waiting {
			r.Sale = l.s.Clone()
			c.reply(r)
		}
		l.waiting = nil
	}
	for _, id := range w.Facts {
		if f := c.facts[id]; f != nil {
			if f.writes--; f.writes <= 0 {
				delete(c.facts, id)
			}
		}
	}
	for key, bound := range c.keys {
		if bound.Sale == "" {
			continue // a day's, until the next is closed; a print's, until it is finished
		}
		if l := c.live[bound.Sale]; l == nil || l.writes == 0 {
			delete(c.keys, key)
		}
	}
}

// happen takes back what could not be stored: nothing of it was sent.
func (w IntentFailed) happen(c *Machine) {
	for _, id := range w.Touched {
		if l := c.live[id]; l != nil {
			l.writes--
		}
	}
	if _, own := c.jobs[w.Job]; own {
		c.printForgotten(w.Asked, w.Job, w.Words)
		return
	}
	if w.Job != "" {
		c.drawerForgotten(w.Job, w.Words)
		return
	}
	if w.Setting != 0 {
		c.refuse(w.Setting, sale.ErrUnavailable, "", "the journal cannot be written, so nothing was changed: %s", w.Words)
		return
	}
	l := c.live[w.Sale]
	if l == nil {
		c.closingFailed(w.Words)
		return
	}
	what := "the sale"
	if w.Attempt != "" { // the sale itself is stored since it asked for a tip
		what = "the customer's choice of a tip"
	}
	no := &sale.Refusal{Kind: sale.ErrUnavailable, Words: "posd cannot store " + what + ", so nothing was asked of the terminal or the gateway: " + w.Words}
	for _, r := range l.waiting {
		r.Err = no
		c.reply(r)
	}
	l.waiting = nil
	for key, bound := range c.keys {
		if bound.Sale == w.Sale && bound.Movement == w.Movement {
			delete(c.keys, key)
		}
	}
	if w.Attempt != "" {
		c.tippedForgotten(l, w.Attempt, no.Words)
		return
	}
	if w.Movement != "" {
		l.dropMovement(w.Movement)
		c.term.release(w.Movement)
		return
	}
	c.saleForgotten(l)
}

// saleForgotten takes back a sale that could not be stored.
func (c *Machine) saleForgotten(l *live) {
	c.term.release(string(l.s.ID))
	if len(l.s.Attempts) > 0 {
		c.term.release(l.attempt().Ref)
	}
	if c.current == l.s.ID {
		c.current = ""
	}
	for _, r := range c.byAge { // the chain of replaced sales is what it was
		switch {
		case r.s.ReplacedBy != l.s.ID:
			continue
		case r == l.replaced:
			r.s.ReplacedBy, r.s.GivenUp = "", l.replacedWasGivenUp
		default:
			r.s.ReplacedBy = l.replaced.s.ID
			if l.replaced.s.State.Final() { // it ended meanwhile, and told the sale that was not to be
				c.replacementEnded(r, l.replaced)
			}
		}
		c.notReplaced(r)
	}
	l.neverStored()
	if c.glass.last == l.s.ID {
		c.glass.last = ""
	}
}

// StoredBy says about which sales rows were committed, each as often as it was.
func StoredBy(rows []sale.Row) Stored {
	var st Stored
	for _, r := range rows {
		switch r := r.(type) {
		case sale.SaleRow:
			st.Sales = append(st.Sales, r.Sale.ID)
		case sale.FactRow:
			st.Facts = append(st.Facts, r.Sale)
		}
	}
	return st
}
