package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Between posd and each far side much can go wrong. However it goes, the sale
// must end as the far sides say it did.

func playTerminal(ctx context.Context, st *stage) error {
	st.play(ctx, terminalScenes())
	return nil
}

func playNetwork(ctx context.Context, st *stage) error {
	st.play(ctx, networkScenes())
	return nil
}

func playPower(ctx context.Context, st *stage) error {
	st.play(ctx, powerScenes())
	return nil
}

// terminalScenes are what can go wrong with the terminal and its line.
func terminalScenes() []scene {
	// The first sale is what later look-ups prove themselves by.
	all := []scene{{"card, nothing wrong", "card", 2000, nil, nil, cardPaid}}
	for _, f := range []struct {
		fault string
		want  ending
	}{
		{"lose-ack", cardPaid},
		{"lose-eot", cardPaid},
		{"eot-for-answer", cardPaid},
		{"late-answer=3s", cardPaid},
		{"late-answer=13s", cardPaid}, // found by R02 before it comes
		{"nak-once", cardPaid},
		{"nak-always", cardNot.ends("cancelled")},
		{"bad-lrc-once", cardPaid},
		{"bad-lrc-always", cardPaid},
		{"garbage", cardPaid},
		{"a35", cardPaid},
		{"other-answer", cardPaid},
		{"timeout", cardNot.ends("cancelled")},
		{"unplug-at=out:60", cardPaid},
	} {
		all = append(all, scene{"card, " + f.fault, "card", int64(2000 + 10*len(all)), terminalDoes(f.fault), nil, f.want})
	}
	return all
}

// networkScenes are what can go wrong with the gateway and on the way to it.
func networkScenes() []scene {
	var all []scene
	add := func(name, method string, before func(*stage) error, play func(context.Context, *stage, saleView) error, want ending) {
		all = append(all, scene{name, method, int64(3000 + 10*len(all)), before, play, want})
	}
	for _, fault := range []string{
		"slow=500ms*4",
		"5xx-before@query_order*2",
		"html-portal@query_order*2",
		"wrong-signature@query_order*2",
		"throttle=1@query_order*1",
		"cut-at=60@query_order*2",
	} {
		add("QR, "+fault, "wechat", gatewayDoes(fault), payCode, walletPaid)
	}
	add("QR, gateway away", "alipay", gatewayGoes, nil, ending{state: "cancelled", reported: "not-needed"})
	twice := walletPaid
	twice.orders = 2 // the first one's code never reached glass
	add("QR, answer to the order lost", "alipay", gatewayDoes("5xx-after-commit@create_order*1"), payCode, twice)
	late := walletPaid
	late.refunded = int64(3000 + 10*len(all))
	add("QR paid late, answer to refund lost", "alipay", gatewayDoes("5xx-after-commit@refund_order*1"), giveUpAndPay, late)
	add("QR, gateway away while it is paid", "wechat", nil, paidUnseen, walletPaid)
	add("QR, paid by answers with a wrong signature", "wechat", nil, paidUnsigned, walletPaid)
	again := cardPaid
	again.repeats = 1 // the gateway took the first one, and posd could not know
	add("card, answer to the report lost", "card", gatewayDoes("cut-at=30@create_order*1"), nil, again)
	return all
}

// powerScenes are cables, power and paper.
func powerScenes() []scene {
	return []scene{
		{"QR, display unplugged and back", "wechat", 4000, nil, displayUnplugged, walletPaid},
		{"QR, display loses its power", "unionpay", 4010, nil, displayLosesPower, walletPaid},
		{"QR, posd killed while it is shown", "alipay", 4020, nil, killedAtTheCode, walletPaid},
		{"card, posd killed before its report", "card", 4030, gatewayGoes, killedBeforeReport, cardPaid},
		{"card, terminal unplugged meanwhile", "card", 4040, nil, terminalUnplugged, cardPaid},
		{"card, no paper", "card", 4050, printerDoes("paper-out=4"), newRoll, cardPaid},
	}
}

// terminalUnplugged pulls the terminal's cable while the customer shows the card.
func terminalUnplugged(ctx context.Context, st *stage, s saleView) error {
	if err := until(ctx, 10*time.Second, "the terminal to ask for a card", func(context.Context) (bool, string, error) {
		return st.terminal.State().Running != "", "no transaction under way", nil
	}); err != nil {
		return err
	}
	st.terminalLine.Unplug()
	if _, err := st.untilSale(ctx, s.ID, "the sale to be unsure", 10*time.Second, func(s saleView) bool { return s.State == "unsure" }); err != nil {
		return err
	}
	return st.terminalLine.Plug()
}

