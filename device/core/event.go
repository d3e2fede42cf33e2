package core

import (
	"time"

	"posd/device/sale"
)

// Input is one event with the moment and the dice that go with it: the machine
// has neither of its own.
type Input struct {
	Wall    time.Time     // UTC; for what is stored and shown
	Mono    time.Duration // since the start of this run; for every limit and wait
	Entropy [32]byte      // for references, numbers and jitter
	Event   Event
	// Actor is who asked, and how far they may go; zero for what nobody asked, and
	// where every program of the box may do everything.
	Actor sale.Actor
}

// Event is one thing that happened. Each event handles itself: one without a
// handler does not compile.
type Event interface{ happen(*Machine) }

// Token tells the shell whose request an answer belongs to; 0 is nobody's.
type Token uint64

// Things asked by people and programs. What the step cannot hold (old keys,
// bills, finished sales) the shell has looked up and hands in with the event.
type (
	// Started is the first event of a run.
	Started struct{ Recovered sale.Recovered }

	// SellAsked is a request for one payment.
	SellAsked struct {
		Token     Token
		Key       string
		Digest    string
		Amount    sale.Amount
		Currency  string
		Method    sale.Method
		Reference string
		Foreign   string // at a front end's register
		Replaces  string
		AuthCode  sale.Secret
		Kind      sale.CardKind // empty: a sale
		Tender    sale.Tender
		Given     sale.Amount // cash: what the customer handed over; 0: what is due
		Lines     sale.Lines
		// AllowDuplicate says that a person means it, though the terminal's own
		// duplicate check refused the same amount on the same card.
		AllowDuplicate bool
		By, Why        string           // of a return
		Bound          *sale.KeyBinding // what the key is already bound to
		BoundSale      *sale.Sale       // and that sale
		SameBill       []sale.Sale      // sales of the same bill
		Replaced       *sale.Sale       // the sale named by Replaces
		Original       *sale.Sale       // the authorisation that a completion takes
		Completions    []sale.Sale      // of that authorisation, so far
		Queue          sale.QueueStats  // reports that IOTPay has not heard of yet
	}

	// UploadTold is a person's word on an offline approval: the terminal has
	// uploaded it, or the bank refused it then.
	UploadTold struct {
		Token   Token
		Sale    sale.Sale
		Upload  sale.Upload
		By, Why string
		Report  *sale.Report // the sale's report, if it still waits
	}

	// CancelAsked is a cashier's wish.
	CancelAsked struct {
		Token Token
		Sale  sale.Sale
	}

	// TipChosen is what the customer chose on the page that asks for a tip.
	TipChosen struct {
		Token Token
		Sale  sale.Sale
		Tip   sale.Amount // 0: none
	}

	// GiveBackAsked asks for money back.
	GiveBackAsked struct {
		Token     Token
		Key       string
		Digest    string
		Kind      sale.MovementKind
		Sale      sale.Sale
		Amount    sale.Amount // 0: all
		By        string
		Why       string
		Anyway    bool // a person knows that the wallet may not take it
		Bound     *sale.KeyBinding
		BoundSale *sale.Sale
		Report    *sale.Report // the sale's report, if it still waits
		InCopy    bool         // the sale stood in the copy of a restore that could not learn of all
		// Completions are those of an authorisation: once taken it cannot be undone.
		Completions []sale.Sale
	}

	// DayAsked asks to close the business day. The key, if there is one, is bound to
	// the day once that is closed.
	DayAsked struct {
		Token           Token
		Key, Digest     string
		Bound           *sale.KeyBinding // what the key is already bound to
		By              string
		WithoutTerminal bool
		Counted         *sale.Amount // cash in the drawer, if somebody has counted it
		Empty           bool         // nothing has ended since the day before was closed
		Cards           bool         // it may have left something in the terminal's batch
	}

	// KeepAsked stops a late refund.
	KeepAsked struct {
		Token Token
		Sale  sale.Sale
		By    string
	}

	// ResolveAsked is a person's word on a sale that posd cannot tell, or on one
	// of its refunds and voids.
	ResolveAsked struct {
		Token    Token
		Sale     sale.Sale
		Movement string     // its ID; empty: the sale itself
		As       sale.State // of a movement: done or refused
		Reason   string
		By       string
	}

	// SeenAsked puts away how an unsure sale ended.
	SeenAsked struct {
		Token Token
		Sale  sale.Sale
		By    string // may be empty
	}

	// CorrectedTold is a person's word that what cannot be reported of a sale
	// was entered at the gateway by hand.
	CorrectedTold struct {
		Token   Token
		Sale    sale.Sale
		By, Why string
	}

	// PrintAsked asks for a receipt again.
	PrintAsked struct {
		Token Token
		Sale  sale.Sale
	}

	// PrintJobAsked asks for a print of the shop's own.
	PrintJobAsked struct {
		Token       Token
		Key, Digest string
		Form        sale.PrintForm
		Data        []byte // as the printer's driver prepared it
		By          string // may be empty
		Bound       *sale.KeyBinding
		BoundJob    sale.Job // the print that the key is bound to, as stored
	}

	// RetryAsked requeues reports that were set aside.
	RetryAsked struct {
		Token   Token
		Reports []sale.Report
	}

	// DrawerAsked asks for the cash drawer to be opened.
	DrawerAsked struct {
		Token Token
		By    string
	}

	// SettingAsked stores a change of who may do what, such as a token or a person.
	SettingAsked struct {
		Token Token
		Rows  []sale.Row
		Kind  string // of its event
		Words string
		// Personal is false for what takes no right, such as a wrong PIN.
		Personal bool
	}

	// NoteAsked stores a small value under its name: what a front end must know
	// after a restart.
	NoteAsked struct {
		Token       Token
		Name, Value string
	}

	// DisplayAsked puts a bill's items on the customer display. Choose asks the
	// customer how to pay their sum instead of listing them.
	DisplayAsked struct {
		Token   Token
		Items   []sale.Item
		Message string
		Choose  bool
	}
)

