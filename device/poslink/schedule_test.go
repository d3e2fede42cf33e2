package poslink

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
)

var schedules = flag.Int("schedules", 200, "random schedules of registers, cuts and restarts")

// TestRandomSchedules has registers lose connections at every point, repeat and
// give up, and posd stop and start, and counts: who believes to have paid has
// paid once, who was told otherwise has not, and nobody pays twice.
func TestRandomSchedules(t *testing.T) {
	for seed := range *schedules {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { play(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
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
	p.s, p.stop = box(t, p.c, Defaults())
	defer func() { p.stop() }()
	for customer := range 6 {
		before := p.c.captured()
		code, acked := p.serve(saleFrame([]string{"350", "500"}[r.IntN(2)], "1"))
		p.finish()
		took := p.c.captured() - before
		p.note("customer %d heard %q (acknowledged %v), %d captured", customer, code, acked, took)
		switch {
		case took > 1, code == codeOK && took != 1, code != codeOK && code != "" && code != codeNoAnswer && took != 0:
			t.Fatalf("customer %d heard %q and paid %d times:\n%v", customer, code, took, p.story)
		}
		if !acked {
			time.Sleep(Defaults().RepeatFor + time.Minute) // the next equal sale is another customer's
			synctest.Wait()
		}
	}
}

func (p *shop) note(format string, a ...any) { p.story = append(p.story, fmt.Sprintf(format, a...)) }

// serve is one customer: the register asks until it has an answer or gives up,
// within Config.RepeatFor, as registers do.
// It returns the code that it heard, and whether posd can know that it did.
func (p *shop) serve(frame []byte) (code string, acked bool) {
	for range 1 + p.r.IntN(4) {
		if p.r.IntN(8) == 0 {
			p.note("posd restarts")
			p.stop()
			p.s, p.stop = box(p.t, p.c, Defaults())
		}
		r := connect(p.t, p.s, "127.0.0.1")
		r.conn.Write(frame[:len(frame)-p.r.IntN(3)*p.r.IntN(5)])
		go p.customer()()
		if p.r.IntN(3) == 0 { // the connection is cut at some moment
			time.Sleep(time.Duration(p.r.IntN(60)) * time.Second)
			p.note("cut")
			r.conn.Close()
			continue
		}
		code, acked = p.listen(r)
		r.conn.Close()
		if code != "" && code != codeRefused && code != codeNoAnswer {
			return code, acked
		}
		p.note("heard %q, and asks again", code)
	}
	return code, acked
}

// listen waits for the answer as a register does that reads to the check byte.
func (p *shop) listen(r register) (code string, acked bool) {
	var got []byte
	for {
		b, ok := r.byteWithin(time.Minute)
		if !ok {
			return "", false
		}
		got = append(got, b)
		if n := len(got); n > 3 && got[0] == pax.ACK && got[n-2] == pax.ETX {
			break
		}
	}
	code = string(got[13:19]) // ACK STX 0 FS T01 FS 1.44 FS
	if p.r.IntN(5) == 0 {
		p.note("heard the answer, and died before its ACK")
		return code, false
	}
	r.conn.Write([]byte{pax.ACK})
	_, ok := r.byteWithin(3 * time.Second)
	return code, ok
}

// customer ends the sale that waits, after a while, in one way or another.
func (p *shop) customer() func() {
	states := []sale.State{sale.Paid, sale.Paid, sale.Declined, sale.Cancelled, sale.Unsure}
	first, last := states[p.r.IntN(len(states))], states[1+p.r.IntN(2)]
	taps, known := time.Duration(1+p.r.IntN(60))*time.Second, time.Duration(p.r.IntN(300))*time.Second
	return func() {
		select {
		case id := <-p.c.begun:
			time.Sleep(taps)
			p.c.end(id, first)
			if first == sale.Unsure {
				time.Sleep(known)
				p.c.end(id, last)
			}
		case <-time.After(10 * time.Second):
		}
	}
}

// finish lets everything that is under way end.
func (p *shop) finish() {
	time.Sleep(7 * time.Minute)
	synctest.Wait()
}
