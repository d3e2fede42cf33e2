package pax_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// TestNothingIsWaitedForOnAQuietLine: a sale's frame leaves at once where silence is
// proven, and is held back where something may still come.
func TestNothingIsWaitedForOnAQuietLine(t *testing.T) {
	waits := pax.Defaults().DrainWait
	for _, c := range []struct {
		name  string
		after func(p *player) // what the terminal does behind its answer to the first sale
		pause time.Duration   // before the second
		late  int             // answers that are heard before it
		least time.Duration   // that the second frame is held back
	}{
		{"a conversation that ended", func(p *player) { p.say(pax.EOT) }, 0, 0, 0},
		{"one that ended long ago", func(p *player) { p.say(pax.EOT) }, time.Hour, 0, 0},
		{"the EOT owed", func(p *player) { p.expect() }, time.Minute, 0, waits},
		{"noise a moment ago", func(p *player) { p.say(pax.EOT); p.say(pax.NAK) }, 2 * time.Second, 0, waits},
		{"a late answer on the line", func(p *player) {
			p.say(pax.EOT)
			p.wait(time.Minute)
			p.approve(ref2)
			p.expect()
			p.say(pax.EOT)
		}, time.Minute, 1, waits},
	} {
		t.Run(c.name, func(t *testing.T) {
			var arrived time.Time
			withTerminal(t, pax.Defaults(), func(p *player) {
				p.greet("0123456789")
				p.expect()
				p.say(pax.ACK)
				p.approve(ref1)
				p.expect()
				c.after(p)
				for tok := p.expect(); ; tok = p.expect() { // whatever is asked before the money
					if tok.Kind != pax.TokenFrame {
						return
					}
					if string(tok.Body[:3]) == "T00" {
						break
					}
					p.say(pax.ACK)
					p.frame("0", "A01", "1.58", "000000", "OK", "0123456789", "A920PRO", "10", "", "", "", "APPNAME=X")
					p.expect()
					p.say(pax.EOT)
				}
				arrived = time.Now()
				p.say(pax.ACK)
				p.approve(ref3)
				p.expect()
				p.say(pax.EOT)
				p.silence()
			}, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
				if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
					t.Fatalf("%+v", a)
				}
				time.Sleep(c.pause)
				synctest.Wait()
				asked := time.Now()
				a := box.Charge(ctx, saleOf(ref3, 100))
				if a.Verdict != sale.VerdictApproved || len(a.Late) != c.late {
					t.Errorf("%+v", a)
				}
				if held := arrived.Sub(asked); held < c.least || c.least == 0 && held > time.Microsecond {
					t.Errorf("the frame was held back for %s, not %s", held, c.least)
				}
			})
		})
	}
}

// wakes notes when the deadline of the last write passes; zero: never.
type wakes struct {
	net.Conn
	at time.Time
}

func (w *wakes) SetWriteDeadline(t time.Time) error {
	w.at = t
	return w.Conn.SetWriteDeadline(t)
}

// TestNoTimerIsLeftBehindAWrite: the deadline of a write that has ended would wake an idle
// box once more.
func TestNoTimerIsLeftBehindAWrite(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		w := &wakes{at: time.Now()}
		c.link.wrap = func(conn net.Conn) net.Conn { w.Conn = conn; return w }
		if a := c.box.Charge(c.ctx, saleOf(ref1, 1000)); a.Approved != 1000 {
			c.Fatalf("%+v", a)
		}
		synctest.Wait()
		if !w.at.IsZero() {
			c.Errorf("the last write's deadline passes in %s", time.Until(w.at))
		}
	})
}
