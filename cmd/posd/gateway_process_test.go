package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device"
	"posd/device/sale"
)

// newGatewayShop is a running posd between a fake terminal and a fake gateway, whose
// answers are signed with a key of their own.
func newGatewayShop(t *testing.T, more string) (*shop, *fakeGateway) {
	t.Helper()
	g := newFakeGateway(t)
	return newShop(t, "code_shown_for = \"3s\"\nbackoff_max = \"1s\"\n"+more+g.section()), g
}

// section is what the configuration says of the account at g.
func (g *fakeGateway) section() string {
	dir := g.t.TempDir()
	for name, key := range map[string]string{"key": fakeMerchantKey, "answers": fakeAnswerKey} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key+"\n"), 0o600); err != nil {
			g.t.Fatal(err)
		}
	}
	return fmt.Sprintf("[gateway]\nmch_id = \"10000701\"\njob_no = \"shop-1\"\nclient_ip = \"192.168.1.20\"\nquery_tries = 1\ncall_timeout = \"2s\"\nbase_url = %q\nkey_file = %q\nanswer_key_file = %q\n",
		g.URL+"/v1/", filepath.Join(dir, "key"), filepath.Join(dir, "answers"))
}

// ask asks for a wallet sale and returns it as made.
func (s *shop) ask(method string, cents int, more string) sale.Sale {
	s.t.Helper()
	code, body := s.post("sales", fmt.Sprintf(`{"amount":%d,"method":%q,"replaces":"none"%s}`, cents, method, more))
	var made sale.Sale
	if err := json.Unmarshal(body, &made); err != nil || code != http.StatusCreated {
		s.t.Fatalf("%s: %d %s", method, code, body)
	}
	return made
}

// wallet takes a payment by wallet, which nothing may hinder.
func (s *shop) wallet(cents int) sale.Sale {
	s.t.Helper()
	return s.until(s.ask("wechat", cents, "").ID, "paid", func(v sale.Sale) bool { return v.State == sale.Paid })
}

