package pax_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// brokenConn spoils a line at one byte position, in one direction, once.
type brokenConn struct {
	net.Conn
	f *flaw
}

// flaw is where and how: after that many bytes the line breaks, or, as on a
// serial line whose plug is loose, swallows what follows for a while without
// telling anyone.
type flaw struct {
	toTerminal bool
	after      int
	swallow    time.Duration // 0: the line breaks
	until      time.Time
	done       bool
}

// pass says how many of n bytes get through and whether the line breaks after them.
func (f *flaw) pass(toTerminal bool, n int) (through int, breaks bool) {
	if toTerminal != f.toTerminal {
		return n, false
	}
	if f.done {
		if time.Now().Before(f.until) {
			return 0, false
		}
		return n, false
	}
	if f.after > n {
		f.after -= n
		return n, false
	}
	f.done, f.until = true, time.Now().Add(f.swallow)
	return f.after, f.swallow == 0
}

var errPulled = errors.New("the plug was pulled")

func (c *brokenConn) Write(b []byte) (int, error) {
	n, breaks := c.f.pass(true, len(b))
	if n > 0 {
		if k, err := c.Conn.Write(b[:n]); err != nil {
			return k, err
		}
	}
	if breaks {
		c.Conn.Close()
		return n, errPulled
	}
	return len(b), nil
}

func (c *brokenConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		through, breaks := c.f.pass(false, n)
		if breaks {
			c.Conn.Close()
			if through == 0 {
				return 0, errPulled
			}
			return through, nil
		}
		if through > 0 || err != nil {
			return through, err
		}
	}
}

// TestCutAtEveryByte spoils the line of a sale at every byte position, each way,
// by breaking it and by swallowing bytes, and looks at how the sale ends.
func TestCutAtEveryByte(t *testing.T) {
	const toTerminal, fromTerminal = 70, 600 // a little more than a greeting and a sale take
	for _, decline := range []bool{false, true} {
		for _, way := range []struct {
			to bool
			n  int
		}{{true, toTerminal}, {false, fromTerminal}} {
			for _, swallow := range []time.Duration{0, 10 * time.Second} {
				for after := range way.n {
					f := &flaw{toTerminal: way.to, after: after, swallow: swallow}
					cutSale(t, f, decline)
				}
			}
		}
	}
}

func cutSale(t *testing.T, f *flaw, decline bool) {
	about := fmt.Sprintf("byte %d, to the terminal %t, swallowed for %s, declined %t", f.after, f.toTerminal, f.swallow, decline)
	onCounter(t, pax.Defaults(), paxsim.Options{Think: 2 * time.Second}, func(c *counter) {
		till := &till{counter: c}
		if got := till.take(saleOf(refNo(1), 400)); got != endPaid {
			c.Fatalf("the sale before: %s", got)
		}
		c.link.Close() // the next one greets anew
		c.link.wrap = func(conn net.Conn) net.Conn { return &brokenConn{conn, f} }
		if decline {
			c.fault("decline")
		}
		start := time.Now()
		ended := till.take(saleOf(refNo(2), 2865))
		approvals := c.approvals(refNo(2))
		want := endNotPaid
		if approvals > 0 {
			want = endPaid
		}
		if ended != want || approvals > 1 || decline && approvals > 0 {
			c.Errorf("%s: ended %s with %d approvals", about, ended, approvals)
		}
		if took := time.Since(start); took > 4*time.Minute {
			c.Errorf("%s: took %s", about, took)
		}
		if c.sim.State().Frames["T00"] > 2 {
			c.Errorf("%s: the terminal took the money frame %d times", about, c.sim.State().Frames["T00"]-1)
		}
		c.sim.ClearFault("")
		time.Sleep(f.swallow + 10*time.Second) // the plug sits again, the terminal has given up
		f.done = true                          // its place may lie behind the end of this sale
		if a := c.box.Charge(c.ctx, saleOf(refNo(3), 100)); a.Verdict != sale.VerdictApproved {
			c.Errorf("%s: the sale after: %+v", about, a)
		}
	})
}

// A sale whose look-up is cut as well is still settled.
func TestCutInTheLookUp(t *testing.T) {
	for after := range 650 {
		f := &flaw{after: after}
		onCounter(t, pax.Defaults(), paxsim.Options{Deaf: time.Second}, func(c *counter) {
			till := &till{counter: c}
			c.fault("lose-answer")
			c.box.Greet(c.ctx)
			c.link.wrap = func(conn net.Conn) net.Conn { return &brokenConn{conn, f} }
			a := c.box.Charge(c.ctx, saleOf(ref1, 2865))
			if a.Verdict != sale.VerdictUnsure {
				c.Fatalf("got %+v", a)
			}
			c.link.Close()
			for range 20 {
				time.Sleep(2 * time.Second)
				f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865})
				if f.Result == sale.FoundNot {
					c.Fatalf("an approved sale is not found: %+v", f)
				}
				if f.Result == sale.FoundIt {
					till.paid(saleOf(ref1, 2865), f.Answer)
					return
				}
			}
			c.Errorf("not found in 20 look-ups")
		})
	}
}
