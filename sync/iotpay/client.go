package iotpay

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"posd/device/sale"
)

// Client asks the gateway. It may be used by several goroutines.
type Client struct {
	cfg       Config
	key       sale.Secret // signs what we send
	answerKey sale.Secret // signed what we get
	log       *slog.Logger
	wire      *wire
	route     atomic.Pointer[string] // our address on the default route
}

// Option changes what New builds.
type Option func(*options)

type options struct {
	answerKey sale.Secret
	dial      dialer
	tls       *tls.Config // which certificates are trusted; nil: the system's
	transport http.RoundTripper
}

// WithAnswerKey sets the key that the gateway signs its answers with, where it
// is not the merchant key.
func WithAnswerKey(key sale.Secret) Option { return func(o *options) { o.answerKey = key } }

// WithDial makes connections by dial instead of the net package.
func WithDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(o *options) { o.dial = dial }
}

// WithTransport carries requests by t, without connections: for simulations, in
// which nothing may wait. A request of which something left is to say so by
// calling GotConn of its httptrace.ClientTrace.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// New returns a client for a valid configuration and the merchant's key. It
// opens nothing.
func New(cfg Config, key sale.Secret, log *slog.Logger, opts ...Option) (*Client, error) {
	if faults := cfg.Validate(); len(faults) > 0 {
		return nil, fmt.Errorf("set up gateway: %w", errors.Join(faults...))
	}
	if strings.TrimSpace(key.Reveal()) == "" {
		return nil, errors.New("set up gateway: the merchant key is empty")
	}
	if !strings.HasSuffix(cfg.BaseURL, "/") {
		cfg.BaseURL += "/"
	}
	o := options{answerKey: key}
	for _, opt := range opts {
		opt(&o)
	}
	c := &Client{
		cfg:       cfg,
		key:       key,
		answerKey: o.answerKey,
		log:       log,
		wire:      newWire(cfg, log, o),
	}
	c.seeRoute()
	return c, nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.wire.tr.CloseIdleConnections() }

// Create asks for an order of one of the counter's channels. It is sent once.
func (c *Client) Create(ctx context.Context, r sale.OrderRequest) sale.GatewayAnswer {
	o := Order{No: r.No, Channel: r.Channel, Amount: r.Amount, Currency: r.Currency, AuthCode: r.AuthCode}
	if n := len(r.No); n > maxOwnNo {
		return refused(r.No, fmt.Errorf("mchOrderNo: %d characters, at most %d", n, maxOwnNo))
	}
	if r.Channel == sale.WXNative {
		o.ProductID = c.cfg.ProductID
	}
	if r.Channel.Micropay() {
		o.DeviceID = c.cfg.DeviceID
	}
	_, a := c.CreateOrder(ctx, o)
	return a
}

// CreateOrder asks for an order of any channel. It is sent once.
func (c *Client) CreateOrder(ctx context.Context, o Order) (Placed, sale.GatewayAnswer) {
	return c.placeOrder(ctx, once, o)
}

func (c *Client) placeOrder(ctx context.Context, how manner, o Order) (Placed, sale.GatewayAnswer) {
	c.seeRoute()
	o = c.filled(o)
	if err := o.Validate(); err != nil {
		return Placed{}, refused(o.No, err)
	}
	obj, a := c.call(ctx, how, "create_order", o.No, o.params(c.cfg.MchID), o.AuthCode)
	if a.Result != sale.GatewayOK {
		return Placed{}, a
	}
	p := placed(obj)
	a.PayOrderID = p.PayOrderID
	if p.MchOrderNo != "" && p.MchOrderNo != o.No {
		return p, disagree(a, "mchOrderNo", p.MchOrderNo)
	}
	if showsCode(o.Channel) {
		code := strings.TrimSpace(p.Code()) // a line end is no reason to turn a customer away
		if code == "" {
			return p, unusable(a, "the gateway's answer holds no code to show")
		}
		if len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return p, unusable(a, "the gateway's answer holds a code that no display can show")
		}
		a.Code = code
	}
	return p, a
}

// maxCode bounds the text of a QR: an EMV code may have 512 characters, the
// wallets' own links have some 60.
const maxCode = 512

