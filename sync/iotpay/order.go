package iotpay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"posd/device/sale"
)

// The channels of the General Order API that a counter does not use; those it
// does use are named in package sale.
const (
	WXJSAPI      sale.Channel = "WX_JSAPI"
	WXApp        sale.Channel = "WX_APP"
	AlipayPC     sale.Channel = "ALIPAY_PC"
	AlipayWAP    sale.Channel = "ALIPAY_WAP"
	AlipayMobile sale.Channel = "ALIPAY_MOBILE"
	UPISeq       sale.Channel = "UPI_SEQ"
	UPIApp       sale.Channel = "UPI_APP"
)

// Channels lists every channel of the General Order API.
var Channels = []sale.Channel{
	sale.WXNative, WXJSAPI, WXApp, sale.WXMicropay,
	sale.AlipayQR, AlipayPC, AlipayWAP, AlipayMobile, sale.AlipayMicropay,
	sale.UPIQR, UPISeq, UPIApp, sale.UPIMicropay,
	sale.CCPax,
}

// Order is a create_order request. Fields left empty are not sent. The client
// fills JobNo, ClientIP, NotifyURL, Subject, Body and Device from its
// configuration where they are empty.
type Order struct {
	No        string       `json:"mchOrderNo"`
	Channel   sale.Channel `json:"channelId"`
	Amount    sale.Amount  `json:"amount"`
	Currency  string       `json:"currency"`
	JobNo     string       `json:"jobNo"`
	ClientIP  string       `json:"clientIp"`
	NotifyURL string       `json:"notifyUrl"`
	ReturnURL string       `json:"returnUrl"`
	Subject   string       `json:"subject"`
	Body      string       `json:"body"`
	Device    string       `json:"device"`
	OSType    string       `json:"osType"`  // IOS or ANDROID
	Param2    string       `json:"param2"`  // comes back in the notification; param1 is the gateway's own
	Remarks   string       `json:"remarks"` //

	ProductID string `json:"productId"` // WX_NATIVE, in extra
	OpenID    string `json:"openId"`    // WX_JSAPI, in extra
	AppID     string `json:"appId"`     // WX_APP and mini programs (WX_JSAPI), in extra

	AuthCode sale.Secret `json:"-"`        // micropay: the customer's code
	DeviceID string      `json:"deviceId"` // micropay: the scanner

	CardExtra sale.Secret `json:"-"`      // CC_PAX: the card transaction; elsewhere instead of what extra is made of. Sent as it is
	Source    string      `json:"source"` // CC_PAX: the point-of-sale software and its version
	Tip       sale.Amount `json:"tip"`    // CC_PAX
}

// rule is what one channel asks of an order besides the fields all share.
type rule struct {
	currencies []string
	needs      []string
	may        []string
}

var (
	dollars     = []string{"CAD", "USD"}
	dollarsYuan = []string{"CAD", "USD", "CNY"}
	canadian    = []string{"CAD"}

	// anywhere are the fields that no channel refuses.
	anywhere = []string{"returnUrl", "osType", "extra"}
)

var rules = map[sale.Channel]rule{
	sale.WXNative:       {dollarsYuan, []string{"productId"}, nil},
	WXJSAPI:             {dollarsYuan, []string{"openId"}, []string{"appId"}},
	WXApp:               {dollars, []string{"appId"}, nil},
	sale.WXMicropay:     {dollars, []string{"identityCode"}, []string{"deviceId"}},
	sale.AlipayQR:       {dollars, nil, nil},
	AlipayPC:            {dollarsYuan, []string{"returnUrl"}, nil},
	AlipayWAP:           {dollarsYuan, []string{"returnUrl", "osType"}, nil},
	AlipayMobile:        {dollars, []string{"returnUrl", "osType"}, nil},
	sale.AlipayMicropay: {dollars, []string{"identityCode"}, []string{"deviceId"}},
	sale.UPIQR:          {dollars, nil, nil},
	UPISeq:              {dollarsYuan, nil, nil},
	UPIApp:              {dollars, nil, nil},
	sale.UPIMicropay:    {canadian, []string{"identityCode"}, []string{"deviceId"}},
	sale.CCPax:          {canadian, []string{"extra"}, []string{"source", "tip"}},
}

