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
func (p *Printer) do(ctx context.Context, job string, build func(dst []byte) []byte) sale.PrintResult {
	if err := p.begin(ctx); err != nil {
		return failed("the printer is busy", false)
	}
	defer p.end()
	t, err := p.open(ctx)
	if err != nil {
		p.trouble("printer not reachable", err)
		return failed(p.away(), false)
	}
	defer t.hangUp()
	words := p.ready(ctx, t)
	if ctx.Err() != nil {
		words = "stopped before printing"
	}
	if words != "" {
		return failed(words, false)
	}
	p.late = late{job: job, epoch: p.epoch}
	p.buf = build(p.buf[:0])
	p.buf = p.question(p.buf)
	p.torn = max(leastFlush, p.encoder.longest)
	if err := p.send(ctx, t, p.buf); err != nil {
		// Whether and how much of it arrived is not known: a write that fails may
		// have left bytes behind. A new connection starts with an empty line.
		p.trouble("receipt not taken", err)
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
func (p *Printer) ready(ctx context.Context, t *session) string {
	if p.recentlyWell() {
		return ""
	}
	if err := p.flush(ctx, t); err != nil {
		p.trouble("printer takes nothing", err)
		words := p.stuck(err)
		p.link.Close()
		return words
	}
	if p.encoder.profile.Quiet {
		p.note(func(s *Status) { *s = Status{Reachable: true, Held: s.Held} })
		p.hearPort()
		return p.Status().trouble()
	}
	answered, err := p.askShared(ctx, t)
	switch {
	case err != nil:
		p.trouble("printer not reachable", err)
		p.link.Close()
		return p.away()
	case !answered && p.spoke && p.Status().trouble() == "":
		return "printer does not answer: is it switched on?"
	case !answered && p.shares() && p.inUse():
		p.link.Close() // whoever has it is served first
		return p.away()
	}
	if words := p.Status().trouble(); words != "" {
		return words
	}
	if p.encoder.profile.Confirm == ConfirmGSr && p.owed > 0 && !p.catchUp(ctx, t) {
		return "the printer is still busy with an earlier receipt"
	}
	p.cameLate()
	return ""
}

// recentlyWell reports whether the printer was well when it was last asked, on this
// connection and not long ago, and has nothing of an earlier receipt left. The
// next receipt then goes out at once, and the printer is asked behind it.
func (p *Printer) recentlyWell() bool {
	s := p.Status()
	return p.spoke && p.torn == 0 && !p.behind() && s.Reachable && s.Answers && s.trouble() == "" && !s.Held &&
		time.Since(s.At) < p.cfg.ProbeEvery+freshMore
}

// freshMore is how much longer than the pause between two questions a status counts.
const freshMore = 5 * time.Second

// behind reports whether the printer may still have something of an earlier
// receipt to print.
func (p *Printer) behind() bool { return p.encoder.profile.Confirm != ConfirmNone && !p.proved() }

// leastFlush is longer than any command of a receipt without pictures.
const leastFlush = 256

// flush brings a printer that may be in the middle of a command to its end:
// zeros complete it and are no characters. It comes before any question: the
// bytes of a question would be taken for the command's own length.
func (p *Printer) flush(ctx context.Context, t *session) error {
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
func (p *Printer) ask(ctx context.Context, t *session) (bool, error) {
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
	p.spoke, p.heard, p.silent = true, true, time.Time{}
	p.note(func(s *Status) {
		heard.Reachable, heard.Held, heard.Identity = true, s.Held, s.Identity
		*s = heard
	})
	return true, nil
}

// askOne asks DLE EOT n, twice if need be. All answers look alike, so after a
// second try a late answer to the first is waited out.
func (p *Printer) askOne(ctx context.Context, t *session, n int) (b byte, answered bool, err error) {
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
func (p *Printer) identify(ctx context.Context, t *session) {
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
func (p *Printer) drain(ctx context.Context, t *session) {
	for {
		s, err := t.next(ctx, time.Now().Add(2*p.cfg.AnswerLimit))
		if err != nil {
			return
		}
		p.take(s)
	}
}

// send writes a receipt: in one write, or in pieces with pauses if the printer
// needs them. Between pieces XOFF is obeyed; a line with flow control of its
// own never lets it through to here.
func (p *Printer) send(ctx context.Context, t *session, b []byte) error {
	piece := p.encoder.profile.Pieces
	if piece == 0 && p.baud() > 0 {
		piece = slowPiece
	}
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
		until := time.Now().Add(p.pieceTime(n))
		for {
			s, err := t.next(ctx, until)
			if err == nil {
				p.take(s)
				if s.kind == sigFlow {
					until = time.Now().Add(p.pieceTime(n))
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

// slowPiece is what a printer on a line without flow control is sent at once,
// where its profile says nothing: an eighth of the usual buffer.
const slowPiece = 512

// pieceTime is how long the line takes for a piece, and then the printer: what
// is written is under way, not there.
func (p *Printer) pieceTime(n int) time.Duration {
	baud := p.baud()
	if baud <= 0 {
		return p.cfg.Pause
	}
	return p.cfg.Pause + time.Duration(n)*10*time.Second/time.Duration(baud)
}

// Unstoppable is a Link that may be a serial line without flow control: the
// printer cannot say stop, so what it is sent at once is kept short.
type Unstoppable interface {
	// Baud returns the speed of such a line, and 0 for any other.
	Baud() int
}

func (p *Printer) baud() int {
	if line, ok := p.link.(Unstoppable); ok {
		return line.Baud()
	}
	return 0
}
