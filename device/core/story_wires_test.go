package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"posd/device/sale"
)

// terminalSays is an answer of the card terminal to what it was asked.
func terminalSays(p *player, l *storyLine) {
	switch {
	case l.is("lookup"):
		f := finding(l, answering[Find](p).Lookup)
		if len(f.Late) > 0 { // as the shell hands it in
			p.happens(CardHeard{Answers: []HeardAnswer{{Answer: f.Late[0]}}})
		}
		p.happens(CardFound{Finding: f})
	case l.is("batch"):
		answering[CloseBatch](p)
		a := sale.BatchAnswer{End: sale.BatchEnd(l.word()), Words: l.arg("words")}
		if a.End == sale.BatchClosed {
			a.Number = "8"
			a.Totals = []sale.BatchTotal{{Tender: sale.Credit, Count: l.count(), Amount: l.amount()}}
		}
		p.happens(BatchAnswered{Answer: a})
	default:
		o := answering[Charge](p).Request
		w := CardAnswered{Answer: cardAnswer(l, o.Ref, o.Kind)}
		if of := l.arg("duplicate-of"); of != "" { // its duplicate check names another transaction
			w.Answer.Reason, w.Answer.Foreign = sale.ReasonDuplicateOf, p.names.real(of)
			w.Owner = p.holder(w.Answer.Foreign)
		}
		p.happens(w)
	}
}

// holder returns the stored sale that an attempt at the terminal belongs to.
func (p *player) holder(ref string) *sale.Sale {
	for _, s := range p.disk.all() {
		if slices.ContainsFunc(s.Attempts, func(a sale.Attempt) bool { return a.Ref == ref }) {
			return &s
		}
	}
	fault("no sale has attempt %s", ref)
	return nil
}

// cardAnswer reads the terminal's words on one transaction.
func cardAnswer(l *storyLine, ref string, kind sale.CardKind) sale.CardAnswer {
	a := sale.CardAnswer{Ref: ref, Kind: kind, Serial: "123456789"}
	usual := ""
	switch v := l.word(); v {
	case "approved":
		a.Verdict, usual, a.Extra = sale.VerdictApproved, "APPROVED", `{"expireDate":"1022"}`
		a.Approved = l.amount()
		a.Partial, a.Offline = l.is("partial"), l.is("offline")
		a.Tip, a.Cashback, a.Surcharge = l.amountArg("tip"), l.amountArg("cashback"), l.amountArg("surcharge")
		a.Card = sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166", Transaction: "12", Serial: "0123456789", Batch: "8"}
	case "declined":
		a.Verdict, a.Reason, usual = sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED (051)"
	case "aborted":
		a.Verdict, a.Reason, usual = sale.VerdictCancelled, sale.ReasonAborted, "ABORTED (100002)"
	case "timeout":
		a.Verdict, a.Reason, usual = sale.VerdictCancelled, sale.ReasonTimeout, "TIMEOUT (100001)"
	case "not-sent":
		a.Verdict, a.Reason, usual = sale.VerdictNotSent, sale.ReasonNotSent, "the line is not there"
	case "lost":
		a.Verdict, a.Reason, usual = sale.VerdictUnsure, sale.ReasonNoAnswer, "no answer within 3m0s"
	default:
		fault("the terminal does not say %q", v)
	}
	a.Words = cmp.Or(l.arg("words"), usual)
	return a
}

// finding reads what a look-up brought.
func finding(l *storyLine, q sale.CardLookup) sale.CardFinding {
	f := sale.CardFinding{Ref: q.Ref, Reached: true, Identity: sale.Identity{Serial: "0123456789"}, SameLine: true, Finds: true, Foreign: l.arg("foreign")}
	if q.Control != nil {
		f.Control = sale.Found(cmp.Or(l.arg("control"), string(sale.FoundIt)))
	}
	switch v := l.word(); v {
	case "silent":
		f.Reached, f.Identity, f.Control = false, sale.Identity{}, sale.FoundUnasked
	case "found":
		f.Result, f.Answer = sale.FoundIt, cardAnswer(l, q.Ref, q.Kind)
	case "not-found":
		f.Result = sale.FoundNot
	case "unclear":
		f.Result, f.Words = sale.FoundUnclear, l.arg("words")
	case "late":
		f.Reached, f.Control = false, sale.FoundUnasked
		f.Late = []sale.CardAnswer{cardAnswer(l, q.Ref, q.Kind)}
	case "swapped":
		f.Swapped, f.Identity.Serial = true, l.arg("serial")
	default:
		fault("a look-up does not bring %q", v)
	}
	return f
}

