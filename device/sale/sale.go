package sale

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ID names a sale: a ULID, 26 characters, in the order of creation.
type ID string

// Method says how a bill is paid.
type Method string

// The methods of the contract. Scan means that the merchant reads the
// customer's own code; the wallet is then recognised by the code's prefix.
const (
	Card     Method = "card"
	WeChat   Method = "wechat"
	Alipay   Method = "alipay"
	UnionPay Method = "unionpay"
	Scan     Method = "scan"
	Cash     Method = "cash" // no wire: the cashier has the money in hand
)

// Methods lists every method a sale can be asked for.
var Methods = []Method{Card, WeChat, Alipay, UnionPay, Scan, Cash}

// ParseMethod returns the method called s, or an error that lists the known ones.
func ParseMethod(s string) (Method, error) {
	if m := Method(s); slices.Contains(Methods, m) {
		return m, nil
	}
	return "", fmt.Errorf("unknown method %q: use card, wechat, alipay, unionpay, scan or cash", s)
}

// Wallet reports whether the money moves at the gateway rather than at the card
// terminal or over the counter.
func (m Method) Wallet() bool { return m != Card && m != Cash }

// State is where a sale stands; see the drawing in the package comment.
type State string

// The five states.
const (
	Waiting   State = "waiting"
	Paid      State = "paid"
	Declined  State = "declined"
	Cancelled State = "cancelled"
	Unsure    State = "unsure"
)

// States lists every state.
var States = []State{Waiting, Paid, Declined, Cancelled, Unsure}

// Final reports whether nothing leaves s any more.
func (s State) Final() bool { return s == Paid || s == Declined || s == Cancelled }

// transitions is the whole table: what is not in it never happens.
var transitions = map[State][]State{
	Waiting: {Paid, Declined, Cancelled, Unsure},
	Unsure:  {Paid, Declined, Cancelled},
}

// CanBecome reports whether a sale in state s may go to state next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Reason says in one word why a sale ended, or why it is not known how it ended.
type Reason string

// Brand is a mark that must stand beside a code and on its receipt.
type Brand string

// AlipayPlus is how Alipay+ writes itself, in every language.
const AlipayPlus Brand = "Alipay+"

// BrandOf returns the brand whose code it is; empty where none wants its mark.
func BrandOf(code string) Brand {
	u, err := url.Parse(code)
	if err != nil || !strings.EqualFold(u.Hostname(), "qr.alipayplus.com") {
		return ""
	}
	return AlipayPlus
}

// Reasons. Words of the terminal or the gateway stand beside them in Sale.Words.
const (
	ReasonNone        Reason = ""
	ReasonAborted     Reason = "aborted"      // on the terminal, or by our wish
	ReasonTimeout     Reason = "timeout"      // card: the terminal's own time-out; wallet: the code left the display unpaid
	ReasonNotSent     Reason = "not-sent"     // proof that nothing was sent
	ReasonNotShown    Reason = "not-shown"    // proof that no code reached glass
	ReasonNotFound    Reason = "not-found"    // proven never heard of
	ReasonRefused     Reason = "refused"      // the terminal or the gateway refused the request
	ReasonIssuer      Reason = "issuer"       // declined by the card's host
	ReasonDuplicateOf Reason = "duplicate-of" // the terminal's duplicate check names another sale
	ReasonClosed      Reason = "closed"       // the gateway closed the order (status 4 or 9)
	ReasonCashier     Reason = "cashier"      // given up by the cashier
	ReasonNoAnswer    Reason = "no-answer"    // asked, no answer
	ReasonRestart     Reason = "restart"      // posd stopped while it was under way
	ReasonPartial     Reason = "partial"      // approved for less than asked
	ReasonPerson      Reason = "person"       // resolved by a person
)

// Reasons lists every reason.
var Reasons = []Reason{ReasonNone, ReasonAborted, ReasonTimeout, ReasonNotSent, ReasonNotShown, ReasonNotFound, ReasonRefused, ReasonIssuer,
	ReasonDuplicateOf, ReasonClosed, ReasonCashier, ReasonNoAnswer, ReasonRestart, ReasonPartial, ReasonPerson}

// Printed says what became of the customer's receipt.
type Printed string

// The stations of a receipt. Sent means that the printer cannot say whether it printed.
const (
	PrintNone   Printed = "none"
	PrintQueued Printed = "queued"
	PrintSent   Printed = "sent"
	PrintDone   Printed = "printed"
	PrintFailed Printed = "failed"
)

// Reported says whether IOTPay knows of an approved card sale.
type Reported string

