package iotpay_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// schedule makes random calls while random faults come and go, and holds every
// conclusion of the client against what the gateway knows.
type schedule struct {
	t       *testing.T
	c       counter
	rnd     *rand.Rand
	seed    uint64
	set     []string // faults set now
	orders  []string
	refunds map[string]sale.RefundRequest
	reports []sale.Report
}

var scheduledFaults = []string{
	"away", "slow=3s", "slow=30s", "5xx-before", "5xx-after-commit", "cut-before", "cut-at=0", "cut-at=40", "cut-at=180", "throttle=0", "throttle=3600",
	"html-portal", "wrong-key", "wrong-signature", "unsigned-fail=system error", "unsigned-fail=no", "fail=no", "fail-after-commit=no",
	"wrong-amount", "wrong-number", "clock-skew=1h", "not-found", "exists",
}

func (s *schedule) has(fault string) bool { return slices.Contains(s.set, fault) }

func (s *schedule) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("seed %d, faults %v: %s", s.seed, s.set, fmt.Sprintf(format, args...))
}

// weather sets none, one or two faults.
func (s *schedule) weather() {
	s.c.sim.ClearFault("")
	s.set = nil
	for range s.rnd.IntN(3) {
		f := scheduledFaults[s.rnd.IntN(len(scheduledFaults))]
		s.set = append(s.set, f)
		s.c.fault(s.t, f)
	}
}

// call makes one call and checks what holds for all of them.
func (s *schedule) call(endpoint string, most int, limit time.Duration, do func() sale.GatewayAnswer) sale.GatewayAnswer {
	before, start := s.c.sim.State().Requests[endpoint], time.Now()
	a := do()
	tries := s.c.sim.State().Requests[endpoint] - before
	switch {
	case tries > most:
		s.errorf("%s was asked %d times", endpoint, tries)
	case a.Result == sale.GatewayNotSent && tries != 0:
		s.errorf("%s is called not sent, and arrived %d times: %+v", endpoint, tries, a)
	case time.Since(start) > limit:
		s.errorf("%s took %s", endpoint, time.Since(start))
	case a.Result == sale.GatewayOK && !a.Verified:
		s.errorf("%s is ok without proof: %+v", endpoint, a)
	case a.Verified && (s.has("wrong-signature")):
		s.errorf("%s believes a wrong signature: %+v", endpoint, a)
	}
	return a
}

const (
	callLimit = 20*time.Second + time.Millisecond
	lookLimit = 3*8*time.Second + 2*4*time.Second + time.Millisecond
)

func (s *schedule) order(no string) *orderView {
	for _, o := range s.c.sim.State().Orders {
		if o.MchOrderNo == no {
			return &orderView{o.PayOrderID, o.Code, sale.OrderStatus(o.Status), sale.Amount(o.Amount), sale.Amount(o.Refunded), o.Creates}
		}
	}
	return nil
}

type orderView struct {
	payOrderID, code string
	status           sale.OrderStatus
	amount, refunded sale.Amount
	creates          int
}

func (s *schedule) create() {
	no := fmt.Sprintf("S%d-%d", s.seed%1000, len(s.orders))
	s.orders = append(s.orders, no)
	channels := []sale.Channel{sale.WXNative, sale.AlipayQR, sale.UPIQR, sale.WXMicropay}
	r := sale.OrderRequest{No: no, Channel: channels[s.rnd.IntN(4)], Amount: sale.Amount(1 + s.rnd.IntN(10000)), Currency: "CAD"}
	if r.Channel.Micropay() {
		r.AuthCode = "134567890123456789"
	}
	a := s.call("create_order", 1, callLimit, func() sale.GatewayAnswer { return s.c.Create(s.t.Context(), r) })
	o := s.order(no)
	if a.Result == sale.GatewayOK && (o == nil || o.amount != r.Amount || o.code != a.Code || o.payOrderID != a.PayOrderID) {
		s.errorf("create is ok: %+v, the gateway has %+v", a, o)
	}
	if o != nil && o.creates != 1 {
		s.errorf("order %s was created %d times", no, o.creates)
	}
}

func (s *schedule) query(no string) sale.GatewayAnswer {
	a := s.call("query_order", 3, lookLimit, func() sale.GatewayAnswer { return s.c.Query(s.t.Context(), no) })
	o := s.order(no)
	switch a.Result {
	case sale.GatewayOK:
		if o == nil || o.status != a.Status || (o.amount != a.Amount) != s.has("wrong-amount") {
			s.errorf("query is ok: %+v, the gateway has %+v", a, o)
		}
	case sale.GatewayNotFound:
		if o != nil && !s.has("not-found") {
			s.errorf("query found nothing, the gateway has %+v", o)
		}
	}
	return a
}

// customer scans, pays or closes some order.
func (s *schedule) customer() {
	if len(s.orders) == 0 {
		return
	}
	no := s.orders[s.rnd.IntN(len(s.orders))]
	o := s.order(no)
	if o == nil || o.status.Paid() || o.status.Closed() {
		return
	}
	var err error
	switch s.rnd.IntN(4) {
	case 0:
		err = s.c.sim.CloseOrder(no, 9)
	case 1:
		if o.code != "" {
			err = s.c.sim.Scan(o.code, false)
		}
	default:
		err = s.c.sim.Pay(no)
	}
	if err != nil {
		s.errorf("customer: %v", err)
	}
}

