package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"posd/cmd/possim/caller"
	"slices"
	"strings"
	"time"
)

// script is something possim does without a person, and judges.
type script struct {
	name    string
	summary string
	think   time.Duration                       // how long its customers take to show a card
	run     func(context.Context, *stage) error // nil: it makes its counters itself
}

// scripts lists them in the order in which they are best seen.
func scripts() []script {
	return []script{
		{"all", "one sale of every kind", 100 * time.Millisecond, playAll},
		{"kill", "posd is killed while the customer is at the terminal, and started again", 1500 * time.Millisecond, playKill},
		{"restore", "the journal is copied, posd sells on, and the copy is put back", 100 * time.Millisecond, playRestore},
		{"offline", fmt.Sprintf("the gateway is away for %d card sales, then back", offlineSales), 10 * time.Millisecond, playOffline},
		{"day", "three business days closed: one that agrees, one that the terminal closed in part, one interrupted", 50 * time.Millisecond, playDay},
		{"terminal", "what can go wrong with the terminal and its line, one sale each", 100 * time.Millisecond, playTerminal},
		{"network", "what can go wrong with the gateway and on the way to it", 100 * time.Millisecond, playNetwork},
		{"power", "cables, power and paper", 500 * time.Millisecond, playPower},
		{"badinput", "what is not possible is refused in words, and nothing is lost", 100 * time.Millisecond, playBadInput},
		{"chaos", "faults drawn by lot, posd killed now and then; see -seed and -sales", 200 * time.Millisecond, playChaos},
		{"idle", "what posd costs while nobody buys anything: memory, processor time", 100 * time.Millisecond, playIdle},
		{"chain", "three counters in two shops and a hub: hub, server and a counter are killed, and all books agree", 0, nil},
		{"crashpoints", "posd is killed at every write, sync and send of every flow; see -flow, -every and -at", 0, nil},
	}
}

func scriptNamed(name string) (script, error) {
	all := scripts()
	i := slices.IndexFunc(all, func(s script) bool { return s.name == name })
	if i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, s := range all {
		known = append(known, s.name)
	}
	return script{}, fmt.Errorf("there is no script %q: use %s", name, strings.Join(known, ", "))
}

// stage is where a script plays: the counter, and what it has seen so far.
type stage struct {
	*counter
	customer customer
	out      io.Writer
	faults   []error
	code     string // read off the display last
	oldCode  string // read by the end of the sale before
}

// playScript builds a counter, plays the script at it, and returns everything
// that was not as it should be.
func playScript(ctx context.Context, s script, set setup, out io.Writer) (err error) {
	if s.run == nil {
		play := playCrashPoints
		if s.name == "chain" {
			set.think = 100 * time.Millisecond
			play = playChain
		}
		if err := play(ctx, set, out); err != nil {
			return fmt.Errorf("script %s: %w", s.name, err)
		}
		return nil
	}
	set.think = s.think
	if set.history, err = openHistory(set.write); err != nil {
		return err
	}
	c, err := openCounter(ctx, set, out)
	if err != nil {
		return errors.Join(err, set.history.close())
	}
	defer func() { err = errors.Join(err, c.Close(), set.history.close()) }()
	if set.history != nil {
		look, stop := context.WithCancel(ctx)
		defer stop()
		c.parts.Go(func() { set.history.watch(look, c) })
	}
	ctx, cancel := c.watch(ctx)
	defer cancel()
	fmt.Fprintf(out, "script %s: %s\nposd's waits here: %s\n\n", s.name, s.summary, set.waits)
	st := &stage{counter: c, customer: c.customer(), out: out}
	start := time.Now()
	if err := s.run(ctx, st); err != nil {
		st.faults = append(st.faults, err)
	} else if cause := context.Cause(ctx); cause != nil {
		st.faults = append(st.faults, cause)
	}
	if err := set.history.finish(ctx, c); err != nil {
		st.faults = append(st.faults, err)
	}
	if len(st.faults) > 0 {
		return fmt.Errorf("script %s: %w", s.name, errors.Join(st.faults...))
	}
	fmt.Fprintf(out, "\nscript %s: everything ended as it should, in %.1f s\n", s.name, time.Since(start).Seconds())
	return nil
}

