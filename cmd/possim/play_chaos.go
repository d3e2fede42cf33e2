package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"posd/cmd/possim/caller"
	"slices"
	"strings"
	"time"
)

// playChaos sells under faults drawn by lot, kills posd now and then, and in
// the end compares every sale with what the far sides know of it. The seed
// makes the same choices again; how they fall in time differs.
func playChaos(ctx context.Context, st *stage) error {
	lot := rand.New(rand.NewPCG(st.setup.seed, 0))
	fmt.Fprintf(st.out, "seed %d, %d sales\n\n", st.setup.seed, st.setup.sales)
	var made []string
	for i := range st.setup.sales {
		if ctx.Err() != nil {
			return nil
		}
		start := time.Now()
		turn := drawTurn(lot, i)
		s, err := st.turn(ctx, turn)
		if err != nil {
			st.fault("%s: sale %s: %w", turn, s.ID, err)
		}
		if s.ID != "" {
			made = append(made, s.ID)
		}
		fmt.Fprintf(st.out, "%3d  %-8s %8s  %-9s %4.1fs  %s\n", i+1, turn.method, cents(turn.cents), s.State, time.Since(start).Seconds(), turn)
	}
	st.calm()
	if st.running().Gone() {
		if err := st.startPosd(ctx); err != nil {
			return err
		}
	}
	for _, id := range made {
		if err := st.truth(ctx, id); err != nil {
			st.fault("sale %s: %w", id, err)
		}
	}
	fmt.Fprintf(st.out, "\n%d sales were compared with what the terminal and the gateway know\n", len(made))
	return nil
}

// turn is one sale of the chaos: what is wrong, and what people do.
type turn struct {
	method   string
	cents    int64
	terminal string        // fault; empty: none
	gateway  string        // likewise
	display  string        // likewise
	awayFor  time.Duration // the gateway is away from the start on; 0: it is not
	killAt   time.Duration // posd is killed so long after the sale began; 0: it is not
	cancelAt time.Duration // the cashier gives up; 0: never
	pays     bool          // the customer with the telephone pays, if there is a code
}

// String lists what is out of the ordinary.
func (t turn) String() string {
	var words []string
	for _, f := range []string{t.terminal, t.gateway, t.display} {
		if f != "" {
			words = append(words, f)
		}
	}
	add := func(what string, d time.Duration) {
		if d > 0 {
			words = append(words, fmt.Sprintf("%s %s", what, d.Round(time.Millisecond)))
		}
	}
	add("gateway away for", t.awayFor)
	add("killed at", t.killAt)
	add("given up at", t.cancelAt)
	if t.method != "card" && !t.pays {
		words = append(words, "not paid")
	}
	return strings.Join(words, ", ")
}

func drawTurn(lot *rand.Rand, i int) turn {
	one := func(chance int) bool { return lot.IntN(100) < chance }
	draw := func(from []string) string { return from[lot.IntN(len(from))] }
	span := func(most time.Duration) time.Duration {
		return time.Millisecond + time.Duration(lot.Int64N(int64(most)))
	}
	t := turn{method: draw([]string{"card", "card", "card", "wechat", "alipay", "unionpay"}), cents: int64(1000 + i), pays: one(75)}
	if one(50) {
		t.terminal = draw([]string{"lose-ack", "lose-answer=1s", "eot-for-answer", "lose-eot", "nak-once", "bad-lrc-once", "bad-lrc-always",
			"garbage", "a35", "other-answer", "late-answer=2s", "decline", "abort", "timeout", fmt.Sprintf("unplug-at=out:%d", lot.IntN(400))})
	}
	if one(40) {
		t.gateway = draw([]string{"slow=300ms*3", "5xx-before*1", "5xx-before@query_order*2", "5xx-after-commit*1", "5xx-after-commit@create_order*1",
			"5xx-after-commit@refund_order*1", fmt.Sprintf("cut-at=%d*2", lot.IntN(500)), "cut-before*1", "html-portal*2", "wrong-signature*2", "throttle=1*1"})
	}
	if one(15) {
		t.display = draw([]string{"power-cycle=200ms", "unplug", "overflow"})
	}
	if one(15) {
		t.awayFor = span(4 * time.Second)
	}
	if one(25) {
		t.killAt = span(1500 * time.Millisecond)
	}
	if one(25) {
		t.cancelAt = span(2 * time.Second)
	}
	return t
}

