package core

import (
	"cmp"
	"fmt"
	"time"

	"posd/device/sale"
)

// watch is an order that the gateway is asked about until it says how it ended.
type watch struct {
	no      string
	asking  bool          // a query is under way
	created bool          // create_order has been answered, or belongs to an earlier run
	lost    bool          // its answer was lost; one look-up decides what next
	shown   bool          // a code reached glass, or may have: from here on only the gateway decides
	paying  bool          // the customer is typing a password
	code    string        // text of the QR while it is on glass
	until   timer         // when it leaves the glass; once closed, when it is asked about once more
	at      timer         // next query; 0: none
	opened  time.Duration // since when it is watched, in this run
	before  time.Duration // running time it was watched in earlier runs
	saved   time.Duration // watched time that is stored
	scan    bool          // by the customer's own code, and the till still waits for it
	closed  bool          // the gateway closed it: asked once more, for it may be paid all the same
}

// askClosedAfter is when an order that the gateway closed is asked about once more.
const askClosedAfter = 15 * time.Minute

// next returns when the watch wants to be looked at.
func (w *watch) next() timer {
	var at timer
	if !w.asking {
		at = w.at
	}
	if w.code != "" || w.scan {
		at = first(at, w.until)
	}
	return at
}

// createOrder asks the gateway for an order, once its intent is durable.
func (c *Machine) createOrder(l *live, code sale.Secret) {
	l.watch = &watch{no: l.attempt().Ref, opened: c.mono(), shown: l.s.ChannelID.Micropay()}
	if l.watch.scan = l.s.ChannelID.Micropay(); l.watch.scan {
		l.watch.until = c.timer(c.policy.CodeShownFor)
	}
	c.after(CreateOrder{Sale: l.s.ID, Request: sale.OrderRequest{
		No: l.watch.no, Channel: l.s.ChannelID, Amount: l.s.Charged(), Currency: l.s.Currency, AuthCode: code,
	}})
}

// happen takes create_order's answer.
func (e OrderCreated) happen(c *Machine) {
	l := c.live[e.Sale]
	if l == nil || l.watch == nil || l.watch.no != e.Answer.No || l.s.State.Final() {
		return // cancelled before its code reached glass: the code is never shown
	}
	w, a := l.watch, e.Answer
	c.gatewayHeard(a)
	w.created = true
	switch {
	case a.Result == sale.GatewayNotSent:
		c.attemptIs(l, sale.AttemptEnded, a.Words)
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotSent, words: a.Words})
	case l.s.ChannelID.Micropay():
		// create_order was the debit: whatever it answered, only query_order decides.
		c.noteOrder(l, a)
		if a.Result != sale.GatewayOK && a.Words != "" {
			l.attempt().Words, l.s.Words = a.Words, a.Words // said at once; the look-up decides
		}
		w.at = c.soon()
	case a.Result == sale.GatewayOK && a.Verified && a.Code != "":
		c.showCode(l, a)
	case a.Result == sale.GatewayLost || a.Result == sale.GatewayExists:
		w.lost, w.at = true, c.soon()
	default:
		words := a.Words
		if a.Result == sale.GatewayOK || a.Result == sale.GatewayUnverified {
			words = "the gateway's answer cannot be trusted: " + cmp.Or(words, "it carries no code")
		}
		c.attemptIs(l, sale.AttemptEnded, words)
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonRefused, words: words})
	}
}

func (c *Machine) noteOrder(l *live, a sale.GatewayAnswer) {
	c.notePayOrder(l, a)
	c.attemptIs(l, sale.AttemptOpen, "")
	c.event(l, "sale.order", a.Words)
}

// notePayOrder keeps the gateway's number of an order. Another number later is
// another order's, or a fault of the gateway's: refunds go by it, so a person looks.
func (c *Machine) notePayOrder(l *live, a sale.GatewayAnswer) (same bool) {
	switch {
	case !a.Verified || a.PayOrderID == "" || a.PayOrderID == l.s.PayOrderID:
	case l.s.PayOrderID == "":
		l.s.PayOrderID = a.PayOrderID
	default:
		return false
	}
	return true
}

