package pax_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

var (
	randomCount = flag.Int("transactions", 4000, "how many transactions TestRandomFaults makes")
	randomSeed  = flag.Uint64("seed", 1, "first seed of TestRandomFaults")
)

// TestRandomFaults makes sales, returns, authorisations, completions and voids
// while terminal, line and customer do what they want, and counts: every one that
// ended paid has one approval at the terminal, every other one none, and in the
// end nothing is left unsure.
func TestRandomFaults(t *testing.T) {
	const perCounter = 20
	approved := map[sale.CardKind]int{}
	for seed := *randomSeed; seed < *randomSeed+uint64(*randomCount/perCounter); seed++ {
		randomCounter(t, seed, perCounter, approved)
		if t.Failed() {
			t.Fatalf("repeat it with: go test ./pax -run TestRandomFaults -transactions %d -seed %d", perCounter, seed)
		}
	}
	for _, kind := range []sale.CardKind{sale.CardSale, sale.CardReturn, sale.CardAuth, sale.CardComplete, sale.CardVoid} {
		if approved[kind] < *randomCount/200 {
			t.Errorf("only %d of kind %s were approved", approved[kind], kind)
		}
	}
	t.Log("approved:", approved)
}

func randomCounter(t *testing.T, seed uint64, count int, approved map[sale.CardKind]int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	cancels := []string{"a15", "eot", "ack-eot", "none"}
	o := paxsim.Options{
		Think: time.Duration(rng.IntN(40)) * time.Second, Host: time.Duration(rng.IntN(5)) * time.Second, Cancel: cancels[rng.IntN(4)],
		Duplicates: rng.IntN(3) == 0, DuplicateRefs: rng.IntN(3) == 0, Voided: []string{"marked", "kept", "gone"}[rng.IntN(3)],
	}
	onCounter(t, pax.Defaults(), o, func(c *counter) {
		till := &shop{till: till{counter: c}}
		if seed%2 == 0 { // answers do not wait for EOT then
			till.late = make(chan sale.CardAnswer, 1000)
			c.box.Hear(func(a sale.CardAnswer) { till.late <- a })
		}
		if e := till.take(saleOf(refNo(0), 100)); e != endPaid {
			c.Fatalf("seed %d: the first sale, without a fault: %s", seed, e)
		}
		for n := 1; n <= count; n++ {
			if rng.IntN(2) == 0 {
				c.sim.ClearFault("") // else what is left of the last one's troubles stays
			}
			story := spoil(rng, c)
			order := till.order(rng, refNo(n))
			story = string(order.Kind) + " " + story
			healed := time.AfterFunc(time.Duration(rng.IntN(120))*time.Second, func() { c.sim.ClearFault("") })
			if rng.IntN(6) == 0 {
				wish := time.AfterFunc(time.Duration(rng.IntN(50_000))*time.Millisecond, func() { c.box.Abort(c.ctx) })
				defer wish.Stop()
				story += " cancel"
			}
			ended := till.take(order)
			if ended == endPaid {
				till.took(till.last)
				approved[order.Kind]++
			}
			healed.Stop()
			approvals := c.approvals(order.Ref)
			if approvals > 1 || (ended == endPaid) != (approvals == 1) || ended == endUnsure {
				c.Fatalf("seed %d, transaction %d (%s): ended %s with %d approvals", seed, n, story, ended, approvals)
			}
		}
		c.sim.ClearFault("")
		c.link.wrap = nil
		c.link.Close()
		time.Sleep(5 * time.Minute)
		if e := till.take(saleOf(refNo(count+1), 99)); e != endPaid {
			c.Errorf("seed %d: healed, and still %s", seed, e)
		}
	})
}

// shop remembers what may be built on.
type shop struct {
	till
	latest sale.CardAnswer   // sale: the till's control
	done   []sale.CardAnswer // earlier sales, returns and completions
	held   []sale.CardAnswer // authorisations
}

