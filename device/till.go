package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// Options are the parts a till is made of. Terminal, Gateway, Outbox, Printer and Drawer may be nil;
// so may Totals: then the first report of an installation is not watched.
type Options struct {
	Policy   core.Policy
	Journal  Journal
	Terminal Terminal
	Totals   Totals
	Gateway  Gateway
	Outbox   Outbox
	Screen   Screen
	Printer  Printer
	Drawer   Drawer
	Makers   core.Makers
	Log      *slog.Logger
	Clock    func() time.Time // wall clock
	Entropy  io.Reader        // random bytes
}

// Till takes payments. Around the machine that decides (device/core) it is a thin shell: one
// goroutine feeds events and performs effects, the wires run in goroutines of their own.
type Till struct {
	o        Options
	machine  *core.Machine
	start    time.Time
	entered  atomic.Int64           // the latest that the clock said at a commit of this run, in ms
	behind   atomic.Pointer[string] // that the clock is behind the journal; nil while it is not
	inbox    chan core.Event
	requests chan request
	turns    chan func()
	commits  chan commitResult
	tokens   map[core.Token]chan core.Reply
	token    core.Token
	ledger   ledger
	unheard  unheard
	papers   *backlog
	hub      *hub
	ready    chan struct{}
	done     chan struct{}
	workers  sync.WaitGroup
	ctx      context.Context // of Run, for the workers that effects start
	failing  string          // words of the last failed commit, until one succeeds
	told     time.Time       // when the queue of reports was last told
	tell     bool            // it has changed since
	glass    atomic.Pointer[sale.Screen]
	refusing atomic.Pointer[string] // why nothing new may move money; nil while it may
	noted    map[string]string      // what earlier runs noted; set before ready is closed
}

// request is a question that is looked up, stepped and queued in one turn.
type request struct {
	actor  sale.Actor
	build  func(ctx context.Context, t core.Token) (core.Event, error)
	answer chan core.Reply
}

// New returns a till; it starts nothing.
func New(o Options) (*Till, error) {
	if faults := o.Policy.Validate(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	machine, err := core.New(o.Policy, core.Equipment{Terminal: o.Terminal != nil, Gateway: o.Gateway != nil, Printer: o.Printer != nil, Drawer: o.Drawer != nil, Totals: o.Totals != nil}, o.Makers)
	if err != nil {
		return nil, err
	}
	return &Till{
		o: o, machine: machine,
		inbox: make(chan core.Event, 64), requests: make(chan request), turns: make(chan func()), commits: make(chan commitResult, 1),
		tokens: map[core.Token]chan core.Reply{}, papers: newBacklog(), hub: newHub(),
		ready: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// Ready is closed once the till has read its journal and takes requests.
func (t *Till) Ready() <-chan struct{} { return t.ready }

// Run takes up what an earlier run left and serves until ctx ends. It returns
// after every worker it started has ended.
func (t *Till) Run(ctx context.Context) error {
	defer close(t.done)
	defer t.hub.close()
	ctx, cancel := context.WithCancel(ctx)
	defer t.workers.Wait()
	defer cancel()
	t.ctx, t.start = ctx, time.Now()

	r, err := t.o.Journal.Recover(ctx)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if t.o.Printer != nil {
		t.work(t.printAll)
	}
	t.noted = r.Notes
	t.step(core.Started{Recovered: r})
	close(t.ready)
	t.work(t.byTheClock)
	t.loop(ctx)
	return t.flush()
}

func (t *Till) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		t.commitIfDue()
		t.hearAgainIfDue()
		t.tellQueueIfDue()
		timer.Reset(t.wait())
		select {
		case <-ctx.Done():
			return
		case h := <-t.inbox:
			t.step(h)
		case q := <-t.requests:
			t.request(ctx, q)
		case f := <-t.turns:
			f()
		case c := <-t.commits:
			t.committed(c)
		case <-timer.C:
			if at, ok := t.machine.Next(); ok && t.mono() >= at {
				t.step(core.Tick{})
			}
		}
	}
}

func (t *Till) mono() time.Duration { return time.Since(t.start) }

// wait returns how long nothing needs to be done by the clock.
func (t *Till) wait() time.Duration {
	wait := time.Hour
	if at, ok := t.machine.Next(); ok {
		wait = min(wait, max(at-t.mono(), 0))
	}
	if len(t.unheard.answers) > 0 {
		wait = min(wait, max(time.Until(t.unheard.due), 0))
	}
	if at, ok := t.ledger.next(); ok {
		wait = min(wait, max(time.Until(at), 0))
	}
	if t.tell {
		wait = min(wait, max(time.Until(t.told.Add(tellQueueEvery)), 0))
	}
	return wait
}

// step tells the machine of one event and does what it says.
func (t *Till) step(h core.Event) { t.stepFor(sale.Actor{}, h) }

// stepFor is step for whoever asked.
func (t *Till) stepFor(actor sale.Actor, h core.Event) {
	ev := core.Input{Wall: t.o.Clock(), Mono: t.mono(), Event: h, Actor: actor}
	if _, err := io.ReadFull(t.o.Entropy, ev.Entropy[:]); err != nil {
		panic("no random bytes: " + err.Error()) // no reference can be made: nothing may be sent
	}
	out := t.machine.Step(ev)
	for _, e := range out.Now {
		t.perform(e)
	}
	t.ledger.add(out)
}

// request looks up, steps and queues in one turn, so that nothing comes between.
func (t *Till) request(ctx context.Context, q request) {
	t.token++
	h, err := q.build(ctx, t.token)
	if err != nil {
		q.answer <- core.Reply{Err: err}
		return
	}
	t.tokens[t.token] = q.answer
	t.stepFor(q.actor, h)
}

// ask hands a request to the loop and waits for its answer.
func (t *Till) ask(ctx context.Context, build func(ctx context.Context, tok core.Token) (core.Event, error)) (core.Reply, error) {
	q := request{actor: sale.ActorOf(ctx), build: build, answer: make(chan core.Reply, 1)}
	select {
	case t.requests <- q:
	case <-ctx.Done():
		return core.Reply{}, ctx.Err()
	case <-t.done:
		return core.Reply{}, errStopped
	}
	select {
	case r := <-q.answer:
		return r, r.Err
	case <-ctx.Done():
		return core.Reply{}, ctx.Err()
	case <-t.done:
		return core.Reply{}, errStopped
	}
}

// turn runs f between two steps, where the machine may be asked.
func (t *Till) turn(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	select {
	case t.turns <- func() { f(); close(ran) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-t.done:
		return errStopped
	}
	<-ran
	return nil
}

var errStopped = &sale.Refusal{Kind: sale.ErrUnavailable, Words: "posd is stopping: ask again in a moment"}

// post tells the loop what a wire said.
func (t *Till) post(h core.Event) {
	select {
	case t.inbox <- h:
	case <-t.ctx.Done():
	}
}

// work runs f beside the loop; Run waits for it.
func (t *Till) work(f func(ctx context.Context)) {
	t.workers.Go(func() { f(t.ctx) })
}
