package device

import (
	"time"
	"unicode"
	"unicode/utf8"

	"posd/device/sale"
)

// sell answers a request for one payment. The key comes first: a repeated
// request gets its own sale back whatever else is going on.
func (c *Core) sell(w sale.SellAsked) {
	if c.replay(w.Token, w.Key, w.Digest, w.Hit, w.HitSale) {
		return
	}
	s, words := c.newSale(w)
	if words != "" {
		c.refuse(w.Token, ErrInvalid, "", "%s", words)
		return
	}
	if cur := c.live[c.current]; cur != nil && cur.s.State == sale.Waiting {
		c.refuse(w.Token, ErrTillBusy, cur.s.ID, "sale %s of %s is under way: wait for it or cancel it first", cur.s.ID, cur.s.Amount)
		return
	}
	if c.closing != nil {
		c.refuse(w.Token, ErrTillBusy, "", "the day is being closed: wait until its report is there")
		return
	}
	replaced, ok := c.replaces(w)
	if !ok {
		return
	}
	if w.Replaces != "none" && c.sameBill(w, s) {
		return
	}
	if w.Method == sale.Card && !c.terminalFree(w.Token) {
		return
	}
	if full := c.offlineFull(w.Queue); w.Method == sale.Card && s.Captures() && full != "" {
		c.refuse(w.Token, ErrUnavailable, "", "%s: take another payment until IOTPay can be reached", full)
		return
	}
	if w.Method != sale.Card && !c.gatewayThere(w.Token) {
		return
	}
	c.open(w, s, replaced)
}

