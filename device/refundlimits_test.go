package device

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// paidBy is a sale of 10.00 that is paid by a wallet.
func (c *counter) paidBy(m sale.Method) sale.Sale {
	c.t.Helper()
	s := c.sell(m, 1000)
	c.paidNow(1000)
	c.wait(10 * time.Second)
	return c.want(s.ID, sale.Paid, "")
}

// givesBack asks for a part, and returns the words of a refusal for the wallet's limits.
func (c *counter) givesBack(s sale.Sale, key string, amount sale.Amount, anyway bool) string {
	c.t.Helper()
	_, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Sale: s.ID, Key: key, Amount: amount, By: "Ann", Anyway: anyway})
	if err != nil && !errors.Is(err, sale.ErrRefundLimit) {
		c.t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestARefundPastTheWalletsDaysIsSentOnlyOnAPersonsWord: the day after the last is told of
// before anything is sent, and the same key takes the answer.
func TestARefundPastTheWalletsDaysIsSentOnlyOnAPersonsWord(t *testing.T) {
	const day = 24 * time.Hour
	for wallet, days := range map[sale.Method]int{sale.WeChat: 365, sale.Alipay: 90, sale.UnionPay: 180} {
		for _, more := range []int{0, 1} {
			atCounter(t, func(c *counter) {
				s := c.paidBy(wallet)
				c.skew.Store(int64(time.Duration(days+more) * day))
				words := c.givesBack(s, "k", 400, false)
				if late := more > 0; (words != "") != late || late && !strings.Contains(words, "promise nothing") {
					t.Errorf("%s after %d days: %q", wallet, days+more, words)
				}
				if more > 0 && len(c.gateway.refunded()) != 0 {
					t.Errorf("%s: sent before anybody was told", wallet)
				}
				if words := c.givesBack(s, "k", 400, true); words != "" {
					t.Errorf("%s: refused although a person says so: %s", wallet, words)
				}
				c.wait(time.Second)
				if n := len(c.gateway.refunded()); n != 1 {
					t.Errorf("%s after %d days: %d refunds were sent", wallet, days+more, n)
				}
			})
		}
	}
}

// TestPartsOfARefundAreCountedAndKeptApart: by the wallet's own rule; a refused one is no part.
func TestPartsOfARefundAreCountedAndKeptApart(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.Refunds.WeChat.Parts = 2 }
		c.restart()
		s := c.paidBy(sale.WeChat)
		c.gateway.does(func(g *fakeGateway) {
			g.refund = func(r sale.RefundRequest) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: r.No, Result: sale.GatewayFail, Verified: true, Words: "amount exceed"}
			}
		})
		if words := c.givesBack(s, "refused", 100, false); words != "" {
			t.Fatal(words)
		}
		c.wait(time.Second)
		c.gateway.does(func(g *fakeGateway) { g.refund = newFakeGateway().refund })
		for _, key := range []string{"one", "two"} {
			if words := c.givesBack(s, key, 100, false); words != "" {
				t.Errorf("%s: %q", key, words)
			}
			c.wait(time.Second)
			if words := c.givesBack(s, "soon", 100, false); key == "one" && !strings.Contains(words, "wait 59s") {
				t.Errorf("a second after the one before: %q", words)
			}
			c.wait(59 * time.Second)
		}
		if words := c.givesBack(s, "three", 100, false); !strings.Contains(words, "2 times") {
			t.Errorf("a third part: %q", words)
		}
		other := c.paidBy(sale.Alipay)
		for _, key := range []string{"a", "b", "c"} {
			if words := c.givesBack(other, key, 100, false); words != "" {
				t.Errorf("of another wallet: %q", words)
			}
			c.wait(time.Second)
		}
	})
}

// TestAlipayPlusIsNamedWhereItsCodeIsShown: by the code's host, or as the shop says.
func TestAlipayPlusIsNamedWhereItsCodeIsShown(t *testing.T) {
	const plus, plain = "https://QR.alipayplus.com/281002040092KZ6T1Y", "https://qr.alipay.com/bax0"
	for name, tt := range map[string]struct {
		when, code string
		method     sale.Method
		want       sale.Brand
	}{
		"its code":               {"code", plus, sale.Alipay, sale.AlipayPlus},
		"a code of Alipay's own": {"code", plain, sale.Alipay, ""},
		"its name in a path":     {"code", "https://qr.alipay.com/qr.alipayplus.com", sale.Alipay, ""},
		"its name before a host": {"code", "https://qr.alipayplus.com.example/28", sale.Alipay, ""},
		"a UnionPay code of it":  {"code", plus, sale.UnionPay, sale.AlipayPlus},
		"always":                 {"always", plain, sale.Alipay, sale.AlipayPlus},
		"always, of WeChat":      {"always", "weixin://wxpay/bizpayurl?pr=1", sale.WeChat, ""},
		"never":                  {"never", plus, sale.Alipay, ""},
	} {
		atCounter(t, func(c *counter) {
			c.change = func(p *core.Policy) { p.AlipayPlus = tt.when }
			c.restart()
			c.gateway.does(func(g *fakeGateway) {
				g.create = func(r sale.OrderRequest) sale.GatewayAnswer {
					return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true, PayOrderID: "P" + r.No, Code: tt.code}
				}
			})
			s := c.sell(tt.method, 1000)
			c.wait(time.Second)
			if on := c.glass.last(); on.Kind != sale.ScreenCode || on.Brand != tt.want {
				t.Errorf("%s: on glass %s %q", name, on.Kind, on.Brand)
			}
			c.restart()
			if got := c.now(s.ID).Brand; got != tt.want {
				t.Errorf("%s: stored as %q", name, got)
			}
		})
	}
}

// TestPartsAreKeptApartOverARestart: for how long posd was away nobody knows.
func TestPartsAreKeptApartOverARestart(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.Refunds.WeChat = core.RefundLimit{Days: 365, Parts: 9, Apart: time.Minute} }
		c.restart()
		s := c.paidBy(sale.WeChat)
		if words := c.givesBack(s, "one", 100, false); words != "" {
			t.Fatal(words)
		}
		c.wait(time.Second)
		c.restart()
		if words := c.givesBack(s, "two", 100, false); !strings.Contains(words, "between two refunds") {
			t.Errorf("at once after a restart: %q", words)
		}
		c.wait(time.Minute)
		if words := c.givesBack(s, "two", 100, false); words != "" {
			t.Errorf("a minute later: %q", words)
		}
		c.wait(time.Hour)
		c.restart()
		if words := c.givesBack(s, "three", 100, false); words != "" {
			t.Errorf("an hour later, at once after a restart: %q", words)
		}
	})
}
