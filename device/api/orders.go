package api

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"posd/device/sale"
)

// Orders is the gateway's General Order API, past the till. Place and GiveBack
// ask for money to move at most once, under the number given. An error, usually
// a *sale.Refusal, means that they have not asked.
type Orders interface {
	Place(ctx context.Context, no string, r OrderRequest) (Order, error)
	Ask(ctx context.Context, no string, refund bool) (Order, error)
	GiveBack(ctx context.Context, orderNo, no string, r OrderRefund) (Order, error)
}

// OrderRequest is the body of POST /v1/orders.
type OrderRequest struct {
	Channel   sale.Channel    `json:"channel" maxLength:"32" doc:"The gateway's channel." example:"ALIPAY_WAP"`
	Amount    sale.Amount     `json:"amount" minimum:"1" maximum:"999999999" doc:"What to ask for, in whole cents." example:"2865"`
	Currency  string          `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Three letters; the shop's when left out." example:"CAD"`
	Subject   string          `json:"subject,omitempty" maxLength:"64" doc:"What was bought, its title; the configuration's when left out."`
	Body      string          `json:"body,omitempty" maxLength:"255" doc:"What was bought, in words; the configuration's when left out."`
	NotifyURL string          `json:"notifyUrl,omitempty" maxLength:"200" doc:"Address for the gateway's notification; the configuration's when left out."`
	ReturnURL string          `json:"returnUrl,omitempty" maxLength:"200" doc:"Address the customer's browser goes to afterwards."`
	OSType    string          `json:"osType,omitempty" enum:"IOS,ANDROID" doc:"The customer's phone (ALIPAY_WAP, ALIPAY_MOBILE)."`
	ProductID string          `json:"productId,omitempty" maxLength:"64" doc:"Product (WX_NATIVE); the configuration's when left out."`
	OpenID    string          `json:"openId,omitempty" maxLength:"128" doc:"The customer's ID at WeChat (WX_JSAPI)."`
	AppID     string          `json:"appId,omitempty" maxLength:"64" doc:"The app's ID at WeChat (WX_APP, mini programs)."`
	AuthCode  string          `json:"authCode,omitempty" maxLength:"64" doc:"The customer's own code (MICROPAY channels). Never stored, logged or repeated."`
	DeviceID  string          `json:"deviceId,omitempty" maxLength:"64" doc:"The scanner's name (MICROPAY channels)."`
	Extra     json.RawMessage `json:"extra,omitempty" doc:"The card transaction as a JSON object, its card number masked (CC_PAX)."`
	Source    string          `json:"source,omitempty" maxLength:"64" doc:"Point-of-sale software and its version (CC_PAX)."`
	Tip       sale.Amount     `json:"tip,omitempty" minimum:"0" maximum:"999999999" doc:"The tip in whole cents (CC_PAX)."`
	Param2    string          `json:"param2,omitempty" maxLength:"64" doc:"Text that comes back in the notification."`
	Remarks   string          `json:"remarks,omitempty" maxLength:"200" doc:"Text kept with the order."`
}

// OrderRefund is the body of POST /v1/orders/{no}/refund.
type OrderRefund struct {
	Amount sale.Amount `json:"amount" minimum:"1" maximum:"999999999" doc:"How much to give back, in whole cents." example:"2865"`
	Anyway bool        `json:"anyway,omitempty" doc:"A person was told that the wallet may not take it any more, and it is sent all the same."`
}

