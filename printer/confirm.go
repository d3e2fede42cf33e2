package printer

import (
	"context"
	"errors"
	"os"
	"time"

	"posd/device/sale"
)

// catchUp waits until a printer that still owes answers has worked off what it
// was sent before: an old answer must not be taken for the next receipt's. It
// asks once more and counts, because answers come in order. Some may be lost
// for ever (a power cut), so once one came, quiet ends the wait too. false means
// that the printer, which can answer, is still busy.
func (p *Printer) catchUp(ctx context.Context, t *session) bool {
	quiet := p.limit()
	if p.owed == 1 {
		// Nothing is printed between the old question and this one.
		quiet = 2 * p.cfg.AnswerLimit
	}
	if err := t.write(ctx, []byte{GS, 'r', 1}); err != nil {
		return false
	}
	p.owed++
	until, heard := time.Now().Add(p.limit()), false
	if !p.confirms {
		until = time.Now().Add(min(pause, p.cfg.PrintLimit))
	}
	for p.owed > 0 {
		s, err := t.next(ctx, until)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && heard:
			p.owed, p.late = 0, late{} // which of them was answered is not known
		case errors.Is(err, os.ErrDeadlineExceeded):
			// One that never confirmed anything may be one that never does. Its
			// answers stay counted, so none can be taken for another.
			return !p.confirms
		case err != nil:
			return false
		default:
			p.take(s)
			if s.kind == sigAnswer {
				until, heard, p.confirms = time.Now().Add(quiet), true, true
			}
		}
	}
	return true
}

// question appends what the printer answers once the receipt is printed.
func (p *Printer) question(dst []byte) []byte {
	switch p.encoder.profile.Confirm {
	case ConfirmID:
		// Four printable characters, another four for every receipt.
		p.id++
		id := []byte{'0' + byte(p.id>>18&63), '0' + byte(p.id>>12&63), '0' + byte(p.id>>6&63), '0' + byte(p.id&63)}
		p.wait = "7\"" + string(id)
		dst = append(dst, GS, '(', 'H', 6, 0, '0', '0')
		return append(dst, id...)
	case ConfirmGSr:
		p.owed++
		return append(dst, GS, 'r', 1)
	}
	return dst
}

// proved reports whether the answer to the question came.
func (p *Printer) proved() bool {
	if p.encoder.profile.Confirm == ConfirmID {
		return p.wait == ""
	}
	return p.owed == 0
}

// pause is how long a printer that was never heard to confirm is waited for.
const pause = 2 * time.Second

// limit is how long a confirmation is waited for: not long when the printer
// was never heard to give one.
func (p *Printer) limit() time.Duration {
	if !p.confirms && (p.mute || !p.spoke) {
		return min(pause, p.cfg.PrintLimit)
	}
	return p.cfg.PrintLimit
}

// While a receipt is printed the printer is asked how it is: often at first,
// seldom while it waits for a person, because questions fill its buffer too.
const (
	askEvery   = time.Second
	askStopped = 3 * time.Second
)

// confirm waits until the printer says that the receipt is printed.
func (p *Printer) confirm(ctx context.Context, t *session) sale.PrintResult {
	if p.encoder.profile.Confirm == ConfirmNone {
		if !p.spoke {
			p.hearPort()
		}
		if words := p.Status().trouble(); words != "" {
			return failed(words, true)
		}
		return sale.PrintResult{State: sale.PrintSent, Words: "sent; this printer cannot say whether it printed"}
	}
	until := time.Now().Add(p.limit())
	// However often it stops and goes on, a receipt ends.
	last := until.Add(3 * p.cfg.ResumeLimit)
	var stopped time.Time // when trouble was first seen
	for {
		wait := earlier(until, time.Now().Add(askEvery))
		var pulses chan chan error
		if p.encoder.profile.RealTime {
			pulses = p.pulses
		}
		if !stopped.IsZero() {
			wait, pulses = time.Now().Add(askStopped), p.pulses
		}
		s, drawer, err := t.overheard(ctx, wait, pulses)
		switch {
		case drawer != nil:
			drawer <- p.pulseNow(ctx, t)
		case err == nil:
			p.take(s)
		case ctx.Err() != nil:
			return failed("stopped while printing", true)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			p.trouble("printer lost", err)
			p.link.Close()
			return failed("the line to the printer was lost while printing", true)
		case p.spoke:
			// Nothing heard for a while: ask in real time what holds it up.
			if _, err := p.ask(ctx, t); err != nil {
				p.link.Close()
				return failed("the line to the printer was lost while printing", true)
			}
		default:
			p.hearPort()
		}
		if p.proved() {
			return p.answered(ctx, t)
		}
		words := p.Status().trouble()
		switch now := time.Now(); {
		case !now.Before(last):
			if words == "" {
				words = "the printer stops again and again: look at the paper"
			}
			return failed(words, true)
		case words != "" && stopped.IsZero():
			stopped = now
			p.log.Warn("receipt stopped in the middle", "words", words)
		case words != "" && now.Sub(stopped) >= p.cfg.ResumeLimit:
			return failed(words, true)
		case words == "" && !stopped.IsZero():
			// The cashier helped; the printer goes on from its own buffer.
			stopped, until = time.Time{}, now.Add(p.limit())
		case words == "" && !now.Before(until):
			return p.unconfirmed()
		}
	}
}

// answered is the printer's own word that it worked the receipt off. Two words
// do not count: one with the paper at its end, for the rest may have been
// dropped; and one from a printer that is silent right after, for a serial
// line that loses its far side's power reads as a zero, too.
func (p *Printer) answered(ctx context.Context, t *session) sale.PrintResult {
	low := p.Status().PaperLow
	if p.encoder.profile.Confirm == ConfirmGSr {
		if p.last&0x0C != 0 {
			return failed("paper out: put in a new roll and look whether the receipt is whole", true)
		}
		if p.spoke {
			alive, err := p.ask(ctx, t)
			if err != nil {
				p.link.Close()
			}
			if !alive {
				return failed("the printer fell silent while printing: look at the paper", true)
			}
		}
	}
	p.confirms, p.mute = true, false
	p.told, p.late = "", late{}
	res := sale.PrintResult{State: sale.PrintDone}
	if low {
		res.Words = "paper nearly out"
	}
	return res
}

// unconfirmed is a receipt the printer took and said nothing of. From one that
// has confirmed receipts before, that is a failure; any other cannot say.
func (p *Printer) unconfirmed() sale.PrintResult {
	if p.confirms {
		return failed("the printer took the receipt and did not say that it is printed: look at the paper", true)
	}
	if p.Status().Held {
		return failed("the printer said stop and never went on: switch it off and on again", true)
	}
	p.mute = true
	return sale.PrintResult{State: sale.PrintSent, Words: "sent; the printer does not say whether it printed"}
}

// take notes what the printer said by itself or in sequence.
func (p *Printer) take(s signal) {
	switch s.kind {
	case sigFlow:
		p.note(func(st *Status) { st.Held = s.b == XOFF })
	case sigText:
		if s.text == p.wait {
			p.wait = ""
		}
	case sigStar:
		p.note(func(st *Status) { st.star(s.text) })
	case sigReport:
		p.note(func(st *Status) { st.report(s.block) })
	case sigAnswer:
		p.owed, p.last = max(p.owed-1, 0), s.b
		p.note(func(st *Status) { st.paper(s.b) })
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
