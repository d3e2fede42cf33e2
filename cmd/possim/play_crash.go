package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// crashSet says which crash points are run.
type crashSet struct {
	flow  string // of one flow; empty: of all
	at    string // one point of that flow
	every int    // one in so many
	jobs  int    // so many at a time
	marks bool   // and list the boundaries
}

// playCrashPoints kills posd at every mark of every flow, in every way that
// makes a difference there (see trace.go), and starts it again. Each kill has a
// counter of its own; several run side by side, for they wait more than they
// compute.
func playCrashPoints(ctx context.Context, set setup, out io.Writer) error {
	dir, err := os.MkdirTemp("", "possim-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if set.posd, err = findPosd(ctx, set.posd, dir, out); err != nil {
		return err
	}
	flows, err := flowsNamed(set.crash.flow)
	if err != nil {
		return err
	}
	e := &enumeration{set: set, out: out, start: time.Now()}
	if set.crash.at != "" {
		return e.one(ctx, flows, set.crash.at)
	}
	if set.dir != "" {
		return errors.New("-state keeps what one kill leaves: name its point with -at")
	}
	kills, err := e.count(ctx, flows)
	if err != nil {
		return err
	}
	e.run(ctx, kills)
	e.table()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e.faults > 0 {
		return fmt.Errorf("%d of %d kills broke a rule", e.faults, len(kills))
	}
	return nil
}

func flowsNamed(name string) ([]flow, error) {
	all := crashFlows()
	if name == "" {
		return all, nil
	}
	var known []string
	for _, f := range all {
		if f.name == name {
			return []flow{f}, nil
		}
		known = append(known, f.name)
	}
	return nil, fmt.Errorf("there is no flow %q: use %s", name, strings.Join(known, ", "))
}

// enumeration is a run over crash points.
type enumeration struct {
	set   setup
	out   io.Writer
	start time.Time

	mu     sync.Mutex
	rows   []*crashRow
	done   int
	said   time.Time
	faults int
}

// crashRow is a flow's line in the table.
type crashRow struct {
	flow                         flow
	marks, kills, missed, faults int
	slowest, sum                 time.Duration // of a kill, from the counter's making to its end
}

// kill is one point of one flow.
type kill struct {
	row *crashRow
	aim aim
}

// one kills at a single point, and says where that was.
func (e *enumeration) one(ctx context.Context, flows []flow, at string) error {
	if len(flows) != 1 {
		return errors.New("-at is a point of one flow: name it with -flow")
	}
	a, err := parseAim(at)
	if err != nil {
		return err
	}
	c := crashOnce(ctx, flows[0], a, e.set)
	e.list(c.marks)
	if c.struck == nil {
		fmt.Fprintf(e.out, "%s was not reached: killed when the flow was over\n", a)
	} else {
		fmt.Fprintf(e.out, "killed at %s\n", c.struck)
	}
	return c.err
}

func (e *enumeration) list(marks []mark) {
	for i, m := range marks {
		fmt.Fprintf(e.out, "%4d  %s\n", i+1, m)
	}
}

// count plays every flow without a kill in between, to know its marks, and
// returns the points. The flows are worked off side by side.
func (e *enumeration) count(ctx context.Context, flows []flow) ([]kill, error) {
	counts := make([]crashed, len(flows))
	each(e.set.crash.jobs, len(flows), func(i int) { counts[i] = crashOnce(ctx, flows[i], aim{}, e.set) })
	var kills []kill
	var faults []error
	for i, f := range flows {
		if err := counts[i].err; err != nil {
			faults = append(faults, fmt.Errorf("flow %s, killed when it was over: %w", f.name, err))
			continue
		}
		aims := spread(aimsAt(counts[i].marks), e.set.crash.every)
		row := &crashRow{flow: f, marks: len(counts[i].marks), kills: len(aims)}
		e.rows = append(e.rows, row)
		for _, a := range aims {
			kills = append(kills, kill{row, a})
		}
		fmt.Fprintf(e.out, "%-13s %4d boundaries, %4d kills: %s\n", f.name, row.marks, row.kills, f.summary)
		if e.set.crash.marks {
			e.list(counts[i].marks)
		}
	}
	slices.Reverse(kills) // the flows that wait longest are the last ones
	return kills, errors.Join(faults...)
}

// run kills at every point.
func (e *enumeration) run(ctx context.Context, kills []kill) {
	fmt.Fprintf(e.out, "\n%d kills, %d at a time\n", len(kills), e.set.crash.jobs)
	each(e.set.crash.jobs, len(kills), func(i int) {
		if ctx.Err() != nil {
			return
		}
		k := kills[i]
		c := crashOnce(ctx, k.row.flow, k.aim, e.set)
		e.mu.Lock()
		defer e.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		e.done++
		k.row.sum += c.took
		k.row.slowest = max(k.row.slowest, c.took)
		if c.struck == nil {
			k.row.missed++
		}
		if c.err != nil {
			e.faults++
			k.row.faults++
			fmt.Fprintf(e.out, "\nBROKEN: %s, %s: %v\nagain: possim -script crashpoints -flow %s -at '%s'\n\n", k.row.flow.name, c.where(), c.err, k.row.flow.name, k.aim)
		}
		if time.Since(e.said) > 5*time.Second {
			e.said = time.Now()
			fmt.Fprintf(e.out, "  %d of %d kills, %d broke a rule, %.0f s\n", e.done, len(kills), e.faults, time.Since(e.start).Seconds())
		}
	})
}

// where says at what posd was killed.
func (c crashed) where() string {
	if c.struck == nil {
		return "killed when it was over"
	}
	return "killed at " + c.struck.String()
}

// each calls do for 0 to n-1, so many at a time.
func each(jobs, n int, do func(int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(jobs, 1) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// spread returns one in so many of the points, beginning in the middle of the first stretch.
func spread(aims []aim, every int) []aim {
	if every < 2 {
		return aims
	}
	var out []aim
	for i := min(every/2, len(aims)-1); i >= 0 && i < len(aims); i += every {
		out = append(out, aims[i])
	}
	return out
}

// table prints what was done. A point is not reached when the flow took
// another turn than the one that was counted: posd is killed at its end then.
func (e *enumeration) table() {
	fmt.Fprintf(e.out, "\n%-13s %10s %6s %11s %10s %9s %9s\n", "flow", "boundaries", "kills", "not reached", "violations", "s a kill", "slowest")
	var all crashRow
	line := func(name string, r crashRow) {
		fmt.Fprintf(e.out, "%-13s %10d %6d %11d %10d %9.1f %9.1f\n", name, r.marks, r.kills, r.missed, r.faults, r.sum.Seconds()/float64(max(r.kills, 1)), r.slowest.Seconds())
	}
	for _, r := range e.rows {
		line(r.flow.name, *r)
		all.marks, all.kills, all.missed, all.faults = all.marks+r.marks, all.kills+r.kills, all.missed+r.missed, all.faults+r.faults
		all.sum, all.slowest = all.sum+r.sum, max(all.slowest, r.slowest)
	}
	line("all", all)
	fmt.Fprintf(e.out, "in %.0f s, %d kills at a time\n", time.Since(e.start).Seconds(), e.set.crash.jobs)
}
