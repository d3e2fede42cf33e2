package iotpay

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"posd/device/sale"
)

const testdata = "../../testdata/iotpay/"

func parse(t *testing.T, text string) Object {
	t.Helper()
	o, err := ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestSignatureAgreesWithTheHandComputedOnes(t *testing.T) {
	text, err := os.ReadFile(testdata + "sign-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Claim, JSON, Key, Signed, Sign string }
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 14 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, v := range vectors {
		o := parse(t, v.JSON)
		if got := o.SignedText(); got != v.Signed {
			t.Errorf("%s:\n got %s\nwant %s", v.Claim, got, v.Signed)
		}
		if got := Sign(o, sale.Secret(v.Key)); got != v.Sign {
			t.Errorf("%s: %s, want %s", v.Claim, got, v.Sign)
		}
	}
}

func TestVerdictsAreToldApart(t *testing.T) {
	const key sale.Secret = "7f3a9c0e"
	sign := func(text string) string { return digest(text, key) }
	for name, tt := range map[string]struct {
		json string
		want Verdict
	}{
		"right":                       {`{"a":"1","b":2,"sign":"` + sign("a=1&b=2") + `"}`, Genuine},
		"right in small letters":      {`{"a":"1","b":2,"sign":"` + strings.ToLower(sign("a=1&b=2")) + `"}`, Genuine},
		"a field more":                {`{"a":"1","b":2,"c":3,"sign":"` + sign("a=1&b=2") + `"}`, Forged},
		"none":                        {`{"a":"1"}`, Unsigned},
		"empty":                       {`{"a":"1","sign":""}`, Unsigned},
		"null":                        {`{"a":"1","sign":null}`, Unsigned},
		"short":                       {`{"a":"1","sign":"00"}`, Forged},
		"payParams left out":          {`{"a":"1","payParams":"x","sign":"` + sign("a=1") + `"}`, Genuine},
		"payParams taken in":          {`{"a":"1","payParams":"x","sign":"` + sign("a=1&payParams=x") + `"}`, Genuine},
		"object as compact JSON":      {`{"retParams":{"url": "x"},"sign":"` + sign(`retParams={"url":"x"}`) + `"}`, Genuine},
		"object signed another way":   {`{"retParams":{"url":"x"},"sign":"` + sign("retParams={url=x}") + `"}`, NotVerifiable},
		"empty list":                  {`{"list":[],"sign":"00"}`, NotVerifiable},
		"another key":                 {`{"a":"1","sign":"` + digest("a=1", "other") + `"}`, Forged},
		"a name like another by case": {`{"status":0,"Status":2,"sign":"` + sign("status=0") + `"}`, Forged},
	} {
		if got := Verify(parse(t, tt.json), key); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestSignedRequestKeepsItsBytes(t *testing.T) {
	for text, want := range map[string]string{
		`{"amount":1,"b":"x & y"}`: `{"amount":1,"b":"x & y","sign":"` + digest("amount=1&b=x & y", "k") + `"}`,
		`{}`:                       `{"sign":"` + digest("", "k") + `"}`,
	} {
		got, err := signed([]byte(text), "k")
		if err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", text, got, err)
		}
		if v := Verify(parse(t, string(got)), "k"); v != Genuine {
			t.Errorf("%s is %s", got, v)
		}
	}
	for name, text := range map[string]string{"not UTF-8": "{\"a\":\"\xff\"}", "signed already": `{"sign":"X"}`, "a list": `[]`, "more": `{} {}`} {
		if got, err := signed([]byte(text), "k"); err == nil {
			t.Errorf("%s: became %s", name, got)
		}
	}
}

// TestBothSortingOrdersAgree holds what makes the byte-wise order safe: the
// gateway's own sample code sorts without regard to case.
func TestBothSortingOrdersAgree(t *testing.T) {
	for name, fields := range map[string]string{
		"create": "mchId mchOrderNo jobNo channelId currency amount clientIp device deviceId osType notifyUrl returnUrl subject body param1 param2 extra codeType identityCode remarks source tip",
		"placed": "retCode resCode retMsg payOrderId mchOrderNo retParams retDetail codeUrl qr_code prepayId payUrl payParams extra errCode errCodeDes",
		"query":  "retCode resCode retMsg errCode errCodeDes payOrderId mchId mchOrderNo channelId currency amount status clientIp device notifyUrl subject body param1 param2 extra paySuccTime channelOrderNo",
		"notify": "payOrderId mchId mchOrderNo channelId currency amount status clientIp device subject body channelOrderNo param1 param2 paySuccTime backType",
		"refund": "mchId mchRefundNo refundAmount clientIp loginName payOrderId device currency channelId retCode retMsg resCode",
	} {
		bytewise := strings.Fields(fields)
		slices.Sort(bytewise)
		caseless := strings.Fields(fields)
		slices.SortFunc(caseless, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		if !slices.Equal(bytewise, caseless) {
			t.Errorf("%s: %v against %v", name, bytewise, caseless)
		}
	}
}

func FuzzParseObject(f *testing.F) {
	for _, file := range []string{"answer-alipay-pc-new.json", "answer-alipay-mobile-old.json", "answer-wx-native-table.json", "request-wx-jsapi.json"} {
		text, err := os.ReadFile(testdata + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := ParseObject(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("took what is not JSON: %q", text)
		}
		// What is signed here must verify here, whatever it holds.
		if o.find("sign").raw == nil {
			if again, err := signed(text, "key"); err == nil && Verify(parse(t, string(again)), "key") != Genuine {
				t.Fatalf("own signature does not verify: %q", again)
			}
		}
		placed(o)
		_, _ = orderState(o)
		_, _ = refundState(o)
	})
}