// Order is what the gateway's answer proves, as posd order prints it.
type Order struct {
	No       string             `json:"no" doc:"Number of the order, or of the refund; ask by it."`
	Channel  sale.Channel       `json:"channelId,omitempty" doc:"The gateway's channel."`
	Amount   sale.Amount        `json:"amount,omitempty" doc:"What was asked, in cents."`
	Currency string             `json:"currency,omitempty" doc:"Three letters."`
	Result   sale.GatewayResult `json:"result" doc:"ok; lost, together with placed: the order stands, and only asking tells whether it is paid."`
	Verified bool               `json:"verified" doc:"Whether the answer was signed, and right."`
	Words    string             `json:"words,omitempty" doc:"The gateway's words, or posd's."`
	Trouble  sale.Trouble       `json:"trouble,omitempty" doc:"What is wrong between posd and the gateway, in one word."`
	Warnings []string           `json:"warnings,omitempty" doc:"Where the gateway's documents disagree about what was asked; it was sent all the same."`
	Code     string             `json:"code,omitempty" doc:"The text of the QR for the customer to scan."`
	Placed   json.RawMessage    `json:"placed,omitempty" doc:"The gateway's answer to the order: payOrderId, payUrl, payParams, prepayId, retParams, ..., as the channel has them."`
	State    json.RawMessage    `json:"state,omitempty" doc:"How the order stands: status 0 not paid, 1 the password is being entered, 2 or 3 paid, ..., as the gateway says."`
	Refund   json.RawMessage    `json:"refund,omitempty" doc:"The refund that was made."`
}

// orderOut answers with an order.
type orderOut struct {
	Status int
	Body   Order
}

const notSales = "The gateway's General Order API, for any channel. These orders are no sales of the till: it does not watch them, print them, or count them in its reports. "

func (h *handlers) placeOrder(ctx context.Context, in *struct {
	KeyHeader
	Body OrderRequest
}) (*orderOut, error) {
	asked := in.Body
	asked.AuthCode = "" // a repeated request need not have it, and it is kept nowhere
	return h.orderOnce(ctx, in.KeyHeader, "order", asked, func(ctx context.Context, no string) (Order, error) {
		return h.Orders.Place(ctx, no, in.Body)
	})
}

// OrderNo is embedded in requests about one order.
type OrderNo struct {
	No string `path:"no" maxLength:"30" doc:"Number of the order." example:"KAEXAMPLE"`
}

func (h *handlers) askOrder(ctx context.Context, in *struct {
	OrderNo
	Refund bool `query:"refund" doc:"The number is that of a refund."`
}) (*orderOut, error) {
	if h.Orders == nil {
		return nil, noOrders()
	}
	o, err := h.Orders.Ask(ctx, in.No, in.Refund)
	if err != nil {
		return nil, h.refuse("ask after order", err)
	}
	if o.Result != sale.GatewayOK {
		return nil, orderProblem(o, orderPath(in.No, in.Refund))
	}
	return &orderOut{http.StatusOK, o}, nil
}

func (h *handlers) refundOrder(ctx context.Context, in *struct {
	OrderNo
	KeyHeader
	Body OrderRefund
}) (*orderOut, error) {
	return h.orderOnce(ctx, in.KeyHeader, "refund", []any{in.No, in.Body}, func(ctx context.Context, no string) (Order, error) {
		return h.Orders.GiveBack(ctx, in.No, no, in.Body)
	})
}

func noOrders() *Problem {
	return problem(http.StatusNotFound, "not-found", "There are no orders here: posd has no account at the gateway ([gateway] in its configuration).")
}

// orderPath is where what became of a number is asked.
func orderPath(no string, refund bool) string {
	if refund {
		return "/v1/orders/" + no + "?refund=true"
	}
	return "/v1/orders/" + no
}

// orderRun is a request that moves money past the till, under way or answered.
type orderRun struct {
	body  [sha256.Size]byte // what was asked
	done  chan struct{}     // closed when order and err are there
	order Order
	err   error
}

// orderRuns remembers the latest ones by key.
type orderRuns struct {
	mu    sync.Mutex
	byKey map[string]*orderRun
	keys  []string // oldest first
}

// maxOrderRuns bounds what is remembered; orderLimit ends what hangs.
const (
	maxOrderRuns = 256
	orderLimit   = 2 * time.Minute
)

// begin returns the run under a key, made is true if it is a new one. It is nil
// when there is no room: all of them are under way.
func (o *orderRuns) begin(key string, body [sha256.Size]byte) (run *orderRun, made bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if run = o.byKey[key]; run != nil {
		return run, false
	}
	if len(o.keys) >= maxOrderRuns {
		i := slices.IndexFunc(o.keys, func(k string) bool {
			select {
			case <-o.byKey[k].done:
				return true
			default:
				return false
			}
		})
		if i < 0 {
			return nil, false
		}
		delete(o.byKey, o.keys[i])
		o.keys = slices.Delete(o.keys, i, i+1)
	}
	if o.byKey == nil {
		o.byKey = map[string]*orderRun{}
	}
	run = &orderRun{body: body, done: make(chan struct{})}
	o.byKey[key], o.keys = run, append(o.keys, key)
	return run, true
}

