package core

import (
	"cmp"
	"fmt"
	"slices"

	"posd/device/sale"
)

// kindFault says why a card transaction of another kind than a sale cannot be
// asked for, or nothing. It fills in what follows from the kind.
func (c *Machine) kindFault(w SellAsked, s *sale.Sale) string {
	if w.Method != sale.Card && (s.Kind != sale.CardSale || w.Tender != "" || w.AllowDuplicate) {
		return "kind, tender and allowDuplicate belong to method card only"
	}
	if w.Tender != "" && w.Tender != sale.Credit && w.Tender != sale.Debit {
		return "unknown tender " + string(w.Tender) + ": use credit or debit, or leave it to the terminal"
	}
	switch s.Kind {
	case sale.CardSale, sale.CardAuth:
		return ""
	case sale.CardReturn:
		return c.returnFault(w, s)
	case sale.CardComplete:
		return c.completionFault(w, s)
	}
	return "unknown kind " + string(s.Kind) + ": use sale or auth"
}

// returnFault checks a return without an original.
func (c *Machine) returnFault(w SellAsked, s *sale.Sale) string {
	switch {
	case c.in.Actor.Limits.NoReturns:
		return fmt.Sprintf("%s may not give money back without a sale: refund the sale, or let somebody with more rights do it", c.in.Actor)
	case w.By == "" || len(w.By) > 64 || !sale.Printable(w.By):
		return "say who asks for it: a name of at most 64 characters"
	case len(w.Why) > 200 || !sale.Printable(w.Why):
		return "the reason must be at most 200 printable characters"
	case w.Replaces != "" && w.Replaces != "none":
		return "a return replaces no sale: leave replaces out, or say none if it is for another customer"
	}
	s.By, s.Why = w.By, w.Why
	return ""
}

// completionFault checks what takes the money that an authorisation holds.
func (c *Machine) completionFault(w SellAsked, s *sale.Sale) string {
	o := c.latest(w.Original)
	switch {
	case o == nil:
		return "a completion needs the sale that authorised it"
	case o.Kind != sale.CardAuth || o.State != sale.Paid:
		return fmt.Sprintf("sale %s is no approved authorisation (%s, %s): only one of those can be completed", o.ID, cmp.Or(string(o.Kind), "sale"), o.State)
	case slices.ContainsFunc(o.Refunds, func(m sale.Movement) bool { return m.State != sale.MovementRefused && m.State != sale.MovementKept }):
		return fmt.Sprintf("authorisation %s has been voided, or is being: make a new sale", o.ID)
	case o.Card == nil || o.Card.Transaction == "":
		return "the terminal's transaction number of the authorisation is not known: complete it at the terminal"
	case s.Amount > o.ApprovedAmount:
		return fmt.Sprintf("authorisation %s holds %s: complete it with that or less, and take the rest by another sale", o.ID, o.ApprovedAmount)
	case w.Replaces != "" && w.Replaces != "none":
		return "a completion replaces no sale: leave replaces out"
	}
	if done := c.completion(o.ID, w.Completions); done != nil {
		return fmt.Sprintf("authorisation %s is completed by sale %s, which is %s: it can be taken once only", o.ID, done.ID, done.State)
	}
	s.Original, s.Reference = o.ID, o.Reference
	if s.Tender == "" {
		s.Tender = o.Tender
	}
	return ""
}

// completion returns the completion of an authorisation that took its money or
// may yet, if there is one.
func (c *Machine) completion(auth sale.ID, stored []sale.Sale) *sale.Sale {
	for i := range stored {
		if s := c.latest(&stored[i]); s.Original == auth && s.State != sale.Declined && s.State != sale.Cancelled {
			return s
		}
	}
	for _, l := range c.byAge {
		if l.s.Original == auth && l.s.State != sale.Declined && l.s.State != sale.Cancelled {
			return &l.s
		}
	}
	return nil
}
