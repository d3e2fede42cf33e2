package iotpay

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"posd/device/sale"
)

// Config is what the client must know besides the merchant key.
type Config struct {
	// BaseURL is where the gateway's endpoints stand; https, but for loopback.
	// Default https://api.iotpaycloud.com/v1/.
	BaseURL string `toml:"base_url"`
	// MchID is the merchant id that IOTPay gave; at most 30 characters. No default.
	MchID string `toml:"mch_id"`
	// JobNo is the merchant's login name at IOTPay; at most 50 characters. No default.
	JobNo string `toml:"job_no"`
	// ClientIP is the IPv4 address named in requests. Default: empty, which takes
	// the address of the default route, looked up when an order is placed.
	ClientIP string `toml:"client_ip"`
	// NotifyURL is where the gateway posts payments; at most 200 characters.
	// Default http://localhost, which means nowhere: posd asks instead.
	NotifyURL string `toml:"notify_url"`
	// Subject is the title of what was bought; at most 64 characters. Default "Purchase".
	Subject string `toml:"subject"`
	// Body describes what was bought; at most 255 characters. Default "Purchase in store".
	Body string `toml:"body"`
	// Device names the kind of device; at most 64 characters. Default "POS".
	Device string `toml:"device"`
	// DeviceID names the scanner in micropay requests; at most 64 characters. Default "scanner-1".
	DeviceID string `toml:"device_id"`
	// ProductID is what WX_NATIVE asks for in its extra. Default "1".
	ProductID string `toml:"product_id"`

	// CallTimeout bounds one create, refund or report. Default 20s.
	CallTimeout time.Duration `toml:"call_timeout"`
	// CardTimeout bounds one card payment on a terminal that the gateway drives: the
	// customer is in it. Default 3m.
	CardTimeout time.Duration `toml:"card_timeout"`
	// QueryTimeout bounds one try of a look-up. Default 8s.
	QueryTimeout time.Duration `toml:"query_timeout"`
	// QueryTries is how often one look-up is tried in all. Default 3.
	QueryTries int `toml:"query_tries"`
	// RetryWait is the longest wait before the second try of a look-up; it doubles
	// with every further one and is drawn at random below that. Default 500ms.
	RetryWait time.Duration `toml:"retry_wait"`
	// RetryWaitMax is the longest wait inside a look-up. A gateway that asks for a longer one
	// with Retry-After ends the look-up instead. Default 4s.
	RetryWaitMax time.Duration `toml:"retry_wait_max"`
	// RetryAfterMax is the longest Retry-After that is believed. Default 5m.
	RetryAfterMax time.Duration `toml:"retry_after_max"`
	// Workers is how many reports go out at once, and how many idle connections
	// are kept for them. Default 8.
	Workers int `toml:"workers"`
	// ClockSkew is how far our clock may be from the gateway's before a probe
	// says so. Default 5m.
	ClockSkew time.Duration `toml:"clock_skew"`

	// NotFoundTexts are words of the gateway that mean "no such order" or "no
	// such refund", whatever their case. Matched in retMsg, errCode and errCodeDes.
	NotFoundTexts []string `toml:"not_found_texts"`
	// ExistsTexts are words that mean "this number was used before".
	ExistsTexts []string `toml:"exists_texts"`
	// ChannelTexts are words about a channel, or a kind of card, that the merchant
	// does not have. They win over all lists below.
	ChannelTexts []string `toml:"channel_texts"`
	// KeyTexts are words about the merchant, the login or the signature as a whole:
	// they make the link's state.
	KeyTexts []string `toml:"key_texts"`
	// PatienceTexts are words that ask for the same again, later.
	PatienceTexts []string `toml:"patience_texts"`
	// SystemTexts are words about the gateway's own failure. They say nothing about
	// the order or refund that they answer.
	SystemTexts []string `toml:"system_texts"`
	// RefundRefusedTexts are words that refuse a refund on grounds of business, when
	// signed: it was not made, and may be asked for under a new number. After all
	// other words it goes on under its own.
	RefundRefusedTexts []string `toml:"refund_refused_texts"`
	// CardDeclinedTexts are words, signed, that say that a card was not charged, where
	// the gateway drives the terminal. After all other words a person looks it up.
	CardDeclinedTexts []string `toml:"card_declined_texts"`
	// RefundDone are the values of a refund's status that mean that the money went
	// back. Default "2", "3", "SUCCESS": IOTPay's own SDK takes 2 and 3 for done.
	RefundDone []string `toml:"refund_done"`
	// RefundFailed are those that mean that it did not, and never will: only after
	// one of these is a refund given under a new number. Every value that stands in
	// neither list means: not yet. Default "9", "FAIL", "FAILED". 4 stands in neither:
	// IOTPay's own documents do not name it, and in a sibling of its gateway it means
	// done, so that a person decides unless the shop has asked.
	RefundFailed []string `toml:"refund_failed"`
}