// The stations of a report.
const (
	ReportNotNeeded Reported = "not-needed"
	ReportQueued    Reported = "queued"
	ReportDone      Reported = "done"
	ReportSetAside  Reported = "set-aside"
	ReportWithdrawn Reported = "withdrawn"
	ReportByHand    Reported = "by-hand"
)

// EntryMode is how the card was read.
type EntryMode string

// Entry modes as the terminal names them.
const (
	EntryManual EntryMode = "manual"
	EntrySwipe  EntryMode = "swipe"
	EntryTap    EntryMode = "tap"
	EntryChip   EntryMode = "chip"
)

// CardInfo is what a card sale remembers of the card. The number is masked
// before it gets here; an expiry date or a name never does.
type CardInfo struct {
	Type         string    `json:"type,omitempty"`           // VISA, MASTERCARD, AMEX, INTERAC...
	Number       string    `json:"number,omitempty"`         // XXXXXXXXXXXX1166
	Entry        EntryMode `json:"entry,omitempty"`          //
	Account      string    `json:"account,omitempty"`        // Interac: chequing, savings, default; else empty
	Label        string    `json:"label,omitempty"`          // application label or preferred name
	AID          string    `json:"aid,omitempty"`            // hex
	TVR          string    `json:"tvr,omitempty"`            // 10 hex digits
	TSI          string    `json:"tsi,omitempty"`            // 4 hex digits
	Cryptogram   string    `json:"cryptogram,omitempty"`     // "ARQC: 3D36ACBD44BE512B"
	CVM          string    `json:"cvm,omitempty"`            // pin, signature, none, device, or empty if unknown
	Composed     string    `json:"composed,omitempty"`       // which values of the gateway's extra were derived, not read from the card
	AuthCode     string    `json:"authCode,omitempty"`       //
	HostCode     string    `json:"hostCode,omitempty"`       // host's response code, as given
	HostText     string    `json:"hostText,omitempty"`       // host's message, as given
	Reference    string    `json:"reference,omitempty"`      // retrieval reference number, 12 digits
	Batch        string    `json:"batch,omitempty"`          //
	Invoice      string    `json:"invoice,omitempty"`        //
	Transaction  string    `json:"transaction,omitempty"`    // the terminal's transaction number, needed for a void
	TerminalID   string    `json:"terminalId,omitempty"`     // the bank's number of the terminal (TID)
	Serial       string    `json:"terminalSerial,omitempty"` // serial number of the device
	TerminalTime string    `json:"terminalTime,omitempty"`   // YYYYMMDDhhmmss by the terminal's clock, zone unknown
	Language     Language  `json:"language,omitempty"`       // the card's, once read
}

// AttemptState is what is known of one try.
type AttemptState string

// The stations of an attempt.
const (
	AttemptIntended AttemptState = "intended" // stored; something may have been sent
	AttemptOpen     AttemptState = "open"     // the other side has it and it is not decided
	AttemptPaid     AttemptState = "paid"
	AttemptEnded    AttemptState = "ended" // provably not paid
)

// attempts lists what may become of an attempt:
//
//	intended --> open --> paid
//	    |          |
//	    +----------+----> ended
//
// Either may be told at once.
var attempts = map[AttemptState][]AttemptState{
	AttemptIntended: {AttemptOpen, AttemptPaid, AttemptEnded},
	AttemptOpen:     {AttemptPaid, AttemptEnded},
}

// CanBecome reports whether an attempt may go from s to next.
func (s AttemptState) CanBecome(next AttemptState) bool { return slices.Contains(attempts[s], next) }

// Upload is what became of an offline approval when the terminal went online
// again; empty while that is not known.
type Upload string

// Ends of an upload.
const (
	UploadConfirmed Upload = "confirmed"
	UploadRefused   Upload = "refused"
)

// Attempt is one try of a sale on a wire.
type Attempt struct {
	Ref       string       `json:"ref"` // ECR reference (16) or mchOrderNo (26), unique in the store
	State     AttemptState `json:"state"`
	StartedAt time.Time    `json:"startedAt"`
	Words     string       `json:"words,omitempty"` // the other side's, last heard
}

// MovementKind tells the money that goes back.
type MovementKind string

// Kinds of movement: Refund at the gateway or the terminal, Void of a card sale in an open batch.
const (
	Refund MovementKind = "refund"
	Void   MovementKind = "void"
)

// MovementState is where a refund or void stands.
type MovementState string

// The states of a movement. Kept: a late refund that a person stopped before its first byte.
const (
	MovementWaiting MovementState = "waiting"
	MovementDone    MovementState = "done"
	MovementRefused MovementState = "refused"
	MovementUnsure  MovementState = "unsure"
	MovementKept    MovementState = "kept"
)

