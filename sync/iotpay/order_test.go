package iotpay_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

// orders has one valid order for every channel.
func orders() map[sale.Channel]iotpay.Order {
	all := map[sale.Channel]iotpay.Order{}
	for _, ch := range iotpay.Channels {
		o := iotpay.Order{No: "ORDER-" + string(ch), Channel: ch, Amount: 2865, Currency: "CAD"}
		switch ch {
		case sale.WXNative:
			o.ProductID = "120989823"
		case iotpay.WXJSAPI:
			o.OpenID, o.AppID = "o2RvowBf7sOVJf8kJksUEMceaDqo", "wx0123456789"
		case iotpay.WXApp:
			o.AppID = "wx0123456789"
		case sale.WXMicropay:
			o.AuthCode = "134567890123456789"
		case sale.AlipayMicropay:
			o.AuthCode = "284567890123456789"
		case sale.UPIMicropay:
			o.AuthCode = "6234567890123456789"
		case iotpay.AlipayPC:
			o.ReturnURL = "https://shop.example/done"
		case iotpay.AlipayWAP, iotpay.AlipayMobile:
			o.ReturnURL, o.OSType = "https://shop.example/done", "IOS"
		case sale.CCPax:
			o.CardExtra, o.Source, o.Tip = cardExtra, "posd 1.0", 100
		}
		all[ch] = o
	}
	return all
}

func TestEveryChannelIsPlacedAndRead(t *testing.T) {
	if len(iotpay.Channels) != 14 {
		t.Fatalf("%d channels", len(iotpay.Channels))
	}
	for ch, o := range orders() {
		t.Run(string(ch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal(), Strict: true})
				c := joined(t, testConfig(), io.Discard, sim, sim.Serve)
				p, a := c.CreateOrder(t.Context(), o)
				if a.Result != sale.GatewayOK || p.PayOrderID == "" || p.MchOrderNo != o.No {
					t.Fatalf("%+v %+v", p, a)
				}
				var has string
				switch ch {
				case sale.WXNative, sale.AlipayQR, sale.UPIQR:
					has = a.Code
				case iotpay.AlipayPC, iotpay.AlipayWAP, iotpay.UPISeq:
					has = p.Redirect()
				case iotpay.AlipayMobile:
					has = p.App()
				case sale.CCPax:
					has = p.Extra
				default:
					has = p.PayOrderID
				}
				if has == "" {
					t.Errorf("nothing to pay with: %+v", p)
				}
				if ch != sale.CCPax {
					s, a := c.QueryOrder(t.Context(), iotpay.Query{PayOrderID: p.PayOrderID})
					if a.Result != sale.GatewayOK || s.Channel != ch || s.MchOrderNo != o.No {
						t.Errorf("query by payOrderId: %+v %+v", s, a)
					}
				}
			})
		})
	}
}

func TestNestedAnswerThatCannotBeVerifiedIsNotCalledForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		c.fault(t, "nested-signature")
		_, a := c.CreateOrder(t.Context(), orders()[iotpay.AlipayWAP])
		if a.Result != sale.GatewayUnverified || !strings.Contains(a.Words, "not verifiable") {
			t.Errorf("%+v", a)
		}
		c.fault(t, "wrong-signature")
		a = c.Create(t.Context(), wechat())
		if a.Result != sale.GatewayUnverified || !strings.Contains(a.Words, "signature wrong") {
			t.Errorf("%+v", a)
		}
	})
}

