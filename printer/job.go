package printer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"posd/device/sale"
)

// do prints what build makes.
func (p *Printer) do(ctx context.Context, build func(dst []byte) []byte) sale.PrintResult {
	if err := p.begin(ctx); err != nil {
		return failed("the printer is busy", false)
	}
	defer p.end()
	t, err := p.open(ctx)
	if err != nil {
		p.log.Warn("printer not reachable", "err", err)
		return failed("printer not reachable: check its cable and power", false)
	}
	defer t.hangUp()
	words := p.ready(ctx, t)
	if ctx.Err() != nil {
		words = "stopped before printing"
	}
	if words != "" {
		return failed(words, false)
	}
	p.buf = build(p.buf[:0])
	p.buf = p.question(p.buf)
	p.torn = max(leastFlush, p.encoder.longest)
	if err := p.send(ctx, t, p.buf); err != nil {
		// Whether and how much of it arrived is not known: a write that fails may
		// have left bytes behind. A new connection starts with an empty line.
		p.log.Warn("receipt not taken", "err", err)
		words := p.stuck(err)
		p.link.Close()
		if ctx.Err() != nil {
			return failed("stopped while printing", true)
		}
		return failed(words, true)
	}
	p.torn = 0
	return p.confirm(ctx, t)
}

func failed(words string, maybe bool) sale.PrintResult {
	return sale.PrintResult{State: sale.PrintFailed, Words: words, Maybe: maybe}
}

// stuck says why a write failed.
func (p *Printer) stuck(err error) string {
	if !p.spoke {
		p.hearPort()
	}
	if words := p.Status().trouble(); words != "" {
		return words
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "the printer stopped taking data: check paper and cover"
	}
	return "the line to the printer was lost"
}

// ready asks the printer before a receipt is sent, and returns what keeps it
// from printing. A printer that never answered may still print.
func (p *Printer) ready(ctx context.Context, t *talk) string {
	if err := p.flush(ctx, t); err != nil {
		p.log.Warn("printer takes nothing", "err", err)
		words := p.stuck(err)
		p.link.Close()
		return words
	}
	if p.encoder.profile.Quiet {
		p.note(func(s *Status) { *s = Status{Reachable: true, Held: s.Held} })
		p.hearPort()
		return p.Status().trouble()
	}
	answered, err := p.ask(ctx, t)
	switch {
	case err != nil:
		p.log.Warn("printer not reachable", "err", err)
		p.link.Close()
		return "printer not reachable: check its cable and power"
	case !answered && p.spoke && p.Status().trouble() == "":
		return "printer does not answer: is it switched on?"
	}
	if words := p.Status().trouble(); words != "" {
		return words
	}
	if p.encoder.profile.Confirm == ConfirmGSr && p.owed > 0 && !p.settle(ctx, t) {
		return "the printer is still busy with an earlier receipt"
	}
	return ""
}

// leastFlush is longer than any command of a receipt without pictures.
const leastFlush = 256

// flush brings a printer that may be in the middle of a command to its end:
// zeros complete it and are no characters. It comes before any question: the
// bytes of a question would be taken for the command's own length.
func (p *Printer) flush(ctx context.Context, t *talk) error {
	if p.torn == 0 {
		return nil
	}
	if err := p.send(ctx, t, make([]byte, p.torn)); err != nil {
		return err
	}
	p.torn = 0
	return nil
}

// ask asks how the printer is and reports whether it answers at all: whether
// it is online and has paper, and if not, why. Only a broken line is an error.
func (p *Printer) ask(ctx context.Context, t *talk) (bool, error) {
	var heard Status
	for _, n := range []int{1, 4, 2, 3} {
		if n == 2 && heard.trouble() == "" {
			break
		}
		b, answered, err := p.askOne(ctx, t, n)
		switch {
		case err != nil:
			return false, err
		case answered:
			heard.realTime(n, b)
		case n == 1:
			p.note(func(s *Status) { *s = Status{Reachable: true, Held: s.Held, Identity: s.Identity} })
			p.hearPort()
			return false, nil
		}
	}
	p.spoke = true
	p.note(func(s *Status) {
		heard.Reachable, heard.Held, heard.Identity = true, s.Held, s.Identity
		*s = heard
	})
	return true, nil
}

