package pax_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// TestCancelOverAnotherPort: a terminal that does not hear A14 on the sale's own
// connection hears it beside it, as often as it is wished.
func TestCancelOverAnotherPort(t *testing.T) {
	for _, early := range []bool{false, true} {
		onCounter(t, pax.Defaults(), paxsim.Options{Cancel: "deaf", Think: 20 * time.Second}, func(c *counter) {
			beside := &pipeLink{serve: func(conn net.Conn) { c.sim.ServeCancel(c.ctx, conn) }}
			c.box.CancelOver(beside)
			at := 5 * time.Second
			if early { // while the sale leaves, which the terminal does not have yet
				at = 2600 * time.Millisecond
				c.link.wrap = func(conn net.Conn) net.Conn { return slowConn{conn} }
			}
			time.AfterFunc(at, func() {
				if err := c.box.Abort(c.ctx); err != nil {
					c.Error(err)
				}
			})
			start := time.Now()
			a := c.box.Charge(c.ctx, saleOf(ref1, 100))
			if a.Verdict != sale.VerdictCancelled || c.sim.State().Frames["T00"] != 1 {
				c.Errorf("got %+v", a)
			}
			if took := time.Since(start); took > 10*time.Second {
				c.Errorf("took %s", took)
			}
			time.Sleep(5 * time.Second) // A15 may come after the sale's own answer
			if beside.at() != nil {
				c.Error("the second connection is still open")
			}
			c.approved(saleOf(ref2, 100))
		})
	}
}

// slowConn lets every write take its time.
type slowConn struct{ net.Conn }

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(time.Second)
	return c.Conn.Write(b)
}

// TestDeadSecondPortIsSaid: nobody listens there, and the sale goes on.
func TestDeadSecondPortIsSaid(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{Think: 20 * time.Second}, func(c *counter) {
		c.box.CancelOver(&pipeLink{refuse: errUnplugged})
		time.AfterFunc(5*time.Second, func() {
			if err := c.box.Abort(c.ctx); err == nil {
				c.Error("a wish that reached nobody is said to have been sent")
			}
		})
		c.approved(saleOf(ref1, 100))
	})
}

// TestTooLateToCancel: once the host is asked the sale ends as it ends.
func TestTooLateToCancel(t *testing.T) {
	for _, way := range []string{"a15", "eot", "ack-eot", "none"} {
		onCounter(t, pax.Defaults(), paxsim.Options{Cancel: way, Think: 2 * time.Second, Host: 10 * time.Second}, func(c *counter) {
			time.AfterFunc(5*time.Second, func() {
				if err := c.box.Abort(c.ctx); err != nil {
					c.Error(err)
				}
			})
			c.approved(saleOf(ref1, 100))
		})
	}
}

// TestCancelOverHTTP: while one request waits for its answer, another port takes A14.
func TestCancelOverHTTP(t *testing.T) {
	sim := paxsim.New(paxsim.Options{Think: time.Minute, Pause: time.Millisecond})
	running, cancels := httptest.NewServer(sim.HTTP()), httptest.NewServer(sim.HTTPCancels())
	defer running.Close()
	defer cancels.Close()
	u, err := url.Parse(cancels.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg := pax.Defaults()
	if cfg.CancelPort, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatal(err)
	}
	box, err := pax.NewHTTP(running.URL, cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	done := make(chan sale.CardAnswer, 1)
	go func() { done <- box.Charge(ctx, saleOf(ref1, 100)) }()
	for sim.State().Running == "" && ctx.Err() == nil {
		runtime.Gosched()
	}
	if err := box.Abort(ctx); err != nil {
		t.Error(err)
	}
	if a := <-done; a.Verdict != sale.VerdictCancelled || a.Reason != sale.ReasonAborted {
		t.Errorf("got %+v", a)
	}
	if err := box.Abort(ctx); err == nil {
		t.Error("nothing runs, and a wish is taken")
	}
}