func TestInvalidFieldsAreNamedWithLimitAndValue(t *testing.T) {
	fill := func(o iotpay.Order) iotpay.Order {
		o.JobNo, o.ClientIP, o.NotifyURL, o.Subject, o.Body = "till1", "192.168.1.20", "http://localhost", "s", "b"
		return o
	}
	for _, tt := range []struct {
		channel sale.Channel
		spoil   func(*iotpay.Order)
		want    string
	}{
		{sale.WXNative, func(o *iotpay.Order) { o.No = strings.Repeat("9", 37) }, `mchOrderNo: 37 characters, at most 36: "9999999999999999999999999999999999999"`},
		{sale.WXNative, func(o *iotpay.Order) { o.No = "" }, "mchOrderNo: missing"},
		{sale.WXNative, func(o *iotpay.Order) { o.JobNo = strings.Repeat("j", 51) }, "jobNo: 51 characters, at most 50"},
		{sale.WXNative, func(o *iotpay.Order) { o.ProductID = "" }, "productId: missing, WX_NATIVE needs it"},
		{sale.WXNative, func(o *iotpay.Order) { o.Currency = "EUR" }, `currency: "EUR" is not taken by WX_NATIVE: use one of [CAD USD CNY]`},
		{sale.WXNative, func(o *iotpay.Order) { o.Subject = strings.Repeat("茶", 65) }, "subject: 65 characters, at most 64"},
		{sale.WXNative, func(o *iotpay.Order) { o.Body = "a\xffb" }, `body: not valid UTF-8: "a\xffb"`},
		{sale.WXNative, func(o *iotpay.Order) { o.Param2 = strings.Repeat("p", 65) }, "param2: 65 characters, at most 64"},
		{sale.WXNative, func(o *iotpay.Order) { o.Remarks = strings.Repeat("r", 201) }, "remarks: 201 characters, at most 200"},
		{sale.WXNative, func(o *iotpay.Order) { o.Device = strings.Repeat("d", 65) }, "device: 65 characters, at most 64"},
		{sale.WXNative, func(o *iotpay.Order) { o.ClientIP = strings.Repeat("1", 33) }, "clientIp: 33 characters, at most 32"},
		{sale.WXNative, func(o *iotpay.Order) { o.NotifyURL = strings.Repeat("n", 201) }, "notifyUrl: 201 characters, at most 200"},
		{sale.WXNative, func(o *iotpay.Order) { o.Amount = -5 }, "amount: amount -0.05 is not above zero"},
		{sale.AlipayQR, func(o *iotpay.Order) { o.Currency = "CNY" }, `currency: "CNY" is not taken by ALIPAY_QR`},
		{sale.UPIQR, func(o *iotpay.Order) { o.Currency = "CNY" }, `currency: "CNY" is not taken by UPI_QR: use one of [CAD USD]`},
		{sale.CCPax, func(o *iotpay.Order) { o.Currency = "USD" }, `currency: "USD" is not taken by CC_PAX`},
		{sale.CCPax, func(o *iotpay.Order) { o.CardExtra = "" }, "extra: missing, CC_PAX needs it"},
		{sale.CCPax, func(o *iotpay.Order) { o.Source = strings.Repeat("s", 65) }, "source: 65 characters, at most 64"},
		{sale.CCPax, func(o *iotpay.Order) { o.Tip = -1 }, "tip: -0.01 is below zero"},
		{sale.AlipayQR, func(o *iotpay.Order) { o.Tip = 1 }, "tip: ALIPAY_QR does not take it"},
		{iotpay.WXJSAPI, func(o *iotpay.Order) { o.OpenID = "" }, "openId: missing, WX_JSAPI needs it"},
		{iotpay.WXApp, func(o *iotpay.Order) { o.AppID = "" }, "appId: missing, WX_APP needs it"},
		{iotpay.AlipayPC, func(o *iotpay.Order) { o.ReturnURL = "" }, "returnUrl: missing, ALIPAY_PC needs it"},
		{iotpay.AlipayWAP, func(o *iotpay.Order) { o.OSType = "" }, "osType: missing, ALIPAY_WAP needs it"},
		{iotpay.AlipayMobile, func(o *iotpay.Order) { o.OSType = "" }, "osType: missing, ALIPAY_MOBILE needs it"},
		{iotpay.AlipayMobile, func(o *iotpay.Order) { o.OSType = "SYMBIAN" }, `osType: "SYMBIAN": use IOS or ANDROID`},
		{sale.WXMicropay, func(o *iotpay.Order) { o.AuthCode = "" }, "identityCode: missing, WX_MICROPAY needs it"},
		{sale.WXMicropay, func(o *iotpay.Order) { o.AuthCode = sale.Secret(strings.Repeat("1", 65)) }, "identityCode: 65 characters, at most 64: (hidden)"},
		{sale.WXMicropay, func(o *iotpay.Order) { o.DeviceID = strings.Repeat("d", 65) }, "deviceId: 65 characters, at most 64"},
		{"CASH", func(*iotpay.Order) {}, `channelId: "CASH" is not a channel: use one of [WX_NATIVE`},
	} {
		o := fill(orders()[tt.channel])
		o.Channel = tt.channel
		if err := o.Validate(); err != nil && tt.channel != "CASH" {
			t.Errorf("%s: the order was at fault before: %v", tt.channel, err)
		}
		tt.spoil(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s alone", tt.channel, err, tt.want)
		}
	}
}

