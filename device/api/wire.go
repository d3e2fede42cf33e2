package api

import (
	"encoding/json"
	"time"

	"posd/device"
	"posd/device/sale"
)

// SaleRequest is the body of POST /v1/sales.
type SaleRequest struct {
	Amount    sale.Amount   `json:"amount" minimum:"1" maximum:"999999999" doc:"What to take, in whole cents." example:"2865"`
	Currency  string        `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Three letters; the shop's when left out. Another one is refused before anything is sent." example:"CAD"`
	Method    sale.Method   `json:"method" enum:"card,wechat,alipay,unionpay,scan,cash" doc:"How the customer pays. scan: the merchant reads the customer's own code, given in authCode. cash: the cashier has the money in hand; it is paid as soon as that is stored." example:"card"`
	Reference string        `json:"reference,omitempty" maxLength:"64" doc:"The bill's number, the application's own. It lets posd tell one bill from another." example:"A-1042"`
	Replaces  string        `json:"replaces,omitempty" maxLength:"26" doc:"The answer to the problem same-bill: the ID of the sale to give up (same bill), or none (another customer)." example:"none"`
	Kind      sale.CardKind `json:"kind,omitempty" enum:"sale,auth" doc:"Method card: auth holds the amount on the card and takes nothing until it is completed; sale when left out."`
	Tender    sale.Tender   `json:"tender,omitempty" enum:"credit,debit" doc:"Method card: the card rails; left out, the terminal decides."`
	Given     sale.Amount   `json:"given,omitempty" minimum:"1" maximum:"999999999" doc:"Method cash: what the customer handed over, in whole cents; left out, what is due. The change is what of it was not taken." example:"3000"`
	Subtotal  sale.Amount   `json:"subtotal,omitempty" minimum:"1" maximum:"999999999" doc:"The amount before taxes; with the taxes it makes up the amount."`
	Taxes     []sale.Tax    `json:"taxes,omitempty" maxItems:"8" doc:"Taxes in the amount by name, such as GST, HST, QST or PST; receipts print them with the shop's numbers."`
	Items     []sale.Item   `json:"items,omitempty" maxItems:"200" doc:"What is bought, line by line; together the subtotal, or the amount without one."`
	// AllowDuplicate is a person's word, not a program's.
	AllowDuplicate bool   `json:"allowDuplicate,omitempty" doc:"Method card: a person has said that the same amount on the same card is meant, after the terminal refused it as a duplicate."`
	AuthCode       string `json:"authCode,omitempty" maxLength:"128" doc:"Method scan: the code read from the customer's phone; left out, the counter's own scanner is waited for, if it has one. Never stored, logged or repeated."`
}

// GiveBackRequest is the body of refund and void.
type GiveBackRequest struct {
	Amount *sale.Amount `json:"amount,omitempty" minimum:"1" maximum:"999999999" doc:"How much to give back, in whole cents; left out: all that can still be given back. 0 is refused: nothing is no amount, and all is never said by it."`
	By     string       `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who asks. Left out: whoever is signed in." example:"Ana"`
	Reason string       `json:"reason,omitempty" maxLength:"200" doc:"Why, in a few words."`
	Anyway bool         `json:"anyway,omitempty" doc:"Refund of a wallet sale: a person was told by the problem refund-limit that the wallet may not take it any more, and it is sent all the same."`
}

// TipRequest is the body of tip.
type TipRequest struct {
	Tip sale.Amount `json:"tip" minimum:"0" maximum:"99999999999" doc:"What the customer adds, in cents: at most the amount itself. 0 is no tip." example:"200"`
}

// KeepRequest is the body of keep.
type KeepRequest struct {
	By string `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who asks. Left out: whoever is signed in." example:"Ana"`
}

// ResolveRequest is the body of resolve.
type ResolveRequest struct {
	As     sale.State `json:"as" enum:"paid,declined,cancelled,done,refused" doc:"How the sale ended, by the person's word: paid, declined or cancelled. Of a refund or void, whose own ID then stands in the path, done or refused."`
	Reason string     `json:"reason" minLength:"1" maxLength:"200" doc:"How the person knows." example:"the bank's list shows it"`
	By     string     `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who says so. Left out: whoever is signed in." example:"Ana"`
}

