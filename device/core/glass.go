package core

import (
	"slices"

	"posd/device/sale"
)

// glass is the customer display as the step sees it.
type glass struct {
	shown   sale.Screen
	ever    bool
	last    sale.ID     // latest sale of this run
	result  sale.ID     // whose result or thanks are shown
	screen  sale.Screen // that result or those thanks
	until   timer       // until when
	thanks  bool        // the result is to be followed by thanks
	items   []sale.Item
	message string
	choose  bool // the customer is asked how to pay the items
}

// show puts on glass what follows from the sales, if it is not there already.
// It goes first: a QR leaves before anything else is done with its answer.
func (c *Machine) show() {
	c.resultOver()
	s := c.screen()
	if c.glass.ever && s.Equal(c.glass.shown) {
		return
	}
	c.glass.shown, c.glass.ever = s, true
	c.out.Now = slices.Insert(c.out.Now, 0, Effect(Show{Screen: s}))
}

// resultOver takes a result off the glass when its time is over. A whole payment
// is thanked for, unless the cashier has put up something else meanwhile.
func (c *Machine) resultOver() {
	g := &c.glass
	if !g.until.over(c.mono()) {
		return
	}
	if g.result != "" && g.thanks && len(g.items) == 0 && g.message == "" {
		g.screen = sale.Screen{Kind: sale.ScreenThanks, Sale: g.result, Language: g.screen.Language}
		g.until, g.thanks = c.timer(c.policy.ResultShownFor/2), false
		return
	}
	g.until, g.result = timer{}, ""
}

// happen takes what the cashier puts up between sales. A result stands its time
// first; thanks give way at once.
func (w DisplayAsked) happen(c *Machine) {
	c.glass.items, c.glass.message, c.glass.choose = w.Items, w.Message, w.Choose
	if c.glass.screen.Kind == sale.ScreenThanks {
		c.glass.until, c.glass.result = timer{}, ""
	}
	c.reply(Reply{Token: w.Token})
}

// screen is what the customer must see now: a function of the state alone.
func (c *Machine) screen() sale.Screen {
	if l := c.live[c.current]; l != nil && l.s.State == sale.Waiting {
		return c.saleScreen(l)
	}
	if c.glass.result != "" {
		return c.glass.screen
	}
	s := sale.Screen{Kind: sale.ScreenWelcome, Language: c.policy.Language, Currency: c.policy.Currency, Message: c.glass.message}
	if len(c.glass.items) > 0 {
		s.Kind, s.Items, s.Amount = sale.ScreenItems, c.glass.items, sale.Total(c.glass.items)
	}
	if c.glass.choose {
		s.Kind, s.Items = sale.ScreenChoose, nil
	}
	return s
}

func (c *Machine) saleScreen(l *live) sale.Screen {
	s := sale.Screen{Sale: l.s.ID, Amount: l.s.Amount + l.s.Tip, Currency: l.s.Currency, Method: l.s.Method, Brand: l.s.Brand, Language: c.policy.Language,
		Items: l.s.Items, Subtotal: l.s.Subtotal, Taxes: l.s.Taxes}
	w := l.watch
	switch {
	case l.tip != nil:
		s.Kind, s.Tips, s.Until = sale.ScreenTip, c.suggestions(&l.s), &l.tip.at
	case l.s.Kind == sale.CardReturn:
		s.Kind = sale.ScreenReturn
	case l.s.Kind == sale.CardComplete: // takes what is held: no card is read
		s.Kind = sale.ScreenProcessing
	case l.s.Method == sale.Card:
		s.Kind = sale.ScreenCard
	case w == nil || w.code == "" && !w.paying:
		s.Kind = sale.ScreenProcessing
	case w.paying:
		s.Kind = sale.ScreenPassword
	default:
		until := c.glass.shown.Until
		if c.glass.shown.Kind != sale.ScreenCode || c.glass.shown.Sale != l.s.ID {
			at := c.wall().Add(w.until.at - c.mono())
			until = &at
		}
		s.Kind, s.Code, s.Until = sale.ScreenCode, w.code, until
	}
	return s
}

// resultScreen is shown for a while once a sale has left the till.
func (c *Machine) resultScreen(s sale.Sale) sale.Screen {
	out := sale.Screen{Sale: s.ID, Amount: s.Amount, Currency: s.Currency, Method: s.Method, Language: c.policy.Language}
	if s.Card != nil && s.Card.Language != "" {
		out.Language = s.Card.Language
	}
	switch s.State {
	case sale.Paid:
		out.Kind, out.Amount, out.Tip = sale.ScreenPaid, s.Taken(), s.Tip
		out.Items, out.Subtotal, out.Taxes = s.Items, s.Subtotal, s.Taxes
		if s.Method == sale.Cash {
			out.Change = max(0, s.Given-s.ApprovedAmount)
		}
		switch s.Kind {
		case sale.CardReturn:
			out.Kind, out.Amount = sale.ScreenReturned, s.ApprovedAmount
		case sale.CardAuth:
			out.Kind, out.Amount = sale.ScreenHeld, s.ApprovedAmount
		}
	case sale.Declined:
		out.Kind = sale.ScreenDeclined
	case sale.Cancelled:
		out.Kind = sale.ScreenCancelled
	default:
		out.Kind = sale.ScreenAskCashier
	}
	return out
}