// calm takes every fault back.
func (st *stage) calm() {
	st.terminal.ClearFault("")
	st.gateway.ClearFault("")
	st.display.ClearFault("")
	st.printer.ClearFault("")
}

// turn plays one sale and waits until it has ended or nothing more happens to
// it by itself.
func (st *stage) turn(ctx context.Context, t turn) (saleView, error) {
	defer st.calm()
	for _, f := range []struct {
		set  func(string) error
		name string
	}{{st.terminal.SetFault, t.terminal}, {st.gateway.SetFault, t.gateway}, {st.display.SetFault, t.display}} {
		if f.name == "" {
			continue
		}
		if err := f.set(f.name); err != nil {
			return saleView{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	var people tasks
	defer people.wait()
	if t.awayFor > 0 {
		if err := gatewayGoes(st); err != nil {
			return saleView{}, err
		}
		people.after(ctx, t.awayFor, func() error { st.gateway.ClearFault("away"); return nil })
	}
	if t.killAt > 0 {
		people.after(ctx, t.killAt, func() error {
			st.running().Kill()
			return st.startPosd(ctx)
		})
	}
	s, err := st.insist(ctx, fmt.Sprintf("possim-chaos-%d-%d", st.setup.seed, t.cents), sellBody{Amount: t.cents, Method: t.method, Reference: fmt.Sprintf("chaos %d", t.cents)})
	if err != nil {
		return s, err
	}
	begun := s
	if t.cancelAt > 0 {
		people.after(ctx, t.cancelAt, func() error { st.api.cancel(ctx, begun.ID); return nil }) // refused if it has ended
	}
	if t.method != "card" {
		people.after(ctx, 0, func() error { return st.telephone(ctx, begun, t.pays) })
	}
	err = until(ctx, 80*time.Second, "the sale to end", func(ctx context.Context) (bool, string, error) {
		now, err := st.api.sale(ctx, begun.ID, 0)
		if err != nil {
			return false, "", err
		}
		s = now
		return st.finished(s), s.String(), st.looks(ctx, s)
	})
	return s, errors.Join(err, people.wait())
}

// looks is the person whom posd calls: a posd that was killed before it had written down
// what the terminal said takes nothing from a terminal that does not know the sale.
func (st *stage) looks(ctx context.Context, s saleView) error {
	if s.Method != "card" || s.State != "unsure" || !strings.Contains(s.Attention, "proves nothing") {
		return nil
	}
	return st.saysByTerminal(ctx, s)
}

// saysByTerminal tells posd how a sale ended by the terminal's own journal.
func (st *stage) saysByTerminal(ctx context.Context, s saleView) error {
	as := "cancelled"
	if st.approvals(s) > 0 {
		as = "paid"
	}
	return st.api.says(ctx, s.ID, as)
}

// insist repeats a request under its key until posd has answered it, as a
// client must that does not know whether it was heard.
func (st *stage) insist(ctx context.Context, key string, body sellBody) (saleView, error) {
	var s saleView
	var refused *caller.Problem
	err := until(ctx, 60*time.Second, "posd to take the sale", func(ctx context.Context) (_ bool, _ string, err error) {
		s, err = st.api.sell(ctx, key, body)
		if errors.As(err, &refused) && refused.Type != "till-busy" && refused.Type != "terminal-held" && refused.Status < 500 {
			return true, "", nil
		}
		return err == nil, "", err
	})
	if err == nil && s.ID == "" {
		return s, refused
	}
	return s, err
}

// telephone is the customer of a wallet sale: pays what is on the glass, or
// closes the payment in the wallet.
func (st *stage) telephone(ctx context.Context, s saleView, pays bool) error {
	var code string
	gone := false
	if err := until(ctx, 60*time.Second, "a code, or the sale's end", func(ctx context.Context) (bool, string, error) {
		code, _ = st.customer.readCode()
		if st.codeOf(s, code) {
			return true, "", nil
		}
		now, err := st.api.sale(ctx, s.ID, 0)
		if err != nil {
			return false, "", err
		}
		if now.State == "unsure" { // no code came up in time: the gateway closes what there is
			for _, a := range now.Attempts {
				st.gateway.CloseOrder(a.Ref, 4) // refused if there is no such order, or it is paid
			}
		}
		gone = st.finished(now)
		return gone, now.String(), nil
	}); err != nil || gone {
		return err
	}
	if pays {
		return st.customer.scan(ctx, code, true)
	}
	now, err := st.insistSale(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, a := range now.Attempts {
		if err := post(ctx, st.customer.control+"/close", url.Values{"order": {a.Ref}, "status": {"9"}}); err != nil && !strings.Contains(err.Error(), "there is no order") {
			return err
		}
	}
	return nil
}

// codeOf reports whether the gateway made the code for one of the sale's attempts.
func (st *stage) codeOf(s saleView, code string) bool {
	for _, o := range st.gateway.State().Orders {
		if o.Code == code && code != "" && o.Amount == s.Amount {
			return true
		}
	}
	return false
}

func (st *stage) insistSale(ctx context.Context, id string) (saleView, error) {
	return st.untilSale(ctx, id, "posd to answer", 30*time.Second, func(saleView) bool { return true })
}

// final reports whether nothing more happens to the sale's money.
func (s saleView) final() bool {
	return (s.State == "paid" || s.State == "declined" || s.State == "cancelled") &&
		!slices.ContainsFunc(s.Refunds, func(r refund) bool { return r.State == "waiting" || r.State == "unsure" })
}

// finished reports whether nothing more happens to the sale by itself: it is
// final, or it is a wallet sale of which the gateway never heard, and posd,
// which was killed meanwhile, cannot know that no code was shown. That one it
// watches for days and leaves to a person.
func (st *stage) finished(s saleView) bool {
	all, _, _ := st.orders(s)
	return s.final() || s.Method != "card" && s.State == "unsure" && all == 0
}

// truth compares a sale with what the far sides know of it.
func (st *stage) truth(ctx context.Context, id string) error {
	s, err := st.untilSale(ctx, id, "the sale to be final, reported and printed", 90*time.Second, func(s saleView) bool {
		return st.finished(s) && s.Reported != "queued" && s.Printed != "queued"
	})
	if err != nil {
		return err
	}
	paid := 0
	if s.State == "paid" {
		paid = 1
	}
	plain := 0
	for _, text := range st.receipts(s) {
		if !strings.Contains(text, "DUPLICATE") {
			plain++
		}
	}
	if plain > 1+len(s.Refunds) {
		return fmt.Errorf("%d receipts of it do not say that they are duplicates", plain)
	}
	if s.Method == "card" {
		if n := st.approvals(s); n != paid {
			return fmt.Errorf("it is %s, and the terminal approved it %d times", s, n)
		}
		if taken, _ := st.reports(s); taken != paid {
			return fmt.Errorf("it is %s, and the gateway took %d reports of it", s, taken)
		}
		return nil
	}
	back := int64(0)
	for _, r := range s.Refunds {
		if r.State == "done" {
			back += r.Amount
		}
	}
	if _, n, refunded := st.orders(s); n != paid || refunded != back {
		return fmt.Errorf("it is %s, and the gateway has %d paid orders for it and gave %s back", s, n, cents(refunded))
	}
	return nil
}
