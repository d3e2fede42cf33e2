package sale

import "strings"

// SerialNumber returns a terminal's serial number in the one form in which two are
// compared: models print it differently in different answers. Capitals, without
// anything but letters and digits, without "SN" before it, and without leading zeros.
func SerialNumber(printed string) string {
	s := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(printed))
	return strings.TrimLeft(strings.TrimPrefix(s, "SN"), "0")
}

// CardKind is what the terminal is asked to do.
type CardKind string

// Kinds of card transaction.
const (
	CardSale CardKind = "sale"
	CardVoid CardKind = "void"
	// CardReturn gives money to a card, with or without the sale it came from.
	CardReturn CardKind = "return"
	// CardAuth holds an amount on the card; CardComplete takes it, or less, later.
	CardAuth     CardKind = "auth"
	CardComplete CardKind = "complete"
)

// Tender says which card rails are asked for; empty leaves it to the driver's configuration.
type Tender string

// Tenders.
const (
	Credit Tender = "credit"
	Debit  Tender = "debit"
)

// CardRequest is one money transaction asked of the terminal. It is stored before it is sent.
type CardRequest struct {
	Kind     CardKind
	Ref      string // ECR reference of this attempt: 16 Crockford base32 characters
	Amount   Amount // to charge, or to give back
	Tip      Amount // to charge beside it: the customer has chosen it already
	AskTip   AskTip // whether the terminal asks for one
	Tender   Tender
	Original *CardOriginal // void, completion, and return by original
	// AllowDuplicate tells the terminal's own duplicate check that a person means it.
	AllowDuplicate bool
	// Serial is the terminal that the stored intent names, as SerialNumber writes
	// it. Another one is asked for nothing; empty means that none is known yet.
	Serial string
}

// AskTip says whether the terminal asks the customer for a tip; empty leaves it as
// the terminal is set up.
type AskTip string

// What is asked of the terminal.
const (
	TipAsked    AskTip = "yes"
	TipNotAsked AskTip = "no"
)

// CardOriginal is the transaction that a void or return undoes, or the
// authorisation that a completion takes.
type CardOriginal struct {
	Kind        CardKind
	Ref         string // its ECR reference
	Transaction string // the terminal's transaction number
	Amount      Amount // as the terminal approved it
	Tender      Tender
}

// Verdict is what posd may conclude from the terminal's words.
type Verdict string

// Verdicts. Anything the driver cannot prove to be one of the others is VerdictUnsure.
const (
	VerdictApproved  Verdict = "approved"  // also for less than asked: see CardAnswer.Approved
	VerdictDeclined  Verdict = "declined"  // by the host, the card, or the terminal's duplicate check
	VerdictCancelled Verdict = "cancelled" // aborted, the terminal's own time-out, or refused before a card was read
	VerdictNotSent   Verdict = "not-sent"  // provably not one byte of the frame reached the line, or the terminal refused every copy of it (NAK)
	VerdictUnsure    Verdict = "unsure"    // look it up by reference
)

// CardAnswer is the end of a card transaction as far as the terminal told it.
type CardAnswer struct {
	Ref       string // the attempt it belongs to, as the terminal echoed it or as it was asked
	Kind      CardKind
	Verdict   Verdict
	Reason    Reason
	Words     string // "DECLINED (051)": the terminal's text and code, printable, no card data
	Approved  Amount // as the terminal says; with a partial approval less than asked
	Tip       Amount
	Cashback  Amount
	Surcharge Amount
	Offline   bool   // approved offline, to be confirmed by the terminal's upload
	Partial   bool   // the terminal itself called it partial (000002)
	Tender    Tender // the rails really used, if the terminal said so
	Foreign   string // reference of the transaction that the terminal's duplicate check named, if it is not this one
	Card      CardInfo
	Extra     Secret // CC_PAX extra as JSON text; holds the expiry: goes into the report row and nowhere else
	ExtraErr  string // why no valid extra could be made of it; the report is then set aside with these words
	Serial    string // of the terminal that was asked, as SerialNumber writes it
	Reported  bool   // the gateway itself drove the terminal: it is told of nothing
	// SaidApproved tells that the result code was one of approval, whatever the
	// verdict: that the terminal does not find the attempt later proves nothing.
	SaidApproved bool
	// Contradiction says in what an approval disagrees with itself: an incident.
	Contradiction string
	// Late are answers to other transactions, and other ones to this, that came in
	// the same conversation; one that says approved may have no reference at all.
	Late []CardAnswer
}

// Interac reports whether it is a card of the Canadian debit scheme.
func (c CardInfo) Interac() bool {
	return strings.EqualFold(c.Type, "interac") || strings.EqualFold(c.Type, "debit") || strings.HasPrefix(c.AID, "A000000277")
}

// Unverified reports whether a credit card was swiped or keyed and the terminal
// does not say how its holder was verified: such a card is signed for, unless
// the shop's processor needs no signature.
func (c CardInfo) Unverified() bool {
	return c.CVM == "" && (c.Entry == EntrySwipe || c.Entry == EntryManual) && !c.Interac() && c.Account == ""
}