// fault remembers something that is not as it should be; the script goes on.
func (st *stage) fault(format string, args ...any) {
	st.faults = append(st.faults, fmt.Errorf(format, args...))
}

// sell asks posd for a payment under a key of its own. While posd says that it
// cannot now, as it does until it has found the gateway again, it is asked
// again, as a cashier does.
func (st *stage) sell(ctx context.Context, body sellBody) (saleView, error) {
	key := "possim-" + rand.Text()
	var s saleView
	var final error
	err := until(ctx, 10*time.Second, "posd to take the sale", func(ctx context.Context) (_ bool, _ string, err error) {
		s, err = st.api.sell(ctx, key, body)
		var p *caller.Problem
		if errors.As(err, &p) && p.Status == http.StatusServiceUnavailable {
			return false, "", err
		}
		final = err
		return true, "", nil
	})
	return s, errors.Join(err, final)
}

// until asks look again and again until it is satisfied. It fails when limit
// has passed, and says what it waited for and what it saw last.
func until(ctx context.Context, limit time.Duration, what string, look func(context.Context) (bool, string, error)) error {
	start := time.Now()
	var last string
	for {
		ok, seen, err := look(ctx)
		if ok && err == nil {
			return nil
		}
		if err != nil {
			seen = err.Error()
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stopped waiting for %s: %w; seen last: %s", what, context.Cause(ctx), cmp.Or(last, "nothing"))
		}
		last = seen
		if time.Since(start) > limit {
			return fmt.Errorf("waited %s for %s; seen last: %s", limit, what, seen)
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// untilSale waits until the sale is as it should be, and returns it.
func (st *stage) untilSale(ctx context.Context, id, what string, limit time.Duration, good func(saleView) bool) (saleView, error) {
	var s saleView
	err := until(ctx, limit, what, func(ctx context.Context) (_ bool, _ string, err error) {
		s, err = st.api.sale(ctx, id, 0)
		return good(s), s.String(), err
	})
	return s, err
}

// untilCode waits for a code on the glass that was not there for an earlier
// sale, and returns its text. A picture goes out at a serial line's pace and is
// searched for a code at each look: a busy machine needs more than ten seconds.
func (st *stage) untilCode(ctx context.Context) (string, error) {
	err := until(ctx, 30*time.Second, "a new code on the display", func(context.Context) (bool, string, error) {
		code, err := st.customer.readCode()
		if err == nil && code != st.oldCode {
			st.code = code
			return true, "", nil
		}
		return false, "the code of before", err
	})
	return st.code, err
}

// approvals counts how often the terminal took money for the sale's attempts.
func (st *stage) approvals(s saleView) int {
	byRef, n := st.terminal.State().Approvals, 0
	for _, a := range s.Attempts {
		n += byRef[a.Ref]
	}
	return n
}

// reports counts how often the gateway was told of the sale: taken, and repeated.
func (st *stage) reports(s saleView) (taken, repeats int) {
	for _, r := range st.gateway.State().Reports {
		if r.MchOrderNo == s.MchOrderNo && r.Amount == s.ApprovedAmount {
			taken += r.Accepted
			repeats += r.Repeats
		}
	}
	return taken, repeats
}

// orders returns how many orders the gateway has for the sale's attempts, how
// many are paid, and what of them went back.
func (st *stage) orders(s saleView) (all, paid int, refunded int64) {
	for _, o := range st.gateway.State().Orders {
		if !slices.ContainsFunc(s.Attempts, func(a attempt) bool { return a.Ref == o.MchOrderNo }) {
			continue
		}
		all++
		if o.Status == 2 || o.Status == 3 {
			paid++
		}
		refunded += o.Refunded
	}
	return all, paid, refunded
}

// receipts returns the receipts that carry the sale's number.
func (st *stage) receipts(s saleView) []string {
	var found []string
	for _, text := range st.printer.Receipts() {
		if strings.Contains(text, s.ID) {
			found = append(found, text)
		}
	}
	return found
}
