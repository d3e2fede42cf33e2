package hwproxy

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

var schedules = flag.Int("schedules", 100, "random schedules of pages, lost polls and restarts")

// TestRandomSchedules has pages lose answers, give up and start the same line
// again, and posd be killed at its notes and started anew, and counts: a page that
// believes a line paid has had it paid once, one that was told otherwise has not,
// and no line is paid twice.
func TestRandomSchedules(t *testing.T) {
	for seed := range *schedules {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { play(t, rand.New(rand.NewPCG(uint64(seed), 2))) })
		})
	}
}

// shop is one schedule under way.
type shop struct {
	t     *testing.T
	r     *rand.Rand
	c     *counter
	s     *Server
	stop  func()
	story []string
}

func play(t *testing.T, r *rand.Rand) {
	p := &shop{t: t, r: r, c: newCounter()}
	p.c.single = true
	p.c.lose = func() bool { return p.r.IntN(12) == 0 }
	p.s, p.stop = box(p.c)
	defer func() { p.stop() }()
	for n := range 6 {
		before := p.captured()
		belief := p.pay(fmt.Sprintf("c%d", n))
		time.Sleep(10 * time.Minute) // everything ends
		synctest.Wait()
		took := p.captured() - before
		p.note("line %d believes %q, %d captured", n, belief, took)
		if took > 1 || belief == "paid" && took != 1 || belief == "not paid" && took != 0 {
			t.Fatalf("line %d believes %q and was paid %d times: %q", n, belief, took, p.story)
		}
	}
}

func (p *shop) note(format string, a ...any) { p.story = append(p.story, fmt.Sprintf(format, a...)) }

func (p *shop) captured() (n int) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	for _, s := range p.c.sales {
		if s.State == sale.Paid {
			n++
		}
	}
	return n
}

// pay is a cashier with one line: starts it, again after every loss or refusal,
// and stops at some point. It returns what the page believes.
func (p *shop) pay(line string) (belief string) {
	for range 1 + p.r.IntN(5) {
		if p.r.IntN(5) == 0 {
			p.note("posd restarts")
			p.stop()
			p.s, p.stop = box(p.c)
		}
		go p.customer()()
		id := start(p.t, p.s, []string{"3.50", "5.00"}[len(line)%2], "Order 1", line)
		synctest.Wait()
		switch {
		case id == nil: // busy, or not begun
			time.Sleep(time.Duration(p.r.IntN(90)) * time.Second)
		case p.r.IntN(4) == 0:
			belief = ""
			p.note("the start's answer is lost")
			time.Sleep(time.Duration(p.r.IntN(90)) * time.Second)
		default:
			if belief = p.follow(id); belief == "paid" {
				return belief
			}
		}
	}
	return belief
}

// follow polls until the transaction ends or a poll is lost.
func (p *shop) follow(id any) string {
	for range 120 {
		time.Sleep(time.Second)
		synctest.Wait()
		if p.r.IntN(60) == 0 {
			p.note("a poll is lost")
			return ""
		}
		switch poll(p.t, p.s, id)["success"] {
		case true:
			return "paid"
		case false:
			return "not paid"
		}
	}
	return ""
}

// customer ends the sale that is begun, after a while, in one way or another.
func (p *shop) customer() func() {
	states := []sale.State{sale.Paid, sale.Paid, sale.Declined, sale.Cancelled, sale.Unsure}
	first, last := states[p.r.IntN(len(states))], states[1+p.r.IntN(2)]
	taps, known := time.Duration(1+p.r.IntN(60))*time.Second, time.Duration(p.r.IntN(200))*time.Second
	return func() {
		select {
		case id := <-p.c.begun:
			time.Sleep(taps)
			p.c.endOf(id, first)
			if first == sale.Unsure {
				time.Sleep(known)
				p.c.endOf(id, last)
			}
		case <-time.After(5 * time.Second):
		}
	}
}
