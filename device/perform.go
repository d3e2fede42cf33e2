package device

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// callLimit bounds a call to a wire that does not keep its own deadline: the
// drivers' limits are shorter, this one is for the day they are not.
const callLimit = 10 * time.Minute

// perform does one effect. It never waits: wires run beside the loop and post what they hear.
func (t *Till) perform(e core.Effect) {
	switch e := e.(type) {
	case core.Show:
		t.glass.Store(&e.Screen)
		t.o.Screen.Show(e.Screen)
		t.hub.tell(Message{Event: "screen", Data: e.Screen})
	case core.Tell:
		t.hub.tell(Message{Event: "sale", Data: e.Of()})
	case core.TellQueue:
		t.tell = true
	case core.Reply:
		t.answer(e)
	case core.Refuse:
		t.answer(core.Reply{Token: e.Token, Err: e.Err})
	case core.Log:
		t.log(e)
	case core.Charge:
		t.work(func(ctx context.Context) { t.charge(ctx, e.Request) })
	case core.Find:
		t.call(func(ctx context.Context) core.Event { return t.find(ctx, e.Lookup) })
	case core.CloseBatch:
		t.call(func(ctx context.Context) core.Event {
			return core.BatchAnswered{Answer: t.o.Terminal.CloseBatch(ctx)}
		})
	case core.AskTotals:
		t.call(func(ctx context.Context) core.Event {
			return core.TotalsTold{N: e.N, Totals: t.o.Totals.Totals(ctx)}
		})
	case core.GatherDay:
		t.work(func(ctx context.Context) { t.gather(ctx, e.Of) })
	case core.Abort:
		t.abort()
	case core.CreateOrder:
		t.call(func(ctx context.Context) core.Event {
			return core.OrderCreated{Sale: e.Sale, Answer: t.o.Gateway.Create(ctx, e.Request)}
		})
	case core.QueryOrder:
		t.call(func(ctx context.Context) core.Event {
			return core.OrderAsked{Sale: e.Sale, Answer: t.o.Gateway.Query(ctx, e.MchOrderNo)}
		})
	case core.SendRefund:
		t.call(func(ctx context.Context) core.Event {
			return core.RefundAnswered{Sale: e.Sale, Movement: e.Request.No, Answer: t.o.Gateway.Refund(ctx, e.Request)}
		})
	case core.QueryRefund:
		t.call(func(ctx context.Context) core.Event {
			return core.RefundAnswered{Sale: e.Sale, Movement: e.Movement, Asked: true, Answer: t.o.Gateway.QueryRefund(ctx, e.Movement)}
		})
	case core.Probe:
		t.call(func(ctx context.Context) core.Event { return core.Probed{Answer: t.o.Gateway.Probe(ctx)} })
	case core.ClaimDue:
		t.call(func(ctx context.Context) core.Event { return t.claim(ctx, e.N, e.Now) })
	case core.SendReports:
		t.call(func(ctx context.Context) core.Event { return t.sendReports(ctx, e.Reports) })
	case core.PrintCode:
		t.work(func(ctx context.Context) { t.printCode(ctx, e.Screen) })
	case core.OpenDrawer:
		t.work(func(ctx context.Context) { t.sendPulse(ctx, e.Job) })
	case core.PrintReceipt, core.PrintOwn:
		t.papers.add(t.paperOf(e))
		t.papers.rouse()
	default:
		panic(fmt.Sprintf("effect %T is not performed", e))
	}
}

// answer hands a reply to whoever asked.
func (t *Till) answer(r core.Reply) {
	if ch := t.tokens[r.Token]; ch != nil {
		delete(t.tokens, r.Token)
		ch <- r
	}
}

func (t *Till) printCode(ctx context.Context, s sale.Screen) {
	if r := t.o.Printer.PrintCode(ctx, s); r.State == sale.PrintFailed {
		t.o.Log.Warn("the code was not printed", "sale", s.Sale, "words", r.Words)
	}
}

// charge asks the terminal for money, and tells of answers to earlier requests after the
// answer that they came beside.
func (t *Till) charge(ctx context.Context, r sale.CardRequest) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	a := t.o.Terminal.Charge(ctx, r)
	if a.Foreign == "" {
		t.post(core.CardAnswered{Answer: a})
	} else {
		_ = t.turn(t.ctx, func() { t.step(t.duplicateOf(a)) }) // it fails only where posd stops
	}
	t.hearLate(a.Late)
}

// duplicateOf is the answer of a terminal that refuses an amount as a duplicate of
// another transaction: the journal says whether that one is ours. Loop only.
func (t *Till) duplicateOf(a sale.CardAnswer) core.CardAnswered {
	h := core.CardAnswered{Answer: a}
	owner, err := t.o.Journal.SaleOf(t.ctx, a.Foreign)
	switch {
	case err == nil:
		h.Owner = &owner
	case errors.Is(err, sale.ErrNotFound):
		h.Lost, err = t.o.Journal.HasReference(t.ctx, a.Foreign)
	}
	if err != nil {
		t.o.Log.Error("a reference cannot be looked up", "err", err)
	}
	return h
}

