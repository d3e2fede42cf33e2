package iotpay_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// facing returns a client of a stub.
func facing(t *testing.T, s *stub) *iotpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.BaseURL, cfg.QueryTries = s.URL+"/v1/", 1
	c, err := iotpay.New(cfg, sale.Secret(s.key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestOnlyARefusalOfBusinessRefusesARefund: the stub carries every refund out and
// answers something else. Refused, it would be given back twice.
func TestOnlyARefusalOfBusinessRefusesARefund(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	refund := func(no string) sale.GatewayAnswer {
		return c.Refund(t.Context(), sale.RefundRequest{No: no, PayOrderID: "WN1", Amount: 100, Currency: "CAD", Channel: sale.WXNative})
	}
	for i, tt := range []struct {
		words   string
		want    sale.GatewayResult
		concern sale.Concern
	}{
		{"system error", sale.GatewayUnclear, sale.ConcernSystem},
		{"SYSTEMERROR", sale.GatewayUnclear, sale.ConcernSystem},
		{"SYSTEM_ERROR", sale.GatewayUnclear, sale.ConcernSystem},
		{"支付中心系统异常", sale.GatewayUnclear, sale.ConcernSystem},
		{"system error: order not paid", sale.GatewayUnclear, sale.ConcernSystem},
		{"0110 第三方超时", sale.GatewayUnclear, sale.ConcernPatience},
		{"NOT ENOUGH", sale.GatewayUnclear, sale.ConcernPatience},
		{"NOTENOUGH", sale.GatewayUnclear, sale.ConcernPatience},
		{"FREQUENCY_LIMITED", sale.GatewayUnclear, sale.ConcernPatience},
		{"BIZERR_NEED_RETRY", sale.GatewayUnclear, sale.ConcernPatience},
		{"no luck today", sale.GatewayUnclear, sale.ConcernOrder},
		{"", sale.GatewayUnclear, sale.ConcernOrder},
		{"signature fail", sale.GatewayUnclear, sale.ConcernLink},
		{"mchId has no permission for channel UPI_QR", sale.GatewayUnclear, sale.ConcernChannel},
		{"refund already exists", sale.GatewayExists, sale.ConcernOrder},
		{"refundAmount is more than the paid amount", sale.GatewayFail, sale.ConcernRefused},
		{"TRADE_OVERDUE", sale.GatewayFail, sale.ConcernRefused},
		{"订单未支付", sale.GatewayFail, sale.ConcernRefused},
		{"channel does not support refund", sale.GatewayFail, sale.ConcernRefused},
	} {
		s.answering(func(stubCall) *stubAnswer {
			a := s.fail(tt.words)
			a.commit = true
			return a
		})
		if a := refund(fmt.Sprint("R", i)); a.Result != tt.want || a.Concern != tt.concern || !a.Verified {
			t.Errorf("%q: %+v, want %s about %s", tt.words, a, tt.want, tt.concern)
		}
	}
	s.answering(func(stubCall) *stubAnswer { return s.unsigned("refundAmount is more than the paid amount") })
	if a := refund("unsigned"); a.Verified {
		t.Errorf("unsigned: %+v", a)
	}
}

func TestARefundIsDoneWhenItsStatusSaysSo(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	if a := c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: "WN1", Amount: 100, Currency: "CAD", Channel: sale.WXNative}); a.Result != sale.GatewayPending || !a.Verified {
		t.Errorf("accepted: %+v, want pending", a)
	}
	for status, want := range map[string]sale.GatewayResult{
		"0": sale.GatewayPending, "1": sale.GatewayPending, "PROCESSING": sale.GatewayPending, "-1": sale.GatewayPending, "": sale.GatewayPending, "true": sale.GatewayPending,
		"4": sale.GatewayPending, // done in one dialect, failed in another: nobody's word
		"2": sale.GatewayOK, "3": sale.GatewayOK, "=2.0": sale.GatewayOK, "=3": sale.GatewayOK, "success": sale.GatewayOK,
		"9": sale.GatewayFailed, "=9.0": sale.GatewayFailed, "FAIL": sale.GatewayFailed,
	} {
		s.answering(func(stubCall) *stubAnswer {
			return s.say("mchRefundNo", "R", "refundAmount", "=100.0", "status", status)
		})
		if a := c.QueryRefund(t.Context(), "R"); a.Result != want || !a.Verified {
			t.Errorf("query says %q: %+v, want %s", status, a, want)
		}
		if a := c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: "WN1", Amount: 100, Currency: "CAD", Channel: sale.WXNative}); a.Result != want {
			t.Errorf("refund_order says %q: %+v, want %s", status, a, want)
		}
	}
	s.answering(func(stubCall) *stubAnswer { return s.say("refundAmount", "100", "status", "2") })
	if a := c.QueryRefund(t.Context(), "R"); a.Result != sale.GatewayUnverified {
		t.Errorf("done, but which one? %+v", a)
	}
}