// DisplayRequest is the body of PUT /v1/display.
type DisplayRequest struct {
	Items   []DisplayItem `json:"items,omitempty" maxItems:"100" doc:"Lines of the bill, in order."`
	Message string        `json:"message,omitempty" maxLength:"80" doc:"A line of text."`
	Choose  bool          `json:"choose,omitempty" doc:"Show the sum of the items and ask the customer how to pay it; the cashier takes the answer."`
}

// DisplayItem is one line of a bill.
type DisplayItem struct {
	Name   string      `json:"name" minLength:"1" maxLength:"80" doc:"What it is."`
	Amount sale.Amount `json:"amount" minimum:"-999999999" maximum:"999999999" doc:"Its price in whole cents; below zero for a discount."`
}

// GivenBack answers refund and void: the movement that was made and the sale it belongs to.
type GivenBack struct {
	Movement sale.Movement `json:"movement" doc:"The refund or void that this request made."`
	Sale     sale.Sale     `json:"sale" doc:"The sale as it stands."`
}

// QueueStats sums the queue of reports up.
type QueueStats struct {
	Queued    int         `json:"queued" doc:"Reports that wait: due, in backoff or held."`
	Cents     sale.Amount `json:"cents" doc:"The sum of their amounts, in cents."`
	SetAside  int         `json:"setAside" doc:"Reports set aside for a person."`
	Oldest    *time.Time  `json:"oldest" doc:"When the oldest waiting one was made; null if none waits."`
	NextDueAt *time.Time  `json:"nextDueAt" doc:"When the next one is due; null if none waits."`
}

// Queue is the queue of reports as people see it.
type Queue struct {
	QueueStats
	Link    string        `json:"link" enum:"up,down,stopped" doc:"How the way to the gateway is: up, down (asked again by itself) or stopped (a person must look)."`
	Words   string        `json:"words" doc:"Why it is not up."`
	NextTry *time.Time    `json:"nextTry" doc:"When the gateway is asked again; null if it is up."`
	Reports []sale.Report `json:"reports" doc:"At most 200, earliest due first, set aside last; none on the stream, which tells the sums only."`
}

// Retried answers POST /v1/queue/{id}/retry.
type Retried struct {
	Requeued int `json:"requeued" doc:"How many reports went back into the queue."`
}

// Device is how one device is.
type Device struct {
	Name     string        `json:"name" doc:"terminal, display, printer, gateway or journal; several displays have names of their own."`
	Kind     string        `json:"kind" doc:"What sort of device it is."`
	Line     string        `json:"line" doc:"Where it is: a device file, host:port or a URL."`
	OK       bool          `json:"ok" doc:"Whether it works."`
	Identity sale.Identity `json:"identity" doc:"What it says of itself."`
	Words    string        `json:"words" doc:"ready, or what is wrong and what to do."`
	Trouble  string        `json:"trouble,omitempty" doc:"What is wrong in one word, for pages in other languages; left out while it works."`
	Since    *time.Time    `json:"since" doc:"Since when it is so; null if it was never asked."`
}

// Health answers GET /healthz.
type Health struct {
	Status  string `json:"status" enum:"ok" doc:"ok: the till itself has answered."`
	Version string `json:"version" doc:"Version of posd."`
}

// ScreenView is what the customer sees, with the QR drawn.
type ScreenView struct {
	sale.Screen
	Rows []string `json:"rows,omitempty" doc:"The QR, one text of 0 (light) and 1 (dark) per row of modules, without the quiet zone of 4 modules."`
	// Receipt is one more, drawn as Rows.
	Receipt []string  `json:"receipt,omitempty" doc:"The QR of the receipt's address, while a paid sale is shown, where receipts are lent to customers."`
	Now     time.Time `json:"now" doc:"posd's clock when this was sent, to count the remaining time by."`
}