func (s *schedule) refund() {
	if len(s.orders) == 0 {
		return
	}
	o := s.order(s.orders[s.rnd.IntN(len(s.orders))])
	if o == nil || !o.status.Paid() || o.amount == o.refunded {
		return
	}
	r := sale.RefundRequest{No: fmt.Sprintf("R%d", len(s.refunds)), PayOrderID: o.payOrderID, Amount: 1 + sale.Amount(s.rnd.Int64N(int64(o.amount-o.refunded))), Currency: "CAD"}
	s.refunds[r.No] = r
	s.askRefund(r)
}

func (s *schedule) askRefund(r sale.RefundRequest) sale.GatewayAnswer {
	a := s.call("refund_order", 1, callLimit, func() sale.GatewayAnswer { return s.c.Refund(s.t.Context(), r) })
	if n, cents := s.refunded(r.No); a.Result == sale.GatewayPending && (n != 1 || cents != r.Amount) || a.Result == sale.GatewayFail && n != 0 || n > 1 {
		s.errorf("refund %+v: the gateway has it %d times with %s", a, n, cents)
	}
	return a
}

func (s *schedule) refunded(no string) (n int, cents sale.Amount) {
	for _, r := range s.c.sim.State().Refunds {
		if r.MchRefundNo == no {
			n++
			cents += sale.Amount(r.Amount)
		}
	}
	return n, cents
}

func (s *schedule) queryRefund(no string) sale.GatewayAnswer {
	a := s.call("query_refund", 3, lookLimit, func() sale.GatewayAnswer { return s.c.QueryRefund(s.t.Context(), no) })
	n, _ := s.refunded(no)
	if a.Result == sale.GatewayOK && n != 1 || a.Result == sale.GatewayNotFound && n != 0 && !s.has("not-found") {
		s.errorf("query refund: %+v, the gateway has it %d times", a, n)
	}
	return a
}

func (s *schedule) report() {
	no := fmt.Sprintf("C%d", len(s.reports))
	params, err := s.c.ReportParams(no, sale.Amount(1+s.rnd.IntN(10000)), "CAD", cardExtra)
	if err != nil {
		s.errorf("%v", err)
	}
	s.reports = append(s.reports, sale.Report{No: no, Params: params})
	s.send(s.reports[s.rnd.IntN(len(s.reports))])
}

func (s *schedule) send(r sale.Report) sale.GatewayAnswer {
	a := s.call("create_order", 1, callLimit, func() sale.GatewayAnswer { return s.c.Report(s.t.Context(), r) })
	known := s.c.knows(r.No)
	if a.Result == sale.GatewayOK && !known || a.Result == sale.GatewayExists && !known && !s.has("exists") {
		s.errorf("report: %+v, the gateway does not have it", a)
	}
	return a
}

// run makes a schedule, then lets all faults heal and asks once more about
// everything: nothing may be left unknown.
func (s *schedule) run(steps int) {
	s.refunds = map[string]sale.RefundRequest{}
	for range steps {
		s.weather()
		switch s.rnd.IntN(8) {
		case 0, 1:
			s.create()
		case 2:
			s.customer()
		case 3:
			if len(s.orders) > 0 {
				s.query(s.orders[s.rnd.IntN(len(s.orders))])
			}
		case 4:
			s.refund()
		case 5:
			s.queryRefund(fmt.Sprintf("R%d", s.rnd.IntN(4)))
		case 6:
			s.report()
		case 7:
			a := s.call("query_order", 3, lookLimit, func() sale.GatewayAnswer { return s.c.Probe(s.t.Context()) })
			if a.Result == sale.GatewayOK {
				s.errorf("a probe found something: %+v", a)
			}
		}
		time.Sleep(time.Duration(s.rnd.IntN(30)) * time.Second)
	}
	s.c.sim.ClearFault("")
	s.set = nil
	for _, no := range s.orders {
		if a := s.query(no); a.Result != sale.GatewayOK && a.Result != sale.GatewayNotFound {
			s.errorf("healed: order %s is %+v", no, a)
		}
	}
	for no, r := range s.refunds {
		if a := s.queryRefund(no); a.Result == sale.GatewayNotFound {
			a = s.askRefund(r) // the same number and amount
			if a.Result != sale.GatewayPending && !(a.Result == sale.GatewayFail && a.Verified) {
				s.errorf("healed: refund %s is %+v", no, a)
			}
		} else if a.Result != sale.GatewayOK {
			s.errorf("healed: refund %s is %+v", no, a)
		}
	}
	for _, r := range s.reports {
		if a := s.send(r); a.Result != sale.GatewayOK && a.Result != sale.GatewayExists {
			s.errorf("healed: report %s is %+v", r.No, a)
		}
	}
	for _, p := range s.c.sim.State().Reports {
		if p.Accepted != 1 {
			s.errorf("report %s was taken %d times", p.MchOrderNo, p.Accepted)
		}
	}
	for _, no := range s.orders {
		if o := s.order(no); o != nil && o.refunded > o.amount {
			s.errorf("order %s: %s of %s went back", no, o.refunded, o.amount)
		}
	}
}

func runSchedule(t *testing.T, seed uint64, steps int) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule{t: t, c: newCounter(t, testConfig(), io.Discard), rnd: rand.New(rand.NewPCG(seed, 7)), seed: seed}
		s.run(steps)
	})
}

func TestEveryConclusionHoldsUnderRandomFaults(t *testing.T) {
	for seed := range uint64(500) {
		runSchedule(t, seed, 20)
	}
}

func FuzzFaultSchedules(f *testing.F) {
	f.Add(uint64(1), uint8(10))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { runSchedule(t, seed, int(steps)%40) })
}

func (c counter) knows(report string) bool {
	for _, p := range c.sim.State().Reports {
		if p.MchOrderNo == report {
			return true
		}
	}
	return false
}
