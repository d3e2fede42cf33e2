package device

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"sync"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
	"posd/store"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
	"posd/sync/outbox"
)

// monthSales is how many card sales the gateway misses.
var monthSales = flag.Int("month", 400, "how many card sales TestAMonthWithoutTheGatewayIsReportedOnceEach takes")

// TestAMonthWithoutTheGatewayIsReportedOnceEach sells by card while the gateway
// is away, with the real journal on disk and posd started anew in between, and
// then lets the gateway come back, at first losing answers and failing behind
// what it has stored: every sale is reported, and the gateway took each once.
// `make fuzz` takes 100,000 sales, a month of a busy counter.
func TestAMonthWithoutTheGatewayIsReportedOnceEach(t *testing.T) {
	m := newMonth(t)
	const runs = 4
	for run := range runs {
		m.start()
		m.sell(run**monthSales/runs, (run+1)**monthSales/runs)
		m.stop()
	}
	if n := len(m.gateway.State().Reports); n != 0 {
		t.Fatalf("the gateway took %d reports while it was away", n)
	}
	m.away, m.clumsy = false, true
	m.start()
	m.drain()
	defer m.stop()
	m.count()
}

type month struct {
	t       *testing.T
	dir     string
	gateway *iotpaysim.Gateway
	client  *iotpay.Client
	journal *store.Store
	till    *Till
	stop    func()

	mu           sync.Mutex
	away, clumsy bool
	rnd          *rand.Rand
}

func newMonth(t *testing.T) *month {
	m := &month{t: t, dir: t.TempDir(), away: true, rnd: rand.New(rand.NewPCG(1, 30))}
	m.gateway = iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: "not-a-real-key"})
	cfg := iotpay.Defaults()
	cfg.BaseURL, cfg.MchID, cfg.JobNo, cfg.ClientIP = "http://127.0.0.1/v1/", "10000701", "till1", "192.168.1.20"
	client, err := iotpay.New(cfg, "not-a-real-key", quiet, iotpay.WithTransport(m))
	if err != nil {
		t.Fatal(err)
	}
	m.client = client
	t.Cleanup(client.Close)
	return m
}

// RoundTrip carries a request to the gateway in memory, if it is there.
func (m *month) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	away, fate := m.away, 1.0
	if m.clumsy {
		fate = m.rnd.Float64()
	}
	m.mu.Unlock()
	if away {
		return nil, errors.New("no route to host")
	}
	if t := httptrace.ContextClientTrace(r.Context()); t != nil && t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{})
	}
	w := httptest.NewRecorder()
	m.gateway.Handler().ServeHTTP(w, r)
	resp := w.Result()
	switch {
	case fate < 0.02: // taken, and the answer is lost
		return nil, io.ErrUnexpectedEOF
	case fate < 0.04: // taken, and a proxy says something else
		resp.StatusCode, resp.Body = http.StatusBadGateway, io.NopCloser(bytes.NewReader([]byte("<html>")))
	}
	return resp, nil
}

// willing is a terminal that approves at once.
type willing struct{ *fakeTerminal }

func (willing) Charge(_ context.Context, o sale.CardRequest) sale.CardAnswer {
	a := approve(o.Amount)
	a.Ref, a.Kind, a.Extra = o.Ref, o.Kind, `{"cardNum":"XXXXXXXXXXXX1166","authNum":"01046Z","expireDate":"1227"}`
	return a
}

// start is a new run of posd on what the disk holds.
func (m *month) start() {
	journal, err := store.Open(m.t.Context(), store.Config{Dir: m.dir}, quiet)
	if err != nil {
		m.t.Fatal(err)
	}
	policy := core.DefaultPolicy()
	policy.BackoffMax = 200 * time.Millisecond
	m.till, err = New(Options{
		Policy: policy, Journal: journal, Terminal: willing{newFakeTerminal()}, Gateway: m.client, Outbox: outbox.New(m.client, 8), Screen: &fakeGlass{},
		Makers: core.Makers{ID: testMakers.ID, Report: m.client.ReportParams, Wallet: testMakers.Wallet},
		Log:    quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(m.rnd.Uint64(), 5))},
	})
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.till.Run(ctx) }()
	<-m.till.Ready()
	m.stop = func() {
		cancel()
		if err := errors.Join(<-ended, journal.Close()); err != nil {
			m.t.Errorf("posd stops: %v", err)
		}
	}
	m.journal = journal
}

// sell takes the sales from one number up to another, without it.
func (m *month) sell(from, to int) {
	news := m.till.Subscribe()
	defer news.Close()
	for i := from; i < to; i++ {
		s, _, err := m.till.Sell(m.t.Context(), SellRequest{Key: strconv.Itoa(i), Amount: sale.Amount(100 + i), Method: sale.Card, Reference: strconv.Itoa(i)})
		if err != nil {
			m.t.Fatalf("sale %d: %v", i, err)
		}
		for done := s.State.Final(); !done; {
			msg, ok := <-news.C()
			if !ok {
				m.t.Fatal("the stream ended")
			}
			now, is := msg.Data.(sale.Sale)
			done = is && now.ID == s.ID && now.State.Final()
		}
	}
}

// drain waits until no report waits.
func (m *month) drain() {
	news := m.till.Subscribe()
	defer news.Close()
	for {
		st, err := m.journal.QueueStats(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		if st.Queued == 0 {
			return
		}
		for told := false; !told; { // that the queue has changed
			msg, ok := <-news.C()
			if !ok { // so much to tell: begin again
				news = m.till.Subscribe()
			}
			told = !ok || msg.Event == "queue"
		}
	}
}

// count holds the gateway's reports against the journal's sales.
func (m *month) count() {
	taken, repeats := map[string]sale.Amount{}, 0
	for _, r := range m.gateway.State().Reports {
		if r.Accepted != 1 {
			m.t.Errorf("report %s was taken %d times", r.MchOrderNo, r.Accepted)
		}
		taken[r.MchOrderNo] = sale.Amount(r.Amount)
		repeats += r.Repeats
	}
	n := 0
	err := m.till.eachSale(m.t.Context(), sale.Filter{}, func(s sale.Sale) bool {
		n++
		if s.State != sale.Paid || s.Reported != sale.ReportDone || taken[s.MchOrderNo] != s.ApprovedAmount {
			m.t.Errorf("sale %s of %s is %s, %s, and the gateway has %s", s.ID, s.ApprovedAmount, s.State, s.Reported, taken[s.MchOrderNo])
		}
		delete(taken, s.MchOrderNo)
		return !m.t.Failed()
	})
	if err != nil || n != *monthSales || len(taken) != 0 {
		m.t.Errorf("%d sales of %d, %d reports of no sale, %v", n, *monthSales, len(taken), err)
	}
	m.t.Logf("%d sales reported once each, %d reports were repeated under their number", n, repeats)
}
