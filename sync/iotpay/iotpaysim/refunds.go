package iotpaysim

// refund is one movement of money back.
type refund struct {
	MchRefundNo string `json:"mchRefundNo"`
	RefundID    string `json:"refundOrderId"`
	PayOrderID  string `json:"payOrderId"`
	MchOrderNo  string `json:"mchOrderNo"`
	Amount      int64  `json:"amount"`
	Repeats     int    `json:"repeats"` // how often it was asked for again
	Queries     int    `json:"queries"`
}

// refundOrder answers refund_order. The caller holds g.mu.
func (g *Gateway) refundOrder(r request) reply {
	if bad := r.check([]want{
		{"mchId", 30, true}, {"mchRefundNo", 30, true}, {"payOrderId", 36, true}, {"clientIp", 32, true},
		{"loginName", 50, true}, {"device", 64, false}, {"currency", 3, false}, {"channelId", 24, false},
	}); bad != nil {
		return bad
	}
	amount, bad := r.cents("refundAmount")
	if bad != nil {
		return bad
	}
	if r.strike.exists {
		return fail("refund already exists")
	}
	for _, p := range g.refunds {
		if p.MchRefundNo == r.text["mchRefundNo"] {
			p.Repeats++
			return fail("refund already exists")
		}
	}
	o := g.find(r.text["payOrderId"])
	switch {
	case o == nil:
		return fail("payOrderId: order not exist")
	case !o.paid():
		return fail("payOrderId: the order is not paid")
	case r.text["currency"] != "" && r.text["currency"] != o.Currency:
		return fail("currency is not that of the order")
	case amount > o.Amount-o.Refunded:
		return fail("refundAmount is more than the %d cents left of the order", o.Amount-o.Refunded)
	}
	p := &refund{
		MchRefundNo: r.text["mchRefundNo"],
		RefundID:    g.newID("RF"),
		PayOrderID:  o.PayOrderID,
		MchOrderNo:  o.MchOrderNo,
		Amount:      amount,
	}
	o.Refunded += amount
	g.refunds = append(g.refunds, p)
	return p.told()
}

// queryRefund answers query_refund. The caller holds g.mu.
func (g *Gateway) queryRefund(r request) reply {
	if bad := r.check([]want{{"mchId", 30, true}, {"mchRefundNo", 36, true}}); bad != nil {
		return bad
	}
	for _, p := range g.refunds {
		if p.MchRefundNo == r.text["mchRefundNo"] && !r.strike.notFound {
			p.Queries++
			a := p.told()
			a["status"] = 2
			if r.strike.pending {
				a["status"] = 1
			}
			if r.strike.wrongAmount {
				a["refundAmount"] = p.Amount + 1
			}
			return a
		}
	}
	return fail("refund not exist")
}

func (p *refund) told() reply {
	a := ok()
	a["mchRefundNo"], a["refundOrderId"], a["payOrderId"], a["refundAmount"] = p.MchRefundNo, p.RefundID, p.PayOrderID, p.Amount
	return a
}
