package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"posd/device"
	"posd/device/sale"
)

// follow opens the stream of h over a real connection and returns a function
// that reads the next event as "id name data", or a comment as ": text".
func follow(t *testing.T, h http.Handler, headers ...string) (next func() string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = Server(t.Context(), h, slog.New(slog.DiscardHandler))
	srv.Start()
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return func() string {
		id, name, data := "-", "", ""
		for lines.Scan() {
			line := lines.Text()
			switch field, value, _ := strings.Cut(line, ": "); {
			case line == "" && name == "":
			case line == "":
				return id + " " + name + " " + data
			case field == "id":
				id = value
			case field == "event":
				name = value
			case field == "data":
				data = value
			default:
				return line
			}
		}
		return "end"
	}
}

// want reads one event per pattern and compares the beginning.
func want(t *testing.T, next func() string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if got := next(); !strings.HasPrefix(got, p) {
			t.Fatalf("got %.120q, want %q", got, p)
		}
	}
}

func TestNewStreamBeginsWithSnapshot(t *testing.T) {
	f := newFake()
	f.events = []sale.StoredEvent{stored(40), stored(41)}
	f.screen = sale.Screen{Kind: sale.ScreenCode, Code: "weixin://x", Amount: 2865}
	next := follow(t, New(f, options(f)))
	got := next()
	if !strings.HasPrefix(got, `41 snapshot {"lastSeq":41,`) {
		t.Fatalf("%.200s", got)
	}
	for _, part := range []string{`"shop":{"name":"Corner Shop","currency":"CAD"`, `"unsure":[]`, `"current":null`, `"rows":["10","01"]`, `"now":"2026-11-21T15:04:05Z"`, `"quietSeconds":12.5`} {
		if !strings.Contains(got, part) {
			t.Errorf("the snapshot lacks %s: %s", part, got)
		}
	}
	f.tell(device.Message{ID: 41, Event: "event", Data: stored(41)}) // raced with the snapshot: in it already
	f.tell(device.Message{Event: "sale", Data: f.sales["S1"]})
	f.tell(device.Message{ID: 42, Event: "event", Data: stored(42)})
	f.tell(device.Message{Event: "screen", Data: sale.Screen{Kind: sale.ScreenPaid, Amount: 2865}})
	f.tell(device.Message{Event: "queue", Data: sale.QueueStats{Queued: 1, Cents: 2865}})
	want(t, next, `- sale {"id":"S1"`, `42 event {"seq":42,"at":"2026-11-21T15:04:05Z","sale":"S1","kind":"sale-paid","data":{"n":1}}`,
		`- screen {"kind":"paid"`, `- queue {"queued":1,"cents":2865,"setAside":0,"oldest":null`)
}

func TestEachCodeIsDrawnAsItself(t *testing.T) {
	f := newFake()
	o := options(f)
	drawn := 0
	o.Matrix = func(text string) ([][]bool, error) {
		drawn++
		if text == "too long" {
			return nil, errors.New("the text does not fit")
		}
		return [][]bool{{text == "a"}}, nil
	}
	next := follow(t, New(f, o))
	want(t, next, "0 snapshot")
	for _, code := range []string{"a", "a", "b", "too long", "a"} {
		f.tell(device.Message{Event: "screen", Data: sale.Screen{Kind: sale.ScreenCode, Code: code}})
	}
	want(t, next, `- screen {"kind":"code","code":"a","rows":["1"]`, `- screen {"kind":"code","code":"a","rows":["1"]`, `- screen {"kind":"code","code":"b","rows":["0"]`,
		`- screen {"kind":"code","code":"too long","now"`, `- screen {"kind":"code","code":"a","rows":["1"]`)
	if drawn != 4 {
		t.Errorf("drawn %d times", drawn)
	}
}

func TestStoredDataThatIsNotJSONDoesNotBreakTheStream(t *testing.T) {
	f := newFake()
	bad := stored(1)
	bad.Data = []byte("{")
	f.events = []sale.StoredEvent{bad}
	want(t, follow(t, New(f, options(f)), "Last-Event-ID", "0"), `1 event {"seq":1,"at":"2026-11-21T15:04:05Z","sale":"S1","kind":"sale-paid","data":null}`, "1 snapshot")
}

