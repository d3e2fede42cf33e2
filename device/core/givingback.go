package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// pendingMovement is what the step holds of a refund or void whose fate is not known.
type pendingMovement struct {
	id       string
	at       timer         // next thing to do; 0: an answer is waited for
	sent     bool          // its first byte may have left
	notFound time.Duration // when query_refund first said it knows nothing of it
	tries    int           // look-ups so far
	over     time.Duration // when the call that sent it was over, or this run began: it may still be under way for a while
}

// A refund that the gateway does not know may still be under way to it: for so
// long after the call that sent it was over, and after a start for as much longer
// as a call may take.
const (
	refundUnderWay = time.Minute
	longestCall    = time.Minute
)

// addMovement stores the intent of giving money back. It is sent later, by movementsDue or by the caller.
func (c *Machine) addMovement(l *live, m sale.Movement) *sale.Movement {
	m.State, m.CreatedAt = sale.MovementWaiting, c.wall()
	if l.s.Method == sale.Card {
		m.ID = c.newRef()
	} else {
		m.ID = c.newID()
	}
	l.s.Refunds = append(l.s.Refunds, m)
	c.urgent()
	c.event(l, string(m.Kind)+".intended", m.Why)
	c.pending(l, l.lastMovement())
	return l.lastMovement()
}

func (l *live) lastMovement() *sale.Movement { return &l.s.Refunds[len(l.s.Refunds)-1] }

func (l *live) movement(id string) *sale.Movement {
	for i := range l.s.Refunds {
		if l.s.Refunds[i].ID == id {
			return &l.s.Refunds[i]
		}
	}
	return nil
}

func (l *live) dropMovement(id string) {
	delete(l.pending, id)
	l.s.Refunds = slices.DeleteFunc(l.s.Refunds, func(m sale.Movement) bool { return m.ID == id })
}

// pending returns the step's own notes on a movement.
func (c *Machine) pending(l *live, m *sale.Movement) *pendingMovement {
	if l.pending[m.ID] == nil {
		l.pending[m.ID] = &pendingMovement{id: m.ID}
	}
	return l.pending[m.ID]
}

// rightTo is what a person needs for a movement.
var rightTo = map[sale.MovementKind]sale.Rights{sale.Refund: sale.RightRefund, sale.Void: sale.RightVoid}

// happen answers a person's request to give money back (money rule 8).
func (w GiveBackAsked) happen(c *Machine) {
	if c.replay(w.Token, w.Key, w.Digest, w.Bound, w.BoundSale) {
		return
	}
	if c.lacks(w.Token, rightTo[w.Kind]) {
		return
	}
	w.By = c.by(w.By)
	s := c.latest(&w.Sale)
	amount := w.Amount
	switch {
	case w.Kind == sale.Void:
		amount = s.ApprovedAmount // the terminal voids all of it, whatever is written here
	case amount == 0:
		amount = s.Refundable()
	}
	if words, kind := c.overCap(amount); words != "" {
		c.refuse(w.Token, kind, s.ID, "%s", words)
		return
	}
	words := c.giveBackFault(w, s, amount)
	if words = cmp.Or(words, c.mayBeGivenBack(w)); words != "" {
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "%s", words)
		return
	}
	if c.closing != nil && !c.closing.unread {
		c.refuse(w.Token, sale.ErrTillBusy, s.ID, "the day is being closed: wait until its report is there")
		return
	}
	if s.Method == sale.Card && !c.terminalFree(w.Token) {
		return
	}
	if words := c.beyondLimit(s); words != "" && !w.Anyway {
		c.refuse(w.Token, sale.ErrRefundLimit, s.ID, "%s: promise nothing, and ask again with anyway if it is to be tried all the same", words)
		return
	}
	c.gives(amount)
	l := c.hold(*s)
	m := c.addMovement(l, sale.Movement{Kind: w.Kind, Amount: amount, By: w.By, Why: w.Why})
	c.bind(w.Key, w.Digest, s.ID, m.ID)
	c.queue.withdrawable(w.Report)
	l.waiting = append(l.waiting, Reply{Token: w.Token, Movement: m.ID})
	c.intend(l, m.ID)
	if s.Method != sale.Cash {
		c.send(l, m, c.after)
	}
}