// TestWhatOnlyInformsDecidesNothing: a payment in all the ways in which gateways of
// this family write one.
func TestWhatOnlyInformsDecidesNothing(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	for name, pairs := range map[string][]string{
		"as documented":         {"amount", "=2865", "status", "=2", "paySuccTime", "=1763762400000"},
		"a text date":           {"amount", "=2865", "status", "=2", "paySuccTime", "2026-11-21 18:40:00"},
		"fractions of zero":     {"amount", "=2865.0", "status", "=2.0"},
		"fractions in texts":    {"amount", "2865.00", "status", "2.0"},
		"booleans":              {"amount", "=2865", "status", "=2", "paySuccTime", "=true", "channelOrderNo", "=false", "settled", "=true"},
		"members nobody knows":  {"amount", "=2865", "status", "=3", "newMember", "x", "rate", "=0.5"},
		"a time out of reach":   {"amount", "=2865", "status", "=2", "paySuccTime", "=99999999999999999"},
		"payOrderId of 64":      {"amount", "=2865", "status", "=2", "payOrderId", strings.Repeat("P", 64)},
		"no amount to check by": {"status", "=2"},
	} {
		s.answering(func(stubCall) *stubAnswer {
			return s.say(append([]string{"mchOrderNo", orderNo, "currency", "CAD"}, pairs...)...)
		})
		if a := c.Query(t.Context(), orderNo); a.Result != sale.GatewayOK || !a.Status.Paid() || a.Amount != 2865 && !strings.HasPrefix(name, "no amount") {
			t.Errorf("%s: %+v, want paid", name, a)
		}
	}
	for name, pairs := range map[string][]string{
		"a part of a cent":    {"amount", "=2865.5", "status", "=2"},
		"a status of its own": {"amount", "=2865", "status", "=2.5"},
		"a status that is no": {"amount", "=2865", "status", "=true"},
	} {
		s.answering(func(stubCall) *stubAnswer { return s.say(append([]string{"mchOrderNo", orderNo}, pairs...)...) })
		if a := c.Query(t.Context(), orderNo); a.Result == sale.GatewayOK && a.Status.Paid() {
			t.Errorf("%s: %+v, want no payment", name, a)
		}
	}
}

// TestAnAnswerNestedInResultIsRead is the shape in which a sibling answers look-ups.
func TestAnAnswerNestedInResultIsRead(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	s.answering(func(stubCall) *stubAnswer {
		return s.say("result", `={"mchOrderNo":"`+orderNo+`","amount":2865,"currency":"CAD","status":2}`)
	})
	if a := c.Query(t.Context(), orderNo); a.Result != sale.GatewayOK || !a.Status.Paid() || a.Amount != 2865 {
		t.Errorf("%+v", a)
	}
}

// TestOneMoreMemberIsNoForgery: every order in which gateways of this family sort
// what they sign, where a member that no document knows tells them apart.
func TestOneMoreMemberIsNoForgery(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	name := func(pair string) string { return pair[:strings.Index(pair, "=")] }
	sorted := func(less func(a, b string) bool) func([]string) {
		return func(pairs []string) {
			slices.SortFunc(pairs, func(a, b string) int {
				switch {
				case less(a, b):
					return -1
				case less(b, a):
					return 1
				}
				return 0
			})
		}
	}
	asPHP := sorted(func(a, b string) bool {
		// For these names alone: mchNo2 before mchNo10, whatever the case.
		a, b = strings.ToUpper(name(a)), strings.ToUpper(name(b))
		if strings.HasPrefix(a, "MCHNO") && strings.HasPrefix(b, "MCHNO") {
			return len(a) < len(b) || len(a) == len(b) && a < b
		}
		return a < b
	})
	asPairs := sorted(func(a, b string) bool { return strings.ToLower(a) < strings.ToLower(b) })
	members := []string{"mchOrderNo", orderNo, "amount", "=2865", "status", "=2", "MchName", "a shop", "mchOrderNo1", "x", "mchNo10", "y", "mchNo2", "z"}
	texts := map[string]bool{}
	for how, order := range map[string]func([]string){"bytewise": plainOrder, "naturally": asPHP, "by pairs": asPairs} {
		var a *stubAnswer
		s.answering(func(stubCall) *stubAnswer {
			a = s.signed(order, append([]string{"retCode", "SUCCESS", "resCode", "SUCCESS"}, members...)...)
			return a
		})
		if got := c.Query(t.Context(), orderNo); got.Result != sale.GatewayOK || !got.Verified {
			t.Errorf("%s: %+v, want ok", how, got)
		}
		texts[a.body] = true
	}
	if len(texts) != 3 {
		t.Errorf("the orders make %d signatures: the members tell nothing apart", len(texts))
	}
	s.answering(func(stubCall) *stubAnswer {
		a := s.say(members...)
		a.body = strings.Replace(a.body, `"status":2`, `"status":0`, 1)
		return a
	})
	if got := c.Query(t.Context(), orderNo); got.Result != sale.GatewayUnverified || got.Concern != sale.ConcernLink {
		t.Errorf("changed after signing: %+v", got)
	}
}

