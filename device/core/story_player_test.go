package core

import (
	"encoding/binary"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// player tells the step a story and keeps what stands around it: clocks, a
// journal that survives a restart, and the questions that the wires have not
// answered yet. A wire that answers what nobody asked is a fault of the story.
type player struct {
	policy  Policy
	has     Equipment
	machine *Machine
	now     time.Duration // since the story began
	born    time.Duration // when this run of posd began
	began   int           // tills of this story: one
	events  uint64
	ids     int
	keys    int
	names   names
	disk    disk
	groups  []Effects             // of which the rows are not durable
	asked   []Effect              // that wait for an answer
	told    map[sale.ID]sale.Sale // as last told of in this run
	glass   sale.Screen
	out     strings.Builder
	line    *storyLine
}

// storyBegins is the wall clock at the first event: a Saturday, 09:00 in the shop.
var storyBegins = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

func newPlayer() *player {
	return &player{policy: DefaultPolicy(), names: names{alias: map[string]string{}, count: map[string]int{}}, disk: newDisk()}
}

// play tells the step of one event line and returns what it wants.
func (p *player) play(event string) (wants string, err error) {
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(storyFault)
			if !ok {
				panic(r)
			}
			err = fault
		}
	}()
	p.out.Reset()
	p.line = parseLine(event)
	do := verbs[p.line.verb]
	switch {
	case do == nil:
		fault("it is not known what happens")
	case (p.machine == nil) != (p.line.verb == "till"):
		fault("a story begins with one till")
	}
	do(p, p.line)
	p.line.spent()
	if p.out.Len() == 0 && p.line.verb != "till" {
		p.out.WriteString("nothing\n")
	}
	p.sayGlass()
	return p.names.said(p.out.String()), nil
}

// storyFault is what is wrong with a story.
type storyFault struct{ error }

func fault(format string, args ...any) { panic(storyFault{fmt.Errorf(format, args...)}) }

// happens tells the step of an event that comes a second after the one before.
func (p *player) happens(h Event) {
	p.now += time.Second
	p.step(h)
}

func (p *player) wall() time.Time { return storyBegins.Add(p.now) }

func (p *player) step(h Event) {
	p.events++
	ev := Input{Wall: p.wall(), Mono: p.now - p.born, Event: h}
	binary.LittleEndian.PutUint64(ev.Entropy[:], p.events)
	out := p.machine.Step(ev)
	waits := len(out.Rows) > 0 || len(p.groups) > 0 // else nothing has to be durable first
	p.sayWants(out, waits)
	for _, e := range out.Now {
		p.perform(e)
	}
	switch {
	case !waits:
		for _, e := range out.After {
			p.perform(e)
		}
	case len(out.Rows) > 0 || len(out.After) > 0:
		p.groups = append(p.groups, out)
	}
}

// perform keeps an effect that wants an answer until the story gives it.
func (p *player) perform(e Effect) {
	switch e := e.(type) {
	case Show:
		p.glass = e.Screen
	case Tell:
		p.told[e.Of().ID] = e.Of()
	case Reply, Refuse, TellQueue, Log, Abort, PrintCode:
	default:
		p.asked = append(p.asked, e)
	}
}

// answering takes the oldest question of a kind that was not answered yet.
func answering[E Effect](p *player) E {
	for i, e := range p.asked {
		if q, ok := e.(E); ok {
			p.asked = slices.Delete(p.asked, i, i+1)
			return q
		}
	}
	var none E
	fault("nobody has asked: no %s is under way", strings.ToLower(reflect.TypeOf(none).Name()))
	return none
}

// begin starts a run of posd on what the journal holds.
func (p *player) begin() Started {
	core, err := New(p.policy, p.has, Makers{
		ID: func(time.Time, []byte) string { p.ids++; return fmt.Sprintf("%026d", p.ids) },
		Report: func(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
			return sale.Secret(no + " " + amount.String() + " " + extra.Reveal()), nil
		},
		Wallet: func(sale.Secret) (sale.Channel, error) { return sale.WXMicropay, nil },
	})
	if err != nil {
		fault("%v", err)
	}
	p.machine, p.born, p.groups, p.asked, p.told = core, p.now, nil, nil, map[sale.ID]sale.Sale{}
	return Started{Recovered: p.disk.recovered()}
}

// store makes all rows durable, and lets go what waited for them.
func (p *player) store() {
	if len(p.groups) == 0 {
		fault("there is nothing to store")
	}
	p.now += 10 * time.Millisecond
	var st Stored
	var after []Effect
	for _, g := range p.groups {
		for _, r := range g.Rows {
			p.disk.write(r)
			switch r := r.(type) {
			case sale.SaleRow:
				st.Sales = append(st.Sales, r.Sale.ID)
			case sale.FactRow:
				st.Facts = append(st.Facts, r.Sale)
			}
		}
		after = append(after, g.After...)
	}
	p.groups = nil
	for _, e := range after {
		p.say("goes", "%s", p.effect(e))
		p.perform(e)
	}
	if len(st.Sales)+len(st.Facts) > 0 {
		p.step(st)
	}
}

