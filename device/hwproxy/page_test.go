package hwproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"posd/device"
	"posd/device/sale"
)

// counter is a till that does what the test says, and a journal that survives the server.
type counter struct {
	mu      sync.Mutex
	sales   []*sale.Sale
	keys    map[string]sale.ID
	notes   map[string]string
	changed chan struct{}
	refuse  error
	unread  error // the key cannot be looked up
	drawer  int
	shown   string
	jobs    map[string]sale.Job // by key
	papers  []string
	paper   sale.Printed // what becomes of them; "" while they wait
}

func newCounter() *counter {
	return &counter{keys: map[string]sale.ID{}, notes: map[string]string{}, jobs: map[string]sale.Job{}, changed: make(chan struct{})}
}

func (c *counter) Sell(_ context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread != nil {
		return sale.Sale{}, false, c.unread
	}
	if id, ok := c.keys[r.Key]; ok {
		return c.find(id).Clone(), true, nil
	}
	if c.refuse != nil {
		return sale.Sale{}, false, c.refuse
	}
	s := &sale.Sale{ID: sale.ID(fmt.Sprintf("01SALE%020d", len(c.sales)+1)), Amount: r.Amount, Foreign: r.Foreign, State: sale.Waiting}
	c.sales, c.keys[r.Key] = append(c.sales, s), s.ID
	return s.Clone(), false, nil
}

func (c *counter) find(id sale.ID) *sale.Sale {
	for _, s := range c.sales {
		if s.ID == id {
			return s
		}
	}
	return &sale.Sale{}
}

func (c *counter) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(id).Clone(), nil
}

func (c *counter) Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error) {
	for {
		c.mu.Lock()
		s, changed := c.find(id).Clone(), c.changed
		c.mu.Unlock()
		if enough(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

func (c *counter) end(state sale.State) { c.endOf(c.sales[len(c.sales)-1].ID, state) }

func (c *counter) endOf(id sale.ID, state sale.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.find(id).State = state
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counter) OpenDrawer(context.Context, string) error { c.drawer++; return nil }

func (c *counter) Display(_ context.Context, _ []sale.Item, message string, _ bool) error {
	c.shown = message
	return nil
}

// PrintOwn takes a print; how it stands is what the test says.
func (c *counter) PrintOwn(_ context.Context, r device.PrintRequest) (sale.Job, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j, again := c.jobs[r.Key]
	if !again {
		j = sale.Job{ID: fmt.Sprintf("P%d", len(c.jobs)+1), Kind: sale.JobPrint, Form: r.Form, By: r.By, State: sale.PrintQueued}
		c.jobs[r.Key] = j
		c.papers = append(c.papers, string(r.Data))
	}
	return j, again, nil
}

func (c *counter) AwaitPrint(ctx context.Context, id string) (sale.Job, error) {
	for {
		c.mu.Lock()
		changed := c.changed
		for _, j := range c.jobs {
			if j.ID == id && c.paper != "" {
				j.State, j.Words = c.paper, "the printer's words"
			}
			if j.ID == id && j.Finished() {
				c.mu.Unlock()
				return j, nil
			}
		}
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return sale.Job{ID: id, State: sale.PrintQueued, Words: "paper out"}, ctx.Err()
		}
	}
}

// prints sets what becomes of every print.
func (c *counter) prints(state sale.Printed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paper = state
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counter) Note(_ context.Context, name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[name] = value
	return nil
}

const shopPage = "https://shop.example"

// box is a server in front of a counter, without its listener.
func box(c *counter) (*Server, func()) {
	cfg := Defaults()
	cfg.Listen, cfg.Origins = "127.0.0.1:8069", []string{shopPage}
	n := 0
	s := New(cfg, Options{Till: c, Notes: c, Earlier: maps.Clone(c.notes), NewKey: func() string { n++; return fmt.Sprintf("key-%p-%d", &n, n) },
		Devices: func() []device.DeviceStatus {
			return []device.DeviceStatus{{Name: "printer", OK: false, Words: "paper is out"}}
		}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	s.ts = newTransactions(ctx, s.o)
	return s, func() { cancel(); s.ts.work.Wait() }
}

// ask posts as a page does and returns the result, or the error's words.
func ask(t *testing.T, s *Server, name string, params any) (any, string) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "call", "params": params, "id": 7})
	r := httptest.NewRequest("POST", "/hw_proxy/"+name, strings.NewReader(string(body)))
	r.RemoteAddr = "127.0.0.1:5000"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", shopPage)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var out struct {
		ID     int
		Result any
		Error  struct{ Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.ID != 7 {
		t.Fatalf("%s answered %d %q", name, w.Code, w.Body)
	}
	return out.Result, out.Error.Message
}

// start starts a payment line; it returns the transaction's id, or nil for "false".
func start(t *testing.T, s *Server, amount, order, payment string) any {
	t.Helper()
	info := fmt.Sprintf(`{"amount":%s,"currency_iso":"CAD","currency_decimals":2,"payment_mode":"card","payment_id":%q,"order_id":%q}`, amount, payment, order)
	got, words := ask(t, s, "payment_terminal_transaction_start", map[string]string{"payment_info": info})
	if words != "" {
		t.Fatalf("start: %s", words)
	}
	if got == false {
		return nil
	}
	return got.(map[string]any)["transaction_id"]
}

// poll returns the transaction as a page finds it: absent success counts as false.
func poll(t *testing.T, s *Server, id any) map[string]any {
	t.Helper()
	got, _ := ask(t, s, "status_json", map[string]any{})
	for _, d := range got.(map[string]any) {
		list, _ := d.(map[string]any)["transactions"].([]any)
		for _, x := range list {
			if x := x.(map[string]any); x["transaction_id"] == id {
				if _, there := x["success"]; !there {
					t.Fatal("success is absent")
				}
				return x
			}
		}
	}
	t.Fatalf("transaction %v is not shown", id)
	return nil
}

func within(t *testing.T, f func(t *testing.T, s *Server, c *counter)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(c)
		defer stop()
		f(t, s, c)
	})
}

