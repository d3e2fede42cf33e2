package device

import (
	"context"
	"errors"
	"testing"
	"time"

	"posd/device/sale"
)

// pays makes the gateway say that the customer has paid.
func (c *counter) pays() {
	c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaid) })
}

func TestWalletSaleShowsItsCodeAndIsPaid(t *testing.T) {
	atCounter(t, func(c *counter) {
		before := c.journal.Barriers()
		s := c.sell(sale.WeChat, 888)
		s = c.want(s.ID, sale.Waiting, sale.ReasonNone)
		g := c.glass.last()
		if g.Kind != sale.ScreenCode || g.Code != "weixin://"+s.MchOrderNo || g.Amount != 888 || g.Until == nil {
			t.Fatalf("glass shows %+v", g)
		}
		c.pays()
		c.wait(2500 * time.Millisecond)
		s = c.want(s.ID, sale.Paid, sale.ReasonNone)
		if s.Reported != sale.ReportNotNeeded || s.ApprovedAmount != 888 || s.PayOrderID == "" || s.Printed == sale.PrintNone {
			t.Errorf("paid as %+v", s)
		}
		if c.glass.last().Kind != sale.ScreenPaid {
			t.Errorf("glass shows %s", c.glass.last().Kind)
		}
		if n := c.journal.Barriers() - before; n != 3 { // intent, the idle second after the code was shown, final
			t.Errorf("%d commits, want 3", n)
		}
	})
}

func TestCodeReachesGlassOnlyBehindItsIntent(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.journal.Fill(errDiskFull)
		if _, err := c.trySell(sale.Alipay, 100); !errors.Is(err, sale.ErrUnavailable) {
			t.Fatalf("sold with a full disk: %v", err)
		}
		c.wait(time.Minute)
		if len(c.gateway.orders()) != 0 || len(c.glass.codes()) != 0 {
			t.Errorf("%d orders, %d codes for a sale that was never stored", len(c.gateway.orders()), len(c.glass.codes()))
		}
		c.journal.Fill(nil)
		c.sell(sale.Alipay, 100)
	})
}

func TestUnverifiedAnswersChangeNothing(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 888)
		for _, st := range []sale.OrderStatus{sale.StatusPaid, sale.StatusClosedByBuyer} {
			c.gateway.does(func(g *fakeGateway) {
				g.query = func(no string) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: no, Result: sale.GatewayUnverified, Status: st}
				}
			})
			c.wait(10 * time.Second)
			c.want(s.ID, sale.Waiting, sale.ReasonNone)
		}
	})
}

func TestRefusedCreateIsCancelledBecauseNothingWasShown(t *testing.T) {
	for name, a := range map[string]sale.GatewayAnswer{
		"unsigned fail": {Result: sale.GatewayFail, Words: "channel closed"},
		"not sent":      {Result: sale.GatewayNotSent, Words: "no route"},
		"forged":        {Result: sale.GatewayUnverified, Code: "weixin://evil"},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				c.gateway.does(func(g *fakeGateway) {
					g.create = func(r sale.OrderRequest) sale.GatewayAnswer { a.No = r.No; return a }
				})
				s := c.sell(sale.WeChat, 100)
				if s := c.now(s.ID); s.State != sale.Cancelled || s.Words == "" {
					t.Errorf("sale is %s, %q", s.State, s.Words)
				}
				if len(c.glass.codes()) != 0 {
					t.Errorf("glass showed %v", c.glass.codes())
				}
			})
		})
	}
}

func TestLostCreateShowsAtMostOneCode(t *testing.T) {
	lose := func(c *counter, times int) {
		c.gateway.does(func(g *fakeGateway) {
			create := g.create
			g.create = func(r sale.OrderRequest) sale.GatewayAnswer {
				if times--; times >= 0 {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost, Words: "cut"}
				}
				return create(r)
			}
		})
	}
	t.Run("exists without a code", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			lose(c, 1)
			s := c.sell(sale.WeChat, 100)
			c.wait(time.Second)
			s = c.want(s.ID, sale.Waiting, sale.ReasonNone)
			if len(s.Attempts) != 2 || len(c.gateway.orders()) != 2 || s.Attempts[0].Ref == s.Attempts[1].Ref || len(c.glass.codes()) != 1 {
				t.Errorf("attempts %+v, codes %v", s.Attempts, c.glass.codes())
			}
			if stored, _ := c.journal.Sale(context.Background(), s.ID); len(stored.Attempts) != 2 {
				t.Error("the second order was asked for before its intent was stored")
			}
		})
	})
	t.Run("lost twice", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			lose(c, 2)
			s := c.sell(sale.WeChat, 100)
			c.wait(time.Second)
			c.want(s.ID, sale.Cancelled, sale.ReasonNotShown)
			if len(c.gateway.orders()) != 2 || len(c.glass.codes()) != 0 {
				t.Errorf("%d orders, codes %v", len(c.gateway.orders()), c.glass.codes())
			}
		})
	})
	t.Run("and the look-up is lost, too", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			lose(c, 1)
			c.gateway.does(func(g *fakeGateway) {
				g.query = func(no string) sale.GatewayAnswer { return sale.GatewayAnswer{No: no, Result: sale.GatewayLost} }
			})
			s := c.sell(sale.WeChat, 100)
			c.wait(time.Second)
			c.want(s.ID, sale.Cancelled, sale.ReasonNotShown)
		})
	})
}

