package pax

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// batchKinds is the order of the sums in B01.
var batchKinds = []sale.Tender{sale.Credit, sale.Debit, "ebt", "gift", "loyalty", "cash", "check"}

// batchRefusals are the result codes that say that nothing was settled. After
// any other one but success a part of the batch may have been.
var batchRefusals = map[string]bool{
	"100001": true, // nobody did anything on the terminal
	"100002": true, // aborted on it
	"100003": true, // the request was refused
	"100004": true,
	"100005": true,
	"100008": true, // the host was not reached
}

// CloseBatch has the terminal settle its batch (B00). It is asked once: when the
// answer is lost the end is unsure, and the terminal's own report must tell. The
// records of the batch are gone afterwards: voids and look-ups of its sales find
// nothing.
func (t *Terminal) CloseBatch(ctx context.Context) sale.BatchAnswer {
	if err := t.take(ctx); err != nil {
		return notClosed(err)
	}
	defer t.give()
	start := time.Now()
	b := t.closeBatch(ctx)
	b.Serial = t.serial()
	t.trace.concluded(start, "batch: %s %s %d", b.End, dash(b.Number), len(b.Totals))
	t.log.Info("batch close ended", "end", b.End, "batch", b.Number, "totals", b.Totals, "words", b.Words)
	return b
}

func (t *Terminal) closeBatch(ctx context.Context) sale.BatchAnswer {
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		return notClosed(err)
	}
	if err := t.identify(ctx, epoch, ""); err != nil {
		return notClosed(err)
	}
	res := t.ask(ctx, cmdBatchClose, requestBatchClose(t.cfg.Version, time.Now().Format("20060102150405")), t.cfg.AckWait, t.cfg.BatchWait)
	switch {
	case res.end == notSent || res.end == refused:
		return notClosed(res.err)
	case res.end != answered:
		return mayBeClosed(sale.BatchAnswer{}, res.err)
	}
	said := withCode(printable(res.reply.Text), name(res.reply.Code))
	if batchRefusals[string(res.reply.Code)] {
		return notClosed(errors.New(said))
	}
	b, err := parseBatch(res.reply)
	switch code := string(res.reply.Code); {
	case code == codeNotFound && strings.EqualFold(printable(res.reply.Text), notFound):
		b = sale.BatchAnswer{End: sale.BatchClosed, Empty: true, Words: said + ": there was nothing to settle"}
	case code != codeOK && code != codeUnequal:
		return mayBeClosed(b, errors.New(said))
	case err != nil:
		return mayBeClosed(b, err)
	case code == codeUnequal:
		b.Difference = said + ": the batch is closed, and the host's sums are not the terminal's; compare with the bank's statement"
		b.Words = b.Difference
	}
	t.bankNumber = cmp.Or(b.TerminalID, t.bankNumber) // for receipts, until the next start
	if want := t.cfg.Extra.BankTerminalNumber; want != "" && b.TerminalID != "" && b.TerminalID != want {
		t.log.Warn("the terminal calls itself by another bank number", "configured", want, "terminal", b.TerminalID)
	}
	return b
}

func notClosed(err error) sale.BatchAnswer {
	return sale.BatchAnswer{End: sale.BatchOpen, Words: "the terminal's batch is not closed: " + err.Error()}
}

func mayBeClosed(b sale.BatchAnswer, err error) sale.BatchAnswer {
	b.End, b.Words = sale.BatchUnsure, "the terminal's batch may be closed, or a part of it; look at the terminal's own report: "+err.Error()
	return b
}

// parseBatch reads B01: host, counts, sums, time, TID, MID. Counts and sums have
// one number for each of batchKinds, parted by "=".
func parseBatch(r Reply) (sale.BatchAnswer, error) {
	f := fields{rest: r.more}
	var h hostInfo
	h.parse(&f)
	counts, sums := f.next(), f.next()
	b := sale.BatchAnswer{
		End: sale.BatchClosed, Number: name(h.Batch), Words: withCode(cmp.Or(printable(h.Message), printable(r.Text)), name(h.Code)),
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
		t := sale.BatchTotal{Tender: kind}
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