// special are the fields that only some channels take.
func (o Order) special() []textField {
	tip := ""
	if o.Tip != 0 {
		tip = fmt.Sprint(int64(o.Tip))
	}
	return []textField{
		{"productId", o.ProductID, 64, false},
		{"openId", o.OpenID, 128, false},
		{"appId", o.AppID, 64, false},
		{"identityCode", o.AuthCode.Reveal(), 64, true},
		{"deviceId", o.DeviceID, 64, false},
		{"returnUrl", o.ReturnURL, 200, false},
		{"osType", o.OSType, 10, false},
		{"extra", o.CardExtra.Reveal(), 0, true}, // its own limit: maxExtra bytes
		{"source", o.Source, 64, false},
		{"tip", tip, 12, false},
	}
}

// Validate returns all that the gateway would refuse, each error naming the
// field, the limit and the value.
func (o Order) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	r, known := rules[o.Channel]
	if !known {
		return fmt.Errorf("channelId: %q is not a channel: use one of %v", o.Channel, Channels)
	}
	for _, f := range []textField{
		{"mchOrderNo", o.No, maxOrderNo, false},
		{"jobNo", o.JobNo, 50, false},
		{"clientIp", o.ClientIP, 32, false},
		{"notifyUrl", o.NotifyURL, 200, false},
		{"subject", o.Subject, 64, false},
		{"body", o.Body, 255, false},
	} {
		if f.value == "" {
			fault("%s: missing", f.name)
		}
		faults = f.check(faults)
	}
	for _, f := range []textField{
		{"device", o.Device, 64, false},
		{"param2", o.Param2, 64, false},
		{"remarks", o.Remarks, 200, false},
	} {
		faults = f.check(faults)
	}
	for _, f := range o.special() {
		switch needed := slices.Contains(r.needs, f.name); {
		case f.value == "" && needed && (o.CardExtra == "" || !inExtra[f.name]):
			fault("%s: missing, %s needs it", f.name, o.Channel)
		case f.value != "" && !needed && !slices.Contains(r.may, f.name) && !slices.Contains(anywhere, f.name):
			fault("%s: %s does not take it", f.name, o.Channel)
		}
		faults = f.check(faults)
	}
	if err := o.Amount.Valid(); err != nil {
		fault("amount: %w", err)
	}
	if o.Tip < 0 {
		fault("tip: %s is below zero", o.Tip)
	}
	if !slices.Contains(r.currencies, o.Currency) {
		fault("currency: %q is not taken by %s: use one of %v", o.Currency, o.Channel, r.currencies)
	}
	if o.OSType != "" && o.OSType != "IOS" && o.OSType != "ANDROID" {
		fault("osType: %q: use IOS or ANDROID", o.OSType)
	}
	if extra := o.extra(); len(extra) > maxExtra {
		fault("extra: %d bytes, at most %d", len(extra), maxExtra)
	}
	return errors.Join(faults...)
}

// Limits of an order's number, in characters: what the documents say, and what
// their own samples use.
const (
	maxOwnNo   = 30
	maxOrderNo = 36
)

// inExtra are the fields that stand inside extra, and not beside it.
var inExtra = map[string]bool{"productId": true, "openId": true, "appId": true}

// Warnings says where the documents disagree about what the order asks for. It is
// sent all the same: the gateway knows best.
func (o Order) Warnings() []string {
	var all []string
	if n := utf8.RuneCountInString(o.No); n > maxOwnNo && n <= maxOrderNo {
		all = append(all, fmt.Sprintf("mchOrderNo has %d characters: the documents promise %d, and their own samples use %d", n, maxOwnNo, maxOrderNo))
	}
	if o.Channel == sale.UPIQR && o.Currency == "USD" {
		all = append(all, "USD by UPI_QR: one page of the documents takes it, another one takes CAD only")
	}
	if o.Channel == sale.CCPax && o.CardExtra != "" {
		if _, err := ParseObject([]byte(o.CardExtra.Reveal())); err != nil {
			all = append(all, "extra is no JSON object: the documents call it one, and one page says that any text will do")
		}
	}
	return all
}

// maxExtra is the documented limit of extra, in UTF-8 bytes.
const maxExtra = 512

// extra is the channel's own JSON text.
func (o Order) extra() string {
	var p params
	switch {
	case o.CardExtra != "":
		return o.CardExtra.Reveal()
	case o.ProductID != "":
		p.text("productId", o.ProductID)
	case o.OpenID != "":
		p.text("openId", o.OpenID)
		if o.AppID != "" { // a mini program
			p.text("type", "minipay")
			p.text("appId", o.AppID)
		}
	case o.AppID != "":
		p.text("type", "apppay")
		p.text("appId", o.AppID)
	default:
		return ""
	}
	return string(p.object())
}