func TestAllFaultsOfARefundAreNamed(t *testing.T) {
	err := iotpay.Refund{No: strings.Repeat("R", 31), Amount: 0, Channel: sale.UPIQR, Currency: "CNY"}.Validate()
	for _, want := range []string{"mchRefundNo: 31 characters, at most 30", "payOrderId: missing", "clientIp: missing", "loginName: missing", "refundAmount", "currency"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err := (iotpay.Query{}).Validate(); err == nil {
		t.Error("a query without a number was taken")
	}
}

// TestOptionalFieldsAreTakenOnEveryChannel: the documents call them optional, and
// give each channel that needs one; none is said to refuse one.
func TestOptionalFieldsAreTakenOnEveryChannel(t *testing.T) {
	for ch, o := range orders() {
		o.ReturnURL, o.OSType = "https://shop.example/done", "ANDROID"
		if o.CardExtra == "" {
			o.CardExtra = `{"productId":"7","openId":"o","appId":"a","type":"apppay","anything":"else"}`
			o.ProductID, o.OpenID, o.AppID = "", "", ""
		} else {
			o.CardExtra = "any text that is not empty"
		}
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(t, testConfig(), io.Discard)
			if _, a := c.CreateOrder(t.Context(), o); a.Result != sale.GatewayOK {
				t.Errorf("%s: %+v", ch, a)
			}
		})
	}
}

func TestWhatTheDocumentsDisagreeAboutIsSaid(t *testing.T) {
	for _, tt := range []struct {
		o    iotpay.Order
		want string
	}{
		{iotpay.Order{No: strings.Repeat("9", 36), Channel: sale.WXNative}, "mchOrderNo has 36 characters"},
		{iotpay.Order{No: "A", Channel: sale.UPIQR, Currency: "USD"}, "USD by UPI_QR"},
		{iotpay.Order{No: "A", Channel: sale.CCPax, CardExtra: "any text"}, "extra is no JSON object"},
		{iotpay.Order{No: strings.Repeat("9", 30), Channel: sale.UPIQR, Currency: "CAD"}, ""},
	} {
		if got := strings.Join(tt.o.Warnings(), "; "); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%+v: %q, want %q", tt.o, got, tt.want)
		}
	}
}

func TestANotifyURLOfItsOwnIsSentWithACardReport(t *testing.T) {
	s := newStub(t)
	got := ""
	s.answering(func(c stubCall) *stubAnswer { got = c.fields["notifyUrl"]; return nil })
	for _, given := range []string{"https://shop.example/told", ""} {
		facing(t, s).CreateOrder(t.Context(), iotpay.Order{No: "A", Channel: sale.CCPax, Amount: 1, Currency: "CAD", CardExtra: cardExtra, NotifyURL: given})
		if want := map[string]string{"": "http://localhost"}[given]; got != given && got != want {
			t.Errorf("asked for %q, sent %q", given, got)
		}
	}
}