func TestDisplayTimeoutIsUnsureAndPaidLaterIsSimplyPaid(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 100)
		c.wait(61 * time.Second)
		s = c.want(s.ID, sale.Unsure, sale.ReasonTimeout)
		if s.GivenUp || c.glass.last().Code != "" {
			t.Errorf("given up %v, glass %+v", s.GivenUp, c.glass.last())
		}
		c.pays()
		c.wait(5 * time.Second)
		if s = c.want(s.ID, sale.Paid, sale.ReasonNone); len(s.Refunds) != 0 {
			t.Errorf("refunded: %+v", s.Refunds)
		}
	})
}

func TestTypingThePasswordProlongsTheDisplay(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 100)
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaying) })
		c.wait(90 * time.Second)
		c.want(s.ID, sale.Waiting, sale.ReasonNone)
		if c.glass.last().Kind != sale.ScreenPassword {
			t.Errorf("glass shows %s", c.glass.last().Kind)
		}
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusCreated) })
		c.wait(90 * time.Second)
		c.want(s.ID, sale.Unsure, sale.ReasonTimeout)
	})
}

func TestGivenUpCodeLeavesTheGlassAndIsWatched(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Alipay, 100)
		got, err := c.till.Cancel(context.Background(), s.ID)
		if err != nil || got.State != sale.Unsure || !got.GivenUp || c.glass.last().Code != "" {
			t.Fatalf("cancel gives %s, given up %v, glass %+v, %v", got.State, got.GivenUp, c.glass.last(), err)
		}
		c.sell(sale.Card, 300) // an unsure wallet sale holds nothing
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusClosedByBuyer) })
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Cancelled, sale.ReasonClosed)
	})
}

func TestCancelBeforeTheCodeIsShownEndsAtOnce(t *testing.T) {
	atCounter(t, func(c *counter) {
		hold := make(chan struct{})
		c.gateway.does(func(g *fakeGateway) {
			create := g.create
			g.create = func(r sale.OrderRequest) sale.GatewayAnswer { <-hold; return create(r) }
		})
		s := c.sell(sale.Alipay, 100)
		if _, err := c.till.Cancel(context.Background(), s.ID); err != nil {
			t.Fatal(err)
		}
		c.want(s.ID, sale.Cancelled, sale.ReasonNotShown)
		close(hold)
		c.wait(time.Minute)
		if len(c.glass.codes()) != 0 {
			t.Errorf("a cancelled sale's code was shown: %v", c.glass.codes())
		}
	})
}

func TestRestartCountsAStoredCodeAsShown(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.Alipay, 100)
		c.restart()
		c.want(s.ID, sale.Unsure, sale.ReasonRestart)
		c.pays()
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if len(c.gateway.orders()) != 1 || len(c.glass.codes()) != 1 {
			t.Errorf("%d orders, codes %v", len(c.gateway.orders()), c.glass.codes())
		}
	})
}

func TestLatePaymentIsRefundedOnceUnlessKept(t *testing.T) {
	late := func(c *counter) sale.Sale {
		s := c.sell(sale.WeChat, 700)
		if _, err := c.till.Cancel(context.Background(), s.ID); err != nil {
			t.Fatal(err)
		}
		c.pays()
		c.wait(5 * time.Second)
		return c.want(s.ID, sale.Paid, sale.ReasonNone)
	}
	t.Run("refunded", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := late(c)
			if len(s.Refunds) != 1 || s.Refunds[0].KeepUntil == nil || len(c.gateway.refunded()) != 0 {
				t.Fatalf("at once: %+v, %d sent", s.Refunds, len(c.gateway.refunded()))
			}
			c.wait(time.Hour)
			s = c.now(s.ID)
			if len(c.gateway.refunded()) != 1 || s.Refunds[0].State != sale.MovementDone || c.gateway.refunded()[0].Amount != 700 || c.gateway.refunded()[0].No != s.Refunds[0].ID {
				t.Errorf("sent %+v, stored %+v", c.gateway.refunded(), s.Refunds)
			}
		})
	})
	t.Run("kept", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := late(c)
			if _, err := c.till.Keep(context.Background(), s.ID, "Ann"); err != nil {
				t.Fatal(err)
			}
			c.wait(time.Hour)
			if s = c.now(s.ID); len(c.gateway.refunded()) != 0 || s.Refunds[0].State != sale.MovementKept {
				t.Errorf("sent %+v, stored %+v", c.gateway.refunded(), s.Refunds)
			}
		})
	})
	t.Run("too late to keep", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := late(c)
			c.wait(2 * time.Minute)
			if _, err := c.till.Keep(context.Background(), s.ID, "Ann"); !errors.Is(err, sale.ErrNotPossible) {
				t.Errorf("kept after its first byte: %v", err)
			}
		})
	})
	t.Run("restart in the minute", func(t *testing.T) {
		atCounter(t, func(c *counter) {
			s := late(c)
			c.restart()
			c.wait(30 * time.Second)
			if len(c.gateway.refunded()) != 0 {
				t.Fatal("the minute did not begin again")
			}
			c.wait(time.Hour)
			if s = c.now(s.ID); len(c.gateway.refunded()) != 1 || s.Refunds[0].State != sale.MovementDone {
				t.Errorf("sent %+v, stored %+v", c.gateway.refunded(), s.Refunds)
			}
		})
	})
}