// params writes the request without its signature, fields in a fixed order.
func (o Order) params(mchID string) []byte {
	var p params
	p.text("mchId", mchID)
	p.text("mchOrderNo", o.No)
	p.text("jobNo", o.JobNo)
	p.text("channelId", string(o.Channel))
	p.text("currency", o.Currency)
	p.number("amount", int64(o.Amount))
	p.text("clientIp", o.ClientIP)
	p.text("device", o.Device)
	p.text("deviceId", o.DeviceID)
	p.text("osType", o.OSType)
	p.text("notifyUrl", o.NotifyURL)
	p.text("returnUrl", o.ReturnURL)
	p.text("subject", o.Subject)
	p.text("body", o.Body)
	p.text("param2", o.Param2)
	p.text("remarks", o.Remarks)
	if o.AuthCode != "" {
		p.text("codeType", "barcode")
		p.text("identityCode", o.AuthCode.Reveal())
	}
	p.text("source", o.Source)
	if o.Tip > 0 {
		p.number("tip", int64(o.Tip))
	}
	p.text("extra", o.extra())
	return p.object()
}

// Placed is the answer to create_order, for any channel and in the shape from
// before and after March 2026. Fields that the channel does not have are empty.
type Placed struct {
	MchOrderNo string    `json:"mchOrderNo,omitempty"`
	PayOrderID string    `json:"payOrderId,omitempty"`
	CodeURL    string    `json:"codeUrl,omitempty"`   // WX_NATIVE
	QRCode     string    `json:"qr_code,omitempty"`   // ALIPAY_QR, UPI_QR
	PrepayID   string    `json:"prepayId,omitempty"`  // WX_NATIVE
	PayURL     string    `json:"payUrl,omitempty"`    // web channels: an HTML form to submit
	PayParams  string    `json:"payParams,omitempty"` // ALIPAY_MOBILE: now the scheme URL, once the order string
	RetDetail  string    `json:"retDetail,omitempty"`
	RetParams  RetParams `json:"retParams"`
	Extra      string    `json:"extra,omitempty"` // CC_PAX
	// Amount is what the answer says was ordered, where it says so in cents.
	Amount sale.Amount `json:"-"`
}

// RetParams is a text on some channels and an object on others.
type RetParams struct {
	Text        string `json:"text,omitempty"`
	URL         string `json:"url,omitempty"` // since March 2026
	AlipayURL   string `json:"alipayUrl,omitempty"`
	UnionpayURL string `json:"unionpayUrl,omitempty"`
	SchemeURL   string `json:"schemeUrl,omitempty"` // opens the app
	TradeNo     string `json:"tradeNo,omitempty"`   // Alipay's number of the order
	OrderStr    string `json:"orderStr,omitempty"`  // deprecated
}

func placed(o Object) Placed {
	p := Placed{
		MchOrderNo: o.Text("mchOrderNo"),
		PayOrderID: o.Text("payOrderId"),
		CodeURL:    o.Text("codeUrl"),
		QRCode:     o.Text("qr_code"),
		PrepayID:   o.Text("prepayId"),
		PayURL:     o.Text("payUrl"),
		PayParams:  o.Text("payParams"),
		RetDetail:  o.Text("retDetail"),
		Extra:      o.Text("extra"),
	}
	if cents, told, err := o.Int("amount"); told && err == nil {
		p.Amount = sale.Amount(cents)
	}
	if in, ok := o.Nested("retParams"); ok {
		p.RetParams = RetParams{
			URL:         in.Text("url"),
			AlipayURL:   in.Text("alipayUrl"),
			UnionpayURL: in.Text("unionpayUrl"),
			SchemeURL:   in.Text("schemeUrl"),
			TradeNo:     in.Text("tradeNo"),
			OrderStr:    in.Text("orderStr"),
		}
	} else if !o.find("retParams").nested {
		p.RetParams.Text = o.Text("retParams")
	}
	return p
}

// Code is the text of the QR that the customer scans.
func (p Placed) Code() string {
	return cmp.Or(p.CodeURL, p.QRCode, p.RetParams.Text, p.RetDetail)
}

// Redirect is where a browser is sent to pay; "" if the answer has a form only.
func (p Placed) Redirect() string {
	link := ""
	if strings.HasPrefix(p.PayURL, "https://") || strings.HasPrefix(p.PayURL, "http://") {
		link = p.PayURL
	}
	return cmp.Or(p.RetParams.URL, p.RetParams.AlipayURL, p.RetParams.UnionpayURL, link)
}

// App is what opens the wallet's app.
func (p Placed) App() string { return cmp.Or(p.RetParams.SchemeURL, p.PayParams) }