// Things heard from the wires, the journal and the clock.
type (
	// IntentFailed says that the journal could not store an intent: nothing of it was sent.
	IntentFailed struct {
		Sale     sale.ID
		Movement string
		Attempt  string    // of a sale that is stored already, whose customer chose a tip first
		Job      string    // of the cash drawer, or a print of the shop's own, instead of a sale
		Asked    Token     // of who asked for that print
		Setting  Token     // of who asked for a setting, instead of a sale
		Touched  []sale.ID // every sale that the step wrote
		Words    string
	}

	// Stored says that the latest rows about these sales are durable: SaleRows, and FactRows.
	Stored struct{ Sales, Facts []sale.ID }

	// CardAnswered is the end of a Charge.
	CardAnswered struct {
		Answer sale.CardAnswer
		Owner  *sale.Sale // whose attempt Answer.Foreign names, if it is one of ours
		Lost   bool       // Answer.Foreign may be one of ours, of what a restore lost
	}

	// CardHeard is an answer of the terminal that nobody waited for: a sale's own
	// after it was given up, another verdict on one that was answered, or an
	// approval of what nobody asked for.
	CardHeard struct{ Answers []HeardAnswer }

	// TerminalNamed says which terminal is on the line.
	TerminalNamed struct{ Serial string }

	// CardFound is the end of a look-up.
	CardFound struct{ Finding sale.CardFinding }

	// BatchAnswered is the end of a CloseBatch.
	BatchAnswered struct{ Answer sale.BatchAnswer }

	// TotalsTold is the end of an AskTotals.
	TotalsTold struct {
		N      int
		Totals sale.TerminalTotals
	}

	// DayGathered is the end of a GatherDay.
	DayGathered struct{ Day sale.Day }

	// DayUnread says that a GatherDay could not read the journal yet; it goes on.
	DayUnread struct {
		No    int
		Words string
	}

	// OrderCreated is the end of create_order.
	OrderCreated struct {
		Sale   sale.ID
		Answer sale.GatewayAnswer
	}

	// OrderAsked is the end of query_order.
	OrderAsked struct {
		Sale   sale.ID
		Answer sale.GatewayAnswer
	}

	// ClosedOrderPaid says that an order which the gateway had closed is paid all the
	// same, as it came out when the day was compared.
	ClosedOrderPaid struct {
		Sale   sale.Sale
		Answer sale.GatewayAnswer
	}

	// OrderNoticed says that the gateway sent word of an order: it is asked at once.
	OrderNoticed struct{ MchOrderNo string }

	// RefundAnswered is the end of refund_order (Asked false) or query_refund (Asked true).
	RefundAnswered struct {
		Sale     sale.ID
		Movement string
		Asked    bool
		Answer   sale.GatewayAnswer
	}

	// ReportsDue is the answer to ClaimDue.
	ReportsDue struct {
		Reports []sale.Report
		NextDue time.Time // of the earliest one after these; zero if none
	}

	// ReportsAnswered is the end of SendReports: every report of the batch with its answer.
	ReportsAnswered struct{ Answers []ReportAnswer }

	// Probed is the end of a Probe.
	Probed struct{ Answer sale.GatewayAnswer }

	// DrawerDone says what became of the drawer's pulse. Words say why it may not
	// have been sent; without words it was.
	DrawerDone struct{ Job, Words string }

	// JobDone is the end of a print job.
	JobDone struct{ Result sale.PrintResult }

	// Tick says that the time asked for has come.
	Tick struct{}
)

// HeardAnswer is an answer that nobody waited for.
type HeardAnswer struct {
	Answer sale.CardAnswer
	Owner  *sale.Sale // whose attempt, refund or void it names, if it is one of ours
}

// ReportAnswer is a report with the gateway's answer to it.
type ReportAnswer struct {
	Report sale.Report
	Answer sale.GatewayAnswer
}
