package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"posd/device/sale"
)

// newID makes a ULID of a time and at least 10 random bytes.
func newID(t time.Time, entropy []byte) string {
	ms := uint64(max(t.UnixMilli(), 0)) // a box without a clock starts in 1970, perhaps west of Greenwich
	return ulid.MustNew(ms, bytes.NewReader(entropy)).String()
}

// Scan tells the wallets apart by the digits that their codes begin with.
type Scan struct {
	// WeChat lists the beginnings of WeChat's codes. Default 10 to 15.
	WeChat []string `toml:"wechat"`
	// Alipay lists those of Alipay's codes. Default 25 to 30.
	Alipay []string `toml:"alipay"`
	// UnionPay lists those of UnionPay's codes. Default 62.
	UnionPay []string `toml:"unionpay"`
}

func scanDefaults() Scan {
	return Scan{
		WeChat:   []string{"10", "11", "12", "13", "14", "15"},
		Alipay:   []string{"25", "26", "27", "28", "29", "30"},
		UnionPay: []string{"62"},
	}
}

func (s Scan) channels() []struct {
	key      string
	channel  sale.Channel
	prefixes []string
} {
	return []struct {
		key      string
		channel  sale.Channel
		prefixes []string
	}{{"wechat", sale.WXMicropay, s.WeChat}, {"alipay", sale.AlipayMicropay, s.Alipay}, {"unionpay", sale.UPIMicropay, s.UnionPay}}
}

func (s Scan) validate() []error {
	var faults []error
	for _, c := range s.channels() {
		for _, p := range c.prefixes {
			if p == "" || strings.Trim(p, "0123456789") != "" {
				faults = append(faults, fmt.Errorf("%s = %q: list the digits that the codes begin with, such as 25", c.key, p))
			}
		}
	}
	return faults
}

// wallet recognises whose code was scanned. The code itself is never repeated.
func (s Scan) wallet(code sale.Secret) (sale.Channel, error) {
	text := code.Reveal()
	if len(text) < 16 || len(text) > 32 || strings.Trim(text, "0123456789") != "" {
		return "", fmt.Errorf("this is no payment code: it must have 16 to 32 digits; ask the customer to open the code for paying and scan it again")
	}
	for _, c := range s.channels() {
		for _, p := range c.prefixes {
			if strings.HasPrefix(text, p) {
				return c.channel, nil
			}
		}
	}
	return "", fmt.Errorf("no wallet is known for a code that begins with %s: WeChat, Alipay and UnionPay can be taken", text[:2])
}