func TestAPaymentFromStartToPaid(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		id := start(t, s, "28.65", "Order 00001-001-0001", "c12")
		if got := poll(t, s, id); got["success"] != nil || got["status"] != "waiting" {
			t.Errorf("while it waits: %v", got)
		}
		c.end(sale.Unsure)
		synctest.Wait()
		if got := poll(t, s, id); got["success"] != nil || got["status_details"] == "" {
			t.Errorf("while it is not known: %v", got)
		}
		c.end(sale.Paid)
		synctest.Wait()
		if got := poll(t, s, id); got["success"] != true || c.sales[0].Amount != 2865 {
			t.Errorf("paid: %v of %v", got, c.sales[0].Amount)
		}
	})
}

func TestTheSameLineIsTheSameTransactionUntilItIsNotPaid(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		first := start(t, s, "5.00", "O1", "c1")
		for _, state := range []sale.State{sale.Waiting, sale.Unsure, sale.Paid} {
			c.end(state)
			if again := start(t, s, "5.00", "O1", "c1"); again != first || len(c.sales) != 1 {
				t.Errorf("%s: another transaction %v, %d sales", state, again, len(c.sales))
			}
		}
		for _, other := range [][3]string{{"5.01", "O1", "c1"}, {"5.00", "O2", "c1"}, {"5.00", "O1", "c2"}} {
			n := len(c.sales)
			if id := start(t, s, other[0], other[1], other[2]); id == first || len(c.sales) != n+1 {
				t.Errorf("%v is another payment", other)
			}
		}
		for _, state := range []sale.State{sale.Declined, sale.Cancelled} {
			n := len(c.sales)
			c.end(state)
			if id := start(t, s, "5.00", "O1", "c2"); id == nil || len(c.sales) != n+1 {
				t.Errorf("after %s the cashier tries again: %v, %d sales", state, id, len(c.sales))
			}
		}
	})
}

func TestARestartAtAnyPointStartsNothingTwice(t *testing.T) {
	for name, lose := range map[string]func(c *counter){
		"after the answer":         func(*counter) {},
		"before the sale is noted": func(c *counter) { c.notes[notePrefix+"0"] = c.notes["before"] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter()
				s, stop := box(c)
				first := start(t, s, "5.00", "O1", "c1")
				var noted transaction
				if err := json.Unmarshal([]byte(c.notes[notePrefix+"0"]), &noted); err != nil {
					t.Fatal(err)
				}
				noted.Sale = ""
				before, _ := json.Marshal(noted)
				c.notes["before"] = string(before)
				stop()
				lose(c)
				s, stop = box(c)
				defer stop()
				c.end(sale.Paid)
				if again := start(t, s, "5.00", "O1", "c1"); again != first || len(c.sales) != 1 {
					t.Fatalf("transaction %v, %d sales", again, len(c.sales))
				}
				synctest.Wait()
				if got := poll(t, s, first); got["success"] != true {
					t.Errorf("%v", got)
				}
			})
		})
	}
}

func TestAJournalThatCannotBeReadLosesNoPayment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(c)
		start(t, s, "5.00", "O1", "c1")
		stop()
		var noted transaction // posd was killed before it noted which sale it was
		if err := json.Unmarshal([]byte(c.notes[notePrefix+"0"]), &noted); err != nil {
			t.Fatal(err)
		}
		noted.Sale = ""
		before, _ := json.Marshal(noted)
		c.notes[notePrefix+"0"] = string(before)
		c.end(sale.Paid)
		s, stop = box(c)
		defer stop()
		c.unread = &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be read"}
		if id := start(t, s, "5.00", "O1", "c1"); id != nil {
			t.Errorf("answered %v", id)
		}
		c.unread = nil
		if id := start(t, s, "5.00", "O1", "c1"); id == nil || len(c.sales) != 1 {
			t.Errorf("tried again: %v, %d sales", id, len(c.sales))
		}
	})
}

