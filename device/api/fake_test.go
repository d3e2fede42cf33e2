package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device"
	"posd/device/books"
	"posd/device/sale"
)

// at is the clock of the tests.
var at = time.Date(2026, 11, 21, 15, 4, 5, 0, time.UTC)

// fake is a till that says what it is told and remembers what it was asked.
type fake struct {
	mu        sync.Mutex
	asked     []string
	sell      device.SellRequest
	givenBack device.GiveBackRequest
	resolved  device.ResolveRequest
	filter    sale.Filter
	items     []sale.Item
	message   string
	choose    bool

	onSell   func(device.SellRequest) (sale.Sale, bool, error) // answers Sell, when set
	onVoid   func(sale.Actor) error                            // refuses Void, when set
	limit    bool                                              // refunds go beyond the wallet's limits
	onSnap   func()                                            // runs when a snapshot has been made
	onSales  func(sale.Filter) []sale.Sale
	closing  device.CloseRequest
	closedOn string
	onClose  func()        // runs while a day is being closed
	err      error         // answers every request, when set
	deaf     error         // answers Alive
	stuck    chan struct{} // holds Alive up, when set
	replayed bool
	starting bool
	sales    map[sale.ID]sale.Sale
	events   []sale.StoredEvent
	current  *sale.Sale
	unsure   []sale.Sale
	outcomes []sale.Sale
	screen   sale.Screen
	stats    sale.QueueStats
	reports  []sale.Report
	link     string
	subs     map[chan device.Message]bool
}

func newFake() *fake {
	f := &fake{sales: map[sale.ID]sale.Sale{}, subs: map[chan device.Message]bool{}, link: "up",
		screen: sale.Screen{Kind: sale.ScreenWelcome, Language: sale.English}}
	f.put(sale.Sale{ID: "S1", Amount: 2865, Currency: "CAD", Method: sale.Card, State: sale.Paid, ApprovedAmount: 2865, CreatedAt: at,
		Printed: sale.PrintDone, Reported: sale.ReportQueued, Refunds: []sale.Movement{{ID: "M1", Kind: sale.Void, Amount: 2865, State: sale.MovementWaiting, By: "Ana", CreatedAt: at}}})
	return f
}

func (f *fake) put(s sale.Sale) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sales[s.ID] = s
}

// tell sends a message to everyone who listens.
func (f *fake) tell(m device.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e, ok := m.Data.(sale.StoredEvent); ok {
		f.events = append(f.events, e)
	}
	for c := range f.subs {
		c <- m
	}
}

// cut ends every subscription, as for clients that do not keep up.
func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.subs {
		close(c)
		delete(f.subs, c)
	}
}

func (f *fake) listeners() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

func (f *fake) subscribe() (<-chan device.Message, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan device.Message, 64)
	f.subs[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, c)
	}
}

func (f *fake) note(what string, remember ...func()) (sale.Sale, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range remember {
		r()
	}
	f.asked = append(f.asked, what)
	return f.sales["S1"], f.err
}

func (f *fake) Ready() <-chan struct{} {
	c := make(chan struct{})
	if !f.starting {
		close(c)
	}
	return c
}

func (f *fake) Alive(ctx context.Context) error {
	f.mu.Lock()
	stuck := f.stuck
	f.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.deaf
}

func (f *fake) Sell(_ context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	s, err := f.note("sell", func() { f.sell = r })
	if f.onSell != nil {
		return f.onSell(r)
	}
	return s, f.replayed, err
}

func (f *fake) Cancel(_ context.Context, id sale.ID) (sale.Sale, error) {
	return f.note("cancel " + string(id))
}

func (f *fake) Refund(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	if f.limit && !r.Anyway {
		return sale.Sale{}, "", false, &sale.Refusal{Kind: sale.ErrRefundLimit, Other: r.Sale, Words: "this wallet gives money back for 365 days"}
	}
	s, err := f.note("refund "+string(r.Sale), func() { f.givenBack = r })
	return s, "M1", f.replayed, err
}

