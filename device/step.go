package device

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"posd/device/sale"
)

// Core is the till's step function and its state: event in, effects out. It is
// single-threaded and deterministic. It starts no goroutine, reads no clock
// and throws no dice; the same events give the same effects, bit for bit.
type Core struct {
	policy Policy
	zone   *time.Location
	makers Makers
	has    Equipment

	// State. Everything that can be waited for has its due time in it (see Next).
	live     map[sale.ID]*live
	order    []*live                // in the order of creation, so that no map order shows
	keys     map[string]sale.KeyHit // bound in this run and perhaps not durable yet
	current  sale.ID                // the sale that is waiting, if one is
	term     terminal
	queue    queue
	glass    glass
	jobs     map[string]sale.Job // receipts not finished
	kicks    map[string]kick     // of the cash drawer, under way
	reprints map[string]*reprint // jobs of which nothing came out yet, by job
	facts    map[sale.ID]*fact   // about sales the step does not hold, not durable yet
	controls []sale.CardControl  // latest approved card sales of this batch, as far as known, the newest last
	serial   string              // of the terminal that answered last
	day      int                 // number of the open business day
	opened   time.Time           // when the one before was closed
	closing  *closing            // while it is being closed
	doubt    string              // words of a close of the batch whose answer was lost

	// One step's own.
	ev    sale.Event
	out   sale.Effects
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
}

// Equipment says which devices this till has.
type Equipment struct{ Terminal, Gateway, Printer bool }

// live is a sale that the step still holds: under way, watched, or not durable yet.
type live struct {
	s        sale.Sale
	dirty    bool
	writes   int          // commits under way that hold it
	waiting  []sale.Reply // answers that wait for its first commit
	seek     *seek        // a card attempt or movement being looked up
	watch    *watch       // an order being asked about
	moves    map[string]*moving
	replaced *live // the sale it replaces, while both are live
	// replacedWasGivenUp restores that sale if this one's intent cannot be stored.
	replacedWasGivenUp bool
}

// NewCore returns a till's core that has not started.
func NewCore(p Policy, has Equipment, m Makers) (*Core, error) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time_zone = %s: %w", p.TimeZone, err)
	}
	return &Core{
		policy: p, zone: zone, has: has, makers: m,
		live: map[sale.ID]*live{}, keys: map[string]sale.KeyHit{}, jobs: map[string]sale.Job{}, kicks: map[string]kick{}, facts: map[sale.ID]*fact{}, reprints: map[string]*reprint{},
		queue: newQueue(), day: 1,
	}, nil
}

// Step takes one event and returns what is to be done.
func (c *Core) Step(ev sale.Event) sale.Effects {
	c.ev, c.out, c.dirty, c.draws = ev, sale.Effects{Lazy: true}, nil, 0
	switch w := ev.What.(type) {
	case sale.Started:
		c.recover(w.Recovered)
	case sale.SellAsked:
		c.sell(w)
	case sale.CancelAsked:
		c.cancel(w)
	case sale.MoveAsked:
		c.move(w)
	case sale.DayAsked:
		c.closeDay(w)
	case sale.BatchAnswered:
		c.term.busy = ""
		c.batchAnswered(w.Answer)
	case sale.DayGathered:
		c.dayGathered(w.Day)
	case sale.KeepAsked:
		c.keep(w)
	case sale.UploadTold:
		c.uploadTold(w)
	case sale.ResolveAsked:
		c.resolve(w)
	case sale.PrintAsked:
		c.reprint(w)
	case sale.RetryAsked:
		c.retry(w)
	case sale.DisplayAsked:
		c.bill(w)
	case sale.DrawerAsked:
		c.drawer(w)
	case sale.IntentFailed:
		c.intentFailed(w)
	case sale.Stored:
		c.stored(w)
	case sale.CardAnswered:
		c.term.busy = ""
		c.cardAnswered(w.Answer)
		c.foreign(w)
	case sale.CardFound:
		c.term.busy = ""
		c.cardFound(w.Finding)
	case sale.OrderCreated:
		c.orderCreated(w)
	case sale.OrderAsked:
		c.orderAsked(w)
	case sale.OrderNoticed:
		c.orderNoticed(w.MchOrderNo)
	case sale.RefundAnswered:
		c.refundAnswered(w)
	case sale.ReportsDue:
		c.reportsDue(w)
	case sale.ReportsAnswered:
		c.reportsAnswered(w)
	case sale.Probed:
		c.probed(w.Answer)
	case sale.JobDone:
		c.jobDone(w.Result)
	case sale.DrawerDone:
		c.drawerDone(w.Job, w.Words)
	case sale.Tick:
	}
	if c.out.Intent == nil { // an intent that cannot be stored must take nothing else with it
		c.due()
	}
	c.finishStep()
	return c.out
}

