package core

import (
	"time"

	"posd/device/sale"
)

// Machine is the till's step function and its state: event in, effects out. It is
// single-threaded and deterministic. It starts no goroutine, reads no clock
// and throws no dice; the same events give the same effects, bit for bit.
type Machine struct {
	policy   Policy
	calendar sale.Calendar
	makers   Makers
	has      Equipment

	// State. Everything that can be waited for has its due time in it (see Next).
	live       map[sale.ID]*live
	byAge      []*live                    // in the order of creation, so that no map order shows
	keys       map[string]sale.KeyBinding // bound in this run and perhaps not durable yet
	current    sale.ID                    // the sale that is waiting, if one is
	term       terminal
	queue      queue
	first      firstReport
	glass      glass
	jobs       map[string]sale.Job       // receipts and prints not finished
	drawerJobs map[string]drawerJob      // of the cash drawer, under way
	reprints   map[string]*reprint       // jobs of which nothing came out yet, by job
	waited     int                       // receipts that have begun to wait in this run
	stopped    map[string]sale.Job       // receipts that stopped in the middle, in this run
	blank      map[sale.ID]bool          // sales all of whose receipts ended before a byte, in this run
	facts      map[sale.ID]*fact         // about sales the step does not hold, not durable yet
	controls   []sale.CardControl        // latest approved card sales of this batch, as far as known, the newest last
	serial     string                    // of the terminal that answered last
	proofs     map[string]*proof         // of card attempts whose end is not known, by reference
	offline    map[string]bool           // terminals that have approved something offline
	day        int                       // number of the open business day
	opened     time.Time                 // when the one before was closed
	closing    *closing                  // while it is being closed
	outcomes   []sale.ID                 // of unsure sales that have ended, until a person has put them away
	lostClose  string                    // words of a close of the batch whose answer was lost
	staysOpen  string                    // why the last close, in this run, left the day open
	given      map[string]givenBack      // asked for in the day, by token and person with a limit
	gap        string                    // words of what a restore could not learn of; empty: of nothing
	inCopy     map[sale.ID]bool          // open sales that stood in the copy of that restore
	anchor     time.Time                 // what the wall clock said when the running time began; see steady
	anchored   bool                      // that is stored
	ran        time.Duration             // how long earlier runs were on, as far as that was stored
	moments    []moment                  // what lies within the bill window, in order
	saveAt     timer                     // when the running time is stored again
	gaveBack   map[sale.ID]time.Duration // when money of a wallet sale was given back last, in this run
	finished   []sale.Job                // the latest prints of the shop's own that have ended

	// One step's own.
	in    Input
	out   Effects
	dirty []*live
	draws uint32
}

// Makers are the pure functions handed in by cmd.
type Makers struct {
	// ID makes a ULID from a time and at least 10 random bytes.
	ID func(t time.Time, entropy []byte) string
	// Report composes the create_order request of a report, without its signature.
	Report func(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error)
	// Wallet recognises the wallet of a customer's own code by its prefix.
	Wallet func(code sale.Secret) (sale.Channel, error)
	// Fits says in words why no display here can draw a code; nil where one can, or
	// where none is there to draw it and the page does. A nil Fits takes every code.
	Fits func(code string) error
}

// Equipment says which devices this till has. Totals: the terminal can say what is in
// its batch, and the first report is held against that.
type Equipment struct{ Terminal, Gateway, Printer, Drawer, Totals bool }

// New returns a machine that has not started.
func New(p Policy, has Equipment, m Makers) (*Machine, error) {
	calendar, err := p.Calendar()
	if err != nil {
		return nil, err
	}
	return &Machine{
		policy: p, calendar: calendar, has: has, makers: m,
		live: map[sale.ID]*live{}, keys: map[string]sale.KeyBinding{}, jobs: map[string]sale.Job{}, drawerJobs: map[string]drawerJob{}, facts: map[sale.ID]*fact{}, proofs: map[string]*proof{}, offline: map[string]bool{}, reprints: map[string]*reprint{},
		stopped: map[string]sale.Job{}, given: map[string]givenBack{}, blank: map[sale.ID]bool{}, gaveBack: map[sale.ID]time.Duration{},
		queue: newQueue(), day: 1,
	}, nil
}

// Step takes one event and returns what is to be done.
func (c *Machine) Step(in Input) Effects {
	c.in, c.out, c.dirty, c.draws = in, Effects{Lazy: true}, nil, 0
	in.Event.happen(c)
	if c.out.Intent == nil { // an intent that cannot be stored must take nothing else with it
		c.due()
	}
	c.finishStep()
	return c.out
}

// Next returns the moment, on the events' monotonic clock, at which the core
// wants a Tick; ok is false when nothing is being waited for.
func (c *Machine) Next() (at time.Duration, ok bool) {
	var next timer
	want := func(t timer) { next = first(next, t) }
	for _, l := range c.byAge {
		if l.seek != nil && c.term.free() {
			want(l.seek.at)
		}
		if l.watch != nil {
			want(l.watch.next())
		}
		if l.choosing() {
			want(l.tip.until)
		}
		for _, m := range l.pending {
			want(m.at)
		}
	}
	if c.has.Gateway {
		want(c.queue.next())
		want(c.firstNext())
	}
	want(c.glass.until)
	want(c.saveAt)
	for _, w := range c.reprints {
		want(w.at)
	}
	return next.at, next.on()
}

// due does everything whose time has come.
func (c *Machine) due() {
	for _, l := range c.byAge {
		c.seekDue(l)
		c.watchDue(l)
		c.movementsDue(l)
	}
	c.firstAsk()
	c.queueDue()
	c.reprintsDue()
	c.runningDue()
}

// finishStep turns changed sales into rows and live progress, and the state into a screen.
func (c *Machine) finishStep() {
	if len(c.dirty) > 0 {
		rows := make([]sale.Row, 0, len(c.dirty)+len(c.out.Rows))
		for _, l := range c.dirty {
			l.dirty = false
			l.writes++
			if c.out.Intent != nil {
				c.out.Intent.Touched = append(c.out.Intent.Touched, l.s.ID)
			}
			var row sale.Row = sale.SaleRow{Sale: l.s.Clone()} // nobody changes a row, or what is told
			rows = append(rows, row)
			c.now(Tell{Row: row})
		}
		c.out.Rows = append(rows, c.out.Rows...)
	}
	c.show()
	c.forget()
}

// forget drops what is finished and durable, but for the latest sale: people
// still look at it, and want to see its receipt printed and its report done.
func (c *Machine) forget() {
	kept := c.byAge[:0]
	for _, l := range c.byAge {
		if l.writes > 0 || l.seek != nil || l.watch != nil || l.s.ID == c.glass.last || l.s.Open() || c.printing(l.s.ID) {
			kept = append(kept, l)
			continue
		}
		delete(c.live, l.s.ID)
	}
	clear(c.byAge[len(kept):])
	c.byAge = kept
}