// showsCode reports whether the customer scans a code that the shop shows.
func showsCode(ch sale.Channel) bool {
	return ch == sale.WXNative || ch == sale.AlipayQR || ch == sale.UPIQR
}

// filled puts the configured values where an order says nothing.
func (c *Client) filled(o Order) Order {
	notify := c.cfg.NotifyURL
	if o.Channel == sale.CCPax {
		notify = "http://localhost" // as documented: a card's result is known here first
	}
	for _, f := range []struct {
		field *string
		value string
	}{
		{&o.JobNo, c.cfg.JobNo}, {&o.NotifyURL, notify}, {&o.Subject, c.cfg.Subject},
		{&o.Body, c.cfg.Body}, {&o.Device, c.cfg.Device}, {&o.ClientIP, c.clientIP()},
	} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	return o
}

// clientIP is the configured address, or that of the default route when it was
// last seen.
func (c *Client) clientIP() string {
	if c.cfg.ClientIP != "" {
		return c.cfg.ClientIP
	}
	if ip := c.route.Load(); ip != nil {
		return *ip
	}
	return "127.0.0.1" // a box that never had a network
}

// seeRoute looks which address the default route has. It sends nothing:
// connecting a UDP socket only picks a route.
func (c *Client) seeRoute() {
	if c.cfg.ClientIP != "" {
		return
	}
	conn, err := net.Dial("udp4", "198.51.100.1:9")
	if err != nil {
		return // no route now: the last one seen will do
	}
	defer conn.Close()
	ip := conn.LocalAddr().(*net.UDPAddr).IP.String()
	c.route.Store(&ip)
}

// Query asks for an order's status by its mchOrderNo.
func (c *Client) Query(ctx context.Context, mchOrderNo string) sale.GatewayAnswer {
	_, a := c.QueryOrder(ctx, Query{MchOrderNo: mchOrderNo})
	return a
}

// QueryOrder asks for an order's status by either of its numbers. The answer's
// own number must be the one asked about.
func (c *Client) QueryOrder(ctx context.Context, q Query) (OrderState, sale.GatewayAnswer) {
	no := cmp.Or(q.MchOrderNo, q.PayOrderID)
	if err := q.Validate(); err != nil {
		return OrderState{}, refused(no, err)
	}
	obj, a := c.call(ctx, repeated, "query_order", no, q.params(c.cfg.MchID))
	if a.Result != sale.GatewayOK {
		return OrderState{}, a
	}
	s, err := orderState(obj)
	if err != nil {
		return s, unusable(a, err.Error())
	}
	if q.MchOrderNo != "" && s.MchOrderNo != q.MchOrderNo {
		return s, disagree(a, "mchOrderNo", s.MchOrderNo)
	}
	if q.MchOrderNo == "" && s.PayOrderID != q.PayOrderID {
		return s, disagree(a, "payOrderId", s.PayOrderID)
	}
	a.PayOrderID, a.Status, a.Amount, a.Currency = s.PayOrderID, s.Status, s.Amount, s.Currency
	if s.Status == sale.StatusUnknown {
		a.Words = fmt.Sprintf("the gateway's status %q means nothing to posd", printable(obj.Text("status")))
	}
	return s, a
}

// Refund asks for money back. It is sent once.
func (c *Client) Refund(ctx context.Context, r sale.RefundRequest) sale.GatewayAnswer {
	_, a := c.RefundOrder(ctx, Refund{No: r.No, PayOrderID: r.PayOrderID, Amount: r.Amount, Currency: r.Currency, Channel: r.Channel})
	return a
}

// RefundOrder asks for money back. It is sent once.
func (c *Client) RefundOrder(ctx context.Context, r Refund) (RefundState, sale.GatewayAnswer) {
	c.seeRoute()
	r.LoginName = cmp.Or(r.LoginName, c.cfg.JobNo)
	r.ClientIP = cmp.Or(r.ClientIP, c.clientIP())
	r.Device = cmp.Or(r.Device, c.cfg.Device)
	if err := r.Validate(); err != nil {
		return RefundState{}, refused(r.No, err)
	}
	obj, a := c.call(ctx, once, "refund_order", r.No, r.params(c.cfg.MchID))
	return c.refundAnswer(obj, a, r.PayOrderID, r.Amount)
}