// Next returns the moment, on the events' monotonic clock, at which the core
// wants a Tick; ok is false when nothing is being waited for.
func (c *Core) Next() (at time.Duration, ok bool) {
	best := time.Duration(1<<63 - 1)
	want := func(t time.Duration) {
		if t > 0 && t < best {
			best = t
		}
	}
	for _, l := range c.order {
		if l.seek != nil && c.term.busy == "" {
			want(l.seek.at)
		}
		if l.watch != nil {
			want(l.watch.next())
		}
		for _, m := range l.moves {
			want(m.at)
		}
	}
	if c.has.Gateway {
		want(c.queue.next())
	}
	want(c.glass.until)
	for _, w := range c.reprints {
		want(w.at)
	}
	return best, best != 1<<63-1
}

// due does everything whose time has come.
func (c *Core) due() {
	for _, l := range c.order {
		c.seekDue(l)
		c.watchDue(l)
		c.movesDue(l)
	}
	c.queueDue()
	c.reprintsDue()
}

// finishStep turns changed sales into rows and live progress, and the state into a screen.
func (c *Core) finishStep() {
	if len(c.dirty) > 0 {
		rows := make([]sale.Row, 0, len(c.dirty)+len(c.out.Rows))
		for _, l := range c.dirty {
			l.dirty = false
			l.writes++
			if c.out.Intent != nil {
				c.out.Intent.Touched = append(c.out.Intent.Touched, l.s.ID)
			}
			rows = append(rows, sale.SaleRow{Sale: l.s.Clone()})
			c.now(sale.Tell{Sale: l.s.Clone()})
		}
		c.out.Rows = append(rows, c.out.Rows...)
	}
	c.show()
	c.forget()
}

// forget drops what is finished and durable, but for the latest sale: people
// still look at it, and want to see its receipt printed and its report done.
func (c *Core) forget() {
	kept := c.order[:0]
	for _, l := range c.order {
		if l.writes > 0 || l.s.Open() || l.seek != nil || l.watch != nil || c.printing(l.s.ID) || l.s.ID == c.glass.last {
			kept = append(kept, l)
			continue
		}
		delete(c.live, l.s.ID)
	}
	clear(c.order[len(kept):])
	c.order = kept
}

// printing reports whether a receipt of the sale is not finished.
func (c *Core) printing(id sale.ID) bool {
	for _, j := range c.jobs {
		if j.Sale == id {
			return true
		}
	}
	return false
}

// stored notes what has become durable, and gives the answers that waited for it.
func (c *Core) stored(w sale.Stored) {
	for _, id := range w.Sales {
		l := c.live[id]
		if l == nil {
			continue
		}
		if l.writes--; l.writes > 0 {
			continue
		}
		for _, r := range l.waiting {
			r.Sale = l.s.Clone()
			c.reply(r)
		}
		l.waiting = nil
	}
	for _, id := range w.Facts {
		if f := c.facts[id]; f != nil {
			if f.writes--; f.writes <= 0 {
				delete(c.facts, id)
			}
		}
	}
	for key, hit := range c.keys {
		if l := c.live[hit.Sale]; l == nil || l.writes == 0 {
			delete(c.keys, key)
		}
	}
}

// intentFailed takes back what could not be stored: nothing of it was sent.
func (c *Core) intentFailed(w sale.IntentFailed) {
	for _, id := range w.Touched {
		if l := c.live[id]; l != nil {
			l.writes--
		}
	}
	if w.Job != "" {
		c.drawerForgotten(w.Job, w.Words)
		return
	}
	l := c.live[w.Sale]
	if l == nil {
		c.closingFailed(w.Words)
		return
	}
	no := &Refusal{Kind: ErrUnavailable, Words: "posd cannot store the sale, so nothing was asked of the terminal or the gateway: " + w.Words}
	for _, r := range l.waiting {
		r.Err = no
		c.reply(r)
	}
	l.waiting = nil
	for key, hit := range c.keys {
		if hit.Sale == w.Sale && hit.Movement == w.Movement {
			delete(c.keys, key)
		}
	}
	if w.Movement != "" {
		l.dropMovement(w.Movement)
		if c.term.busy == w.Movement {
			c.term.busy = ""
		}
		return
	}
	if len(l.s.Attempts) > 0 && c.term.busy == l.s.Attempts[len(l.s.Attempts)-1].Ref {
		c.term.busy = ""
	}
	if c.current == w.Sale {
		c.current = ""
	}
	for _, r := range c.order { // the chain of replaced sales is what it was
		switch {
		case r.s.ReplacedBy != w.Sale:
			continue
		case r == l.replaced:
			r.s.ReplacedBy, r.s.GivenUp = "", l.replacedWasGivenUp
		default:
			r.s.ReplacedBy = l.replaced.s.ID
			if l.replaced.s.State.Final() { // it ended meanwhile, and told the sale that was not to be
				c.replacementEnded(r, l.replaced)
			}
		}
		c.notReplaced(r)
	}
	l.s.State, l.s.Reason = sale.Cancelled, sale.ReasonNotSent // never stored, never sent; leaves the step at once
	l.watch, l.seek, l.writes = nil, nil, 0
	if c.glass.last == w.Sale {
		c.glass.last = ""
	}
}

