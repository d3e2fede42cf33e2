package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// scene is one sale of the script all: what happens, and how it must end.
type scene struct {
	name   string
	method string
	cents  int64
	before func(*stage) error // what is wrong beforehand; nil: nothing
	play   func(context.Context, *stage, saleView) error
	want   ending
}

// ending is how a sale must end, as posd, the terminal, the gateway and the
// printer see it.
type ending struct {
	state     string
	reported  string
	approvals int   // of the terminal
	voids     int   // of the terminal, by posd itself
	repeats   int   // of the report, under its own number
	orders    int   // at the gateway
	paid      int   // of them
	refunded  int64 // of them, in cents
	receipts  int   // at least so many, and at least one of them with the amount
}

// Endings that several scenes share.
var (
	cardPaid   = ending{state: "paid", reported: "done", approvals: 1, receipts: 1}
	cardNot    = ending{reported: "not-needed"}
	walletPaid = ending{state: "paid", reported: "not-needed", orders: 1, paid: 1, receipts: 1}
)

// ends returns e with another state.
func (e ending) ends(state string) ending {
	e.state = state
	return e
}

// scenes lists the sales of the script all.
func scenes() []scene {
	late := walletPaid
	late.refunded = 777
	part := ending{state: "declined", reported: "not-needed", approvals: 1, voids: 1}
	byHand := ending{state: "paid", reported: "by-hand", approvals: 1}
	return []scene{
		{"card, approved", "card", 2865, nil, nil, cardPaid},
		{"card, declined", "card", 1999, terminalDoes("decline"), nil, cardNot.ends("declined")},
		{"card, cancelled on the terminal", "card", 500, terminalDoes("abort"), nil, cardNot.ends("cancelled")},
		{"card, answer lost, found by R02", "card", 4210, terminalDoes("lose-answer"), nil, cardPaid},
		{"card, approved in part, voided", "card", 3120, terminalDoes("partial=1000"), nil, part},
		{"card, another terminal on the line", "card", 2740, terminalDoes("lose-answer"), otherTerminal, cardPaid},
		{"card, batch closed on the keypad", "card", 1880, terminalDoes("lose-answer"), keypadClose, byHand},
		{"WeChat", "wechat", 1250, nil, payCode, walletPaid},
		{"Alipay", "alipay", 8800, nil, payCode, walletPaid},
		{"UnionPay", "unionpay", 315, nil, payCode, walletPaid},
		{"QR given up, closed by the gateway", "wechat", 640, nil, giveUpAndClose, ending{state: "cancelled", reported: "not-needed", orders: 1}},
		{"QR given up, paid late, refunded", "alipay", 777, nil, giveUpAndPay, late},
		{"card, gateway away and back", "card", 5005, gatewayGoes, gatewayComesBack, cardPaid},
	}
}

