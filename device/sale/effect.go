package sale

import "time"

// Effects is what one step wants done.
//
// The shell performs Now at once, in order; commits Rows in one transaction;
// and performs After only when that commit is durable. Effects that move money
// stand in After, behind the intent that the same step wrote.
type Effects struct {
	Now   []Effect
	Rows  []Row
	After []Effect
	// Intent names what must not happen if Rows cannot be stored: the shell then
	// answers with this event instead of retrying.
	Intent *IntentFailed
	// Lazy rows may wait for the next barrier, at most a second.
	Lazy bool
}

// Effect is one thing to do outside the step.
type Effect interface{ effect() }

type (
	// Charge sends a money transaction to the terminal.
	Charge struct{ Order CardOrder }

	// Find looks a reference up at the terminal.
	Find struct{ Lookup CardLookup }

	// CloseBatch has the terminal settle its batch.
	CloseBatch struct{}

	// GatherDay sums a business day up and compares it with the terminal's batch
	// and with the gateway.
	GatherDay struct {
		No     int
		Date   string
		Opened time.Time
		By     string
		Batch  BatchAnswer
		Doubt  string // words of an earlier close of this batch whose answer was lost
	}

	// Abort wishes the terminal's running transaction cancelled.
	Abort struct{}

	// CreateOrder asks the gateway for an order.
	CreateOrder struct {
		Sale    ID
		Request OrderRequest
	}

	// QueryOrder asks for an order's status.
	QueryOrder struct {
		Sale       ID
		MchOrderNo string
	}

	// SendRefund asks the gateway to give money back.
	SendRefund struct {
		Sale    ID
		Request RefundRequest
	}

	// QueryRefund asks what became of a refund.
	QueryRefund struct {
		Sale     ID
		Movement string
	}

	// Probe asks the gateway after an order that never was: is it there, and does it know us?
	Probe struct{}

	// ClaimDue reads due reports from the journal.
	ClaimDue struct{ N int }

	// SendReports hands reports to the outbox.
	SendReports struct{ Reports []Report }

	// PrintReceipt hands a receipt to the printer.
	PrintReceipt struct{ Receipt Receipt }

	// OpenDrawer sends the cash drawer its pulse, once.
	OpenDrawer struct{ Job string }

	// PrintCode prints a code for a customer to scan.
	PrintCode struct{ Screen Screen }

	// Show puts a screen on glass.
	Show struct{ Screen Screen }

	// Reply answers a request.
	Reply struct {
		Token    Token
		Sale     Sale
		Movement string
		Job      Job
		Day      Day
		Count    int
		Replayed bool
		Err      error
	}

	// Tell puts live progress of a sale on the event stream.
	Tell struct{ Sale Sale }

	// TellQueue says that the queue of reports or its link changed.
	TellQueue struct{}

	// Log says something worth reading on Monday.
	Log struct {
		Message string
		Sale    ID
		Words   string
		Warn    bool
	}
)

func (Charge) effect()       {}
func (Find) effect()         {}
func (CloseBatch) effect()   {}
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
func (OpenDrawer) effect()   {}
func (PrintCode) effect()    {}
func (Show) effect()         {}
func (Reply) effect()        {}
func (Tell) effect()         {}
func (TellQueue) effect()    {}
func (Log) effect()          {}
