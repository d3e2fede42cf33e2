package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"time"

	"posd/cmd/possim/caller"
	"posd/display/displaysim"
)

const (
	salesADay  = 200
	restarts   = 10 // in the first half of a run: in the second one posd lives, and may grow
	faultyOf   = 8  // one sale in so many has a fault of the terminal, and one a fault of the gateway
	endLimit   = 2 * time.Minute
	closeLimit = 2 * time.Minute
)

var (
	terminalFaults = []string{"lose-ack", "lose-answer=1s", "eot-for-answer", "lose-eot", "nak-once", "bad-lrc-once", "garbage", "a35",
		"other-answer", "late-answer=2s", "decline", "abort", "timeout", "unplug-at=out:40"}
	gatewayFaults = []string{"slow=300ms*3", "5xx-before*1", "5xx-after-commit*1", "cut-at=200*2", "cut-before*1", "html-portal*2",
		"wrong-signature*2", "throttle=1*1"}
)

// view is what is read of a sale.
type view struct {
	ID        string `json:"id"`
	Method    string `json:"method"`
	Amount    int64  `json:"amount"`
	State     string `json:"state"`
	Reason    string `json:"reason"`
	Reported  string `json:"reported"`
	Attention string `json:"attention"`
	Incident  string `json:"incident"`
	Attempts  []struct {
		Ref string `json:"ref"`
	} `json:"attempts"`
}

func (v view) ended() bool {
	return v.State == "paid" || v.State == "declined" || v.State == "cancelled"
}

// sell has one customer after the other until ctx ends.
func (s *shop) sell(ctx context.Context, length time.Duration, seed uint64, r *result) error {
	lot := rand.New(rand.NewPCG(seed, 0))
	go s.customers(ctx)
	every := length / 2 / restarts
	next := time.Now().Add(every)
	for ctx.Err() == nil {
		restart := r.Ended+r.Killed < restarts && time.Now().After(next)
		if restart {
			next = time.Now().Add(every)
		}
		if err := s.one(ctx, lot, r, restart); err != nil {
			return err
		}
		if r.Sales%salesADay == 0 {
			if err := s.closeDay(ctx); err != nil {
				return err
			}
			r.Days++
			fmt.Printf("day %d: %d sales, %d faults, posd ended %d and killed %d times\n", r.Days, r.Sales, r.Faults, r.Ended, r.Killed)
		}
	}
	return ctx.Err()
}

// one makes one sale, in the middle of which posd is ended or killed where restart says so.
func (s *shop) one(ctx context.Context, lot *rand.Rand, r *result, restart bool) error {
	r.Sales++
	key := fmt.Sprintf("soak-%d", r.Sales)
	method := []string{"card", "card", "wechat", "alipay"}[lot.IntN(4)]
	if lot.IntN(faultyOf) == 0 {
		r.Faults++
		if err := s.terminal.SetFault(terminalFaults[lot.IntN(len(terminalFaults))]); err != nil {
			return err
		}
	}
	if lot.IntN(faultyOf) == 0 {
		r.Faults++
		if err := s.gateway.SetFault(gatewayFaults[lot.IntN(len(gatewayFaults))]); err != nil {
			return err
		}
	}
	again := make(chan error, 1)
	if restart {
		by, after := syscall.SIGTERM, time.Duration(lot.Int64N(int64(200*time.Millisecond)))
		if lot.IntN(2) == 0 {
			by = syscall.SIGKILL
			r.Killed++
		} else {
			r.Ended++
		}
		time.AfterFunc(after, func() { s.stop(by); again <- s.start(ctx) })
	} else {
		again <- nil
	}
	limited, cancel := context.WithTimeoutCause(ctx, endLimit, fmt.Errorf("sale %s has not ended in %s", key, endLimit))
	defer cancel()
	body := map[string]any{"amount": 1000 + r.Sales, "method": method, "reference": "bill " + key}
	err := until(limited, "the sale's end", func() error { return s.step(limited, key, body) })
	s.terminal.ClearFault("")
	s.gateway.ClearFault("")
	return errors.Join(<-again, err)
}

// step asks for the sale under its key, which is also the question what became of it, and
// does what people do for one that posd cannot settle.
func (s *shop) step(ctx context.Context, key string, body map[string]any) error {
	var v view
	if err := s.api.Call(ctx, http.MethodPost, "/v1/sales", key, body, &v); err != nil {
		return err
	}
	if s.atRest(v) {
		return nil
	}
	if err := s.api.Call(ctx, http.MethodGet, "/v1/sales/"+v.ID+"?wait=1s", "", nil, &v); err != nil || s.atRest(v) {
		return err
	}
	if v.State == "unsure" {
		s.people(ctx, v)
	}
	return fmt.Errorf("sale %s by %s is %s (%s)", v.ID, v.Method, v.State, v.Reason)
}

// atRest reports whether nothing more happens to a sale by itself. A wallet sale whose
// order the gateway never heard of is watched for days, for a posd that was killed
// meanwhile cannot know that no code was shown.
func (s *shop) atRest(v view) bool {
	return v.ended() || v.State == "unsure" && v.Method != "card" && !s.ordered(v)
}

// people look at the terminal where posd asks for that, and let the gateway close a code
// that has left the glass unpaid.
func (s *shop) people(ctx context.Context, v view) {
	if v.Method != "card" {
		for _, a := range v.Attempts {
			s.gateway.CloseOrder(a.Ref, 4) // refused where there is none, or it is paid
		}
	}
	if v.Attention != "" {
		as := "cancelled"
		if s.times(v) > 0 {
			as = "paid"
		}
		// Refused where posd has learnt it meanwhile: the next look sees that.
		s.api.Call(ctx, http.MethodPost, "/v1/sales/"+v.ID+"/resolve", "", map[string]string{"as": as, "reason": "looked at the terminal", "by": "Ana"}, nil)
	}
}

// customers pay every code that appears on the glass.
func (s *shop) customers(ctx context.Context) {
	var seen []byte
	last := ""
	for ctx.Err() == nil {
		if now := s.display.PNG(); !bytes.Equal(now, seen) {
			seen = now
			if code, err := displaysim.ReadCode(now); err == nil && code != last {
				last = code
				s.gateway.Scan(code, true) // refused: it left the glass meanwhile
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// closeDay closes the day, again where a sale that still moves stands in the way.
func (s *shop) closeDay(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	return until(ctx, "the day's close", func() error {
		err := s.api.Call(ctx, http.MethodPost, "/v1/day/close", "", map[string]any{"by": "Ana"}, nil)
		var no *caller.Problem
		if errors.As(err, &no) && strings.Contains(no.Detail, "nothing to close") {
			return nil
		}
		return err
	})
}
