package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"posd/device/api"
	"posd/device/sale"
	"posd/sync/iotpay"
)

// orders is the gateway's General Order API for the daemon's own API: what the
// order commands do, with the daemon's client.
type orders struct {
	desk
	config Config
	client *iotpay.Client
	sales  func(context.Context, sale.Filter) ([]sale.Sale, error)
}

// Place sends an order, once.
func (o *orders) Place(ctx context.Context, no string, r api.OrderRequest) (api.Order, error) {
	order := iotpay.Order{No: no, Channel: r.Channel, Amount: r.Amount, Currency: r.Currency, Subject: r.Subject, Body: r.Body,
		NotifyURL: r.NotifyURL, ReturnURL: r.ReturnURL, OSType: r.OSType, ProductID: r.ProductID, OpenID: r.OpenID, AppID: r.AppID,
		AuthCode: sale.Secret(r.AuthCode), DeviceID: r.DeviceID, CardExtra: sale.Secret(r.Extra), Source: r.Source, Tip: r.Tip,
		Param2: r.Param2, Remarks: r.Remarks}
	if err := complete(&order, o.config); err != nil {
		return api.Order{}, &sale.Refusal{Kind: sale.ErrInvalid, Words: err.Error()}
	}
	view, debit := place(ctx, o.client, order)
	if debit {
		view.unasked()
	}
	return view.wire()
}

// Ask asks what became of an order or a refund.
func (o *orders) Ask(ctx context.Context, no string, refund bool) (api.Order, error) {
	return askAfter(ctx, o.client, no, refund, false).wire()
}

// GiveBack gives money of a paid order back, once. The number may be that of an
// earlier run, so the gateway is always asked first.
func (o *orders) GiveBack(ctx context.Context, orderNo, no string, b api.OrderRefund) (api.Order, error) {
	r := orderRefund{order: orderNo, amount: b.Amount, again: true, limits: o.config.Shop.Refunds, anyway: b.Anyway}
	view, err := o.giveBack(ctx, o.client, r, o.tillsOwn, func() string { return no })
	switch {
	case errors.Is(err, errNotKnown): // an earlier run may have sent it
		view.Result, view.Words = sale.GatewayLost, err.Error()
	case err != nil:
		return api.Order{}, &sale.Refusal{Kind: sale.ErrNotPossible, Words: err.Error()}
	}
	return view.wire()
}

// tillsOwn looks in the journal for the sale that an order belongs to; the
// till's numbers tell when they were made.
func (o *orders) tillsOwn(ctx context.Context, orderNo string) (sale.ID, error) {
	made, err := ulid.ParseStrict(orderNo)
	if err != nil {
		return "", nil
	}
	at := ulid.Time(made.Time())
	list, err := o.sales(ctx, sale.Filter{From: at.Add(-24 * time.Hour), To: at.Add(24 * time.Hour), Limit: maxTillsOwn})
	if err == nil && len(list) == maxTillsOwn {
		err = errors.New("too many sales around that time")
	}
	return saleOf(list, orderNo), err
}

// maxTillsOwn bounds the sales looked through.
const maxTillsOwn = 10000

// wire is the view as the API tells it: the members have the same names.
func (v orderView) wire() (o api.Order, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(text, &o)
}
