package iotpay_test

import (
	"log/slog"
	"strings"
	"testing"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// cardRecord is the card's record of the documents' sample, as an answer holds it.
const cardRecord = `{"cardType":"M","cardNum":"5555555555551166","expireDate":"1022","emvLabel":"MASTERCARD","emvAID":"A0000000041010","authNum":"01046Z",` +
	`"batchNum":"0008","trxMethod":"T","receiptDisp":"000 Approved 00 Thank You","langCode":"E","trxDate":"01202021","trxTime":"164033","trxCode":"00"}`

// TestAnOrderThatIsTheCharge: what the gateway's answer proves where it drives the
// terminal. The stub takes the money in every case and answers once.
func TestAnOrderThatIsTheCharge(t *testing.T) {
	s := newStub(t)
	cfg := testConfig()
	cfg.BaseURL = s.URL + "/v1/"
	c, err := iotpay.New(cfg, sale.Secret(s.key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	terminal := iotpay.NewTerminal(c, "CAD")
	for name, tt := range map[string]struct {
		answer func(no string) *stubAnswer
		want   sale.Verdict
		cents  sale.Amount
	}{
		"approved": {func(no string) *stubAnswer { return s.say("mchOrderNo", no, "payOrderId", "CC1", "extra", cardRecord) }, sale.VerdictApproved, 2865},
		"with a surcharge": {func(no string) *stubAnswer {
			return s.say("mchOrderNo", no, "extra", strings.Replace(cardRecord, "{", `{"surchargeAmount":"57",`, 1))
		}, sale.VerdictApproved, 2922},
		"for another amount": {func(no string) *stubAnswer { return s.say("mchOrderNo", no, "amount", "=2000", "extra", cardRecord) }, sale.VerdictApproved, 2000},
		"no record":          {func(no string) *stubAnswer { return s.say("mchOrderNo", no) }, sale.VerdictUnsure, 0},
		"our own words back": {func(no string) *stubAnswer { return s.say("mchOrderNo", no, "extra", `{"pos_flag":"yes"}`) }, sale.VerdictUnsure, 0},
		"a record of no approval": {func(no string) *stubAnswer {
			return s.say("mchOrderNo", no, "extra", strings.Replace(cardRecord, `"authNum":"01046Z"`, `"authNum":""`, 1))
		}, sale.VerdictUnsure, 0},
		"another order's": {func(string) *stubAnswer { return s.say("mchOrderNo", "OTHER", "extra", cardRecord) }, sale.VerdictUnsure, 0},
		"not signed": {func(no string) *stubAnswer {
			return &stubAnswer{body: `{"retCode":"SUCCESS","resCode":"SUCCESS","mchOrderNo":"` + no + `","extra":` + stubJSON(cardRecord) + `}`}
		}, sale.VerdictUnsure, 0},
		"lost":                    {func(string) *stubAnswer { return &stubAnswer{} }, sale.VerdictUnsure, 0},
		"500":                     {func(string) *stubAnswer { return &stubAnswer{code: 500, body: "no"} }, sale.VerdictUnsure, 0},
		"declined":                {func(string) *stubAnswer { return s.fail("DECLINED by issuer") }, sale.VerdictDeclined, 0},
		"declined, not signed":    {func(string) *stubAnswer { return s.unsigned("DECLINED by issuer") }, sale.VerdictUnsure, 0},
		"system error":            {func(string) *stubAnswer { return s.fail("system error: declined") }, sale.VerdictUnsure, 0},
		"time-out upstream":       {func(string) *stubAnswer { return s.fail("0110 第三方超时") }, sale.VerdictUnsure, 0},
		"words that nobody knows": {func(string) *stubAnswer { return s.fail("no luck today") }, sale.VerdictUnsure, 0},
		"a number that was used":  {func(no string) *stubAnswer { return s.unsigned("商户订单[" + no + "]已存在") }, sale.VerdictUnsure, 0},
	} {
		var sent map[string]string
		s.answering(func(c stubCall) *stubAnswer { sent = c.fields; return tt.answer(c.no) })
		ref := strings.ToUpper(strings.ReplaceAll(name, " ", ""))
		a := terminal.Charge(t.Context(), sale.CardRequest{Kind: sale.CardSale, Ref: ref, Amount: 2865})
		if a.Verdict != tt.want || a.Approved != tt.cents || a.Ref != ref || a.Words == "" || a.Reported != (tt.want == sale.VerdictApproved) {
			t.Errorf("%s: %+v, want %s of %s", name, a, tt.want, tt.cents)
		}
		if n := s.times("create_order", ref); n != 1 || sent["channelId"] != "CC_PAX" || sent["amount"] != "2865" || sent["extra"] == "" {
			t.Errorf("%s: asked %d times, with %v", name, n, sent)
		}
		if a.Verdict == sale.VerdictApproved && (a.Card.Number != "XXXXXXXXXXXX1166" || a.Card.AuthCode != "01046Z" || a.Card.TerminalTime != "20210120164033" || a.Extra != "") {
			t.Errorf("%s: the record is %+v", name, a.Card)
		}
		if f := terminal.Find(t.Context(), sale.CardLookup{Ref: ref}); f.Result != sale.FoundUnclear || !strings.Contains(f.Words, ref) {
			t.Errorf("%s: asked after it: %+v", name, f)
		}
		if n := s.times("query_order", ref); n != 0 {
			t.Errorf("%s: a card order was asked after", name)
		}
	}
	for _, kind := range []sale.CardKind{sale.CardVoid, sale.CardReturn, sale.CardAuth, sale.CardComplete} {
		if a := terminal.Charge(t.Context(), sale.CardRequest{Kind: kind, Ref: "X", Amount: 1}); a.Verdict != sale.VerdictNotSent || s.times("create_order", "X") != 0 {
			t.Errorf("%s: %+v", kind, a)
		}
	}
	s.Close()
	c.Close() // on a connection that just died it is not known what was sent: unsure, and rightly so
	if a := terminal.Charge(t.Context(), sale.CardRequest{Kind: sale.CardSale, Ref: "Y", Amount: 1}); a.Verdict != sale.VerdictNotSent {
		t.Errorf("nobody there: %+v", a)
	}
}