// queue returns the queue of reports.
func (s *shop) queue() (v device.QueueView) {
	s.t.Helper()
	res, err := http.Get("http://" + s.n + "/v1/queue")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// held reports whether the terminal is held by something, and sells by card if not.
func (s *shop) held() bool {
	s.t.Helper()
	code, body := s.post("sales", `{"amount":450,"method":"card","replaces":"none"}`)
	var made sale.Sale
	if code == http.StatusConflict || json.Unmarshal(body, &made) != nil {
		return true
	}
	s.until(made.ID, "paid", func(v sale.Sale) bool { return v.State == sale.Paid })
	return false
}

func (s *shop) reported(id sale.ID) sale.Sale {
	s.t.Helper()
	return s.until(id, "reported", func(v sale.Sale) bool { return v.Reported == sale.ReportDone })
}

// TestTheGatewaysWordsAboutAPayment are those of one order: what it says oddly, what
// only informs, and what contradicts. Between them the shop goes on.
func TestTheGatewaysWordsAboutAPayment(t *testing.T) {
	s, g := newGatewayShop(t, "")
	for name, odd := range map[string]fakeSays{
		"a text date":            fakeOK("status", 2, "paySuccTime", "2026-11-21 18:40:00"),
		"amounts as texts":       fakeOK("status", "2.0", "amount", "1000.0"),
		"booleans":               fakeOK("status", 3, "paySuccTime", true, "settled", false),
		"a member more":          {fields: map[string]any{"retCode": "SUCCESS", "resCode": "SUCCESS", "status": 2, "Zone": "x", "batch": "y"}, natural: true},
		"another number":         fakeOK("status", 2, "payOrderId", "ANOTHER"),
		"a number of 64":         fakeOK("status", 2, "payOrderId", strings.Repeat("P", 64)),
		"a system error":         fakeFail("SYSTEMERROR"),
		"a firewall":             {code: 405, body: "<html>"},
		"too frequent":           fakeFail("FREQUENCY_LIMITED"),
		"no permission":          fakeFail("mchId has no permission for this order"),
		"words of the signature": {body: `{"retCode":"FAIL","retMsg":"order is closed for permission"}`},
	} {
		one := ""
		g.set(func() {
			g.odd = func(c fakeCall) fakeSays {
				if c.what == "create_order" && c.amount == 1000 {
					one = c.no
				}
				if c.what != "query_order" || c.no != one {
					return fakeSays{}
				}
				if odd.fields != nil {
					odd.fields["mchOrderNo"] = c.no
				}
				return odd
			}
		})
		made := s.ask("wechat", 1000, "")
		paid := odd.fields["status"] != nil
		v := s.until(made.ID, "ended", func(v sale.Sale) bool { return v.State != sale.Waiting })
		if (v.State == sale.Paid) != paid {
			t.Errorf("%s: %s (%s)", name, v.State, v.Words)
		}
		if other := odd.fields["payOrderId"] != nil; (v.Incident != "") != other {
			t.Errorf("%s: incident %q", name, v.Incident)
		}
		s.wallet(1234) // whatever was said, it was said of that order
	}
}

func TestTheGatewaysWordsAboutARefund(t *testing.T) {
	s, g := newGatewayShop(t, "")
	for name, c := range map[string]struct {
		told   fakeSays // of refund_order, which is carried out
		status any      // told by query_refund
		want   sale.MovementState
	}{
		"system error":   {fakeFail("system error"), 2, sale.MovementDone},
		"SYSTEMERROR":    {fakeFail("SYSTEMERROR"), 3, sale.MovementDone},
		"SYSTEM_ERROR":   {fakeFail("SYSTEM_ERROR"), 2, sale.MovementDone},
		"a third party":  {fakeFail("0110 第三方超时"), 2, sale.MovementDone},
		"not enough":     {fakeFail("NOT ENOUGH"), 2, sale.MovementDone},
		"accepted":       {fakeSays{}, 2, sale.MovementDone},
		"failed":         {fakeSays{}, 9, sale.MovementRefused},
		"pending":        {fakeSays{}, 0, sale.MovementWaiting},
		"in process":     {fakeSays{}, "PROCESSING", sale.MovementWaiting},
		"4 is no word":   {fakeSays{}, 4, sale.MovementWaiting},
		"lost":           {fakeSays{hangsUp: true}, 2, sale.MovementDone},
		"too early":      {fakeSays{hangsUp: true}, nil, sale.MovementUnsure},
		"business":       {fakeFail("TRADE_OVERDUE"), 2, sale.MovementRefused},
		"nobody's words": {fakeSays{body: `{"retCode":"FAIL","retMsg":"TRADE_OVERDUE"}`}, 2, sale.MovementDone},
	} {
		g.set(func() { g.odd, g.undone = nil, nil })
		v := s.wallet(2000)
		g.set(func() {
			g.undone = func(call fakeCall) bool { return c.status == nil && call.what == "refund_order" }
			g.odd = func(call fakeCall) fakeSays {
				switch {
				case call.what == "refund_order":
					return c.told
				case call.what == "query_refund" && c.status != nil:
					return fakeOK("mchRefundNo", call.no, "status", c.status)
				}
				return fakeSays{}
			}
		})
		s.back(v.ID, "refund", `{"amount":2000,"by":"Ann"}`)
		asked := func(v sale.Sale) bool {
			m := v.Refunds[0]
			g.mu.Lock()
			defer g.mu.Unlock()
			n := g.sent["query_refund "+m.ID]
			return m.Final() || c.want == sale.MovementWaiting && n > 1 || c.want == sale.MovementUnsure && n > 0 && m.State == sale.MovementUnsure
		}
		m := s.until(v.ID, "asked about", asked).Refunds[0]
		if m.State != c.want {
			t.Errorf("%s: %s (%s), want %s", name, m.State, m.Words, c.want)
		}
		g.set(func() {
			if n := g.sent["refund_order "+m.ID]; n != 1 {
				t.Errorf("%s: sent %d times", name, n)
			}
		})
		code, body := s.post("sales/"+string(v.ID)+"/refund", `{"amount":2000,"by":"Ann"}`)
		if again := code/100 == 2; again != (c.want == sale.MovementRefused) {
			t.Errorf("%s: another refund: %d %s", name, code, body)
		}
	}
}

// TestOneReportHindersNobody: card sales whose reports are always answered oddly, in
// a process that has never reported before.
func TestOneReportHindersNobody(t *testing.T) {
	s, g := newGatewayShop(t, "")
	poisons := map[int]fakeSays{
		9001: {code: 405, body: "<html>"}, 9002: {code: 500, body: "oops"}, 9003: {hangsUp: true}, 9004: {code: 429, after: "60", body: "slow down"}, 9005: {body: "not JSON"},
		9006: fakeOK("mchOrderNo", "ANOTHER"), 9007: {body: `{"retCode":"SUCCESS","resCode":"SUCCESS","sign":"00"}`}, 9008: fakeFail("system error"),
		9009: fakeFail("merchant not support JCB card"), 9010: fakeFail("no permission"), 9011: fakeFail("request too frequent"), 9012: {body: `{"retCode":"FAIL","retMsg":"支付中心系统异常"}`},
	}
	g.set(func() {
		g.odd = func(c fakeCall) fakeSays {
			if c.ask["channelId"] == "CC_PAX" {
				return poisons[c.amount]
			}
			return fakeSays{}
		}
	})
	s.reported(s.paid(500).ID) // the first one, held against the terminal's totals
	for end := time.Now().Add(deadline); s.terminal.count("R02") < 2 || s.held(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the terminal's totals were asked for %d times", s.terminal.count("R02"))
		}
	}
	bad := map[int]sale.ID{}
	for cents := range poisons {
		bad[cents] = s.paid(cents).ID
		s.reported(s.paid(600).ID)
		s.wallet(700)
	}
	for cents, id := range bad {
		if v := s.show(id); v.Reported == sale.ReportDone {
			t.Errorf("the report of %d counts as done", cents)
		}
	}
	for _, r := range s.queue().Reports {
		if r.Words == "" && r.Attempts > 0 {
			t.Errorf("the report of %s waits without a word", r.Amount)
		}
		if r.State == sale.QueueSetAside && (r.Amount == 9004 || r.Amount == 9011) {
			t.Errorf("words of patience set a report aside: %q", r.Words)
		}
	}
	s.restart()
	s.reported(s.paid(800).ID)
	g.set(func() {
		for no, n := range g.reports {
			if g.sent["create_order "+no] > 0 && n > 1 && g.odd(fakeCall{}).fields == nil && n != g.sent["create_order "+no] {
				t.Errorf("report %s was accepted %d times", no, n)
			}
		}
	})
}

