package sale

import "time"

// Copy says for whom a receipt is.
type Copy string

// Copies.
const (
	CustomerCopy Copy = "customer"
	MerchantCopy Copy = "merchant"
)

// Receipt is the source of a receipt's lines: a print job. How it is laid out
// is the printer's business.
type Receipt struct {
	Job       string    // ULID of the print job
	Sale      Sale      // as it stood when the job was made
	Movement  string    // ID of the refund or void it is about; empty for the sale itself
	Copy      Copy      //
	Duplicate bool      // marked DUPLICATE / DUPLICATA
	At        time.Time // when the job was made
}

// PrintResult is what became of a print job.
type PrintResult struct {
	Job   string
	State Printed // PrintSent, PrintDone or PrintFailed
	Words string  // for the cashier: "paper out", "cover open"
	// Maybe is set with PrintFailed when some of the receipt may lie on the
	// counter: it is then reprinted only when a person asks, marked as a duplicate.
	Maybe bool
}
