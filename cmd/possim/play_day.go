package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"posd/cmd/possim/caller"
	"strings"
	"time"
)

// booksView is what possim reads of a closing report.
type booksView struct {
	Total struct {
		Net int64 `json:"net"`
	} `json:"total"`
	ByHand     listView `json:"byHand"`
	Authorised listView `json:"authorised"`
	Closing    struct {
		No       int `json:"no"`
		Terminal struct {
			End       string   `json:"end"`
			LostClose string   `json:"doubt"`
			Apart     int64    `json:"apart"`
			Elsewhere listView `json:"elsewhere"`
		} `json:"terminal"`
		Gateway struct {
			Agreed  listView `json:"agreed"`
			Apart   listView `json:"apart"`
			Unasked listView `json:"unasked"`
		} `json:"gateway"`
	} `json:"closing"`
}

type listView struct {
	Count int   `json:"count"`
	Cents int64 `json:"cents"`
}

// playDay closes three business days: one on which the three books agree, one
// of which the terminal closed a part by itself, and one whose close is answered
// by nobody, with posd killed at the second try.
func playDay(ctx context.Context, st *stage) error {
	for i, day := range []func(context.Context, *stage) error{agreeingDay, selfClosedDay, interruptedDay} {
		if err := day(ctx, st); err != nil {
			return fmt.Errorf("day %d: %w", i+1, err)
		}
	}
	return nil
}

