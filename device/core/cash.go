package core

import (
	"fmt"

	"posd/device/sale"
)

// Cash has no wire. The cashier has the money in hand when the payment is asked
// for, so the request itself is the word that the bill is paid:
//
//	SellAsked --> waiting, durable --> paid, durable --> drawer and receipt
//
// Between the two nothing is asked of anybody, so there is nothing that could stay
// unknown: what a stopped posd left waiting was paid. Money given back goes the
// same way. The drawer opens once; after a restart it stays shut.

// rounded is an amount as coins can pay it: the nearest one, upwards from the middle.
func (c *Machine) rounded(a sale.Amount) sale.Amount {
	coin := sale.Amount(c.policy.CashRounding)
	return (a + coin/2) / coin * coin
}

// cashFault checks a payment in cash, and fills in what follows from it.
func (c *Machine) cashFault(w SellAsked, s *sale.Sale) string {
	due := c.rounded(s.Amount)
	switch {
	case !c.policy.Cash:
		return "cash is not taken here: set cash = true in [shop] of the configuration file"
	case due == 0:
		return fmt.Sprintf("%s is less than the smallest coin", s.Amount)
	case w.Given < 0 || w.Given > sale.MaxAmount:
		return "given must be what the customer handed over, in cents"
	case w.Given != 0 && w.Given < due:
		return fmt.Sprintf("%s was given and %s is due in cash: ask for the rest, or take the bill another way", w.Given, due)
	}
	s.Given, s.Rounding = w.Given, due-s.Amount
	if s.Given == 0 {
		s.Given = due
	}
	return ""
}

// cashStored goes on once the intent is durable; it reports whether there is more to store.
func (c *Machine) cashStored(l *live) bool {
	if l.s.Method != sale.Cash {
		return false
	}
	more := c.cashMoved(l)
	if more && c.has.Drawer {
		c.openDrawer(sale.Job{By: l.s.By, Sale: l.s.ID}, 0)
	}
	return more
}

// cashMoved ends what was intended of a cash sale: its payment, and what is given back of it.
func (c *Machine) cashMoved(l *live) bool {
	more := false
	if l.s.State == sale.Waiting {
		more = c.end(l, outcome{state: sale.Paid, approved: l.s.Amount + l.s.Rounding})
	}
	for i := range l.s.Refunds {
		if m := &l.s.Refunds[i]; m.State == sale.MovementWaiting {
			c.touch(l)
			c.movementIs(l, m, sale.MovementDone, "")
			more = true
		}
	}
	return more
}
