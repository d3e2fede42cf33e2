package iotpay

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"posd/device/sale"
)

func sample(t *testing.T, name string) Object {
	t.Helper()
	text, err := os.ReadFile(testdata + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func TestPublishedAnswersAreUnderstood(t *testing.T) {
	const render = "https://render.alipay.com/p/c/jzmcoal2/acn-wap-continue.html"
	for name, want := range map[string]struct {
		no, payOrderID, code, redirect, app, tradeNo, form string
	}{
		"answer-wx-native-table": {no: "20160427210604000490", payOrderID: "WN20240101003753223310135049", code: "weixin://wxpay/bizpayurl?pr=nk******zz"},
		"answer-alipay-qr-table": {no: "20160427210604000490", payOrderID: "WN20240101003753223310135049", code: "https://qr.alipayplus.com/28******1j0Zc"},
		"answer-alipay-pc-old": {no: "2cd16747-e779-4871-8059-5723de46b477", payOrderID: "AP20260204145125919667231095",
			redirect: "https://invoice.iotpay.ca/wap?payId=AP20260204145125919667231095&payUrl=", form: `<form id="alipaysubmit"`},
		"answer-alipay-pc-new": {no: "0f8f9f38-6eca-4c26-8879-ee63929d2747", payOrderID: "AP20260204144737045984948022",
			redirect: "https://ac.alipay.com/page/sandbox/", tradeNo: "20260204114010800190184000018681330", form: `<form id="alipaysubmit"`},
		"answer-alipay-wap-old": {no: "7250ffb4-7f87-4376-ba7c-97540eb9dca1", payOrderID: "AW20260204150515830888365552",
			redirect: "https://invoice.iotpay.ca/wap?payId=AW20260204150515830888365552", form: `<form id="alipaysubmit"`},
		"answer-alipay-wap-new": {no: "e9689496-2923-4de0-81cc-dc349c052e52", payOrderID: "AW20260204150449967232113341",
			redirect: render, tradeNo: "20260204114010800190184000018681332", form: `<form id="alipaysubmit"`},
		"answer-alipay-mobile-old": {no: "2329ccdd-3dc4-4cda-9db8-9e7830d462ee", payOrderID: "AA20260204145835078594034226", app: `service="mobile.securitypay.pay"`},
		"answer-alipay-mobile-new": {no: "b4ac8f53-a93f-4a82-8059-307644ce2166", payOrderID: "AA20260204145804816118393649",
			redirect: render, app: "alipayconnect://platformapi/acwallet/", tradeNo: "20260204114010800190184000018685170"},
	} {
		p := placed(sample(t, name))
		if p.MchOrderNo != want.no || p.PayOrderID != want.payOrderID || p.RetParams.TradeNo != want.tradeNo {
			t.Errorf("%s: %+v", name, p)
		}
		for what, pair := range map[string][2]string{"redirect": {p.Redirect(), want.redirect}, "app": {p.App(), want.app}, "form": {p.PayURL, want.form}} {
			if !strings.HasPrefix(pair[0], pair[1]) || (pair[1] == "" && pair[0] != "") {
				t.Errorf("%s: %s is %q, want %q...", name, what, pair[0], pair[1])
			}
		}
		if want.code != "" && p.Code() != want.code {
			t.Errorf("%s: code %q", name, p.Code())
		}
	}
}

func TestDeprecatedOrderStringIsStillRead(t *testing.T) {
	if p := placed(sample(t, "answer-alipay-wap-old")); !strings.Contains(p.RetParams.OrderStr, "&currency=CAD&notify_url=http") {
		t.Errorf("orderStr is %q", p.RetParams.OrderStr)
	}
	if p := placed(sample(t, "answer-alipay-mobile-old")); !strings.Contains(p.RetParams.Text, `"&currency="CAD"&payment_type`) || p.RetParams.Text != p.PayParams {
		t.Errorf("retParams is %q", p.RetParams.Text)
	}
}

func TestRedirectIsALinkNeverAForm(t *testing.T) {
	for text, want := range map[string]string{
		`{"retParams":{"url":"U","alipayUrl":"A"},"payUrl":"https://p"}`: "U",
		`{"retParams":{"alipayUrl":"A"}}`:                                "A",
		`{"retParams":{"unionpayUrl":"N"},"payUrl":"<form>"}`:            "N",
		`{"payUrl":"https://p"}`:                                         "https://p",
		`{"payUrl":"<form action=https://p>"}`:                           "",
	} {
		if got := placed(parse(t, text)).Redirect(); got != want {
			t.Errorf("%s: redirect %q, want %q", text, got, want)
		}
	}
}

func TestCodeFallsBackToTextFields(t *testing.T) {
	for text, want := range map[string]string{
		`{"codeUrl":"A","qr_code":"B","retParams":"C","retDetail":"D"}`: "A",
		`{"qr_code":"B","retParams":"C","retDetail":"D"}`:               "B",
		`{"retParams":"C","retDetail":"D"}`:                             "C",
		`{"retParams":{"url":"U"},"retDetail":"D"}`:                     "D",
		`{"retParams":["U"],"retDetail":"D"}`:                           "D",
		`{"codeUrl":null}`:                                              "",
	} {
		if got := placed(parse(t, text)).Code(); got != want {
			t.Errorf("%s: code %q, want %q", text, got, want)
		}
	}
}

// TestPublishedRequestsAreWhatPosdWouldSend builds each sample request from a
// typed order and compares field by field. What of the samples breaks the
// documents' own limits is named.
func TestPublishedRequestsAreWhatPosdWouldSend(t *testing.T) {
	web := func(ch sale.Channel, no string, amount sale.Amount, os string) Order {
		return Order{No: no, JobNo: "abcde", Currency: "CAD", Channel: ch, Amount: amount, ReturnURL: "https://iottest.requestcatcher.com",
			NotifyURL: "https://gptest.requestcatcher.com", Subject: "testProduct", Body: "This is the description for the test product", ClientIP: "192.168.50.127", OSType: os}
	}
	page := Order{No: "9af01329f1ec4c4694631b077a0e8573", Currency: "CAD", Amount: 1, NotifyURL: "http://ngrok.4jicao.com/goods/payNotify",
		Subject: "product title", Body: "product desc", ClientIP: "127.0.0.1", Device: "WEB"}
	native, jsapi := page, page
	native.Channel, native.ProductID = sale.WXNative, "productTest001"
	jsapi.Channel, jsapi.OpenID = WXJSAPI, "osirq1MMdgrCw7ohNNV6JhwvDFO8"
	for name, tt := range map[string]struct {
		mchID  string
		order  Order
		faults []string
		warned int // of what, by its characters
	}{
		"request-wx-native":     {"10000000", native, []string{"jobNo: missing"}, 32},
		"request-wx-jsapi":      {"10000000", jsapi, []string{"jobNo: missing"}, 32},
		"request-alipay-pc":     {"10000576", web(AlipayPC, "ae5750cf-d387-4130-8aa2-523d91c4c382", 14, ""), nil, 36},
		"request-alipay-wap":    {"10000576", web(AlipayWAP, "d5195b47-98e7-4745-8e65-f4779318df51", 4, "ANDROID"), nil, 36},
		"request-alipay-mobile": {"10000576", web(AlipayMobile, "ef28ca74-f379-4a65-a246-c731d846d87b", 4, "ANDROID"), nil, 36},
	} {
		want, got := sample(t, name), parse(t, string(tt.order.params(tt.mchID)))
		if want.SignedText() != got.SignedText() {
			t.Errorf("%s:\n got %s\nwant %s", name, got.SignedText(), want.SignedText())
		}
		if w := tt.order.Warnings(); len(w) != 1 || !strings.Contains(w[0], fmt.Sprintf("mchOrderNo has %d characters", tt.warned)) {
			t.Errorf("%s: warnings %q", name, w)
		}
		err := tt.order.Validate()
		if err == nil && len(tt.faults) == 0 {
			continue
		}
		if err == nil || strings.Count(err.Error(), "\n")+1 != len(tt.faults) {
			t.Errorf("%s: faults %v, want %q", name, err, tt.faults)
			continue
		}
		for _, f := range tt.faults {
			if !strings.Contains(err.Error(), f) {
				t.Errorf("%s: faults %v, want %q", name, err, f)
			}
		}
	}
}

func TestPublishedCardExtraIsTooLongAsItStands(t *testing.T) {
	extra := sample(t, "request-cc-pax-extra").Text("extra")
	if len(extra) != 556 {
		t.Errorf("the sample has %d bytes, the documents' has 556", len(extra))
	}
	o := Order{No: "A", Channel: sale.CCPax, Amount: 1, Currency: "CAD", JobNo: "j", ClientIP: "127.0.0.1", NotifyURL: "http://localhost",
		Subject: "s", Body: "b", CardExtra: sale.Secret(extra)}
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "extra: 556 bytes, at most 512") {
		t.Errorf("got %v", err)
	}
	var keys map[string]string
	if err := json.Unmarshal([]byte(extra), &keys); err != nil || len(keys) != 25 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}