// movements lists what may become of a refund or void:
//
//	waiting --> done, refused
//	   |  |        ^
//	   |  +--> unsure   (to done or refused, once the other side says so)
//	   +-----> kept     (stopped before its first byte)
var movements = map[MovementState][]MovementState{
	MovementWaiting: {MovementDone, MovementRefused, MovementUnsure, MovementKept},
	MovementUnsure:  {MovementDone, MovementRefused},
}

// CanBecome reports whether a refund or void may go from s to next.
func (s MovementState) CanBecome(next MovementState) bool { return slices.Contains(movements[s], next) }

// Movement is a refund or a void with its own number, intent and state.
type Movement struct {
	ID        string        `json:"id"` // mchRefundNo (26) or ECR reference (16)
	Kind      MovementKind  `json:"kind"`
	Amount    Amount        `json:"amount"`
	State     MovementState `json:"state"`
	By        string        `json:"by"`                  // a person's name, or "posd"
	Why       string        `json:"why,omitempty"`       // "late payment", "replaced", "partial approval", or a person's words
	CreatedAt time.Time     `json:"createdAt"`           //
	KeepUntil *time.Time    `json:"keepUntil,omitempty"` // until when a late refund can still be kept; nil once it cannot
	Words     string        `json:"words,omitempty"`     // the other side's, last heard
	FinalAt   *time.Time    `json:"finalAt,omitempty"`   //
	Day       int           `json:"day,omitempty"`       // number of the business day in which it ended; 0 until then
	Card      *CardInfo     `json:"card,omitempty"`      // of a void or return at the terminal, once answered
}

// Final reports whether the movement has ended.
func (m Movement) Final() bool {
	return m.State == MovementDone || m.State == MovementRefused || m.State == MovementKept
}

// Sale is the payment of one bill by one method, as stored and as the API shows it.
// Amounts are cents; times are UTC.
type Sale struct {
	ID             ID         `json:"id"`
	Reference      string     `json:"reference"` // the bill's number, the application's own; may be empty
	Replaces       string     `json:"replaces"`  // a sale's ID, "none", or empty
	ReplacedBy     ID         `json:"replacedBy,omitempty"`
	ReplacerState  State      `json:"replacedByState,omitempty"` // how that one ended, once it has
	Amount         Amount     `json:"amount"`
	Currency       string     `json:"currency"`
	Method         Method     `json:"method"`
	Kind           CardKind   `json:"kind"`               // sale; of cards also auth, complete and return
	Original       ID         `json:"original,omitempty"` // the authorisation that a completion takes
	Tender         Tender     `json:"tender,omitempty"`   // card rails asked for, and once answered those used
	ChannelID      Channel    `json:"channelId"`
	Foreign        string     `json:"foreign,omitempty"` // its reference at the register that asked by way of a front end
	Brand          Brand      `json:"brand,omitempty"`   // under which its code is taken, where the wallet's name is not enough
	State          State      `json:"state"`
	Reason         Reason     `json:"reason"`
	Words          string     `json:"words,omitempty"` // the terminal's or gateway's words that led here
	GivenUp        bool       `json:"givenUp"`         // cancelled here, still watched
	CancelWished   bool       `json:"cancelWished,omitempty"`
	CreatedAt      time.Time  `json:"createdAt"`
	FinalAt        *time.Time `json:"finalAt"`
	MchOrderNo     string     `json:"mchOrderNo"`
	PayOrderID     string     `json:"payOrderId"`
	ApprovedAmount Amount     `json:"approvedAmount"`
	Due            Amount     `json:"due"`
	Tip            Amount     `json:"tip"`
	Cashback       Amount     `json:"cashback"`
	Surcharge      Amount     `json:"surcharge"`
	Given          Amount     `json:"given,omitempty"`    // cash: what the customer handed over; the change is what of it was not taken
	Rounding       Amount     `json:"rounding,omitempty"` // cash: what is taken more, or below zero less, than the amount
	Lines                     // what the amount is made of
	Offline        bool       `json:"offline"`
	Upload         Upload     `json:"upload,omitempty"` // of an offline approval
	Day            int        `json:"day,omitempty"`    // number of the business day in which it ended; 0 until then
	Printed        Printed    `json:"printed"`
	Reported       Reported   `json:"reported"`
	Card           *CardInfo  `json:"card,omitempty"`
	By             string     `json:"by,omitempty"`  // who asked for a return
	Why            string     `json:"why,omitempty"` // and for what reason
	Attempts       []Attempt  `json:"attempts"`
	Refunds        []Movement `json:"refunds"`
	Incident       string     `json:"incident,omitempty"`  // amounts or words that disagree: automatic steps wait for a person
	Attention      string     `json:"attention,omitempty"` // what a person must do, in words
	Resolved       *Word      `json:"resolved,omitempty"`  // a person's word, if that is what ended it
	Corrected      *Word      `json:"corrected,omitempty"` // a person's word that what cannot be reported was entered at the gateway by hand
	WentUnsureAt   *time.Time `json:"wentUnsureAt,omitempty"`
	WatchedS       int64      `json:"watchedSeconds,omitempty"` // running time spent watching an unsure wallet sale
}

