package pax

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"posd/device/sale"
)

// Terminal is a card terminal on a line. Create one with New. Its methods may
// be called from any goroutine; they take turns, except Abort, which speaks to
// the terminal while Charge listens.
type Terminal struct {
	wire  wire
	cfg   Config
	zone  *time.Location // of timeStamp
	log   *slog.Logger
	trace *recorder // nil unless Trace was called

	turn chan struct{} // holds one token: whose turn it is; guards what follows
	id   sale.Identity // as last greeted
	// greeted is the epoch on which the terminal said who it is and every
	// exchange since ended as it should, EOT included; 0 if it must be greeted
	// before money, for it may still be busy with the last one.
	greeted   uint64
	deafAt    time.Time   // since when look-ups are not acknowledged; zero if they are
	ackTimer  *time.Timer // see ackAgain
	concluded conclusive  // the latest attempt that was answered
	silent    string      // words of the latest look-up that did not reach the terminal
	finds     string      // serial number of the terminal that has found something by reference
	// bankNumber is the bank's number of the terminal (TID), as a batch close named it.
	bankNumber string
	// owed are the attempts whose own answer never came and may still, by
	// reference: see nameless.
	owed map[string]owing
	// late are answers that nobody waited for. Whoever has the turn hands them on
	// with its own, or to heard when it gives the turn back.
	late  []sale.CardAnswer
	heard func(sale.CardAnswer) // nil: kept for the next answer

	idling idling
}

// conclusive is what an attempt's answer said: said again it is no news.
type conclusive struct {
	ref      string
	verdict  sale.Verdict
	approved sale.Amount
}

// owing is an attempt whose answer may still come.
type owing struct {
	since time.Time
	epoch uint64 // of the connection that its frame went out on; 0 if that was an earlier run's
}

// maxLate bounds the answers that wait to be handed on.
const maxLate = 16

// lateFor is how long after it was given up an answer may still come. A
// terminal waits half a minute for a card and then for its host.
const lateFor = 10 * time.Minute

// wire carries exchanges to the terminal: a line, or HTTP.
type wire interface {
	// ready makes the wire fit for a request and reads what waits on it.
	// Exchanges under the same epoch went over the same connection.
	ready(ctx context.Context) (epoch uint64, err error)
	// same reports whether the connection is still that of the epoch.
	same(ctx context.Context, epoch uint64) bool
	// listen reads what comes while nobody asks, until an answer was handed on or
	// ctx ends. It opens no connection, and reports whether there was one.
	listen(ctx context.Context) bool
	// do is one exchange. That of a money transaction ends with its answer; finish then
	// waits for EOT, and reports whether it came.
	do(ctx context.Context, c call) result
	finish(ctx context.Context) (clean bool)
	drop()
	// ackAgain repeats the latest ACK if its conversation did not end.
	ackAgain(ctx context.Context)
	// begin and end enclose a money transaction; wished reports whether it was
	// wished cancelled before anything of it was sent; abort is that wish.
	begin()
	end()
	wished() bool
	abort() error
	traced(*recorder)
}

// New returns a terminal on link. It opens nothing.
func New(link Link, cfg Config, log *slog.Logger) *Terminal {
	t := newTerminal(cfg, log)
	t.wire = newLine(link, cfg, log, t.stray)
	return t
}

func newTerminal(cfg Config, log *slog.Logger) *Terminal {
	zone, err := cfg.Extra.zone()
	if err != nil {
		zone = time.Local // Validate says so
	}
	return &Terminal{cfg: cfg, zone: zone, log: log, turn: make(chan struct{}, 1), idling: idling{asked: make(chan struct{}, 1)}}
}

// Hear sets who is told at once of answers that nobody waited for: a sale's own
// after it was given up, or another verdict on one that was answered. Call it
// before the terminal is used.
func (t *Terminal) Hear(heard func(sale.CardAnswer)) { t.heard = heard }

// CancelOver makes wishes to cancel go over a link of their own, to another port
// of the terminal, while the sale's link waits for its answer. Call it before the
// terminal is used.
func (t *Terminal) CancelOver(link Link) {
	if l, ok := t.wire.(*line); ok {
		l.second = &secondWire{wire: newLine(link, t.cfg, t.log, func(Reply) {}), cfg: t.cfg}
	}
}

