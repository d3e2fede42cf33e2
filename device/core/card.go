package core

import (
	"cmp"
	"fmt"
	"slices"

	"posd/device/sale"
)

// charge asks the terminal for the sale's money, once its intent is durable.
func (c *Machine) charge(l *live, w SellAsked) {
	o := sale.CardRequest{Kind: l.s.Kind, Ref: l.attempt().Ref, Amount: l.s.Amount, Tip: l.s.Tip, AskTip: c.terminalAsks(&l.s), Tender: l.s.Tender, AllowDuplicate: w.AllowDuplicate, Serial: c.ask(l.attempt().Ref)}
	if l.s.Kind == sale.CardComplete {
		o.Original = original(c.latest(w.Original))
	}
	c.term.claim(o.Ref)
	c.after(Charge{Request: o})
}

// original names a sale to the terminal, for what builds on it.
func original(s *sale.Sale) *sale.CardOriginal {
	o := &sale.CardOriginal{Kind: s.Kind, Ref: s.Attempts[len(s.Attempts)-1].Ref, Amount: s.ApprovedAmount, Tender: s.Tender}
	if s.Card != nil {
		o.Transaction = s.Card.Transaction
	}
	return o
}

// happen takes the end of a Charge.
func (w CardAnswered) happen(c *Machine) {
	c.term.release()
	c.cardAnswered(w.Answer)
	c.conversationEnded(w.Answer)
	c.foreign(w)
}

// happen takes what the terminal says unasked.
func (w CardHeard) happen(c *Machine) {
	for _, h := range w.Answers {
		l, _ := c.byRef(h.Answer.Ref)
		if l == nil && h.Owner != nil {
			l = c.hold(*h.Owner)
		}
		switch {
		case l != nil:
			c.cardAnswered(h.Answer)
		case h.Answer.SaidApproved:
			c.heardFrom(h.Answer)
			c.strayApproval(h.Answer)
		}
	}
}

// happen notes which terminal is on the line.
func (w TerminalNamed) happen(c *Machine) { c.serial = sale.SerialNumber(w.Serial) }

// cardAnswered takes a transaction's answer, on time or late.
func (c *Machine) cardAnswered(a sale.CardAnswer) {
	c.heardFrom(a)
	l, m := c.byRef(a.Ref)
	switch {
	case l == nil:
		c.log(nil, true, "answer for a transaction that has ended", a.Ref+": "+a.Words)
	case m != nil:
		c.movementAnswered(l, m, a)
	case l.s.State.Final():
		c.disagrees(l, a)
	default:
		c.cardSold(l, a)
	}
}

// byRef finds the sale, and the movement if it is one, that a card reference belongs to.
func (c *Machine) byRef(ref string) (*live, *sale.Movement) {
	for _, l := range c.byAge {
		if l.s.Method != sale.Card {
			continue
		}
		for i := range l.s.Refunds {
			if l.s.Refunds[i].ID == ref {
				return l, &l.s.Refunds[i]
			}
		}
		if slices.ContainsFunc(l.s.Attempts, func(a sale.Attempt) bool { return a.Ref == ref }) {
			return l, nil
		}
	}
	return nil, nil
}

// cardSold ends a sale by the terminal's answer to it.
func (c *Machine) cardSold(l *live, a sale.CardAnswer) {
	if l.attempt().State == sale.AttemptPaid { // approved in part, and being voided: late answers may come twice
		if a.Verdict != sale.VerdictApproved && a.Verdict != sale.VerdictUnsure {
			c.incident(l, fmt.Sprintf("the terminal approved %s and then said %q: compare with the terminal's batch", l.s.ApprovedAmount, a.Words))
		}
		return
	}
	switch a.Verdict {
	case sale.VerdictApproved:
		c.approved(l, a)
	case sale.VerdictDeclined:
		c.noteCard(l, a)
		c.attemptIs(l, sale.AttemptEnded, a.Words)
		c.end(l, outcome{state: sale.Declined, reason: a.Reason, words: a.Words, answer: &a})
	case sale.VerdictCancelled, sale.VerdictNotSent:
		c.noteCard(l, a)
		c.attemptIs(l, sale.AttemptEnded, a.Words)
		c.end(l, outcome{state: sale.Cancelled, reason: cmp.Or(a.Reason, sale.ReasonNotSent), words: a.Words, answer: &a})
	default:
		c.end(l, outcome{state: sale.Unsure, reason: cmp.Or(a.Reason, sale.ReasonNoAnswer), words: a.Words})
		c.startSeek(l, nil)
	}
}

