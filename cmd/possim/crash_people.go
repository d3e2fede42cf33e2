package main

import (
	"context"
	"errors"
	"fmt"
	"posd/cmd/possim/caller"
	"slices"
	"time"
)

// What people do in a flow, in a way that can be done again after a kill.

// sell asks for a payment under a key of its name. Before the kill it is asked
// for once; afterwards as often as it takes.
func (r *crash) sell(ctx context.Context, name string, body sellBody) (s saleView, err error) {
	key := "crash-" + name
	body.Reference = "bill " + name
	if r.again {
		s, err = r.insist(ctx, key, body)
	} else {
		s, err = r.api.sell(ctx, key, body)
	}
	if err != nil {
		return s, fmt.Errorf("sell %s: %w", name, err)
	}
	if old, known := r.sales[key]; known && old.ID != s.ID {
		r.fault("the key of sale %s gives sale %s after the kill", old.ID, s.ID)
	}
	r.sales[key] = s
	return s, r.saw(s)
}

// saw holds a sale against how it was seen before.
func (r *crash) saw(s saleView) error {
	for key, old := range r.sales {
		if old.ID == s.ID {
			r.sales[key] = s
		}
	}
	if was := r.ended[s.ID]; was != "" && was != s.State {
		return fmt.Errorf("sale %s was %s and is %s: a final state changed", s.ID, was, s.State)
	}
	if s.State != "waiting" && s.State != "unsure" {
		r.ended[s.ID] = s.State
	}
	return nil
}

// end waits until a sale has ended.
func (r *crash) end(ctx context.Context, s saleView) (saleView, error) {
	err := until(ctx, flowLimit, "the sale to end", func(ctx context.Context) (_ bool, _ string, err error) {
		if s, err = r.api.sale(ctx, s.ID, 10*time.Second); err == nil {
			err = r.personLooks(ctx, s)
		}
		return r.finished(s), s.String(), err
	})
	return s, errors.Join(err, r.saw(s))
}

// personLooks does what posd asks for when it cannot tell: after a restart a
// terminal that does not know a sale, refund or void proves nothing to it, and a
// person looks at the terminal itself.
func (r *crash) personLooks(ctx context.Context, s saleView) error {
	if !r.again || s.Method != "card" {
		return nil
	}
	for _, m := range s.Refunds {
		if m.State != "unsure" {
			continue
		}
		as := "refused"
		if r.givenBack(s, m) > 0 {
			as = "done"
		}
		if err := r.api.says(ctx, m.ID, as); err != nil {
			return err
		}
	}
	if s.State != "unsure" || s.Attention == "" {
		return nil
	}
	return r.saysByTerminal(ctx, s)
}

// seen waits until what the far sides must see of a sale has come to them.
// They are looked at and posd is not asked, so that it leaves no marks by answering.
func (r *crash) seen(ctx context.Context, s saleView, receipts, reports, refunds int) error {
	if r.again {
		return nil // finish waits for what is left
	}
	return until(ctx, flowLimit, "receipts, reports and refunds", func(context.Context) (bool, string, error) {
		taken, _ := r.reports(s)
		got := fmt.Sprintf("%d receipts, %d reports, %d refunds", len(r.receipts(s)), taken, len(r.gateway.State().Refunds))
		return len(r.receipts(s)) >= receipts && taken >= reports && len(r.gateway.State().Refunds) >= refunds, got, nil
	})
}

// untilCharged waits until the terminal was asked for money.
func (r *crash) untilCharged(ctx context.Context) error {
	return until(ctx, flowLimit, "the terminal to ask for a card", func(context.Context) (bool, string, error) {
		return r.terminal.State().Frames["T00"] > 0, "it was not asked", nil
	})
}

// wishCancelled presses cancel. The sale may have ended meanwhile.
func (r *crash) wishCancelled(ctx context.Context, s saleView) error {
	err := r.api.cancel(ctx, s.ID)
	var refused *caller.Problem
	if errors.As(err, &refused) && refused.Status < 500 {
		return nil
	}
	return err
}

// giveBack asks for a refund or void under a key of its own.
func (r *crash) giveBack(ctx context.Context, s saleView, kind string, cents int64) (m refund, err error) {
	const key = "crash-back"
	if err := until(ctx, flowLimit, "posd to take the "+kind, func(ctx context.Context) (_ bool, _ string, err error) {
		m, err = r.api.giveBack(ctx, key, s.ID, kind, giveBackBody{Amount: cents, By: "Ana"})
		return err == nil, "", err
	}); err != nil {
		return m, err
	}
	if old, known := r.movements[key]; known && old.ID != m.ID {
		r.fault("the key of %s %s gives %s after the kill", kind, old.ID, m.ID)
	}
	r.movements[key] = m
	return m, nil
}

// hasEnded waits until the terminal has given money back.
func (r *crash) hasEnded(ctx context.Context, m refund) error {
	if r.again {
		return nil
	}
	return until(ctx, flowLimit, "the terminal to give it back", func(context.Context) (bool, string, error) {
		return r.terminal.State().Approvals[m.ID] > 0, "nothing", nil
	})
}

// walletSale is a sale by code, given up or not, which the customer pays if
// there was a code to be seen. If there was none, the gateway closes it.
func (r *crash) walletSale(ctx context.Context, name, method string, givenUp bool) (saleView, error) {
	s, err := r.sell(ctx, name, sellBody{Amount: 1250, Method: method})
	if err != nil {
		return s, err
	}
	if err := until(ctx, flowLimit, "a code", func(ctx context.Context) (_ bool, _ string, err error) {
		if code, err := r.customer.readCode(); err == nil {
			r.code = code
		}
		if r.code != "" || !r.again {
			return r.code != "", "none", nil
		}
		s, err = r.api.sale(ctx, s.ID, 0)
		return s.State != "waiting", s.String(), err // no code comes any more
	}); err != nil {
		return s, err
	}
	if givenUp {
		if err := r.wishCancelled(ctx, s); err != nil {
			return s, err
		}
	}
	r.customerPays(ctx, s)
	return r.end(ctx, s)
}

// customerPays pays the code that was seen; an order whose code nobody saw is
// closed by the gateway. What is paid or closed already stays so.
func (r *crash) customerPays(ctx context.Context, s saleView) {
	if r.code != "" {
		r.customer.scan(ctx, r.code, true)
		return
	}
	for _, o := range r.gateway.State().Orders {
		if slices.ContainsFunc(s.Attempts, func(a attempt) bool { return a.Ref == o.MchOrderNo }) {
			r.gateway.CloseOrder(o.MchOrderNo, 4)
		}
	}
}