// NewHTTP returns a terminal that is asked over HTTP at address, which is
// http://host:10009.
func NewHTTP(address string, cfg Config, log *slog.Logger) (*Terminal, error) {
	t := newTerminal(cfg, log)
	w, err := newWeb(address, cfg, log, t.stray)
	if err != nil {
		return nil, err
	}
	t.wire = w
	return t, nil
}

// take waits for the terminal to be free. give must be called if it returns nil.
func (t *Terminal) take(ctx context.Context) error {
	defer t.idling.interrupt()()
	select {
	case t.turn <- struct{}{}:
		if t.ackTimer != nil {
			t.ackTimer.Stop()
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the card terminal to be free: %w", context.Cause(ctx))
	}
}

func (t *Terminal) give() {
	t.idling.touch()
	t.release()
}

// release ends a turn and tells of what came in it and was not handed on.
func (t *Terminal) release() {
	var late []sale.CardAnswer
	if t.heard != nil {
		late = t.takeLate()
	}
	<-t.turn
	for _, a := range late {
		t.heard(a)
	}
}

// takeLate returns the answers that nobody waited for, which are then handed on.
func (t *Terminal) takeLate() []sale.CardAnswer {
	late := t.late
	t.late = nil
	return late
}

// Greet asks the terminal who it is. It opens the line if needed.
func (t *Terminal) Greet(ctx context.Context) (sale.Identity, error) {
	if err := t.take(ctx); err != nil {
		return sale.Identity{}, err
	}
	defer t.give()
	start := time.Now()
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		return sale.Identity{}, err
	}
	_, err = t.greet(ctx, epoch, t.cfg.AckWait)
	if err == nil {
		err = t.expected()
	}
	t.trace.concluded(start, "greet: %t", err == nil)
	return t.id, err
}

// Reset asks the terminal to go back to its idle screen (A16).
func (t *Terminal) Reset(ctx context.Context) error {
	if err := t.take(ctx); err != nil {
		return err
	}
	defer t.give()
	if _, err := t.wire.ready(ctx); err != nil {
		return err
	}
	res := t.ask(ctx, cmdReset, requestReset(t.cfg.Version), t.cfg.AckWait, t.cfg.GreetWait)
	if res.end != answered {
		return res.err
	}
	if code := string(res.reply.Code); code != codeOK {
		return fmt.Errorf("reset the terminal: %s", withCode(printable(res.reply.Text), name(res.reply.Code)))
	}
	return nil
}

// ask is an exchange that moves no money.
func (t *Terminal) ask(ctx context.Context, command string, frame []byte, ackWait, answerWait time.Duration) result {
	return t.do(ctx, call{command: command, frame: frame, ackWait: ackWait, answerWait: answerWait})
}

// do is one exchange. Unless it ends as it should the terminal is greeted again
// before money.
func (t *Terminal) do(ctx context.Context, c call) result {
	res := t.wire.do(ctx, c)
	if !c.money || res.end != answered {
		t.ended(res)
	}
	return res
}

// ended notes how an exchange ended, EOT included.
func (t *Terminal) ended(res result) {
	if !res.clean && res.end != refused {
		t.greeted = 0
	}
	if res.end == answered && !res.clean && t.cfg.AckAgain > 0 {
		t.ackTimer = time.AfterFunc(max(0, t.cfg.AckAgain-t.cfg.EndWait), t.ackAgain)
	}
}

// ackAgain repeats the ACK of an answer that was not followed by EOT, once: the
// terminal may not have heard it, and hears nothing else until it has. Whoever
// has the turn speaks to the terminal anyway.
func (t *Terminal) ackAgain() {
	resume := t.idling.interrupt()
	defer resume()
	select {
	case t.turn <- struct{}{}:
	case <-time.After(listenEnd):
		return
	}
	defer t.release()
	t.wire.ackAgain(context.Background())
}

// listenEnd is more than enough for whoever listens to give the turn back.
const listenEnd = 100 * time.Millisecond

// greet sends A00. It returns whether the terminal acknowledged it, which means
// that nothing else is under way on it.
func (t *Terminal) greet(ctx context.Context, epoch uint64, ackWait time.Duration) (reached bool, err error) {
	res := t.ask(ctx, cmdInitialize, requestInitialize(t.cfg.Version), ackWait, t.cfg.GreetWait)
	switch {
	case res.end == unacked:
		return false, fmt.Errorf("%w: it is busy, in a menu, or off; it must show its start screen", res.err)
	case res.end != answered:
		return res.acked, res.err
	case string(res.reply.Code) != codeOK:
		return true, fmt.Errorf("greet the terminal: %s", withCode(printable(res.reply.Text), name(res.reply.Code)))
	}
	id := parseIdentity(res.reply)
	if id != t.id {
		t.log.Info("card terminal greeted", "serial", id.Serial, "model", id.Model, "version", id.Version)
	}
	t.id = id
	if res.clean {
		t.greeted = epoch
	}
	return true, nil
}

