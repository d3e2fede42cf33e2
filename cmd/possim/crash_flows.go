package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tap is how long a customer takes to show a card, long enough to be cancelled in.
const tap = 300 * time.Millisecond

// crashFlows lists what posd is killed in.
func crashFlows() []flow {
	return []flow{
		{name: "first-start", summary: "the first start: the journal is made", asleep: true, play: startAndSell},
		{name: "card", summary: "a card sale, approved, printed and reported", play: card("approved", 2865)},
		{name: "first-report", summary: "the first report of an installation, held against the terminal's totals, and the next one", guarded: true, play: firstReport},
		{name: "declined", summary: "a card sale, declined", before: terminalWill("decline"), play: card("declined", 1999)},
		{name: "cancelled", summary: "a card sale, cancelled while the customer looks for the card", think: tap, play: cancelledCard},
		{name: "void", summary: "a card sale, reported already, is voided", before: paidCard, play: back("void", 0)},
		{name: "void-early", summary: "a card sale whose report was never tried is voided, and its report withdrawn", before: untriedCard, play: voidEarly},
		{name: "return", summary: "a part of a card sale is given back", before: paidCard, play: back("refund", 1000)},
		{name: "wallet", summary: "a wallet pays a code", play: wallet},
		{name: "late", summary: "a code is given up, and paid after all: given back by itself", play: lateWallet},
		{name: "refund", summary: "a wallet sale is given back", before: paidWallet, play: back("refund", 0)},
		{name: "scan", summary: "the shop reads the customer's own code", play: scanned},
		{name: "report", summary: "a report waits for the gateway, which comes back", before: unreportedCard("earlier"), play: gatewayIsBack},
		{name: "recovery", summary: "the start after a kill: a card sale and a code, both paid meanwhile", asleep: true, think: tap, before: killedTwice, play: recovered},
		{name: "stop", summary: "posd is asked to end", before: unreportedCard("earlier"), play: stopped},
		{name: "housekeeping", summary: "ten quiet seconds after a sale the journal keeps house", before: paidCard, play: housekeeping},
	}
}

// card is a card sale that ends so.
func card(name string, cents int64) func(context.Context, *crash) error {
	return func(ctx context.Context, r *crash) error {
		s, err := r.sell(ctx, name, sellBody{Amount: cents, Method: "card"})
		if err != nil {
			return err
		}
		if s, err = r.end(ctx, s); err != nil || s.State != "paid" {
			return err
		}
		return r.seen(ctx, s, 1, 1, 0)
	}
}

// firstReport is the first card sale of an installation, and one more once its report
// has passed: the terminal is asked for its totals before and after it.
func firstReport(ctx context.Context, r *crash) error {
	if err := card("first", 2865)(ctx, r); err != nil {
		return err
	}
	return until(ctx, flowLimit, "the terminal to be free of the first report", func(ctx context.Context) (bool, string, error) {
		err := card("second", 500)(ctx, r)
		if err != nil && strings.Contains(err.Error(), "the terminal is busy") {
			return false, err.Error(), nil
		}
		return err == nil, "", err
	})
}

func startAndSell(ctx context.Context, r *crash) error {
	if !r.again {
		if err := r.startPosd(ctx); err != nil {
			return err
		}
	}
	return card("first", 500)(ctx, r)
}

func terminalWill(fault string) func(context.Context, *crash) error {
	return func(_ context.Context, r *crash) error { return r.terminal.SetFault(fault) }
}

func cancelledCard(ctx context.Context, r *crash) error {
	s, err := r.sell(ctx, "cancelled", sellBody{Amount: 640, Method: "card"})
	if err != nil {
		return err
	}
	if !r.again {
		if err := r.untilCharged(ctx); err != nil {
			return err
		}
	}
	if err := r.wishCancelled(ctx, s); err != nil {
		return err
	}
	_, err = r.end(ctx, s)
	return err
}

// paidCard is a card sale that was made before, to its end.
func paidCard(ctx context.Context, r *crash) error { return card("earlier", 2000)(ctx, r) }

// unreportedCard is one that the gateway could not be told of.
func unreportedCard(name string) func(context.Context, *crash) error {
	return func(ctx context.Context, r *crash) error {
		if err := gatewayGoes(r.stage); err != nil {
			return err
		}
		s, err := r.sell(ctx, name, sellBody{Amount: 2000, Method: "card"})
		if err != nil {
			return err
		}
		if s, err = r.end(ctx, s); err != nil {
			return err
		}
		return errors.Join(r.seen(ctx, s, 1, 0, 0), r.untilLink(ctx, "down", len(r.sales)))
	}
}

// untriedCard is one more after that, of which posd did not even try to tell
// the gateway: only such a report can be withdrawn.
func untriedCard(ctx context.Context, r *crash) error {
	if err := unreportedCard("first")(ctx, r); err != nil {
		return err
	}
	return unreportedCard("earlier")(ctx, r)
}