// TestHowFarAnAnswerReaches is the table of what an answer is a word about.
func TestHowFarAnAnswerReaches(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	page := func(code int) *stubAnswer { return &stubAnswer{code: code, body: "<html>blocked</html>"} }
	for name, tt := range map[string]struct {
		answer func() *stubAnswer
		want   sale.Concern
	}{
		"405 of a firewall":   {func() *stubAnswer { return page(405) }, sale.ConcernLink},
		"500":                 {func() *stubAnswer { return page(500) }, sale.ConcernLink},
		"hung up":             {func() *stubAnswer { return &stubAnswer{} }, sale.ConcernLink},
		"429":                 {func() *stubAnswer { return page(http.StatusTooManyRequests) }, sale.ConcernPatience},
		"not JSON":            {func() *stubAnswer { return &stubAnswer{body: "OK"} }, sale.ConcernLink},
		"another number":      {func() *stubAnswer { return s.say("mchOrderNo", "OTHER", "codeUrl", "weixin://x") }, sale.ConcernOrder},
		"not verifiable":      {func() *stubAnswer { return &stubAnswer{body: `{"retCode":"SUCCESS","resCode":"SUCCESS","sign":"00"}`} }, sale.ConcernLink},
		"neither":             {func() *stubAnswer { return s.signed(plainOrder, "retCode", "MAYBE") }, sale.ConcernOrder},
		"system error":        {func() *stubAnswer { return s.fail("system error") }, sale.ConcernSystem},
		"sibling's":           {func() *stubAnswer { return s.unsigned("支付中心系统异常") }, sale.ConcernSystem},
		"a kind of card":      {func() *stubAnswer { return s.fail("merchant not support JCB card") }, sale.ConcernChannel},
		"permission":          {func() *stubAnswer { return s.fail("no permission") }, sale.ConcernChannel},
		"mchid and channel":   {func() *stubAnswer { return s.fail("mchId 10000701: channel UPI_QR not enabled") }, sale.ConcernChannel},
		"mchid and card":      {func() *stubAnswer { return s.fail("mchid is not allowed this card type") }, sale.ConcernChannel},
		"too frequent":        {func() *stubAnswer { return s.fail("request too frequent") }, sale.ConcernPatience},
		"frequency":           {func() *stubAnswer { return s.fail("FREQUENCY_LIMITED") }, sale.ConcernPatience},
		"later":               {func() *stubAnswer { return s.fail("system busy, please try again later") }, sale.ConcernPatience},
		"time-out upstream":   {func() *stubAnswer { return s.fail("0110 第三方超时") }, sale.ConcernPatience},
		"signature":           {func() *stubAnswer { return s.fail("signature fail") }, sale.ConcernLink},
		"merchant":            {func() *stubAnswer { return s.fail("mchId is not known") }, sale.ConcernLink},
		"an expired code":     {func() *stubAnswer { return s.fail("AUTHCODEEXPIRE") }, sale.ConcernOrder},
		"number inside words": {func() *stubAnswer { return s.unsigned("商户订单[" + orderNo + "]已存在") }, sale.ConcernOrder},
		"refused before sent": {nil, sale.ConcernOrder},
	} {
		r := wechat()
		if tt.answer == nil {
			r.Currency = "EUR"
		} else {
			s.answering(func(stubCall) *stubAnswer { return tt.answer() })
		}
		if a := c.Create(t.Context(), r); a.Concern != tt.want || a.Result == sale.GatewayOK || a.Words == "" {
			t.Errorf("%s: %+v, want a word about %s", name, a, tt.want)
		}
	}
	s.answering(func(stubCall) *stubAnswer { return s.unsigned("商户订单[" + orderNo + "]已存在") })
	if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayExists {
		t.Errorf("the number inside the words: %+v, want exists", a)
	}
}

func TestALineEndAfterTheCodeIsTrimmed(t *testing.T) {
	s := newStub(t)
	c := facing(t, s)
	s.answering(func(stubCall) *stubAnswer {
		return s.say("mchOrderNo", orderNo, "payOrderId", "WN1", "codeUrl", "weixin://wxpay/bizpayurl?pr=abc\r\n")
	})
	if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayOK || a.Code != "weixin://wxpay/bizpayurl?pr=abc" {
		t.Errorf("%+v", a)
	}
	s.answering(func(stubCall) *stubAnswer { return s.say("mchOrderNo", orderNo, "payOrderId", "WN1", "codeUrl", "\n") })
	if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayUnverified || a.Concern != sale.ConcernOrder {
		t.Errorf("nothing but a line end: %+v", a)
	}
}
