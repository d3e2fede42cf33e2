package core

import (
	"cmp"
	"fmt"

	"posd/device/sale"
)

// happen answers a request for one payment. The key comes first: a repeated
// request gets its own sale back whatever else is going on.
func (w SellAsked) happen(c *Machine) {
	if c.replay(w.Token, w.Key, w.Digest, w.Bound, w.BoundSale) {
		return
	}
	if w.Kind == sale.CardReturn {
		if c.lacks(w.Token, sale.RightReturn) {
			return
		}
		w.By = c.by(w.By)
		if words, kind := c.overCap(w.Amount); words != "" {
			c.refuse(w.Token, kind, "", "%s", words)
			return
		}
	}
	s, words := c.newSale(w)
	if words != "" {
		c.refuse(w.Token, sale.ErrInvalid, "", "%s", words)
		return
	}
	if cur := c.live[c.current]; cur != nil && cur.s.State == sale.Waiting {
		c.refuse(w.Token, sale.ErrTillBusy, cur.s.ID, "sale %s of %s is under way: wait for it or cancel it first", cur.s.ID, cur.s.Amount)
		return
	}
	if c.closing != nil && !c.closing.unread {
		c.refuse(w.Token, sale.ErrTillBusy, "", "the day is being closed: wait until its report is there")
		return
	}
	replaced, ok := c.replaces(w)
	if !ok {
		return
	}
	if w.Replaces != "none" && c.sameBill(w, s) {
		return
	}
	if why := c.cardsStopped(); why != "" && w.Method == sale.Card && s.Captures() {
		c.refuse(w.Token, sale.ErrUnavailable, "", "%s", why)
		return
	}
	if c.mayBePaid(w) {
		return
	}
	if w.Method == sale.Card && !c.terminalFree(w.Token) {
		return
	}
	if full := c.offlineFull(w.Queue); w.Method == sale.Card && s.Captures() && full != "" {
		c.refuse(w.Token, sale.ErrUnavailable, "", "%s: take another payment until IOTPay can be reached", full)
		return
	}
	if w.Method.Wallet() && !c.gatewayThere(w.Token) {
		return
	}
	c.open(w, s, replaced)
}

// replay answers a key that was used before; it reports whether it did.
func (c *Machine) replay(t Token, key, digest string, bound *sale.KeyBinding, stored *sale.Sale) bool {
	if key == "" || len(key) > 128 || !sale.Printable(key) {
		c.refuse(t, sale.ErrInvalid, "", "the Idempotency-Key must be 1 to 128 printable characters: make one per payment and send it again with every repetition")
		return true
	}
	if h, ok := c.keys[key]; ok {
		bound = &h
	}
	if bound == nil {
		return false
	}
	if bound.Digest != digest {
		c.refuse(t, sale.ErrKeyReused, bound.Sale, "this Idempotency-Key belongs to another request (%s): use a new key for a new payment", bound)
		return true
	}
	r := Reply{Token: t, Movement: bound.Movement, Replayed: true}
	if l := c.live[bound.Sale]; l != nil {
		r.Sale = l.s.Clone()
		if l.writes > 0 {
			l.waiting = append(l.waiting, r)
			return true
		}
	} else if stored != nil {
		r.Sale = *stored
	}
	c.reply(r)
	return true
}

