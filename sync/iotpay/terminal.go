package iotpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"posd/device/sale"
)

// Terminal is a card terminal that the gateway drives. IOTPay's documents leave two
// readings of create_order with CC_PAX: a report of a payment that was taken, or
// the charge itself, whose answer holds the card's record. This is the second:
//
//	Charge --create_order, CC_PAX, once--> gateway ---> terminal ---> customer
//	       <---- SUCCESS, signed, extra = the card's record
//
// A card order cannot be asked after, so an answer that is lost, not signed, or
// not clear is unsure, and stays so until a person has looked at IOTPay's own list.
// Nothing is repeated, nothing can be stopped from here, and what is more than a
// sale is done on the terminal.
type Terminal struct {
	client   *Client
	currency string
}

// NewTerminal returns the terminal that a client's gateway drives.
func NewTerminal(c *Client, currency string) *Terminal { return &Terminal{c, currency} }

// driven is what a request that starts a payment says in extra: the documents ask for a
// text and call it unused.
const driven = `{"pos_flag":"yes"}`

// Charge has the gateway take one payment, and waits for as long as a customer may take.
func (t *Terminal) Charge(ctx context.Context, o sale.CardRequest) sale.CardAnswer {
	a := sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Tender: o.Tender}
	if o.Kind != sale.CardSale {
		a.Verdict, a.Words = sale.VerdictNotSent, fmt.Sprintf("not sent: IOTPay drives the terminal, and a %s is made on the terminal itself", o.Kind)
		return a
	}
	placed, answer := t.client.placeOrder(ctx, driving, Order{No: o.Ref, Channel: sale.CCPax, Amount: o.Amount + o.Tip, Currency: t.currency, CardExtra: driven})
	a.Words = answer.Words
	switch {
	case answer.Result == sale.GatewayNotSent:
		a.Verdict = sale.VerdictNotSent
	case answer.Result == sale.GatewayOK:
		t.charged(&a, o, placed)
	case answer.Result == sale.GatewayFail && answer.Verified && answer.Concern == sale.ConcernOrder && holdsOneOf(answer.Words, t.client.cfg.CardDeclinedTexts):
		a.Verdict, a.Reason = sale.VerdictDeclined, sale.ReasonIssuer
	default:
		a.Verdict, a.Words = sale.VerdictUnsure, cmp.Or(a.Words, "the gateway's answer does not say whether the card was charged")
	}
	return a
}

// charged reads the record of a payment that the gateway calls made. Without an
// approval in it nobody knows that it was.
func (t *Terminal) charged(a *sale.CardAnswer, o sale.CardRequest, p Placed) {
	record, err := ParseObject([]byte(p.Extra))
	if err != nil || record.Text("authNum") == "" || record.Text("cardNum") == "" {
		a.Verdict, a.Words = sale.VerdictUnsure, "the gateway says SUCCESS and tells no approval: whether the card was charged must be looked up at IOTPay"
		return
	}
	a.Verdict, a.Reported, a.Card = sale.VerdictApproved, true, cardOf(record)
	a.Words = cmp.Or(printable(record.Text("receiptDisp")), "approved")
	a.Approved, a.Tip = o.Amount+o.Tip, o.Tip
	for name, part := range map[string]*sale.Amount{"tip": &a.Tip, "cashbackAmount": &a.Cashback, "surchargeAmount": &a.Surcharge} {
		cents, told, err := record.Int(name)
		if err != nil || cents < 0 {
			a.Contradiction = fmt.Sprintf("the card's record has a %s that is no amount in cents: %q", name, printable(record.Text(name)))
		} else if told {
			*part += sale.Amount(cents)
			a.Approved += sale.Amount(cents)
		}
	}
	if p.Amount != 0 && p.Amount != a.Approved {
		a.Approved = p.Amount // the gateway's own word; where it does not fit, it is an incident
	}
}

// cardOf is the record of a card as receipts and books hold it. What it says of the
// card's number is masked here, whatever the gateway sent.
func cardOf(r Object) sale.CardInfo {
	text := func(name string) string { return printable(r.Text(name)) }
	c := sale.CardInfo{
		Type: text("cardType"), Number: lastFour(r.Text("cardNum")), Account: text("accountType"), Label: text("emvLabel"),
		AID: text("emvAID"), TVR: text("emvTVR"), TSI: text("emvTSI"), Cryptogram: text("emvTC"),
		AuthCode: text("authNum"), HostText: text("receiptDisp"), Reference: text("seqNum"), Batch: text("batchNum"),
		Invoice: text("termInvoiceNum"), TerminalID: cmp.Or(text("bankTermNum"), text("termNum")),
	}
	if kind, ok := map[string]string{"M": "MASTERCARD", "V": "VISA", "A": "AMEX", "P": "INTERAC"}[c.Type]; ok {
		c.Type = kind
	}
	c.Entry = map[string]sale.EntryMode{"T": sale.EntryTap, "C": sale.EntryChip, "S": sale.EntrySwipe, "M": sale.EntryManual}[r.Text("trxMethod")]
	if d, clock := r.Text("trxDate"), r.Text("trxTime"); len(d) == 8 && len(clock) == 6 && strings.Trim(d+clock, "0123456789") == "" { // MMDDYYYY, hhmmss
		c.TerminalTime = d[4:] + d[:4] + clock
	}
	switch r.Text("langCode") {
	case "E":
		c.Language = sale.English
	case "F":
		c.Language = sale.French
	}
	return c
}

// lastFour masks a card's number.
func lastFour(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	return "XXXXXXXXXXXX" + digits[max(0, len(digits)-4):]
}

// Find says that nobody can be asked: a person looks at IOTPay's own list.
func (t *Terminal) Find(_ context.Context, l sale.CardLookup) sale.CardFinding {
	return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundUnclear,
		Words: "IOTPay cannot be asked about card payments: look for number " + l.Ref + " in its own list of payments, or at the terminal's paper"}
}

// CloseBatch settles nothing: IOTPay settles its terminals.
func (t *Terminal) CloseBatch(context.Context) sale.BatchAnswer {
	return sale.BatchAnswer{End: sale.BatchOpen, Words: "IOTPay drives the terminal and settles it"}
}

// Abort is a wish that nobody hears: it is said to whoever asked for it.
func (t *Terminal) Abort(context.Context) error {
	return errors.New("cancel on the terminal itself: IOTPay drives it, and takes no wish from here")
}