func TestStreamResumesWithoutGap(t *testing.T) {
	f := newFake()
	for seq := int64(1); seq <= 2*replayPage+7; seq++ { // several pages, the last one short
		f.events = append(f.events, stored(seq))
	}
	last := int64(2*replayPage + 7)
	next := follow(t, New(f, options(f)), "Last-Event-ID", "3")
	for seq := int64(4); seq <= last; seq++ {
		want(t, next, fmt.Sprintf("%d event", seq))
	}
	want(t, next, fmt.Sprintf("%d snapshot", last))
	f.tell(device.Message{ID: last + 1, Event: "event", Data: stored(last + 1)})
	want(t, next, fmt.Sprintf("%d event", last+1))
}

func TestEventsStoredWhileResumingComeOnce(t *testing.T) {
	f := newFake()
	for seq := int64(1); seq <= 5; seq++ {
		f.events = append(f.events, stored(seq))
	}
	o := options(f)
	o.Subscribe = func() (<-chan device.Message, func()) {
		// Between reading the history and the snapshot: one before the
		// subscription, one after it.
		f.tell(device.Message{ID: 6, Event: "event", Data: stored(6)})
		c, end := f.subscribe()
		f.tell(device.Message{ID: 7, Event: "event", Data: stored(7)})
		return c, end
	}
	f.onSnap = func() { // and one after the snapshot, before its history is read
		f.onSnap = nil
		f.tell(device.Message{ID: 8, Event: "event", Data: stored(8)})
	}
	next := follow(t, New(f, o), "Last-Event-ID", "3")
	want(t, next, "4 event", "5 event", "6 event", "7 event", "7 snapshot", "8 event")
	f.tell(device.Message{ID: 9, Event: "event", Data: stored(9)})
	want(t, next, "9 event")
}

func TestIdFromAnotherHistoryGetsASnapshot(t *testing.T) {
	f := newFake()
	f.events = []sale.StoredEvent{stored(5)}
	want(t, follow(t, New(f, options(f)), "Last-Event-ID", "900"), "5 snapshot")
}

func TestQuietStreamShowsLife(t *testing.T) {
	f := newFake()
	o := options(f)
	o.KeepAlive = time.Millisecond
	want(t, follow(t, New(f, o)), "0 snapshot", ": alive", ": alive")
}

func TestStreamOfAHungTillIsClosed(t *testing.T) {
	f := newFake()
	f.deaf = errors.New("loop stuck")
	o := options(f)
	o.KeepAlive = time.Millisecond
	want(t, follow(t, New(f, o)), "0 snapshot", "end")
}

func TestSlowReaderIsClosed(t *testing.T) {
	f := newFake()
	next := follow(t, New(f, options(f)))
	want(t, next, "0 snapshot")
	f.cut()
	want(t, next, "end")
	if n := f.listeners(); n != 0 {
		t.Errorf("%d subscriptions left", n)
	}
}

func TestStreamThatCannotBeginSaysWhy(t *testing.T) {
	f := newFake()
	f.err = errors.New("disk gone")
	w := ask(t, New(f, options(f)), "GET", "/v1/events", "")
	if w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	for i := range maxLong {
		go func() {
			r := httptest.NewRequest("GET", "/v1/events", nil).WithContext(ctx)
			r.Host, r.RemoteAddr = "localhost", fmt.Sprintf("127.0.0.%d:1", 1+i%2)
			h.ServeHTTP(httptest.NewRecorder(), r)
			done <- struct{}{}
		}()
	}
	for f.listeners() < maxLong {
		select {
		case <-done:
			t.Fatal("a stream ended early")
		case <-time.After(time.Millisecond): // polls, does not time
		}
	}
	if w := ask(t, h, "GET", "/v1/events", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("one stream more: %d", w.Code)
	}
	if w := ask(t, h, "GET", "/v1/sales/S1?wait=1s", ""); w.Code != http.StatusOK { // waits have places of their own
		t.Errorf("a wait beside them: %d", w.Code)
	}
	cancel()
	for range maxLong {
		<-done
	}
	if w := ask(t, h, "GET", "/v1/sales/S1?wait=1s", ""); w.Code != http.StatusOK {
		t.Errorf("after they left: %d", w.Code)
	}
}