func TestOneChannelAndOneScanHinderNobody(t *testing.T) {
	s, g := newGatewayShop(t, "")
	g.set(func() {
		g.odd = func(c fakeCall) fakeSays {
			switch {
			case c.what == "create_order" && c.ask["channelId"] == "ALIPAY_QR":
				return fakeFail("mchId has no permission for channel ALIPAY_QR")
			case c.what == "create_order" && c.ask["channelId"] == "WX_MICROPAY":
				return fakeFail("AUTHCODEEXPIRE")
			case c.what == "query_order" && g.orders[c.no]["channelId"] == "WX_MICROPAY":
				return fakeSays{body: `{"retCode":"FAIL","retMsg":"order not exist"}`}
			case c.what == "create_order" && c.amount == 4000:
				return fakeOK("mchOrderNo", c.no, "payOrderId", "P"+c.no, "codeUrl", "weixin://wxpay/x\n")
			}
			return fakeSays{}
		}
	})
	refused := s.until(s.ask("alipay", 1000, "").ID, "ended", func(v sale.Sale) bool { return v.State.Final() })
	if refused.State != sale.Cancelled || !strings.Contains(refused.Words, "no permission") {
		t.Errorf("a channel that is not there: %s (%s)", refused.State, refused.Words)
	}
	s.wallet(1100)
	s.wallet(4000) // its code ends with a line end
	scan := s.ask("scan", 1200, `,"authCode":"134567890123456789"`)
	v := s.until(scan.ID, "off the till", func(v sale.Sale) bool { return v.State != sale.Waiting })
	if v.State != sale.Unsure || !strings.Contains(v.Words+v.Attempts[0].Words, "AUTHCODEEXPIRE") || v.Attention == "" {
		t.Errorf("a scan that is refused: %s (%s), attention %q", v.State, v.Words, v.Attention)
	}
	s.wallet(1300) // the till is free
	if code, body := s.post("sales/"+string(scan.ID)+"/resolve", `{"as":"cancelled","reason":"the phone says expired","by":"Ann"}`); code != http.StatusOK {
		t.Errorf("a person may resolve it: %d %s", code, body)
	}
}

