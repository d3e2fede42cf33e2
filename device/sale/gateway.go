package sale

import (
	"slices"
	"strings"
	"time"
)

// Channel is IOTPay's name of a way to pay.
type Channel string

// The channels that a counter uses; the General Order API knows more.
const (
	WXNative       Channel = "WX_NATIVE"
	AlipayQR       Channel = "ALIPAY_QR"
	UPIQR          Channel = "UPI_QR"
	WXMicropay     Channel = "WX_MICROPAY"
	AlipayMicropay Channel = "ALIPAY_MICROPAY"
	UPIMicropay    Channel = "UPI_MICROPAY"
	CCPax          Channel = "CC_PAX"
)

// Micropay reports whether create_order itself is the debit: the customer's
// own code is in the request.
func (c Channel) Micropay() bool {
	return c == WXMicropay || c == AlipayMicropay || c == UPIMicropay
}

// Wallet names the wallet that pays over a channel; empty where none does.
func (c Channel) Wallet() Method {
	switch {
	case strings.HasPrefix(string(c), "WX_"):
		return WeChat
	case strings.HasPrefix(string(c), "ALIPAY_"):
		return Alipay
	case strings.HasPrefix(string(c), "UPI_"):
		return UnionPay
	}
	return ""
}

// Secret is text that must not be seen: a customer's wallet code, the extra of
// a report. Formatting and JSON print dots; Reveal is the one way to the text.
type Secret string

// String returns dots.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "•••"
}

// GoString returns dots.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText returns dots, so that no JSON or log line holds the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// OrderRequest asks the gateway for an order.
type OrderRequest struct {
	No       string // mchOrderNo: a ULID
	Channel  Channel
	Amount   Amount
	Currency string
	AuthCode Secret // micropay: the customer's code
}

// RefundRequest asks the gateway to give money back.
type RefundRequest struct {
	No         string // mchRefundNo: a ULID
	PayOrderID string // of the original
	MchOrderNo string // of the original
	Channel    Channel
	Amount     Amount
	Currency   string
}

// GatewayResult is what posd may conclude from an answer, or from its absence.
type GatewayResult string

// Results of a call to the gateway.
const (
	GatewayOK         GatewayResult = "ok"         // retCode and resCode SUCCESS, signature verified
	GatewayFail       GatewayResult = "fail"       // refused with words; see Verified
	GatewayNotFound   GatewayResult = "not-found"  // one of the configured texts for "no such order"; see Verified
	GatewayExists     GatewayResult = "exists"     // the number is taken; see Verified
	GatewayNotSent    GatewayResult = "not-sent"   // no connection: not one byte of the request left
	GatewayLost       GatewayResult = "lost"       // sent, or may have been; no readable answer
	GatewayUnverified GatewayResult = "unverified" // SUCCESS whose signature does not verify, or cannot be
	GatewayPending    GatewayResult = "pending"    // a refund: accepted, signed, and not done yet
	GatewayFailed     GatewayResult = "failed"     // a refund: its final status, signed, says that it was not done
	GatewayUnclear    GatewayResult = "unclear"    // a refund: FAIL with words that do not say that it was not done
)

// Concern says what an answer that is no success is a word about: how far it reaches.
type Concern string

// Concerns, the narrowest last.
const (
	ConcernNone     Concern = ""         // nothing is wrong
	ConcernLink     Concern = "link"     // transport, signature or key
	ConcernSystem   Concern = "system"   // the gateway failed at this request: it says nothing about what was asked
	ConcernPatience Concern = "patience" // asked too often or too early: the same again, later
	ConcernChannel  Concern = "channel"  // a channel, or a kind of card, that the merchant does not have
	ConcernOrder    Concern = "order"    // this order, refund or report, and no other
	ConcernRefused  Concern = "refused"  // likewise, on the configured grounds of business: it will never be done
)

// Trouble names what is wrong between posd and the gateway, for people and metrics.
type Trouble string

// Troubles that a shop can do something about.
const (
	TroubleNone      Trouble = ""
	TroubleDNS       Trouble = "dns"
	TroubleConnect   Trouble = "connect"
	TroubleTLS       Trouble = "tls"
	TroubleTimeout   Trouble = "timeout"
	TroublePortal    Trouble = "portal" // an HTML page where JSON was due: a captive portal or a proxy
	TroubleServer    Trouble = "server" // 5xx, or an answer that is not JSON
	TroubleThrottled Trouble = "throttled"
	TroubleKey       Trouble = "key" // merchant, signature or login refused, or answers that do not verify
	TroubleClock     Trouble = "clock"
)

