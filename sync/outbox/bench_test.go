package outbox_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/outbox"
)

// A drain of a long outage: 10,000 reports to a gateway that takes 20 ms, over
// real connections. The floor is reports x latency / workers; x-bare is the
// ratio to net/http alone in the same run. Run with
//
//	go test -run '^$' -bench Drain -benchtime 1x ./sync/outbox
const (
	drainReports = 10_000
	drainWorkers = 16
	drainLatency = 20 * time.Millisecond
)

// recorder is a gateway that takes its time and counts.
type recorder struct {
	*httptest.Server
	failEvery int // every so many-th request is answered 500

	mu    sync.Mutex
	seen  map[string]int
	total int
	conns int
}

func newRecorder(b *testing.B, failEvery int) *recorder {
	r := &recorder{seen: map[string]int{}, failEvery: failEvery}
	answer := []byte(`{"retCode":"FAIL","retMsg":"order exists"}`)
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.seen[string(body)]++
		r.total++
		fails := r.failEvery > 0 && r.total%r.failEvery == 0
		r.mu.Unlock()
		time.Sleep(drainLatency)
		if fails {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(answer)
	}))
	r.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			r.mu.Lock()
			r.conns++
			r.mu.Unlock()
		}
	}
	r.Start()
	b.Cleanup(r.Close)
	return r
}

func (r *recorder) client(b *testing.B) *iotpay.Client {
	cfg := iotpay.Defaults()
	cfg.BaseURL, cfg.MchID, cfg.JobNo, cfg.ClientIP, cfg.Workers = r.URL+"/v1/", "10000701", "till1", "192.168.1.20", drainWorkers
	c, err := iotpay.New(cfg, "a key", slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

func drainBatch(b *testing.B, c *iotpay.Client, n int) []sale.Report {
	batch := make([]sale.Report, n)
	for i := range batch {
		no := fmt.Sprintf("01JD3Z8W6Q%016d", i)
		params, err := c.ReportParams(no, 2865, "CAD", `{"cardType":"M","cardNum":"XXXXXXXXXXXX1166","authNum":"01046Z","trxCode":"00"}`)
		if err != nil {
			b.Fatal(err)
		}
		batch[i] = sale.Report{No: no, Params: params}
	}
	return batch
}

func BenchmarkDrain(b *testing.B) {
	const floor = drainReports / drainWorkers * drainLatency
	for name, failEvery := range map[string]int{"all answered": 0, "each 100th fails": 100} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				r := newRecorder(b, failEvery)
				c := r.client(b)
				bare := r.bare(b, drainReports/10)
				batch := drainBatch(b, c, drainReports)
				before := heap()
				start := time.Now()
				outbox.New(c, drainWorkers).Send(context.Background(), batch, func(sale.Report, sale.GatewayAnswer) {})
				took := time.Since(start)
				twice := 0
				for _, n := range r.seen {
					if n > 1 {
						twice++
					}
				}
				clear(r.seen)
				b.ReportMetric(float64(took)/float64(floor), "x-floor")
				b.ReportMetric(float64(took)/float64(drainReports)/bare, "x-bare")
				b.ReportMetric(float64(r.conns), "connections")
				b.ReportMetric(float64(r.total), "requests")
				b.ReportMetric(float64(twice), "sent-twice")
				b.ReportMetric((heap()-before)/1024, "KiB-kept")
				runtime.KeepAlive(batch)
			}
		})
	}
}

// bare is the least that could be done: the same workers posting the same
// number of bytes with net/http alone. It returns nanoseconds per request and
// shows what of the ratio is the machine's doing.
func (r *recorder) bare(b *testing.B, n int) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: drainWorkers}}
	body := "params=" + strings.Repeat("x", 700)
	start := time.Now()
	var all sync.WaitGroup
	for range drainWorkers {
		all.Go(func() {
			for range n / drainWorkers {
				resp, err := client.Post(r.URL, "application/x-www-form-urlencoded", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	client.CloseIdleConnections()
	clear(r.seen)
	r.total, r.conns = 0, 0
	return float64(took) / float64(n/drainWorkers*drainWorkers)
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkRetrySchedule prints what a recording server sees of one look-up and
// one report for each way to fail: requests, and seconds between them. Run with
//
//	go test -run '^$' -bench RetrySchedule -benchtime 1x ./sync/outbox
func BenchmarkRetrySchedule(b *testing.B) {
	for _, fail := range []struct {
		name       string
		status     int
		retryAfter string
	}{
		{"500", 500, ""}, {"429 at once", 429, "0"}, {"429 in 2 s", 429, "2"}, {"429 in an hour", 429, "3600"},
	} {
		for _, kind := range []string{"look-up", "report"} {
			b.Run(fail.name+" "+kind, func(b *testing.B) {
				for range b.N {
					var mu sync.Mutex
					var at []time.Time
					srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						mu.Lock()
						at = append(at, time.Now())
						mu.Unlock()
						if fail.retryAfter != "" {
							w.Header().Set("Retry-After", fail.retryAfter)
						}
						w.WriteHeader(fail.status)
					}))
					r := &recorder{Server: srv}
					c := r.client(b)
					start := time.Now()
					if kind == "report" {
						outbox.New(c, 1).Send(context.Background(), drainBatch(b, c, 1), func(sale.Report, sale.GatewayAnswer) {})
					} else {
						c.Query(context.Background(), "N")
					}
					took := time.Since(start)
					longest := time.Duration(0)
					for i := 1; i < len(at); i++ {
						longest = max(longest, at[i].Sub(at[i-1]))
					}
					b.ReportMetric(float64(len(at)), "requests")
					b.ReportMetric(longest.Seconds(), "longest-gap-s")
					b.ReportMetric(took.Seconds(), "worker-held-s")
					srv.Close()
				}
			})
		}
	}
}