func TestARefusalIsFalseAndBeginsNothing(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		c.refuse = &sale.Refusal{Kind: sale.ErrTillBusy, Words: "busy"}
		if id := start(t, s, "5.00", "O1", "c1"); id != nil {
			t.Errorf("answered %v", id)
		}
		if len(s.ts.all()) != 0 {
			t.Error("what was refused is shown to pages, and pushes others out")
		}
		c.refuse = errors.New("the answer was lost")
		if id := start(t, s, "5.00", "O1", "c1"); id != nil {
			t.Errorf("answered %v", id)
		}
		c.refuse = nil
		if id := start(t, s, "5.00", "O1", "c1"); id == nil || len(c.sales) != 1 {
			t.Errorf("tried again: %v, %d sales", id, len(c.sales))
		}
	})
}

func TestAmountsAreReadFromTheirDecimalText(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for i, x := range []struct {
			text string
			want sale.Amount
		}{{"19.99", 1999}, {"0.29", 29}, {"5", 500}, {"5.1", 510}, {"28.650000", 2865}} {
			if start(t, s, x.text, "O", fmt.Sprint(i)); c.sales[i].Amount != x.want {
				t.Errorf("%s was sold as %v", x.text, c.sales[i].Amount)
			}
		}
		for _, text := range []string{"0", "-5.00", "1e3", "0.295", "99999999999.00", `"5.00x"`} {
			info := fmt.Sprintf(`{"amount":%s,"currency_iso":"CAD","payment_id":"c9","order_id":"O"}`, text)
			got, words := ask(t, s, "payment_terminal_transaction_start", map[string]string{"payment_info": info})
			if words == "" || got != nil {
				t.Errorf("%s was answered %v", text, got)
			}
		}
		if len(c.sales) != 5 {
			t.Errorf("%d sales", len(c.sales))
		}
	})
}

func TestTheOtherEndpoints(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, name := range []string{"handshake", "log", "open_cashbox"} {
			if got, _ := ask(t, s, name, map[string]any{}); got != true {
				t.Errorf("%s: %v", name, got)
			}
		}
		ask(t, s, "default_printer_action", map[string]any{"data": map[string]string{"action": "cashbox"}})
		if c.drawer != 2 {
			t.Errorf("the drawer was opened %d times, want 2", c.drawer)
		}
		ask(t, s, "send_text_customer_display", map[string]string{"text_to_display": `["  Coffee       ","        3.50"]`})
		if c.shown != "Coffee 3.50" {
			t.Errorf("shown %q", c.shown)
		}
		got, _ := ask(t, s, "status_json", map[string]any{})
		if e := got.(map[string]any)["escpos"].(map[string]any); e["status"] != "disconnected" {
			t.Errorf("the printer without paper is %v", e)
		}
	})
}

func TestAPageThatIsNotListedCanDoNothing(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for name := range routes {
			r := httptest.NewRequest("POST", "/hw_proxy/"+name, strings.NewReader(`{"params":{}}`))
			r.RemoteAddr = "127.0.0.1:5000"
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Origin", "https://evil.example")
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != 403 {
				t.Errorf("%s: %d", name, w.Code)
			}
			r = httptest.NewRequest("POST", "/hw_proxy/"+name, strings.NewReader(`{"params":{}}`))
			r.RemoteAddr = "127.0.0.1:5000"
			r.Header.Set("Content-Type", "text/plain") // what a form can send
			w = httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != 405 {
				t.Errorf("%s as text: %d", name, w.Code)
			}
		}
		if c.drawer != 0 || len(c.sales) != 0 {
			t.Error("something was done")
		}
	})
}

func FuzzStart(f *testing.F) {
	f.Add(`{"payment_info":"{\"amount\":5.00,\"payment_id\":\"c1\",\"order_id\":\"O\"}"}`)
	f.Fuzz(func(t *testing.T, params string) {
		c := newCounter()
		s, stop := box(c)
		defer stop()
		if !json.Valid([]byte(params)) {
			return
		}
		got, err := s.start(t.Context(), json.RawMessage(params), shopPage)
		if _, begun := got.(map[string]int64); begun != (len(c.sales) == 1) || begun && err != nil || begun && c.sales[0].Amount <= 0 {
			t.Errorf("%s: %v, %v, %d sales", params, got, err, len(c.sales))
		}
	})
}
