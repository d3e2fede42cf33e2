package device

import (
	"time"

	"posd/device/sale"
)

// back returns an answer to the core after a while.
type back func(d time.Duration, h func() sale.Happening)

// bank is the terminal and the card's host: it keeps what was really taken.
type bank struct {
	records map[string]*record // by ECR reference
	list    []*record
	running *running
	number  int
	closed  int // batches closed
	used    time.Duration
}

type record struct {
	ref    string
	kind   sale.CardKind
	amount sale.Amount // approved
	asked  sale.Amount
	number int
	batch  int
	undone sale.Amount // given back by later voids and returns
}

type running struct {
	ref     string
	aborted bool
	until   time.Duration
}

func (b *bank) init() { b.records = map[string]*record{} }

const serial = "0123456789"

// charge takes a transaction: the request may be lost, the customer thinks, the answer may be lost or late.
func (b *bank) charge(w *world, o sale.CardOrder, back back) {
	b.used = w.now
	unsure := func(why string) func() sale.Happening {
		return func() sale.Happening {
			return sale.CardAnswered{Answer: sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictUnsure, Words: why}}
		}
	}
	if w.chance(0.03) {
		w.say("terminal: line closed, %s %s not sent", o.Kind, o.Ref)
		back(time.Second, func() sale.Happening {
			return sale.CardAnswered{Answer: sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictNotSent, Words: "not plugged in"}}
		})
		return
	}
	if w.chance(0.04) || b.running != nil {
		w.say("terminal: request %s lost", o.Ref)
		back(10*time.Second, unsure("no ACK"))
		return
	}
	think := w.between(time.Second, 25*time.Second)
	r := &running{ref: o.Ref, until: w.now + think}
	b.running = r
	lost := w.chance(0.08)
	if lost {
		back(w.between(time.Second, 3*time.Minute), unsure("line lost"))
	}
	w.after(think, func() {
		b.running = nil
		a := b.decide(w, o, r)
		if !lost {
			back(30*time.Millisecond, func() sale.Happening { return sale.CardAnswered{Answer: a} })
		} else {
			w.say("terminal: answer to %s (%s) lost", o.Ref, a.Verdict)
		}
	})
}

// decide is the moment of truth: money is taken here, or not.
func (b *bank) decide(w *world, o sale.CardOrder, r *running) sale.CardAnswer {
	a := sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: serial}}
	if r.aborted {
		a.Verdict, a.Reason, a.Words = sale.VerdictCancelled, sale.ReasonAborted, "ABORTED"
		return a
	}
	var orig *record
	if o.Kind != sale.CardSale {
		if o.Original != nil {
			orig = b.records[o.Original.Ref]
		}
		if orig == nil || orig.undone+o.Amount > orig.amount || o.Kind == sale.CardVoid && orig.batch != b.closed {
			a.Verdict, a.Words = sale.VerdictDeclined, "NOT FOUND"
			return a
		}
	} else if w.chance(0.1) {
		a.Verdict, a.Reason, a.Words = sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED"
		return a
	}
	amount := o.Amount
	if o.Kind == sale.CardSale && w.chance(0.03) {
		amount = o.Amount/2 + 1
	}
	if b.records[o.Ref] != nil {
		w.fail("the terminal was asked twice for reference %s", o.Ref)
	}
	b.number++
	rec := &record{ref: o.Ref, kind: o.Kind, amount: amount, asked: o.Amount, number: b.number, batch: b.closed}
	b.records[o.Ref], b.list = rec, append(b.list, rec)
	if orig != nil {
		orig.undone += amount
	}
	w.say("terminal: %s %s approved for %s", o.Kind, o.Ref, amount)
	return b.answer(rec)
}

func (b *bank) answer(r *record) sale.CardAnswer {
	return sale.CardAnswer{
		Ref: r.ref, Kind: r.kind, Verdict: sale.VerdictApproved, Approved: r.amount, Partial: r.amount < r.asked, Words: "APPROVED", Extra: "{}",
		Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Serial: serial, Transaction: "7"},
	}
}

// find looks up, as the terminal and its driver would.
func (b *bank) find(w *world, l sale.CardLookup, back back) {
	f := sale.CardFinding{Ref: l.Ref}
	switch {
	case b.running != nil || w.chance(0.15):
		back(3*time.Second, func() sale.Happening { return sale.CardFound{Finding: f} })
		return
	case w.chance(0.05):
		f.Reached, f.Result, f.Words = true, sale.FoundUnclear, "noise"
	default:
		f.Reached, f.Identity.Serial = true, serial
		look := func(ref string) sale.Found {
			if r := b.records[ref]; r != nil && r.batch == b.closed {
				return sale.FoundIt
			}
			return sale.FoundNot
		}
		if f.Result = look(l.Ref); f.Result == sale.FoundIt {
			f.Answer = b.answer(b.records[l.Ref])
		} else if l.Control != nil {
			f.Control = look(l.Control.Ref)
		}
	}
	back(w.between(50*time.Millisecond, time.Second), func() sale.Happening { return sale.CardFound{Finding: f} })
}

func (b *bank) abort(w *world) {
	if b.running != nil && !w.chance(0.3) && b.running.until-w.now > time.Second {
		b.running.aborted = true
	}
}

// wallet is the gateway and the wallets behind it.
type wallet struct {
	orders  map[string]*order
	refunds map[string]*refunded
	heard   map[string]int
	away    bool
	list    []*order
}

type order struct {
	no     string
	amount sale.Amount
	status sale.OrderStatus
	back   sale.Amount
	paidAt time.Duration
}

