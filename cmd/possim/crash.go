package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"posd/cmd/possim/loopback"
	"strings"
	"time"
)

// Limits of one kill.
const (
	// flowLimit is for what people do, and for everything to end. A refund that may
	// have been sent before the kill is sent again only a minute and two look-ups later.
	flowLimit   = 150 * time.Second
	quietFor    = 150 * time.Millisecond // without a mark: a flow is over
	quietWithin = 3 * time.Second
)

// flow is one thing that happens at the counter. What people do in it can be
// done again after a kill: they ask under the same keys, and go on from where
// things stand.
type flow struct {
	name, summary string
	think         time.Duration                       // how long a customer takes to show a card
	before        func(context.Context, *crash) error // what has happened already; nil: nothing
	asleep        bool                                // posd is not running when it begins
	guarded       bool                                // its first report is held against the terminal's totals
	play          func(context.Context, *crash) error
}

// crash is one flow at a counter of its own, and one kill of posd in it.
type crash struct {
	*stage
	flow      flow
	tracer    *tracer
	again     bool                // posd was killed and started again
	sales     map[string]saleView // what posd has acknowledged, by key
	movements map[string]refund   // likewise
	ended     map[string]string   // final states that were seen, by the sale's id
}

// crashed is how one kill went.
type crashed struct {
	marks  []mark
	struck *mark // nil: the flow was over before, and posd was killed then
	err    error // every rule that was broken
	took   time.Duration
}

// crashOnce plays a flow, kills posd at a, starts it again, lets people repeat
// what they asked for, and holds the rules.
func crashOnce(ctx context.Context, f flow, a aim, set setup) (c crashed) {
	start := time.Now()
	defer func() { c.took = time.Since(start) }()
	set.think, set.waits, set.asleep, set.guarded = f.think, crashWaits(), true, f.guarded
	if set.listen, c.err = loopback.Addr(); c.err != nil {
		return c
	}
	var said strings.Builder
	at, err := openCounter(ctx, set, &said)
	if err != nil {
		c.err = err
		return c
	}
	defer func() { c.err = errors.Join(c.err, at.Close()) }()
	r := &crash{stage: &stage{counter: at, customer: at.customer(), out: &said}, flow: f,
		sales: map[string]saleView{}, movements: map[string]refund{}, ended: map[string]string{}}
	c.err = r.run(ctx, a)
	if r.tracer != nil {
		c.marks, c.struck = r.tracer.seen()
	}
	if c.err = errors.Join(append(r.faults, c.err)...); c.err != nil && at.running() != nil {
		c.err = fmt.Errorf("%w\nposd's last words:\n%s", c.err, at.running().said)
	}
	return c
}

// crashWaits are posd's waits here: as short as they can be, but where a busy
// computer with many counters would look like a dead device.
func crashWaits() waits {
	return waits{Keep: 300 * time.Millisecond, Answer: 10 * time.Second, Ask: 300 * time.Millisecond,
		CodeShown: time.Minute, Result: 400 * time.Millisecond, Backoff: time.Second, Silence: time.Second}
}