func (f *fake) Void(ctx context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	if f.onVoid != nil {
		if err := f.onVoid(sale.ActorOf(ctx)); err != nil {
			return sale.Sale{}, "", false, err
		}
	}
	s, err := f.note("void "+string(r.Sale), func() { f.givenBack = r })
	return s, "M1", f.replayed, err
}

func (f *fake) Tip(_ context.Context, id sale.ID, tip sale.Amount) (sale.Sale, error) {
	return f.note("tip " + string(id) + " " + tip.String())
}

func (f *fake) Keep(_ context.Context, id sale.ID, by string) (sale.Sale, error) {
	return f.note("keep " + string(id) + " " + by)
}

func (f *fake) Resolve(_ context.Context, r device.ResolveRequest) (sale.Sale, error) {
	return f.note("resolve "+string(r.Sale), func() { f.resolved = r })
}

func (f *fake) Seen(_ context.Context, id sale.ID, by string) (sale.Sale, error) {
	return f.note("seen "+string(id)+" "+by, func() { f.outcomes = slices.DeleteFunc(f.outcomes, func(s sale.Sale) bool { return s.ID == id }) })
}

func (f *fake) Corrected(_ context.Context, id sale.ID, by, why string) (sale.Sale, error) {
	return f.note(fmt.Sprintf("corrected %s by %s (%s)", id, by, why))
}

func (f *fake) Print(_ context.Context, id sale.ID) (sale.Job, error) {
	_, err := f.note("print " + string(id))
	return sale.Job{ID: "J1", Sale: id, Copy: sale.CustomerCopy, Duplicate: true, State: sale.PrintQueued, At: at}, err
}

func (f *fake) PrintOwn(_ context.Context, r device.PrintRequest) (sale.Job, bool, error) {
	_, err := f.note(fmt.Sprintf("print %s %q by %s", r.Form, r.Data, r.By))
	return sale.Job{ID: "P1", Kind: sale.JobPrint, Form: r.Form, By: r.By, State: sale.PrintQueued}, r.Key == "used", err
}

func (f *fake) PrintJob(_ context.Context, id string) (sale.Job, error) {
	if id != "P1" {
		return sale.Job{}, sale.ErrNotFound
	}
	return sale.Job{ID: id, Kind: sale.JobPrint, State: sale.PrintQueued}, nil
}

func (f *fake) AwaitPrint(ctx context.Context, id string) (sale.Job, error) {
	j, err := f.PrintJob(ctx, id)
	j.State = sale.PrintDone
	return j, err
}

func (f *fake) Display(_ context.Context, items []sale.Item, message string, choose bool) error {
	_, err := f.note("display", func() { f.items, f.message, f.choose = items, message, choose })
	return err
}

func (f *fake) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.sales[id]
	if !ok {
		return s, &sale.Refusal{Kind: sale.ErrNotFound, Words: "There is no sale " + string(id) + "."}
	}
	return s, f.err
}