// TestAnOrderPaidThoughClosed comes out when the day is closed, over a restart.
func TestAnOrderPaidThoughClosed(t *testing.T) {
	s, g := newGatewayShop(t, "")
	closed := true
	g.set(func() {
		g.odd = func(c fakeCall) fakeSays {
			if o := g.orders[c.no]; c.what == "query_order" && o != nil && closed {
				return fakeOK("mchOrderNo", c.no, "payOrderId", o["payOrderId"], "amount", o["amount"], "currency", "CAD", "status", 4)
			}
			return fakeSays{}
		}
	})
	v := s.until(s.ask("wechat", 1000, "").ID, "closed", func(v sale.Sale) bool { return v.State == sale.Cancelled })
	g.set(func() { closed = false })
	s.restart()
	if code, body := s.post("day/close", `{"by":"Ann","withoutTerminal":true}`); code/100 != 2 || !strings.Contains(string(body), "paid all the same") {
		t.Errorf("the day: %d %s", code, body)
	}
	v = s.until(v.ID, "an incident", func(v sale.Sale) bool { return v.Incident != "" })
	s.back(v.ID, "refund", `{"by":"Ann"}`)
	if v = s.givenBack(v.ID, sale.MovementDone); v.State != sale.Cancelled {
		t.Errorf("it is %s now", v.State)
	}
}

// TestTheReportIsACharge: what the second reading says, where the first one is in force.
func TestTheReportIsACharge(t *testing.T) {
	s, g := newGatewayShop(t, "")
	g.set(func() {
		g.charges = func() {
			s.terminal.set(func() { s.terminal.memory["CHARGED-BY-IOTPAY"] = &fakeRecord{kind: "01"} })
		}
	})
	s.paid(500)
	for end := time.Now().Add(deadline); !strings.Contains(s.queue().Words, "STOPPED"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nothing is stopped: %+v", s.queue())
		}
	}
	for _, when := range []string{"at once", "after a restart"} {
		if code, body := s.post("sales", `{"amount":600,"method":"card"}`); code != http.StatusServiceUnavailable || !strings.Contains(string(body), "second time") {
			t.Errorf("%s: a card sale: %d %s", when, code, body)
		}
		s.wallet(700)
		if when == "at once" {
			s.restart()
		}
	}
	g.set(func() {
		if len(g.reports) != 1 {
			t.Errorf("%d reports went", len(g.reports))
		}
	})
}

// TestTheGatewayDrivesTheTerminal: the order is the charge, sent once.
func TestTheGatewayDrivesTheTerminal(t *testing.T) {
	g := newFakeGateway(t)
	b := newBox(t, "[terminal]\ndriver = \"iotpay\"\n"+g.section()+"card_timeout = \"10s\"\n")
	s := &shop{box: b, terminal: &fakeTerminal{}, running: b.daemon()}
	const record = `{"cardType":"M","cardNum":"XXXXXXXXXXXX1166","authNum":"01046Z","trxMethod":"T"}`
	for cents, says := range map[int]fakeSays{
		1000: {}, 1001: {hangsUp: true}, 1002: fakeFail("DECLINED"), 1003: fakeFail("system error"), 1004: {code: 500, body: "oops"},
	} {
		g.set(func() {
			g.odd = func(c fakeCall) fakeSays {
				if c.what == "create_order" && cents == 1000 {
					return fakeOK("mchOrderNo", c.no, "payOrderId", "CC1", "extra", record)
				}
				if c.what == "create_order" {
					return says
				}
				return fakeSays{}
			}
		})
		v := s.sell(cents, "")
		v = s.until(v.ID, "known", func(v sale.Sale) bool { return v.State != sale.Waiting })
		want := map[int]sale.State{1000: sale.Paid, 1002: sale.Declined}[cents]
		if want == "" {
			want = sale.Unsure
		}
		if v.State != want {
			t.Errorf("%d: %s (%s), want %s", cents, v.State, v.Words, want)
		}
		g.set(func() {
			if n := g.sent["create_order "+v.Attempts[0].Ref]; n != 1 {
				t.Errorf("%d: sent %d times", cents, n)
			}
		})
		if want == sale.Unsure { // for a person, who frees the terminal
			s.person(v.ID)
			if code, body := s.post("sales/"+string(v.ID)+"/resolve", `{"as":"declined","reason":"not in IOTPay's list","by":"Ann"}`); code != http.StatusOK {
				t.Errorf("settled: %d %s", code, body)
			}
		}
	}
}
