package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"posd/device"
	"posd/device/sale"
)

// metrics are the numbers of GET /metrics, in Prometheus' text format. Every
// label takes its values from a list that is fixed when posd starts: methods,
// states, devices, troubles.
type metrics struct {
	till    *device.Till
	board   *board
	methods []sale.Method
	started time.Time
	dropped func() int64 // lines of the log that were lost; nil where they are not counted

	mu   sync.Mutex
	open map[sale.ID]bool // sales seen before their end
	// Since posd started:
	ended map[end]int
	cents map[sale.Method]sale.Amount
}

type end struct {
	method sale.Method
	state  sale.State
}

// troubles are the values of that label.
var troubles = []sale.Trouble{
	sale.TroubleDNS, sale.TroubleConnect, sale.TroubleTLS, sale.TroubleTimeout, sale.TroublePortal,
	sale.TroubleServer, sale.TroubleThrottled, sale.TroubleKey, sale.TroubleClock,
}

func newMetrics(till *device.Till, b *board) *metrics {
	return &metrics{
		till: till, board: b, methods: b.config.methods(), started: time.Now(),
		open: map[sale.ID]bool{}, ended: map[end]int{}, cents: map[sale.Method]sale.Amount{},
	}
}

// run counts sales as they end. A sale is told of many times; it counts when
// it is final and was seen before it was.
func (m *metrics) run(ctx context.Context) error {
	select {
	case <-m.till.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		sub := m.till.Subscribe() // before looking, so that no end is missed in between
		if now, err := m.till.Snapshot(ctx); err == nil {
			for _, s := range now.Unsure {
				m.saw(s)
			}
			if now.Current != nil {
				m.saw(*now.Current)
			}
		}
		err := m.listen(ctx, sub.C())
		sub.Close()
		if err != nil {
			return err
		}
	}
}

// listen counts until ctx ends, which is its error, or the messages do.
func (m *metrics) listen(ctx context.Context, messages <-chan device.Message) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case msg, ok := <-messages:
			if !ok { // too slow, or the till has stopped and so shall we
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Second):
					return nil
				}
			}
			if s, is := msg.Data.(sale.Sale); is {
				m.saw(s)
			}
		}
	}
}

func (m *metrics) saw(s sale.Sale) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !s.State.Final() {
		m.open[s.ID] = true
		return
	}
	if m.open[s.ID] {
		delete(m.open, s.ID)
		m.ended[end{s.Method, s.State}]++
		m.cents[s.Method] += s.Taken()
	}
}

// ServeHTTP writes what is known; it asks no device.
func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	p := page{w}
	m.ofSales(p)
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if now, err := m.till.Snapshot(ctx); err == nil {
		oldest := 0.0
		if !now.Queue.Oldest.IsZero() {
			oldest = max(0, time.Since(now.Queue.Oldest).Seconds())
		}
		p.gauge("posd_reports_queued", "Card sales that the gateway must still be told of.", float64(now.Queue.Queued))
		p.gauge("posd_reports_queued_cents", "The sum of their amounts, in cents.", float64(now.Queue.Cents))
		p.gauge("posd_reports_set_aside", "Reports that the gateway refused and a person must look at.", float64(now.Queue.SetAside))
		p.gauge("posd_reports_oldest_seconds", "Age of the oldest report that waits, 0 if none does.", oldest)
		p.gauge("posd_link_up", "1 while reports go out, 0 while the way to the gateway is down or stopped.", one(now.Link == "up"))
		p.gauge("posd_sales_unsure", "Sales whose end is not known yet.", float64(len(now.Unsure)))
	}
	m.ofVerification(p)
	m.ofCopies(p)
	m.ofFleet(p)
	m.ofDevices(p)
	m.ofProcess(p)
}

func (m *metrics) ofVerification(p page) {
	if m.board.verifier == nil {
		return
	}
	age, ever, sound := m.board.verifier.last()
	p.gauge("posd_journal_sound", "1 while nothing in the journal is known not to be as posd wrote it.", one(sound))
	if ever {
		p.gauge("posd_journal_verified_age_seconds", "Age of the last verification of the whole journal; left out while there is none in this run.", age.Seconds())
	}
}

func (m *metrics) ofCopies(p page) {
	if m.board.copies == nil {
		return
	}
	if age, ok := m.board.copies.age(); ok {
		p.gauge("posd_backup_age_seconds", "Age of the last copy of the journal; left out while there is none.", age.Seconds())
	}
}

func (m *metrics) ofSales(p page) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.family("posd_sales_total", "counter", "Sales that ended since posd started, by method and final state.")
	for _, method := range m.methods {
		for _, state := range sale.States {
			if state.Final() {
				p.sample("posd_sales_total", float64(m.ended[end{method, state}]), "method", string(method), "state", string(state))
			}
		}
	}
	p.family("posd_sales_paid_cents_total", "counter", "Money taken since posd started, in cents, by method.")
	for _, method := range m.methods {
		p.sample("posd_sales_paid_cents_total", float64(m.cents[method]), "method", string(method))
	}
}

func (m *metrics) ofDevices(p page) {
	p.family("posd_device_up", "gauge", "1 if the device was well when it was last heard of.")
	for _, d := range m.board.last() {
		p.sample("posd_device_up", one(d.OK), "device", d.Name)
	}
	if m.board.parts.gateway == nil {
		return
	}
	now := m.board.parts.gateway.troubled()
	p.family("posd_gateway_trouble", "gauge", "1 for what is wrong between posd and the gateway.")
	for _, t := range troubles {
		p.sample("posd_gateway_trouble", one(t == now), "trouble", string(t))
	}
}

func (m *metrics) ofProcess(p page) {
	p.family("posd_info", "gauge", "Version of posd.")
	p.sample("posd_info", 1, "version", version())
	p.gauge("process_start_time_seconds", "When posd started, in seconds since 1970.", float64(m.started.UnixMilli())/1000)
	if m.dropped != nil {
		p.family("posd_log_lines_dropped_total", "counter", "Lines of the log that were lost since posd started, for nobody read them.")
		p.sample("posd_log_lines_dropped_total", float64(m.dropped()))
	}
	p.gauge("go_goroutines", "Goroutines that exist.", float64(runtime.NumGoroutine()))
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil {
		p.family("process_cpu_seconds_total", "counter", "Processor time used, in seconds.")
		p.sample("process_cpu_seconds_total", float64(used.Utime.Nano()+used.Stime.Nano())/1e9)
	}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident int
		if _, err := fmt.Sscan(string(text), &size, &resident); err == nil {
			p.gauge("process_resident_memory_bytes", "Memory in use, in bytes.", float64(resident*os.Getpagesize()))
		}
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// page writes the text format: families, each with its samples below.
type page struct{ w io.Writer }

func (p page) family(name, kind, help string) {
	fmt.Fprintf(p.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p page) sample(name string, value float64, labels ...string) {
	var set []string
	for i := 0; i < len(labels); i += 2 {
		set = append(set, labels[i]+`="`+escape.Replace(labels[i+1])+`"`)
	}
	if len(set) > 0 {
		name += "{" + strings.Join(set, ",") + "}"
	}
	fmt.Fprintf(p.w, "%s %v\n", name, value)
}

func (p page) gauge(name, help string, value float64) {
	p.family(name, "gauge", help)
	p.sample(name, value)
}

// escape is for label values: a display's name is the shop's own.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
