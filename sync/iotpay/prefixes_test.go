package iotpay

import (
	"strings"
	"testing"

	"posd/device/sale"
)

func TestACodesBeginningNamesItsWallet(t *testing.T) {
	p := DefaultPrefixes()
	for code, want := range map[string]sale.Channel{
		"134567890123456789": sale.WXMicropay, "284567890123456789": sale.AlipayMicropay, "6223456789012345678": sale.UPIMicropay,
		"994567890123456789": "", "1345": "", "13456789012345678x": "", "": "", strings.Repeat("1", 33): "",
	} {
		got, err := p.Wallet(sale.Secret(code))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", code, got, err)
		}
		if err != nil && code != "" && strings.Contains(err.Error(), code) {
			t.Errorf("the words repeat the code: %v", err)
		}
	}
	if faults := (Prefixes{WeChat: []string{"1x"}, Alipay: []string{""}, UnionPay: []string{"62"}}).Validate(); len(faults) != 2 {
		t.Errorf("faults %v", faults)
	}
}
