package pax

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"posd/device/sale"
)

// Find probes the terminal once and, if it is idle, looks an attempt up: A00,
// is it the same terminal, R02 by the reference, and if that is not found R02
// of the control, on the same connection.
func (t *Terminal) Find(ctx context.Context, l sale.CardLookup) sale.CardFinding {
	f := sale.CardFinding{Ref: l.Ref}
	if err := t.take(ctx); err != nil {
		f.Words = err.Error()
		return f
	}
	defer t.give()
	start := time.Now()
	t.owe(l.Ref, 0)
	t.find(ctx, l, &f)
	if f.Result == sale.FoundIt {
		delete(t.owed, l.Ref) // should its answer come all the same, it names the reference
	}
	f.Late = t.takeLate()
	control := sale.CardControl{}
	if l.Control != nil {
		control = *l.Control
	}
	t.trace.concluded(start, "find %s %s %d %s %d: %s %s %d", l.Kind, l.Ref, l.Amount, dash(control.Ref), control.Amount, dash(string(f.Result)), dash(string(f.Control)), len(f.Late))
	level := slog.LevelInfo
	if !f.Reached && f.Words == t.silent {
		level = slog.LevelDebug // a terminal that is away is asked every few seconds: once is news
	}
	t.silent = ""
	if !f.Reached {
		t.silent = f.Words
	}
	t.log.Log(ctx, level, "card transaction looked up", "attempt", l.Ref, "reached", f.Reached, "result", f.Result, "control", f.Control, "words", f.Words)
	return f
}

func (t *Terminal) find(ctx context.Context, l sale.CardLookup, f *sale.CardFinding) {
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		f.Words = err.Error()
		return
	}
	f.Reached, err = t.greet(ctx, epoch, t.cfg.ProbeWait)
	t.reopen(f.Reached)
	if err != nil {
		f.Words = err.Error()
		if f.Reached {
			f.Result = sale.FoundUnclear
		}
		return
	}
	f.Identity = t.id
	f.SameLine = t.owed[l.Ref].epoch == epoch
	if l.Serial != "" && sale.SerialNumber(l.Serial) != t.serial() || t.expected() != nil {
		f.Swapped, f.Result = true, sale.FoundUnclear
		f.Words = fmt.Sprintf("another terminal is on the line: serial number %q, the sale was asked of %q", t.id.Serial, cmp.Or(l.Serial, t.cfg.SerialNumber))
		return
	}
	got := t.look(ctx, sought{ref: l.Ref, kind: l.Kind, amount: l.Amount, tip: l.Tip})
	f.Result, f.Answer, f.Foreign, f.Words = got.found, got.answer, got.foreign, got.words
	f.Finds = t.finds != "" && t.finds == t.serial()
	if f.Result != sale.FoundNot {
		return
	}
	if l.Original != nil {
		original := t.look(ctx, soughtOriginal(l.Original))
		f.Original, f.Foreign = original.found, cmp.Or(f.Foreign, original.foreign)
		f.Words = join(f.Words, "and what it was to void:", original.words)
	}
	if l.Control != nil {
		control := t.look(ctx, sought{ref: l.Control.Ref, kind: sale.CardSale, amount: l.Control.Amount, approved: true})
		f.Control, f.Foreign = control.found, cmp.Or(f.Foreign, control.foreign)
		if f.Control != sale.FoundIt {
			f.Words = join(f.Words, "and so was the latest approved sale:", control.words)
		}
	}
	// Not found proves something only if this terminal, on this connection,
	// still finds what it must.
	if (l.Original != nil || l.Control != nil) && !t.wire.same(ctx, epoch) {
		f.Result, f.Original, f.Control = sale.FoundUnclear, sale.FoundUnclear, sale.FoundUnclear
		f.Words = "the line was lost between two look-ups"
	}
}