// OrderStatus is the gateway's status of an order.
type OrderStatus int

// Statuses of query_order. StatusUnknown stands for an answer without one.
const (
	StatusUnknown       OrderStatus = -1
	StatusCreated       OrderStatus = 0
	StatusPaying        OrderStatus = 1 // the customer is typing a password
	StatusPaid          OrderStatus = 2
	StatusPaidNotified  OrderStatus = 3
	StatusClosedSystem  OrderStatus = 4
	StatusClosedByBuyer OrderStatus = 9
)

// Paid reports whether the status says that money was taken.
func (s OrderStatus) Paid() bool { return s == StatusPaid || s == StatusPaidNotified }

// Closed reports whether the status says that the order can never be paid.
func (s OrderStatus) Closed() bool { return s == StatusClosedSystem || s == StatusClosedByBuyer }

// GatewayAnswer is the outcome of one call of create_order, query_order,
// refund_order or query_refund.
type GatewayAnswer struct {
	No         string // the number that was asked about
	Result     GatewayResult
	Verified   bool // the answer's signature was checked and is right
	PayOrderID string
	Code       string      // text of the QR to show (create_order of a customer-scan channel)
	Status     OrderStatus // query_order; StatusUnknown elsewhere
	Amount     Amount      // as the gateway says, 0 if it does not
	Currency   string      // likewise
	Words      string      // retMsg, errCodeDes, or what went wrong on our side; printable, no secret
	Trouble    Trouble
	Concern    Concern       // what it is a word about, when it is no success
	RetryAfter time.Duration // asked for by the gateway, capped by the client; 0 if not
}

// OfLink reports whether an answer, or its absence, is a word about the link to
// the gateway: whoever asks next may meet the same.
func (a GatewayAnswer) OfLink() bool {
	switch {
	case a.Concern != ConcernNone:
		return a.Concern == ConcernLink
	case a.Result == GatewayNotSent, a.Result == GatewayLost, a.Result == GatewayUnverified:
		return true
	}
	return a.Trouble != TroubleNone && a.Trouble != TroubleClock
}

// ReportState is where a queue entry stands.
type ReportState string

// States of a report. A held report is not due: an offline approval waits for the
// terminal's upload, an incident for a person.
const (
	QueueDue      ReportState = "queued"
	QueueHeld     ReportState = "held"
	QueueSetAside ReportState = "set-aside"
)

// reports lists what may become of a report that is queued; a confirmed or
// withdrawn one leaves the queue from wherever it stands:
//
//	(new) --> queued <--> set-aside
//	            ^
//	(new) --> held           (a new one may be set aside at once, too)
var reports = map[ReportState][]ReportState{
	"":            {QueueDue, QueueHeld, QueueSetAside},
	QueueDue:      {QueueDue, QueueSetAside}, // tried and put off, or refused for good
	QueueHeld:     {QueueDue},
	QueueSetAside: {QueueDue},
}

// CanBecome reports whether a report may go from s to next.
func (s ReportState) CanBecome(next ReportState) bool { return slices.Contains(reports[s], next) }

// Report is the queue entry that tells the gateway of an approved card sale.
// It leaves the queue only on confirmation.
type Report struct {
	No       string      `json:"id"` // mchOrderNo of its create_order, a ULID; for ever the same
	Sale     ID          `json:"sale"`
	Amount   Amount      `json:"amount"`
	Currency string      `json:"currency"`
	State    ReportState `json:"state"`
	QueuedAt time.Time   `json:"queuedAt"`
	// QueuedAfter is how long posd had run then, all runs together: its age is told by that.
	QueuedAfter time.Duration `json:"-"`
	DueAt       time.Time     `json:"dueAt"`
	Attempts    int           `json:"attempts"`
	Attempted   bool          `json:"attempted"` // may have reached the gateway already
	Words       string        `json:"words,omitempty"`
	// Params is the create_order request as JSON without its signature, byte
	// for byte the same at every try. It holds the card's expiry.
	Params Secret `json:"-"`
}
