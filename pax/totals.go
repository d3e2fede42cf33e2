package pax

import (
	"context"
	"fmt"
	"strings"

	"posd/device/sale"
)

// Totals asks the terminal what is in its open batch: R02 without a search says how
// many records there are, R00 what they come to. How R01 writes that differs, so its
// sums are kept as they came, to be compared and not read. It moves no money.
func (t *Terminal) Totals(ctx context.Context) sale.TerminalTotals {
	if err := t.take(ctx); err != nil {
		return sale.TerminalTotals{Words: err.Error()}
	}
	defer t.give()
	told, err := t.totals(ctx)
	if err != nil {
		told.Words = err.Error()
	}
	t.log.Info("card terminal asked for its totals", "told", told.Told, "records", told.Records, "sums", told.Sums, "words", told.Words)
	return told
}

func (t *Terminal) totals(ctx context.Context) (told sale.TerminalTotals, err error) {
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		return told, err
	}
	if _, err := t.greet(ctx, epoch, t.cfg.AckWait); err != nil {
		return told, err
	}
	if err := t.expected(); err != nil {
		return told, err
	}
	told.Serial = t.serial()
	res := t.ask(ctx, cmdDetail, requestDetail(t.cfg.Version, ""), t.cfg.AckWait, t.cfg.GreetWait)
	if res.end != answered {
		return told, res.err
	}
	if told.Records, err = recordCount(res.reply); err != nil {
		return told, err
	}
	res = t.ask(ctx, cmdTotals, AppendFrame(nil, cmdTotals, t.cfg.Version, "00"), t.cfg.AckWait, t.cfg.GreetWait)
	if res.end == answered && string(res.reply.Code) == codeOK { // not every terminal has the report
		told.Sums = sumsOf(res.reply)
	}
	if !t.wire.same(ctx, epoch) {
		return told, fmt.Errorf("the line was lost while the terminal was asked")
	}
	told.Told = true
	return told, nil
}

// recordCount reads from R03 how many records there are.
func recordCount(r Reply) (string, error) {
	text, code := printable(r.Text), name(r.Code)
	if code == codeNotFound && strings.EqualFold(text, notFound) {
		return "0", nil
	}
	f := fields{rest: r.more}
	n := strings.TrimLeft(name(f.next()), "0")
	if code != codeOK || n == "" || strings.Trim(n, "0123456789") != "" {
		return "", fmt.Errorf("the terminal does not say how many transactions are in its batch: %s", withCode(text, code))
	}
	return n, nil
}

// sumsOf returns the fields of R01 that hold counts and sums: those with an "=".
func sumsOf(r Reply) string {
	f := fields{rest: r.more}
	var sums []string
	for len(f.rest) > 0 {
		if v := printable(f.next()); strings.Contains(v, "=") {
			sums = append(sums, v)
		}
	}
	return strings.Join(sums, " ")
}