// find looks a reference up, and tells of answers to earlier requests before.
func (t *Till) find(ctx context.Context, l sale.CardLookup) core.Event {
	f := t.o.Terminal.Find(ctx, l)
	t.hearLate(f.Late)
	f.Late = nil
	return core.CardFound{Finding: f}
}

// call runs a wire beside the loop and posts what it heard.
func (t *Till) call(f func(ctx context.Context) core.Event) {
	t.work(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		t.post(f(ctx))
	})
}

// TerminalNamed notes which terminal is on the line.
func (t *Till) TerminalNamed(serial string) {
	select {
	case <-t.ready:
		t.post(core.TerminalNamed{Serial: serial})
	case <-t.done:
	}
}

func (t *Till) abort() {
	t.work(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := t.o.Terminal.Abort(ctx); err != nil {
			t.o.Log.Info("the terminal was not told of the cancel", "err", err)
		}
	})
}

// claim reads due reports. A journal that cannot be read is asked again later.
func (t *Till) claim(ctx context.Context, n int, now time.Time) core.Event {
	due, err := t.o.Journal.Due(ctx, now, t.o.Policy.BackoffMax, n)
	if err != nil {
		t.o.Log.Error("reports cannot be read", "err", err)
		return core.ReportsDue{NextDue: now.Add(30 * time.Second)}
	}
	if len(due) > 0 {
		return core.ReportsDue{Reports: due}
	}
	st, err := t.o.Journal.QueueStats(ctx)
	if err != nil {
		return core.ReportsDue{NextDue: now.Add(30 * time.Second)}
	}
	return core.ReportsDue{NextDue: st.NextDueAt}
}

func (t *Till) sendReports(ctx context.Context, reports []sale.Report) core.Event {
	var mu sync.Mutex
	answers := make([]core.ReportAnswer, 0, len(reports))
	t.o.Outbox.Send(ctx, reports, func(r sale.Report, a sale.GatewayAnswer) {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, core.ReportAnswer{Report: r, Answer: a})
	})
	return core.ReportsAnswered{Answers: answers}
}

// tellQueueEvery bounds how often the queue is summed up for whoever listens:
// after a month without the gateway that takes a moment.
const tellQueueEvery = 200 * time.Millisecond

func (t *Till) tellQueueIfDue() {
	if !t.tell || time.Since(t.told) < tellQueueEvery {
		return
	}
	t.tell, t.told = false, time.Now()
	st, err := t.o.Journal.QueueStats(t.ctx)
	if err != nil {
		t.o.Log.Error("the queue cannot be read", "err", err)
		return
	}
	l := t.machine.Link()
	t.hub.tell(Message{Event: "queue", Data: QueueView{QueueStats: st, Link: l.State, Words: l.Words}})
}

func (t *Till) log(e core.Log) {
	level := t.o.Log.Info
	if e.Warn {
		level = t.o.Log.Warn
	}
	level(e.Message, "sale", e.Sale, "words", e.Words)
}

// printAll hands papers to the printer one after the other.
func (t *Till) printAll(ctx context.Context) {
	for {
		print, ok := t.papers.take(ctx)
		if !ok {
			return
		}
		t.post(core.JobDone{Result: print(ctx)})
	}
}

// backlog is what waits for the printer: receipts, and prints of the shop's own. Its size is bounded by the
// journal's unfinished jobs, each of which is in it once.
type backlog struct {
	mu   sync.Mutex
	list []paper
	wake chan struct{}
}

func newBacklog() *backlog { return &backlog{wake: make(chan struct{}, 1)} }

func (b *backlog) add(papers ...paper) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, papers...)
}

// rouse lets whoever takes them look.
func (b *backlog) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *backlog) take(ctx context.Context) (paper, bool) {
	for {
		b.mu.Lock()
		if len(b.list) > 0 {
			p := b.list[0]
			b.list = b.list[1:]
			b.mu.Unlock()
			return p, true
		}
		b.mu.Unlock()
		select {
		case <-b.wake:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// paper prints one of them and says what became of it.
type paper func(ctx context.Context) sale.PrintResult

// paperOf is what an effect prints; nil if that is nothing, or a code.
func (t *Till) paperOf(e core.Effect) paper {
	switch e := e.(type) {
	case core.PrintReceipt:
		return func(ctx context.Context) sale.PrintResult { return t.o.Printer.Print(ctx, e.Receipt) }
	case core.PrintOwn:
		return func(ctx context.Context) sale.PrintResult { return t.o.Printer.PrintOwn(ctx, e.Print) }
	}
	return nil
}
