package device

import (
	"time"

	"posd/device/sale"
)

// SellRequest asks the till to take one payment.
type SellRequest struct {
	Key       string // Idempotency-Key, 1 to 128 printable characters
	Amount    sale.Amount
	Currency  string // empty means the shop's
	Method    sale.Method
	Reference string      // the bill's number; may be empty
	Foreign   string      // what the register of a front end calls it; found by that, and nothing more
	Replaces  string      // a sale's ID, "none" for another customer, or empty
	AuthCode  sale.Secret // method scan: the customer's code
	Given     sale.Amount // method cash: what was handed over; 0 for what is due
	Lines     sale.Lines  // what the amount is made of

	// Of cards only.
	Kind           sale.CardKind // empty for a sale; auth, complete, return
	Tender         sale.Tender   // credit or debit; empty leaves it to the terminal
	AllowDuplicate bool          // take it although the terminal's duplicate check refused the same amount
	Original       sale.ID       // complete: the authorisation; Amount 0 takes all it holds
	By, Why        string        // return: who asks, and why
}

// GiveBackRequest asks the till to give money back.
type GiveBackRequest struct {
	Key    string
	Sale   sale.ID
	Amount sale.Amount // 0 means all that can still be given back
	By     string      // the name of the person who asks
	Why    string
	Anyway bool // refund: send it though the wallet may not take it any more
}

// CloseRequest asks the till to close the business day.
type CloseRequest struct {
	Key             string // may be empty
	By              string
	Counted         *sale.Amount // the cash in the drawer; nil if nobody has counted it
	WithoutTerminal bool         // beside a terminal that is broken: its batch is neither closed nor compared
}

// ResolveRequest is a person's word on what posd cannot tell.
type ResolveRequest struct {
	Sale   sale.ID    // or the ID of a refund or void
	As     sale.State // paid, declined or cancelled; of a refund or void done or refused
	Reason string
	By     string
}

// DeviceStatus is what the devices page and `posd check` show of one device.
type DeviceStatus struct {
	Name     string        `json:"name"` // terminal, display, printer, gateway, journal, and clock while it is wrong; several displays have names of their own
	Kind     string        `json:"kind"` // pax, nextion, linedisplay, escpos, iotpay, sqlite
	Line     string        `json:"line"` // /dev/posd-terminal, 192.168.1.40:10009, a URL
	OK       bool          `json:"ok"`
	Identity sale.Identity `json:"identity"`
	Words    string        `json:"words"`             // "ready", or what is wrong and what to do
	Trouble  string        `json:"trouble,omitempty"` // the same in one word, for pages in other languages; empty while ok
	Since    time.Time     `json:"since"`             // since when it is so; zero if never asked
}

// QueueView is the queue of reports as people see it.
type QueueView struct {
	sale.QueueStats
	Link    string        `json:"link"`    // up, down or stopped
	Words   string        `json:"words"`   // why it is not up
	NextTry time.Time     `json:"nextTry"` // when the gateway is asked again, zero if up
	Reports []sale.Report `json:"reports"` // at most 200, earliest due first, set aside last
}

// Snapshot is all that a page needs when it opens.
type Snapshot struct {
	LastSeq int64       `json:"lastSeq"` // events up to here are in it
	Current *sale.Sale  `json:"current"` // the sale under way, or the last one of this run
	Unsure  []sale.Sale `json:"unsure"`  // not known yet, newest first
	// Outcomes are sales that were unsure and have ended, which nobody has put
	// away yet; the newest first.
	Outcomes []sale.Sale     `json:"outcomes"`
	Screen   sale.Screen     `json:"screen"`
	Queue    sale.QueueStats `json:"queue"`
	Link     string          `json:"link"`
}

// Message is one thing on the event stream. Live progress has no ID; a stored
// event has the sequence number it got at commit.
type Message struct {
	ID    int64  // 0 for live progress
	Event string // "sale" (a sale.Sale), "screen" (a sale.Screen), "queue" (sale.QueueStats), "event" (sale.StoredEvent)
	Data  any
}
