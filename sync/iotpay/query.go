package iotpay

import (
	"errors"
	"time"

	"posd/device/sale"
)

// Query is a query_order request: one of the two numbers, the merchant's own
// winning if both are given. Card orders cannot be asked after.
type Query struct {
	MchOrderNo string
	PayOrderID string
}

// Validate returns all that the gateway would refuse.
func (q Query) Validate() error {
	if q.MchOrderNo == "" && q.PayOrderID == "" {
		return errors.New("mchOrderNo or payOrderId: missing")
	}
	faults := textField{"mchOrderNo", q.MchOrderNo, 36, false}.check(nil)
	faults = textField{"payOrderId", q.PayOrderID, maxPayOrderID, false}.check(faults)
	return errors.Join(faults...)
}

// maxPayOrderID bounds the gateway's own number of an order. The documents show
// 28 characters and promise nothing.
const maxPayOrderID = 64

func (q Query) params(mchID string) []byte {
	var p params
	p.text("mchId", mchID)
	if q.MchOrderNo != "" {
		p.text("mchOrderNo", q.MchOrderNo)
	} else {
		p.text("payOrderId", q.PayOrderID)
	}
	return p.object()
}

// OrderState is the answer to query_order.
type OrderState struct {
	MchOrderNo     string           `json:"mchOrderNo,omitempty"`
	PayOrderID     string           `json:"payOrderId,omitempty"`
	Channel        sale.Channel     `json:"channelId,omitempty"`
	Status         sale.OrderStatus `json:"status"`
	Amount         sale.Amount      `json:"amount,omitempty"`
	Currency       string           `json:"currency,omitempty"`
	ChannelOrderNo string           `json:"channelOrderNo,omitempty"` // the wallet's number of the payment
	PaidAt         time.Time        `json:"paidAt,omitzero"`
	Subject        string           `json:"subject,omitempty"`
	Body           string           `json:"body,omitempty"`
	Param2         string           `json:"param2,omitempty"`
}

// told returns the fields of a look-up's answer: the answer's own, or those of
// the object result in which a sibling of the gateway nests them all.
func told(o Object) Object {
	if in, ok := o.Nested("result"); ok && !o.Has("status") {
		return in
	}
	return o
}

// orderState reads the fields of a query answer or a notification. An error
// means that a number in it that decides is none; what only informs never is.
func orderState(o Object) (OrderState, error) {
	o = told(o)
	s := OrderState{
		MchOrderNo:     o.Text("mchOrderNo"),
		PayOrderID:     o.Text("payOrderId"),
		Channel:        sale.Channel(o.Text("channelId")),
		Status:         sale.StatusUnknown,
		Currency:       o.Text("currency"),
		ChannelOrderNo: o.Text("channelOrderNo"),
		Subject:        o.Text("subject"),
		Body:           o.Text("body"),
		Param2:         o.Text("param2"),
	}
	amount, _, errAmount := o.Int("amount")
	status, told, errStatus := o.Int("status")
	if err := errors.Join(errAmount, errStatus); err != nil {
		return s, err
	}
	s.Amount = sale.Amount(amount)
	if told && knownStatus(sale.OrderStatus(status)) {
		s.Status = sale.OrderStatus(status)
	}
	if paid, ok, err := o.Int("paySuccTime"); ok && err == nil && paid > 0 && paid < 1<<42 {
		s.PaidAt = time.UnixMilli(paid).UTC()
	}
	return s, nil
}

// knownStatus keeps a status that the gateway may invent tomorrow from being
// taken for a number of ours.
func knownStatus(s sale.OrderStatus) bool {
	return s == sale.StatusCreated || s == sale.StatusPaying || s.Paid() || s.Closed()
}