// giveBackFault says why this money cannot be given back, or nothing.
func (c *Machine) giveBackFault(w GiveBackAsked, s *sale.Sale, amount sale.Amount) string {
	switch {
	case w.By == "" || len(w.By) > 64 || !sale.Printable(w.By):
		return "say who asks for it: a name of at most 64 characters"
	case s.State != sale.Paid && !s.PaidThoughClosed():
		return fmt.Sprintf("sale %s is %s, not paid: there is nothing to give back", s.ID, s.State)
	case slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return !m.Final() }):
		return "another refund or void of this sale has not ended yet: wait for it"
	case w.Kind == sale.Void && s.Method != sale.Card:
		return "only a card sale can be voided: refund this one"
	case w.Kind == sale.Refund && !s.Captures():
		return "sale " + string(s.ID) + " took no money: void it instead"
	case w.Kind == sale.Void && w.Amount != 0 && w.Amount != s.ApprovedAmount:
		return "a void undoes the whole sale: leave the amount out, or refund a part"
	case w.Kind == sale.Void && s.Refundable() != s.ApprovedAmount:
		return "a part of it was given back, and a void would give back all of it: refund what is left"
	case s.Kind == sale.CardAuth && c.completion(s.ID, w.Completions) != nil:
		return fmt.Sprintf("authorisation %s is completed by sale %s: void or refund that one", s.ID, c.completion(s.ID, w.Completions).ID)
	case w.Kind == sale.Void && (s.Card == nil || s.Card.Transaction == ""):
		return "the terminal's transaction number is not known: refund it instead"
	case amount <= 0 || amount > s.Refundable():
		return fmt.Sprintf("at most %s of this sale can still be given back", s.Refundable())
	case s.Method == sale.Card && !c.has.Terminal:
		return "no card terminal is configured"
	case s.Method == sale.Cash && amount != c.rounded(amount):
		return fmt.Sprintf("%s cannot be given back in coins: give %s", amount, c.rounded(amount))
	case s.Method.Wallet() && s.PayOrderID == "":
		return "the gateway's number of the order is not known: refund it at IOTPay"
	}
	return ""
}

// send lets a movement's first byte go.
func (c *Machine) send(l *live, m *sale.Movement, effect func(Effect)) {
	mv := c.pending(l, m)
	mv.sent, mv.at = true, timer{}
	m.KeepUntil = nil
	if l.s.Method != sale.Card {
		c.noteGaveBack(&l.s)
		effect(SendRefund{Sale: l.s.ID, Request: sale.RefundRequest{
			No: m.ID, PayOrderID: l.s.PayOrderID, MchOrderNo: l.s.MchOrderNo, Channel: l.s.ChannelID, Amount: m.Amount, Currency: l.s.Currency,
		}})
		return
	}
	c.term.claim(m.ID)
	o := sale.CardRequest{Kind: cardKind(m.Kind), Ref: m.ID, Amount: m.Amount, Tender: l.s.Tender, Original: original(&l.s), Serial: c.ask(m.ID)}
	effect(Charge{Request: o})
}

// movementsDue sends late refunds whose minute is over, and asks about those whose answer was lost.
func (c *Machine) movementsDue(l *live) {
	for i := range l.s.Refunds {
		m := &l.s.Refunds[i]
		mv := l.pending[m.ID]
		if mv == nil || !mv.at.over(c.mono()) || m.Final() {
			continue
		}
		switch {
		case !mv.sent && l.s.Incident != "":
			mv.at = timer{} // an incident's automatic refund waits for a person
		case !mv.sent && l.s.Method == sale.Card && !c.term.free():
			mv.at = c.timer(time.Second)
		case !mv.sent:
			c.touch(l)
			c.urgent()
			c.send(l, m, c.after)
		default:
			mv.at = timer{}
			mv.tries++
			c.now(QueryRefund{Sale: l.s.ID, Movement: m.ID})
		}
	}
}

