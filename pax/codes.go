package pax

import (
	"strconv"
	"strings"

	"posd/device/sale"
)

// class is what a result code of a money transaction allows posd to conclude.
type class uint8

const (
	classUnsure    class = iota // not known, or known too vaguely: look it up
	classPaid                   // approved
	classDeclined               // not paid, said by the host or the card
	classEnded                  // not paid, ended on the terminal; only if no card was read
	classRefused                // not paid: the request itself was refused
	classDuplicate              // the terminal's duplicate check: whose is the original?
)

// conclusion of a result code, with the reason that goes with it.
type conclusion struct {
	class  class
	reason sale.Reason
}

// conclusions holds the codes that are certain enough to conclude from. Every
// other code, listed by PAX or not, is looked up by reference before anything
// is concluded: a look-up is cheap and a wrong "not paid" is not.
var conclusions = map[string]conclusion{
	"000000": {classPaid, sale.ReasonNone},
	"000001": {classPaid, sale.ReasonNone}, // approved offline, stored for upload
	"000002": {classPaid, sale.ReasonNone}, // partially approved
	"000003": {classPaid, sale.ReasonNone}, // approved without the surcharge
	"000100": {classDeclined, sale.ReasonIssuer},
	"100001": {classEnded, sale.ReasonTimeout},
	"100002": {classEnded, sale.ReasonAborted},
	"100003": {classRefused, sale.ReasonRefused}, // the text says why: AMOUNT INVALID, DEBIT ONLY, ...
	"100004": {classRefused, sale.ReasonRefused}, // transaction type not supported
	"100005": {classRefused, sale.ReasonRefused}, // tender not supported
	"100011": {classDuplicate, sale.ReasonDuplicateOf},
	"103000": {classDuplicate, sale.ReasonNone}, // the host's; says so only if it names the original: see duplicate
}

const (
	codeOffline = "000001"
	codePartial = "000002"
)

// cardType names a card type code of the terminal, and gives the letter that
// the gateway's extra has for it by default. Only M is known from the gateway's
// own sample; the others follow it and can be configured.
var cardTypes = map[string]struct{ name, letter string }{
	"01": {"VISA", "V"},
	"02": {"MASTERCARD", "M"},
	"03": {"AMEX", "A"},
	"04": {"DISCOVER", "D"},
	"05": {"DINERS", "D"},
	"07": {"JCB", "J"},
	"09": {"VISA", "V"},
	"10": {"MASTERCARD", "M"},
	"17": {"INTERAC", "P"},
	"18": {"UNIONPAY", "U"},
	"19": {"MAESTRO", "M"},
}

// entryModes names the ways a card is read.
var entryModes = map[string]sale.EntryMode{
	"0": sale.EntryManual,
	"1": sale.EntrySwipe,
	"2": sale.EntryTap,
	"3": sale.EntryManual, // scanner
	"4": sale.EntryChip,
	"5": sale.EntrySwipe, // chip that fell back to the stripe
	"6": sale.EntryManual,
	"7": sale.EntryManual,
}

// cvmNames says how the card's holder was verified. The numbers follow the order
// of a list of PAX's; 2 was seen together with a verified PIN.
var cvmNames = map[string]string{
	"1": "pin", "2": "pin", "3": "pin", "4": "pin", "5": "pin",
	"6": "signature",
	"7": "none",
	"8": "device",
}

// approvedCodes are host response codes of approvals; processors write zero with
// one to three digits.
var approvedCodes = map[string]bool{"0": true, "00": true, "000": true, "08": true, "10": true, "11": true, "85": true}

// authorised reports whether the host's own words are those of an approval: it
// gave an authorisation number, or a code or message that says so.
func (t *transaction) authorised() bool {
	text := strings.ToUpper(printable(t.Host.Message))
	return len(t.Host.Auth) > 0 || approvedCodes[name(t.Host.Code)] ||
		len(t.Host.Code) == 0 && (strings.HasPrefix(text, "APPR") || text == "OK")
}

// refused reports whether the host's own words are those of a refusal.
func (t *transaction) refused() bool {
	return !t.authorised() && len(t.Host.Code)+len(t.Host.Message) > 0 && t.stored() == storedBatch
}

// Where the terminal keeps a transaction, by the ranges of its own numbers.
type storage uint8

const (
	storedBatch   storage = iota
	storedOffline         // approved offline, not uploaded yet
	storedFailed          // approved offline, and refused at the upload
)

// stored tells where the terminal keeps the transaction.
func (t *transaction) stored() storage {
	switch n, _ := strconv.Atoi(string(t.Trace.Transaction)); {
	case n > 9000:
		return storedFailed
	case n > 5000:
		return storedOffline
	}
	return storedBatch
}