// storeFails is a full disk: intents are taken back, facts wait.
func (p *player) storeFails() {
	groups := p.groups
	p.groups = slices.DeleteFunc(slices.Clone(groups), func(g Effects) bool { return g.Intent != nil })
	if len(groups) == len(p.groups) {
		p.say("kept", "%d steps' rows, until there is room", len(groups))
	}
	for _, g := range groups {
		if g.Intent == nil {
			continue
		}
		for _, e := range g.After {
			p.say("never", "%s", p.effect(e))
		}
		failed := *g.Intent
		failed.Words = "the disk is full"
		p.step(failed)
	}
}

// wake lets the time pass until the step wants to be woken, at most until then.
func (p *player) wake(until time.Duration) bool {
	at, ok := p.machine.Next()
	if !ok || p.born+at > until {
		return false
	}
	p.now = max(p.now, p.born+at)
	p.sayClock()
	p.step(Tick{})
	return true
}

// disk is a journal in memory: what was written is durable.
type disk struct {
	sales   map[sale.ID]sale.Sale
	keys    map[string]sale.KeyBinding
	reports map[string]sale.Report
	jobs    map[string]sale.Job
	notes   map[string]string
	lastDay sale.Day
}

func newDisk() disk {
	return disk{map[sale.ID]sale.Sale{}, map[string]sale.KeyBinding{}, map[string]sale.Report{}, map[string]sale.Job{}, map[string]string{}, sale.Day{}}
}

func (d *disk) write(r sale.Row) {
	switch r := r.(type) {
	case sale.SaleRow:
		d.sales[r.Sale.ID] = r.Sale.Clone()
	case sale.KeyRow:
		d.keys[r.Key] = sale.KeyBinding{Digest: r.Digest, Sale: r.Sale, Movement: r.Movement}
	case sale.ReportRow:
		d.reports[r.Report.No] = r.Report
	case sale.ReportGone:
		delete(d.reports, r.No)
	case sale.FactRow:
		s := d.sales[r.Sale]
		if r.Printed != "" {
			s.Printed = r.Printed
		}
		if r.Reported != "" {
			s.Reported = r.Reported
		}
		d.sales[r.Sale] = s
	case sale.JobRow:
		d.jobs[r.Job.ID] = r.Job
	case sale.NoteRow:
		d.notes[r.Name] = r.Value
	case sale.DayRow:
		d.lastDay = r.Day
	}
}

// all returns the stored sales in the order in which they were made.
func (d *disk) all() []sale.Sale {
	var list []sale.Sale
	for _, id := range slices.Sorted(maps.Keys(d.sales)) {
		list = append(list, d.sales[id].Clone())
	}
	return list
}

func (d *disk) recovered() sale.Recovered {
	r := sale.Recovered{Notes: maps.Clone(d.notes), LastDay: d.lastDay, Queue: d.stats()}
	for _, s := range d.all() {
		if s.Open() {
			r.Open = append(r.Open, s)
		}
		if s.Method == sale.Card && s.Kind == sale.CardSale && s.State == sale.Paid {
			r.Control = &s
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.jobs)) {
		if j := d.jobs[id]; !j.Finished() {
			r.Jobs, r.JobSales = append(r.Jobs, j), append(r.JobSales, d.sales[j.Sale])
		}
	}
	return r
}

// due returns the reports whose time has come, the earliest first.
func (d *disk) due(now time.Time, n int) (due []sale.Report, next time.Time) {
	for _, no := range slices.Sorted(maps.Keys(d.reports)) {
		r := d.reports[no]
		switch {
		case r.State != sale.QueueDue:
		case !r.DueAt.After(now):
			due = append(due, r)
		case next.IsZero() || r.DueAt.Before(next):
			next = r.DueAt
		}
	}
	if slices.SortStableFunc(due, func(a, b sale.Report) int { return a.DueAt.Compare(b.DueAt) }); len(due) > n {
		due, next = due[:n], due[n].DueAt
	}
	return due, next
}

func (d *disk) stats() (st sale.QueueStats) {
	for _, r := range d.reports {
		if r.State == sale.QueueSetAside {
			st.SetAside++
			continue
		}
		st.Queued, st.Cents = st.Queued+1, st.Cents+r.Amount
		if st.Oldest.IsZero() || r.QueuedAt.Before(st.Oldest) {
			st.Oldest, st.OldestAfter = r.QueuedAt, r.QueuedAfter
		}
	}
	return st
}
