package pax_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

var (
	randomSales = flag.Int("sales", 2000, "how many sales TestRandomFaults makes")
	randomSeed  = flag.Uint64("seed", 1, "first seed of TestRandomFaults")
)

// TestRandomFaults makes sales while terminal, line and customer do what they
// want, and counts: every paid sale has one approval at the terminal, every
// other one none, and in the end no sale is left unsure.
func TestRandomFaults(t *testing.T) {
	const perCounter = 20
	for seed := *randomSeed; seed < *randomSeed+uint64(*randomSales/perCounter); seed++ {
		randomCounter(t, seed, perCounter)
		if t.Failed() {
			t.Fatalf("repeat it with: go test ./pax -run TestRandomFaults -sales %d -seed %d", perCounter, seed)
		}
	}
}

func randomCounter(t *testing.T, seed uint64, sales int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	cancels := []string{"a15", "eot", "ack-eot", "none"}
	o := paxsim.Options{Think: time.Duration(rng.IntN(40)) * time.Second, Cancel: cancels[rng.IntN(4)]}
	onCounter(t, pax.Defaults(), o, func(c *counter) {
		till := &till{counter: c}
		if e := till.take(saleOf(refNo(0), 100)); e != endPaid {
			c.Fatalf("seed %d: the first sale, without a fault: %s", seed, e)
		}
		for n := 1; n <= sales; n++ {
			story := spoil(rng, c)
			order := saleOf(refNo(n), sale.Amount(1+rng.IntN(100_000)))
			if rng.IntN(5) == 0 {
				order.Tender = sale.Debit
			}
			healed := time.AfterFunc(time.Duration(rng.IntN(120))*time.Second, func() { c.sim.ClearFault("") })
			if rng.IntN(6) == 0 {
				wish := time.AfterFunc(time.Duration(rng.IntN(50_000))*time.Millisecond, func() { c.box.Abort(c.ctx) })
				defer wish.Stop()
				story += " cancel"
			}
			ended := till.take(order)
			healed.Stop()
			approvals := c.approvals(order.Ref)
			if approvals > 1 || (ended == endPaid) != (approvals == 1) || ended == endUnsure {
				c.Fatalf("seed %d, sale %d (%s): ended %s with %d approvals", seed, n, story, ended, approvals)
			}
		}
		c.sim.ClearFault("")
		c.link.wrap = nil
		c.link.Close()
		time.Sleep(5 * time.Minute)
		if e := till.take(saleOf(refNo(sales+1), 100)); e != endPaid {
			c.Errorf("seed %d: healed, and still %s", seed, e)
		}
	})
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
		func() string { return fmt.Sprintf("unplug-at=in:%d,%s", rng.IntN(3), when()) },
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
