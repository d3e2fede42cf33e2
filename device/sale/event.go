package sale

import "time"

// Event is one thing that happened, as the till's step function is told of it.
// The step has no clock and no dice of its own: both come with the event.
type Event struct {
	Wall    time.Time     // UTC; for what is stored and shown
	Mono    time.Duration // since the start of this run; for every limit and wait
	Entropy [32]byte      // for references, numbers and jitter
	What    Happening
}

// Happening is what an event is about.
type Happening interface{ happening() }

// Token tells the shell whose request an answer belongs to; 0 is nobody's.
type Token uint64

// Things asked by people and programs. What the step cannot hold (old keys,
// bills, finished sales) the shell has looked up and hands in with the event.
type (
	// Started is the first event of a run.
	Started struct{ Recovered Recovered }

	// SellAsked is a request for one payment.
	SellAsked struct {
		Token     Token
		Key       string
		Digest    string
		Amount    Amount
		Currency  string
		Method    Method
		Reference string
		Replaces  string
		AuthCode  Secret
		Kind      CardKind // empty: a sale
		Tender    Tender
		// AllowDuplicate says that a person means it, though the terminal's own
		// duplicate check refused the same amount on the same card.
		AllowDuplicate bool
		By, Why        string     // of a return
		Hit            *KeyHit    // what the key is already bound to
		HitSale        *Sale      // and that sale
		Bill           []Sale     // sales of the same bill
		Replaced       *Sale      // the sale named by Replaces
		Original       *Sale      // the authorisation that a completion takes
		Completions    []Sale     // of that authorisation, so far
		Queue          QueueStats // reports that IOTPay has not heard of yet
	}

	// UploadTold is a person's word on an offline approval: the terminal has
	// uploaded it, or the bank refused it then.
	UploadTold struct {
		Token   Token
		Sale    Sale
		Upload  Upload
		By, Why string
		Report  *Report // the sale's report, if it still waits
	}

	// CancelAsked is a cashier's wish.
	CancelAsked struct {
		Token Token
		Sale  Sale
	}

	// MoveAsked asks for money back.
	MoveAsked struct {
		Token   Token
		Key     string
		Digest  string
		Kind    MovementKind
		Sale    Sale
		Amount  Amount // 0: all
		By      string
		Why     string
		Hit     *KeyHit
		HitSale *Sale
		Report  *Report // the sale's report, if it still waits
		// Completions are those of an authorisation: once taken it cannot be undone.
		Completions []Sale
	}

	// DayAsked asks to close the business day.
	DayAsked struct {
		Token           Token
		By              string
		WithoutTerminal bool
		Empty           bool // nothing has ended since the day before was closed
		Cards           bool // it may have left something in the terminal's batch
	}

	// KeepAsked stops a late refund.
	KeepAsked struct {
		Token Token
		Sale  Sale
		By    string
	}

	// ResolveAsked is a person's word on a sale that posd cannot settle.
	ResolveAsked struct {
		Token  Token
		Sale   Sale
		As     State
		Reason string
		By     string
	}

	// PrintAsked asks for a receipt again.
	PrintAsked struct {
		Token Token
		Sale  Sale
	}

	// RetryAsked requeues reports that were set aside.
	RetryAsked struct {
		Token   Token
		Reports []Report
	}

	// DrawerAsked asks for the cash drawer to be opened.
	DrawerAsked struct {
		Token Token
		By    string
	}

	// DisplayAsked puts a bill's items on the customer display. Choose asks the
	// customer how to pay their sum instead of listing them.
	DisplayAsked struct {
		Token   Token
		Items   []Item
		Message string
		Choose  bool
	}
)

// Things heard from the wires, the journal and the clock.
type (
	// IntentFailed says that the journal could not store an intent: nothing of it was sent.
	IntentFailed struct {
		Sale     ID
		Movement string
		Job      string // of the cash drawer, instead of a sale
		Touched  []ID   // every sale that the step wrote
		Words    string
	}

	// Stored says that the latest rows about these sales are durable: SaleRows, and FactRows.
	Stored struct{ Sales, Facts []ID }

	// CardAnswered is the end of a Charge.
	CardAnswered struct {
		Answer CardAnswer
		Known  *Sale // whose attempt Answer.Foreign names, if it is one of ours
		Lost   bool  // Answer.Foreign may be one of ours, of what a restore lost
	}

	// CardFound is the end of a look-up.
	CardFound struct{ Finding CardFinding }

	// BatchAnswered is the end of a CloseBatch.
	BatchAnswered struct{ Answer BatchAnswer }

	// DayGathered is the end of a GatherDay.
	DayGathered struct{ Day Day }

	// OrderCreated is the end of create_order.
	OrderCreated struct {
		Sale   ID
		Answer GatewayAnswer
	}

	// OrderAsked is the end of query_order.
	OrderAsked struct {
		Sale   ID
		Answer GatewayAnswer
	}

	// OrderNoticed says that the gateway sent word of an order: it is asked at once.
	OrderNoticed struct{ MchOrderNo string }

	// RefundAnswered is the end of refund_order (Asked false) or query_refund (Asked true).
	RefundAnswered struct {
		Sale     ID
		Movement string
		Asked    bool
		Answer   GatewayAnswer
	}

	// ReportsDue is the answer to ClaimDue.
	ReportsDue struct {
		Reports []Report
		NextDue time.Time // of the earliest one after these; zero if none
	}

	// ReportsAnswered is the end of SendReports: every report of the batch with its answer.
	ReportsAnswered struct{ Answers []ReportAnswer }

	// Probed is the end of a Probe.
	Probed struct{ Answer GatewayAnswer }

	// DrawerDone says what became of the drawer's pulse. Words say why it may not
	// have been sent; without words it was.
	DrawerDone struct{ Job, Words string }

	// JobDone is the end of a print job.
	JobDone struct{ Result PrintResult }

	// Tick says that the time asked for has come.
	Tick struct{}
)

// ReportAnswer is a report with the gateway's answer to it.
type ReportAnswer struct {
	Report Report
	Answer GatewayAnswer
}

func (Started) happening()         {}
func (SellAsked) happening()       {}
func (CancelAsked) happening()     {}
func (MoveAsked) happening()       {}
func (UploadTold) happening()      {}
func (DayAsked) happening()        {}
func (BatchAnswered) happening()   {}
func (DayGathered) happening()     {}
func (KeepAsked) happening()       {}
func (ResolveAsked) happening()    {}
func (PrintAsked) happening()      {}
func (RetryAsked) happening()      {}
func (DisplayAsked) happening()    {}
func (IntentFailed) happening()    {}
func (Stored) happening()          {}
func (CardAnswered) happening()    {}
func (CardFound) happening()       {}
func (DrawerAsked) happening()     {}
func (OrderCreated) happening()    {}
func (OrderAsked) happening()      {}
func (OrderNoticed) happening()    {}
func (RefundAnswered) happening()  {}
func (ReportsDue) happening()      {}
func (ReportsAnswered) happening() {}
func (Probed) happening()          {}
func (JobDone) happening()         {}
func (DrawerDone) happening()      {}
func (Tick) happening()            {}
