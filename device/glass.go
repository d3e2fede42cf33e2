package device

import (
	"maps"
	"slices"
	"time"

	"posd/device/sale"
)

// glass is the customer display as the step sees it.
type glass struct {
	shown   sale.Screen
	ever    bool
	last    sale.ID       // latest sale of this run
	result  sale.ID       // whose result or thanks are shown
	screen  sale.Screen   // that result or those thanks
	until   time.Duration // until when
	thanks  bool          // the result is to be followed by thanks
	items   []sale.Item
	message string
	choose  bool // the customer is asked how to pay the items
}

// show puts on glass what follows from the sales, if it is not there already.
// It goes first: a QR leaves before anything else is done with its answer.
func (c *Core) show() {
	c.resultOver()
	s := c.screen()
	if c.glass.ever && s.Equal(c.glass.shown) {
		return
	}
	c.glass.shown, c.glass.ever = s, true
	c.out.Now = append([]sale.Effect{sale.Show{Screen: s}}, c.out.Now...)
}

// resultOver takes a result off the glass when its time is over. A whole payment
// is thanked for, unless the cashier has put up something else meanwhile.
func (c *Core) resultOver() {
	g := &c.glass
	if g.until == 0 || c.mono() < g.until {
		return
	}
	if g.result != "" && g.thanks && len(g.items) == 0 && g.message == "" {
		g.screen = sale.Screen{Kind: sale.ScreenThanks, Sale: g.result, Language: g.screen.Language}
		g.until, g.thanks = c.mono()+c.policy.ResultShownFor/2, false
		return
	}
	g.until, g.result = 0, ""
}

// bill takes what the cashier puts up between sales. A result stands its time
// first; thanks give way at once.
func (c *Core) bill(w sale.DisplayAsked) {
	c.glass.items, c.glass.message, c.glass.choose = w.Items, w.Message, w.Choose
	if c.glass.screen.Kind == sale.ScreenThanks {
		c.glass.until, c.glass.result = 0, ""
	}
	c.reply(sale.Reply{Token: w.Token})
}

// screen is what the customer must see now: a function of the state alone.
func (c *Core) screen() sale.Screen {
	if l := c.live[c.current]; l != nil && l.s.State == sale.Waiting {
		return c.saleScreen(l)
	}
	if c.glass.result != "" {
		return c.glass.screen
	}
	s := sale.Screen{Kind: sale.ScreenWelcome, Language: c.policy.Language, Currency: c.policy.Currency, Message: c.glass.message}
	if len(c.glass.items) > 0 {
		s.Kind, s.Items, s.Amount = sale.ScreenItems, c.glass.items, total(c.glass.items)
	}
	if c.glass.choose {
		s.Kind, s.Items = sale.ScreenChoose, nil
	}
	return s
}

// total is the sum of a bill.
func total(items []sale.Item) (sum sale.Amount) {
	for _, it := range items {
		sum += it.Amount
	}
	return sum
}

func (c *Core) saleScreen(l *live) sale.Screen {
	s := sale.Screen{Sale: l.s.ID, Amount: l.s.Amount, Currency: l.s.Currency, Method: l.s.Method, Language: c.policy.Language}
	w := l.watch
	switch {
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
			at := c.wall().Add(w.until - c.mono())
			until = &at
		}
		s.Kind, s.Code, s.Until = sale.ScreenCode, w.code, until
	}
	return s
}