// approved takes the terminal's approval (money rule 9): in full, in part, or
// with an amount that nobody asked for.
func (c *Machine) approved(l *live, a sale.CardAnswer) {
	c.noteCard(l, a)
	l.s.ApprovedAmount, l.s.Offline = a.Approved, a.Offline
	c.attemptIs(l, sale.AttemptPaid, a.Words)
	o := outcome{state: sale.Paid, words: a.Words, approved: a.Approved, answer: &a}
	want := c.expected(l)
	part := a.Partial && a.Approved < want // less than asked without that word is no part
	switch {
	case part && c.policy.Partial == "refuse":
		c.partial(l, a, want)
		return
	case part:
		o.due = want - a.Approved
		o.attention = fmt.Sprintf("approved for %s only: %s is still due", a.Approved, o.due)
	case a.Contradiction != "":
		o.incident = a.Contradiction + ": look the sale up at the bank"
	case a.Approved != want:
		o.incident = fmt.Sprintf("the terminal approved %s where %s was asked: compare with the terminal's batch", a.Approved, want)
	case l.s.CancelWished:
		o.attention = "approved although cancel was pressed: void it if the customer does not want it"
	case l.s.Surcharge > 0 && c.policy.Surcharge == "never":
		o.attention = fmt.Sprintf("the terminal took a surcharge of %s, and none may be taken here: give it back, and have the terminal set right", l.s.Surcharge)
	}
	c.end(l, o)
}

// partial refuses an approval for less than asked: unsure until posd's own void is done.
func (c *Machine) partial(l *live, a sale.CardAnswer, want sale.Amount) {
	words := fmt.Sprintf("approved for %s of %s only; posd voids it", a.Approved, want)
	l.seek = nil
	if !c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonPartial, words: words}) {
		l.s.Reason = sale.ReasonPartial
		c.event(l, "sale.partial", words)
	}
	c.addMovement(l, sale.Movement{Kind: sale.Void, Amount: a.Approved, By: "posd", Why: "partial approval"})
	c.pending(l, l.lastMovement()).at = c.soon()
}

func (c *Machine) noteCard(l *live, a sale.CardAnswer) {
	card := a.Card
	l.s.Card = &card
	l.s.Tip, l.s.Cashback, l.s.Surcharge = told(l.s.Tip, a.Tip), a.Cashback, a.Surcharge
	if a.Tender != "" {
		l.s.Tender = a.Tender
	}
}

// expected is what the approved amount must be if all was approved.
func (c *Machine) expected(l *live) sale.Amount {
	if l.s.Method != sale.Card {
		return l.s.Charged()
	}
	sum := l.s.Amount
	for _, name := range c.policy.ApprovedIncludes {
		switch name {
		case "tip":
			sum += l.s.Tip
		case "cashback":
			sum += l.s.Cashback
		case "surcharge":
			sum += l.s.Surcharge
		}
	}
	return sum
}

// foreign says what a terminal's duplicate check means that named another
// transaction than the one it was asked.
func (c *Machine) foreign(w CardAnswered) {
	l, _ := c.byRef(w.Answer.Ref)
	if l == nil || w.Answer.Foreign == "" {
		return
	}
	owner := c.latest(w.Owner)
	if w.Lost || owner != nil && owner.State != sale.Paid && owner.State != sale.Unsure {
		c.incident(l, "the terminal holds it for the same payment as our attempt "+w.Answer.Foreign+", which is not known here as paid: compare with the terminal's batch before it is taken again")
		return
	}
	c.attend(l, "the terminal took the same amount from the same card a moment ago: if the customer means to pay again, take it again as a duplicate that is meant")
}

func cardKind(k sale.MovementKind) sale.CardKind {
	if k == sale.Void {
		return sale.CardVoid
	}
	return sale.CardReturn
}
