package iotpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"posd/device/sale"
)

// maxNotice bounds a notification.
const maxNotice = 64 << 10

// Notices says what a receiver of notifications must know of the till.
type Notices struct {
	// Asked returns amount and currency as they were asked for under a number.
	// Any error means that the order is not known here.
	Asked func(ctx context.Context, mchOrderNo string) (sale.Amount, string, error)
	// Paid hands a payment on, in the form of a query's answer. It may come more than
	// once for the same order and must do no harm then. An error makes the
	// gateway tell it again.
	Paid func(ctx context.Context, a sale.GatewayAnswer) error
}

// Receiver answers the gateway's notifications of payments, which arrive where
// notifyUrl points. It believes nothing that is not signed, about our merchant, about
// an order that is known here, and of the amount and currency asked for. It is
// a shortcut only: an order is asked after until it is final, whether a
// notification comes or not.
//
// It answers "success", or an error status, upon which the gateway tries again.
func (c *Client) Receiver(n Notices) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, status, err := c.notified(r, n)
		if err == nil {
			if err = n.Paid(r.Context(), a); err != nil {
				status = http.StatusServiceUnavailable
			}
		}
		if err != nil {
			words := fit(err.Error(), c.key, c.answerKey)
			c.log.Warn("notification refused", "attempt", printable(a.No), "status", status, "err", words)
			http.Error(w, words, status)
			return
		}
		c.log.Debug("notification taken", "attempt", a.No)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "success") // if it does not arrive, the gateway tells it again
	})
}

// notified reads and checks one notification.
func (c *Client) notified(r *http.Request, n Notices) (a sale.GatewayAnswer, status int, err error) {
	if r.Method != http.MethodPost && (r.Method != http.MethodGet || r.URL.RawQuery == "") {
		return a, http.StatusMethodNotAllowed, errors.New("notifications are posted, or stand in the query of the address")
	}
	obj, err := readNotice(r)
	if err != nil {
		return a, http.StatusBadRequest, err
	}
	a.No = obj.Text("mchOrderNo")
	if verdict := Verify(obj, c.answerKey); verdict != Genuine {
		return a, http.StatusForbidden, fmt.Errorf("notification: %s", verdict)
	}
	if id := obj.Text("mchId"); id != c.cfg.MchID {
		return a, http.StatusForbidden, fmt.Errorf("notification for merchant %q", id)
	}
	s, err := orderState(obj)
	if err != nil {
		return a, http.StatusBadRequest, err
	}
	if !s.Status.Paid() {
		return a, http.StatusBadRequest, fmt.Errorf("notification of status %q, which is no payment", obj.Text("status"))
	}
	amount, currency, err := n.Asked(r.Context(), s.MchOrderNo)
	if err != nil {
		return a, http.StatusNotFound, fmt.Errorf("order %q is not known here", s.MchOrderNo)
	}
	if s.Amount != amount || s.Currency != currency {
		return a, http.StatusConflict, fmt.Errorf("notification of %s %s, asked was %s %s", s.Amount, s.Currency, amount, currency)
	}
	return sale.GatewayAnswer{
		No:         s.MchOrderNo,
		Result:     sale.GatewayOK,
		Verified:   true,
		PayOrderID: s.PayOrderID,
		Status:     s.Status,
		Amount:     s.Amount,
		Currency:   s.Currency,
	}, http.StatusOK, nil
}

// readNotice reads a notification's fields. The documents show them as a list:
// they may come as the one form field params, as requests do, each as a form
// field of its own, or as a JSON body; and, from a sibling of the gateway, as the
// query of the address, with an empty body.
func readNotice(r *http.Request) (Object, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxNotice+1))
	if err != nil {
		return Object{}, fmt.Errorf("read notification: %w", err)
	}
	if len(body) > maxNotice {
		return Object{}, fmt.Errorf("read notification: longer than %d bytes", maxNotice)
	}
	if strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		return ParseObject(body)
	}
	text := string(body)
	if strings.TrimSpace(text) == "" {
		text = r.URL.RawQuery
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return Object{}, errors.New("read notification: not a form")
	}
	if params := form.Get("params"); params != "" {
		return ParseObject([]byte(params))
	}
	flat := map[string]string{}
	for name, values := range form {
		if len(values) != 1 {
			return Object{}, fmt.Errorf("read notification: field %q stands twice", name)
		}
		flat[name] = values[0]
	}
	object, err := json.Marshal(flat) // read back below: one way into an Object
	if err != nil {
		return Object{}, fmt.Errorf("read notification: %w", err)
	}
	return ParseObject(object)
}
