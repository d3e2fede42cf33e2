package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"posd/cmd/possim/caller"
	"time"
)

// client talks to posd as any other program would, and spells out the fields it reads.
type client struct{ *caller.Client }

// saleView is what possim reads of a sale.
type saleView struct {
	ID             string    `json:"id"`
	Reference      string    `json:"reference"`
	Amount         int64     `json:"amount"`
	Method         string    `json:"method"`
	State          string    `json:"state"`
	Reason         string    `json:"reason"`
	Words          string    `json:"words"`
	GivenUp        bool      `json:"givenUp"`
	MchOrderNo     string    `json:"mchOrderNo"`
	PayOrderID     string    `json:"payOrderId"`
	ApprovedAmount int64     `json:"approvedAmount"`
	Printed        string    `json:"printed"`
	Reported       string    `json:"reported"`
	Attempts       []attempt `json:"attempts"`
	Refunds        []refund  `json:"refunds"`
	Incident       string    `json:"incident"`
	Attention      string    `json:"attention"`
}

type attempt struct {
	Ref   string `json:"ref"`
	State string `json:"state"`
}

type refund struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Amount int64  `json:"amount"`
	State  string `json:"state"`
}

// String says where the sale stands, for whoever waited for something else.
func (s saleView) String() string {
	text := fmt.Sprintf("%s, printed %s, reported %s", s.State, s.Printed, s.Reported)
	for _, part := range []struct{ name, value string }{
		{"reason", s.Reason}, {"words", s.Words}, {"incident", s.Incident},
	} {
		if part.value != "" {
			text += fmt.Sprintf(", %s %q", part.name, part.value)
		}
	}
	for _, r := range s.Refunds {
		text += fmt.Sprintf(", %s of %s %s", r.Kind, cents(r.Amount), r.State)
	}
	return text
}

// cents writes an amount with a point.
func cents(a int64) string { return fmt.Sprintf("%d.%02d", a/100, a%100) }

// sellBody is the body of POST /v1/sales.
type sellBody struct {
	Amount    int64  `json:"amount"`
	Method    string `json:"method"`
	Reference string `json:"reference,omitempty"`
	Replaces  string `json:"replaces,omitempty"`
	AuthCode  string `json:"authCode,omitempty"`
}

// giveBackBody is the body of a refund or void.
type giveBackBody struct {
	Amount int64  `json:"amount,omitempty"`
	By     string `json:"by"`
}

// newClient returns a client of posd at addr.
func newClient(addr string) *client {
	return &client{caller.New(addr)}
}

func (c *client) health(ctx context.Context) error {
	return c.Call(ctx, http.MethodGet, "/healthz", "", nil, nil)
}

// sell asks posd to take one payment under key.
func (c *client) sell(ctx context.Context, key string, body sellBody) (saleView, error) {
	var s saleView
	return s, c.Call(ctx, http.MethodPost, "/v1/sales", key, body, &s)
}

// sale reads a sale; with a wait above zero posd answers when it is final, or then.
func (c *client) sale(ctx context.Context, id string, wait time.Duration) (saleView, error) {
	path := "/v1/sales/" + url.PathEscape(id)
	if wait > 0 {
		path += "?wait=" + wait.String()
	}
	var s saleView
	return s, c.Call(ctx, http.MethodGet, path, "", nil, &s)
}

// cancel wishes a sale cancelled.
func (c *client) cancel(ctx context.Context, id string) error {
	return c.Call(ctx, http.MethodPost, "/v1/sales/"+url.PathEscape(id)+"/cancel", "", struct{}{}, nil)
}

// resolve says how a sale, refund or void ended that posd cannot tell.
func (c *client) resolve(ctx context.Context, id, as string) error {
	body := map[string]string{"as": as, "reason": "looked at the terminal", "by": "Ana"}
	return c.Call(ctx, http.MethodPost, "/v1/sales/"+url.PathEscape(id)+"/resolve", "", body, nil)
}

// says is resolve of somebody who looked meanwhile: that it has ended by now is as well.
func (c *client) says(ctx context.Context, id, as string) error {
	err := c.resolve(ctx, id, as)
	var refused *caller.Problem
	if errors.As(err, &refused) && refused.Status < 500 {
		return nil
	}
	return err
}

// giveBack asks posd for a refund or a void under key, and returns the movement.
func (c *client) giveBack(ctx context.Context, key, sale, kind string, body giveBackBody) (refund, error) {
	var made struct {
		Movement refund `json:"movement"`
	}
	err := c.Call(ctx, http.MethodPost, "/v1/sales/"+url.PathEscape(sale)+"/"+kind, key, body, &made)
	return made.Movement, err
}

// sales lists every sale, newest first.
func (c *client) sales(ctx context.Context) ([]saleView, error) {
	var all []saleView
	return all, c.Call(ctx, http.MethodGet, "/v1/sales?limit=1000", "", nil, &all)
}

// queueView is what possim reads of the queue of reports.
type queueView struct {
	Queued   int    `json:"queued"`
	SetAside int    `json:"setAside"`
	Link     string `json:"link"`
	Words    string `json:"words"`
}

func (c *client) queue(ctx context.Context) (queueView, error) {
	var q queueView
	return q, c.Call(ctx, http.MethodGet, "/v1/queue", "", nil, &q)
}
