package iotpay_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

const orderNo = "01JD3Z8W6Q0000000000000001"

func wechat() sale.OrderRequest {
	return sale.OrderRequest{No: orderNo, Channel: sale.WXNative, Amount: 2865, Currency: "CAD"}
}

func TestCustomerScanOrderIsShownAskedAndPaid(t *testing.T) {
	for channel, prefix := range map[sale.Channel]string{
		sale.WXNative: "weixin://wxpay/bizpayurl?pr=",
		sale.AlipayQR: "https://qr.alipayplus.com/28",
		sale.UPIQR:    "https://qr.95516.com/",
	} {
		t.Run(string(channel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter(t, testConfig(), io.Discard)
				r := wechat()
				r.Channel = channel
				placed := c.Create(t.Context(), r)
				if placed.Result != sale.GatewayOK || !placed.Verified || !strings.HasPrefix(placed.Code, prefix) || placed.PayOrderID == "" {
					t.Fatalf("create: %+v", placed)
				}
				for _, step := range []struct {
					do   func() error
					want sale.OrderStatus
				}{
					{func() error { return nil }, sale.StatusCreated},
					{func() error { return c.sim.Scan(placed.Code, false) }, sale.StatusPaying},
					{func() error { return c.sim.Pay(r.No) }, sale.StatusPaid},
				} {
					if err := step.do(); err != nil {
						t.Fatal(err)
					}
					a := c.Query(t.Context(), r.No)
					if a.Result != sale.GatewayOK || a.Status != step.want || a.Amount != 2865 || a.Currency != "CAD" || a.PayOrderID != placed.PayOrderID {
						t.Errorf("query: %+v, want status %d of 2865 CAD", a, step.want)
					}
				}
			})
		})
	}
}

func TestClosedOrdersSayWhoClosedThem(t *testing.T) {
	for _, status := range []sale.OrderStatus{sale.StatusClosedSystem, sale.StatusClosedByBuyer} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(t, testConfig(), io.Discard)
			c.Create(t.Context(), wechat())
			if err := c.sim.CloseOrder(orderNo, int(status)); err != nil {
				t.Fatal(err)
			}
			if a := c.Query(t.Context(), orderNo); a.Status != status || !a.Status.Closed() || !a.Verified {
				t.Errorf("query: %+v, want status %d", a, status)
			}
		})
	}
}

// calls are the four calls that the till makes, and a report, on a fresh gateway
// that knows order P (paid) and refund R.
var calls = map[string]func(t *testing.T, c counter) sale.GatewayAnswer{
	"create_order": func(t *testing.T, c counter) sale.GatewayAnswer { return c.Create(t.Context(), wechat()) },
	"query_order":  func(t *testing.T, c counter) sale.GatewayAnswer { return c.Query(t.Context(), "P") },
	"refund_order": func(t *testing.T, c counter) sale.GatewayAnswer {
		return c.Refund(t.Context(), sale.RefundRequest{No: "R2", PayOrderID: c.sim.State().Orders[0].PayOrderID, Amount: 100, Currency: "CAD", Channel: sale.WXNative})
	},
	"query_refund": func(t *testing.T, c counter) sale.GatewayAnswer { return c.QueryRefund(t.Context(), "R") },
}

// prepare places order P, pays it, and gives some of it back as R.
func prepare(t *testing.T, c counter) {
	t.Helper()
	p := wechat()
	p.No = "P"
	placed := c.Create(t.Context(), p)
	if err := c.sim.Scan(placed.Code, true); err != nil {
		t.Fatal(err)
	}
	if a := c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: placed.PayOrderID, Amount: 65, Currency: "CAD", Channel: sale.WXNative}); a.Result != sale.GatewayPending {
		t.Fatalf("refund: %+v", a)
	}
}

