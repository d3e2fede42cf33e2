package core

import (
	"cmp"

	"posd/device/sale"
)

// terminal is what the step knows of the card terminal.
type terminal struct {
	busy string // the reference that a Charge or Find is under way for; one at a time
}

// terminalFree reports whether a new card transaction may start, or refuses it.
func (c *Machine) terminalFree(t Token) bool {
	for _, l := range c.order {
		if l.seek == nil || l.seek.settled {
			continue
		}
		c.refuse(t, sale.ErrTerminalHeld, l.s.ID, "the terminal has not said yet how sale %s of %s ended: %s", l.s.ID, l.s.Amount, cmp.Or(l.s.Attention, "posd is asking it; take a wallet meanwhile"))
		return false
	}
	if c.term.busy != "" {
		c.refuse(t, sale.ErrTerminalHeld, "", "the terminal is busy: wait a moment")
		return false
	}
	return true
}
