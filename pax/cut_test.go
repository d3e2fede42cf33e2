package pax_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
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

	mu    sync.Mutex // the box may speak by itself; guards what follows, and after
	until time.Time
	done  bool
}

// heal makes the line good from now on.
func (f *flaw) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = true
}

// pass says how many of n bytes get through and whether the line breaks after them.
func (f *flaw) pass(toTerminal bool, n int) (through int, breaks bool) {
	if toTerminal != f.toTerminal {
		return n, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
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

// cutAt runs one spoilt line after the other: broken and swallowing bytes, both
// ways, at every step-th byte.
func cutAt(toTerminal, fromTerminal, step int, run func(f *flaw)) {
	for _, way := range []struct {
		to bool
		n  int
	}{{true, toTerminal}, {false, fromTerminal}} {
		for _, swallow := range []time.Duration{0, 10 * time.Second} {
			for after := 0; after < way.n; after += step {
				run(&flaw{toTerminal: way.to, after: after, swallow: swallow})
			}
		}
	}
}

// TestCutAtEveryByte spoils the line of a sale at every byte position, each way,
// by breaking it and by swallowing bytes, and looks at how the sale ends.
func TestCutAtEveryByte(t *testing.T) {
	for _, decline := range []bool{false, true} {
		// A little more than a greeting and a sale take.
		cutAt(80, 600, 1, func(f *flaw) {
			cutCharge(t, f, "sale", decline, func(*till) sale.CardRequest { return saleOf(refNo(2), 2865) })
		})
	}
}

// TestCutOtherKinds does the same to what is not a sale.
func TestCutOtherKinds(t *testing.T) {
	const step = 7
	authOf := func(ref string) sale.CardRequest {
		return sale.CardRequest{Kind: sale.CardAuth, Ref: ref, Amount: 2865}
	}
	for name, prepare := range map[string]func(*till) sale.CardRequest{
		"return": func(*till) sale.CardRequest {
			return sale.CardRequest{Kind: sale.CardReturn, Ref: refNo(2), Amount: 2865}
		},
		"auth": func(*till) sale.CardRequest { return authOf(refNo(2)) },
		"completion": func(t *till) sale.CardRequest {
			held := t.approved(sale.CardRequest{Kind: sale.CardAuth, Ref: refNo(10), Amount: 5000})
			return completionOf(refNo(2), held, 2865)
		},
		"void of a sale":       func(t *till) sale.CardRequest { return voidOf(refNo(2), t.approved(saleOf(refNo(10), 2865))) },
		"void of an auth":      func(t *till) sale.CardRequest { return voidOf(refNo(2), t.approved(authOf(refNo(10)))) },
		"debit sale":           func(*till) sale.CardRequest { o := saleOf(refNo(2), 2865); o.Tender = sale.Debit; return o },
		"sale meant to repeat": func(*till) sale.CardRequest { o := saleOf(refNo(2), 2865); o.AllowDuplicate = true; return o },
	} {
		to, from := 80, 600
		if strings.Contains(name, "void") || name == "completion" {
			to, from = 130, 1100 // with a look-up before
		}
		cutAt(to, from, step, func(f *flaw) { cutCharge(t, f, name, false, prepare) })
	}
}

func cutCharge(t *testing.T, f *flaw, name string, decline bool, prepare func(*till) sale.CardRequest) {
	about := fmt.Sprintf("%s: byte %d, to the terminal %t, swallowed for %s, declined %t", name, f.after, f.toTerminal, f.swallow, decline)
	onCounter(t, pax.Defaults(), paxsim.Options{Think: 2 * time.Second}, func(c *counter) {
		till := &till{counter: c}
		if got := till.take(saleOf(refNo(1), 400)); got != endPaid {
			c.Fatalf("the sale before: %s", got)
		}
		order := prepare(till)
		money := func() int { f := c.sim.State().Frames; return f["T00"] + f["T02"] }
		before := money()
		c.link.Close() // the next one greets anew
		c.link.wrap = func(conn net.Conn) net.Conn { return &brokenConn{conn, f} }
		if decline {
			c.fault("decline")
		}
		start := time.Now()
		ended := till.take(order)
		approvals := c.approvals(order.Ref)
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
		if n := money() - before; n > 1 {
			c.Errorf("%s: the terminal took the money frame %d times", about, n)
		}
		c.sim.ClearFault("")
		time.Sleep(f.swallow + 10*time.Second) // the plug sits again, the terminal has given up
		f.heal()                               // its place may lie behind the end of this one
		if a := c.box.Charge(c.ctx, saleOf(refNo(3), 100)); a.Verdict != sale.VerdictApproved {
			c.Errorf("%s: the sale after: %+v", about, a)
		}
	})
}

// TestCutInABatchClose: the terminal closes its batch once or not at all, and
// what is said of it is never the opposite.
func TestCutInABatchClose(t *testing.T) {
	cutAt(60, 320, 1, func(f *flaw) {
		about := fmt.Sprintf("byte %d, to the terminal %t, swallowed for %s", f.after, f.toTerminal, f.swallow)
		onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
			c.approved(saleOf(ref1, 400))
			c.link.Close()
			c.link.wrap = func(conn net.Conn) net.Conn { return &brokenConn{conn, f} }
			b := c.box.CloseBatch(c.ctx)
			time.Sleep(f.swallow + 10*time.Second)
			closed := c.sim.State().Closed
			if closed > 1 || b.End == sale.BatchClosed && closed != 1 || b.End == sale.BatchOpen && closed != 0 || b.Words == "" {
				c.Errorf("%s: closed %d times, said %+v", about, closed, b)
			}
			f.heal()
			if a := c.box.Charge(c.ctx, saleOf(ref2, 100)); a.Verdict != sale.VerdictApproved {
				c.Errorf("%s: the sale after: %+v", about, a)
			}
		})
	})
}

// A sale whose look-up is cut as well still ends.
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