func (c *Core) now(e sale.Effect)   { c.out.Now = append(c.out.Now, e) }
func (c *Core) after(e sale.Effect) { c.out.After = append(c.out.After, e) }
func (c *Core) row(r sale.Row)      { c.out.Rows = append(c.out.Rows, r) }
func (c *Core) reply(r sale.Reply)  { c.now(r) }
func (c *Core) urgent()             { c.out.Lazy = false }
func (c *Core) mono() time.Duration { return c.ev.Mono }
func (c *Core) wall() time.Time     { return c.ev.Wall.UTC().Truncate(time.Millisecond) }
func (c *Core) refuse(t sale.Token, kind error, other sale.ID, words string, args ...any) {
	c.reply(sale.Reply{Token: t, Err: &Refusal{Kind: kind, Other: other, Words: fmt.Sprintf(words, args...)}})
}

func (c *Core) touch(l *live) {
	if !l.dirty {
		l.dirty = true
		c.dirty = append(c.dirty, l)
	}
}

// event appends to the history and marks the sale as changed.
func (c *Core) event(l *live, kind string, words string) {
	c.touch(l)
	c.row(sale.EventRow{At: c.wall(), Sale: l.s.ID, Kind: kind, Data: sale.EventData{
		State: l.s.State, Reason: l.s.Reason, GivenUp: l.s.GivenUp, Words: words,
	}})
}

func (c *Core) log(l *live, warn bool, message, words string) {
	e := sale.Log{Message: message, Words: words, Warn: warn}
	if l != nil {
		e.Sale = l.s.ID
	}
	c.now(e)
}

// hold takes a sale into the step's hands.
func (c *Core) hold(s sale.Sale) *live {
	if l := c.live[s.ID]; l != nil {
		return l
	}
	l := &live{s: s.Clone(), moves: map[string]*moving{}}
	if f := c.facts[s.ID]; f != nil { // the journal that s was read from does not say it yet
		f.tell(&l.s)
	}
	c.live[s.ID] = l
	c.order = append(c.order, l)
	return l
}

// draw returns n random bytes that follow from the event's entropy.
func (c *Core) draw(n int) []byte {
	c.draws++
	var b [len(c.ev.Entropy) + 4]byte
	copy(b[:], c.ev.Entropy[:])
	binary.BigEndian.PutUint32(b[len(c.ev.Entropy):], c.draws)
	sum := sha256.Sum256(b[:])
	return sum[:n]
}

// jitter returns a random time in [0, d), never under a tenth of d: full
// jitter spreads, a zero would hammer.
func (c *Core) jitter(d time.Duration) time.Duration {
	f := float64(binary.BigEndian.Uint32(c.draw(4))) / (1 << 32)
	return max(time.Duration(f*float64(d)), d/10)
}

func (c *Core) newID() string { return c.makers.ID(c.ev.Wall, c.draw(16)) }

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newRef makes an ECR reference: 48 bits of time and 32 random, as 16
// characters of Crockford base32. Never a counter: after a restored database
// one would find an old approval.
func (c *Core) newRef() string {
	var b [10]byte
	ms := uint64(c.ev.Wall.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	copy(b[6:], c.draw(4))
	var out [16]byte
	var acc uint64
	bits, k := 0, 0
	for _, x := range b {
		acc, bits = acc<<8|uint64(x), bits+8
		for bits >= 5 {
			bits -= 5
			out[k] = crockford[acc>>bits&31]
			k++
		}
	}
	return string(out[:])
}