// CardLookup asks the terminal what became of an attempt. It moves no money.
type CardLookup struct {
	Ref     string
	Kind    CardKind
	Amount  Amount
	Tip     Amount       // asked beside it
	Serial  string       // the terminal that was asked, if known: another one proves nothing
	Control *CardControl // our latest approved sale of this batch, to prove that the terminal still remembers
	// Original is what a void takes back. Should the void not be found, its record
	// is looked at: some terminals only mark it.
	Original *CardOriginal
}

// CardControl is a sale that the terminal must still find, or its "not found" proves nothing.
type CardControl struct {
	Ref    string `json:"ref"`
	Amount Amount `json:"amount"`           // as the terminal approved it
	Serial string `json:"serial,omitempty"` // of the terminal that approved it, as SerialNumber writes it
}

// Found is the result of looking one reference up.
type Found string

// Results of a look-up. Only 100023 with the text NOT FOUND is FoundNot; several
// records, numbers of uncertain meaning and every error are FoundUnclear.
const (
	FoundUnasked Found = ""
	FoundIt      Found = "found" // reference, amount and type agree
	FoundNot     Found = "not-found"
	FoundUnclear Found = "unclear"
	FoundVoided  Found = "voided" // of an original: there, and marked as voided
)

// CardFinding is what a look-up brought.
type CardFinding struct {
	Ref      string
	Reached  bool       // the terminal acknowledged A00: nothing is under way on it
	Identity Identity   // from A01
	Swapped  bool       // its serial number is not the one that was asked
	Result   Found      // for Ref
	Answer   CardAnswer // when Result is FoundIt
	Control  Found      // for the control; FoundUnasked if there was none
	Original Found      // for the original of a void that was not found; FoundUnasked otherwise
	Foreign  string     // a reference on the terminal that is not ours, if one was seen
	// SameLine tells that the line was not lost since the attempt's frame went out
	// in this run, and Finds that this terminal, in this run, has found something by
	// reference. Without a control nothing else makes not found a proof.
	SameLine, Finds bool
	Words           string // why it is unclear or not reached
	// Late are answers to transactions that arrived on the line while it was
	// being asked: the sale's own answer, after our deadline.
	Late []CardAnswer
}

// Identity is what a device says of itself.
type Identity struct {
	Serial  string `json:"serial,omitempty"`
	Model   string `json:"model,omitempty"`
	Version string `json:"version,omitempty"` // application or firmware
}

// BatchEnd is what is known of a batch close.
type BatchEnd string

// Ends of a batch close.
const (
	BatchClosed BatchEnd = "closed"
	BatchOpen   BatchEnd = "open"   // provably not closed: not sent, or refused in words
	BatchUnsure BatchEnd = "unsure" // asked, and the answer was lost or cannot be read
)

// BatchTotal is what the terminal sums up of one kind of card, in cents: sales
// less returns, without voids.
type BatchTotal struct {
	Tender Tender `json:"tender"` // credit, debit, or the terminal's word for another kind
	Count  int    `json:"count"`
	Amount Amount `json:"amount"`
}

// BatchAnswer is the terminal's answer to a batch close.
type BatchAnswer struct {
	End        BatchEnd     `json:"end"`
	Number     string       `json:"number,omitempty"`
	Totals     []BatchTotal `json:"totals,omitempty"`     // kinds with nothing are left out
	ClosedAt   string       `json:"closedAt,omitempty"`   // YYYYMMDDhhmmss by the terminal's clock
	TerminalID string       `json:"terminalId,omitempty"` // the bank's number of the terminal (TID)
	MerchantID string       `json:"merchantId,omitempty"`
	Serial     string       `json:"serial,omitempty"` // of the terminal, as SerialNumber writes it
	// Empty tells that there was nothing to settle: nothing was sold, or an earlier
	// close, whose answer was lost, had settled it.
	Empty bool `json:"empty,omitempty"`
	// Difference says that the batch is closed and that the host's sums differ.
	Difference string `json:"difference,omitempty"`
	Words      string `json:"words"`
}

// TerminalTotals is what the terminal says is in its open batch. It is compared with
// what it said before: whether something was charged on it that nobody here asked for.
type TerminalTotals struct {
	Told    bool   `json:"told"`
	Serial  string `json:"serial"`         // of the terminal, as SerialNumber writes it
	Records string `json:"records"`        // how many transactions
	Sums    string `json:"sums,omitempty"` // the terminal's own sums, as it writes them; empty where it tells none
	Words   string `json:"words,omitempty"`
}

// Same reports whether two answers tell of one batch, with nothing more in it.
func (t TerminalTotals) Same(as TerminalTotals) bool {
	return t.Serial == as.Serial && t.Records == as.Records && (t.Sums == as.Sums || t.Sums == "" || as.Sums == "")
}

// Emptied reports whether the batch was settled since.
func (t TerminalTotals) Emptied(since TerminalTotals) bool {
	return t.Serial == since.Serial && t.Records == "0" && since.Records != "0"
}

// String says what is in the batch.
func (t TerminalTotals) String() string {
	if t.Sums == "" {
		return t.Records + " transactions"
	}
	return t.Records + " transactions, " + t.Sums
}