// gatewaySays is an answer of the gateway to one of its calls.
func gatewaySays(p *player, l *storyLine) {
	switch call := l.word(); call {
	case "create_order":
		q := answering[CreateOrder](p)
		a := gatewayAnswer(l, q.Request.No)
		if a.Result == sale.GatewayOK && !q.Request.Channel.Micropay() {
			a.Code = "code of " + a.No
		}
		a.Status = sale.StatusUnknown
		p.happens(OrderCreated{Sale: q.Sale, Answer: a})
	case "query_order":
		q := answering[QueryOrder](p)
		a := gatewayAnswer(l, q.MchOrderNo)
		p.happens(OrderAsked{Sale: q.Sale, Answer: a})
	case "refund_order":
		q := answering[SendRefund](p)
		p.happens(RefundAnswered{Sale: q.Sale, Movement: q.Request.No, Answer: gatewayAnswer(l, q.Request.No)})
	case "query_refund":
		q := answering[QueryRefund](p)
		p.happens(RefundAnswered{Sale: q.Sale, Movement: q.Movement, Asked: true, Answer: gatewayAnswer(l, q.Movement)})
	case "notice":
		p.happens(OrderNoticed{MchOrderNo: p.names.real(l.word())})
	case "probe":
		answering[Probe](p)
		p.happens(Probed{Answer: gatewayAnswer(l, "")})
	case "reports":
		var w ReportsAnswered
		words := l.words
		for _, r := range answering[SendReports](p).Reports {
			l.words = words // every report of the batch is told the same
			w.Answers = append(w.Answers, ReportAnswer{Report: r, Answer: gatewayAnswer(&storyLine{words: words, args: maps.Clone(l.args)}, r.No)})
		}
		l.words, l.args = nil, nil
		p.happens(w)
	default:
		fault("the gateway has no call %q", call)
	}
}

// gatewayAnswer reads a result, which is signed unless it cannot be.
func gatewayAnswer(l *storyLine, no string) sale.GatewayAnswer {
	a := sale.GatewayAnswer{No: no, Result: sale.GatewayOK, Verified: true, PayOrderID: "pay number of " + no, Status: sale.StatusUnknown}
	switch v := l.word(); v {
	case "ok":
	case "created":
		a.Status = sale.StatusCreated
	case "password":
		a.Status = sale.StatusPaying
	case "paid":
		a.Status = sale.StatusPaid
	case "closed":
		a.Status = sale.StatusClosedSystem
	case "forged":
		a.Status, a.Verified, a.Result = sale.StatusPaid, false, sale.GatewayUnverified
	case "lost", "not-sent":
		a = sale.GatewayAnswer{No: no, Result: sale.GatewayResult(v), Status: sale.StatusUnknown, Trouble: sale.TroubleConnect}
	case "fail", "not-found", "exists", "pending":
		a.Result, a.PayOrderID = sale.GatewayResult(v), ""
	default:
		fault("the gateway does not answer %q", v)
	}
	a.Amount, a.Words, a.Concern = l.amountArg("amount"), l.arg("words"), sale.Concern(l.arg("concern"))
	return a
}

// journalSays answers what is read or summed up beside the step.
func journalSays(p *player, l *storyLine) {
	switch {
	case l.is("due"):
		var w ReportsDue
		claim := answering[ClaimDue](p)
		if w.Reports, w.NextDue = p.disk.due(claim.Now, claim.N); len(w.Reports) > 0 {
			w.NextDue = time.Time{}
		}
		p.happens(w)
	case l.is("summed-up"):
		q := answering[GatherDay](p).Of
		p.sayBooks(q)
		p.happens(DayGathered{Day: sale.Day{No: q.No, Date: q.Date, OpenedAt: q.Opened, By: q.By}})
	default:
		fault("the journal says what is due, or that a day is summed up")
	}
}

// printerSays ends the oldest job of the printer or its drawer.
func printerSays(p *player, l *storyLine) {
	words := l.arg("words")
	if l.is("drawer") {
		p.happens(DrawerDone{Job: answering[OpenDrawer](p).Job, Words: words})
		return
	}
	r := sale.PrintResult{Job: answering[PrintReceipt](p).Receipt.Job, State: sale.Printed(l.word()), Words: words, Maybe: l.is("in-part")}
	p.happens(JobDone{Result: r})
}
