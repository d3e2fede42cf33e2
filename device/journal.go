package device

import (
	"context"
	"time"

	"posd/device/sale"
)

// Journal is what the till remembers with. One till writes; anyone may read.
type Journal interface {
	// Commit writes rows durably in one transaction and returns the sequence
	// numbers of the EventRows among them, in order. When it returns an error
	// nothing of it was written.
	Commit(ctx context.Context, rows []sale.Row) ([]int64, error)
	// Idle is called when there has been nothing to write for a while: the time
	// for checkpoints and other housekeeping. Until done it is called again.
	Idle(ctx context.Context) (done bool, err error)
	// Recover reads what a till needs to start.
	Recover(ctx context.Context) (sale.Recovered, error)
	Reader
	Queue
}

// Reader finds what was stored. A thing that does not exist is ErrNotFound.
type Reader interface {
	Key(ctx context.Context, key string) (sale.KeyBinding, error)
	Sale(ctx context.Context, id sale.ID) (sale.Sale, error)
	Sales(ctx context.Context, f sale.Filter) ([]sale.Sale, error)
	// SameBill returns the sales that carry the bill's number, newest first.
	SameBill(ctx context.Context, reference string) ([]sale.Sale, error)
	Events(ctx context.Context, after int64, limit int) ([]sale.StoredEvent, error)
	// LastSeq returns the sequence number of the newest event, 0 if there is none.
	LastSeq(ctx context.Context) (int64, error)
	// InCopy reports whether a sale stood in the copy of the last restore.
	InCopy(ctx context.Context, id sale.ID) (bool, error)
	// Job returns a print job, without its content.
	Job(ctx context.Context, id string) (sale.Job, error)
	// Completions returns the completions of an authorisation, in order.
	Completions(ctx context.Context, auth sale.ID) ([]sale.Sale, error)
	// Day returns a closed business day by its number.
	Day(ctx context.Context, no int) (sale.Day, error)
	// DaysOn returns the days closed under a date (YYYY-MM-DD), in order.
	DaysOn(ctx context.Context, date string) ([]sale.Day, error)
	// SaleOf returns the sale that a reference or number of an attempt, a refund or a
	// void belongs to.
	SaleOf(ctx context.Context, ref string) (sale.Sale, error)
	// HasReference reports whether a reference or number was ever used by an
	// attempt, or may have been in what a restore lost.
	HasReference(ctx context.Context, ref string) (bool, error)
}

// Queue reads the reports that wait.
type Queue interface {
	// Due returns at most n queued reports whose due time is not after now, those
	// that were never answered first; of each the earliest first. A due time further ahead than horizon counts as due: the
	// clock was wrong when it was written.
	Due(ctx context.Context, now time.Time, horizon time.Duration, n int) ([]sale.Report, error)
	Report(ctx context.Context, no string) (sale.Report, error)
	Reports(ctx context.Context, limit int) ([]sale.Report, error)
	QueueStats(ctx context.Context) (sale.QueueStats, error)
}
