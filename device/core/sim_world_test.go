package core_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"posd/device/books"
	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

// world is everything around the step function, run by one seeded scheduler:
// nothing in it waits, starts a goroutine or reads a clock, so a seed replays
// bit for bit. The far sides (terminal, gateway, customer) keep the truth; the
// journal keeps what was committed and survives a crash; the machine does not.
type world struct {
	clock
	rnd    *rand.Rand
	seed   uint64
	story  []string // what happened, for a failing seed
	tell   bool
	calm   bool   // no more faults: everything heals
	tick   func() // tells the machine that its time has come
	policy core.Policy
	pace   time.Duration // people, and trouble, are as many times quicker
	coarse bool          // who has no news asks for patience: see newWorld

	// posd
	machine *core.Machine
	life    int           // which run of posd this is; answers to an earlier one are lost
	born    time.Duration // when this run began
	skew    time.Duration // of the wall clock
	disk    *journaltest.Memory
	steady  bool       // the clock is right, unless it jumps
	jumps   *rand.Rand // sets the clock before every event; nil: it goes on
	wants   *wants     // of all steps; nil: nobody compares
	stores  func()     // is told of each commit; nil: nobody is
	groups  []group
	busy    bool
	full    bool
	glass   sale.Screen

	bank     bank
	gateway  wallet
	press    press
	shop     shop
	first    *firstWorld // the first report is watched; nil: it is not
	wires    *wires      // the real codecs in between; nil: answers are handed over as they are
	finals   map[sale.ID]sale.State
	closed   map[string]books.Books // what closed days say, by their text
	stored   map[string]sale.ID     // what is durable: references and numbers of attempts and movements, by their sale
	failures []string
	steps    int
	hash     *effectsHash // of all that posd wanted; nil: nobody asks
}

// group is the rows of one step and what waits for them.
type group struct {
	rows   []sale.Row
	after  []core.Effect
	intent *core.IntentFailed
}

// simMakers make numbers as posd does.
var simMakers = core.Makers{
	ID: func(t time.Time, entropy []byte) string {
		var id ulid.ULID
		_ = id.SetTime(ulid.Timestamp(t))
		_ = id.SetEntropy(entropy[:10])
		return id.String()
	},
	Report: func(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
		return sale.Secret(fmt.Sprintf("%s %d %s", no, amount, extra.Reveal())), nil
	},
	Wallet: func(code sale.Secret) (sale.Channel, error) {
		if code == "" {
			return "", fmt.Errorf("authCode is missing: scan the customer's code")
		}
		return sale.WXMicropay, nil
	},
}

func newWorld(seed uint64, wired bool) *world {
	w := &world{
		seed: seed, closed: map[string]books.Books{}, rnd: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), disk: journaltest.New(),
		finals: map[sale.ID]sale.State{}, stored: map[string]sale.ID{},
	}
	w.tick = func() { w.step(core.Tick{}) }
	w.pace = 4
	if seed%4 == 0 {
		w.pace = 1
	}
	// Two thirds of all steps would be questions without news, most of them whether a
	// code is paid. So far sides ask for more patience than posd has by itself; in one of
	// thirty seeds, and through the wires, its own schedule is kept to the second.
	w.coarse = !wired && seed%32 != 1 && seed%256 != 0 && !*faithful
	if wired {
		w.wires = newWires(w)
	}
	w.policy = policyOf(w)
	w.bank.init(w)
	w.gateway.init()
	w.shop.init()
	return w
}

// run lets the world go on until a moment, or until a rule is broken.
func (w *world) run(until time.Duration) {
	for len(w.failures) == 0 {
		p, ok := w.next(until)
		if !ok {
			break
		}
		if w.idle > 10000 {
			w.fail("posd spins: it wakes itself for ever without anything to do")
		}
		switch {
		case p.do != nil:
			p.do()
		case w.life != p.life || w.machine == nil: // an answer to a run of posd that is over
		case p.ask != nil:
			w.step(p.ask())
		default:
			w.step(p.event)
		}
	}
	w.now = max(w.now, until)
}

