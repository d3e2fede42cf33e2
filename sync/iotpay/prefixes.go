package iotpay

import (
	"fmt"
	"strings"

	"posd/device/sale"
)

// Prefixes tells the wallets apart by the digits that their customers' codes
// begin with. The MICROPAY channel has to be named before the gateway has seen
// the code.
type Prefixes struct {
	// WeChat lists the beginnings of WeChat's codes. Default 10 to 15.
	WeChat []string `toml:"wechat"`
	// Alipay lists those of Alipay's codes. Default 25 to 30.
	Alipay []string `toml:"alipay"`
	// UnionPay lists those of UnionPay's codes. Default 62.
	UnionPay []string `toml:"unionpay"`
}

// DefaultPrefixes returns the digits that the wallets publish.
func DefaultPrefixes() Prefixes {
	return Prefixes{
		WeChat:   []string{"10", "11", "12", "13", "14", "15"},
		Alipay:   []string{"25", "26", "27", "28", "29", "30"},
		UnionPay: []string{"62"},
	}
}

// channelPrefixes is the list of one wallet, under its key in the configuration.
type channelPrefixes struct {
	key      string
	channel  sale.Channel
	prefixes []string
}

func (p Prefixes) channels() []channelPrefixes {
	return []channelPrefixes{{"wechat", sale.WXMicropay, p.WeChat}, {"alipay", sale.AlipayMicropay, p.Alipay}, {"unionpay", sale.UPIMicropay, p.UnionPay}}
}

// Validate returns every fault of p, each naming its key, its value and the remedy.
func (p Prefixes) Validate() []error {
	var faults []error
	for _, c := range p.channels() {
		for _, digits := range c.prefixes {
			if digits == "" || strings.Trim(digits, "0123456789") != "" {
				faults = append(faults, fmt.Errorf("%s = %q: list the digits that the codes begin with, such as 25", c.key, digits))
			}
		}
	}
	return faults
}

// Wallet recognises whose code was scanned. The code itself is never repeated.
func (p Prefixes) Wallet(code sale.Secret) (sale.Channel, error) {
	text := code.Reveal()
	if len(text) < 16 || len(text) > 32 || strings.Trim(text, "0123456789") != "" {
		return "", fmt.Errorf("this is no payment code: it must have 16 to 32 digits; ask the customer to open the code for paying and scan it again")
	}
	for _, c := range p.channels() {
		for _, digits := range c.prefixes {
			if strings.HasPrefix(text, digits) {
				return c.channel, nil
			}
		}
	}
	return "", fmt.Errorf("no wallet is known for a code that begins with %s: WeChat, Alipay and UnionPay can be taken", text[:2])
}