// happen takes the answer of refund_order or query_refund.
func (e RefundAnswered) happen(c *Machine) {
	l := c.live[e.Sale]
	if l == nil {
		return
	}
	m := l.movement(e.Movement)
	if m == nil || m.Final() {
		return
	}
	mv, a := c.pending(l, m), e.Answer
	c.gatewayHeard(a)
	if a.Words != "" {
		m.Words = a.Words
	}
	if !e.Asked {
		mv.over = c.mono()
	}
	switch {
	case a.Result == sale.GatewayOK && a.Verified:
		c.movementIs(l, m, sale.MovementDone, a.Words)
	case a.Result == sale.GatewayFailed && a.Verified, a.Result == sale.GatewayFail && a.Verified && !e.Asked:
		c.movementIs(l, m, sale.MovementRefused, a.Words)
	case a.Result == sale.GatewayPending && a.Verified:
		c.refundAccepted(l, m, a)
	case e.Asked && a.Result == sale.GatewayNotFound && c.mono() < mv.over+refundUnderWay:
		mv.notFound, mv.at = 0, c.timer(mv.over+refundUnderWay-c.mono())
	case e.Asked && a.Result == sale.GatewayNotFound && mv.notFound == 0:
		mv.notFound, mv.at = c.mono(), c.timer(10*time.Second)
	case e.Asked && a.Result == sale.GatewayNotFound:
		// Proven twice: the same number and amount once more.
		mv.notFound = 0
		c.send(l, m, c.now)
	default:
		c.movementIs(l, m, sale.MovementUnsure, a.Words)
		c.askRefundAgain(l, m, a, "the gateway does not say whether the refund was made: look it up at IOTPay")
	}
}

// refundAccepted goes on asking: a refund that is accepted is not done.
func (c *Machine) refundAccepted(l *live, m *sale.Movement, a sale.GatewayAnswer) {
	mv := c.pending(l, m)
	mv.notFound = 0
	c.touch(l)
	c.askRefundAgain(l, m, a, "IOTPay has accepted the refund and does not say that it is done: look it up there")
}

// askRefundAgain plans the next look-up, and calls a person after a while.
func (c *Machine) askRefundAgain(l *live, m *sale.Movement, a sale.GatewayAnswer, words string) {
	mv := c.pending(l, m)
	mv.at = c.timer(max(c.jitter(min(time.Duration(1<<min(mv.tries, 9))*2*time.Second, c.policy.BackoffMax)), a.RetryAfter))
	if mv.tries == 10 {
		c.attend(l, words)
	}
}

// movementIs brings a refund or void to a state: the one place where a movement
// changes it. What is known already stays as it was.
func (c *Machine) movementIs(l *live, m *sale.Movement, state sale.MovementState, words string) {
	if !m.State.CanBecome(state) {
		return
	}
	m.State = state
	c.urgent()
	if state == sale.MovementUnsure {
		c.event(l, string(m.Kind)+".unsure", words)
		return
	}
	at := c.wall()
	m.Words, m.KeepUntil, m.FinalAt, m.Day = words, nil, &at, c.day
	delete(l.pending, m.ID)
	switch {
	case state == sale.MovementKept:
		l.s.Attention = ""
		c.event(l, "refund.kept", words)
		return
	case state == sale.MovementRefused:
		delete(c.gaveBack, l.s.ID) // nothing was: another may follow
		l.s.Attention = fmt.Sprintf("the %s of %s was refused (%s): the money is still taken", m.Kind, m.Amount, words)
	case l.s.Incident == "":
		l.s.Attention = ""
	}
	c.event(l, string(m.Kind)+"."+string(state), words)
	c.log(l, state == sale.MovementRefused, string(m.Kind)+" "+string(state), words)
	if state == sale.MovementDone && (l.s.State == sale.Paid || l.s.PaidThoughClosed()) {
		c.printCopies(l, m.ID, m.Card)
	}
}

