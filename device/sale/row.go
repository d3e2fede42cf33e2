package sale

import (
	"encoding/json"
	"fmt"
	"time"
)

// Row is one thing to write into the journal. Rows of one step are committed
// in one transaction, in order.
type Row interface{ row() }

// SaleRow stores a sale as it now stands, with its attempts and movements.
type SaleRow struct{ Sale Sale }

// KeyRow binds an Idempotency-Key for ever to the sale or movement it made.
type KeyRow struct {
	Key      string
	Digest   string // of the request's body, hex: another body under the key is refused
	Sale     ID
	Movement string // of the refund or void, empty for the sale itself
	At       time.Time
}

// EventRow appends to the journal's history. It is never changed. Its sequence
// number, given at commit, is the id on the event stream.
type EventRow struct {
	At   time.Time
	Sale ID     // empty when it is about posd itself
	Kind string // see the Event kinds
	Data any    // a small struct, stored as JSON; holds no secret
}

// Stored is the event as it reads once it has its sequence number.
func (e EventRow) Stored(seq int64) StoredEvent {
	data, err := json.Marshal(e.Data)
	if err != nil {
		data = []byte("{}")
	}
	return StoredEvent{Seq: seq, At: e.At, Sale: e.Sale, Kind: e.Kind, Data: data}
}

// ReportRow stores a queue entry as it now stands (made, postponed, set aside).
type ReportRow struct{ Report Report }

// ReportGone removes a queue entry, and the expiry with it.
type ReportGone struct {
	No  string
	How Reported // ReportDone or ReportWithdrawn
}

// FactRow sets what became of a sale's receipt or report without touching the
// rest of it; an empty field stays as it is.
type FactRow struct {
	Sale     ID
	Printed  Printed
	Reported Reported
}

// JobRow stores a print job as it now stands.
type JobRow struct{ Job Job }

// NoteRow remembers one value of posd's own under a name, such as why the
// queue of reports stands still.
type NoteRow struct{ Name, Value string }

// DayRow closes a business day. It is written once and never changed.
type DayRow struct{ Day Day }

func (DayRow) row()     {}
func (SaleRow) row()    {}
func (KeyRow) row()     {}
func (EventRow) row()   {}
func (ReportRow) row()  {}
func (ReportGone) row() {}
func (FactRow) row()    {}
func (JobRow) row()     {}
func (NoteRow) row()    {}

// JobKind says what the printer is to do.
type JobKind string

// Kinds of job. The cash drawer hangs on the printer.
const (
	JobReceipt JobKind = "receipt"
	JobDrawer  JobKind = "drawer"
	JobPrint   JobKind = "print" // of the shop's own
)

// Job is something for the printer to do, as stored. A receipt is made from the
// sale when it is printed.
type Job struct {
	ID        string    `json:"id"`
	Kind      JobKind   `json:"kind"`
	By        string    `json:"by,omitempty"` // who asked for the drawer, or for a print
	Sale      ID        `json:"sale"`         // of a receipt
	Movement  string    `json:"movement,omitempty"`
	Copy      Copy      `json:"copy,omitempty"`
	Duplicate bool      `json:"duplicate"`
	State     Printed   `json:"state"` // queued until the printer said more; a drawer's pulse is at most sent
	Words     string    `json:"words,omitempty"`
	At        time.Time `json:"at"`
	Form      PrintForm `json:"form,omitempty"` // of a print
	// Content is what is to be printed, in base64: of a print, until it is finished.
	Content string `json:"-"`
}

// Finished reports whether nothing more happens to the job by itself.
func (j Job) Finished() bool {
	return j.State == PrintSent || j.State == PrintDone || j.State == PrintFailed
}

// Day is a closed business day: the Z report with its number. What it sums up
// is known by the number that its sales and movements carry, not by a clock.
type Day struct {
	No       int       `json:"no"`       // 1, 2, 3... without a gap
	Date     string    `json:"date"`     // YYYY-MM-DD, business day of the shop's calendar at the close
	OpenedAt time.Time `json:"openedAt"` // when the day before was closed; zero for the first
	ClosedAt time.Time `json:"closedAt"`
	By       string    `json:"by"`
	Books    []byte    `json:"-"` // the report as it was at the close, JSON
}

