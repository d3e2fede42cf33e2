package iotpay

import (
	"fmt"
	"net/http"
	"strings"

	"posd/device/sale"
)

// judge says what may be concluded from an exchange. The gateway's word is a
// JSON object under status 200, or one with a retCode under a status that blames
// the request; all else is trouble on the way.
func (c *Client) judge(endpoint, no string, x exchange) (Object, sale.GatewayAnswer) {
	a := sale.GatewayAnswer{No: no, Status: sale.StatusUnknown}
	if after, asked := retryAfter(x.header); asked {
		a.RetryAfter = min(after, c.cfg.RetryAfterMax)
	}
	obj, err := ParseObject(x.body)
	blamed := x.status >= 400 && x.status < 500 && x.status != http.StatusTooManyRequests && obj.Has("retCode")
	if x.err != nil || err != nil || (x.status != http.StatusOK && !blamed) {
		a.Result, a.Trouble, a.Words = x.diagnose()
		a.Concern = reach(a.Trouble)
		return Object{}, a
	}
	a = c.hear(endpoint, obj, a)
	if a.Result != sale.GatewayOK {
		return Object{}, a
	}
	return obj, a
}

// hear reads the gateway's word.
func (c *Client) hear(endpoint string, obj Object, a sale.GatewayAnswer) sale.GatewayAnswer {
	verdict := Verify(obj, c.answerKey)
	a.Verified = verdict == Genuine
	ret, res := obj.Text("retCode"), obj.Text("resCode")
	// The pages on query_order do not promise resCode; what they do promise,
	// the status, speaks for itself.
	if res == "" && endpoint == "query_order" && told(obj).Has("status") {
		res = ret
	}
	switch {
	case ret == "FAIL" || res == "FAIL":
		return c.fail(endpoint, obj, a)
	case ret != "SUCCESS" || res != "SUCCESS":
		a.Result, a.Trouble, a.Concern = sale.GatewayLost, sale.TroubleServer, sale.ConcernOrder
		a.Words = fmt.Sprintf("the answer says neither SUCCESS nor FAIL (retCode %q, resCode %q)", printable(ret), printable(res))
	case verdict == Genuine:
		a.Result = sale.GatewayOK
	default:
		a.Result, a.Trouble, a.Concern = sale.GatewayUnverified, sale.TroubleKey, sale.ConcernLink
		a.Words = fmt.Sprintf("the gateway says SUCCESS, but it proves nothing: %s", verdict)
	}
	return a
}

// fail sorts a FAIL by its words. Words about more than the order win over
// "not found" and "exists": they say nothing about the order.
func (c *Client) fail(endpoint string, obj Object, a sale.GatewayAnswer) sale.GatewayAnswer {
	words := join(join(obj.Text("retMsg"), obj.Text("errCode")), obj.Text("errCodeDes"))
	a.Result, a.Words = sale.GatewayFail, words
	if a.Words == "" {
		a.Words = "FAIL without words"
	}
	if other := obj.Text(numberOf(endpoint)); other != "" && other != a.No && obj.Text("payOrderId") != a.No {
		return disagree(a, numberOf(endpoint), other) // whatever it refuses, it is not this
	}
	words = without(words, a.No)
	a.Concern, a.Trouble = c.cfg.understand(words)
	wider := a.Concern == sale.ConcernLink || a.Concern == sale.ConcernSystem
	lookUp := endpoint == "query_order" || endpoint == "query_refund"
	switch {
	case !wider && lookUp && holdsOneOf(words, c.cfg.NotFoundTexts):
		a.Result, a.Concern = sale.GatewayNotFound, sale.ConcernOrder
	case !wider && !lookUp && holdsOneOf(words, c.cfg.ExistsTexts):
		a.Result, a.Concern = sale.GatewayExists, sale.ConcernOrder
	case endpoint == "refund_order" && c.cfg.refusesRefund(words):
		a.Concern = sale.ConcernRefused
	case endpoint == "refund_order":
		a.Result = sale.GatewayUnclear // it may have been made: never under a new number
	}
	return a
}

// numberOf names the field that says which order or refund an answer is about.
func numberOf(endpoint string) string {
	if endpoint == "refund_order" || endpoint == "query_refund" {
		return "mchRefundNo"
	}
	return "mchOrderNo"
}

// disagree takes back an ok: the answer is about something else than was asked.
func disagree(a sale.GatewayAnswer, field, got string) sale.GatewayAnswer {
	if got == "" {
		return unusable(a, "the gateway's answer does not name "+field)
	}
	return unusable(a, fmt.Sprintf("the gateway's answer is about another one: %s %q", field, printable(got)))
}

// unusable takes back an ok: the answer is signed, and proves nothing here.
func unusable(a sale.GatewayAnswer, words string) sale.GatewayAnswer {
	return sale.GatewayAnswer{No: a.No, Result: sale.GatewayUnverified, Verified: a.Verified, Status: sale.StatusUnknown, Words: words, Concern: sale.ConcernOrder, RetryAfter: a.RetryAfter}
}

// join puts two texts of an answer together, which often say the same.
func join(a, b string) string {
	switch {
	case strings.Contains(a, b):
		return a
	case a == "":
		return b
	}
	return a + "; " + b
}

// reach says how far trouble on the way reaches.
func reach(t sale.Trouble) sale.Concern {
	switch t {
	case sale.TroubleNone: // posd itself stopped asking
		return sale.ConcernNone
	case sale.TroubleThrottled:
		return sale.ConcernPatience
	}
	return sale.ConcernLink
}