// TestEveryFaultHasItsAnswerAndItsCount drives each call into each fault. The
// counts are the point: what places an order or moves money is asked once,
// whatever happens, and a look-up at most as often as configured.
func TestEveryFaultHasItsAnswerAndItsCount(t *testing.T) {
	const (
		lost, ok, fail, forged = sale.GatewayLost, sale.GatewayOK, sale.GatewayFail, sale.GatewayUnverified
		notFound, exists       = sale.GatewayNotFound, sale.GatewayExists
	)
	type end struct {
		result  sale.GatewayResult
		trouble sale.Trouble
		tries   int
	}
	for _, tt := range []struct {
		fault string
		move  end // create_order, refund_order
		look  end // query_order, query_refund
	}{
		{"5xx-before", end{lost, sale.TroubleServer, 1}, end{lost, sale.TroubleServer, 3}},
		{"5xx-after-commit=503", end{lost, sale.TroubleServer, 1}, end{lost, sale.TroubleServer, 3}},
		{"cut-before", end{lost, sale.TroubleConnect, 1}, end{lost, sale.TroubleConnect, 3}},
		{"cut-at=0", end{lost, sale.TroubleConnect, 1}, end{lost, sale.TroubleConnect, 3}},
		{"cut-at=17", end{lost, sale.TroubleConnect, 1}, end{lost, sale.TroubleConnect, 3}},
		{"cut-at=150", end{lost, sale.TroubleConnect, 1}, end{lost, sale.TroubleConnect, 3}},
		{"slow=1m", end{lost, sale.TroubleTimeout, 1}, end{lost, sale.TroubleTimeout, 3}},
		{"slow=7s", end{ok, sale.TroubleNone, 1}, end{ok, sale.TroubleNone, 1}},
		{"throttle=0", end{lost, sale.TroubleThrottled, 1}, end{lost, sale.TroubleThrottled, 3}},
		{"throttle=3600", end{lost, sale.TroubleThrottled, 1}, end{lost, sale.TroubleThrottled, 1}},
		{"html-portal", end{lost, sale.TroublePortal, 1}, end{lost, sale.TroublePortal, 1}},
		{"wrong-key", end{fail, sale.TroubleKey, 1}, end{fail, sale.TroubleKey, 1}},
		{"wrong-signature", end{forged, sale.TroubleKey, 1}, end{forged, sale.TroubleKey, 1}},
		{"unsigned-fail=system error", end{fail, sale.TroubleServer, 1}, end{fail, sale.TroubleServer, 1}},
		{"fail=no luck today", end{fail, sale.TroubleNone, 1}, end{fail, sale.TroubleNone, 1}},
		{"fail-after-commit=no luck", end{fail, sale.TroubleNone, 1}, end{fail, sale.TroubleNone, 1}},
		{"fail=merchant not found", end{fail, sale.TroubleKey, 1}, end{fail, sale.TroubleKey, 1}},
		{"wrong-number", end{forged, sale.TroubleNone, 1}, end{forged, sale.TroubleNone, 1}},
		{"exists", end{exists, sale.TroubleNone, 1}, end{ok, sale.TroubleNone, 1}},
		{"not-found", end{ok, sale.TroubleNone, 1}, end{notFound, sale.TroubleNone, 1}},
		{"clock-skew=1h", end{ok, sale.TroubleNone, 1}, end{ok, sale.TroubleNone, 1}},
	} {
		for endpoint, call := range calls {
			t.Run(tt.fault+" "+endpoint, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCounter(t, testConfig(), io.Discard)
					prepare(t, c)
					before := c.sim.State().Requests[endpoint]
					c.fault(t, tt.fault+"@"+endpoint)

					a := call(t, c)
					want := tt.look
					if endpoint == "create_order" || endpoint == "refund_order" {
						want = tt.move
					}
					tries := c.sim.State().Requests[endpoint] - before
					if endpoint == "refund_order" { // SUCCESS is acceptance, and none of these words is a refusal of business
						want.result = map[sale.GatewayResult]sale.GatewayResult{ok: sale.GatewayPending, fail: sale.GatewayUnclear}[want.result]
						if want.result == "" {
							want.result = tt.move.result
						}
					}
					if a.Result != want.result || a.Trouble != want.trouble || tries != want.tries {
						t.Errorf("got %s %q after %d requests (%s), want %s %q after %d", a.Result, a.Trouble, tries, a.Words, want.result, want.trouble, want.tries)
					}
					if a.No == "" || (a.Result != ok && (a.Words == "" || a.Result != sale.GatewayPending && a.Concern == sale.ConcernNone)) {
						t.Errorf("an answer without number or words: %+v", a)
					}
				})
			})
		}
	}
}

func TestGatewayAwayMeansNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		_ = c.mem.Close()
		for name, a := range map[string]sale.GatewayAnswer{
			"create": c.Create(t.Context(), wechat()),
			"query":  c.Query(t.Context(), orderNo),
			"probe":  c.Probe(t.Context()),
		} {
			if a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleConnect {
				t.Errorf("%s: %+v, want not-sent, connect", name, a)
			}
		}
	})
}

