package iotpay_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// stub is a gateway written from its documents and from field reports, and from
// nothing of this module: it reads forms and signs on its own, so that a
// misunderstanding that client and simulator share does not pass here. A script
// answers any call in whatever way it likes; what the script leaves alone is
// answered as the documents say.
type stub struct {
	*httptest.Server
	t   testing.TB
	key string

	mu      sync.Mutex
	script  func(stubCall) *stubAnswer
	seen    map[string]int // by endpoint and number
	orders  map[string]*stubOrder
	refunds map[string]*stubRefund
	reports map[string]int // how often each was accepted
}

// stubCall is one request as it came.
type stubCall struct {
	endpoint string
	no       string // the number it is about
	time     int    // the how-manieth of this endpoint about this number, from 1
	fields   map[string]string
}

type stubOrder struct{ payOrderID, channel, amount, currency, status string }

type stubRefund struct{ payOrderID, amount, status string }

// stubAnswer is what is sent back.
type stubAnswer struct {
	code   int    // of HTTP; 0 is 200
	body   string // "" hangs up
	header map[string]string
	commit bool // do what was asked all the same, first
}

func newStub(t testing.TB) *stub {
	s := &stub{t: t, key: "5d1b48f2a6c4e8d0b2f496177f3a9c0e", seen: map[string]int{}, orders: map[string]*stubOrder{}, refunds: map[string]*stubRefund{}, reports: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// answering sets the script.
func (s *stub) answering(script func(stubCall) *stubAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// times says how often an endpoint was asked about a number.
func (s *stub) times(endpoint, no string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[endpoint+" "+no]
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c := stubCall{endpoint: strings.TrimPrefix(r.URL.Path, "/v1/")}
	if err == nil {
		c.fields, err = stubForm(string(body))
	}
	if err != nil || c.fields["sign"] != s.sign(c.fields, plainOrder) {
		s.t.Errorf("%s: a request that the documents do not allow: %v %s", c.endpoint, err, body)
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	if c.no = c.fields["mchOrderNo"]; strings.HasSuffix(c.endpoint, "refund") || strings.HasPrefix(c.endpoint, "refund") {
		c.no = c.fields["mchRefundNo"]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[c.endpoint+" "+c.no]++
	c.time = s.seen[c.endpoint+" "+c.no]
	var a *stubAnswer
	if s.script != nil {
		a = s.script(c)
	}
	if a == nil || a.commit {
		plain := s.plain(c)
		if a == nil {
			a = plain
		}
	}
	if a.body == "" && a.code == 0 {
		panic(http.ErrAbortHandler) // hangs up
	}
	for name, v := range a.header {
		w.Header().Set(name, v)
	}
	w.WriteHeader(max(a.code, 0) + map[bool]int{true: 200}[a.code == 0])
	_, _ = io.WriteString(w, a.body)
}

// plain answers as the documents say. The caller holds s.mu.
func (s *stub) plain(c stubCall) *stubAnswer {
	id := "WN" + strconv.Itoa(len(s.orders)) + "20240101003753223310135049"
	switch c.endpoint {
	case "create_order":
		if c.fields["channelId"] == "CC_PAX" {
			if s.reports[c.no]++; s.reports[c.no] > 1 {
				return s.unsigned("商户订单[" + c.no + "]已存在")
			}
			return s.say("payOrderId", id, "mchOrderNo", c.no, "extra", c.fields["extra"])
		}
		s.orders[c.no] = &stubOrder{id, c.fields["channelId"], c.fields["amount"], c.fields["currency"], "0"}
		return s.say("payOrderId", id, "mchOrderNo", c.no, "codeUrl", "weixin://wxpay/bizpayurl?pr="+strconv.Itoa(len(s.orders)))
	case "query_order":
		o := s.orders[c.no]
		if o == nil {
			return s.unsigned("order not exist")
		}
		return s.say("payOrderId", o.payOrderID, "mchOrderNo", c.no, "channelId", o.channel, "amount", o.amount, "currency", o.currency, "status", o.status)
	case "refund_order":
		if s.refunds[c.no] == nil {
			s.refunds[c.no] = &stubRefund{c.fields["payOrderId"], c.fields["refundAmount"], "0"}
		}
		return s.say("mchRefundNo", c.no, "payOrderId", c.fields["payOrderId"], "refundAmount", c.fields["refundAmount"])
	case "query_refund":
		r := s.refunds[c.no]
		if r == nil {
			return s.unsigned("refund not exist")
		}
		return s.say("mchRefundNo", c.no, "payOrderId", r.payOrderID, "refundAmount", r.amount, "status", r.status)
	}
	return &stubAnswer{code: http.StatusNotFound, body: "no such page"}
}

// say is a signed SUCCESS with these fields.
func (s *stub) say(pairs ...string) *stubAnswer {
	return s.signed(plainOrder, append([]string{"retCode", "SUCCESS", "resCode", "SUCCESS"}, pairs...)...)
}

// fail is a signed FAIL with words.
func (s *stub) fail(words string) *stubAnswer {
	return s.signed(plainOrder, "retCode", "FAIL", "resCode", "FAIL", "retMsg", words)
}

// unsigned is a FAIL that nobody signed, as the gateway's sibling sends them.
func (s *stub) unsigned(words string) *stubAnswer {
	return &stubAnswer{body: `{"retCode":"FAIL","retMsg":` + stubJSON(words) + `}`}
}

// signed is an answer with fields sorted for its signature as order says. A value
// that begins with a bare JSON value ("=true", "=2865.0") is sent as that.
func (s *stub) signed(order func([]string), pairs ...string) *stubAnswer {
	fields := map[string]string{}
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		bare, isBare := strings.CutPrefix(pairs[i+1], "=")
		if fields[pairs[i]] = pairs[i+1]; isBare {
			fields[pairs[i]] = bare
		} else {
			bare = stubJSON(pairs[i+1])
		}
		fmt.Fprintf(&b, "%s:%s,", stubJSON(pairs[i]), bare)
	}
	return &stubAnswer{body: "{" + b.String() + `"sign":"` + s.sign(fields, order) + `"}`}
}

// sign is the documents' signature: what is not empty, sorted, joined, and the key.
func (s *stub) sign(fields map[string]string, order func([]string)) string {
	var pairs []string
	for name, v := range fields {
		if name != "sign" && v != "" {
			pairs = append(pairs, name+"="+v)
		}
	}
	order(pairs)
	sum := md5.Sum([]byte(strings.Join(append(pairs, "key="+s.key), "&")))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func plainOrder(pairs []string) {
	sort.Slice(pairs, func(i, j int) bool {
		return pairs[i][:strings.Index(pairs[i], "=")] < pairs[j][:strings.Index(pairs[j], "=")]
	})
}

// stubForm reads "params=" and percent-encoded JSON.
func stubForm(body string) (map[string]string, error) {
	text, ok := strings.CutPrefix(body, "params=")
	if !ok {
		return nil, fmt.Errorf("the body does not begin with params=")
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '%':
			if i+2 >= len(text) {
				return nil, fmt.Errorf("half a percent sign")
			}
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return nil, err
			}
			b.WriteByte(byte(n))
			i += 2
		case '+':
			b.WriteByte(' ')
		case '&', '=':
			return nil, fmt.Errorf("more than the one field")
		default:
			b.WriteByte(c)
		}
	}
	dec := json.NewDecoder(strings.NewReader(b.String()))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, v := range raw {
		fields[name] = fmt.Sprint(v)
	}
	return fields, nil
}

func stubJSON(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}
