package pax

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"posd/device/sale"
)

// reader turns responses into answers, with what only the box knows of them.
type reader struct {
	extra ExtraConfig
	now   time.Time
	zone  *time.Location // of timeStamp; nil: that of now
	id    sale.Identity
	tid   string // the bank's number of the terminal, where it is known
}

// payment reads T01 or T03 on its own, without knowing what was asked. A
// verdict other than unsure is what the terminal's words allow; against does
// the rest.
func (rd reader) payment(r Reply) sale.CardAnswer {
	var t transaction
	err := parsePayment(r, &t)
	a := rd.answer(&t)
	if a.Tender == "" {
		a.Tender = sale.Credit
		if string(r.Command) == responseTo(cmdDebit) {
			a.Tender = sale.Debit
		}
	}
	a.Words = withCode(cmp.Or(printable(r.Text), "no words"), name(r.Code))
	c := conclusions[string(r.Code)]
	a.Reason = c.reason
	switch c.class {
	case classPaid:
		a.SaidApproved = true
		a.Words = withCode(cmp.Or(a.Card.HostText, printable(r.Text)), a.Card.HostCode)
		a.Offline = a.Offline || string(r.Code) == codeOffline
		a.Partial = a.Partial || string(r.Code) == codePartial
		if t.refused() {
			a.Contradiction = fmt.Sprintf("the terminal says approved (%s), and its host %s without an authorisation number", name(r.Code), a.Words)
		}
		switch {
		case err != nil:
			a.Words = join(a.Words, "but", err.Error())
		case a.Approved <= 0:
			a.Words = join(a.Words, "but without an amount")
		case a.Ref == "":
			a.Words = join(a.Words, "but without our reference")
		default:
			a.Verdict = sale.VerdictApproved
			rd.complete(&a, &t)
		}
	case classDeclined:
		a.Verdict = sale.VerdictDeclined
		a.Words = withCode(cmp.Or(a.Card.HostText, printable(r.Text)), a.Card.HostCode)
	case classEnded:
		// Once a card was read the money may have been asked for.
		if a.Card.Number == "" && len(t.Account.Entry) == 0 {
			a.Verdict = sale.VerdictCancelled
		}
	case classRefused:
		a.Verdict = sale.VerdictCancelled
	case classDuplicate:
		if err == nil {
			rd.complete(&a, &t) // it may be our own earlier approval: see duplicate
		}
	}
	return a
}

// answer is what a transaction says, with the verdict still open.
func (rd reader) answer(t *transaction) sale.CardAnswer {
	a := sale.CardAnswer{
		Ref:       name(t.Trace.Ref),
		Kind:      kinds[string(t.Type)],
		Verdict:   sale.VerdictUnsure,
		Approved:  t.Amounts.Approved,
		Tip:       t.Amounts.Tip,
		Cashback:  t.Amounts.Cashback,
		Surcharge: t.Amounts.Surcharge,
		Tender:    tenders[string(t.EDC)],
		Offline:   t.stored() == storedOffline,
		Partial:   t.Amounts.Due > 0,
		Card:      t.card(rd.id),
	}
	if a.Tender == "" {
		a.Tender = tenders[strings.ToLower(name(t.More.Tender))]
	}
	a.Card.TerminalID = rd.tid
	a.Card.Account = rd.extra.accountType(a.Card.Account)
	return a
}

// complete makes the gateway's extra of an approved sale.
func (rd reader) complete(a *sale.CardAnswer, t *transaction) {
	if a.Kind != sale.CardSale && a.Kind != sale.CardComplete {
		return // the gateway hears of money taken only
	}
	at := rd.now
	if rd.zone != nil {
		at = at.In(rd.zone)
	}
	extra, err := rd.extra.extra(t, a.Kind, a.Card, rd.now, at)
	a.Extra, a.Card.Composed = extra, composed(extra)
	if err != nil {
		a.ExtraErr = err.Error()
	}
}

var kinds = map[string]sale.CardKind{
	typeSale: sale.CardSale, typeReturn: sale.CardReturn,
	typeAuth: sale.CardAuth, typeComplete: sale.CardComplete,
	typeVoid: sale.CardVoid, typeVoidSale: sale.CardVoid, typeVoidReturn: sale.CardVoid,
	typeVoidAuth: sale.CardVoid, typeVoidDone: sale.CardVoid,
}

// tenders are the rails a transaction went over, by EDC number and by EDCTYPE.
var tenders = map[string]sale.Tender{
	"01": sale.Credit, "credit": sale.Credit,
	"02": sale.Debit, "debit": sale.Debit,
}

// against compares an answer with what was asked, and takes back an approval
// that does not fit it.
func against(o sale.CardRequest, a sale.CardAnswer, code string) sale.CardAnswer {
	if code == codeDuplicate || code == codeHostDuplicate && a.Ref != "" && a.Ref != o.Ref {
		return duplicate(o, a)
	}
	if a.Verdict != sale.VerdictApproved {
		a.Ref, a.Kind = o.Ref, o.Kind
		return a
	}
	switch {
	case a.Ref != o.Ref:
		return unclear(o, a, fmt.Sprintf("but it names the reference %s", a.Ref))
	case a.Kind != o.Kind:
		return unclear(o, a, fmt.Sprintf("but it calls it a %s", cmp.Or(string(a.Kind), "transaction of another type")))
	case o.Kind != sale.CardSale && o.Kind != sale.CardComplete && a.Approved != o.Amount:
		return unclear(o, a, fmt.Sprintf("but for %s instead of %s", a.Approved, o.Amount))
	}
	return a
}

// agrees reports whether an approval fits the amount asked: it is that amount,
// with or without the tip asked for or added at the terminal, cashback and surcharge
// (processors differ in what they include). How they add up exactly is the
// till's to check.
func agrees(asked, tip sale.Amount, a sale.CardAnswer) bool {
	a.Tip = cmp.Or(a.Tip, tip) // a record need not name the tip that it was asked for
	for mask := range 8 {
		sum := asked
		for i, part := range []sale.Amount{a.Tip, a.Cashback, a.Surcharge} {
			if mask>>i&1 == 1 {
				sum += part
			}
		}
		if a.Approved == sum {
			return true
		}
	}
	return false
}

func unclear(o sale.CardRequest, a sale.CardAnswer, why string) sale.CardAnswer {
	a.Verdict, a.Words = sale.VerdictUnsure, join(a.Words, why)
	a.Ref, a.Kind, a.Extra, a.ExtraErr = o.Ref, o.Kind, "", ""
	return a
}