// gatewayDoes sets a fault of the gateway.
func gatewayDoes(fault string) func(*stage) error {
	return func(st *stage) error { return st.gateway.SetFault(fault) }
}

// printerDoes sets a fault of the printer.
func printerDoes(fault string) func(*stage) error {
	return func(st *stage) error { return st.printer.SetFault(fault) }
}

// displayUnplugged pulls the display's cable while the code stands on it; the
// code must be there again when the cable is.
func displayUnplugged(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.untilCode(ctx); err != nil {
		return err
	}
	st.displayLine.Unplug()
	if err := st.display.SetFault("power-cycle=10ms"); err != nil { // so that it forgets
		return err
	}
	if err := st.untilNoCode(ctx); err != nil {
		return err
	}
	if err := st.displayLine.Plug(); err != nil {
		return err
	}
	return payCode(ctx, st, s)
}

// displayLosesPower takes the display's power away while the code stands on it.
func displayLosesPower(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.untilCode(ctx); err != nil {
		return err
	}
	if err := st.display.SetFault("power-cycle=500ms"); err != nil {
		return err
	}
	if err := st.untilNoCode(ctx); err != nil {
		return err
	}
	return payCode(ctx, st, s)
}

func (st *stage) untilNoCode(ctx context.Context) error {
	return until(ctx, 5*time.Second, "the display to go dark", func(context.Context) (bool, string, error) {
		code, err := st.customer.readCode()
		return err != nil, "the code " + code, nil
	})
}

// paidUnsigned pays the code while the gateway signs wrongly what it says of it: until it
// signs rightly again, the sale must not be paid.
func paidUnsigned(ctx context.Context, st *stage, s saleView) error {
	code, err := st.untilCode(ctx)
	if err != nil {
		return err
	}
	if err := st.gateway.SetFault("wrong-signature"); err != nil {
		return err
	}
	if err := st.customer.scan(ctx, code, true); err != nil {
		return err
	}
	asked := st.gateway.State().Requests["query_order"]
	if err := until(ctx, 20*time.Second, "posd to ask and ask again", func(context.Context) (bool, string, error) {
		now := st.gateway.State().Requests["query_order"]
		return now >= asked+3, fmt.Sprintf("%d questions", now-asked), nil
	}); err != nil {
		return err
	}
	if s, err = st.api.sale(ctx, s.ID, 0); err != nil {
		return err
	}
	if s.State != "waiting" && s.State != "unsure" {
		return fmt.Errorf("the sale is %s though nobody signed for it", s.State)
	}
	st.gateway.ClearFault("wrong-signature")
	return nil
}

// paidUnseen has the customer pay while posd cannot reach the gateway.
func paidUnseen(ctx context.Context, st *stage, s saleView) error {
	code, err := st.untilCode(ctx)
	if err != nil {
		return err
	}
	if err := gatewayGoes(st); err != nil {
		return err
	}
	if err := st.customer.scan(ctx, code, true); err != nil {
		return err
	}
	if !pause(ctx, 5*time.Second) { // some questions fail
		return ctx.Err()
	}
	if s, err = st.api.sale(ctx, s.ID, 0); err != nil {
		return err
	}
	if s.State != "waiting" && s.State != "unsure" {
		return fmt.Errorf("the sale is %s though the gateway could not be asked", s.State)
	}
	st.gateway.ClearFault("away")
	return nil
}

// killedAtTheCode kills posd while the code stands on the display, has the
// customer pay, and starts posd again.
func killedAtTheCode(ctx context.Context, st *stage, _ saleView) error {
	code, err := st.untilCode(ctx)
	if err != nil {
		return err
	}
	st.running().Kill()
	if err := st.customer.scan(ctx, code, true); err != nil {
		return err
	}
	return st.startPosd(ctx)
}

// killedBeforeReport kills posd while the report of a paid sale waits for the gateway.
func killedBeforeReport(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.untilSale(ctx, s.ID, "the sale to be paid", 10*time.Second, func(s saleView) bool { return s.State == "paid" }); err != nil {
		return err
	}
	st.running().Kill()
	st.gateway.ClearFault("away")
	return st.startPosd(ctx)
}

// newRoll puts paper in once posd has found that there is none.
func newRoll(ctx context.Context, st *stage, s saleView) error {
	if _, err := st.untilSale(ctx, s.ID, "the sale to be paid without paper", 10*time.Second, func(s saleView) bool { return s.State == "paid" }); err != nil {
		return err
	}
	if err := until(ctx, 10*time.Second, "the paper to end", func(context.Context) (bool, string, error) {
		return !st.printer.State().Online, "the printer prints", nil
	}); err != nil {
		return err
	}
	if !pause(ctx, time.Second) {
		return errors.New("stopped")
	}
	st.printer.ClearFault("paper-out")
	return nil
}
