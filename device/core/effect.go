package core

import (
	"encoding/json"
	"fmt"
	"time"

	"posd/device/sale"
)

// Effects is what one step wants done.
//
// The shell performs Now at once, in order; commits Rows in one transaction;
// and performs After only when that commit is durable. Effects that move money
// stand in After, behind the intent that the same step wrote.
type Effects struct {
	Now   []Effect
	Rows  []sale.Row
	After []Effect
	// Intent names what must not happen if Rows cannot be stored: the shell then
	// answers with this event instead of retrying.
	Intent *IntentFailed
	// Lazy rows may wait for the next barrier, at most a second.
	Lazy bool
}

// Effect is one thing to do outside the step.
type Effect interface{ effect() }

// Of returns the sale whose progress is told.
func (e Tell) Of() sale.Sale { return e.Row.(sale.SaleRow).Sale }

type (
	// Charge sends a money transaction to the terminal.
	Charge struct{ Request sale.CardRequest }

	// Find looks a reference up at the terminal.
	Find struct{ Lookup sale.CardLookup }

	// CloseBatch has the terminal settle its batch.
	CloseBatch struct{}

	// AskTotals asks the terminal, for the N-th time, what is in its open batch.
	AskTotals struct{ N int }

	// GatherDay sums a business day up and compares it with the terminal's batch
	// and with the gateway.
	GatherDay struct{ Of sale.GatherDay }

	// Abort wishes the terminal's running transaction cancelled.
	Abort struct{}

	// CreateOrder asks the gateway for an order.
	CreateOrder struct {
		Sale    sale.ID
		Request sale.OrderRequest
	}

	// QueryOrder asks for an order's status.
	QueryOrder struct {
		Sale       sale.ID
		MchOrderNo string
	}

	// SendRefund asks the gateway to give money back.
	SendRefund struct {
		Sale    sale.ID
		Request sale.RefundRequest
	}

	// QueryRefund asks what became of a refund.
	QueryRefund struct {
		Sale     sale.ID
		Movement string
	}

	// Probe asks the gateway after an order that never was: is it there, and does it know us?
	Probe struct{}

	// ClaimDue reads reports from the journal that are due by Now, which no jump of
	// the clock changes.
	ClaimDue struct {
		N   int
		Now time.Time
	}

	// SendReports hands reports to the outbox.
	SendReports struct{ Reports []sale.Report }

	// PrintReceipt hands a receipt to the printer.
	PrintReceipt struct{ Receipt sale.Receipt }

	// PrintOwn hands a print of the shop's own to the printer.
	PrintOwn struct{ Print sale.Print }

	// OpenDrawer sends the cash drawer its pulse, once.
	OpenDrawer struct{ Job string }

	// PrintCode prints a code for a customer to scan.
	PrintCode struct{ Screen sale.Screen }

	// Show puts a screen on glass.
	Show struct{ Screen sale.Screen }

	// Reply answers a request.
	Reply struct {
		Token    Token
		Sale     sale.Sale
		Movement string
		Job      sale.Job
		Day      sale.Day
		Count    int
		Replayed bool
		Err      error
	}

	// Refuse answers a request with a refusal, and holds no sale that is none.
	Refuse struct {
		Token Token
		Err   error
	}

	// Tell puts live progress of a sale on the event stream: the one of a row of the
	// same step, not a copy of it.
	Tell struct{ Row sale.Row }

	// TellQueue says that the queue of reports or its link changed.
	TellQueue struct{}

	// Log says something worth reading on Monday.
	Log struct {
		Message string
		Sale    sale.ID
		Words   string
		Warn    bool
	}
)

func (Charge) effect()       {}
func (Find) effect()         {}
func (CloseBatch) effect()   {}
func (AskTotals) effect()    {}
func (GatherDay) effect()    {}
func (Abort) effect()        {}
func (CreateOrder) effect()  {}
func (QueryOrder) effect()   {}
func (SendRefund) effect()   {}
func (QueryRefund) effect()  {}
func (Probe) effect()        {}
func (ClaimDue) effect()     {}
func (SendReports) effect()  {}
func (PrintReceipt) effect() {}
func (PrintOwn) effect()     {}
func (OpenDrawer) effect()   {}
func (PrintCode) effect()    {}
func (Show) effect()         {}
func (Reply) effect()        {}
func (Refuse) effect()       {}
func (Tell) effect()         {}
func (TellQueue) effect()    {}
func (Log) effect()          {}

func (c *Machine) now(e Effect) { c.out.Now = append(c.out.Now, e) }

func (c *Machine) after(e Effect) { c.out.After = append(c.out.After, e) }

func (c *Machine) row(r sale.Row) { c.out.Rows = append(c.out.Rows, r) }

// note remembers a value of posd's own; nil forgets it.
func (c *Machine) note(name string, v any) {
	text := ""
	if v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // texts, numbers and times only
		}
		text = string(b)
	}
	c.row(sale.NoteRow{Name: name, Value: text})
}

// event appends to the history and marks the sale as changed.
func (c *Machine) event(l *live, kind string, words string) {
	c.touch(l)
	c.row(sale.EventRow{At: c.wall(), Sale: l.s.ID, Kind: kind, Data: sale.EventData{
		State: l.s.State, Reason: l.s.Reason, GivenUp: l.s.GivenUp, Words: words, Acted: c.in.Actor.Acted(),
	}})
}

func (c *Machine) log(l *live, warn bool, message, words string) {
	e := Log{Message: message, Words: words, Warn: warn}
	if l != nil {
		e.Sale = l.s.ID
	}
	c.now(e)
}

func (c *Machine) reply(r Reply) { c.now(r) }

func (c *Machine) refuse(t Token, kind error, other sale.ID, words string, args ...any) {
	c.now(Refuse{Token: t, Err: &sale.Refusal{Kind: kind, Other: other, Words: fmt.Sprintf(words, args...)}})
}

func (c *Machine) urgent() { c.out.Lazy = false }

func (c *Machine) mono() time.Duration { return c.in.Mono }

func (c *Machine) wall() time.Time { return c.in.Wall.UTC().Truncate(time.Millisecond) }