// askOne asks DLE EOT n, twice if need be. All answers look alike, so after a
// second try a late answer to the first is waited out.
func (p *Printer) askOne(ctx context.Context, t *talk, n int) (b byte, answered bool, err error) {
	for try := range 2 {
		if err := t.write(ctx, []byte{DLE, EOT, byte(n)}); err != nil {
			return 0, false, err
		}
		until := time.Now().Add(p.cfg.AnswerLimit)
		for {
			s, err := t.next(ctx, until)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return 0, false, err
			}
			if s.kind != sigRealTime {
				p.take(s)
				continue
			}
			if try > 0 {
				p.drain(ctx, t)
			}
			return s.b, true, nil
		}
	}
	return 0, false, nil
}

// identify asks a printer that is known to have an answer for its names, once
// on a connection. Others would print the question.
func (p *Printer) identify(ctx context.Context, t *talk) {
	if !p.encoder.profile.ASB || p.Status().Identity.Model != "" {
		return
	}
	var id sale.Identity
	for question, field := range map[byte]*string{67: &id.Model, 68: &id.Serial, 65: &id.Version} {
		if t.write(ctx, []byte{GS, 'I', question}) != nil {
			return
		}
		until := time.Now().Add(p.cfg.AnswerLimit)
		for *field == "" {
			s, err := t.next(ctx, until)
			if err != nil {
				break
			}
			p.take(s)
			if s.kind == sigText && s.text[0] == 0x5F {
				*field = s.text[1:]
			}
		}
	}
	p.note(func(s *Status) { s.Identity = id })
}

// drain takes what the printer says until it is quiet.
func (p *Printer) drain(ctx context.Context, t *talk) {
	for {
		s, err := t.next(ctx, time.Now().Add(2*p.cfg.AnswerLimit))
		if err != nil {
			return
		}
		p.take(s)
	}
}

// settle waits until a printer that still owes answers has worked off what it
// was sent before: an old answer must not be taken for the next receipt's. It
// asks once more and counts, because answers come in order. Some may be lost
// for ever (a power cut), so once one came, quiet ends the wait too. false means
// that the printer, which can answer, is still busy.
func (p *Printer) settle(ctx context.Context, t *talk) bool {
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
			p.owed = 0
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

// send writes a receipt: in one write, or in pieces with pauses if the printer
// needs them. Between pieces XOFF is obeyed; a line with flow control of its
// own never lets it through to here.
func (p *Printer) send(ctx context.Context, t *talk, b []byte) error {
	piece := p.encoder.profile.Pieces
	if piece == 0 {
		return t.write(ctx, b)
	}
	for len(b) > 0 {
		n := min(piece, len(b))
		if err := t.write(ctx, b[:n]); err != nil {
			return err
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
		until := time.Now().Add(p.cfg.Pause)
		for {
			s, err := t.next(ctx, until)
			if err == nil {
				p.take(s)
				if s.kind == sigFlow {
					until = time.Now().Add(p.cfg.Pause)
				}
				if p.Status().Held {
					until = time.Now().Add(p.cfg.WriteLimit)
				}
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			if p.Status().Held {
				return fmt.Errorf("write to printer, it said XOFF: %w", err)
			}
			break
		}
	}
	return nil
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
func (p *Printer) confirm(ctx context.Context, t *talk) sale.PrintResult {
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
		if !stopped.IsZero() {
			wait = time.Now().Add(askStopped)
		}
		s, err := t.next(ctx, wait)
		switch {
		case err == nil:
			p.take(s)
		case ctx.Err() != nil:
			return failed("stopped while printing", true)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			p.log.Warn("printer lost", "err", err)
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
func (p *Printer) answered(ctx context.Context, t *talk) sale.PrintResult {
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