// movementAnswered takes the terminal's answer to a void or return.
func (c *Machine) movementAnswered(l *live, m *sale.Movement, a sale.CardAnswer) {
	if m.Final() {
		c.movementOtherwise(l, m, a)
		return
	}
	if card := a.Card; card != (sale.CardInfo{}) {
		m.Card = &card
	}
	switch a.Verdict {
	case sale.VerdictApproved:
		c.movementIs(l, m, sale.MovementDone, a.Words)
		c.undone(l, m)
	case sale.VerdictDeclined, sale.VerdictCancelled, sale.VerdictNotSent:
		c.movementIs(l, m, sale.MovementRefused, cmp.Or(a.Words, string(a.Reason)))
		c.notUndone(l)
	default:
		c.movementIs(l, m, sale.MovementUnsure, a.Words)
		c.startSeek(l, m)
	}
}

// movementOtherwise notes a machine's word that contradicts how a void or return ended.
func (c *Machine) movementOtherwise(l *live, m *sale.Movement, a sale.CardAnswer) {
	if a.Verdict == sale.VerdictUnsure || (a.Verdict == sale.VerdictApproved) == (m.State == sale.MovementDone) {
		return
	}
	c.incident(l, fmt.Sprintf("the terminal says %q of the %s of %s, which is %s here: compare with the terminal's batch", a.Words, m.Kind, m.Amount, m.State))
}

// undone follows a void or return of a card sale into the books: its report is
// withdrawn if IOTPay cannot have heard of it, else a person corrects it there.
func (c *Machine) undone(l *live, m *sale.Movement) {
	if l.s.State == sale.Unsure && l.s.Reason == sale.ReasonPartial {
		c.end(l, outcome{state: sale.Declined, reason: sale.ReasonPartial, words: "approved for a part only, and voided"})
		return
	}
	if m.Kind == sale.Void && l.s.Reason == sale.ReasonPerson && l.s.State == sale.Paid && m.Amount != l.s.ApprovedAmount {
		c.incident(l, "a person resolved the sale as paid, and the void of its partial approval was carried out: compare with the terminal's batch")
	}
	if m.Kind == sale.Void {
		c.controls = slices.DeleteFunc(c.controls, func(k sale.CardControl) bool { return k.Ref == l.attempt().Ref })
	}
	switch {
	case l.s.Kind == sale.CardReturn:
		l.s.Reported = sale.ReportNotNeeded // given and taken back: IOTPay's sum is right
		if l.s.Day != c.day {
			l.s.Attention = "this return stood on the list of a closed day: take it out again at IOTPay if it was entered there"
		}
	case m.Kind == sale.Void && (l.s.Reported == sale.ReportQueued || l.s.Reported == sale.ReportSetAside) && c.queue.take(l.s.MchOrderNo):
		l.s.Reported = sale.ReportWithdrawn
		c.reportGone(l.s.MchOrderNo, sale.ReportWithdrawn)
	case l.s.Reported != sale.ReportNotNeeded && l.s.Reported != sale.ReportWithdrawn:
		l.s.Attention = "correct this sale at IOTPay by hand: voids and returns of cards cannot be reported"
	}
	c.touch(l)
}

// notUndone ends a partial approval whose void was refused: it is paid in part.
func (c *Machine) notUndone(l *live) {
	if l.s.State != sale.Unsure || l.s.Reason != sale.ReasonPartial {
		return
	}
	taken, want := l.s.ApprovedAmount, c.expected(l)
	words := fmt.Sprintf("%s of %s was taken and could not be voided", taken, want)
	if c.has.Gateway {
		words += ": report it at IOTPay by hand"
	}
	c.end(l, outcome{
		state: sale.Paid, reason: sale.ReasonPartial, words: "approved for a part, and the void was refused", approved: taken, due: want - taken,
		attention: words,
	})
}
