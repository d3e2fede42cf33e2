package core

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"posd/device/sale"
)

// Who may do what (money rule 17). Nobody needs a right to take a payment, to
// cancel it or to print its receipt; what gives money away, or changes what the
// shop relies on, takes one, and has its limits: of the token that asks and of the
// person who is signed in, each by itself.

// givenBack is what one token, or one person, has asked to give back in a day.
type givenBack struct {
	Day   string      `json:"day"` // of the shop's calendar
	Cents sale.Amount `json:"cents"`
}

// noteGiven begins the names under which the journal keeps them.
const noteGiven = "given "

// by is who stands for what is asked: the name that was given, or the person
// who is signed in.
func (c *Machine) by(given string) string { return cmp.Or(given, c.in.Actor.Person) }

// lacks refuses what the person who asks has no right to; it reports whether it did.
func (c *Machine) lacks(t Token, right sale.Rights) bool {
	a := c.in.Actor
	if a.Limits.Lacks&right == 0 {
		return false
	}
	what := strings.Join(right.Names(), ", ")
	if a.Person == "" {
		c.refuse(t, sale.ErrNoRight, "", "nobody is signed in who may do this (%s): somebody who may must give a PIN", what)
	} else {
		c.refuse(t, sale.ErrNoRight, "", "%s may not do this (%s): somebody who may must give a PIN", a.Person, what)
	}
	return true
}

// overCap says which limit an amount to give back passes, of the token or of the
// person, "" if none, and what kind of refusal that is.
func (c *Machine) overCap(amount sale.Amount) (words string, kind error) {
	l := c.in.Actor.Limits
	if words := c.passes(l.Token, amount); words != "" {
		return words + ": somebody with more rights must do it", sale.ErrNotPossible
	}
	if words := c.passes(l.Person, amount); words != "" {
		return words + ": somebody who may give back more must give a PIN", sale.ErrNoRight
	}
	return "", nil
}

func (c *Machine) passes(limit sale.Cap, amount sale.Amount) string {
	switch {
	case limit.MaxRefund > 0 && amount > limit.MaxRefund:
		return fmt.Sprintf("at most %s can be given back at once by %s", limit.MaxRefund, limit.Who)
	case limit.MaxDay > 0 && amount > limit.MaxDay-c.givenToday(limit.Who):
		return fmt.Sprintf("at most %s can be given back in one day by %s, and %s was asked for", limit.MaxDay, limit.Who, c.givenToday(limit.Who))
	}
	return ""
}

func (c *Machine) givenToday(who string) sale.Amount {
	if g := c.given[who]; g.Day == c.calendar.Day(c.in.Wall) {
		return g.Cents
	}
	return 0
}

// gives adds to the sums of the day, in the transaction of the intent. What is
// refused later stays in them, and until the next start what could not be stored:
// a limit errs on the side of asking somebody.
func (c *Machine) gives(amount sale.Amount) {
	for _, limit := range []sale.Cap{c.in.Actor.Limits.Token, c.in.Actor.Limits.Person} {
		if limit.MaxDay > 0 {
			g := givenBack{c.calendar.Day(c.in.Wall), c.givenToday(limit.Who) + amount}
			c.given[limit.Who] = g
			c.note(noteGiven+limit.Who, g)
		}
	}
}

// recoverGiven takes up the sums of the day.
func (c *Machine) recoverGiven(notes map[string]string) {
	for name, text := range notes {
		if who, ok := strings.CutPrefix(name, noteGiven); ok {
			var g givenBack
			if json.Unmarshal([]byte(text), &g) == nil {
				c.given[who] = g
			}
		}
	}
}