func TestRetryAfterIsHandedOutCapped(t *testing.T) {
	for asked, want := range map[string]time.Duration{"0": time.Second, "30": 30 * time.Second, "3600": 5 * time.Minute, "999999999999": 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(t, testConfig(), io.Discard)
			c.fault(t, "throttle="+asked)
			if a := c.Create(t.Context(), wechat()); a.RetryAfter != want {
				t.Errorf("Retry-After %s became %s, want %s", asked, a.RetryAfter, want)
			}
		})
	}
}

func TestThrottledLookUpWaitsAtLeastASecondPerTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		c.fault(t, "throttle=0")
		start := time.Now()
		c.Query(t.Context(), orderNo)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("three tries took %s, want 2s: Retry-After 0 is obeyed as 1 s", took)
		}
	})
}

func TestUnsignedRefusalIsNotVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		c.fault(t, "unsigned-fail=balance not enough")
		if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayFail || a.Verified || a.Words != "balance not enough" {
			t.Errorf("got %+v", a)
		}
		c.sim.ClearFault("")
		c.fault(t, "fail=balance not enough")
		if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayFail || !a.Verified {
			t.Errorf("got %+v", a)
		}
	})
}

func TestProbeTellsReachableFromWrongKeyAndWrongClock(t *testing.T) {
	for fault, want := range map[string]struct {
		result  sale.GatewayResult
		trouble sale.Trouble
	}{
		"slow=1ms":           {sale.GatewayNotFound, sale.TroubleNone},
		"wrong-key":          {sale.GatewayFail, sale.TroubleKey},
		"clock-skew=1h":      {sale.GatewayNotFound, sale.TroubleClock},
		"clock-skew=-1h":     {sale.GatewayNotFound, sale.TroubleClock},
		"html-portal":        {sale.GatewayLost, sale.TroublePortal},
		"5xx-before":         {sale.GatewayLost, sale.TroubleServer},
		"fail=strange words": {sale.GatewayFail, sale.TroubleNone},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(t, testConfig(), io.Discard)
			c.fault(t, fault)
			if a := c.Probe(t.Context()); a.Result != want.result || a.Trouble != want.trouble {
				t.Errorf("%s: %+v, want %v", fault, a, want)
			}
			if n := len(c.sim.State().Orders); n != 0 {
				t.Errorf("a probe made %d orders", n)
			}
		})
	}
}

func TestProbeSaysThatTheGatewayIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		if a := c.Probe(t.Context()); strings.Contains(a.Words, "slow") {
			t.Errorf("at once: %+v", a)
		}
		c.fault(t, "slow=4s")
		if a := c.Probe(t.Context()); a.Trouble != sale.TroubleNone || !strings.Contains(a.Words, "slowly: 4s") {
			t.Errorf("after 4 s: %+v", a)
		}
	})
}

func FuzzTextsReachTheOtherSide(f *testing.F) {
	f.Add("Tea & cake = 2 + 3 %", "珍珠奶茶 🧋 \"quoted\" \\ <b>")
	f.Fuzz(func(t *testing.T, subject, body string) {
		synctest.Test(t, func(t *testing.T) {
			sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal()})
			c := joined(t, testConfig(), io.Discard, sim, sim.Serve)
			_, a := c.CreateOrder(t.Context(), iotpay.Order{No: orderNo, Channel: sale.AlipayQR, Amount: 1, Currency: "CAD", Subject: subject, Body: body})
			orders := sim.State().Orders
			switch {
			case a.Result == sale.GatewayNotSent && len(orders) == 0: // refused here, in words
			case a.Result != sale.GatewayOK || len(orders) != 1:
				t.Fatalf("%q %q: %+v", subject, body, a)
			case subject != "" && orders[0].Subject != subject, body != "" && orders[0].Body != body:
				t.Fatalf("%q %q arrived as %q %q", subject, body, orders[0].Subject, orders[0].Body)
			}
		})
	})
}

func TestAnswersMayBeSignedWithAKeyOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal(), AnswerKey: "the other key"})
		c := joined(t, testConfig(), io.Discard, sim, sim.Serve, iotpay.WithAnswerKey("the other key"))
		if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayOK {
			t.Errorf("with it: %+v", a)
		}
		c = joined(t, testConfig(), io.Discard, sim, sim.Serve)
		if a := c.Query(t.Context(), orderNo); a.Result != sale.GatewayUnverified || a.Trouble != sale.TroubleKey || a.Status != sale.StatusUnknown {
			t.Errorf("without it: %+v", a)
		}
	})
}

