package device

import (
	"errors"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

func TestWalletsAreRefusedWhileTheGatewayIsAwayAndCardsGoOn(t *testing.T) {
	for name, a := range map[string]sale.GatewayAnswer{
		"silent":    {Result: sale.GatewayNotSent, Trouble: sale.TroubleDNS, Words: "its name is not known here"},
		"wrong key": {Result: sale.GatewayFail, Trouble: sale.TroubleKey, Words: "signature fail"},
		"portal":    {Result: sale.GatewayLost, Trouble: sale.TroublePortal, Words: "a page where JSON was due"},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				c.gateway.does(func(g *fakeGateway) { g.probe = func() sale.GatewayAnswer { return a } })
				c.restart()
				c.wait(time.Second)
				_, err := c.trySell(sale.WeChat, 100)
				var no *sale.Refusal
				if !errors.Is(err, sale.ErrUnavailable) || !errors.As(err, &no) || !strings.Contains(no.Words, a.Words) {
					t.Fatalf("a code was promised: %v", err)
				}
				if len(c.gateway.orders()) != 0 {
					t.Error("an order was asked for")
				}
				s := c.sell(sale.Card, 200)
				c.terminal.answers <- approve(200)
				c.want(s.ID, sale.Paid, sale.ReasonNone)
				c.gateway.does(func(g *fakeGateway) {
					g.probe = func() sale.GatewayAnswer { return sale.GatewayAnswer{Result: sale.GatewayNotFound} }
				})
				c.wait(10 * time.Second) // the refused try has asked anew
				c.sell(sale.WeChat, 100)
				c.wait(time.Minute)
				if s := c.now(s.ID); s.Reported != sale.ReportDone {
					t.Errorf("the card sale is %s at IOTPay", s.Reported)
				}
			})
		})
	}
}

func TestAQuietShopAsksSeldom(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.wait(24 * time.Hour)
		if n := locked(&c.gateway.mu, &c.gateway.probes); n < 200 || n > 300 {
			t.Errorf("the gateway was asked %d times in a quiet day, want one every five minutes", n)
		}
	})
}

func TestADeadLinkIsProbedWithBackoff(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) {
			g.probe = func() sale.GatewayAnswer { return sale.GatewayAnswer{Result: sale.GatewayNotSent} }
		})
		c.restart()
		c.wait(24 * time.Hour)
		if n := locked(&c.gateway.mu, &c.gateway.probes); n > 900 {
			t.Errorf("%d probes in a day without a link", n)
		}
	})
}