// TestSimulatorRefusesByNameWhatTheDocumentsRefuse goes around the client's own
// checks: with both sides checking, neither would be seen to.
func TestSimulatorRefusesByNameWhatTheDocumentsRefuse(t *testing.T) {
	valid := map[string]string{"mchId": `"` + testMchID + `"`, "mchOrderNo": `"N"`, "jobNo": `"till1"`, "channelId": `"ALIPAY_QR"`, "currency": `"CAD"`, "amount": "100",
		"clientIp": `"10.0.0.1"`, "notifyUrl": `"http://localhost"`, "subject": `"s"`, "body": `"b"`}
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	for _, tt := range []struct{ field, value, want string }{
		{"amount", "100", ""},
		{"newField", `"something"`, ""},
		{"mchOrderNo", text(36), ""},
		{"mchOrderNo", text(37), "mchOrderNo has 37 characters"},
		{"mchId", `"other"`, "mchId is not known"},
		{"jobNo", "", "jobNo is missing"},
		{"subject", text(65), "subject has 65"},
		{"body", text(256), "body has 256"},
		{"clientIp", `"here"`, "clientIp is not an address"},
		{"currency", `"CNY"`, `currency "CNY" is not taken`},
		{"amount", `"100"`, ""},
		{"amount", "28.65", "amount must be a whole number"},
		{"amount", "0", "amount must be a whole number"},
		{"param1", `"mine"`, "param1 is reserved"},
		{"channelId", `"CASH"`, "channelId"},
		{"channelId", `"WX_NATIVE"`, "extra: productId is missing"},
		{"channelId", `"ALIPAY_PC"`, "returnUrl is missing"},
		{"channelId", `"CC_PAX"`, "extra is missing"},
		{"channelId", `"WX_MICROPAY"`, "codeType is missing"},
		{"extra", text(1025), "extra has 1025 bytes"},
	} {
		t.Run(tt.field+" "+tt.want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter(t, testConfig(), io.Discard)
				fields := []string{}
				for name, v := range valid {
					if name == tt.field {
						v = tt.value
					}
					if v != "" {
						fields = append(fields, fmt.Sprintf("%q:%s", name, v))
					}
				}
				if valid[tt.field] == "" {
					fields = append(fields, fmt.Sprintf("%q:%s", tt.field, tt.value))
				}
				slices.Sort(fields)
				params := sale.Secret("{" + strings.Join(fields, ",") + "}")
				no := strings.Trim(valid["mchOrderNo"], `"`)
				if tt.field == "mchOrderNo" {
					no = strings.Trim(tt.value, `"`)
				}
				a := c.Report(t.Context(), sale.Report{No: no, Params: params}) // sends any bytes
				if tt.want == "" && a.Result != sale.GatewayOK || tt.want != "" && (a.Result != sale.GatewayFail || !strings.Contains(a.Words, tt.want)) {
					t.Errorf("%s %q, want %q", a.Result, a.Words, tt.want)
				}
			})
		})
	}
}

func TestStrictSimulatorHoldsTheDocumentedLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal(), Strict: true})
		c := joined(t, testConfig(), io.Discard, sim, sim.Serve)
		no := strings.Repeat("N", 31)
		params, err := c.ReportParams("N", 100, "CAD", cardExtra)
		if err != nil {
			t.Fatal(err)
		}
		long := sale.Secret(strings.Replace(params.Reveal(), `"mchOrderNo":"N"`, `"mchOrderNo":"`+no+`"`, 1))
		if a := c.Report(t.Context(), sale.Report{No: no, Params: long}); a.Result != sale.GatewayFail || !strings.Contains(a.Words, "at most 30") {
			t.Errorf("%+v", a)
		}
	})
}

func TestFaultsAreRefusedWithWords(t *testing.T) {
	sim := iotpaysim.New(iotpaysim.Options{})
	for _, text := range []string{"", "nonsense", "slow", "slow=fast", "cut-at=x", "cut-at=-1", "throttle=soon", "5xx-before=200", "fail", "slow=1s@nowhere", "away*0", "away*x"} {
		if err := sim.SetFault(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if err := errors.Join(sim.SetFault("slow=1s@query_order*2"), sim.SetFault("away")); err != nil {
		t.Error(err)
	}
}