func TestStoppingWhileAskingIsLostWithoutBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		c.fault(t, "slow=10s")
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		if a := c.Create(ctx, wechat()); a.Result != sale.GatewayLost || a.Trouble != sale.TroubleNone || a.Words != "stopped while asking" {
			t.Errorf("while asking: %+v", a)
		}
		if a := c.Create(ctx, wechat()); a.Result != sale.GatewayNotSent {
			t.Errorf("before asking: %+v", a)
		}
	})
}

func TestInvalidRequestIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		for field, r := range map[string]sale.OrderRequest{
			"mchOrderNo":   {No: strings.Repeat("N", 31), Channel: sale.WXNative, Amount: 1, Currency: "CAD"},
			"currency":     {No: "A", Channel: sale.UPIQR, Amount: 1, Currency: "CNY"},
			"amount":       {No: "A", Channel: sale.WXNative, Amount: 0, Currency: "CAD"},
			"identityCode": {No: "A", Channel: sale.WXMicropay, Amount: 1, Currency: "CAD"},
			"channelId":    {No: "A", Channel: "CASH", Amount: 1, Currency: "CAD"},
		} {
			a := c.Create(t.Context(), r)
			if a.Result != sale.GatewayNotSent || !strings.Contains(a.Words, field) {
				t.Errorf("%s: %+v", field, a)
			}
		}
		if n := c.sim.State().Requests["create_order"]; n != 0 {
			t.Errorf("%d requests reached the gateway", n)
		}
	})
}

func TestTextsOfAllKindsAreSignedRight(t *testing.T) {
	for _, text := range []string{`"quoted" & = + % \ <b>`, "珍珠奶茶 两杯", "crème brûlée", "🧋🍰", "a b\tc", "line\u2028separator", "😀=&key=1"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := testConfig()
			cfg.Subject, cfg.Body = text, text+text
			c := newCounter(t, cfg, io.Discard)
			if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayOK {
				t.Fatalf("%q: %+v", text, a)
			}
			if o := c.sim.State().Orders[0]; o.Subject != text || o.Body != text+text {
				t.Errorf("%q arrived as %q", text, o.Subject)
			}
			if a := c.Query(t.Context(), orderNo); a.Result != sale.GatewayOK {
				t.Errorf("%q: %+v", text, a)
			}
		})
	}
}

func TestRefundsAreCountedAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		prepare(t, c) // 65 of 2865 are given back
		o := c.sim.State().Orders[0]
		for _, tt := range []struct {
			no     string
			amount sale.Amount
			want   sale.GatewayResult
		}{
			{"R2", 2801, sale.GatewayFail},
			{"R3", 2800, sale.GatewayPending},
			{"R3", 2800, sale.GatewayExists},
			{"R4", 1, sale.GatewayFail},
		} {
			a := c.Refund(t.Context(), sale.RefundRequest{No: tt.no, PayOrderID: o.PayOrderID, Amount: tt.amount, Currency: "CAD", Channel: sale.WXNative})
			if a.Result != tt.want || !a.Verified {
				t.Errorf("refund %s of %s: %+v, want %s", tt.no, tt.amount, a, tt.want)
			}
		}
		if a := c.QueryRefund(t.Context(), "R3"); a.Result != sale.GatewayOK || a.Amount != 2800 {
			t.Errorf("query refund: %+v", a)
		}
		if a := c.QueryRefund(t.Context(), "R2"); a.Result != sale.GatewayNotFound {
			t.Errorf("query refused refund: %+v", a)
		}
		c.fault(t, "refund-pending")
		if a := c.QueryRefund(t.Context(), "R3"); a.Result != sale.GatewayPending {
			t.Errorf("query pending refund: %+v, want pending: it is not done", a)
		}
		c.fault(t, "refund-fails")
		if a := c.QueryRefund(t.Context(), "R3"); a.Result != sale.GatewayFailed || !a.Verified {
			t.Errorf("query failed refund: %+v", a)
		}
		if a := c.Refund(t.Context(), sale.RefundRequest{No: "R5", PayOrderID: o.PayOrderID, Amount: 2800, Currency: "CAD", Channel: sale.WXNative}); a.Result != sale.GatewayPending {
			t.Errorf("again after it failed: %+v", a)
		}
	})
}

func TestRefundOfCardSaleIsRefusedHere(t *testing.T) {
	r := iotpay.Refund{No: "R", PayOrderID: "P", Amount: 1, Channel: sale.CCPax, ClientIP: "127.0.0.1", LoginName: "x"}
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "terminal") {
		t.Errorf("got %v", err)
	}
}
