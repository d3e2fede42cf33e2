package iotpaysim

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// order is one order for a wallet.
type order struct {
	MchOrderNo string    `json:"mchOrderNo"`
	PayOrderID string    `json:"payOrderId"`
	Channel    string    `json:"channelId"`
	Amount     int64     `json:"amount"`
	Currency   string    `json:"currency"`
	Status     int       `json:"status"`
	Code       string    `json:"code,omitempty"` // text of the QR
	Subject    string    `json:"subject"`
	Body       string    `json:"body"`
	Created    time.Time `json:"created"`
	PaidAt     time.Time `json:"paidAt,omitzero"`
	Creates    int       `json:"creates"` // how often create_order named it
	Queries    int       `json:"queries"`
	Refunded   int64     `json:"refunded"`

	request map[string]string
}

// report is one card sale that was reported.
type report struct {
	MchOrderNo string `json:"mchOrderNo"`
	PayOrderID string `json:"payOrderId"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	CardNum    string `json:"cardNum"`
	Keys       int    `json:"extraKeys"`
	Accepted   int    `json:"accepted"` // once, always
	Repeats    int    `json:"repeats"`
	extra      string
}

// channel says what one channel asks for and answers.
type channel struct {
	prefix     string
	currencies string
	needs      []string // fields, or keys of extra as "extra.name"
}

var channels = map[string]channel{
	"WX_NATIVE":       {"WN", "CAD USD CNY", []string{"extra.productId"}},
	"WX_JSAPI":        {"WJ", "CAD USD CNY", []string{"extra.openId"}},
	"WX_APP":          {"WA", "CAD USD", []string{"extra.appId", "extra.type"}},
	"WX_MICROPAY":     {"WM", "CAD USD", []string{"codeType", "identityCode"}},
	"ALIPAY_QR":       {"AQ", "CAD USD", nil},
	"ALIPAY_PC":       {"AP", "CAD USD CNY", []string{"returnUrl"}},
	"ALIPAY_WAP":      {"AW", "CAD USD CNY", []string{"returnUrl", "osType"}},
	"ALIPAY_MOBILE":   {"AA", "CAD USD", []string{"returnUrl", "osType"}},
	"ALIPAY_MICROPAY": {"AM", "CAD USD", []string{"codeType", "identityCode"}},
	"UPI_QR":          {"UQ", "CAD USD", nil},
	"UPI_SEQ":         {"US", "CAD USD CNY", nil},
	"UPI_APP":         {"UA", "CAD USD", nil},
	"UPI_MICROPAY":    {"UM", "CAD", []string{"codeType", "identityCode"}},
	"CC_PAX":          {"CC", "CAD", []string{"extra"}},
}

// createOrder answers create_order. The caller holds g.mu.
func (g *Gateway) createOrder(r request) reply {
	orderNo, extraLimit := 36, 1024
	if g.opts.Strict {
		orderNo, extraLimit = 30, 512
	}
	if bad := r.check([]want{
		{"mchId", 30, true}, {"mchOrderNo", orderNo, true}, {"jobNo", 50, true}, {"channelId", 24, true},
		{"currency", 3, true}, {"clientIp", 32, true}, {"notifyUrl", 200, true}, {"subject", 64, true}, {"body", 255, true},
		{"device", 64, false}, {"deviceId", 64, false}, {"osType", 10, false}, {"returnUrl", 200, false}, {"param2", 64, false},
		{"codeType", 64, false}, {"identityCode", 64, false}, {"remarks", 200, false},
	}); bad != nil {
		return bad
	}
	amount, bad := r.cents("amount")
	if bad != nil {
		return bad
	}
	if bad := g.checkOrder(r, extraLimit); bad != nil {
		return bad
	}
	no, name := r.text["mchOrderNo"], r.text["channelId"]
	if r.strike.exists {
		return fail("order exists")
	}
	if name == "CC_PAX" {
		return g.takeReport(r, amount)
	}
	if o := g.find(no); o != nil {
		o.Creates++
		return r.exists("商户订单", "order exists")
	}
	o := &order{
		MchOrderNo: no,
		PayOrderID: g.newID(channels[name].prefix),
		Channel:    name,
		Amount:     amount,
		Currency:   r.text["currency"],
		Subject:    r.text["subject"],
		Body:       r.text["body"],
		Created:    time.Now().UTC(),
		Creates:    1,
		request:    r.text,
	}
	if r.strike.longPayOrder {
		o.PayOrderID += strings.Repeat("0", 64-len(o.PayOrderID))
	}
	g.orders = append(g.orders, o)
	if strings.HasSuffix(name, "_MICROPAY") {
		if words := g.debit(o); words != "" {
			o.Status = 4
			return fail("%s", words)
		}
	} else {
		o.Code = g.code(name)
	}
	a := ok()
	a["payOrderId"], a["mchOrderNo"] = o.PayOrderID, o.MchOrderNo
	for field, v := range placedFields(name, o) {
		a[field] = v
	}
	if r.strike.codeNewline {
		for field, v := range a {
			if v == o.Code && o.Code != "" {
				a[field] = o.Code + "\n"
			}
		}
	}
	return a
}

// checkOrder checks what depends on the channel.
func (g *Gateway) checkOrder(r request, extraLimit int) reply {
	ch, known := channels[r.text["channelId"]]
	if !known {
		return fail("channelId %q is not known", r.text["channelId"])
	}
	if g.opts.JobNo != "" && r.text["jobNo"] != g.opts.JobNo {
		return fail("jobNo is not a login of this merchant")
	}
	if !slices.Contains(strings.Fields(ch.currencies), r.text["currency"]) {
		return fail("currency %q is not taken by %s", r.text["currency"], r.text["channelId"])
	}
	if _, err := netip.ParseAddr(r.text["clientIp"]); err != nil {
		return fail("clientIp is not an address")
	}
	if r.text["param1"] != "" {
		return fail("param1 is reserved")
	}
	extra := map[string]string{}
	if text := r.text["extra"]; text != "" {
		if len(text) > extraLimit {
			return fail("extra has %d bytes, at most %d are taken", len(text), extraLimit)
		}
		_ = json.Unmarshal([]byte(text), &extra) // one page says that any text will do
	}
	for _, need := range ch.needs {
		if key, inExtra := strings.CutPrefix(need, "extra."); inExtra && extra[key] == "" {
			return fail("extra: %s is missing", key)
		} else if !inExtra && r.text[need] == "" {
			return fail("%s is missing", need)
		}
	}
	if os := r.text["osType"]; os != "" && os != "IOS" && os != "ANDROID" {
		return fail("osType must be IOS or ANDROID")
	}
	if n := extra["cardNum"]; n != "" && !strings.HasPrefix(n, "XXXX") {
		return fail("extra: cardNum is not masked")
	}
	return nil
}

// takeReport answers a card report: once per number.
func (g *Gateway) takeReport(r request, amount int64) reply {
	for _, p := range g.reports {
		if p.MchOrderNo == r.text["mchOrderNo"] {
			p.Repeats++
			return r.exists("商户订单", "order exists")
		}
	}
	var extra map[string]string
	_ = json.Unmarshal([]byte(r.text["extra"]), &extra) // read once already
	p := &report{
		MchOrderNo: r.text["mchOrderNo"],
		PayOrderID: g.newID("CC"),
		Amount:     amount,
		Currency:   r.text["currency"],
		CardNum:    extra["cardNum"],
		Keys:       len(extra),
		Accepted:   1,
		extra:      r.text["extra"],
	}
	g.reports = append(g.reports, p)
	a := ok()
	a["payOrderId"], a["mchOrderNo"], a["extra"] = p.PayOrderID, p.MchOrderNo, p.extra
	return a
}

// find returns an order by either of its numbers.
func (g *Gateway) find(no string) *order {
	for _, o := range g.orders {
		if no != "" && (o.MchOrderNo == no || o.PayOrderID == no) {
			return o
		}
	}
	return nil
}

// code makes the text of a QR that looks like the real ones.
func (g *Gateway) code(channel string) string {
	g.serial++
	sum := sha256.Sum256(fmt.Append(nil, "code ", g.serial))
	letters := base32.StdEncoding.EncodeToString(sum[:])
	digits := new(big.Int).SetBytes(sum[:]).String()
	switch channel {
	case "WX_NATIVE":
		return "weixin://wxpay/bizpayurl?pr=" + letters[:7] + "zz"
	case "ALIPAY_QR":
		return "https://qr.alipayplus.com/28" + digits[:16] + letters[:6]
	case "UPI_QR":
		return "https://qr.95516.com/00010000/" + digits[:32] // 62 characters, as theirs
	}
	return ""
}

// placedFields are the channel's own fields of an answer.
func placedFields(channel string, o *order) map[string]any {
	url := "https://cashier.example/pay?order=" + o.PayOrderID
	form := `<form action="` + url + `" method="get"><input type="submit" value="OK"></form>`
	switch channel {
	case "WX_NATIVE":
		return map[string]any{"codeUrl": o.Code, "prepayId": "wx" + o.PayOrderID, "retParams": o.Code, "retDetail": o.Code}
	case "ALIPAY_QR", "UPI_QR":
		return map[string]any{"qr_code": o.Code, "retParams": o.Code, "retDetail": o.Code}
	case "ALIPAY_PC", "ALIPAY_WAP":
		return map[string]any{"payUrl": form, "retDetail": form, "retParams": map[string]any{"alipayUrl": url, "url": url, "tradeNo": o.PayOrderID[2:]}}
	case "ALIPAY_MOBILE":
		scheme := "alipayconnect://platformapi/acwallet?code=" + o.PayOrderID
		return map[string]any{"payParams": scheme, "retDetail": url, "retParams": map[string]any{"url": url, "schemeUrl": scheme, "tradeNo": o.PayOrderID[2:]}}
	case "UPI_SEQ":
		return map[string]any{"payUrl": form, "retDetail": form, "retParams": map[string]any{"unionpayUrl": url}}
	case "WX_JSAPI", "WX_APP":
		return map[string]any{"prepayId": "wx" + o.PayOrderID, "retParams": "prepay_id=wx" + o.PayOrderID, "retDetail": ""}
	case "UPI_APP":
		return map[string]any{"retParams": o.PayOrderID, "retDetail": ""}
	}
	return nil
}

// queryOrder answers query_order. The caller holds g.mu.
func (g *Gateway) queryOrder(r request) reply {
	if r.text["mchOrderNo"] == "" && r.text["payOrderId"] == "" {
		return fail("mchOrderNo or payOrderId is missing")
	}
	o := g.find(cmp.Or(r.text["payOrderId"], r.text["mchOrderNo"]))
	if o == nil || r.strike.notFound {
		return reply{"retCode": "FAIL", "resCode": "FAIL", "retMsg": "order not exist", "errCode": "ORDERNOTEXIST", "errCodeDes": "order not exist"}
	}
	o.Queries++
	a := o.told()
	for field, v := range ok() {
		a[field] = v
	}
	if r.strike.wrongAmount {
		a["amount"] = o.Amount + 1
	}
	r.strike.oddly(a, o)
	return a
}

// oddly writes an answer about an order in ways that mean the same, or says of
// the order what is not so.
func (s strike) oddly(a reply, o *order) {
	if s.stillPayable && !o.paid() {
		a["status"] = 4
	}
	if s.otherPayOrder {
		a["payOrderId"] = "X" + o.PayOrderID[1:]
	}
	if s.fractions {
		a["amount"], a["status"] = json.Number(fmt.Sprintf("%d.0", a["amount"])), json.Number(fmt.Sprintf("%d.0", a["status"]))
	}
	if s.textTimes && o.paid() {
		a["paySuccTime"] = o.PaidAt.Format(time.DateTime)
	}
	if s.odd {
		a["paySuccTime"], a["channelOrderNo"], a["settled"], a["batch"] = true, false, true, 0.5
	}
}

// told is what query answers and notifications tell of an order.
func (o *order) told() reply {
	a := reply{
		"payOrderId": o.PayOrderID, "mchId": o.request["mchId"], "mchOrderNo": o.MchOrderNo, "channelId": o.Channel,
		"currency": o.Currency, "amount": o.Amount, "status": o.Status, "clientIp": o.request["clientIp"],
		"device": o.request["device"], "notifyUrl": o.request["notifyUrl"], "subject": o.Subject, "body": o.Body,
		"param1": o.MchOrderNo, "param2": o.request["param2"], "extra": o.request["extra"],
	}
	if o.paid() {
		a["paySuccTime"] = o.PaidAt.UnixMilli()
		a["channelOrderNo"] = "42000" + o.PayOrderID[2:]
	}
	return a
}

func (o *order) paid() bool   { return o.Status == 2 || o.Status == 3 }
func (o *order) closed() bool { return o.Status == 4 || o.Status == 9 }