func TestLostRefundIsAskedForAndRepeatedUnderItsNumber(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 700)
		c.pays()
		c.wait(3 * time.Second)
		first := true
		c.gateway.does(func(g *fakeGateway) {
			refund := g.refund
			g.refund = func(r sale.RefundRequest) sale.GatewayAnswer {
				if first {
					first = false
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayLost}
				}
				return refund(r)
			}
			g.refundQ = func(no string) sale.GatewayAnswer { return sale.GatewayAnswer{No: no, Result: sale.GatewayNotFound} }
		})
		_, id, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r1", Sale: s.ID, Amount: 200, By: "Ann"})
		if err != nil {
			t.Fatal(err)
		}
		if s = c.now(s.ID); s.Refunds[0].State != sale.MovementUnsure {
			t.Fatalf("after a lost answer: %+v", s.Refunds)
		}
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r2", Sale: s.ID, Amount: 200, By: "Ann"}); !errors.Is(err, sale.ErrNotPossible) {
			t.Errorf("a second number while the first is unsure: %v", err)
		}
		c.wait(2 * time.Minute)
		s = c.now(s.ID)
		if s.Refunds[0].State != sale.MovementDone || len(c.gateway.refunded()) != 2 || c.gateway.refunded()[0] != c.gateway.refunded()[1] || c.gateway.refunded()[0].No != id {
			t.Errorf("sent %+v, stored %+v", c.gateway.refunded(), s.Refunds)
		}
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r3", Sale: s.ID, Amount: 501, By: "Ann"}); !errors.Is(err, sale.ErrNotPossible) {
			t.Errorf("more refunded than was paid: %v", err)
		}
	})
}

func TestScanNeverEndsOnTheCreateAnswer(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) {
			g.create = func(r sale.OrderRequest) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayFail, Verified: true, Words: "USERPAYING"}
			}
		})
		s := c.sell(sale.Scan, 100, func(r *SellRequest) { r.AuthCode = "134567890123456789" })
		c.want(s.ID, sale.Waiting, sale.ReasonNone)
		c.pays()
		c.wait(5 * time.Second)
		c.want(s.ID, sale.Paid, sale.ReasonNone)
		if len(c.gateway.orders()) != 1 {
			t.Errorf("%d orders", len(c.gateway.orders()))
		}
	})
}

func TestWatchEndsWithAPerson(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 100)
		c.wait(8 * 24 * time.Hour)
		s = c.want(s.ID, sale.Unsure, sale.ReasonTimeout)
		if s.Attention == "" {
			t.Fatal("nobody is told")
		}
		asked := c.gateway.queries()
		c.wait(24 * time.Hour)
		if c.gateway.queries() != asked {
			t.Error("still asking")
		}
		if asked > 900 {
			t.Errorf("asked %d times in a week", asked)
		}
		if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: s.ID, As: sale.Cancelled, Reason: "not in the IOTPay list", By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.want(s.ID, sale.Cancelled, sale.ReasonPerson)
	})
}

func TestANoticeMakesTheTillAskAndDecidesNothing(t *testing.T) {
	atCounter(t, func(c *counter) {
		s := c.sell(sale.WeChat, 100)
		c.wait(20 * time.Minute) // by now it is asked once a minute
		s = c.now(s.ID)
		asked := c.gateway.queries()
		c.till.Notice(context.Background(), s.MchOrderNo)
		c.wait(time.Millisecond)
		if got := c.gateway.queries(); got != asked+1 {
			t.Errorf("asked %d times for the notice, want once", got-asked)
		}
		c.want(s.ID, sale.Unsure, sale.ReasonTimeout)
		if _, ok, _ := c.till.Awaited(context.Background(), s.MchOrderNo); !ok {
			t.Error("an unsure sale's order is not awaited")
		}
		if _, ok, _ := c.till.Awaited(context.Background(), "another"); ok {
			t.Error("somebody else's order is awaited")
		}
	})
}

func TestCodeIsPrintedOnceWhereTheShopWantsIt(t *testing.T) {
	for _, paper := range []bool{false, true} {
		atCounter(t, func(c *counter) {
			c.paper = paper
			c.restart()
			s := c.sell(sale.WeChat, 100)
			c.restart() // a code that was shown is never shown or printed again
			c.wait(time.Minute)
			want := 0
			if paper {
				want = 1
			}
			if codes := locked(&c.printer.mu, &c.printer.codes); len(codes) != want || paper && codes[0] != "weixin://"+c.now(s.ID).MchOrderNo {
				t.Errorf("with code_on_paper = %v these codes were printed: %v", paper, codes)
			}
		})
	}
}
