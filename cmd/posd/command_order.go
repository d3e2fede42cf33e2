package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"posd/device/sale"
	"posd/sync/iotpay"
)

func orderCommand(at *where) *cobra.Command {
	d := &desk{at: at, every: 2 * time.Second, underWay: time.Minute}
	c := &cobra.Command{
		Use:   "order",
		Short: "Use the gateway's General Order API by hand, for any channel",
		Long: `order asks IOTPay itself, with the merchant account and key of the configuration,
past the till: these orders are no sales. The till does not watch them, print
them, or count them in its reports; what becomes of one, "posd order query" says.
To take a payment at this counter, use "posd sale".

Exit codes: 0 placed, paid, given back; 1 usage, or not sent; 2 refused by the
gateway; 3 closed unpaid; 4 not known, or not paid yet.`,
	}
	c.PersistentFlags().StringVar(&d.keyFile, "key-file", "", "`FILE` that holds the merchant key; the configuration's when left out")
	c.PersistentFlags().BoolVar(&d.json, "json", false, "print the answer as JSON")
	c.AddCommand(orderCreateCommand(d), orderQueryCommand(d), orderRefundCommand(d))
	return c
}

// desk is what the order commands share.
type desk struct {
	at      *where
	keyFile string
	json    bool
	every   time.Duration // the pause between two questions
	// underWay is how long a refund may be on its way: "no such refund" proves
	// nothing before. The call's own deadline comes on top.
	underWay time.Duration
	sent     *sendings // nil: numbers tell when they were made
}

// open makes the client of the configured account.
func (d *desk) open() (Config, *iotpay.Client, error) {
	c, err := load(d.at.configFile())
	if err != nil {
		return c, nil, err
	}
	if c.Gateway == nil {
		return c, nil, fmt.Errorf("%s has no [gateway]: orders need the account at IOTPay", d.at.configFile())
	}
	if d.keyFile != "" {
		c.Gateway.KeyFile = d.keyFile
	}
	if d.underWay > 0 {
		d.underWay += c.Gateway.CallTimeout
	}
	key, own, err := c.Gateway.keys()
	if err != nil {
		return c, nil, err
	}
	client, err := iotpay.New(c.Gateway.Config, key, slog.New(slog.DiscardHandler), own...)
	return c, client, err
}

// place sends an order, once. On the MICROPAY channels the request is the debit:
// whatever the answer, only the order's status says whether money was taken.
func place(ctx context.Context, client *iotpay.Client, o iotpay.Order) (view orderView, debit bool) {
	placed, a := client.CreateOrder(ctx, o)
	view = orderView{No: o.No, Channel: o.Channel, Asked: o.Amount, Currency: o.Currency, Warnings: o.Warnings()}
	view.hear(a)
	if a.Result == sale.GatewayOK {
		view.Placed = &placed
	}
	return view, o.Channel.Micropay() && a.Result != sale.GatewayNotSent
}

// follow asks after an order until it has ended, or for as long as wait.
func (d *desk) follow(ctx context.Context, client *iotpay.Client, view *orderView, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		state, a := client.QueryOrder(ctx, iotpay.Query{MchOrderNo: view.No})
		if ctx.Err() == nil || a.Result == sale.GatewayOK {
			view.hear(a)
		}
		if a.Result == sale.GatewayOK {
			view.State = &state
			if state.Status.Paid() || state.Status.Closed() {
				return
			}
		}
		select {
		case <-ctx.Done():
			if view.Result != sale.GatewayOK || view.State == nil {
				view.Result = sale.GatewayLost // silence and refusals end no debit
			}
			return
		case <-time.After(max(d.every, a.RetryAfter)):
		}
	}
}

// askAfter asks what became of an order, by the gateway's own number if theirs,
// or of a refund.
func askAfter(ctx context.Context, client *iotpay.Client, no string, refund, theirs bool) orderView {
	view := orderView{No: no}
	if refund {
		state, a := client.QueryRefundOrder(ctx, no)
		if view.hear(a); tellsOfRefund(a) {
			view.Refund = &state
		}
		return view
	}
	q := iotpay.Query{MchOrderNo: no}
	if theirs {
		q = iotpay.Query{PayOrderID: no}
	}
	state, a := client.QueryOrder(ctx, q)
	if view.hear(a); a.Result == sale.GatewayOK {
		view.State = &state
	}
	return view
}