// expected reports that the terminal on the line is the configured one.
func (t *Terminal) expected() error {
	if want := t.cfg.SerialNumber; want != "" && sale.SerialNumber(want) != t.serial() {
		return fmt.Errorf("the terminal on the line has serial number %q, configured is %q: connect the right one, or change serial_number", t.id.Serial, want)
	}
	return nil
}

// serial is the serial number of the terminal as last greeted.
func (t *Terminal) serial() string { return sale.SerialNumber(t.id.Serial) }

// Charge sends one money transaction and waits for its answer. The frame is
// sent once, again only when the terminal refused it with NAK. Where Hear named somebody
// it returns as soon as the answer was acknowledged: EOT says nothing about it, and
// what else comes before EOT is heard as any late answer is. The turn ends with EOT, or
// once that did not come in time, so that whoever speaks next waits for it.
func (t *Terminal) Charge(ctx context.Context, o sale.CardRequest) sale.CardAnswer {
	if err := t.take(ctx); err != nil {
		return unsent(o, sale.ReasonNotSent, err)
	}
	start := time.Now()
	t.wire.begin()
	a, answered := t.charge(ctx, o)
	t.wire.end()
	if answered && t.heard == nil {
		t.finish(ctx)
	}
	a.Serial, a.Late = t.serial(), t.takeLate()
	t.log.Info("card transaction ended", "attempt", o.Ref, "kind", o.Kind, "verdict", a.Verdict, "words", a.Words, "took", time.Since(start))
	over := func() {
		t.trace.charged(start, o, a)
		t.give()
	}
	if !answered || t.heard == nil {
		over()
		return a
	}
	go func() {
		defer over()
		t.finish(context.WithoutCancel(ctx))
	}()
	return a
}

// finish ends the conversation of a transaction that was answered.
func (t *Terminal) finish(ctx context.Context) {
	t.ended(result{end: answered, clean: t.wire.finish(ctx)})
}

// charge reports beside the answer whether the terminal gave it to this transaction.
func (t *Terminal) charge(ctx context.Context, o sale.CardRequest) (_ sale.CardAnswer, own bool) {
	if err := check(o); err != nil {
		return unsent(o, sale.ReasonNotSent, err), false
	}
	epoch, err := t.wire.ready(ctx)
	if err != nil {
		return unsent(o, sale.ReasonNotSent, err), false
	}
	if err := t.identify(ctx, epoch, o.Serial); err != nil {
		return unsent(o, sale.ReasonNotSent, err), false
	}
	tender := o.Tender
	if buildsOn(o.Kind) {
		var why sale.Reason
		if tender, why, err = t.remembered(ctx, o.Original); err != nil {
			return unsent(o, why, err), false
		}
	}
	if t.wire.wished() {
		return unsent(o, sale.ReasonAborted, errors.New("cancelled before anything was sent to the terminal")), false
	}
	p := t.payment(o, tender)
	res := t.do(ctx, call{
		command: p.Command, frame: requestPayment(t.cfg.Version, p), money: true,
		ackWait: t.cfg.AckWait, answerWait: t.cfg.AnswerWait, mine: mine(o.Ref),
	})
	switch res.end {
	case answered:
		a := t.reader().payment(res.reply)
		t.conclude(o.Ref, a)
		if t.nameless(o.Ref, a, name(res.reply.Code)) {
			return unclear(o, a, "but it does not say of which transaction, and another one's answer may still come"), true
		}
		return against(o, a, name(res.reply.Code)), true
	case notSent:
		return unsent(o, sale.ReasonNotSent, res.err), false
	case refused:
		return unsent(o, sale.ReasonRefused, res.err), false
	}
	t.owe(o.Ref, epoch)
	return sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictUnsure, Reason: sale.ReasonNoAnswer, Words: res.err.Error()}, false
}

