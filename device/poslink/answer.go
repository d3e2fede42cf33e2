package poslink

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"posd/device/books"
	"posd/device/sale"
	"posd/pax"
)

// version is the protocol version in answers; registers do not compare it.
const version = "1.44"

// Result codes of the terminal's that registers act on.
const (
	codeOK        = "000000"
	codePartial   = "000002"
	codeDeclined  = "000100"
	codeTimeout   = "100001"
	codeAborted   = "100002"
	codeRefused   = "100003"
	codeNoType    = "100004"
	codeNoTender  = "100005"
	codeNoAnswer  = "100009"
	codeLineError = "100010"
	codeDuplicate = "100011"
	codeNotFound  = "100023"
)

// result is how a transaction ended, for its register.
type result struct {
	code, text string
	sale       *sale.Sale     // what it is about, if anything was begun
	movement   *sale.Movement // the refund or void, if that was asked for
	final      bool           // its delivery ends the matter
}

// refused is a result of which nothing was begun. Some registers take every
// text for an approval that says neither ABORTED nor TIMEOUT nor DECLINED.
func refused(code, text string) result { return result{code: code, text: "ABORTED " + text} }

// ended tells a sale as it stands.
func ended(s sale.Sale) result {
	r := result{sale: &s, final: s.State.Final()}
	switch {
	case s.State == sale.Paid && s.Due > 0:
		r.code, r.text = codePartial, "OK"
	case s.State == sale.Paid:
		r.code, r.text = codeOK, "OK" // exactly this: registers compare it
	case s.State == sale.Declined:
		r.code, r.text = codeDeclined, "DECLINED"
	case s.State == sale.Cancelled && s.Reason == sale.ReasonTimeout:
		r.code, r.text = codeTimeout, "TIMEOUT"
	case s.State == sale.Cancelled:
		r.code, r.text = codeAborted, "ABORTED"
	default:
		r.code, r.text = codeNoAnswer, "TIMEOUT CHECK TERMINAL"
	}
	return r
}

// gaveBack tells a refund or void of a sale as it stands.
func gaveBack(s sale.Sale, m sale.Movement) result {
	r := result{sale: &s, movement: &m, final: m.Final()}
	switch m.State {
	case sale.MovementDone:
		r.code, r.text = codeOK, "OK"
	case sale.MovementRefused, sale.MovementKept:
		r.code, r.text = codeDeclined, "DECLINED"
	default:
		r.code, r.text = codeNoAnswer, "TIMEOUT CHECK TERMINAL"
	}
	return r
}

// paid reports whether money moved as it was asked.
func (r result) paid() bool { return r.code == codeOK || r.code == codePartial }

// subs joins subfields; every group stands with all its parts, since registers
// index them without looking.
func subs(parts ...string) string { return strings.Join(parts, string(rune(pax.US))) }

// paymentAnswer is T01 or T03 whole: every group, whatever the code, the
// additional one last. Its check byte is none that registers mistake.
//
//	T01  host · type · amount · account · trace · AVS · commercial · MOTO · additional
//	T03  host · type · amount · account · trace · additional
func paymentAnswer(p payment, r result, now time.Time) []byte {
	card, s := sale.CardInfo{}, sale.Sale{}
	if r.sale != nil {
		s = *r.sale
	}
	if s.Card != nil {
		card = *s.Card
	}
	if r.movement != nil && r.movement.Card != nil {
		card = *r.movement.Card
	}
	if name := walletNames[s.Method]; name != "" {
		card = sale.CardInfo{Label: name, Type: name, HostText: "APPROVED", Reference: s.PayOrderID, Transaction: card.Transaction}
	}
	fields := []string{"0", next(p.command), version, r.code, ascii(r.text),
		hostGroup(r, card), p.asked, amountGroup(p, r, s), accountGroup(card), traceGroup(p, card, now)}
	if p.command == "T00" {
		fields = append(fields, subs("", ""), subs("", "", "", "", "", "", ""), subs("", "", "", "", "", ""))
	}
	more := additionalGroup(r, s, card)
	for filler := 'A'; ; filler++ {
		frame := pax.AppendFrame(nil, append(fields, more+string(rune(pax.US))+"FILL="+string(filler))...)
		if !unlikedLRC(frame[len(frame)-1]) || filler == 'Z' {
			return frame
		}
	}
}

// next is the response's code to a command.
func next(command string) string {
	n, _ := strconv.Atoi(command[1:])
	return fmt.Sprintf("%c%02d", command[0], n+1)
}

// hostGroup is what the card's host said. Registers take the codes 0, 00, 85 and
// 000 for approvals, so that none of them stands beside a failure.
func hostGroup(r result, card sale.CardInfo) string {
	code, text := ascii(card.HostCode), ascii(card.HostText)
	if r.paid() {
		code, text = "00", cmp.Or(text, "APPROVED")
	} else {
		if strings.Trim(code, "0") == "" || code == "85" {
			code = "05"
		}
		text, card.AuthCode = cmp.Or(r.text, text), ""
	}
	return subs(code, text, ascii(card.AuthCode), ascii(card.Reference), "", ascii(card.Batch), "", "", "", "", ascii(card.Reference), "")
}

func amountGroup(p payment, r result, s sale.Sale) string {
	approved, due := sale.Amount(0), sale.Amount(0)
	switch {
	case !r.paid():
	case r.movement != nil:
		approved = r.movement.Amount
	default:
		approved, due = s.ApprovedAmount, s.Due
	}
	tip := max(p.tip, s.Tip)
	return subs(cents(approved), cents(due), cents(tip), cents(s.Cashback), cents(s.Surcharge), "0", "0", "0")
}