// playAll plays every scene, and then looks at the whole.
func playAll(ctx context.Context, st *stage) error {
	st.play(ctx, scenes())
	for _, r := range st.gateway.State().Refusals {
		if r.Endpoint != "query_order" { // posd asks after an order that never was, to see whether somebody is there
			st.fault("the gateway refused a %s: %s", r.Endpoint, r.Words)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	fmt.Fprintf(st.out, "\nwhat came out of the printer:\n")
	for _, text := range st.printer.Receipts() {
		fmt.Fprintf(st.out, "\n%s\n", indent(text))
	}
	return nil
}

// play plays scenes, one line for each, and holds the sums against what they
// must be.
func (st *stage) play(ctx context.Context, scenes []scene) {
	fmt.Fprintf(st.out, "%-38s %-9s %9s  %-10s %-8s %-11s %6s\n", "", "method", "amount", "state", "printed", "reported", "took")
	var sum sums
	for _, sc := range scenes {
		start := time.Now()
		s, err := st.scene(ctx, sc)
		mark := ""
		if err != nil {
			mark = "  NOT AS IT SHOULD BE"
			st.fault("%s: sale %s: %w", sc.name, s.ID, err)
		}
		fmt.Fprintf(st.out, "%-38s %-9s %9s  %-10s %-8s %-11s %5.1fs%s\n", sc.name, sc.method, cents(sc.cents), s.State, s.Printed, s.Reported, time.Since(start).Seconds(), mark)
		if ctx.Err() != nil {
			return
		}
		sum.approved += sc.want.approvals + sc.want.voids
		sum.repeats += sc.want.repeats
		if sc.want.reported == "done" {
			sum.reported++
		}
	}
	st.wholeIs(ctx, sum)
}

// sums are what a whole run must come to.
type sums struct {
	approved int // by the terminal
	reported int // to the gateway
	repeats  int // of reports
	aside    int // reports that a person must see to
}

// scene plays one sale and judges how it ended.
func (st *stage) scene(ctx context.Context, sc scene) (saleView, error) {
	st.oldCode = st.code
	if sc.before != nil {
		if err := sc.before(st); err != nil {
			return saleView{}, err
		}
		defer st.terminal.ClearFault("")
		defer st.gateway.ClearFault("")
		defer st.printer.ClearFault("")
	}
	s, err := st.sell(ctx, sellBody{Amount: sc.cents, Method: sc.method, Reference: "possim " + sc.name})
	if err != nil {
		return s, err
	}
	if sc.play != nil {
		if err := sc.play(ctx, st, s); err != nil {
			s, _ = st.api.sale(ctx, s.ID, 0)
			return s, err
		}
	}
	s, err = st.untilSale(ctx, s.ID, "the sale to be "+sc.want.state, 45*time.Second, func(s saleView) bool { return s.State == sc.want.state })
	if err != nil {
		return s, err
	}
	s, err = st.untilSale(ctx, s.ID, "the report to be "+sc.want.reported+", the receipt printed and the refund done", 15*time.Second, func(s saleView) bool {
		back := int64(0)
		for _, r := range s.Refunds {
			if r.State == "done" && r.Kind == "refund" {
				back += r.Amount
			}
		}
		printed := sc.want.receipts == 0 && s.Printed != "queued" || s.Printed == "sent" || s.Printed == "printed"
		return s.Reported == sc.want.reported && back == sc.want.refunded && printed
	})
	if err != nil {
		return s, err
	}
	return s, st.judge(ctx, s, sc.want)
}

// judge compares what posd says with what the other sides saw.
func (st *stage) judge(ctx context.Context, s saleView, want ending) error {
	if n := st.approvals(s); n != want.approvals {
		return fmt.Errorf("the terminal approved it %d times, not %d", n, want.approvals)
	}
	wantReports := 0
	if want.reported == "done" {
		wantReports = 1
	}
	if taken, repeats := st.reports(s); taken != wantReports || repeats != want.repeats {
		return fmt.Errorf("the gateway took %d reports of it and was told again %d times, not %d and %d", taken, repeats, wantReports, want.repeats)
	}
	if all, paid, refunded := st.orders(s); all != want.orders || paid != want.paid || refunded != want.refunded {
		return fmt.Errorf("the gateway has %d orders for it, %d paid, %s given back; not %d, %d, %s", all, paid, cents(refunded), want.orders, want.paid, cents(want.refunded))
	}
	return until(ctx, 5*time.Second, "the receipt with its amount out of the printer", func(context.Context) (bool, string, error) {
		found := st.receipts(s)
		withAmount := want.receipts == 0
		for _, text := range found {
			withAmount = withAmount || strings.Contains(text, cents(s.Amount))
		}
		return len(found) >= want.receipts && withAmount, fmt.Sprintf("%d receipts with the sale's number", len(found)), nil
	})
}

// wholeIs holds the sums of the whole run against what they must be.
func (st *stage) wholeIs(ctx context.Context, want sums) {
	got := sums{aside: want.aside}
	for _, n := range st.terminal.State().Approvals {
		got.approved += n
	}
	for _, r := range st.gateway.State().Reports {
		got.reported += r.Accepted
		got.repeats += r.Repeats
	}
	if got != want {
		st.fault("in all the terminal approved %d sales and the gateway took %d reports and was told again %d times, not %d, %d and %d",
			got.approved, got.reported, got.repeats, want.approved, want.reported, want.repeats)
	}
	if odd := st.printer.Unknown(); len(odd) > 0 {
		st.fault("the printer did not understand %q", odd)
	}
	if err := until(ctx, 5*time.Second, fmt.Sprintf("the queue of reports to be empty but for %d set aside", want.aside), func(ctx context.Context) (bool, string, error) {
		q, err := st.api.queue(ctx)
		return q.Queued == 0 && q.SetAside == want.aside, fmt.Sprintf("%d waiting, %d set aside", q.Queued, q.SetAside), err
	}); err != nil {
		st.fault("%w", err)
	}
}

// payCode is the customer with a telephone: reads the code off the glass,
// scans it, and types the password once posd has seen the scan.
func payCode(ctx context.Context, st *stage, s saleView) error {
	code, err := st.untilCode(ctx)
	if err != nil {
		return err
	}
	if err := st.customer.scan(ctx, code, false); err != nil {
		return err
	}
	return st.customer.scan(ctx, code, true)
}

// giveUpAndClose is a cashier who gives the sale up, and a customer who closes
// the payment in the wallet: status 9.
func giveUpAndClose(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.giveUp(ctx, s); err != nil {
		return err
	}
	s, err := st.api.sale(ctx, s.ID, 0)
	if err != nil {
		return err
	}
	return post(ctx, st.customer.control+"/close", url.Values{"order": {s.MchOrderNo}, "status": {"9"}})
}

// giveUpAndPay is a cashier who gives the sale up, and a customer who pays
// nevertheless the code still in the telephone.
func giveUpAndPay(ctx context.Context, st *stage, s saleView) error {
	code, err := st.giveUp(ctx, s)
	if err != nil {
		return err
	}
	return st.customer.scan(ctx, code, true)
}

// giveUp waits for the code, cancels the sale, and waits until the glass is
// free of it. It returns the code.
func (st *stage) giveUp(ctx context.Context, s saleView) (string, error) {
	code, err := st.untilCode(ctx)
	if err != nil {
		return "", err
	}
	if err := st.api.cancel(ctx, s.ID); err != nil {
		return "", err
	}
	if _, err := st.untilSale(ctx, s.ID, "the sale to be given up", 5*time.Second, func(s saleView) bool {
		return s.State == "unsure" && s.GivenUp
	}); err != nil {
		return "", err
	}
	return code, until(ctx, 5*time.Second, "the code to leave the display", func(context.Context) (bool, string, error) {
		now, _ := st.customer.readCode()
		return now != code, "the code " + now, nil
	})
}

// terminalDoes sets a fault of the terminal.
func terminalDoes(fault string) func(*stage) error {
	return func(st *stage) error { return st.terminal.SetFault(fault) }
}

// gatewayGoes takes the gateway away.
func gatewayGoes(st *stage) error { return st.gateway.SetFault("away") }

// gatewayComesBack brings the gateway back once the sale is paid without it
// and waits to be reported.
func gatewayComesBack(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.untilSale(ctx, s.ID, "the sale to be paid without the gateway", 10*time.Second, func(s saleView) bool {
		return s.State == "paid" && s.Reported == "queued"
	}); err != nil {
		return err
	}
	if err := st.untilLink(ctx, "down", 1); err != nil {
		return err
	}
	st.gateway.ClearFault("away")
	return nil
}

// untilLink waits until posd says that the gateway is up or down, with so many
// reports in the queue.
func (st *stage) untilLink(ctx context.Context, link string, queued int) error {
	return until(ctx, 10*time.Second, fmt.Sprintf("posd to find the gateway %s and %d reports waiting", link, queued), func(ctx context.Context) (bool, string, error) {
		q, err := st.api.queue(ctx)
		return q.Queued == queued && q.Link == link, fmt.Sprintf("%d waiting, link %s", q.Queued, q.Link), err
	})
}

// indent sets a receipt off from what possim itself says.
func indent(text string) string {
	return "    | " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    | ")
}