// resultScreen is shown for a while once a sale has left the till.
func (c *Core) resultScreen(s sale.Sale) sale.Screen {
	out := sale.Screen{Sale: s.ID, Amount: s.Amount, Currency: s.Currency, Method: s.Method, Language: c.policy.Language}
	if s.Card != nil && s.Card.Language != "" {
		out.Language = s.Card.Language
	}
	switch s.State {
	case sale.Paid:
		out.Kind, out.Amount = sale.ScreenPaid, s.Taken()
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

// print queues a receipt; it is printed once the job is durable.
func (c *Core) print(l *live, movement string, copy sale.Copy, duplicate bool) sale.Job {
	j := sale.Job{ID: c.newID(), Kind: sale.JobReceipt, Sale: l.s.ID, Movement: movement, Copy: copy, Duplicate: duplicate, State: sale.PrintQueued, At: c.wall()}
	if !c.has.Printer {
		return j
	}
	c.jobs[j.ID] = j
	c.row(sale.JobRow{Job: j})
	if movement == "" && copy == sale.CustomerCopy {
		l.s.Printed = sale.PrintQueued
	}
	c.touch(l)
	c.after(sale.PrintReceipt{Receipt: receipt(j, l.s)})
	return j
}

// printCopies prints the customer's receipt, and the shop's copy of a card's
// where it is asked for: a signature is given on paper that stays.
func (c *Core) printCopies(l *live, movement string, card *sale.CardInfo) {
	c.print(l, movement, sale.CustomerCopy, false)
	signed := card != nil && card.CVM == "signature"
	if l.s.Method == sale.Card && (c.policy.MerchantCopy == "always" || signed && c.policy.MerchantCopy == "signature") {
		c.print(l, movement, sale.MerchantCopy, false)
	}
}

func receipt(j sale.Job, s sale.Sale) sale.Receipt {
	return sale.Receipt{Job: j.ID, Sale: s.Clone(), Movement: j.Movement, Copy: j.Copy, Duplicate: j.Duplicate, At: j.At}
}

// printAgainLater keeps a receipt of which provably nothing came out for when
// the printer is well again; it reports false when it has waited long enough.
func (c *Core) printAgainLater(j sale.Job, words string) bool {
	l, w := c.live[j.Sale], c.reprints[j.ID]
	if l == nil {
		return false
	}
	if w == nil {
		w = &reprint{since: c.mono()}
		c.reprints[j.ID] = w
	}
	if c.mono()-w.since > c.policy.PrintRetryFor {
		return false
	}
	w.at = c.mono() + printRetry
	if j.Words != words {
		j.Words = words
		c.jobs[j.ID] = j
		c.row(sale.JobRow{Job: j})
		c.row(sale.EventRow{At: c.wall(), Sale: j.Sale, Kind: "receipt.waits", Data: sale.EventData{Words: words}})
		c.log(l, true, "receipt waits for the printer", words)
	}
	return true
}

// reprint is a receipt that waits for the printer.
type reprint struct{ since, at time.Duration }

// printRetry is the pause between two tries of a receipt.
const printRetry = 5 * time.Second

// reprintsDue tries waiting receipts again, in the order they were made.
func (c *Core) reprintsDue() {
	due := false
	for _, w := range c.reprints {
		due = due || w.at != 0 && c.mono() >= w.at
	}
	if !due {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(c.reprints)) {
		w, j := c.reprints[id], c.jobs[id]
		if w.at == 0 || c.mono() < w.at {
			continue
		}
		w.at = 0
		if l := c.live[j.Sale]; l != nil {
			c.now(sale.PrintReceipt{Receipt: receipt(j, l.s)})
		}
	}
}

// reprint prints a receipt again, marked as a duplicate.
func (c *Core) reprint(w sale.PrintAsked) {
	s := c.latest(&w.Sale)
	if !c.has.Printer {
		c.refuse(w.Token, ErrUnavailable, s.ID, "no printer is configured: set [printer] in the configuration file")
		return
	}
	if !s.State.Final() {
		c.refuse(w.Token, ErrNotPossible, s.ID, "sale %s has not ended yet: there is no receipt to print", s.ID)
		return
	}
	l := c.hold(*s)
	j := c.print(l, "", sale.CustomerCopy, s.Printed != sale.PrintNone)
	c.urgent()
	l.waiting = append(l.waiting, sale.Reply{Token: w.Token, Job: j})
}

// jobDone notes what the printer said.
func (c *Core) jobDone(r sale.PrintResult) {
	j, ok := c.jobs[r.Job]
	if !ok {
		return
	}
	if r.State == sale.PrintFailed && !r.Maybe && c.printAgainLater(j, r.Words) {
		return
	}
	delete(c.jobs, r.Job)
	delete(c.reprints, r.Job)
	j.State, j.Words = r.State, r.Words
	c.row(sale.JobRow{Job: j})
	if j.Movement == "" && j.Copy == sale.CustomerCopy {
		c.fact(j.Sale, r.State, "")
	}
	if r.State == sale.PrintFailed {
		c.row(sale.EventRow{At: c.wall(), Sale: j.Sale, Kind: "receipt.failed", Data: sale.EventData{Words: r.Words}})
		c.log(nil, true, "receipt not printed", string(j.Sale)+": "+r.Words)
	}
}
