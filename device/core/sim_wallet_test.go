package core_test

import (
	"slices"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// wallet is the gateway and the wallets behind it.
type wallet struct {
	orders  map[string]*order
	list    []*order
	codes   map[string]string // text of a QR to its order
	refunds map[string]*refunded
	ids     map[sale.ID]string     // payOrderIds as they are stored
	heard   map[string]sale.Amount // reports, by number: how much
	blocked map[string]int         // reports that are refused, by number: how often yet
	out     map[string]int         // reports that are not answered yet, by number: the run of posd that sent them
	away    bool
	refuses bool // our key
}

type order struct {
	no     string
	amount sale.Amount
	status sale.OrderStatus
	back   sale.Amount
	shown  bool // its code was on glass
	// renamed orders have another payOrderId in every look-up than create_order told.
	renamed bool
}

type refunded struct {
	amount  sale.Amount
	times   int
	refused bool
	unclear bool // made, and answered with words of the system
	pending bool // accepted, and not made yet
	failed  bool // accepted, and not made after all
}

func (g *wallet) init() {
	g.orders, g.codes, g.refunds = map[string]*order{}, map[string]string{}, map[string]*refunded{}
	g.ids = map[sale.ID]string{}
	g.heard, g.blocked, g.out = map[string]sale.Amount{}, map[string]int{}, map[string]int{}
}

// fate is what becomes of a call: whether the gateway hears it and what comes
// back. An empty result is the gateway's own answer.
type fate struct {
	heard bool
	lost  sale.GatewayResult
	took  time.Duration
}

func (g *wallet) fate(w *world) fate {
	took := w.between(20*time.Millisecond, 2*time.Second)
	switch {
	case g.away && !w.calm:
		return fate{false, sale.GatewayNotSent, w.unconnected()}
	case w.chance(0.03):
		return fate{false, sale.GatewayLost, 20 * time.Second}
	case w.chance(0.03): // 5xx after commit, or an answer that came after the call was given up
		return fate{true, sale.GatewayLost, 20 * time.Second}
	case w.chance(0.01):
		return fate{true, sale.GatewayUnverified, took}
	case g.refuses && !w.calm:
		return fate{false, sale.GatewayFail, took}
	}
	return fate{true, "", took}
}

// answer begins what posd hears.
func (f fate) answer(no string) sale.GatewayAnswer {
	a := sale.GatewayAnswer{No: no, Status: sale.StatusUnknown, Result: f.lost}
	if f.lost == sale.GatewayFail {
		a.Trouble, a.Words = sale.TroubleKey, "signature fail"
	}
	return a
}

func (g *wallet) create(w *world, e core.CreateOrder, back back) {
	f := g.fate(w)
	no := e.Request.No
	w.intended(no)
	a := f.answer(no)
	refused := f.lost == "" && w.chance(0.02)
	if f.heard && !refused {
		if g.orders[no] != nil {
			w.fail("I1: create_order went out twice for %s", no)
		}
		o := &order{no: no, amount: e.Request.Amount}
		if w.chance(0.002) && w.wires == nil {
			o.amount += 3 // the wallet takes what nobody asked for
		}
		o.renamed = w.wires == nil && w.chance(0.01)
		g.orders[no], g.list = o, append(g.list, o)
		if e.Request.Channel.Micropay() { // the debit itself
			o.shown = true
			switch w.rnd.IntN(4) {
			case 0:
				g.close(w, no, sale.StatusClosedByBuyer)
			case 1:
				o.status = sale.StatusPaying
				w.after(w.human(time.Second, 3*time.Minute), func() { g.pay(w, no) })
			default:
				g.pay(w, no)
			}
		}
	}
	if f.lost == "" {
		switch {
		case refused:
			a.Result, a.Verified, a.Words = sale.GatewayFail, true, "channel not open"
		case e.Request.Channel.Micropay() && w.chance(0.05): // the words of a FAIL prove nothing about a debit
			a.Result, a.Verified, a.Words = sale.GatewayFail, true, payingWords
		default:
			a.Result, a.Verified, a.Code, a.PayOrderID = sale.GatewayOK, true, "code:"+no, "P"+no
		}
	}
	if w.wires != nil {
		a = w.wires.create(e.Request, f, a)
	}
	g.codes[a.Code] = no
	w.say("gateway: create %s for %s: %s", no, e.Request.Amount, a.Result)
	back.tell(f.took, core.OrderCreated{Sale: e.Sale, Answer: a})
}

func (g *wallet) query(w *world, e core.QueryOrder, back back) {
	f := g.fate(w)
	a := f.answer(e.MchOrderNo)
	o := g.orders[e.MchOrderNo]
	switch {
	case f.lost == sale.GatewayUnverified:
		a.Status = sale.StatusPaid // a forger would like that
	case f.lost != "":
	case o == nil || w.chance(0.002): // a copy of its books that is behind
		a.Result, a.Verified, a.Words = sale.GatewayNotFound, true, "order not exist"
	default:
		a.Result, a.Verified, a.Status, a.PayOrderID, a.Amount = sale.GatewayOK, true, o.status, "P"+o.no, o.amount
		if o.renamed {
			a.PayOrderID = "Q" + o.no
		}
	}
	if w.coarse && f.lost != sale.GatewayLost && f.lost != sale.GatewayNotSent && !a.Status.Paid() && !a.Status.Closed() {
		a.RetryAfter = g.patience(w, e.MchOrderNo)
	}
	if w.wires != nil {
		a = w.wires.query(e.MchOrderNo, f, a)
	}
	back.tell(f.took, core.OrderAsked{Sale: e.Sale, Answer: a})
}

// patience is for how long a gateway asks posd to leave an order alone of which it has
// no news: a few times while its code is on glass, and minutes once it is not.
func (g *wallet) patience(w *world, no string) time.Duration {
	if g.codes[w.glass.Code] == no {
		return w.human(15*time.Second, 75*time.Second)
	}
	return w.human(3*time.Minute, 15*time.Minute)
}

// unconnected is how long it takes to find that the network is away.
func (w *world) unconnected() time.Duration {
	if w.coarse {
		return w.between(5*time.Second, 20*time.Second)
	}
	return time.Second
}

func (g *wallet) refund(w *world, e core.SendRefund, back back) {
	f := g.fate(w)
	r := e.Request
	w.intended(r.No)
	a := f.answer(r.No)
	had := g.refunds[r.No]
	if f.heard {
		o := g.orders[r.MchOrderNo]
		switch {
		case had != nil && had.amount != r.Amount:
			w.fail("I1: refund %s asked for two amounts", r.No)
		case had != nil:
			had.times++
		case o != nil && !o.status.Paid() && w.saleOf(r.No) != nil && w.saleOf(r.No).Resolved != nil: // a person called it paid, wrongly
			had = &refunded{amount: r.Amount, times: 1, refused: true}
			g.refunds[r.No] = had
		case o == nil || !o.status.Paid() || o.back+r.Amount > o.amount:
			w.fail("I1: refund %s of %s has no money behind it", r.No, r.Amount)
		default:
			had = g.newRefund(w, o, r.Amount)
			g.refunds[r.No] = had
		}
	}
	switch {
	case f.lost == sale.GatewayFail:
		a.Result = sale.GatewayUnclear // words about the key refuse no refund
	case f.lost != "" || had == nil:
	case had.refused:
		a.Result, a.Verified, a.Words = sale.GatewayFail, true, "order is not paid"
	case had.unclear:
		a.Result, a.Verified, a.Concern, a.Words = sale.GatewayUnclear, true, sale.ConcernSystem, "system error"
	case had.pending:
		a.Result, a.Verified = sale.GatewayPending, true
	case had.failed:
		a.Result, a.Verified = sale.GatewayFailed, true
	default:
		a.Result, a.Verified = sale.GatewayOK, true
	}
	if w.wires != nil {
		a = w.wires.refund(r, f, a)
	}
	w.say("gateway: refund %s of %s: %s", r.No, r.Amount, a.Result)
	back.tell(f.took, core.RefundAnswered{Sale: e.Sale, Movement: r.No, Answer: a})
}

// newRefund decides what becomes of a refund: refused, made and called so, made and
// answered with words of the system, or accepted, and made or not made later.
func (g *wallet) newRefund(w *world, o *order, amount sale.Amount) *refunded {
	r := &refunded{amount: amount, times: 1, refused: w.chance(0.03)}
	if r.refused {
		return r
	}
	o.back += amount
	if w.wires != nil {
		return r // whose simulator has kinds of its own
	}
	switch w.rnd.IntN(8) {
	case 0:
		r.unclear = true
	case 1, 2:
		r.pending = true
		w.after(w.human(5*time.Second, 20*time.Minute), func() {
			if r.pending = false; w.chance(0.3) {
				r.failed = true
				o.back -= amount
			}
		})
	}
	return r
}

func (g *wallet) queryRefund(w *world, e core.QueryRefund, back back) {
	f := g.fate(w)
	a := f.answer(e.Movement)
	if f.lost == "" {
		a.Result, a.Verified = sale.GatewayNotFound, true
		switch had := g.refunds[e.Movement]; {
		case had == nil || had.refused:
		case had.pending:
			a.Result = sale.GatewayPending
		case had.failed:
			a.Result = sale.GatewayFailed
		default:
			a.Result = sale.GatewayOK
		}
	}
	if w.wires != nil {
		a = w.wires.queryRefund(e.Movement, f, a)
	}
	back.tell(f.took, core.RefundAnswered{Sale: e.Sale, Movement: e.Movement, Asked: true, Answer: a})
}

func (g *wallet) probe(w *world, back back) {
	f := g.fate(w)
	a := f.answer("")
	if f.lost == "" {
		a.Result = sale.GatewayNotFound
	}
	back.tell(f.took, core.Probed{Answer: a})
}

// reports takes card sales' reports. Now and then one is refused for what it is,
// until a person has mended it.
func (g *wallet) reports(w *world, reports []sale.Report, back back) {
	answers := make([]core.ReportAnswer, 0, len(reports))
	for _, r := range reports {
		if _, ok := w.disk.Rows.Reports[r.No]; !ok || w.leaving(r.No) {
			w.fail("I10: report %s is sent and stands in no queue", r.No)
		}
		if g.out[r.No] == w.life {
			w.fail("I10: report %s is handed out and is out already", r.No)
		}
		g.out[r.No] = w.life
		answers = append(answers, core.ReportAnswer{Report: r, Answer: g.report(w, r)})
	}
	w.rnd.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	back.ask(w.between(20*time.Millisecond, 3*time.Second), func() core.Event {
		for _, r := range reports {
			delete(g.out, r.No)
		}
		return core.ReportsAnswered{Answers: answers}
	})
}

// leaving reports whether a report's end waits to be written.
func (w *world) leaving(no string) bool {
	return slices.ContainsFunc(w.groups, func(g group) bool {
		return slices.ContainsFunc(g.rows, func(r sale.Row) bool { gone, ok := r.(sale.ReportGone); return ok && gone.No == no })
	})
}

func (g *wallet) report(w *world, r sale.Report) sale.GatewayAnswer {
	f := g.fate(w)
	a := f.answer(r.No)
	was, known := g.heard[r.No]
	if n, ok := g.blocked[r.No]; ok && n > 0 || !known && w.chance(0.03) {
		if f.lost == "" {
			g.blocked[r.No]++
			a = g.poison(w, r.No)
		}
		w.say("gateway: report %s refused: %s", r.No, a.Result)
		return a
	}
	if known && was != r.Amount {
		w.fail("I6: report %s was sent for %s and for %s", r.No, was, r.Amount)
	}
	if f.heard {
		g.heard[r.No] = r.Amount
	}
	if f.heard && !known {
		w.first.chargedBy(w, r)
	}
	switch {
	case f.lost != "":
	case known:
		a.Result = sale.GatewayExists
	default:
		a.Result, a.Verified = sale.GatewayOK, true
	}
	if w.wires != nil {
		a = w.wires.report(r, f, a)
	}
	w.say("gateway: report %s: %s", r.No, a.Result)
	return a
}

// patienceWords never set a report aside.
const patienceWords = "request too frequent"

// poison is what one report is answered for as long as it is blocked.
func (g *wallet) poison(w *world, no string) sale.GatewayAnswer {
	a := sale.GatewayAnswer{No: no, Status: sale.StatusUnknown, Result: sale.GatewayFail, Verified: true, Concern: sale.ConcernOrder, Words: "remarks not allowed"}
	if w.wires != nil {
		return a
	}
	switch no[len(no)-1] % 5 {
	case 0:
		a.Concern, a.Words = sale.ConcernPatience, patienceWords
	case 1:
		a.Concern, a.Trouble, a.Words = sale.ConcernSystem, sale.TroubleServer, "system error"
	case 2:
		a.Concern, a.Words = sale.ConcernChannel, "merchant not support JCB card"
	case 3:
		a = sale.GatewayAnswer{No: no, Status: sale.StatusUnknown, Result: sale.GatewayLost, Concern: sale.ConcernLink, Trouble: sale.TroubleServer, Words: "HTTP 405"}
	}
	return a
}

// pay is a customer paying. The gateway may send word of it: never, late, twice.
func (g *wallet) pay(w *world, no string) {
	o := g.orders[no]
	if o == nil || o.status.Closed() || o.status.Paid() {
		return
	}
	o.status = sale.StatusPaid
	w.say("customer: pays %s of %s", no, o.amount)
	for range w.rnd.IntN(3) {
		w.after(w.human(0, 2*time.Minute), func() {
			if w.machine != nil {
				w.step(core.OrderNoticed{MchOrderNo: no})
			}
		})
	}
}

func (g *wallet) close(w *world, no string, st sale.OrderStatus) {
	if o := g.orders[no]; o != nil && !o.status.Closed() && !o.status.Paid() {
		o.status = st
		w.say("gateway: closes %s unpaid", no)
		if last := int(no[len(no)-1]); w.wires == nil && !w.calm && last%8 == 1 { // and takes the money all the same, before it is asked once more
			w.after(time.Duration(1+last%14)*time.Minute, func() {
				o.status = sale.StatusPaid
				w.say("customer: pays %s of %s, which was closed", no, o.amount)
			})
		}
	}
}
