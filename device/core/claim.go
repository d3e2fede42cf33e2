package core

import (
	"cmp"
	"slices"

	"posd/device/sale"
)

// terminal is what the machine knows of the card terminal. It takes one call at
// a time: whoever wants one claims it, and its answer releases it, or the intent
// of it that could not be stored.
type terminal struct {
	claimed string // what the call under way is for: a reference, or batchClose; empty: none
}

// claim takes the terminal for a call.
func (t *terminal) claim(what string) { t.claimed = what }

// release frees the terminal from a call for any of these, or from any call if
// none is named.
func (t *terminal) release(what ...string) {
	if len(what) == 0 || slices.Contains(what, t.claimed) {
		t.claimed = ""
	}
}

// free reports whether a call may start.
func (t *terminal) free() bool { return t.claimed == "" }

// terminalFree reports whether a new card transaction may start, or refuses it.
func (c *Machine) terminalFree(t Token) bool {
	for _, l := range c.byAge {
		if l.seek == nil || l.seek.resolved {
			continue
		}
		c.refuse(t, sale.ErrTerminalHeld, l.s.ID, "the terminal has not said yet how sale %s of %s ended: %s", l.s.ID, l.s.Amount, cmp.Or(l.s.Attention, "posd is asking it; take a wallet meanwhile"))
		return false
	}
	c.yieldFirst()
	if !c.term.free() {
		c.refuse(t, sale.ErrTerminalHeld, "", "the terminal is busy: wait a moment")
		return false
	}
	return true
}