// Defaults returns the configuration in force where nothing else is said. MchID
// and JobNo have none.
func Defaults() Config {
	return Config{
		BaseURL:       "https://api.iotpaycloud.com/v1/",
		NotifyURL:     "http://localhost",
		Subject:       "Purchase",
		Body:          "Purchase in store",
		Device:        "POS",
		DeviceID:      "scanner-1",
		ProductID:     "1",
		CallTimeout:   20 * time.Second,
		CardTimeout:   3 * time.Minute,
		QueryTimeout:  8 * time.Second,
		QueryTries:    3,
		RetryWait:     500 * time.Millisecond,
		RetryWaitMax:  4 * time.Second,
		RetryAfterMax: 5 * time.Minute,
		Workers:       8,
		ClockSkew:     5 * time.Minute,
		// The gateway documents none of these texts. Each names the order or
		// the refund, so that "merchant not found" is never taken for it.
		NotFoundTexts: []string{
			"order not exist", "order is not exist", "order does not exist", "order not found", "no such order", "order_not_exist", "ordernotexist",
			"mchorderno not exist", "mchorderno does not exist", "mchorderno not found", "订单不存在",
			"refund not exist", "refund does not exist", "refund not found", "no such refund", "mchrefundno not exist", "mchrefundno not found",
		},
		ExistsTexts: []string{
			"order exist", "order already exist", "duplicate order", "order_exist", "mchorderno exist", "mchorderno already", "订单已存在", "订单号重复",
			"商户订单已存在", "商户退款订单号已存在", "退款订单号已存在",
			"refund exist", "refund already exist", "duplicate refund", "mchrefundno exist", "mchrefundno already",
		},
		ChannelTexts: []string{
			"channel", "not support", "unsupported", "not enabled", "not opened", "not activated", "no permission", "permission denied", "has no permission",
			"card type", "card brand", "渠道", "通道", "未开通", "不支持", "无权限", "没有权限", "卡种",
		},
		KeyTexts: []string{
			"signature", "sign fail", "sign error", "sign is", "verify sign", "invalid sign", "sign not", "签名", "验签",
			"invalid merchant", "merchant not found", "merchant not exist", "merchant does not exist", "merchant is", "merchant does not",
			"mchid is", "mchid not", "mchid does not", "mchid error", "mchid invalid", "invalid mchid", "mch id is", "mch id not", "invalid mch id",
			"jobno is", "jobno not", "jobno error", "invalid jobno", "login name", "loginname is", "loginname not", "invalid loginname", "unauthorized", "商户不存在", "商户号不存在",
		},
		PatienceTexts: []string{
			"too frequent", "frequency", "too many requests", "too fast", "rate limit", "try again", "try later", "retry later", "please retry", "need retry", "later",
			"timeout", "timed out", "time out", "busy", "not enough", "notenough", "userpaying", "超时", "频繁", "稍后", "繁忙", "重试",
		},
		SystemTexts: []string{
			"system error", "systemerror", "system exception", "service unavailable", "internal error", "server error", "bank error", "bankerror",
			"network error", "unknown error", "系统", "网络异常", "服务异常",
		},
		RefundRefusedTexts: []string{
			"amount exceed", "exceeds the", "exceed the paid", "exceeds paid", "is more than", "more than the paid", "greater than",
			"not paid", "unpaid", "order not exist", "order does not exist", "order not found", "trade not exist", "trade overdue", "refund period", "refund deadline",
			"refund not allowed", "not allowed to refund", "cannot be refunded", "can not be refunded", "not support refund", "does not support refund", "refund is not supported",
			"trade state error", "currency is not", "大于", "未支付", "退款期限", "不支持退款", "不允许退款", "订单不存在",
		},
		CardDeclinedTexts: []string{
			"declin", "do not honor", "do not honour", "insufficient funds", "expired card", "invalid card", "cancelled by", "canceled by", "customer cancel", "user cancel",
			"card removed", "wrong pin", "incorrect pin", "拒绝", "用户取消", "余额不足",
		},
		RefundDone:   []string{"2", "3", "SUCCESS"},
		RefundFailed: []string{"9", "FAIL", "FAILED"},
	}
}

