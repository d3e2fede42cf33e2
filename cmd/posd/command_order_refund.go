package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"posd/device/core"
	"posd/device/sale"
	"posd/sync/iotpay"
)

func orderRefundCommand(d *desk) *cobra.Command {
	var amount, no string
	var anyway bool
	c := &cobra.Command{
		Use:   "refund NO -amount AMOUNT",
		Short: "Give money of a paid order back",
		Long: `refund asks after order NO, and gives AMOUNT of it back if it is paid. It is for
orders that "posd order create" placed: a sale of the till is refused, since its
journal would not know; use "posd refund" for those. (That needs the daemon, which is
asked whether the order is its own; without one, you are trusted.)

The refund's number is printed before anything is sent. If the answer is lost,
repeat the command with -no and that number: the gateway is asked first, and
nothing is given back twice.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			back, err := sale.ParseAmount(amount)
			if err != nil {
				return err
			}
			config, client, err := d.open()
			if err != nil {
				return err
			}
			defer client.Close()
			return d.refund(cmd, client, no, orderRefund{order: args[0], amount: back, again: no != "", limits: config.Shop.Refunds, anyway: anyway})
		},
	}
	c.Flags().StringVar(&amount, "amount", "", "how much to give back, as `28.65` or 2865c")
	c.Flags().StringVar(&no, "no", "", "the refund's `NUMBER`: of one whose answer was lost; made and printed when left out")
	c.Flags().BoolVar(&anyway, "anyway", false, "send it though the wallet may not take it any more")
	c.MarkFlagRequired("amount")
	return c
}

// orderRefund is money of a paid order that is to go back. again: its number may have
// been sent before. anyway: a person knows that it goes beyond the wallet's limits.
type orderRefund struct {
	order         string
	amount        sale.Amount
	again, anyway bool
	limits        core.RefundLimits
}

func (d *desk) refund(cmd *cobra.Command, client *iotpay.Client, no string, r orderRefund) error {
	view, err := d.giveBack(cmd.Context(), client, r, d.tillsOwn, func() string {
		no = newNumber(cmd, "refund", no)
		return no
	})
	if err != nil && !errors.Is(err, errNotKnown) {
		return &ended{exitRefused, err}
	}
	if shown := d.show(cmd, view, false); shown != nil {
		return shown
	}
	if err != nil {
		return &ended{exitUnsure, err}
	}
	return view.end(fmt.Sprintf("posd order refund %s -amount %s -no %s", r.order, r.amount, no))
}

// errNotKnown is wrapped when an earlier refund could not be asked after.
var errNotKnown = errors.New("nothing was sent")

// giveBack gives money of a paid order back, under a number that number makes
// once it is to be used. Where it may have been sent before, the gateway is asked
// first. ours names the till's sale that an order belongs
// to, if one does. An error means that nothing was sent.
func (d *desk) giveBack(ctx context.Context, client *iotpay.Client, r orderRefund,
	ours func(context.Context, string) (sale.ID, error), number func() string) (orderView, error) {
	orderNo, amount := r.order, r.amount
	order, a := client.QueryOrder(ctx, iotpay.Query{MchOrderNo: orderNo})
	switch {
	case a.Result != sale.GatewayOK:
		return orderView{}, fmt.Errorf("nothing was given back: order %s could not be asked after: %s", orderNo, a.Words)
	case !order.Status.Paid():
		return orderView{}, fmt.Errorf("nothing was given back: order %s is not paid (%s)", orderNo, statusWords(order.Status))
	case amount > order.Amount:
		return orderView{}, fmt.Errorf("nothing was given back: %s is more than the %s %s of order %s", amount, order.Amount, order.Currency, orderNo)
	}
	if id, err := ours(ctx, orderNo); err != nil {
		return orderView{}, fmt.Errorf("nothing was given back: whether order %s is a sale of the till is not known: %w", orderNo, err)
	} else if id != "" {
		return orderView{}, fmt.Errorf("nothing was given back: order %s is the till's sale %s: use `posd refund %s -amount %s -by NAME`", orderNo, id, id, amount)
	}
	no := number()
	view := orderView{No: no}
	for try := range 2 { // "no such refund" is believed the second time
		if !r.again {
			break
		}
		state, a := client.QueryRefundOrder(ctx, no)
		view.hear(a)
		switch {
		case tellsOfRefund(a) && (state.PayOrderID != "" && state.PayOrderID != order.PayOrderID || state.Amount != 0 && state.Amount != amount):
			return view, fmt.Errorf("refund %s is another one: %s of order %s", no, state.Amount, onOneLine(state.PayOrderID))
		case tellsOfRefund(a):
			view.Refund = &state
			return view, nil
		case a.Result != sale.GatewayNotFound || !a.Verified:
			return view, fmt.Errorf("%w: what became of refund %s is not known: ask again in a while", errNotKnown, no)
		case d.onItsWay(no) > 0:
			return view, fmt.Errorf("%w: refund %s may still be on its way: repeat it in %s", errNotKnown, no, d.onItsWay(no).Round(time.Second))
		case try == 0:
			select {
			case <-ctx.Done():
				return view, errors.New("nothing was sent")
			case <-time.After(d.every):
			}
		}
	}
	if late := r.limits.Of(order.Channel).TooLate(order.PaidAt, time.Now()); late != "" && !order.PaidAt.IsZero() && !r.anyway {
		return orderView{}, fmt.Errorf("nothing was given back: %s: promise nothing, and ask again with anyway if it is to be tried all the same", late)
	}
	d.sent.note(no, d.underWay)
	state, a := client.RefundOrder(ctx, iotpay.Refund{No: no, PayOrderID: order.PayOrderID, Amount: amount, Currency: order.Currency, Channel: order.Channel})
	if view.hear(a); tellsOfRefund(a) {
		view.Refund = &state
	}
	d.awaitRefund(ctx, client, &view)
	return view, nil
}

// refundAsks is how often an accepted refund is asked after before the command ends.
const refundAsks = 3

// awaitRefund asks after a refund that is accepted: that is not the end of it.
func (d *desk) awaitRefund(ctx context.Context, client *iotpay.Client, view *orderView) {
	for try := 0; try < refundAsks && view.Result == sale.GatewayPending; try++ {
		if try > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(d.every):
			}
		}
		state, a := client.QueryRefundOrder(ctx, view.No)
		if !tellsOfRefund(a) {
			return // what was heard before stands
		}
		view.hear(a)
		view.Refund = &state
	}
}

// onItsWay returns for how long yet a refund may be under way: "no such refund"
// proves nothing before that.
func (d *desk) onItsWay(no string) time.Duration { return d.underWay - time.Since(d.sent.at(no)) }

// sendings tells when a refund's number was sent last. Those that the commands make
// are ULIDs and tell it themselves. Those of the API do not: what this run has not
// sent, an earlier one may have sent just before it ended.
type sendings struct {
	began time.Time // this run
	mu    sync.Mutex
	last  map[string]time.Time // of the latest ones
}

// at returns when a number was sent, or the latest moment at which it may have been.
func (s *sendings) at(no string) time.Time {
	if s == nil {
		id, err := ulid.ParseStrict(no)
		if err != nil {
			return time.Time{} // whoever names it answers for it
		}
		return ulid.Time(id.Time())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.last[no]; ok {
		return at
	}
	return s.began
}

// note remembers that a number is sent now, and forgets those of longer ago than
// anybody asks.
func (s *sendings) note(no string, span time.Duration) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.last, func(_ string, at time.Time) bool { return time.Since(at) > span && time.Since(s.began) > span })
	if s.last == nil {
		s.last = map[string]time.Time{}
	}
	s.last[no] = time.Now()
}

// tillsOwn asks the daemon, if one runs, whether an order belongs to a sale.
func (d *desk) tillsOwn(ctx context.Context, orderNo string) (sale.ID, error) {
	made, err := ulid.ParseStrict(orderNo)
	if err != nil {
		return "", nil
	}
	cl, err := d.at.client()
	if err != nil {
		return "", nil
	}
	// The till's numbers tell when they were made: the sale is of that day, or of
	// the one before where the business day is longer than the calendar's.
	at := ulid.Time(made.Time())
	for _, days := range []int{0, -1, 1} {
		a, err := cl.ask(ctx, http.MethodGet, "/v1/sales?limit=1000&date="+at.AddDate(0, 0, days).Format(time.DateOnly), nil)
		if err != nil {
			return "", nil
		}
		var list []sale.Sale
		if a.into(&list) != nil {
			return "", nil
		}
		if id := saleOf(list, orderNo); id != "" {
			return id, nil
		}
	}
	return "", nil
}

// saleOf returns the sale that an order belongs to, "" if it is none of the list.
func saleOf(list []sale.Sale, orderNo string) sale.ID {
	for _, s := range list {
		if s.MchOrderNo == orderNo {
			return s.ID
		}
	}
	return ""
}