type refunded struct {
	no     string
	amount sale.Amount
	times  int
}

func (g *wallet) init() {
	g.orders, g.refunds, g.heard = map[string]*order{}, map[string]*refunded{}, map[string]int{}
}

// fate draws what becomes of a call: whether the gateway hears it, and what comes back.
func (g *wallet) fate(w *world) (heard bool, lost sale.GatewayResult, took time.Duration) {
	took = w.between(20*time.Millisecond, 2*time.Second)
	switch {
	case g.away && !w.calm:
		return false, sale.GatewayNotSent, time.Second
	case w.chance(0.03):
		return false, sale.GatewayLost, 20 * time.Second
	case w.chance(0.03):
		return true, sale.GatewayLost, 20 * time.Second
	case w.chance(0.01):
		return true, sale.GatewayUnverified, took
	}
	return true, "", took
}

func (g *wallet) create(w *world, e sale.CreateOrder, back back) {
	heard, lost, took := g.fate(w)
	no := e.Request.No
	a := sale.GatewayAnswer{No: no, Status: sale.StatusUnknown, Result: lost}
	if heard {
		if g.orders[no] != nil {
			w.fail("create_order went out twice for %s", no)
		}
		o := &order{no: no, amount: e.Request.Amount}
		g.orders[no], g.list = o, append(g.list, o)
		if e.Request.Channel.Micropay() { // the debit itself
			switch w.rnd.IntN(4) {
			case 0:
				g.close(w, no, sale.StatusClosedByBuyer)
			case 1:
				o.status = sale.StatusPaying
				w.after(w.between(time.Second, 3*time.Minute), func() { g.pay(w, no) })
			default:
				g.pay(w, no)
			}
		}
		if lost == "" {
			a.Result, a.Verified, a.Code, a.PayOrderID = sale.GatewayOK, true, "code:"+no, "P"+no
		}
	}
	w.say("gateway: create %s for %s: %s", no, e.Request.Amount, a.Result)
	back(took, func() sale.Happening { return sale.OrderCreated{Sale: e.Sale, Answer: a} })
}

func (g *wallet) query(w *world, e sale.QueryOrder, back back) {
	heard, lost, took := g.fate(w)
	a := sale.GatewayAnswer{No: e.MchOrderNo, Status: sale.StatusUnknown, Result: lost}
	if heard && lost == "" {
		if o := g.orders[e.MchOrderNo]; o == nil {
			a.Result = sale.GatewayNotFound
		} else {
			a.Result, a.Verified, a.Status, a.PayOrderID, a.Amount = sale.GatewayOK, true, o.status, "P"+o.no, o.amount
		}
	}
	if heard && lost == sale.GatewayUnverified {
		a.Status = sale.StatusPaid // a forger would like that
	}
	back(took, func() sale.Happening { return sale.OrderAsked{Sale: e.Sale, Answer: a} })
}

func (g *wallet) refund(w *world, e sale.SendRefund, back back) {
	heard, lost, took := g.fate(w)
	r := e.Request
	a := sale.GatewayAnswer{No: r.No, Result: lost}
	if heard {
		o := g.orders[r.MchOrderNo]
		switch had := g.refunds[r.No]; {
		case had != nil && had.amount != r.Amount:
			w.fail("refund %s asked for two amounts", r.No)
		case had != nil:
			had.times++
		case o == nil || !o.status.Paid() || o.back+r.Amount > o.amount:
			w.fail("refund %s of %s has no money behind it", r.No, r.Amount)
		default:
			g.refunds[r.No] = &refunded{no: r.No, amount: r.Amount, times: 1}
			o.back += r.Amount
		}
		if lost == "" {
			a.Result, a.Verified = sale.GatewayOK, true
		}
	}
	w.say("gateway: refund %s of %s: %s", r.No, r.Amount, a.Result)
	back(took, func() sale.Happening { return sale.RefundAnswered{Sale: e.Sale, Movement: r.No, Answer: a} })
}

func (g *wallet) queryRefund(w *world, e sale.QueryRefund, back back) {
	heard, lost, took := g.fate(w)
	a := sale.GatewayAnswer{No: e.Movement, Result: lost}
	if heard && lost == "" {
		if g.refunds[e.Movement] != nil {
			a.Result, a.Verified = sale.GatewayOK, true
		} else {
			a.Result = sale.GatewayNotFound
		}
	}
	back(took, func() sale.Happening {
		return sale.RefundAnswered{Sale: e.Sale, Movement: e.Movement, Asked: true, Answer: a}
	})
}

func (g *wallet) probe(w *world, back back) {
	heard, lost, took := g.fate(w)
	a := sale.GatewayAnswer{Result: lost}
	if heard && lost == "" {
		a.Result = sale.GatewayNotFound
	}
	back(took, func() sale.Happening { return sale.Probed{Answer: a} })
}

func (g *wallet) reports(w *world, reports []sale.Report, back back) {
	var answers []sale.ReportAnswer
	for _, r := range reports {
		heard, lost, _ := g.fate(w)
		a := sale.GatewayAnswer{No: r.No, Result: lost}
		if heard {
			g.heard[r.No]++
			if lost == "" && g.heard[r.No] > 1 {
				a.Result = sale.GatewayExists
			} else if lost == "" {
				a.Result, a.Verified = sale.GatewayOK, true
			}
		}
		w.say("gateway: report %s: %s", r.No, a.Result)
		answers = append(answers, sale.ReportAnswer{Report: r, Answer: a})
	}
	back(w.between(20*time.Millisecond, 3*time.Second), func() sale.Happening { return sale.ReportsAnswered{Answers: answers} })
}