// newSale checks the request by itself and makes the sale it asks for, or says what is wrong.
func (c *Machine) newSale(w SellAsked) (sale.Sale, string) {
	s := sale.Sale{
		Reference: w.Reference, Foreign: w.Foreign, Replaces: w.Replaces, Amount: w.Amount, Currency: w.Currency, Method: w.Method,
		Kind: sale.CardKind(cmp.Or(string(w.Kind), string(sale.CardSale))), Tender: w.Tender,
		Lines: w.Lines, State: sale.Waiting, Printed: sale.PrintNone, Reported: sale.ReportNotNeeded, Attempts: []sale.Attempt{}, Refunds: []sale.Movement{},
	}
	if s.Currency == "" {
		s.Currency = c.policy.Currency
	}
	if o := c.latest(w.Original); s.Kind == sale.CardComplete && s.Amount == 0 && o != nil {
		s.Amount = o.ApprovedAmount // all that is held
	}
	if err := s.Amount.Valid(); err != nil {
		return s, err.Error()
	}
	if s.Currency != c.policy.Currency {
		return s, "currency " + s.Currency + " is not this shop's: use " + c.policy.Currency + " or leave it out"
	}
	if len(w.Foreign) > 64 || !sale.Printable(w.Foreign) {
		return s, "the register's own reference must be at most 64 printable characters"
	}
	if len(w.Reference) > 64 || !sale.Printable(w.Reference) {
		return s, "reference must be at most 64 printable characters"
	}
	if words := s.Lines.Fault(s.Amount); words != "" {
		return s, words
	}
	if w.Method != sale.Cash && w.Given != 0 {
		return s, "given belongs to method cash only"
	}
	if w.Method != sale.Scan && w.AuthCode != "" {
		return s, "authCode belongs to method scan only"
	}
	switch w.Method {
	case sale.Card:
		s.ChannelID = sale.CCPax
		if !c.has.Terminal {
			return s, "no card terminal is configured: set [terminal] in the configuration file"
		}
	case sale.WeChat:
		s.ChannelID = sale.WXNative
	case sale.Alipay:
		s.ChannelID = sale.AlipayQR
	case sale.UnionPay:
		s.ChannelID = sale.UPIQR
	case sale.Scan:
		ch, err := c.makers.Wallet(w.AuthCode)
		if err != nil {
			return s, err.Error()
		}
		s.ChannelID = ch
	case sale.Cash:
		if words := c.cashFault(w, &s); words != "" {
			return s, words
		}
	default:
		return s, "unknown method " + string(w.Method) + ": use card, wechat, alipay, unionpay, scan or cash"
	}
	if s.ChannelID.Wallet() == sale.Alipay && c.policy.AlipayPlus == "always" {
		s.Brand = sale.AlipayPlus
	}
	if w.Method.Wallet() && !c.has.Gateway {
		return s, "no gateway is configured: set [gateway] in the configuration file"
	}
	return s, c.kindFault(w, &s)
}

// open stores the intent and, once it is durable, acts.
func (c *Machine) open(w SellAsked, s sale.Sale, replaced *live) {
	s.ID, s.CreatedAt = sale.ID(c.newID()), c.wall()
	if s.Kind == sale.CardReturn {
		c.gives(s.Amount)
	} else {
		s.By = c.in.Actor.Person
	}
	l := c.hold(s)
	if replaced != nil {
		l.replaced, l.replacedWasGivenUp = replaced, replaced.s.GivenUp
		replaced.s.GivenUp, replaced.s.ReplacedBy, replaced.s.ReplacerState = true, l.s.ID, ""
		c.event(replaced, "sale.replaced", "given up for sale "+string(l.s.ID))
		c.passOn(replaced.s.ID, l)
	}
	c.current = l.s.ID
	c.glass.result, c.glass.last = "", l.s.ID
	asks := c.asksTip(&s)
	if s.Method != sale.Cash && !asks {
		c.newAttempt(l)
	}
	if asks {
		c.event(l, "sale.tip-asked", "")
	} else {
		c.event(l, "sale.intended", "")
	}
	c.bind(w.Key, w.Digest, l.s.ID, "")
	l.waiting = append(l.waiting, Reply{Token: w.Token})
	c.intend(l, "")
	switch {
	case asks:
		c.askTip(l, w)
	case s.Method == sale.Card:
		c.charge(l, w)
	case s.Method.Wallet():
		c.createOrder(l, w.AuthCode)
	}
}

// offlineFull says which limit on sales that IOTPay has not heard of is reached, or nothing.
func (c *Machine) offlineFull(q sale.QueueStats) string {
	p := c.policy
	switch {
	case p.OfflineMaxReports > 0 && q.Queued >= p.OfflineMaxReports:
		return fmt.Sprintf("%d card sales wait to be reported, offline_max_reports is %d", q.Queued, p.OfflineMaxReports)
	case p.OfflineMaxCents > 0 && q.Cents >= sale.Amount(p.OfflineMaxCents):
		return fmt.Sprintf("card sales of %s wait to be reported, offline_max_cents is %d", q.Cents, p.OfflineMaxCents)
	case p.OfflineMaxAge > 0 && q.Queued > 0 && c.running()-q.OldestAfter >= p.OfflineMaxAge:
		return fmt.Sprintf("a card sale waits to be reported since %s, offline_max_age is %s", q.Oldest.In(c.calendar.Zone()).Format("2006-01-02 15:04"), p.OfflineMaxAge)
	}
	return ""
}

// gatewayThere refuses a wallet while the gateway is away, at once and with the
// reason; it reports whether the sale may go on. The gateway is asked anew, so
// that the next try need not wait for the backoff.
func (c *Machine) gatewayThere(t Token) bool {
	q := &c.queue
	if !q.away {
		return true
	}
	if !q.probing {
		q.at = c.soon()
	}
	c.refuse(t, sale.ErrUnavailable, "", "IOTPay cannot be used now (%s): take a card or cash, and try again in a moment", q.words)
	return false
}