func (f *fake) Sales(_ context.Context, filter sale.Filter) ([]sale.Sale, error) {
	if _, err := f.note("sales", func() { f.filter = filter }); err != nil {
		return nil, err
	}
	if f.onSales != nil {
		return f.onSales(filter), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []sale.Sale
	for _, id := range slices.Sorted(maps.Keys(f.sales)) {
		if s := f.sales[id]; filter.State == "" || s.State == filter.State {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f *fake) Queue(context.Context) (device.QueueView, error) {
	_, err := f.note("queue")
	return device.QueueView{QueueStats: f.stats, Link: f.link, Reports: f.reports}, err
}

func (f *fake) Retry(_ context.Context, no string) (int, error) {
	_, err := f.note("retry " + no)
	return 3, err
}

func (f *fake) Events(_ context.Context, after int64, limit int) ([]sale.StoredEvent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []sale.StoredEvent
	for _, e := range f.events {
		if e.Seq > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, f.err
}

func (f *fake) Snapshot(context.Context) (device.Snapshot, error) {
	if f.onSnap != nil {
		defer f.onSnap()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := device.Snapshot{Current: f.current, Unsure: f.unsure, Outcomes: f.outcomes, Screen: f.screen, Queue: f.stats, Link: f.link}
	if n := len(f.events); n > 0 {
		s.LastSeq = f.events[n-1].Seq
	}
	return s, f.err
}

func (f *fake) Day(_ context.Context, from, to time.Time) (books.Books, error) {
	_, err := f.note(fmt.Sprintf("day %s %s", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)))
	b := books.SumDay(from, to, "CAD", maps.Values(f.sales))
	b.At = at
	return b, err
}

func (f *fake) OpenDrawer(_ context.Context, by string) error {
	_, err := f.note("drawer " + by)
	return err
}

// stored returns an event with a number.
func stored(seq int64) sale.StoredEvent {
	return sale.StoredEvent{Seq: seq, At: at, Sale: "S1", Kind: "sale-paid", Data: []byte(`{"n":1}`)}
}

// options for a handler on f.
func options(f *fake) Options {
	return Options{
		Log:       slog.New(slog.NewTextHandler(io.Discard, nil)),
		Subscribe: f.subscribe,
		Matrix: func(text string) ([][]bool, error) {
			return [][]bool{{true, false}, {false, true}}, nil
		},
		Devices: func(context.Context) []device.DeviceStatus {
			return []device.DeviceStatus{{Name: "terminal", Kind: "pax", Line: "/dev/posd-terminal", OK: true, Words: "ready"}}
		},
		ReceiptText: func(_ context.Context, id sale.ID) (string, error) {
			if _, err := f.Sale(context.Background(), id); err != nil {
				return "", err
			}
			return "CORNER SHOP\n28.65\n", nil
		},
		ReceiptPNG: func(context.Context, sale.ID) ([]byte, error) {
			var b bytes.Buffer
			err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)))
			return b.Bytes(), err
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "posd_up 1\n") }),
		Clock:   func() time.Time { return at },
		Version: "1.2.3", Shop: "Corner Shop", Currency: "CAD", Language: sale.English,
	}
}

// ask sends one request to a handler and returns the answer.
func ask(t *testing.T, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8480"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (f *fake) Uploaded(_ context.Context, id sale.ID, u sale.Upload, by, why string) (sale.Sale, error) {
	return f.note(fmt.Sprintf("upload %s %s by %s (%s)", id, u, by, why))
}

func (f *fake) CloseDay(_ context.Context, r device.CloseRequest) (books.Books, error) {
	by := r.By
	f.mu.Lock()
	f.closing = r
	f.mu.Unlock()
	_, err := f.note(strings.TrimSpace(fmt.Sprintf("close by %s, without terminal %v %s", by, r.WithoutTerminal, r.Key)))
	if f.onClose != nil {
		f.onClose()
	}
	return books.Books{Kind: "closing", From: at, To: at, Closing: &books.Closing{No: 12, By: by}}, err
}

func (f *fake) ClosedDay(_ context.Context, no int) (books.Books, error) {
	_, err := f.note(fmt.Sprintf("closed day %d", no))
	return books.Books{Kind: "closing", Date: time.Now().UTC().Format(time.DateOnly), From: at, To: at, Closing: &books.Closing{No: no, By: "Ana"}}, err
}

// ClosedOn knows of two days, closed on the fake's closedOn, else today.
func (f *fake) ClosedOn(_ context.Context, date string) ([]int, error) {
	if date != cmp.Or(f.closedOn, time.Now().UTC().Format(time.DateOnly)) {
		return nil, nil
	}
	return []int{11, 12}, nil
}