// showCode puts the QR on glass: before anything else is done with the answer.
// One that no display here can draw goes on paper; without a printer it reaches
// nobody, and nobody is told to scan it.
func (c *Machine) showCode(l *live, a sale.GatewayAnswer) {
	w := l.watch
	unfit := c.unfit(a.Code)
	if unfit != "" && !c.has.Printer {
		words := "no display here can show this code: " + unfit
		c.attemptIs(l, sale.AttemptEnded, words)
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotShown, words: words})
		return
	}
	w.shown, w.lost, w.code, w.until = true, false, a.Code, c.timer(c.policy.CodeShownFor)
	w.opened, w.at = c.mono(), c.timer(askEvery(0))
	c.notePayOrder(l, a)
	if c.policy.AlipayPlus != "never" {
		l.s.Brand = cmp.Or(sale.BrandOf(a.Code), l.s.Brand)
	}
	c.attemptIs(l, sale.AttemptOpen, "")
	c.event(l, "sale.shown", unfit)
	if unfit != "" {
		c.log(l, true, "the code is on paper alone", unfit)
	}
	if (c.policy.CodeOnPaper || unfit != "") && c.has.Printer {
		c.now(PrintCode{Screen: c.saleScreen(l)})
	}
}

// unfit says why no display here can draw a code; empty if one can.
func (c *Machine) unfit(code string) string {
	if c.makers.Fits == nil {
		return ""
	}
	if err := c.makers.Fits(code); err != nil {
		return err.Error()
	}
	return ""
}

// watchDue takes an old code off the glass and asks the gateway when it is time.
func (c *Machine) watchDue(l *live) {
	w := l.watch
	if w == nil {
		return
	}
	if w.code != "" && w.until.over(c.mono()) {
		w.code, w.paying = "", false
		if l.s.State == sale.Waiting {
			c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonTimeout, words: "not paid while the code was shown; still watched"})
		}
	}
	if w.scan && w.until.over(c.mono()) {
		w.scan = false
		if l.s.State == sale.Waiting {
			c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonTimeout, words: cmp.Or(l.s.Words, "the wallet has not said whether it paid; still watched")})
			c.attend(l, "the wallet has not said whether it paid: look at the customer's phone, or at IOTPay, and resolve the sale; posd goes on asking")
		}
	}
	if w.asking || !w.at.over(c.mono()) {
		return
	}
	w.asking = true
	c.now(QueryOrder{Sale: l.s.ID, MchOrderNo: w.no})
}

// happen takes query_order's answer. Only a verified one changes a state.
func (e OrderAsked) happen(c *Machine) {
	l := c.live[e.Sale]
	if l == nil || l.watch == nil || l.watch.no != e.Answer.No {
		return
	}
	w, a := l.watch, e.Answer
	w.asking = false
	c.gatewayHeard(a)
	trusted := a.Result == sale.GatewayOK && a.Verified
	switch {
	case w.closed && !trusted:
		if w.at = c.timer(max(askClosedAfter, a.RetryAfter)); c.mono()-w.opened > c.policy.WatchFor {
			c.closedForGood(l)
		}
		return
	case trusted && a.Status.Paid():
		c.walletPaid(l, a)
		return
	case trusted && a.Status.Closed():
		c.orderClosed(l, a)
		return
	case w.closed: // open after all: watched as any other
		w.closed = false
	case w.lost:
		c.afterLostCreate(l, a, trusted)
		return
	case trusted && a.Status == sale.StatusPaying && !w.paying:
		w.paying = true
		c.event(l, "sale.password", "")
	case trusted && a.Status == sale.StatusCreated:
		w.paying = false
	}
	if w.paying && w.code != "" {
		w.until.at = max(w.until.at, c.mono()+c.policy.PasswordAdds)
	}
	c.nextAsk(l, a)
}

// nextAsk plans the next query by the age of the code, or gives the sale to a person.
func (c *Machine) nextAsk(l *live, a sale.GatewayAnswer) {
	w := l.watch
	age := w.before + c.mono() - w.opened
	if age >= c.policy.WatchFor {
		l.watch = nil
		l.s.WatchedS = int64(age / time.Second)
		if l.s.State.Final() { // a person has resolved it
			c.touch(l)
			return
		}
		c.attend(l, "the gateway has not said in all this time whether the code was paid: look it up at IOTPay and resolve the sale")
		return
	}
	w.at = c.timer(max(askEvery(age), a.RetryAfter))
	if age-w.saved >= time.Hour {
		w.saved = age
		l.s.WatchedS = int64(age / time.Second)
		c.event(l, "sale.watched", "")
	}
}

// afterLostCreate decides by one look-up, while no code has reached glass.
func (c *Machine) afterLostCreate(l *live, a sale.GatewayAnswer, trusted bool) {
	switch {
	case trusted && a.Code != "":
		c.showCode(l, a)
	case trusted && len(l.s.Attempts) < 2:
		c.attemptIs(l, sale.AttemptEnded, "its code was lost on the way and reached no glass")
		c.newAttempt(l)
		c.event(l, "sale.intended", "a second order: the first one's code was lost on the way")
		c.urgent()
		c.createOrder(l, "")
	default:
		words := "the gateway did not answer and no code was shown"
		if a.Words != "" {
			words += ": " + a.Words
		}
		c.attemptIs(l, sale.AttemptEnded, words)
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonNotShown, words: words})
	}
}

