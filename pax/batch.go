package pax

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// BatchTotal is what a batch holds of one kind of card: how many transactions,
// and their sum with returns taken off and voids left out.
type BatchTotal struct {
	Tender sale.Tender `json:"tender"` // credit, debit, or the terminal's word for another kind
	Count  int         `json:"count"`
	Amount sale.Amount `json:"amount"`
}

// Batch is a batch that the terminal has closed.
type Batch struct {
	Number     string       `json:"number"`
	Totals     []BatchTotal `json:"totals"` // kinds with nothing are left out
	ClosedAt   string       `json:"closedAt"`
	TerminalID string       `json:"terminalId"` // the bank's number of the terminal (TID)
	MerchantID string       `json:"merchantId"`
	Words      string       `json:"words"`
}

// batchKinds is the order of the sums in B01.
var batchKinds = []sale.Tender{sale.Credit, sale.Debit, "ebt", "gift", "loyalty", "cash", "check"}

// CloseBatch has the terminal settle its batch (B00). It is asked once: when the
// answer is lost the error says so, and the terminal's own report must tell. The
// records of the batch are gone afterwards: voids and look-ups of its sales find
// nothing.
func (t *Terminal) CloseBatch(ctx context.Context) (Batch, error) {
	if err := t.take(ctx); err != nil {
		return Batch{}, err
	}
	defer t.give()
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		return Batch{}, err
	}
	if err := t.identify(ctx, epoch); err != nil {
		return Batch{}, err
	}
	res := t.ask(ctx, cmdBatchClose, requestBatchClose(t.cfg.Version, time.Now().Format("20060102150405")), t.cfg.AckWait, t.cfg.BatchWait)
	switch {
	case res.end == notSent || res.end == refused:
		return Batch{}, fmt.Errorf("close the terminal's batch: not closed: %w", res.err)
	case res.end != answered:
		return Batch{}, fmt.Errorf("close the terminal's batch: it may be closed, look at the terminal's report: %w", res.err)
	case string(res.reply.Code) != codeOK:
		return Batch{}, fmt.Errorf("close the terminal's batch: %s", withCode(printable(res.reply.Text), name(res.reply.Code)))
	}
	b, err := parseBatch(res.reply)
	if err != nil {
		return b, fmt.Errorf("the terminal closed its batch, but said of it what cannot be read: %w", err)
	}
	if want := t.cfg.Extra.BankTerminalNumber; want != "" && b.TerminalID != "" && b.TerminalID != want {
		t.log.Warn("the terminal calls itself by another bank number", "configured", want, "terminal", b.TerminalID)
	}
	t.log.Info("batch closed", "batch", b.Number, "totals", b.Totals)
	return b, nil
}

// parseBatch reads B01: host, counts, sums, time, TID, MID. Counts and sums have
// one number for each of batchKinds, parted by "=".
func parseBatch(r Reply) (Batch, error) {
	f := fields{rest: r.more}
	var h hostInfo
	h.parse(&f)
	counts, sums := f.next(), f.next()
	b := Batch{
		Number: name(h.Batch), Words: withCode(firstOf(printable(h.Message), printable(r.Text)), name(h.Code)),
		ClosedAt: name(f.next()), TerminalID: name(f.next()), MerchantID: name(f.next()),
	}
	n, err := numbers(counts)
	if err != nil {
		return b, fmt.Errorf("counts: %w", err)
	}
	cents, err := numbers(sums)
	if err != nil {
		return b, fmt.Errorf("sums: %w", err)
	}
	for i, kind := range batchKinds {
		t := BatchTotal{Tender: kind}
		if i < len(n) {
			t.Count = int(n[i])
		}
		if i < len(cents) {
			t.Amount = sale.Amount(cents[i])
		}
		if t.Count != 0 || t.Amount != 0 {
			b.Totals = append(b.Totals, t)
		}
	}
	return b, nil
}

func numbers(b []byte) ([]int64, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var out []int64
	for part := range strings.SplitSeq(string(b), "=") {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil && part != "" {
			return nil, fmt.Errorf("%q is no number", clip([]byte(part)))
		}
		out = append(out, n)
	}
	return out, nil
}

// Differences compares the batch with posd's own sums and names every
// difference, for a person. None means that they agree.
func (b Batch) Differences(own []BatchTotal) []string {
	var out []string
	find := func(list []BatchTotal, kind sale.Tender) BatchTotal {
		for _, t := range list {
			if t.Tender == kind {
				return t
			}
		}
		return BatchTotal{Tender: kind}
	}
	for _, kind := range batchKinds {
		theirs, ours := find(b.Totals, kind), find(own, kind)
		if theirs.Count != ours.Count {
			out = append(out, fmt.Sprintf("%s: the terminal counts %d transactions, posd %d", kind, theirs.Count, ours.Count))
		}
		if theirs.Amount != ours.Amount {
			out = append(out, fmt.Sprintf("%s: the terminal's sum is %s, posd's %s (%s apart)", kind, theirs.Amount, ours.Amount, theirs.Amount-ours.Amount))
		}
	}
	return out
}
