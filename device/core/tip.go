package core

import (
	"fmt"
	"time"

	"posd/device/sale"
)

// A tip is asked of the customer on the terminal, which tells it with its approval,
// or on the customer's page before anything of the sale is sent:
//
//	SellAsked --> waiting, durable: no attempt --> TipChosen, or its time is over
//	          --> the attempt with the tip, durable --> Charge, CreateOrder
//	          --> the attempt cannot be stored: cancelled, nothing was sent
//
// A sale that has no attempt was never sent: it can be cancelled at once, and
// after a restart it is. The terminal is kept for it meanwhile.

// Where a tip is asked for.
const (
	tipOff      = "off"
	tipTerminal = "terminal"
	tipDisplay  = "display"
)

// tipping is a sale whose customer is choosing a tip.
type tipping struct {
	until timer
	at    time.Time // the same for people
	again bool      // AllowDuplicate of the request
}

// tips reports whether a tip can belong to the sale at all.
func tips(s *sale.Sale) bool { return s.Kind == sale.CardSale && s.Method != sale.Cash }

// asksTip reports whether the customer is asked on the page. A scanned code is
// good for a minute: its customer has shown it already.
func (c *Machine) asksTip(s *sale.Sale) bool {
	return c.policy.Tip == tipDisplay && tips(s) && s.Method != sale.Scan
}

// terminalAsks says what the terminal is told of asking: yes, no after the page has
// asked, or nothing, which leaves it as it is set up.
func (c *Machine) terminalAsks(s *sale.Sale) sale.AskTip {
	switch {
	case !tips(s):
	case c.policy.Tip == tipTerminal:
		return sale.TipAsked
	case c.policy.Tip == tipDisplay:
		return sale.TipNotAsked
	}
	return ""
}

// askTip begins to ask.
func (c *Machine) askTip(l *live, w SellAsked) {
	l.tip = &tipping{until: c.timer(c.policy.TipWait), at: c.wall().Add(c.policy.TipWait), again: w.AllowDuplicate}
	if l.s.Method == sale.Card {
		c.term.claim(string(l.s.ID))
	}
}

// happen takes the customer's choice; nothing is one, too.
func (w TipChosen) happen(c *Machine) {
	l := c.live[w.Sale.ID]
	if l == nil || !l.choosing() {
		s := c.latest(&w.Sale)
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "the customer of sale %s is not asked for a tip yet, or no longer", s.ID)
		return
	}
	if most := min(l.s.Amount, sale.MaxAmount-l.s.Amount); w.Tip < 0 || w.Tip > most {
		c.refuse(w.Token, sale.ErrInvalid, l.s.ID, "a tip is 0 to %s cents here: at most the amount itself", fmt.Sprint(int64(most)))
		return
	}
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	words := "no tip"
	if w.Tip > 0 {
		words = "tip " + w.Tip.String()
	}
	c.tipped(l, w.Tip, words)
}

// choosing reports whether the customer's choice can be taken: not before the sale
// itself is stored, which may fail still.
func (l *live) choosing() bool { return l.tip != nil && l.writes == 0 }

// happen goes on with one sale whose customer has chosen no tip in time. Its attempt
// is this step's intent, and takes nothing else with it: the next one has a Tick of its own.
func (Tick) happen(c *Machine) {
	for _, l := range c.byAge {
		if l.choosing() && l.tip.until.over(c.mono()) {
			c.tipped(l, 0, "no tip was chosen in time")
			return
		}
	}
}

// tipped sends the sale once its attempt, with the tip, is durable. A journal that
// cannot be written now must not send it later, when the customer has gone.
func (c *Machine) tipped(l *live, tip sale.Amount, words string) {
	again := l.tip.again
	c.tipOver(l)
	l.s.Tip = tip
	c.newAttempt(l)
	c.event(l, "sale.intended", words)
	c.intend(l, "")
	c.out.Intent.Attempt = l.attempt().Ref
	if l.s.Method == sale.Card {
		c.charge(l, SellAsked{AllowDuplicate: again})
	} else {
		c.createOrder(l, "")
	}
}

// tipOver stops asking, and gives the terminal back.
func (c *Machine) tipOver(l *live) {
	l.tip = nil
	c.term.release(string(l.s.ID))
}

// tippedForgotten ends a sale whose attempt could not be stored after the customer's
// choice: nothing of it was sent, and a row of the sale itself is there already.
func (c *Machine) tippedForgotten(l *live, ref, words string) {
	c.term.release(ref)
	if l.s.State.Final() {
		return
	}
	c.attemptIs(l, sale.AttemptEnded, words)
	c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotSent, words: words})
}

// notSent ends a sale that has no attempt. In a copy that could not learn of all
// that came after it, that no attempt stands there proves nothing.
func (c *Machine) notSent(l *live, words string) {
	if c.gap != "" && c.inCopy[l.s.ID] {
		c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonRestart, words: "restored from a copy in which it was not sent yet"})
		c.attend(l, "this sale stood in the copy that was restored, before it was sent: look for it in the terminal's batch or at IOTPay, and resolve it")
		return
	}
	c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotSent, words: words})
}

// tipBase is what a tip is a part of.
func (c *Machine) tipBase(s *sale.Sale) sale.Amount {
	if c.policy.TipBasis == "subtotal" && s.Lines.Subtotal > 0 {
		return s.Lines.Subtotal
	}
	return s.Amount
}

// suggestions are the tips that the customer can tap, rounded to the cent.
func (c *Machine) suggestions(s *sale.Sale) []sale.Tip {
	list := make([]sale.Tip, 0, len(c.policy.TipPercents))
	base := c.tipBase(s)
	for _, p := range c.policy.TipPercents {
		list = append(list, sale.Tip{Percent: p, Amount: (base*sale.Amount(p) + 50) / 100})
	}
	return list
}

// told is the tip that a terminal's answer leaves: its own word, or what it was
// asked for where it says nothing.
func told(asked, said sale.Amount) sale.Amount {
	if said == 0 {
		return asked
	}
	return said
}