// Shop is what a page must know of the place it is opened in.
type Shop struct {
	Name     string        `json:"name" doc:"The shop's name."`
	Currency string        `json:"currency" doc:"Three letters."`
	Language sale.Language `json:"language" doc:"Language of the pages."`
	Methods  []sale.Method `json:"methods" doc:"What can be taken here."`
	Scanner  bool          `json:"scanner" doc:"Whether the counter has a scanner of its own, which a sale of method scan without authCode waits for."`
	Version  string        `json:"version" doc:"Version of posd."`
	QuietS   float64       `json:"quietSeconds" doc:"The longest silence on the stream before posd must be taken for gone."`
	TimeZone string        `json:"timeZone" doc:"The shop's time zone, an IANA name: pages write every time in it, as reports do. Empty: that of whoever reads."`
	AskAbove sale.Amount   `json:"askAbove" doc:"The cashier's page asks once before it takes more than so many cents; 0: never."`
	Coin     sale.Amount   `json:"coin,omitempty" doc:"The smallest coin in cents, to which cash is rounded; left out where no cash is taken."`
	Sounds   bool          `json:"sounds" doc:"Whether the cashier's page is heard."`
}

// SnapshotView is the first thing on a new stream: all that a page needs when it opens.
type SnapshotView struct {
	LastSeq int64       `json:"lastSeq" doc:"Stored events up to this one are in the snapshot."`
	Shop    Shop        `json:"shop" doc:"The place."`
	Current *sale.Sale  `json:"current" doc:"The sale under way, or the last one since posd started; null if none."`
	Unsure  []sale.Sale `json:"unsure" doc:"Sales whose end is not known yet, newest first."`
	// Outcomes stay over restarts.
	Outcomes []sale.Sale `json:"outcomes" doc:"Sales that were unsure and have ended, which no person has put away yet, newest first."`
	Screen   ScreenView  `json:"screen" doc:"What the customer sees."`
	Queue    QueueStats  `json:"queue" doc:"The queue of reports."`
	Link     string      `json:"link" doc:"How the way to the gateway is: up, down or stopped."`
}

// EventView is one stored event.
type EventView struct {
	Seq  int64           `json:"seq" doc:"Its place in the history; the id on the stream."`
	At   time.Time       `json:"at" doc:"When it happened."`
	Sale sale.ID         `json:"sale,omitempty" doc:"The sale it is about; left out if it is about posd itself."`
	Kind string          `json:"kind" doc:"What happened."`
	Data json.RawMessage `json:"data" doc:"The details, by kind."`
}

// EventDetails are the members of an event's data that are the same for all kinds.
type EventDetails struct {
	sale.EventData
	By string `json:"by,omitempty"`
}

// noNull returns s with empty lists where it has none, so that clients meet no null.
func noNull(s sale.Sale) sale.Sale {
	if s.Attempts == nil {
		s.Attempts = []sale.Attempt{}
	}
	if s.Refunds == nil {
		s.Refunds = []sale.Movement{}
	}
	return s
}

// noNulls does the same for many.
func noNulls(list []sale.Sale) []sale.Sale {
	out := make([]sale.Sale, len(list))
	for i, s := range list {
		out[i] = noNull(s)
	}
	return out
}

// orNull returns nil for the zero time: JSON has a word for "never".
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func statsView(q sale.QueueStats) QueueStats {
	return QueueStats{q.Queued, q.Cents, q.SetAside, orNull(q.Oldest), orNull(q.NextDueAt)}
}

func queueView(q device.QueueView) Queue {
	v := Queue{statsView(q.QueueStats), q.Link, q.Words, orNull(q.NextTry), q.Reports}
	if v.Reports == nil {
		v.Reports = []sale.Report{}
	}
	return v
}

func deviceView(d device.DeviceStatus) Device {
	return Device{d.Name, d.Kind, d.Line, d.OK, d.Identity, d.Words, d.Trouble, orNull(d.Since)}
}

func eventView(e sale.StoredEvent) EventView {
	v := EventView{e.Seq, e.At, e.Sale, e.Kind, e.Data}
	if !json.Valid(v.Data) {
		v.Data = json.RawMessage("null")
	}
	return v
}