// forget lets a key be used again: nothing was sent under it.
func (o *orderRuns) forget(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.byKey, key)
	o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
}

// orderOnce does what a key asks for, once. It goes on when the caller has gone:
// a request that moves money is not to be cut in the middle.
func (h *handlers) orderOnce(ctx context.Context, header KeyHeader, what string, body any, do func(ctx context.Context, no string) (Order, error)) (*orderOut, error) {
	if h.Orders == nil {
		return nil, noOrders()
	}
	key, err := header.key()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal([]any{what, body})
	if err != nil {
		return nil, h.refuse(what, err)
	}
	sum := sha256.Sum256([]byte(what + " " + key))
	no := "K" + base32.StdEncoding.EncodeToString(sum[:])[:25] // no ULID, as the till's numbers are
	run, made := h.orderRuns.begin(key, sha256.Sum256(text))
	switch {
	case run == nil:
		return nil, problem(http.StatusServiceUnavailable, "too-many", "Too many orders are under way: nothing was done. Try again in a moment.")
	case run.body != sha256.Sum256(text):
		return nil, problem(http.StatusUnprocessableEntity, "key-reused", "This Idempotency-Key was used for another order or refund. Nothing was done.")
	case made:
		go func() {
			ctx, done := context.WithTimeout(context.WithoutCancel(ctx), orderLimit)
			defer done()
			defer close(run.done)
			defer func() {
				if v := recover(); v != nil {
					h.Log.Error("order panicked", "no", no, "err", fmt.Sprint(v))
					run.order = Order{No: no, Result: sale.GatewayLost, Words: "posd failed"}
				}
			}()
			run.order, run.err = do(ctx, no)
			// A refund asks first, so it may be tried again under its number.
			unsure := run.order.Result == sale.GatewayLost || run.order.Result == sale.GatewayUnverified
			if run.err != nil || run.order.Result == sale.GatewayNotSent || what == "refund" && unsure {
				h.orderRuns.forget(key)
			}
		}()
	}
	path := orderPath(no, what == "refund")
	select {
	case <-run.done:
	case <-ctx.Done():
		return nil, orderProblem(Order{Result: sale.GatewayLost, Words: "The gateway has not answered yet"}, path)
	}
	o := run.order
	switch {
	case run.err != nil:
		return nil, h.refuse(what, run.err)
	case o.Result == sale.GatewayOK:
		return &orderOut{created(!made), o}, nil
	case o.Result == sale.GatewayLost && len(o.Placed) > 0:
		return &orderOut{http.StatusAccepted, o}, nil
	}
	return nil, orderProblem(o, path)
}

// orderProblem says what an answer that is no success proves, and what to do.
func orderProblem(o Order, path string) *Problem {
	words := "No words came with the answer."
	if o.Words != "" {
		words = sentence(errors.New(o.Words))
	}
	switch {
	case o.Result == sale.GatewayNotSent && o.Trouble == sale.TroubleNone:
		return problem(http.StatusUnprocessableEntity, "invalid", words+" Nothing was sent.")
	case o.Result == sale.GatewayNotSent:
		return problem(http.StatusServiceUnavailable, "unavailable", words+" Nothing was sent.")
	case o.Result == sale.GatewayNotFound && o.Verified:
		return problem(http.StatusNotFound, "not-found", "The gateway knows no such number. "+words)
	case o.Result == sale.GatewayFail && o.Verified && o.Trouble == sale.TroubleNone:
		return problem(http.StatusConflict, "refused", "The gateway refused: "+words)
	}
	return problem(http.StatusGatewayTimeout, "unsure", words+" What became of it is not known: ask GET "+path+" in a while, and do not try under another key before you know.")
}