func (w *world) chance(p float64) bool { return !w.calm && w.rnd.Float64() < p }

func (w *world) between(a, b time.Duration) time.Duration {
	return a + time.Duration(w.rnd.Int64N(int64(b-a)))
}

// human is how long people take: in three of four seeds they are quick, because
// a till that only asks whether a code is paid shows little.
func (w *world) human(a, b time.Duration) time.Duration { return w.between(a, b) / w.pace }

func (w *world) say(format string, args ...any) {
	if w.tell {
		w.story = append(w.story, fmt.Sprintf("%12s  %s", w.now.Round(time.Millisecond), fmt.Sprintf(format, args...)))
	}
}

func (w *world) fail(format string, args ...any) {
	w.say("BROKEN: "+format, args...)
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

// start begins a run of posd on what the disk holds.
func (w *world) start() {
	makers := simMakers
	if w.wires != nil {
		makers.Report = w.wires.client.ReportParams
		w.wires.plugIn()
	}
	machine, err := core.New(w.policy, core.Equipment{Terminal: true, Gateway: true, Printer: true, Totals: w.first != nil}, makers)
	if err != nil {
		panic(err)
	}
	w.machine, w.groups, w.busy, w.born = machine, nil, false, w.now
	w.life++
	w.shop.lifeBegins(w)
	w.press.free = w.now
	w.say("posd starts (run %d)", w.life)
	r, err := w.disk.Recover(context.Background())
	if err != nil {
		panic(err)
	}
	w.step(core.Started{Recovered: r})
}

// crash stops posd where it stands: what was not committed is gone, and so is every answer under way.
func (w *world) crash() {
	w.say("posd is killed")
	w.machine, w.groups, w.busy, w.wake.do = nil, nil, false, nil
	w.life++
	w.glass = sale.Screen{Kind: sale.ScreenOffline}
	w.after(w.between(time.Second, time.Minute), func() {
		if w.machine == nil {
			w.start()
		}
	})
}

// epoch is where the world's wall clock begins.
var epoch = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func (w *world) wall() time.Time { return epoch.Add(w.now + w.skew) }

// step tells the machine, does what it says, and looks whether every rule still holds.
func (w *world) step(h core.Event) {
	if w.machine == nil {
		return
	}
	w.steps++
	w.setClock()
	ev := core.Input{Wall: w.wall(), Mono: w.now - w.born, Event: h}
	for i := 0; i < 32; i += 8 {
		binary.LittleEndian.PutUint64(ev.Entropy[i:], w.rnd.Uint64())
	}
	out := w.machine.Step(ev)
	if w.hash != nil {
		w.hash.add(out)
	}
	if w.wants != nil {
		w.wants.add(out)
	}
	life := w.life
	if w.spies() {
		w.secrets(out)
	}
	for _, e := range out.Now {
		w.perform(e)
		if w.life != life || w.machine == nil {
			return
		}
	}
	if len(out.Rows) > 0 || len(out.After) > 0 {
		w.groups = append(w.groups, group{out.Rows, out.After, out.Intent})
		w.commit(out.Lazy && len(out.After) == 0)
	}
	w.rules()
	w.plan()
}

// plan wakes the machine when it wants.
func (w *world) plan() {
	if w.machine == nil {
		return
	}
	if at, ok := w.machine.Next(); ok {
		w.wakeAt(at+w.born, w.tick)
	}
}

// commit makes the queued rows durable after a while, unless posd dies before.
func (w *world) commit(lazy bool) {
	if w.busy {
		return
	}
	w.busy = true
	wait := w.between(100*time.Microsecond, 20*time.Millisecond)
	if lazy {
		wait += time.Second
	}
	life := w.life
	w.after(wait, func() {
		if w.life != life || w.machine == nil {
			return
		}
		w.committed(life)
	})
}

func (w *world) committed(life int) {
	batch := w.groups
	w.groups, w.busy = nil, false
	if w.full && slices.ContainsFunc(batch, func(g group) bool { return len(g.rows) > 0 }) {
		w.commitFailed(batch)
		return
	}
	var rows []sale.Row
	for i, g := range batch {
		if i == 0 {
			rows = g.rows // alone, as a rule
			continue
		}
		rows = append(rows, g.rows...)
	}
	if w.chance(0.004) { // power goes before the barrier
		w.crash()
		return
	}
	if len(rows) > 0 {
		if _, err := w.disk.Commit(context.Background(), rows); err != nil {
			panic(err)
		}
		w.written(rows)
		if w.stores != nil {
			w.stores()
		}
	}
	if w.chance(0.004) { // or just behind it
		w.crash()
		return
	}
	for _, g := range batch {
		for _, e := range g.after {
			w.perform(e)
			if w.life != life || w.machine == nil {
				return
			}
		}
	}
	if st := core.StoredBy(rows); len(st.Sales)+len(st.Facts) > 0 {
		w.step(st)
	}
	if len(w.groups) > 0 && w.machine != nil {
		w.commit(false)
	}
}

func (w *world) commitFailed(batch []group) {
	var failed []*core.IntentFailed
	for _, g := range batch {
		if g.intent != nil {
			failed = append(failed, g.intent)
		}
	}
	w.groups = slices.DeleteFunc(batch, func(g group) bool { return g.intent != nil })
	for _, f := range failed {
		f.Words = "disk full"
		w.step(*f)
	}
	if len(w.groups) > 0 && w.machine != nil {
		w.commit(true)
	}
}

// claim reads what is due. By the time that posd hears of it, some of it may be so no more.
func (w *world) claim(e core.ClaimDue, back back) {
	w.after(time.Millisecond, func() {
		found := core.ReportsDue{}
		if found.Reports, _ = w.disk.Due(context.Background(), e.Now, w.policy.BackoffMax, e.N); len(found.Reports) == 0 {
			found.NextDue = w.disk.Stats().NextDueAt
		}
		took := time.Millisecond
		if w.chance(0.1) {
			took = w.between(time.Millisecond, 30*time.Second) // a disk that hangs
		}
		back.tell(took, found)
	})
}

// perform does an effect at the far sides. Answers come back only to the run that asked.
func (w *world) perform(e core.Effect) {
	if w.chance(0.0005) {
		w.crash()
		return
	}
	back := back{w, w.life}
	switch e := e.(type) {
	case core.Show:
		w.glass = e.Screen
		w.shop.look(w, e.Screen)
	case core.Reply:
		w.shop.answered(w, &e)
	case core.Refuse:
		w.shop.answered(w, &core.Reply{Token: e.Token, Err: e.Err})
	case core.Charge:
		w.bank.charge(w, e.Request, back)
	case core.Find:
		w.bank.find(w, e.Lookup, back)
	case core.Abort:
		w.bank.abort(w)
	case core.CloseBatch:
		w.bank.closeBatch(w, back)
	case core.GatherDay:
		w.gather(e.Of, back)
	case core.CreateOrder:
		w.gateway.create(w, e, back)
	case core.QueryOrder:
		w.gateway.query(w, e, back)
	case core.SendRefund:
		w.gateway.refund(w, e, back)
	case core.QueryRefund:
		w.gateway.queryRefund(w, e, back)
	case core.Probe:
		w.gateway.probe(w, back)
	case core.ClaimDue:
		w.claim(e, back)
	case core.AskTotals:
		w.bank.tellTotals(w, e, back)
	case core.SendReports:
		w.first.alone(w, e.Reports)
		w.gateway.reports(w, e.Reports, back)
	case core.PrintReceipt:
		w.press.print(w, &e.Receipt, back)
	case core.PrintCode:
		w.shop.look(w, e.Screen)
	case core.Tell, core.TellQueue, core.Log:
	default:
		w.fail("the world does not know effect %T", e)
	}
}