// walletPaid takes the gateway's signed word that money was taken.
func (c *Machine) walletPaid(l *live, a sale.GatewayAnswer) {
	sameOrder := c.notePayOrder(l, a)
	taken := cmp.Or(a.Amount, l.s.Charged())
	c.attemptIs(l, sale.AttemptPaid, a.Words)
	if l.s.State.Final() { // a person's word came first, or the gateway's own, and stands
		l.watch, l.s.ApprovedAmount = nil, taken
		c.touch(l)
		if l.s.Reason == sale.ReasonClosed {
			c.incident(l, "the gateway closed the order, and says now that the customer has paid: give the money back with a refund, or hand the goods out")
		} else if l.s.State != sale.Paid {
			c.incident(l, fmt.Sprintf("the gateway says paid, but a person resolved the sale as %s", l.s.State))
		}
		return
	}
	o := outcome{state: sale.Paid, words: cmp.Or(a.Words, "paid"), approved: taken}
	switch {
	case taken != l.s.Charged() || (a.Currency != "" && a.Currency != l.s.Currency):
		o.incident = fmt.Sprintf("the gateway says %s %s was paid where %s %s was asked", a.Currency, taken, l.s.Currency, l.s.Charged())
	case !sameOrder:
		o.incident = fmt.Sprintf("the gateway's number of the order was %s and is %s now: compare with its own list before anything is given back", l.s.PayOrderID, a.PayOrderID)
	}
	c.end(l, o)
}

// orderClosed takes the gateway's signed word that the order can never be paid.
// Some gateways take the money of an order that they have closed: its attempt counts
// as ended once that has been said twice, so that a restart forgets no second question.
func (c *Machine) orderClosed(l *live, a sale.GatewayAnswer) {
	w := l.watch
	switch {
	case !l.s.State.Final():
		c.attemptIs(l, sale.AttemptOpen, a.Words)
		c.end(l, outcome{state: sale.Cancelled, reason: sale.ReasonClosed, words: cmp.Or(a.Words, fmt.Sprintf("closed by the gateway (status %d)", a.Status))})
		w.closed, w.code, w.paying, w.until = true, "", false, c.timer(askClosedAfter)
		w.at, l.watch = w.until, w
		return
	case w.closed && !w.until.over(c.mono()): // asked sooner: that is not the second question yet
		w.at = w.until
		return
	case l.s.State != sale.Paid, w.closed:
	case a.Status == sale.StatusClosedSystem && l.s.Refundable() < l.s.ApprovedAmount: // given back: some say so by this status
	default:
		c.incident(l, fmt.Sprintf("the gateway says closed unpaid (status %d), or refunded by its own list, but a person resolved the sale as paid: look it up at IOTPay", a.Status))
	}
	c.closedForGood(l)
}

// closedForGood asks about a closed order no more.
func (c *Machine) closedForGood(l *live) {
	c.attemptIs(l, sale.AttemptEnded, "")
	l.watch = nil
	c.touch(l)
}

// happen takes the gateway's word, given when the day was compared, that an order
// which it had closed is paid.
func (w ClosedOrderPaid) happen(c *Machine) {
	l := c.hold(w.Sale)
	if l.s.State != sale.Cancelled || l.s.Reason != sale.ReasonClosed || l.s.ApprovedAmount > 0 {
		return // known, or not what it was
	}
	c.walletPaid(l, w.Answer)
}

// happen asks about an order at once. The notice itself decides nothing:
// asking stays the one way to know.
func (e OrderNoticed) happen(c *Machine) {
	for _, l := range c.byAge {
		if w := l.watch; w != nil && w.no == e.MchOrderNo && !w.asking && w.created {
			w.at = c.soon()
		}
	}
}

// asks is the schedule of query_order: how often at which age of the code.
var asks = []struct{ until, every time.Duration }{
	{5 * time.Minute, 2 * time.Second},
	{15 * time.Minute, 10 * time.Second},
	{2 * time.Hour, time.Minute},
	{24 * time.Hour, 10 * time.Minute},
	{1 << 62, time.Hour},
}

// askEvery returns the pause before the next query of an order whose code is that old.
func askEvery(age time.Duration) time.Duration {
	for _, a := range asks {
		if age < a.until {
			return a.every
		}
	}
	return time.Hour
}
