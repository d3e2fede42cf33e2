package iotpay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"posd/device/sale"
)

// Refund is a refund_order request. WeChat, Alipay and UnionPay only.
type Refund struct {
	No         string      // mchRefundNo, the merchant's own, never used before
	PayOrderID string      // of the original
	Amount     sale.Amount // at most what was paid and is not given back yet
	Currency   string
	Channel    sale.Channel
	ClientIP   string
	LoginName  string
	Device     string
}

// Validate returns all that the gateway would refuse.
func (r Refund) Validate() error {
	var faults []error
	for _, f := range []textField{
		{"mchRefundNo", r.No, 30, false},
		{"payOrderId", r.PayOrderID, maxPayOrderID, false},
		{"clientIp", r.ClientIP, 32, false},
		{"loginName", r.LoginName, 50, false},
	} {
		if f.value == "" {
			faults = append(faults, fmt.Errorf("%s: missing", f.name))
		}
		faults = f.check(faults)
	}
	faults = textField{"device", r.Device, 64, false}.check(faults)
	if err := r.Amount.Valid(); err != nil {
		faults = append(faults, fmt.Errorf("refundAmount: %w", err))
	}
	if r.Channel == sale.CCPax {
		faults = append(faults, errors.New("channelId: the gateway refunds no card sale: void or return it at the terminal"))
	} else if rule, known := rules[r.Channel]; r.Channel != "" && !known {
		faults = append(faults, fmt.Errorf("channelId: %q is not a channel: use one of %v", r.Channel, Channels))
	} else if known && r.Currency != "" && !slices.Contains(rule.currencies, r.Currency) {
		faults = append(faults, fmt.Errorf("currency: %q is not taken by %s: use one of %v", r.Currency, r.Channel, rule.currencies))
	}
	return errors.Join(faults...)
}

func (r Refund) params(mchID string) []byte {
	var p params
	p.text("mchId", mchID)
	p.text("mchRefundNo", r.No)
	p.text("payOrderId", r.PayOrderID)
	p.number("refundAmount", int64(r.Amount))
	p.text("currency", r.Currency)
	p.text("channelId", string(r.Channel))
	p.text("clientIp", r.ClientIP)
	p.text("loginName", r.LoginName)
	p.text("device", r.Device)
	return p.object()
}

func refundQueryParams(mchID, no string) []byte {
	var p params
	p.text("mchId", mchID)
	p.text("mchRefundNo", no)
	return p.object()
}

// RefundState is the answer to refund_order and query_refund. The second one's
// fields are not documented: what is there is read.
type RefundState struct {
	MchRefundNo string      `json:"mchRefundNo,omitempty"`
	PayOrderID  string      `json:"payOrderId,omitempty"`
	RefundID    string      `json:"refundOrderId,omitempty"`
	Amount      sale.Amount `json:"refundAmount,omitempty"`
	Currency    string      `json:"currency,omitempty"`
	Status      string      `json:"status,omitempty"` // as the gateway writes it
}

func refundState(o Object) (RefundState, error) {
	o = told(o)
	amount, _, err := o.Int("refundAmount")
	return RefundState{
		MchRefundNo: o.Text("mchRefundNo"),
		PayOrderID:  o.Text("payOrderId"),
		RefundID:    o.Text("refundOrderId"),
		Amount:      sale.Amount(amount),
		Currency:    o.Text("currency"),
		Status:      strings.TrimSpace(wholeText(cmp.Or(o.Text("refundStatus"), o.Text("status")))),
	}, err
}