// Word is a person's word on a sale: how it ended, or what was entered elsewhere by hand.
type Word struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Clone returns a copy that shares nothing with s.
func (s Sale) Clone() Sale {
	s.Attempts = slices.Clone(s.Attempts)
	s.Refunds = slices.Clone(s.Refunds)
	for i := range s.Refunds {
		m := &s.Refunds[i]
		m.KeepUntil, m.FinalAt, m.Card = clonePtr(m.KeepUntil), clonePtr(m.FinalAt), clonePtr(m.Card)
	}
	s.FinalAt, s.Card, s.WentUnsureAt = clonePtr(s.FinalAt), clonePtr(s.Card), clonePtr(s.WentUnsureAt)
	s.Resolved, s.Corrected = clonePtr(s.Resolved), clonePtr(s.Corrected)
	s.Taxes, s.Items = slices.Clone(s.Taxes), slices.Clone(s.Items)
	return s
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Charged is what the customer was asked to pay in all: the amount asked plus
// tip, cashback and surcharge, and of cash what rounding adds.
func (s Sale) Charged() Amount { return s.Amount + s.Tip + s.Cashback + s.Surcharge + s.Rounding }

// Captures reports whether such a sale, once paid, takes money from the
// customer: an authorisation only holds it, a return gives it.
func (s Sale) Captures() bool { return s.Kind != CardAuth && s.Kind != CardReturn }

// Taken is the money that left the customer: what was approved of a card sale and
// what its processor takes beside that, the asked amount of a wallet sale; nothing
// unless it is paid.
func (s Sale) Taken() Amount {
	if s.State != Paid || !s.Captures() {
		return 0
	}
	return s.ApprovedAmount + s.beside()
}

// beside is what of tip, cashback and surcharge the approved amount does not hold:
// those by which more was charged than is approved and due. A difference that they
// do not explain is an incident, and no part of what was taken.
func (s Sale) beside() Amount {
	missing := s.Charged() - s.Due - s.ApprovedAmount
	for _, sum := range []Amount{s.Tip, s.Cashback, s.Surcharge, s.Tip + s.Cashback, s.Tip + s.Surcharge, s.Cashback + s.Surcharge, s.Tip + s.Cashback + s.Surcharge} {
		if sum == missing {
			return missing
		}
	}
	return 0
}

// PaidThoughClosed reports whether the gateway took the money of an order that it
// had closed: the sale stays cancelled, and its money is given back.
func (s Sale) PaidThoughClosed() bool {
	return s.State == Cancelled && s.Reason == ReasonClosed && s.ApprovedAmount > 0 && s.Incident != ""
}

// Refundable is what can still be given back, or undone of an authorisation or
// return: what was approved less every movement that is not refused or kept;
// unsure ones count as gone.
func (s Sale) Refundable() Amount {
	left := s.ApprovedAmount
	if s.State != Paid && !s.PaidThoughClosed() {
		left = 0
	}
	for _, m := range s.Refunds {
		if m.State != MovementRefused && m.State != MovementKept {
			left -= m.Amount
		}
	}
	return max(left, 0)
}

// Undone reports whether all that was approved has been undone for certain.
func (s Sale) Undone() bool {
	back := Amount(0)
	for _, m := range s.Refunds {
		if m.State == MovementDone {
			back += m.Amount
		}
	}
	return s.State == Paid && back >= s.ApprovedAmount
}

// Undecided reports whether the gateway may still contradict how a wallet sale ended:
// a person's word on it, or its own word that the order is closed. It is asked on.
func (s Sale) Undecided() bool {
	if !s.Method.Wallet() || !s.State.Final() || len(s.Attempts) == 0 || s.Reason != ReasonPerson && s.Reason != ReasonClosed {
		return false
	}
	a := s.Attempts[len(s.Attempts)-1].State
	return a == AttemptIntended || a == AttemptOpen
}

// Open reports whether posd still has something to find out or to do about the sale's money.
func (s *Sale) Open() bool {
	if !s.State.Final() {
		return true
	}
	return slices.ContainsFunc(s.Refunds, func(m Movement) bool { return !m.Final() })
}