// back gives money of the earlier sale back: 0 cents are all.
func back(kind string, cents int64) func(context.Context, *crash) error {
	return func(ctx context.Context, r *crash) error {
		s := r.sales["crash-earlier"]
		m, err := r.giveBack(ctx, s, kind, cents)
		if err != nil {
			return err
		}
		refunds := 0
		if s.Method != "card" {
			refunds = 1
		} else if err := r.hasEnded(ctx, m); err != nil {
			return err
		}
		return r.seen(ctx, s, 2, 0, refunds)
	}
}

func voidEarly(ctx context.Context, r *crash) error {
	m, err := r.giveBack(ctx, r.sales["crash-earlier"], "void", 0)
	if err != nil {
		return err
	}
	if err := r.hasEnded(ctx, m); err != nil {
		return err
	}
	if err := r.seen(ctx, r.sales["crash-earlier"], 2, 0, 0); err != nil {
		return err
	}
	r.gateway.ClearFault("away")
	return r.seen(ctx, r.sales["crash-first"], 1, 1, 0)
}

func wallet(ctx context.Context, r *crash) error {
	s, err := r.walletSale(ctx, "wallet", "wechat", false)
	if err != nil {
		return err
	}
	return r.seen(ctx, s, 1, 0, 0)
}

func lateWallet(ctx context.Context, r *crash) error {
	s, err := r.walletSale(ctx, "late", "alipay", true)
	if err != nil {
		return err
	}
	return r.seen(ctx, s, 2, 0, 1)
}

// paidWallet is a wallet sale that was made before, to its end.
func paidWallet(ctx context.Context, r *crash) error {
	s, err := r.walletSale(ctx, "earlier", "unionpay", false)
	r.code = ""
	if err != nil {
		return err
	}
	return r.seen(ctx, s, 1, 0, 0)
}

func scanned(ctx context.Context, r *crash) error {
	s, err := r.sell(ctx, "scanned", sellBody{Amount: 990, Method: "scan", AuthCode: "280000000000000001"})
	if err != nil {
		return err
	}
	if s, err = r.end(ctx, s); err != nil {
		return err
	}
	return r.seen(ctx, s, 1, 0, 0)
}

func gatewayIsBack(ctx context.Context, r *crash) error {
	r.gateway.ClearFault("away")
	return r.seen(ctx, r.sales["crash-earlier"], 1, 1, 0)
}

// killedTwice leaves a wallet sale whose code was shown and a card sale under
// way; both are paid while posd is dead.
func killedTwice(ctx context.Context, r *crash) error {
	if err := r.startPosd(ctx); err != nil {
		return err
	}
	if err := r.untilLink(ctx, "up", 0); err != nil {
		return err
	}
	s, err := r.sell(ctx, "code", sellBody{Amount: 1250, Method: "wechat"})
	if err != nil {
		return err
	}
	if _, err := r.untilCode(ctx); err != nil {
		return err
	}
	r.running().Kill()
	if err := r.startPosd(ctx); err != nil {
		return err
	}
	if _, err := r.sell(ctx, "card", sellBody{Amount: 2865, Method: "card"}); err != nil {
		return err
	}
	if err := r.untilCharged(ctx); err != nil {
		return err
	}
	r.running().Kill()
	r.customerPays(ctx, s)
	return until(ctx, flowLimit, "the customer to pay by card", func(context.Context) (bool, string, error) {
		state := r.terminal.State()
		return len(state.Approvals) == 1 && state.Running == "", "not yet", nil
	})
}

func recovered(ctx context.Context, r *crash) error {
	if !r.again {
		if err := r.startPosd(ctx); err != nil {
			return err
		}
	}
	for _, key := range []string{"crash-code", "crash-card"} {
		s, err := r.end(ctx, r.sales[key])
		if err != nil {
			return err
		}
		if s.State != "paid" {
			return fmt.Errorf("sale %s was paid and is %s", s.ID, s)
		}
		if err := r.seen(ctx, s, 1, 0, 0); err != nil {
			return err
		}
	}
	return r.seen(ctx, r.sales["crash-card"], 1, 1, 0)
}

// stopped asks posd to end, as systemd does.
func stopped(ctx context.Context, r *crash) error {
	if r.again {
		return nil
	}
	d := r.running()
	d.asked.Store(true)
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-d.Done():
	case <-time.After(flowLimit):
		return errors.New("posd does not end")
	}
	if _, struck := r.tracer.seen(); d.err != nil && struck == nil {
		return d.death()
	}
	return nil
}

// housekeeping waits for what the journal does after ten seconds without a commit.
func housekeeping(ctx context.Context, r *crash) error {
	if r.again {
		return nil
	}
	return until(ctx, flowLimit, "the journal to keep house", func(context.Context) (bool, string, error) {
		marks, _ := r.tracer.seen()
		return slices.ContainsFunc(marks, func(m mark) bool { return m.where == "data/posd.db" && m.call == "fsync" }), fmt.Sprint(len(marks), " marks"), nil
	})
}