// post asks posd for something under a key of its own, and waits for the sale to end.
func (st *stage) post(ctx context.Context, path string, body any, want string) (saleView, error) {
	var s saleView
	if err := st.api.Call(ctx, http.MethodPost, path, "possim-"+rand.Text(), body, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	s, err := st.api.sale(ctx, s.ID, 20*time.Second)
	if err == nil && s.State != want {
		err = fmt.Errorf("%s ended %s, not %s", path, s, want)
	}
	return s, err
}

func (st *stage) card(ctx context.Context, amount int64, more map[string]any) (saleView, error) {
	body := map[string]any{"amount": amount, "method": "card"}
	for k, v := range more {
		body[k] = v
	}
	return st.post(ctx, "/v1/sales", body, "paid")
}

// giveBack refunds or voids a sale and waits until that is done.
func (st *stage) giveBack(ctx context.Context, s saleView, how string, amount int64) error {
	body := map[string]any{"by": "possim"}
	if amount > 0 {
		body["amount"] = amount
	}
	if err := st.api.Call(ctx, http.MethodPost, "/v1/sales/"+s.ID+"/"+how, "possim-"+rand.Text(), body, nil); err != nil {
		return err
	}
	_, err := st.untilSale(ctx, s.ID, "the "+how+" to be done", 20*time.Second, func(s saleView) bool {
		return len(s.Refunds) == 1 && s.Refunds[0].State == "done"
	})
	return err
}

// close closes the day and shows the head of its report.
func (st *stage) close(ctx context.Context) (b booksView, err error) {
	if err := st.api.Call(ctx, http.MethodPost, "/v1/day/close", "", map[string]any{"by": "possim"}, &b); err != nil {
		return b, err
	}
	k := b.Closing
	fmt.Fprintf(st.out, "day %d closed: net %s; terminal %s apart, %s in another batch; gateway agrees on %s, apart %s\n",
		k.No, signed(b.Total.Net), signed(k.Terminal.Apart), signed(k.Terminal.Elsewhere.Cents), signed(k.Gateway.Agreed.Cents), signed(k.Gateway.Apart.Cents))
	if k.Gateway.Apart.Count+k.Gateway.Unasked.Count != 0 {
		st.fault("day %d: the gateway was not asked about %d and differs on %d", k.No, k.Gateway.Unasked.Count, k.Gateway.Apart.Count)
	}
	return b, nil
}

func signed(a int64) string {
	if a < 0 {
		return "-" + cents(-a)
	}
	return cents(a)
}

// agreeingDay has one of everything; an answer is lost in between.
func agreeingDay(ctx context.Context, st *stage) error {
	if _, err := st.card(ctx, 2865, nil); err != nil {
		return err
	}
	debit, err := st.card(ctx, 1234, map[string]any{"tender": "debit"})
	if err != nil {
		return err
	}
	if err := st.giveBack(ctx, debit, "void", 0); err != nil {
		return err
	}
	auth, err := st.card(ctx, 5000, map[string]any{"kind": "auth", "reference": "possim hold"})
	if err != nil {
		return err
	}
	if _, err := st.post(ctx, "/v1/sales/"+auth.ID+"/complete", map[string]any{"amount": 4200}, "paid"); err != nil {
		return err
	}
	if _, err := st.post(ctx, "/v1/refunds", map[string]any{"amount": 1500, "by": "possim", "reason": "broken cup"}, "paid"); err != nil {
		return err
	}
	if err := st.terminal.SetFault("lose-answer"); err != nil {
		return err
	}
	if _, err := st.card(ctx, 777, nil); err != nil {
		return err
	}
	st.terminal.ClearFault("lose-answer")
	wallet, err := st.sell(ctx, sellBody{Amount: 1250, Method: "wechat", Reference: "possim day"})
	if err != nil {
		return err
	}
	if err := payCode(ctx, st, wallet); err != nil {
		return err
	}
	if wallet, err = st.api.sale(ctx, wallet.ID, 20*time.Second); err != nil {
		return err
	}
	if err := st.giveBack(ctx, wallet, "refund", 250); err != nil {
		return err
	}
	b, err := st.close(ctx)
	if err != nil {
		return err
	}
	const net = 2865 + 4200 - 1500 + 777 + 1250 - 250
	if k := b.Closing; k.No != 1 || b.Total.Net != net || k.Terminal.Apart != 0 || k.Terminal.Elsewhere.Count != 0 ||
		k.Gateway.Agreed.Cents != 1000 || b.Authorised.Cents != 5000 || b.ByHand.Count == 0 {
		st.fault("day 1 is not as it should be: %+v", b)
	}
	return nil
}

// selfClosedDay has a terminal that closes its batch by itself in the middle.
func selfClosedDay(ctx context.Context, st *stage) error {
	if _, err := st.card(ctx, 300, nil); err != nil {
		return err
	}
	st.terminal.Settle()
	if _, err := st.card(ctx, 400, nil); err != nil {
		return err
	}
	b, err := st.close(ctx)
	if err != nil {
		return err
	}
	if k := b.Closing; k.No != 2 || b.Total.Net != 700 || k.Terminal.Apart != 0 || k.Terminal.Elsewhere.Cents != 300 {
		st.fault("day 2 is not as it should be: %+v", b)
	}
	return nil
}

// interruptedDay loses the terminal's answer to the close, then posd itself.
func interruptedDay(ctx context.Context, st *stage) error {
	if _, err := st.card(ctx, 900, nil); err != nil {
		return err
	}
	if err := st.terminal.SetFault("lose-answer=B00"); err != nil {
		return err
	}
	_, err := st.close(ctx)
	st.terminal.ClearFault("lose-answer")
	var p *caller.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Detail, "the day stays open") {
		return fmt.Errorf("a close that was not answered: %w", err)
	}
	fmt.Fprintln(st.out, "a close that was not answered:", p.Detail)
	if _, err := st.card(ctx, 100, nil); err != nil {
		return err
	}
	asked := st.terminal.State().Frames["B00"]
	gone := make(chan error, 1)
	go func() {
		gone <- st.api.Call(ctx, http.MethodPost, "/v1/day/close", "", map[string]any{"by": "possim"}, nil)
	}()
	if err := until(ctx, 20*time.Second, "the terminal to be asked to settle", func(context.Context) (bool, string, error) {
		return st.terminal.State().Frames["B00"] > asked, "not asked", nil
	}); err != nil {
		return err
	}
	st.running().Kill()
	<-gone
	fmt.Fprintln(st.out, "posd was killed while the terminal settled")
	if err := st.startPosd(ctx); err != nil {
		return err
	}
	b, err := st.closeOrFind(ctx, 3)
	if err != nil {
		return err
	}
	if b.Total.Net != 1000 || b.Closing.Terminal.Apart != 0 || b.Closing.Terminal.LostClose == "" && b.Closing.Terminal.Elsewhere.Cents == 0 {
		st.fault("day 3 is not as it should be: %+v", b)
	}
	return nil
}

// closeOrFind closes the day, unless posd did so by itself when it was started again.
func (st *stage) closeOrFind(ctx context.Context, no int) (b booksView, err error) {
	path := fmt.Sprintf("/v1/reports/z%d", no)
	err = until(ctx, 20*time.Second, "the day to be closed", func(ctx context.Context) (bool, string, error) {
		if st.api.Call(ctx, http.MethodGet, path, "", nil, &b) == nil {
			return true, "", nil
		}
		var p *caller.Problem
		if _, err := st.close(ctx); err != nil && !errors.As(err, &p) {
			return false, "", err
		}
		return false, "not closed yet", nil
	})
	return b, err
}