// replay answers a key that was used before; it reports whether it did.
func (c *Core) replay(t sale.Token, key, digest string, hit *sale.KeyHit, stored *sale.Sale) bool {
	if key == "" || len(key) > 128 || !printable(key) {
		c.refuse(t, ErrInvalid, "", "the Idempotency-Key must be 1 to 128 printable characters: make one per payment and send it again with every repetition")
		return true
	}
	if h, ok := c.keys[key]; ok {
		hit = &h
	}
	if hit == nil {
		return false
	}
	if hit.Digest != digest {
		c.refuse(t, ErrKeyReused, hit.Sale, "this Idempotency-Key belongs to another request (sale %s): use a new key for a new payment", hit.Sale)
		return true
	}
	r := sale.Reply{Token: t, Movement: hit.Movement, Replayed: true}
	if l := c.live[hit.Sale]; l != nil {
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
func (c *Core) newSale(w sale.SellAsked) (sale.Sale, string) {
	s := sale.Sale{
		Reference: w.Reference, Replaces: w.Replaces, Amount: w.Amount, Currency: w.Currency, Method: w.Method,
		Kind: sale.CardKind(orElse(string(w.Kind), string(sale.CardSale))), Tender: w.Tender,
		State: sale.Waiting, Printed: sale.PrintNone, Reported: sale.ReportNotNeeded, Attempts: []sale.Attempt{}, Refunds: []sale.Movement{},
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
	if len(w.Reference) > 64 || !printable(w.Reference) {
		return s, "reference must be at most 64 printable characters"
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
	default:
		return s, "unknown method " + string(w.Method) + ": use card, wechat, alipay, unionpay or scan"
	}
	if w.Method != sale.Card && !c.has.Gateway {
		return s, "no gateway is configured: set [gateway] in the configuration file"
	}
	return s, c.kindFault(w, &s)
}

// replaces checks the sale that the request gives up; ok is false when it was refused.
func (c *Core) replaces(w sale.SellAsked) (*live, bool) {
	if w.Replaces == "" || w.Replaces == "none" {
		return nil, true
	}
	old := c.latest(w.Replaced)
	if old == nil {
		c.refuse(w.Token, ErrInvalid, "", "replaces names sale %s, which does not exist: name a sale of this bill, or none for another customer", w.Replaces)
		return nil, false
	}
	same := old.Amount == w.Amount
	if w.Reference != "" || old.Reference != "" {
		same = w.Reference == old.Reference
	}
	if !same || !sameWay(w, old) {
		c.refuse(w.Token, ErrInvalid, old.ID, "sale %s is of another bill: only a sale of the same bill can be replaced", old.ID)
		return nil, false
	}
	if old.State == sale.Paid && !old.Undone() {
		c.refuse(w.Token, ErrBillPaid, old.ID, "sale %s is paid: void or refund it first", old.ID)
		return nil, false
	}
	if old.State != sale.Unsure {
		return nil, true
	}
	return c.hold(*old), true
}

// latest returns the sale as the step holds it, which is newer than what was read.
func (c *Core) latest(s *sale.Sale) *sale.Sale {
	if s == nil {
		return nil
	}
	if l := c.live[s.ID]; l != nil {
		return &l.s
	}
	return s
}

// sameBill refuses a second capture of one bill (money rule 6); it reports whether it did.
func (c *Core) sameBill(w sale.SellAsked, asked sale.Sale) bool {
	candidates := make([]sale.Sale, 0, len(w.Bill)+len(c.order))
	for i := range w.Bill {
		candidates = append(candidates, *c.latest(&w.Bill[i]))
	}
	for _, l := range c.order {
		candidates = append(candidates, l.s)
	}
	for _, s := range candidates {
		if !sameWay(w, &s) || string(s.ID) == w.Replaces || s.ReplacedBy != "" && string(s.ReplacedBy) == w.Replaces {
			continue // given up for the sale that is now given up in turn
		}
		byReference := asked.Reference != "" && s.Reference == asked.Reference
		byAmount := asked.Reference == "" && s.Amount == asked.Amount
		if !byReference && !byAmount {
			continue
		}
		switch {
		case s.State == sale.Unsure && (byReference || c.recent(&s.CreatedAt) || c.recent(s.WentUnsureAt)):
			c.refuse(w.Token, ErrSameBill, s.ID, "sale %s of %s may still be paid: is this the same bill, or another customer?", s.ID, s.Amount)
			return true
		case s.State == sale.Paid && !s.Undone() && byReference && (s.Due == 0 || s.Due != asked.Amount):
			c.refuse(w.Token, ErrBillPaid, s.ID, "bill %s is paid by sale %s of %s", s.Reference, s.ID, s.Amount)
			return true
		case s.State == sale.Paid && !s.Undone() && byAmount && s.WentUnsureAt != nil && c.recent(s.FinalAt):
			c.refuse(w.Token, ErrBillPaid, s.ID, "sale %s of the same amount was paid after all a moment ago: is this another customer?", s.ID)
			return true
		}
	}
	return false
}

// recent reports whether t lies in the bill window; a clock that jumped back counts as recent.
func (c *Core) recent(t *time.Time) bool {
	return t != nil && c.ev.Wall.Sub(*t) < c.policy.BillWindow
}

// open stores the intent and, once it is durable, acts.
func (c *Core) open(w sale.SellAsked, s sale.Sale, replaced *live) {
	s.ID, s.CreatedAt = sale.ID(c.newID()), c.wall()
	l := c.hold(s)
	if replaced != nil {
		l.replaced, l.replacedWasGivenUp = replaced, replaced.s.GivenUp
		replaced.s.GivenUp, replaced.s.ReplacedBy = true, l.s.ID
		c.event(replaced, "sale.replaced", "given up for sale "+string(l.s.ID))
		c.passOn(replaced.s.ID, l)
	}
	c.current = l.s.ID
	c.glass.result, c.glass.last = "", l.s.ID
	c.newAttempt(l)
	c.event(l, "sale.intended", "")
	c.bind(w.Key, w.Digest, l.s.ID, "")
	l.waiting = append(l.waiting, sale.Reply{Token: w.Token})
	c.intend(l, "")
	if s.Method == sale.Card {
		c.charge(l, w)
	} else {
		c.createOrder(l, w.AuthCode)
	}
}

// passOn makes the new sale stand for the bill towards every older one of its
// chain: whichever of them is paid after all is undone if the new one is paid.
func (c *Core) passOn(old sale.ID, to *live) {
	for _, l := range c.order {
		if l.s.ReplacedBy == old {
			l.s.ReplacedBy, l.s.ReplacerState = to.s.ID, ""
			for i := range l.s.Refunds {
				if m := &l.s.Refunds[i]; l.s.State == sale.Paid && m.State == sale.MoveWaiting && !c.moves(l, m).sent {
					m.KeepUntil, c.moves(l, m).at = nil, 0
				}
			}
			c.touch(l)
		}
	}
}

// intend marks this step's rows as an intent: acted on only when durable.
func (c *Core) intend(l *live, movement string) {
	c.urgent()
	c.out.Intent = &sale.IntentFailed{Sale: l.s.ID, Movement: movement}
}

func (c *Core) bind(key, digest string, id sale.ID, movement string) {
	c.keys[key] = sale.KeyHit{Digest: digest, Sale: id, Movement: movement}
	c.row(sale.KeyRow{Key: key, Digest: digest, Sale: id, Movement: movement, At: c.wall()})
}

func (c *Core) newAttempt(l *live) *sale.Attempt {
	a := sale.Attempt{State: sale.AttemptIntended, StartedAt: c.wall()}
	if l.s.Method == sale.Card {
		a.Ref = c.newRef()
	} else {
		a.Ref = c.newID()
		l.s.MchOrderNo = a.Ref
	}
	l.s.Attempts = append(l.s.Attempts, a)
	return l.attempt()
}

// attempt returns the sale's latest attempt.
func (l *live) attempt() *sale.Attempt { return &l.s.Attempts[len(l.s.Attempts)-1] }

// cancel takes a cashier's wish. It is not a state: the other side decides, unless
// there is proof that nothing reached it or no code reached glass.
func (c *Core) cancel(w sale.CancelAsked) {
	l := c.live[w.Sale.ID]
	if l == nil || l.s.State.Final() {
		s := c.latest(&w.Sale)
		c.refuse(w.Token, ErrNotPossible, s.ID, "sale %s has ended already: it is %s", s.ID, s.State)
		return
	}
	l.waiting = append(l.waiting, sale.Reply{Token: w.Token})
	c.urgent()
	switch {
	case l.s.Method == sale.Card:
		l.s.CancelWished = true
		c.event(l, "sale.cancel-wished", "")
		c.after(sale.Abort{})
	case l.watch != nil && !l.watch.shown: // this run knows that no code reached glass
		c.endAttempt(l, sale.AttemptEnded, "no code was shown")
		c.finish(l, sale.Cancelled, sale.ReasonNotShown, "cancelled before a code was shown")
	default:
		l.s.GivenUp, l.s.CancelWished = true, true
		if l.s.State == sale.Waiting {
			c.becomeUnsure(l, sale.ReasonCashier, "cancelled here, still watched")
		} else {
			c.event(l, "sale.given-up", "cancelled here, still watched")
		}
	}
}

func (c *Core) endAttempt(l *live, state sale.AttemptState, words string) {
	a := l.attempt()
	a.State = state
	if words != "" {
		a.Words = words
	}
}

// becomeUnsure is what every conversation ends in that proves nothing.
func (c *Core) becomeUnsure(l *live, why sale.Reason, words string) {
	if !l.s.State.CanBecome(sale.Unsure) {
		return
	}
	if l.watch != nil {
		l.watch.code = ""
	}
	at := c.wall()
	l.s.State, l.s.Reason, l.s.Words, l.s.WentUnsureAt = sale.Unsure, why, words, &at
	c.urgent()
	c.event(l, "sale.unsure", words)
	c.log(l, true, "sale unsure", words)
	c.leave(l)
}

// finish makes a sale final. What was final before stays as it was.
func (c *Core) finish(l *live, state sale.State, why sale.Reason, words string) bool {
	if !l.s.State.CanBecome(state) {
		return false
	}
	at := c.wall()
	l.s.State, l.s.Reason, l.s.Words, l.s.FinalAt, l.s.Day = state, why, words, &at, c.day
	l.s.Attention = ""
	l.seek, l.watch = nil, nil
	c.urgent()
	c.event(l, "sale."+string(state), words)
	c.log(l, false, "sale "+string(state), words)
	c.leave(l)
	c.settleReplacement(l)
	return true
}

// leave frees the till and puts the result on glass for a while.
func (c *Core) leave(l *live) {
	if c.current == l.s.ID {
		c.current = ""
		c.glass.result = l.s.ID
		c.glass.screen = c.resultScreen(l.s)
		c.glass.until = c.mono() + c.policy.ResultShownFor
		c.glass.thanks = l.s.State == sale.Paid && l.s.Due == 0
		c.glass.items, c.glass.message, c.glass.choose = nil, "", false
	}
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