// owe notes that the answer to an attempt may still come. epoch is that of the
// connection its frame went out on, or 0 if it is not known or known already.
func (t *Terminal) owe(ref string, epoch uint64) {
	maps.DeleteFunc(t.owed, func(_ string, o owing) bool { return time.Since(o.since) > lateFor })
	if t.owed == nil {
		t.owed = map[string]owing{}
	}
	if epoch == 0 {
		epoch = t.owed[ref].epoch
	}
	t.owed[ref] = owing{time.Now(), epoch}
}

// nameless reports whether an answer that was taken for ref's may be the late
// one of another attempt: it does not carry ref, as an aborted sale's does not,
// and another answer is still owed. A duplicate check's names its original, as it
// should.
func (t *Terminal) nameless(ref string, a sale.CardAnswer, code string) bool {
	if a.Ref == ref || a.Ref != "" && conclusions[code].class == classDuplicate {
		return false
	}
	for other, o := range t.owed {
		if other != ref && time.Since(o.since) <= lateFor {
			return true
		}
	}
	return false
}

// conclude notes what an attempt's answer said. The terminal repeats an answer
// when it did not hear our ACK: said again it is no news. Another verdict on the
// same attempt is, and goes on.
func (t *Terminal) conclude(ref string, a sale.CardAnswer) {
	t.concluded = conclusive{ref, a.Verdict, a.Approved}
	t.late = slices.DeleteFunc(t.late, t.again)
}

// again reports whether an answer says what the latest attempt's said already.
func (t *Terminal) again(a sale.CardAnswer) bool {
	return t.concluded == conclusive{a.Ref, a.Verdict, a.Approved}
}

// unsent is the answer when provably nothing was asked of the terminal.
func unsent(o sale.CardRequest, why sale.Reason, err error) sale.CardAnswer {
	return sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictNotSent, Reason: why, Words: err.Error()}
}

// identify makes sure, before money bytes go out, that the terminal said who it
// is on this very connection and answers as it should. intended is the terminal
// that the stored intent names: what another one is asked, this one would be
// asked about.
func (t *Terminal) identify(ctx context.Context, epoch uint64, intended string) error {
	intended = cmp.Or(intended, t.serial())
	if t.greeted != epoch {
		if _, err := t.greet(ctx, epoch, t.cfg.AckWait); err != nil {
			return err
		}
	}
	if err := t.expected(); err != nil {
		return err
	}
	if intended != "" && t.serial() != intended {
		return fmt.Errorf("another terminal is on the line now: serial number %q, it was %q; nothing was sent, try again to use it", t.id.Serial, intended)
	}
	return nil
}

// mine tells the answer to the transaction called ref from a late one. An
// answer without a reference, as an aborted sale's is, counts as ours only once
// our frame was acknowledged; so does a duplicate's, which names its original.
func mine(ref string) func(Reply, bool) bool {
	return func(r Reply, acked bool) bool {
		var t transaction
		_ = parsePayment(r, &t) // the reference is all that is wanted
		switch {
		case string(t.Trace.Ref) == ref:
			return true
		case len(t.Trace.Ref) == 0 || conclusions[string(r.Code)].class == classDuplicate:
			return acked
		}
		return false
	}
}

// Abort wishes the transaction under way cancelled. Its own answer, returned by
// Charge, says what became of it.
func (t *Terminal) Abort(context.Context) error { return t.wire.abort() }

// reader reads responses with what the box knows now.
func (t *Terminal) reader() reader {
	tid := cmp.Or(t.cfg.Extra.BankTerminalNumber, t.bankNumber, t.cfg.Extra.TerminalNumber)
	return reader{extra: t.cfg.Extra, now: time.Now(), zone: t.zone, id: t.id, tid: tid}
}

// stray keeps the answer of a transaction nobody waits for until the turn ends.
// It is called with the turn held.
func (t *Terminal) stray(r Reply) {
	switch string(r.Command) {
	case responseTo(cmdCredit), responseTo(cmdDebit):
	default:
		return
	}
	a := t.reader().payment(r)
	a.Serial = t.serial()
	if a.Ref == "" && !a.SaidApproved || a.Reason == sale.ReasonDuplicateOf {
		t.log.Warn("terminal answered a transaction nobody knows", "words", a.Words)
		return
	}
	delete(t.owed, a.Ref)
	if t.again(a) {
		return
	}
	t.log.Info("terminal answered late", "attempt", a.Ref, "verdict", a.Verdict, "words", a.Words)
	t.late = append(t.late, a)
	if len(t.late) > maxLate {
		t.late = t.late[1:]
	}
}