func (r *crash) run(ctx context.Context, a aim) error {
	if err := r.firstRun(ctx, a); err != nil {
		return err
	}
	if code, err := r.customer.readCode(); err == nil {
		r.code = code // the glass still shows it: the customer has seen it
	}
	r.again, r.counter.tracer = true, nil
	if err := r.startPosd(ctx); err != nil {
		return fmt.Errorf("start after the kill: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, flowLimit)
	defer cancel()
	if err := r.flow.play(ctx, r); err != nil {
		return fmt.Errorf("after the kill: %w", err)
	}
	r.calm()
	if err := r.finish(ctx); err != nil {
		return err
	}
	if err := r.nextCustomer(ctx); err != nil {
		return fmt.Errorf("the next customer: %w", err)
	}
	if err := r.rules(ctx); err != nil {
		return err
	}
	if err := r.running().Stop(); err != nil {
		return err
	}
	return r.checkJournal(ctx)
}

// firstRun plays the flow until posd is dead: at the mark aimed at, or when
// the flow is over.
func (r *crash) firstRun(ctx context.Context, a aim) error {
	r.tracer = newTracer(a, r.flow.asleep)
	r.tracer.root, r.tracer.line, r.tracer.peer = r.dir, r.lineOf, r.peerOf
	if !r.flow.asleep {
		r.counter.tracer = r.tracer
		if err := r.startPosd(ctx); err != nil {
			return err
		}
		if err := r.untilLink(ctx, "up", 0); err != nil {
			return err
		}
	}
	if r.flow.before != nil {
		if err := r.flow.before(ctx, r); err != nil {
			return fmt.Errorf("before the flow: %w", err)
		}
	}
	if !r.flow.asleep {
		pause(ctx, quietFor)
		close(r.tracer.begin)
		select {
		case <-r.tracer.armed:
			if r.tracer.refused != nil {
				return r.tracer.refused
			}
		case <-r.running().Done(): // what comes now fails and says so
		}
	}
	r.counter.tracer = r.tracer
	err := r.whileAlive(ctx, func(ctx context.Context) error { return r.flow.play(ctx, r) })
	if _, struck := r.tracer.seen(); struck == nil {
		if r.tracer.refused != nil {
			return r.tracer.refused
		}
		if err != nil {
			return fmt.Errorf("nothing was killed, and yet: %w", err)
		}
		r.quiet(ctx)
	}
	r.running().Kill()
	return nil
}

// whileAlive does something that has no point once posd is gone: the posd that
// runs, or, in a flow that begins without one, the one that it starts.
func (r *crash) whileAlive(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, flowLimit)
	defer cancel()
	before := r.running()
	if !r.flow.asleep {
		before = nil
	}
	go func() {
		for r.running() == before {
			if !pause(ctx, time.Millisecond) {
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-r.running().Done():
			cancel()
		}
	}()
	return do(ctx)
}

// quiet waits until posd leaves no more marks for a while.
func (r *crash) quiet(ctx context.Context) {
	end := time.Now().Add(quietWithin)
	for last, since := -1, time.Now(); time.Since(since) < quietFor && time.Now().Before(end); pause(ctx, 10*time.Millisecond) {
		if marks, _ := r.tracer.seen(); len(marks) != last {
			last, since = len(marks), time.Now()
		}
	}
}

// lineOf and peerOf tell the tracer what is behind a descriptor.
func (r *crash) lineOf(device string) string {
	for name, l := range map[string]*line{"terminal": r.terminalLine, "display": r.displayLine} {
		if l.leadsTo(device) {
			return name
		}
	}
	return ""
}

func (r *crash) peerOf(local, remote int) string {
	switch {
	case remote == portOf(r.conf.Gateway):
		return "gateway"
	case remote == portOf(strings.TrimPrefix(r.conf.Printer, "tcp:")):
		return "printer"
	case local == portOf(r.conf.Listen):
		return "client"
	}
	return ""
}

// checkJournal has posd read its whole journal for anything that is not as it
// was written. Its configuration names no device: they were seen to work.
func (r *crash) checkJournal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flowLimit)
	defer cancel()
	file := filepath.Join(r.dir, "journal.toml")
	text := fmt.Sprintf("[store]\ndir = %s\n[api]\nlisten = %s\nsocket = %s\n",
		tomlString(filepath.Join(r.dir, "data")), tomlString(r.conf.Listen), tomlString(filepath.Join(r.dir, "posd.sock")))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, r.path, "check", "-config", file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("posd check: %w\n%s", err, lastLines(string(out), 12))
	}
	if !strings.Contains(string(out), "every row is as it was written") {
		return fmt.Errorf("posd check did not read the journal:\n%s", lastLines(string(out), 12))
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
