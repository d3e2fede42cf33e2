package main

import (
	"cmp"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeGateway is a gateway for the tests of the whole process, written from its
// documents alone: it shares no code with the client or with its simulator. It does
// what it is asked for, and answers as the test likes.
type fakeGateway struct {
	*httptest.Server
	t *testing.T

	mu sync.Mutex
	// odd answers a call instead of the usual answer; nil, or an empty answer, leaves
	// it to that. What was asked has been done by then, unless undone says so.
	odd     func(c fakeCall) fakeSays
	undone  func(c fakeCall) bool
	orders  map[string]map[string]any // by their number
	refunds map[string]map[string]any
	reports map[string]int // how often each was accepted
	sent    map[string]int // how often a call was made about a number
	charges func()         // what a report does besides; nil: nothing
}

// fakeCall is one request.
type fakeCall struct {
	what, no string
	ask      map[string]any
	amount   int
}

// fakeSays is an answer: fields of an object to be signed, or a body as it is.
type fakeSays struct {
	fields  map[string]any
	code    int
	body    string
	hangsUp bool
	after   string // Retry-After
	natural bool   // sorted as PHP does, without regard to case
}

const fakeMerchantKey, fakeAnswerKey = "11112222333344445555666677778888", "aaaabbbbccccddddeeeeffff00001111"

func newFakeGateway(t *testing.T) *fakeGateway {
	g := &fakeGateway{t: t, orders: map[string]map[string]any{}, refunds: map[string]map[string]any{}, reports: map[string]int{}, sent: map[string]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

// set changes something of the gateway.
func (g *fakeGateway) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *fakeGateway) serve(w http.ResponseWriter, r *http.Request) {
	c := fakeCall{what: r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]}
	if err := json.Unmarshal([]byte(r.PostFormValue("params")), &c.ask); err != nil || c.ask["sign"] != fakeSign(c.ask, fakeMerchantKey, false) {
		g.t.Errorf("%s: no signed request: %v %v", c.what, err, c.ask)
		return
	}
	c.no, _ = c.ask["mchOrderNo"].(string)
	if strings.Contains(c.what, "refund") {
		c.no, _ = c.ask["mchRefundNo"].(string)
	}
	cents, _ := c.ask["amount"].(float64)
	c.amount = int(cents)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent[c.what+" "+c.no]++
	says := fakeSays{}
	if g.undone == nil || !g.undone(c) {
		says = g.usual(c)
	}
	if g.odd != nil {
		if o := g.odd(c); o.fields != nil || o.code != 0 || o.body != "" || o.hangsUp {
			says = o
		}
	}
	says.write(w)
}

func (s fakeSays) write(w http.ResponseWriter) {
	if s.hangsUp {
		panic(http.ErrAbortHandler)
	}
	if s.after != "" {
		w.Header().Set("Retry-After", s.after)
	}
	if s.fields != nil {
		s.fields["sign"] = fakeSign(s.fields, fakeAnswerKey, s.natural)
		text, _ := json.Marshal(s.fields)
		s.body = string(text)
	}
	w.WriteHeader(cmp.Or(s.code, http.StatusOK))
	io.WriteString(w, s.body)
}

// usual does what is asked for and answers as the documents say. g.mu is held.
func (g *fakeGateway) usual(c fakeCall) fakeSays {
	switch c.what {
	case "create_order":
		if c.ask["channelId"] == "CC_PAX" {
			if g.reports[c.no]++; g.charges != nil {
				g.charges()
			}
			return fakeOK("mchOrderNo", c.no, "payOrderId", "CC"+c.no, "extra", c.ask["extra"])
		}
		g.orders[c.no] = map[string]any{"payOrderId": "P" + c.no, "mchOrderNo": c.no, "amount": c.ask["amount"], "currency": c.ask["currency"], "channelId": c.ask["channelId"], "status": 2}
		return fakeOK("mchOrderNo", c.no, "payOrderId", "P"+c.no, "codeUrl", "weixin://wxpay/bizpayurl?pr="+c.no)
	case "query_order":
		return g.tell(g.orders[c.no], "order not exist")
	case "refund_order":
		if g.refunds[c.no] == nil {
			g.refunds[c.no] = map[string]any{"mchRefundNo": c.no, "payOrderId": c.ask["payOrderId"], "refundAmount": c.ask["refundAmount"], "status": 2}
		}
		return fakeOK("mchRefundNo", c.no) // accepted, no more
	case "query_refund":
		return g.tell(g.refunds[c.no], "refund not exist")
	}
	return fakeSays{code: http.StatusNotFound, body: "no such page"}
}

func (g *fakeGateway) tell(of map[string]any, otherwise string) fakeSays {
	if of == nil {
		return fakeSays{body: `{"retCode":"FAIL","retMsg":"` + otherwise + `"}`} // which nobody signs
	}
	a := fakeOK()
	for name, v := range of {
		a.fields[name] = v
	}
	return a
}

// fakeOK is a signed success with more fields.
func fakeOK(pairs ...any) fakeSays {
	f := map[string]any{"retCode": "SUCCESS", "resCode": "SUCCESS"}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i].(string)] = pairs[i+1]
	}
	return fakeSays{fields: f}
}

// fakeFail is a signed refusal.
func fakeFail(words string) fakeSays {
	return fakeSays{fields: map[string]any{"retCode": "FAIL", "resCode": "FAIL", "retMsg": words}}
}

// fakeSign is the documents' signature. Numbers are signed as they are written.
func fakeSign(f map[string]any, key string, natural bool) string {
	var pairs []string
	for name, v := range f {
		text := fmt.Sprint(v)
		if n, ok := v.(float64); ok {
			text = fmt.Sprintf("%.0f", n)
		}
		if name != "sign" && text != "" {
			pairs = append(pairs, name+"="+text)
		}
	}
	slices.SortFunc(pairs, func(a, b string) int {
		a, b = a[:strings.IndexByte(a, '=')], b[:strings.IndexByte(b, '=')]
		if natural {
			a, b = strings.ToLower(a), strings.ToLower(b)
		}
		return cmp.Compare(a, b)
	})
	return fmt.Sprintf("%X", md5.Sum([]byte(strings.Join(append(pairs, "key="+key), "&"))))
}
