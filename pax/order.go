package pax

import (
	"cmp"
	"context"
	"fmt"

	"posd/device/sale"
)

// check refuses an order that cannot be written into a frame.
func check(o sale.CardRequest) error {
	switch {
	case o.Ref == "" || len(o.Ref) > 32 || !plain(o.Ref):
		return fmt.Errorf("reference %q cannot be sent to the terminal: 1 to 32 plain characters are needed", o.Ref)
	case typeOf[o.Kind] == "":
		return fmt.Errorf("the terminal cannot do a %q", o.Kind)
	case buildsOn(o.Kind) && (o.Original == nil || o.Original.Ref == "" || o.Original.Transaction == ""):
		return fmt.Errorf("a %s needs the reference and the transaction number of what it builds on", o.Kind)
	case o.Kind == sale.CardVoid && voidTypes[o.Original.Kind] == "", o.Kind == sale.CardComplete && o.Original.Kind != sale.CardAuth:
		return fmt.Errorf("the terminal cannot do a %s of a %q", o.Kind, o.Original.Kind)
	}
	return o.Amount.Valid()
}

// buildsOn reports whether a kind of transaction needs the terminal's own record
// of an earlier one.
func buildsOn(k sale.CardKind) bool { return k == sale.CardVoid || k == sale.CardComplete }

// remembered makes sure that the terminal's own record of a transaction is the
// one that is to be voided or completed: numbers start anew after a batch
// close, and number 12 may then be another customer's. It returns the rails that
// the transaction went over, by the record or by what posd knows.
func (t *Terminal) remembered(ctx context.Context, orig *sale.CardOriginal) (sale.Tender, sale.Reason, error) {
	kind := orig.Kind
	l := t.look(ctx, soughtOriginal(orig))
	switch {
	case l.found == sale.FoundNot:
		return "", sale.ReasonNotFound, fmt.Errorf("the %s is no longer in the terminal's batch: nothing was sent; money goes back by a return instead of a void", kind)
	case l.found != sale.FoundIt:
		return "", sale.ReasonNotSent, fmt.Errorf("the terminal could not say whether it has the %s (%s): nothing was sent, try again", kind, l.words)
	case l.answer.Card.Transaction != orig.Transaction:
		return "", sale.ReasonNotFound, fmt.Errorf("the terminal has the %s under transaction %s instead of %s: nothing was sent; money goes back by a return instead of a void",
			kind, cmp.Or(l.answer.Card.Transaction, "unknown"), orig.Transaction)
	}
	return cmp.Or(l.answer.Tender, orig.Tender), sale.ReasonNone, nil
}

var typeOf = map[sale.CardKind]string{
	sale.CardSale: typeSale, sale.CardReturn: typeReturn, sale.CardVoid: typeVoid,
	sale.CardAuth: typeAuth, sale.CardComplete: typeComplete,
}

var tipRequest = map[sale.AskTip]string{sale.TipAsked: "1", sale.TipNotAsked: "0"}

var voidTypes = map[sale.CardKind]string{
	sale.CardSale: typeVoidSale, sale.CardReturn: typeVoidReturn,
	sale.CardAuth: typeVoidAuth, sale.CardComplete: typeVoidDone,
}

// payment is an order in the terminal's terms. tender is empty if nobody says.
func (t *Terminal) payment(o sale.CardRequest, tender sale.Tender) payment {
	p := payment{Command: cmdCredit, Type: typeOf[o.Kind], Amount: o.Amount, Tip: o.Tip, AskTip: tipRequest[o.AskTip], Ref: o.Ref, Again: o.AllowDuplicate}
	if cmp.Or(tender, sale.Tender(t.cfg.Tender)) == sale.Debit {
		p.Command = cmdDebit
	}
	if t.cfg.Invoice == invoiceOfAttempt {
		p.Invoice = invoiceOf(o.Ref)
	}
	if buildsOn(o.Kind) {
		p.Transaction = o.Original.Transaction
	}
	if o.Kind == sale.CardVoid {
		p.Amount, p.Invoice = 0, "" // those of what is voided
		if t.cfg.VoidByKind {
			p.Type = voidTypes[o.Original.Kind]
		}
	}
	return p
}