// order chooses what is asked next.
func (s *shop) order(rng *rand.Rand, ref string) sale.CardRequest {
	take := func(from *[]sale.CardAnswer) sale.CardAnswer {
		i := rng.IntN(len(*from))
		a := (*from)[i]
		*from = slices.Delete(*from, i, i+1)
		return a
	}
	o := saleOf(ref, sale.Amount(1+rng.IntN(100_000)))
	if rng.IntN(5) == 0 {
		o.Amount = 500 // once more
	}
	if rng.IntN(5) == 0 {
		o.Tender = sale.Debit
	}
	o.AllowDuplicate = rng.IntN(10) == 0
	switch n := rng.IntN(10); {
	case n == 0:
		o.Kind = sale.CardReturn
	case n == 1:
		o.Kind = sale.CardAuth
	case n <= 3 && len(s.held) > 0:
		return completionOf(ref, take(&s.held), o.Amount)
	case n == 4 && len(s.held) > 0:
		return voidOf(ref, take(&s.held))
	case n <= 6 && len(s.done) > 0:
		return voidOf(ref, take(&s.done))
	}
	return o
}

// took notes what was approved.
func (s *shop) took(a sale.CardAnswer) {
	switch a.Kind {
	case sale.CardAuth:
		s.held = append(s.held, a)
	case sale.CardReturn, sale.CardComplete:
		s.done = append(s.done, a)
	case sale.CardSale:
		if s.latest.Ref != "" {
			s.done = append(s.done, s.latest)
		}
		s.latest = a
	}
}

// spoil chooses what goes wrong with the next sale.
func spoil(rng *rand.Rand, c *counter) string {
	commands := []string{"T", "T", "T", "A00", "R02"}
	when := func() string { return fmt.Sprintf("%s,x%d", commands[rng.IntN(len(commands))], 1+rng.IntN(5)) }
	span := func(most int) string { return fmt.Sprintf("%ds", 1+rng.IntN(most)) }
	faults := []func() string{
		func() string { return "lose-ack=" + when() },
		func() string { return "lose-answer=" + span(60) + "," + when() },
		func() string { return "late-answer=" + span(250) + "," + when() },
		func() string { return "eot-for-answer=" + when() },
		func() string { return "lose-eot=" + when() },
		func() string { return "nak-once=" + when() },
		func() string { return "nak-always" },
		func() string { return "bad-lrc-once=" + when() },
		func() string { return "bad-lrc-always=" + when() },
		func() string { return "garbage=" + when() },
		func() string { return "a35=" + when() },
		func() string { return "other-answer=" + when() },
		func() string { return "busy=" + when() },
		func() string { return "dead" },
		func() string { return "decline" },
		func() string { return "abort" },
		func() string { return "timeout" },
		func() string { return "offline" },
		func() string {
			return "code=" + []string{"100003", "100009", "100010", "100032", "103000"}[rng.IntN(5)]
		},
		func() string { return fmt.Sprintf("unplug-at=out:%d,%s", rng.IntN(500), when()) },
		func() string { return fmt.Sprintf("unplug-at=in:%d,%s", rng.IntN(60), when()) },
		func() string { return "glued=" + when() },
		func() string { return "split=" + when() },
		func() string { return fmt.Sprintf("code-after-card=10000%d", 1+rng.IntN(3)) },
	}
	var story []string
	for range rng.IntN(4) {
		f := faults[rng.IntN(len(faults))]()
		if err := c.sim.SetFault(f); err != nil {
			c.Fatal(err)
		}
		story = append(story, f)
	}
	c.link.wrap = nil
	if rng.IntN(3) == 0 {
		f := &flaw{toTerminal: rng.IntN(2) == 0, after: rng.IntN(700), swallow: time.Duration(rng.IntN(30)) * time.Second * time.Duration(rng.IntN(2))}
		if f.toTerminal {
			f.after /= 8
		}
		c.link.Close()
		c.link.wrap = func(conn net.Conn) net.Conn { return &brokenConn{conn, f} }
		story = append(story, fmt.Sprintf("flaw to terminal %t at %d for %s", f.toTerminal, f.after, f.swallow))
	}
	return strings.Join(story, " ")
}
