package fronttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax/paxsim"
)

// belief is what a register knows of its customer in the end.
type belief string

const (
	believesPaid    belief = "paid"
	believesNotPaid belief = "not paid"
	unsure          belief = "unsure" // it was told so, or nothing
)

// client is a register of one kind, at one counter.
type client interface {
	// serve takes one customer's money.
	serve(n int) belief
	// next passes the time after which another customer may pay the same.
	next()
}

// frontEnd is one of posd's, and the registers that it is there for.
type frontEnd struct {
	register func(c *counter) client
	// run serves them inside a life of a world, until ctx ends.
	run func(ctx context.Context, t testing.TB, l *life)
	// section configures it in a process; %q is where it listens.
	section string
}

// frontEnds are posd's, by their registers.
var frontEnds = map[string]frontEnd{
	"register": {newRegister, runPOSLINK, "[poslink]\nlisten = %q\nhold_for = \"1500ms\"\nrepeat_for = \"6s\"\n"},
	"page":     {newPage, runHWProxy, "[hw_proxy]\nlisten = %q\norigins = [\"https://shop.example\"]\n"},
	"program":  {newProgram, runNexo, "[nexo]\nlisten = %q\ntls = false\nhold_for = \"1500ms\"\n"},
}

// posd is the daemon at a counter: a world in virtual time, or a process.
type posd interface {
	dial() net.Conn // to its front end; nil if nobody listens
	endanger()      // lets it be killed before long, perhaps
	revive()        // starts it again if it was killed, after a while; now and then kills it
	calm()          // starts it again if it was killed; from now on nothing kills it
	sales() []sale.Sale
	resolve(id sale.ID, as sale.State) error
}

// counter is where a schedule is played.
type counter struct {
	posd
	t        testing.TB
	r        *rand.Rand
	terminal *paxsim.Terminal
	client   client
	faster   int           // than at a shop: people and the terminal
	repeat   time.Duration // how long POSLINK gives an answer again that did not arrive
	kills    int           // of posd
	story    []string
}

// newCounter returns a counter of one front end; its posd is still to come.
func newCounter(t testing.TB, f frontEnd, r *rand.Rand, faster int) *counter {
	c := &counter{t: t, r: r, faster: faster}
	c.terminal = paxsim.New(paxsim.Options{Think: c.scaled(time.Duration(1+r.IntN(40)) * time.Second)})
	c.client = f.register(c)
	return c
}

// play serves customers until one of them is served wrongly, and says what was wrong.
func (c *counter) play(customers int) (fault string) {
	for n := range customers {
		c.spoil()
		before := c.captured()
		got := c.client.serve(n)
		if !c.settle() {
			c.tell()
			return fmt.Sprintf("customer %d: a sale does not end", n)
		}
		took := c.captured() - before
		c.say("customer %d: %s, charged %d times", n, got, took)
		if took > 1 || got == believesPaid && took != 1 || got == believesNotPaid && took != 0 {
			fault = fmt.Sprintf("customer %d: the register believes %q, and the terminal charged %d times", n, got, took)
		} else if paid := c.paid(); paid != c.captured() {
			fault = fmt.Sprintf("after customer %d: %d sales are paid in the journal, %d were approved at the terminal", n, paid, c.captured())
		}
		if fault != "" {
			c.tell()
			return fault
		}
		c.client.next()
	}
	return ""
}

// scaled is a time of a shop's here.
func (c *counter) scaled(d time.Duration) time.Duration { return d / time.Duration(c.faster) }

// pause lets time pass at the counter.
func (c *counter) pause(d time.Duration) { time.Sleep(c.scaled(d)) }

// hesitate lets up to so many seconds pass.
func (c *counter) hesitate(seconds int) { c.pause(time.Duration(c.r.IntN(seconds)) * time.Second) }

func (c *counter) say(format string, a ...any) {
	c.story = append(c.story, time.Now().Format("15:04:05.000  ")+fmt.Sprintf(format, a...))
}

// tell says what the journal and the terminal hold.
func (c *counter) tell() {
	taken := c.terminal.State().Approvals
	for _, s := range c.sales() {
		c.say("sale %s of %s at %s: %s %s", s.ID, s.Amount, s.CreatedAt.Format("15:04:05.000"), s.State, s.Reason)
		for _, a := range s.Attempts {
			c.say("  attempt %s approved %d times", a.Ref, taken[a.Ref])
		}
	}
}

func (c *counter) captured() (n int) {
	for _, k := range c.terminal.State().Approvals {
		n += k
	}
	return n
}

func (c *counter) paid() (n int) {
	for _, s := range c.sales() {
		if s.State == sale.Paid {
			n++
		}
	}
	return n
}

// spoil lets something go wrong at the terminal, or nothing.
func (c *counter) spoil() {
	c.terminal.ClearFault("")
	if c.r.IntN(2) == 0 {
		return
	}
	faults := []string{"decline", "abort", "timeout", "lose-ack=T,x1", fmt.Sprintf("lose-answer=%s,T,x1", c.scaled(20*time.Second)),
		fmt.Sprintf("late-answer=%s,T,x1", c.scaled(30*time.Second)), "eot-for-answer=T,x1", "nak-always", "dead", "bad-lrc-once=T,x1"}
	f := faults[c.r.IntN(len(faults))]
	if err := c.terminal.SetFault(f); err != nil {
		c.t.Fatal(err)
	}
	c.say("terminal: %s", f)
}

// settle lets everything end: posd runs, the terminal is well, and of what posd cannot
// tell a person says what the terminal's paper says. False if something does not end.
func (c *counter) settle() bool {
	if c.r.IntN(2) == 0 { // the kill may still come
		c.hesitate(90)
	}
	c.terminal.ClearFault("")
	c.calm()
	c.pause(30 * time.Second) // for what is on its way to posd
	for round := range 240 {
		open := 0
		for _, s := range c.sales() {
			if s.State.Final() {
				continue
			}
			open++
			if s.Attention != "" && round > 9 { // the terminal has ended meanwhile, too
				c.decide(s)
			}
		}
		if open == 0 {
			return true
		}
		c.pause(10 * time.Second)
	}
	return false
}

// decide says of a sale what the terminal's paper says.
func (c *counter) decide(s sale.Sale) {
	as := sale.Declined
	for _, a := range s.Attempts {
		if c.terminal.State().Approvals[a.Ref] > 0 {
			as = sale.Paid
		}
	}
	c.say("a person says that %s is %s", s.ID, as)
	if err := c.resolve(s.ID, as); err != nil {
		c.say("which is not taken: %v", err)
	}
}