// GatherDay says of which business day the books are to be summed up.
type GatherDay struct {
	No        int
	Date      string
	Opened    time.Time // when the day before was closed
	By        string
	Batch     BatchAnswer
	LostClose string  // words of an earlier close of this batch whose answer was lost
	Gap       string  // words of a restore: what this report may be without
	Counted   *Amount // cash in the drawer, if somebody has counted it
}

// StoredEvent is an event as read back.
type StoredEvent struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Sale ID        `json:"sale,omitempty"`
	Kind string    `json:"kind"`
	Data []byte    `json:"data"` // JSON
}

// KeyBinding is what an Idempotency-Key is bound to.
type KeyBinding struct {
	Digest   string
	Sale     ID // "" for the close of a day
	Movement string
}

// String names what the key has made.
func (b KeyBinding) String() string {
	if _, ok := b.MadeDay(); ok {
		return "the close of a day, " + b.Movement
	}
	if b.Sale == "" {
		return "print " + b.Movement
	}
	return "sale " + string(b.Sale)
}

// DayMade is how a key's binding names the closed business day with a number, as
// its report is named; MadeDay reads it.
func DayMade(no int) string { return fmt.Sprintf("z%d", no) }

// MadeDay returns the number of the business day that a key has closed.
func (b KeyBinding) MadeDay() (no int, ok bool) {
	_, err := fmt.Sscanf(b.Movement, "z%d", &no)
	return no, err == nil && b.Sale == ""
}

// Filter selects sales; zero fields select all.
type Filter struct {
	State     State
	Method    Method
	From, To  time.Time // createdAt in [From, To)
	GivenBack bool      // From and To are about when a refund or void was made instead
	Day       int       // booked in that business day, itself or one of its movements
	Before    ID        // only sales made before that one: the next page
	Limit     int       // newest first; 0 means 100
	// Foreign is the reference at a front end's register.
	Foreign string
	// Reference is the bill's number, Last four digits of a card, By who asked for it.
	Reference, Last, By string
	Amount              Amount // asked
	// Search is any of these four: an amount is written with its point or comma.
	Search string
}

// QueueStats sums the queue of reports up.
type QueueStats struct {
	Queued   int       `json:"queued"` // due, in backoff or held
	Cents    Amount    `json:"cents"`  // their sum
	SetAside int       `json:"setAside"`
	Oldest   time.Time `json:"oldest"` // when the oldest one still queued was made; zero if none
	// OldestAfter and NewestAfter are the running time of posd, all runs together, at
	// which the oldest and the newest of them were made.
	OldestAfter time.Duration `json:"-"`
	NewestAfter time.Duration `json:"-"`
	NextDueAt   time.Time     `json:"nextDueAt"` // earliest due time of a queued one; zero if none
}

// Recovered is everything the till must know when it starts.
type Recovered struct {
	Open     []Sale            // waiting, unsure, with a movement that has not ended, or undecided
	Jobs     []Job             // print jobs not finished
	JobSales []Sale            // and their sales
	Control  *Sale             // latest card sale the terminal approved, with its attempts
	Notes    map[string]string // by name
	Queue    QueueStats
	Reported bool // a card sale was reported; not looked for where posd remembers that
	LastSeq  int64
	LastDay  Day // latest closed business day, without its books; zero if none was closed
	Gap      Gap
}

// Gap is what a restore from a copy could not learn of: what was done between the
// copy and the restore. It stays until a day is closed, whose report is compared
// with the terminal and the gateway. The zero Gap is none.
type Gap struct {
	Words   string `json:"gap"`     // of what span something may be missing
	NextDay int    `json:"nextDay"` // the lowest number that no closed day can have
}

// EventData is what an EventRow about a sale carries.
type EventData struct {
	State   State  `json:"state,omitempty"`
	Reason  Reason `json:"reason,omitempty"`
	GivenUp bool   `json:"givenUp,omitempty"`
	Words   string `json:"words,omitempty"`
	Acted
}

// DrawerData is what an EventRow about the cash drawer carries.
type DrawerData struct {
	By    string `json:"by"`
	Words string `json:"words,omitempty"` // why it did not open
	Acted
}
