package iotpaysim

import "cmp"

// refund is one movement of money back.
type refund struct {
	MchRefundNo string `json:"mchRefundNo"`
	RefundID    string `json:"refundOrderId"`
	PayOrderID  string `json:"payOrderId"`
	MchOrderNo  string `json:"mchOrderNo"`
	Amount      int64  `json:"amount"`
	Repeats     int    `json:"repeats"` // how often it was asked for again
	Queries     int    `json:"queries"`
	Failed      bool   `json:"failed,omitempty"` // the money stayed with the merchant after all
}

// refundOrder answers refund_order. The caller holds g.mu.
func (g *Gateway) refundOrder(r request) reply {
	if bad := r.check([]want{
		{"mchId", 30, true}, {"mchRefundNo", 30, true}, {"payOrderId", 64, true}, {"clientIp", 32, true},
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
			return r.exists("商户退款订单号", "refund already exists")
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
	a := p.told()
	if r.strike.refundTold != "" {
		a["status"] = r.strike.refundTold
	}
	return a // which says that it was accepted, and no more
}

// exists refuses a number that is taken: ours is what, in the words of the
// gateway's sibling.
func (r request) exists(what, words string) reply {
	switch {
	case r.strike.existsSystem:
		return reply{"retCode": "FAIL", "retMsg": "支付中心系统异常", "unsigned": true}
	case r.strike.existsInside:
		return reply{"retCode": "FAIL", "retMsg": what + "[" + cmp.Or(r.text["mchRefundNo"], r.text["mchOrderNo"]) + "]已存在", "unsigned": true}
	}
	return fail("%s", words)
}

// queryRefund answers query_refund. The caller holds g.mu.
func (g *Gateway) queryRefund(r request) reply {
	if bad := r.check([]want{{"mchId", 30, true}, {"mchRefundNo", 36, true}}); bad != nil {
		return bad
	}
	for _, p := range g.refunds {
		if p.MchRefundNo == r.text["mchRefundNo"] && !r.strike.notFound {
			p.Queries++
			if r.strike.refundFails != "" && !p.Failed {
				p.Failed = true
				g.find(p.MchOrderNo).Refunded -= p.Amount
			}
			a := p.told()
			switch {
			case p.Failed:
				a["status"] = cmp.Or(r.strike.refundFails, "9")
			case r.strike.pending != "":
				a["status"] = r.strike.pending
			default:
				a["status"] = 2
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
