package printer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"posd/device/sale"
)

// Printer prints receipts, one at a time, and says honestly what became of
// them. It never prints anything twice by itself.
type Printer struct {
	link    Link
	cfg     Config
	log     *slog.Logger
	layout  Layout
	encoder *encoder
	lost    string // see Config.lostWords

	// beside takes a wish to open the drawer while a receipt is being printed.
	pulses chan chan error

	turn  chan struct{} // holds one token: who has it owns the fields below
	buf   []byte
	epoch uint64 // the connection that spoke is about
	// torn is how many bytes the printer may still want for a command that a
	// broken write left unfinished: it would swallow the next receipt's head.
	torn  int
	id    uint32 // of the latest receipt, for printers that repeat it
	wait  string // the answer that proves the receipt printed; empty once it came
	owed  int    // questions GS r that were sent and not answered yet
	last  byte   // the latest answer to one
	spoke bool   // the printer answered something on this connection
	// confirms is what was learned about GS r or GS ( H: whether the printer
	// ever answered it, and whether it was silent the last time.
	confirms, mute bool
	// logoAsked and logoSent are about the printer's memory: asked on this
	// connection, written in this run.
	logoAsked, logoSent bool
	portKnown           bool // the port's status byte was heard to say that all is well

	told     string // the latest trouble that was logged
	late     late   // the receipt that may yet be printed
	onLate   func(sale.PrintResult)
	heard    bool        // the printer answered in this run
	silent   time.Time   // since when it does not, if it never did
	letGo    *time.Timer // see letGoLater
	released bool        // we closed the line ourselves: what is known still holds

	picturing sync.Mutex // one picture is unpacked at a time

	mu       sync.Mutex
	status   Status
	saidLast string // the latest receipt that failed before a byte, and why
}

// New returns the printer at the other end of link. Nothing is sent before the
// first call of Print, Probe or Run.
func New(link Link, cfg Config, log *slog.Logger) *Printer {
	p := &Printer{link: link, cfg: cfg, log: log, layout: cfg.Layout(), encoder: newEncoder(cfg), lost: cfg.lostWords(), pulses: make(chan chan error), turn: make(chan struct{}, 1), id: uint32(time.Now().UnixMilli())}
	p.turn <- struct{}{}
	// An earlier run may have died in the middle of a receipt.
	p.torn, p.owed = leastFlush, 1
	if logo := p.layout.logo; logo != nil && p.encoder.profile.Keeps {
		p.torn += len(logo.rows)
	}
	p.status.Words = "not asked yet"
	return p
}

// Layout returns the source of lines for this printer's paper.
func (p *Printer) Layout() Layout { return p.layout }

// Status returns what is known of the printer without asking it.
func (p *Printer) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Print prints a receipt. The result is PrintDone only when the printer said
// that everything before its answer was processed; PrintSent when it took the
// bytes and cannot say; else PrintFailed, with Maybe set as soon as the first
// byte of the receipt was handed to the line.
func (p *Printer) Print(ctx context.Context, r sale.Receipt) sale.PrintResult {
	began := time.Now()
	res := p.do(ctx, r.Job, func(dst []byte) []byte { return p.encoder.receipt(dst, p.layout.Lines(r)) })
	res.Job = r.Job
	if res.State == sale.PrintFailed && !res.Maybe && p.saidOf(r.Job, res.Words) {
		return res // it is tried again and again; one line says why
	}
	p.log.Info("receipt", "sale", r.Sale.ID, "job", r.Job, "printed", res.State, "words", res.Words, "took", time.Since(began))
	return res
}

// Probe opens the line and asks the printer how it is. An error means that it
// could not be reached or does not answer.
func (p *Printer) Probe(ctx context.Context) (Status, error) {
	if err := p.begin(ctx); err != nil {
		return p.Status(), err
	}
	defer p.end()
	t, err := p.open(ctx)
	if err != nil {
		return p.Status(), err
	}
	defer t.hangUp()
	if p.encoder.profile.Quiet {
		p.note(func(s *Status) { *s = Status{Reachable: true, Held: s.Held} })
		p.hearPort()
		return p.Status(), nil
	}
	answered := false
	if err = p.flush(ctx, t); err == nil {
		answered, err = p.askShared(ctx, t)
	}
	switch {
	case err != nil:
		p.link.Close()
		p.note(func(s *Status) { *s = Status{Identity: s.Identity} })
	case !answered:
		err = errors.New("printer does not answer: is it switched on, and is the line's speed right?")
	case p.Status().trouble() == "":
		if p.encoder.profile.Confirm == ConfirmGSr && p.owed > 0 {
			p.catchUp(ctx, t)
		}
		p.cameLate()
		p.told = ""
		p.identify(ctx, t)
		if err = p.keepLogo(ctx, t); err != nil {
			p.link.Close()
		}
	}
	return p.Status(), err
}

// Run asks the printer how it is while nothing is printed, so that its status
// is known before the next receipt (sale.UntilRound). It returns when ctx ends.
func (p *Printer) Run(ctx context.Context) error {
	if p.cfg.ProbeEvery == 0 {
		<-ctx.Done()
		return nil
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	was := ""
	for {
		status, err := p.Probe(ctx)
		if status.Words != was && ctx.Err() == nil {
			p.log.Info("printer", "status", status.Words, "err", err)
			was = status.Words
		}
		timer.Reset(sale.UntilRound(time.Now(), p.cfg.ProbeEvery))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

// begin waits for the turn to use the line.
func (p *Printer) begin(ctx context.Context) error {
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the printer's turn: %w", ctx.Err())
	}
}

func (p *Printer) end() {
	p.letGoLater()
	p.turn <- struct{}{}
}

// trouble logs what is wrong with the line or the printer, once for each cause:
// a receipt that waits is tried every few seconds. It is called with the turn held.
func (p *Printer) trouble(what string, err error) {
	if said := what + ": " + err.Error(); said != p.told {
		p.told = said
		p.log.Warn(what, "err", err)
	}
}

// saidOf reports whether a receipt was said to fail in these words the last time.
func (p *Printer) saidOf(job, words string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := job + " " + words
	again := p.saidLast == said
	p.saidLast = said
	return again
}

// open connects and starts to listen.
func (p *Printer) open(ctx context.Context) (*session, error) {
	epoch, err := p.link.Open(ctx)
	if err != nil {
		p.note(func(s *Status) {
			*s = Status{Identity: s.Identity}
		})
		return nil, fmt.Errorf("open printer: %w", err)
	}
	if epoch != p.epoch {
		p.epoch, p.spoke = epoch, false
		p.logoAsked, p.encoder.kept = false, ""
		if p.shares() { // another till may have died on it in the middle of a command
			p.torn = max(p.torn, leastFlush, p.encoder.longest)
		}
		if !p.released {
			p.note(func(s *Status) { *s = Status{} })
		}
	}
	p.released = false
	return listen(p.link, p.cfg, p.encoder.profile.Star), nil
}

// note changes the status and its words.
func (p *Printer) note(change func(*Status)) Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.status)
	s := &p.status
	s.At = time.Now()
	switch words := s.trouble(); {
	case !s.Reachable:
		s.Words = "not reachable"
	case words != "":
		s.Words = words
	case !s.Answers && s.Port:
		s.Words = "ready, says the USB port; does not answer itself"
	case !s.Answers:
		s.Words = "connected; does not answer"
	case s.PaperLow:
		s.Words = "ready; paper nearly out"
	default:
		s.Words = "ready"
	}
	if p.lost != "" && s.Reachable && s.trouble() == "" {
		s.Words += "; receipts leave out what it has no letters for: " + p.lost
	}
	return *s
}
