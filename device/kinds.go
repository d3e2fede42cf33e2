package device

import (
	"fmt"
	"slices"

	"posd/device/sale"
)

// kindFault says why a card transaction of another kind than a sale cannot be
// asked for, or nothing. It fills in what follows from the kind.
func (c *Core) kindFault(w sale.SellAsked, s *sale.Sale) string {
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
func (c *Core) returnFault(w sale.SellAsked, s *sale.Sale) string {
	switch {
	case w.By == "" || len(w.By) > 64 || !printable(w.By):
		return "say who asks for it: a name of at most 64 characters"
	case len(w.Why) > 200 || !printable(w.Why):
		return "the reason must be at most 200 printable characters"
	case w.Replaces != "" && w.Replaces != "none":
		return "a return replaces no sale: leave replaces out, or say none if it is for another customer"
	}
	s.By, s.Why = w.By, w.Why
	return ""
}

// completionFault checks what takes the money that an authorisation holds.
func (c *Core) completionFault(w sale.SellAsked, s *sale.Sale) string {
	o := c.latest(w.Original)
	switch {
	case o == nil:
		return "a completion needs the sale that authorised it"
	case o.Kind != sale.CardAuth || o.State != sale.Paid:
		return fmt.Sprintf("sale %s is no approved authorisation (%s, %s): only one of those can be completed", o.ID, orElse(string(o.Kind), "sale"), o.State)
	case slices.ContainsFunc(o.Refunds, func(m sale.Movement) bool { return m.State != sale.MoveRefused && m.State != sale.MoveKept }):
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
func (c *Core) completion(auth sale.ID, stored []sale.Sale) *sale.Sale {
	for i := range stored {
		if s := c.latest(&stored[i]); s.Original == auth && s.State != sale.Declined && s.State != sale.Cancelled {
			return s
		}
	}
	for _, l := range c.order {
		if l.s.Original == auth && l.s.State != sale.Declined && l.s.State != sale.Cancelled {
			return &l.s
		}
	}
	return nil
}

// sameWay reports whether a stored sale may be of the bill that is asked for:
// money taken and money given are never the same bill, and a completion goes
// with its authorisation.
func sameWay(w sale.SellAsked, s *sale.Sale) bool {
	if w.Original != nil && s.ID == w.Original.ID {
		return false
	}
	return (w.Kind == sale.CardReturn) == (s.Kind == sale.CardReturn)
}

// offlineFull says which limit on sales that IOTPay has not heard of is reached, or nothing.
func (c *Core) offlineFull(q sale.QueueStats) string {
	p := c.policy
	switch {
	case p.OfflineMaxReports > 0 && q.Queued >= p.OfflineMaxReports:
		return fmt.Sprintf("%d card sales wait to be reported, offline_max_reports is %d", q.Queued, p.OfflineMaxReports)
	case p.OfflineMaxCents > 0 && q.Cents >= sale.Amount(p.OfflineMaxCents):
		return fmt.Sprintf("card sales of %s wait to be reported, offline_max_cents is %d", q.Cents, p.OfflineMaxCents)
	case p.OfflineMaxAge > 0 && !q.Oldest.IsZero() && c.ev.Wall.Sub(q.Oldest) >= p.OfflineMaxAge:
		return fmt.Sprintf("a card sale waits to be reported since %s, offline_max_age is %s", q.Oldest.In(c.zone).Format("2006-01-02 15:04"), p.OfflineMaxAge)
	}
	return ""
}

// uploadTold takes a person's word on what became of an offline approval.
func (c *Core) uploadTold(w sale.UploadTold) {
	s := c.latest(&w.Sale)
	switch {
	case s.State != sale.Paid || !s.Offline:
		c.refuse(w.Token, ErrNotPossible, s.ID, "sale %s was not approved offline: there is no upload of it to confirm", s.ID)
		return
	case s.Upload != "":
		c.refuse(w.Token, ErrNotPossible, s.ID, "the upload of sale %s is %s already", s.ID, s.Upload)
		return
	case w.By == "" || len(w.By) > 64 || len(w.Why) > 200 || !printable(w.By+w.Why):
		c.refuse(w.Token, ErrInvalid, s.ID, "a name (at most 64 characters) is needed, and a reason of at most 200")
		return
	}
	l := c.hold(*s)
	l.s.Upload = w.Upload
	l.waiting = append(l.waiting, sale.Reply{Token: w.Token})
	c.urgent()
	words := string(w.Upload) + " by " + w.By
	if w.Why != "" {
		words += ": " + w.Why
	}
	c.event(l, "sale.upload", words)
	if w.Upload == sale.UploadRefused {
		c.incident(l, "approved offline, and refused when the terminal uploaded it: the customer has not paid, ask for another payment")
		return
	}
	if w.Report != nil && w.Report.State == sale.QueueHeld && l.s.Incident == "" {
		c.release(*w.Report)
	}
}