func cents(a sale.Amount) string { return strconv.FormatInt(int64(a), 10) }

// cardTypes are the terminal's numbers for kinds of card.
var cardTypes = map[string]string{"VISA": "01", "MASTERCARD": "02", "AMEX": "03", "DISCOVER": "04", "DINERS": "05", "JCB": "07", "INTERAC": "17", "UNIONPAY": "18", "MAESTRO": "19"}

// walletNames stand where a card's label does.
var walletNames = map[sale.Method]string{sale.WeChat: "WECHAT PAY", sale.Alipay: "ALIPAY", sale.UnionPay: "UNIONPAY QR"}

var entryModes = map[sale.EntryMode]string{sale.EntryManual: "0", sale.EntrySwipe: "1", sale.EntryTap: "2", sale.EntryChip: "4"}

// accountGroup names the card by its last four digits. posd knows no expiry:
// one that cannot be is sent, since some registers read it without looking.
func accountGroup(card sale.CardInfo) string {
	last := "0000"
	if n := len(card.Number); n >= 4 {
		last = card.Number[n-4:]
	}
	return subs(last, cmp.Or(entryModes[card.Entry], "0"), "1299", "", "", "", cardTypes[card.Type], "", "", "", "0", "", "")
}

func traceGroup(p payment, card sale.CardInfo, now time.Time) string {
	return subs(cmp.Or(ascii(card.Transaction), "0"), ascii(p.ref), cmp.Or(ascii(card.TerminalTime), now.Format("20060102150405")), ascii(cmp.Or(p.invoice, card.Invoice)), "", "")
}

// additionalGroup lists the pairs. Two registers read by position: the host
// reference stands third and the card's label fourteenth. No value is empty.
func additionalGroup(r result, s sale.Sale, card sale.CardInfo) string {
	href := string(s.ID)
	if r.movement != nil {
		href = r.movement.ID
	}
	pair := func(key, value string) string { return key + "=" + cmp.Or(ascii(value), "0") }
	_, cryptogram, _ := strings.Cut(card.Cryptogram, ": ")
	return subs(
		pair("SN", card.Serial), pair("EDCTYPE", strings.ToUpper(string(s.Tender))), pair("HRef", href), pair("GLOBALUID", href),
		pair("AID", card.AID), pair("TVR", card.TVR), pair("TSI", card.TSI), pair("TC", cryptogram), pair("CVMNAME", card.CVM),
		pair("APPPN", card.Label), pair("PROGRAMTYPE", "0"), pair("USERLANGUAGESTATUS", "1"), pair("CARDENTRY", string(card.Entry)),
		pair("APPLAB", cmp.Or(card.Label, card.Type, "CARD")))
}

// recordAnswer is R03: one record that was found.
//
//	total · number · host · EDC · type · original type · amount · account · trace · cashier · commercial · check · additional
func recordAnswer(p payment, r result, now time.Time) []byte {
	s := *r.sale
	card := sale.CardInfo{}
	if s.Card != nil {
		card = *s.Card
	}
	edc := "01"
	if s.Tender == sale.Debit {
		edc = "02"
	}
	fields := []string{"0", "R03", version, codeOK, "OK", "1", "1", hostGroup(r, card), edc, kindNumbers[s.Kind], "",
		amountGroup(p, r, s), accountGroup(card), traceGroup(p, card, now), subs("", ""), subs("", "", "", "", "", "", ""), "", additionalGroup(r, s, card)}
	return pax.AppendFrame(nil, fields...)
}

var kindNumbers = map[sale.CardKind]string{sale.CardSale: typeSale, sale.CardReturn: typeReturn, sale.CardAuth: typeAuth, sale.CardComplete: typeComplete}

// identityAnswer is A01.
//
//	serial number · model · OS version · MAC · lines · characters per line · additional · touch screen
func identityAnswer(serial string) []byte {
	return pax.AppendFrame(nil, "0", "A01", version, codeOK, "OK", serial, "POSD", "1", "", "8", "21", subs("APPNAME=POSD", "APPVERSION=1"), "N")
}

// closeAnswer is B01: what the closed day took by card, all of it under credit. What
// else it holds stands in its report.
//
//	host · counts · sums · time · terminal · merchant, counts and sums of credit, debit and five others
func closeAnswer(b books.Books, now time.Time) []byte {
	counts, sums := strings.Repeat("=0", 6), strings.Repeat("=0", 6)
	n, total, no := 0, sale.Amount(0), 0
	for _, g := range b.Methods {
		if g.Name == string(sale.Card) {
			n, total = g.Paid.Count, g.Net
		}
	}
	if b.Closing != nil {
		no = b.Closing.No
	}
	return pax.AppendFrame(nil, "0", "B01", version, codeOK, "OK", subs("000", "BATCH CLOSED", "", "", "", strconv.Itoa(no)),
		strconv.Itoa(n)+counts, cents(max(total, 0))+sums, now.Format("20060102150405"), "", "")
}

// plainAnswer is a response of code and text alone.
func plainAnswer(command, code, text string) []byte {
	return pax.AppendFrame(nil, "0", next(command), version, code, ascii(text))
}

// ascii leaves out what registers cannot read: every byte that is not printable
// ASCII. They decode answers as UTF-8 or as Latin-1, and part them by control bytes.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}