// reopen makes the connection anew when the terminal stays deaf for long: a TCP
// connection whose other end is gone looks just like that.
func (t *Terminal) reopen(reached bool) {
	switch now := time.Now(); {
	case reached:
		t.deafAt = time.Time{}
	case t.deafAt.IsZero():
		t.deafAt = now
	case now.Sub(t.deafAt) >= t.cfg.ReopenAfter:
		t.deafAt = time.Time{}
		t.wire.drop()
	}
}

// looked is what R02 brought.
type looked struct {
	found   sale.Found
	answer  sale.CardAnswer // when found
	foreign string
	words   string
}

// sought is what a record must agree with to be the one that is looked for.
type sought struct {
	ref    string
	kind   sale.CardKind
	amount sale.Amount
	tip    sale.Amount // asked beside it
	// approved tells that the amount is what the terminal approved, to be compared
	// with just that. Otherwise it is what was asked, of which a part may be due.
	approved bool
}

// soughtOriginal is what a void or completion builds on.
func soughtOriginal(o *sale.CardOriginal) sought {
	return sought{ref: o.Ref, kind: o.Kind, amount: o.Amount, approved: true}
}

// look asks for the record of a reference.
func (t *Terminal) look(ctx context.Context, s sought) looked {
	res := t.ask(ctx, cmdDetail, requestDetail(t.cfg.Version, s.ref), t.cfg.AckWait, t.cfg.GreetWait)
	if res.end != answered {
		return looked{found: sale.FoundUnclear, words: res.err.Error()}
	}
	l := t.reader().record(res.reply, s)
	if l.found == sale.FoundIt {
		t.finds = t.serial()
	}
	return l
}

// notFound is the text that makes 100023 mean just that.
const notFound = "NOT FOUND"

// record reads R03. Not found is only the code for it with the text NOT FOUND:
// the same code also stands for several records, and for much else.
func (rd reader) record(r Reply, asked sought) looked {
	unclear := func(format string, a ...any) looked {
		return looked{found: sale.FoundUnclear, words: fmt.Sprintf(format, a...)}
	}
	text, code := printable(r.Text), name(r.Code)
	switch {
	case code == codeNotFound && strings.EqualFold(text, notFound):
		return looked{found: sale.FoundNot, words: withCode(text, code)}
	case code != codeOK:
		return unclear("the terminal answered the look-up with %s", withCode(text, code))
	}
	var t record
	if err := parseRecord(r, &t); err != nil {
		return unclear("%v", err)
	}
	a := rd.answer(&t.transaction)
	switch n := name(t.Total); {
	case n != "" && strings.Trim(n, "0") != "1":
		return unclear("the terminal found %s records for one reference", n)
	case a.Ref != asked.ref:
		l := unclear("the terminal found the reference %s instead of %s", cmp.Or(a.Ref, "(none)"), asked.ref)
		l.foreign = a.Ref
		return l
	case a.Kind == sale.CardVoid && kinds[string(t.Original)] == asked.kind:
		l := unclear("the terminal has the %s, and has it as voided already", asked.kind)
		l.found = sale.FoundVoided
		return l
	case t.stored() == storedFailed:
		return unclear("the terminal approved it offline, and it was refused when the terminal sent it to the bank")
	case a.Kind != asked.kind:
		return unclear("the terminal has the reference as a transaction of type %s, a %s was asked for", printable(t.Type), asked.kind)
	case t.stored() == storedBatch && !t.authorised():
		return unclear("the terminal has the reference, and not as approved: %s", withCode(cmp.Or(a.Card.HostText, "no word of the host"), a.Card.HostCode))
	}
	whole, word := a, "asked"
	if asked.approved {
		word = "approved"
	} else {
		whole.Approved += t.Amounts.Due
	}
	if a.Approved <= 0 || !agrees(asked.amount, asked.tip, whole) {
		return unclear("the terminal has the reference with %s, %s were %s", a.Approved, word, asked.amount)
	}
	a.Verdict, a.Words = sale.VerdictApproved, withCode(a.Card.HostText, a.Card.HostCode)
	rd.complete(&a, &t.transaction)
	return looked{found: sale.FoundIt, answer: a, words: a.Words}
}
