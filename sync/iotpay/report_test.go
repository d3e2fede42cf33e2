package iotpay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// cardExtra is a tap sale as the documents show it, without its empty keys.
const cardExtra sale.Secret = `{"cardType":"M","cardNum":"XXXXXXXXXXXX1166","expireDate":"1022","emvLabel":"MASTERCARD","emvAID":"A0000000041010","emvTVR":"0000008000","emvTSI":"0000","emvTC":"ARQC: 3D36ACBD44BE512B","termNum":"25957","bankTermNum":"40880013","termInvoiceNum":"724172","seqNum":"000001000061","authNum":"01046Z","batchNum":"0008","trxMethod":"T","receiptDisp":"000 Approved 00 Thank You","timeStamp":"20210120-19402057","langCode":"E","trxDate":"01202021","trxTime":"164033","cvmResults":"1F0302","trxCode":"00"}`

func report(t *testing.T, c counter) sale.Report {
	t.Helper()
	params, err := c.ReportParams(orderNo, 2865, "CAD", cardExtra)
	if err != nil {
		t.Fatal(err)
	}
	return sale.Report{No: orderNo, Amount: 2865, Currency: "CAD", Params: params}
}

func TestReportIsTakenOnceAndKnownAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		r := report(t, c)
		c.fault(t, "cut-at=0*1") // taken, and the answer lost
		for i, want := range []sale.GatewayResult{sale.GatewayLost, sale.GatewayExists, sale.GatewayExists} {
			if a := c.Report(t.Context(), r); a.Result != want || a.No != orderNo {
				t.Errorf("try %d: %+v, want %s", i+1, a, want)
			}
		}
		s := c.sim.State()
		if len(s.Reports) != 1 || s.Reports[0].Accepted != 1 || s.Reports[0].Repeats != 2 || s.Reports[0].Amount != 2865 || s.Reports[0].Keys != 22 {
			t.Errorf("the gateway has %+v", s.Reports)
		}
		if len(s.Orders) != 0 {
			t.Errorf("a report made an order: %+v", s.Orders)
		}
	})
}

func TestReportIsTheSameBytesAtEveryTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		c := joined(t, testConfig(), io.Discard, nil, served(record(&bodies)))
		r := report(t, c)
		c.Report(t.Context(), r)
		c.Report(t.Context(), r)
		if len(bodies) != 2 || bodies[0] != bodies[1] || bodies[0] == "" {
			t.Errorf("bodies differ: %q", bodies)
		}
		again, err := c.ReportParams(orderNo, 2865, "CAD", cardExtra)
		if err != nil || again != r.Params {
			t.Errorf("composed again: %v, same %v", err, again == r.Params)
		}
	})
}

func TestReportCarriesWhatTheDocumentsAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.NotifyURL = "https://shop.example/notify"
		c := newCounter(t, cfg, io.Discard)
		var got map[string]any
		if err := json.Unmarshal([]byte(report(t, c).Params.Reveal()), &got); err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]any{
			"mchId": testMchID, "mchOrderNo": orderNo, "channelId": "CC_PAX", "amount": 2865.0, "currency": "CAD", "jobNo": "till1",
			"notifyUrl": "http://localhost", "clientIp": "192.168.1.20", "extra": cardExtra.Reveal(), "sign": nil,
		} {
			if got[field] != want {
				t.Errorf("%s is %v, want %v", field, got[field], want)
			}
		}
	})
}

func TestClientAddressIsThatOfTheRouteUnlessConfigured(t *testing.T) {
	cfg := testConfig()
	cfg.ClientIP = ""
	c, err := iotpay.New(cfg, testKey, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	params, err := c.ReportParams(orderNo, 2865, "CAD", cardExtra)
	if err != nil {
		t.Fatal(err)
	}
	o, err := iotpay.ParseObject([]byte(params.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := netip.ParseAddr(o.Text("clientIp")); err != nil || !a.Is4() {
		t.Errorf("clientIp is %q, want an IPv4 address", o.Text("clientIp"))
	}
}

func TestReportThatIsTooLongIsRefusedWhenComposed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		long := sale.Secret(strings.Replace(cardExtra.Reveal(), `"trxCode":"00"`, `"trxCode":"00","more":"xxxxxxxxxx"`, 1))
		_, err := c.ReportParams(orderNo, 2865, "CAD", long)
		if err == nil || !strings.Contains(err.Error(), "extra: 518 bytes, at most 512") {
			t.Errorf("got %v", err)
		}
		for name, extra := range map[string]sale.Secret{"none": "", "not JSON": "M;1166;1022"} {
			if _, err := c.ReportParams(orderNo, 2865, "CAD", extra); err == nil || strings.Contains(err.Error(), "1022") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.ReportParams(orderNo, 2865, "USD", cardExtra); err == nil || !strings.Contains(err.Error(), "currency") {
			t.Errorf("USD: %v", err)
		}
	})
}

func TestStoredReportOfAnotherNumberIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, testConfig(), io.Discard)
		r := report(t, c)
		r.No = "ANOTHER"
		if a := c.Report(t.Context(), r); a.Result != sale.GatewayNotSent {
			t.Errorf("got %+v", a)
		}
		r.Params = `{"mchOrderNo":`
		if a := c.Report(t.Context(), r); a.Result != sale.GatewayNotSent {
			t.Errorf("got %+v", a)
		}
		if n := c.sim.State().Requests["create_order"]; n != 0 {
			t.Errorf("%d requests went out", n)
		}
	})
}

func TestNoSecretIsLoggedOrSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCounter(t, testConfig(), &log)
		const wallet sale.Secret = "134567890123456789"
		said := ""
		for _, fault := range []string{"slow=1ms", "cut-at=20", "5xx-before", "throttle=0", "html-portal", "wrong-signature", "wrong-key"} {
			c.fault(t, fault)
			said += c.Report(t.Context(), report(t, c)).Words
			said += c.Create(t.Context(), sale.OrderRequest{No: "M", Channel: sale.WXMicropay, Amount: 100, Currency: "CAD", AuthCode: wallet}).Words
			said += c.Create(t.Context(), wechat()).Words
			said += c.Query(t.Context(), orderNo).Words
			said += c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: "P", Amount: 1}).Words
			said += c.Probe(t.Context()).Words
			c.sim.ClearFault("")
		}
		// a gateway that tells everything it was sent, and knows
		echo := joined(t, testConfig(), &log, nil, served(func(w http.ResponseWriter, r *http.Request) {
			words, _ := json.Marshal(r.FormValue("params") + " key=" + testKey.Reveal())
			fmt.Fprintf(w, `{"retCode":"FAIL","retMsg":%s}`, words)
		}))
		said += echo.Report(t.Context(), report(t, c)).Words
		said += echo.Create(t.Context(), sale.OrderRequest{No: "M", Channel: sale.WXMicropay, Amount: 100, Currency: "CAD", AuthCode: wallet}).Words
		said += echo.Query(t.Context(), "Q").Words

		for _, secret := range []string{testKey.Reveal(), wallet.Reveal(), "expireDate", "7f3a9c0e"} {
			if strings.Contains(log.String(), secret) || strings.Contains(said, secret) {
				t.Errorf("%q was logged or said", secret)
			}
		}
		if !strings.Contains(log.String(), "gateway asked") || !strings.Contains(said, "•••") {
			t.Error("nothing was logged or said at all")
		}
	})
}
