package device

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posd/device/sale"
)

// paidNow has the gateway call every order paid.
func (c *counter) paidNow(amount sale.Amount) {
	c.gateway.does(func(g *fakeGateway) {
		g.query = func(no string) sale.GatewayAnswer {
			a := status(sale.StatusPaid)(no)
			a.Amount = amount
			return a
		}
	})
}

// closedSale is a sale whose order the gateway has closed.
func (c *counter) closedSale() sale.Sale {
	c.t.Helper()
	c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusClosedSystem) })
	s := c.sell(sale.WeChat, 500)
	c.wait(5 * time.Second)
	return c.want(s.ID, sale.Cancelled, sale.ReasonClosed)
}

// TestAClosedOrderIsAskedOnceMoreOverARestart: at once, before the second question,
// and after it was asked, when it is asked no more.
func TestAClosedOrderIsAskedOnceMoreOverARestart(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.closedSale()
		c.restart()
		c.paidNow(500)
		c.wait(16 * time.Minute)
		if got := c.want(s.ID, sale.Cancelled, sale.ReasonClosed); got.Incident == "" || got.Refundable() != 500 {
			t.Errorf("incident %q, %s can be given back", got.Incident, got.Refundable())
		}
		asked := c.gateway.queries()
		c.restart()
		c.wait(time.Hour)
		if n := c.gateway.queries(); n != asked {
			t.Errorf("asked about %d times more", n-asked)
		}
	})
	atCounter(t, func(c *counter) {
		s := c.closedSale()
		c.wait(16 * time.Minute) // closed, it says once more
		asked := c.gateway.queries()
		c.restart()
		c.wait(time.Hour)
		if n := c.gateway.queries(); n != asked {
			t.Errorf("asked about %d times more", n-asked)
		}
		if got := c.now(s.ID); got.Attempts[0].State != sale.AttemptEnded {
			t.Errorf("its attempt is %s", got.Attempts[0].State)
		}
	})
}

// TestADayIsNotClosedOverAnOrderThatIsPaidThoughClosed: after both questions, and a restart.
func TestADayIsNotClosedOverAnOrderThatIsPaidThoughClosed(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.closedSale()
		c.wait(16 * time.Minute)
		c.restart()
		c.paidNow(500)
		b, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann", WithoutTerminal: true})
		if err != nil || b.Closing.Gateway == nil || !strings.Contains(b.Text(), "paid all the same") {
			t.Fatalf("%v\n%s", err, b.Text())
		}
		if got := c.want(s.ID, sale.Cancelled, sale.ReasonClosed); got.Incident == "" || got.Refundable() != 500 {
			t.Errorf("incident %q, %s can be given back", got.Incident, got.Refundable())
		}
	})
}

// TestADaysComparisonUndoesNothingThatWasHeardMeanwhile: the sale that it compares was
// read before the watch heard that the closed order is paid, and under which number.
func TestADaysComparisonUndoesNothingThatWasHeardMeanwhile(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) {
			g.create = func(r sale.OrderRequest) sale.GatewayAnswer { // without the gateway's own number
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true, Code: "weixin://" + r.No}
			}
			g.query = func(no string) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: no, Result: sale.GatewayOK, Verified: true, Status: sale.StatusClosedSystem}
			}
		})
		s := c.sell(sale.WeChat, 500)
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Cancelled, sale.ReasonClosed)
		c.sell(sale.Card, 700)                  // the latest sale stays at hand
		c.wait(14*time.Minute + 45*time.Second) // the watch asks once more in a moment
		c.gateway.does(func(g *fakeGateway) {
			var asked atomic.Int32
			g.query = func(no string) sale.GatewayAnswer {
				a := status(sale.StatusPaid)(no)
				a.Amount = 500
				if asked.Add(1) == 1 { // the comparison's question is answered late, and says less
					time.Sleep(2 * time.Minute)
					a.PayOrderID = ""
				}
				return a
			}
		})
		if _, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann", WithoutTerminal: true}); err != nil {
			t.Fatal(err)
		}
		c.wait(time.Minute)
		got := c.want(s.ID, sale.Cancelled, sale.ReasonClosed)
		if got.Incident == "" || got.Refundable() != 500 || got.PayOrderID == "" {
			t.Errorf("incident %q, %s can be given back, the gateway's number is %q", got.Incident, got.Refundable(), got.PayOrderID)
		}
	})
}

// resolvedByHand is a scan that a person has resolved while it is asked about.
func (c *counter) resolvedByHand(as sale.State) sale.Sale {
	c.t.Helper()
	c.gateway.does(func(g *fakeGateway) {
		g.query = func(no string) sale.GatewayAnswer { return sale.GatewayAnswer{No: no, Result: sale.GatewayLost} }
	})
	s := c.sell(sale.Scan, 500, func(r *SellRequest) { r.AuthCode = "134567890123456789" })
	c.wait(2 * time.Minute)
	c.want(s.ID, sale.Unsure, sale.ReasonTimeout)
	if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: as, Reason: "the phone says so", By: "Ann"}); err != nil {
		c.t.Fatal(err)
	}
	return c.now(s.ID)
}

// TestAWordThatContradictsAPersonIsHeardOverARestart: the watch goes on.
func TestAWordThatContradictsAPersonIsHeardOverARestart(t *testing.T) {
	for _, restart := range []bool{false, true} {
		atCounter(t, func(c *counter) {
			s := c.resolvedByHand(sale.Cancelled)
			if restart {
				c.restart()
			}
			c.paidNow(500)
			c.wait(2 * time.Minute)
			if got := c.want(s.ID, sale.Cancelled, sale.ReasonPerson); !strings.Contains(got.Incident, "says paid") {
				t.Errorf("restart %v: incident %q", restart, got.Incident)
			}
		})
	}
}

// TestStatus4OfAPaymentThatIsGivenBackIsNoIncident: some gateways say so of a refund.
func TestStatus4OfAPaymentThatIsGivenBackIsNoIncident(t *testing.T) {
	for name, tt := range map[string]struct {
		refunded bool
		status   sale.OrderStatus
		incident bool
	}{
		"given back, 4":     {true, sale.StatusClosedSystem, false},
		"given back, 9":     {true, sale.StatusClosedByBuyer, true},
		"not given back, 4": {false, sale.StatusClosedSystem, true},
	} {
		atCounter(t, func(c *counter) {
			s := c.resolvedByHand(sale.Paid)
			if tt.refunded {
				c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaying) }) // which tells its number
				c.wait(2 * time.Minute)
				if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: "k", Amount: 500, By: "Ann"}); err != nil {
					t.Fatal(err)
				}
			}
			c.gateway.does(func(g *fakeGateway) { g.query = status(tt.status) })
			c.wait(2 * time.Minute)
			if got := c.want(s.ID, sale.Paid, sale.ReasonPerson); (got.Incident != "") != tt.incident {
				t.Errorf("%s: incident %q", name, got.Incident)
			}
		})
	}
}

// TestNobodyIsAskedToSettleWhatIsSettled: seven days after a person's word.
func TestNobodyIsAskedToSettleWhatIsSettled(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.resolvedByHand(sale.Cancelled)
		c.wait(8 * 24 * time.Hour)
		if got := c.now(s.ID); got.Attention != "" {
			t.Errorf("a person is told %q", got.Attention)
		}
	})
}