// QueryRefund asks what became of a refund by its mchRefundNo.
func (c *Client) QueryRefund(ctx context.Context, mchRefundNo string) sale.GatewayAnswer {
	_, a := c.QueryRefundOrder(ctx, mchRefundNo)
	return a
}

// QueryRefundOrder asks what became of a refund. The answer must name it.
func (c *Client) QueryRefundOrder(ctx context.Context, mchRefundNo string) (RefundState, sale.GatewayAnswer) {
	if mchRefundNo == "" {
		return RefundState{}, refused("", errors.New("mchRefundNo: missing"))
	}
	obj, a := c.call(ctx, repeated, "query_refund", mchRefundNo, refundQueryParams(c.cfg.MchID, mchRefundNo))
	s, a := c.refundAnswer(obj, a, "", 0)
	if s.MchRefundNo == "" && a.Verified && (a.Result == sale.GatewayOK || a.Result == sale.GatewayPending || a.Result == sale.GatewayFailed) {
		return s, disagree(a, "mchRefundNo", "")
	}
	return s, a
}

// refundAnswer reads the answer to refund_order or query_refund: SUCCESS says
// only that the refund, or the question, was accepted. Whether the money went
// back is the status's to say. It checks what the answer repeats of the
// request; zero values were not asked for.
func (c *Client) refundAnswer(obj Object, a sale.GatewayAnswer, payOrderID string, amount sale.Amount) (RefundState, sale.GatewayAnswer) {
	if a.Result != sale.GatewayOK {
		return RefundState{}, a
	}
	s, err := refundState(obj)
	switch {
	case err != nil:
		return s, unusable(a, err.Error())
	case s.MchRefundNo != "" && s.MchRefundNo != a.No:
		return s, disagree(a, "mchRefundNo", s.MchRefundNo)
	case payOrderID != "" && s.PayOrderID != "" && s.PayOrderID != payOrderID:
		return s, disagree(a, "payOrderId", s.PayOrderID)
	case amount != 0 && s.Amount != 0 && s.Amount != amount:
		return s, disagree(a, "refundAmount", s.Amount.String())
	}
	a.PayOrderID, a.Amount, a.Currency = s.PayOrderID, s.Amount, s.Currency
	switch {
	case isOneOf(s.Status, c.cfg.RefundDone):
	case isOneOf(s.Status, c.cfg.RefundFailed):
		a.Result, a.Concern = sale.GatewayFailed, sale.ConcernOrder
		a.Words = cmp.Or(a.Words, fmt.Sprintf("the gateway says that the refund failed (status %s)", printable(s.Status)))
	case s.Status == "":
		a.Result, a.Words = sale.GatewayPending, cmp.Or(a.Words, "the gateway has accepted the refund and does not say yet that it is done")
	default:
		a.Result, a.Words = sale.GatewayPending, cmp.Or(a.Words, fmt.Sprintf("the refund is not done yet (status %s)", printable(s.Status)))
	}
	return s, a
}

// isOneOf reports whether a status is one of those listed, whatever its case.
func isOneOf(status string, list []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return status != "" && strings.EqualFold(s, status) })
}

// ReportParams composes the create_order request that reports a card sale: JSON
// without signature, to be stored and sent byte for byte the same at every try.
// It does no I/O. An error means that the gateway would refuse it.
func (c *Client) ReportParams(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
	o := c.filled(Order{No: no, Channel: sale.CCPax, Amount: amount, Currency: currency, CardExtra: extra})
	_, isJSON := ParseObject([]byte(extra.Reveal()))
	if isJSON != nil && extra != "" {
		isJSON = errors.New("extra: not a JSON object") // whose error would repeat it
	}
	if err := errors.Join(o.Validate(), isJSON); err != nil {
		return "", fmt.Errorf("compose report %s: %w", no, err)
	}
	return sale.Secret(o.params(c.cfg.MchID)), nil
}