// Validate returns every fault of the configuration, each with its key, its
// value and the remedy.
func (c Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		fault("base_url = %q is not a web address: write https://api.iotpaycloud.com/v1/", c.BaseURL)
	} else if u.Scheme == "http" && !loopback(u.Hostname()) {
		fault("base_url = %q would send orders unencrypted: write https:// (http:// is for a gateway on this machine only)", c.BaseURL)
	} else if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		fault("base_url holds more than a host and a path: leave user, ? and # out")
	}
	if c.ClientIP != "" {
		if a, err := netip.ParseAddr(c.ClientIP); err != nil || !a.Is4() {
			fault("client_ip = %q is not an IPv4 address: write one such as 192.168.1.20, or leave it out", c.ClientIP)
		}
	}
	for _, t := range []struct {
		key, value string
		limit      int
		required   bool
	}{
		{"mch_id", c.MchID, 30, true},
		{"job_no", c.JobNo, 50, true},
		{"notify_url", c.NotifyURL, 200, true},
		{"subject", c.Subject, 64, true},
		{"body", c.Body, 255, true},
		{"device", c.Device, 64, false},
		{"device_id", c.DeviceID, 64, false},
		{"product_id", c.ProductID, 64, true},
	} {
		switch n := utf8.RuneCountInString(t.value); {
		case t.value == "" && t.required:
			fault("%s is empty: set it (at most %d characters)", t.key, t.limit)
		case !utf8.ValidString(t.value):
			fault("%s = %q is not valid UTF-8: save the file as UTF-8", t.key, t.value)
		case n > t.limit:
			fault("%s = %q has %d characters: shorten it to %d", t.key, t.value, n, t.limit)
		}
	}
	for _, d := range []struct {
		key   string
		value time.Duration
		min   time.Duration
	}{
		{"call_timeout", c.CallTimeout, time.Second},
		{"card_timeout", c.CardTimeout, 10 * time.Second},
		{"query_timeout", c.QueryTimeout, 100 * time.Millisecond},
		{"retry_wait", c.RetryWait, time.Millisecond},
		{"retry_wait_max", c.RetryWaitMax, c.RetryWait},
		{"retry_after_max", c.RetryAfterMax, time.Second},
		{"clock_skew", c.ClockSkew, time.Second},
	} {
		if d.value < d.min {
			fault("%s = %s is too short: write at least %s", d.key, d.value, d.min)
		}
	}
	if c.QueryTries < 1 || c.QueryTries > 10 {
		fault("query_tries = %d: write 1 to 10", c.QueryTries)
	}
	if c.Workers < 1 || c.Workers > 64 {
		fault("workers = %d: write 1 to 64", c.Workers)
	}
	return append(faults, c.validateTexts()...)
}

// validateTexts returns the faults of the lists by which answers are understood.
func (c Config) validateTexts() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, l := range []struct {
		key   string
		texts []string
	}{
		{"not_found_texts", c.NotFoundTexts}, {"exists_texts", c.ExistsTexts}, {"channel_texts", c.ChannelTexts}, {"key_texts", c.KeyTexts},
		{"patience_texts", c.PatienceTexts}, {"system_texts", c.SystemTexts}, {"refund_refused_texts", c.RefundRefusedTexts}, {"card_declined_texts", c.CardDeclinedTexts},
		{"refund_done", c.RefundDone}, {"refund_failed", c.RefundFailed},
	} {
		for _, t := range l.texts {
			if strings.TrimSpace(t) == "" {
				faults = append(faults, errors.New(l.key+" holds an empty text, which would match every answer: remove it"))
			}
		}
	}
	for _, status := range c.RefundFailed {
		if isOneOf(status, c.RefundDone) {
			fault("refund_failed and refund_done both hold %q: a refund's status means one of the two, so take it out of one", status)
		}
	}
	for _, t := range c.RefundRefusedTexts {
		if concern, _ := c.understand(t); concern == sale.ConcernLink || concern == sale.ConcernSystem || concern == sale.ConcernPatience {
			fault("refund_refused_texts holds %q, which is a word of the system (%s): a refund that it answers may have been made, so it is no refusal: remove it", t, concern)
		}
	}
	return faults
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