// Report sends a report as it was stored. It is sent once; the queue says when again.
func (c *Client) Report(ctx context.Context, r sale.Report) sale.GatewayAnswer {
	params := []byte(r.Params.Reveal())
	o, err := ParseObject(params)
	if err != nil {
		return refused(r.No, errors.New("the stored report is not a JSON object"))
	}
	if no := o.Text("mchOrderNo"); no != r.No {
		return refused(r.No, fmt.Errorf("the stored report is for number %q", printable(no)))
	}
	obj, a := c.call(ctx, once, "create_order", r.No, params)
	if a.Result == sale.GatewayOK {
		p := placed(obj)
		a.PayOrderID = p.PayOrderID
		if p.MchOrderNo != "" && p.MchOrderNo != r.No {
			return disagree(a, "mchOrderNo", p.MchOrderNo)
		}
	}
	return a
}

// Probe asks after an order that never was. When all is well the gateway has
// read our signature and says "not found", without trouble.
func (c *Client) Probe(ctx context.Context) sale.GatewayAnswer {
	c.seeRoute()
	no := "PROBE-" + rand.Text()[:20]
	x, err := c.ask(ctx, repeated, "query_order", Query{MchOrderNo: no}.params(c.cfg.MchID))
	if err != nil {
		return refused(no, err)
	}
	obj, a := c.judge("query_order", no, x)
	a.Words = fit(a.Words, c.key, c.answerKey)
	if a.Result == sale.GatewayOK {
		a = disagree(a, "mchOrderNo", obj.Text("mchOrderNo"))
	}
	if skew, told := x.skew(); told && skew.Abs() > c.cfg.ClockSkew && a.Trouble == sale.TroubleNone {
		a.Trouble = sale.TroubleClock
		a.Words = join(a.Words, fmt.Sprintf("this box's clock and the gateway's differ by %s", skew.Abs().Round(time.Second)))
	}
	if a.Trouble == sale.TroubleNone && x.took > slowAnswer {
		a.Words = join(a.Words, fmt.Sprintf("the gateway answers, but slowly: %s", x.took.Round(100*time.Millisecond)))
	}
	c.logged("query_order", x, a)
	return a
}

// slowAnswer is when a probe calls an answer slow: a cashier would notice.
const slowAnswer = 3 * time.Second

// manner is how a request may be sent.
type manner int

const (
	once manner = iota
	repeated
	driving // once, and for as long as a customer at a terminal may take
)

// call signs, sends, reads and judges. The object is empty unless the result is ok.
func (c *Client) call(ctx context.Context, how manner, endpoint, no string, params []byte, secrets ...sale.Secret) (Object, sale.GatewayAnswer) {
	x, err := c.ask(ctx, how, endpoint, params)
	if err != nil {
		return Object{}, refused(no, err)
	}
	obj, a := c.judge(endpoint, no, x)
	a.Words = fit(a.Words, append(secrets, c.key, c.answerKey)...)
	c.logged(endpoint, x, a)
	return obj, a
}

// ask signs and sends. An error means that there is nothing fit to be sent.
func (c *Client) ask(ctx context.Context, how manner, endpoint string, params []byte) (exchange, error) {
	text, err := signed(params, c.key)
	if err != nil {
		return exchange{}, err
	}
	client := c.wire.once
	switch how {
	case repeated:
		client = c.wire.look
	case driving:
		client = c.wire.card
	}
	return c.wire.send(ctx, client, endpoint, text), nil
}

func (c *Client) logged(endpoint string, x exchange, a sale.GatewayAnswer) {
	c.log.Debug("gateway asked", "endpoint", endpoint, "attempt", a.No, "result", a.Result, "trouble", a.Trouble,
		"status", x.status, "took", x.took.Round(time.Millisecond), "words", a.Words)
}

// refused is the answer to a request that posd itself does not send.
func refused(no string, err error) sale.GatewayAnswer {
	return sale.GatewayAnswer{No: no, Result: sale.GatewayNotSent, Status: sale.StatusUnknown, Concern: sale.ConcernOrder, Words: "not sent: " + printable(err.Error())}
}
