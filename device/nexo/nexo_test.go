package nexo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
)

// counter is a till that does what the test says, and a journal that survives the server.
type counter struct {
	mu      sync.Mutex
	sales   []*sale.Sale
	keys    map[string]sale.Sale // with the movement's ID as Reference
	notes   map[string]string
	changed chan struct{}
	refuse  error
	closed  bool // the batch: no voids any more
	asked   []string
}

func newCounter() *counter {
	return &counter{keys: map[string]sale.Sale{}, notes: map[string]string{}, changed: make(chan struct{})}
}

func (c *counter) Sell(_ context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.keys[r.Key]; ok {
		return c.find(k.ID).Clone(), true, nil
	}
	if c.refuse != nil {
		return sale.Sale{}, false, c.refuse
	}
	c.asked = append(c.asked, fmt.Sprintf("sell %s %s %s", r.Amount, r.Kind, r.Foreign))
	s := &sale.Sale{ID: sale.ID(fmt.Sprintf("01SALE%020d", len(c.sales)+1)), Amount: r.Amount, Currency: "CAD", Method: sale.Card, Kind: r.Kind, Foreign: r.Foreign, State: sale.Waiting}
	c.sales, c.keys[r.Key] = append(c.sales, s), sale.Sale{ID: s.ID}
	return s.Clone(), false, nil
}

func (c *counter) find(id sale.ID) *sale.Sale {
	for _, s := range c.sales {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (c *counter) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.find(id); s != nil {
		return s.Clone(), nil
	}
	return sale.Sale{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no such sale"}
}

func (c *counter) Keyed(ctx context.Context, key string) (sale.Sale, string, error) {
	c.mu.Lock()
	k, ok := c.keys[key]
	c.mu.Unlock()
	if !ok {
		return sale.Sale{}, "", sale.ErrNotFound
	}
	s, err := c.Sale(ctx, k.ID)
	return s, k.Reference, err
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

func (c *counter) Cancel(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.end(id, sale.Cancelled)
	return sale.Sale{}, nil
}

func (c *counter) end(id sale.ID, state sale.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(id)
	s.State = state
	if state == sale.Paid {
		s.ApprovedAmount = s.Amount
		s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1119", Entry: sale.EntryTap, AuthCode: "044321", Reference: "430.112"}
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counter) Void(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	return c.giveBack(sale.Void, r)
}

func (c *counter) Refund(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	return c.giveBack(sale.Refund, r)
}

func (c *counter) giveBack(kind sale.MovementKind, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(r.Sale)
	if k, ok := c.keys[r.Key]; ok {
		return s.Clone(), k.Reference, true, nil
	}
	if kind == sale.Void && c.closed {
		return sale.Sale{}, "", false, &sale.Refusal{Kind: sale.ErrNotPossible, Words: "the batch is closed"}
	}
	c.asked = append(c.asked, fmt.Sprintf("%s %s by %s", kind, r.Amount, r.By))
	amount := r.Amount
	if amount == 0 {
		amount = s.ApprovedAmount
	}
	m := sale.Movement{ID: fmt.Sprintf("MOVE%d", len(c.asked)), Kind: kind, Amount: amount, State: sale.MovementDone, By: r.By}
	s.Refunds = append(s.Refunds, m)
	c.keys[r.Key] = sale.Sale{ID: s.ID, Reference: m.ID}
	return s.Clone(), m.ID, false, nil
}

func (c *counter) Note(_ context.Context, name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[name] = value
	return nil
}

// box is a server in front of a counter; stop is its end, after which another may
// take up what it left.
func box(t *testing.T, c *counter, passphrase sale.Secret) (*Server, func()) {
	t.Helper()
	c.mu.Lock()
	earlier := maps.Clone(c.notes)
	c.mu.Unlock()
	n := len(earlier)
	s, err := New(Defaults(), Options{Till: c, Notes: c, Earlier: earlier, Passphrase: passphrase, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		NewKey: func() string { n++; return fmt.Sprintf("nexo/%d", n) },
		Devices: func() []device.DeviceStatus {
			return []device.DeviceStatus{{Name: "terminal", OK: true}, {Name: "printer"}, {Name: "gateway", OK: true}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over, ready := make(chan struct{}), make(chan struct{})
	go func() { defer close(over); s.Run(ctx, &idle{ready: ready, done: make(chan struct{})}) }()
	<-ready
	return s, func() { cancel(); <-over }
}

// idle is a listener that nobody connects to; tests ask the handler.
type idle struct {
	ready, done chan struct{}
	once, began sync.Once
}

func (l *idle) Accept() (net.Conn, error) {
	l.began.Do(func() { close(l.ready) })
	<-l.done
	return nil, net.ErrClosed
}
func (l *idle) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *idle) Addr() net.Addr { return &net.TCPAddr{} }

func within(t *testing.T, f func(t *testing.T, s *Server, c *counter)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, "")
		defer stop()
		f(t, s, c)
	})
}

// message is a request as registers write it, by hand.
func message(category, service, body string) string {
	return fmt.Sprintf(`{"SaleToPOIRequest":{"MessageHeader":{"ProtocolVersion":"3.0","MessageClass":"Service","MessageCategory":%q,"MessageType":"Request","SaleID":"Till7","ServiceID":%q,"POIID":"P400Plus-1"},"%sRequest":%s}}`,
		category, service, category, body)
}

func payment(service, amount, more string) string {
	return message("Payment", service, fmt.Sprintf(`{"SaleData":{"SaleTransactionID":{"TransactionID":"Order 7","TimeStamp":"2026-11-28T01:00:00Z"}},"PaymentTransaction":{"AmountsReq":{"Currency":"CAD","RequestedAmount":%s}}%s}`, amount, more))
}

func raw(s *Server, body string) (int, string) {
	r := httptest.NewRequest("POST", "/nexo/", strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4000"
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// response is what tests read of a message.
type response struct {
	Response struct{ Result, ErrorCondition, AdditionalResponse string }
	POIData  struct {
		POITransactionID struct{ TransactionID string }
	}
	PaymentResult struct {
		AmountsResp struct{ AuthorizedAmount json.Number }
	}
	PaymentReceipt          []any
	ReversedAmount          json.Number
	RepeatedMessageResponse struct {
		MessageHeader               header
		RepeatedResponseMessageBody struct{ PaymentResponse, ReversalResponse *response }
	}
	POIStatus struct{ GlobalStatus, PrinterStatus string }
}

func (r response) says() string {
	return strings.TrimSpace(r.Response.Result + " " + r.Response.ErrorCondition)
}

func ask(t *testing.T, s *Server, body string) response {
	t.Helper()
	code, text := raw(s, body)
	var out struct{ SaleToPOIResponse map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(text), &out); err != nil || code != 200 {
		t.Fatalf("%d %.300s: %v", code, text, err)
	}
	for name, part := range out.SaleToPOIResponse {
		if strings.HasSuffix(name, "Response") {
			var r response
			if err := json.Unmarshal(part, &r); err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	t.Fatalf("no response in %.300s", text)
	return response{}
}

// pay asks for a payment, lets it end, and returns the response.
func pay(t *testing.T, s *Server, c *counter, body string, end sale.State) response {
	t.Helper()
	got := make(chan response)
	go func() { got <- ask(t, s, body) }()
	synctest.Wait()
	if n := len(c.sales); n > 0 && c.sales[n-1].State == sale.Waiting {
		c.end(c.sales[n-1].ID, end)
	}
	return <-got
}

func TestAPaymentIsToldWholeWhateverBecameOfIt(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for i, x := range []struct {
			end  sale.State
			want string
		}{{sale.Paid, "Success"}, {sale.Declined, "Failure Refusal"}, {sale.Cancelled, "Failure Cancel"}} {
			got := pay(t, s, c, payment(fmt.Sprint("s", i), "19.99", ""), x.end)
			if got.says() != x.want || strings.Count(got.POIData.POITransactionID.TransactionID, ".") != 1 {
				t.Errorf("%s: %+v", x.end, got)
			}
			if paid := x.end == sale.Paid; paid != (got.PaymentResult.AmountsResp.AuthorizedAmount == "19.99") || paid != (len(got.PaymentReceipt) == 2) {
				t.Errorf("%s: %+v", x.end, got)
			}
		}
		if c.sales[0].Amount != 1999 || c.sales[0].Foreign != "Order 7" {
			t.Errorf("sold %+v", c.sales[0])
		}
	})
}

func TestTheSameNameIsTheSamePayment(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		pay(t, s, c, payment("s1", "5.00", ""), sale.Paid)
		if again := ask(t, s, payment("s1", "5.00", "")); again.says() != "Success" || len(c.sales) != 1 {
			t.Errorf("asked again: %s, %d sales", again.says(), len(c.sales))
		}
		if other := ask(t, s, payment("s1", "6.00", "")); other.says() != "Failure MessageFormat" || len(c.sales) != 1 {
			t.Errorf("another request by this name: %s, %d sales", other.says(), len(c.sales))
		}
		if next := pay(t, s, c, payment("s2", "5.00", ""), sale.Paid); next.says() != "Success" || len(c.sales) != 2 {
			t.Errorf("an equal sale: %s, %d sales", next.says(), len(c.sales))
		}
	})
}

func TestWhatIsNotKnownYetIsInProgress(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		status := func(service string) response {
			return ask(t, s, message("TransactionStatus", "q1", fmt.Sprintf(`{"MessageReference":{"MessageCategory":"Payment","SaleID":"Till7","ServiceID":%q}}`, service)))
		}
		got := make(chan response)
		go func() { got <- ask(t, s, payment("s1", "5.00", "")) }()
		synctest.Wait()
		if r := status("s1"); r.says() != "Failure InProgress" {
			t.Errorf("while it waits: %s", r.says())
		}
		c.end(c.sales[0].ID, sale.Unsure)
		if r := <-got; r.says() != "Failure InProgress" {
			t.Errorf("unsure, after the time that it is held: %s", r.says())
		}
		if r := status("s9"); r.says() != "Failure NotFound" {
			t.Errorf("never asked: %s", r.says())
		}
		c.end(c.sales[0].ID, sale.Paid)
		r := status("s1")
		body := r.RepeatedMessageResponse.RepeatedResponseMessageBody.PaymentResponse
		if r.says() != "Success" || body == nil || body.says() != "Success" || r.RepeatedMessageResponse.MessageHeader.ServiceID != "s1" {
			t.Errorf("found paid: %+v", r)
		}
	})
}

func TestARefusalBeginsNothingAndMayBeAskedAgain(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for kind, want := range map[error]string{sale.ErrTillBusy: "Busy", sale.ErrNoDevice: "UnavailableDevice", sale.ErrInvalid: "MessageFormat", sale.ErrUnavailable: "UnavailableService"} {
			c.refuse = &sale.Refusal{Kind: kind, Words: "words"}
			if r := ask(t, s, payment("s1", "5.00", "")); r.says() != "Failure "+want || !strings.Contains(r.Response.AdditionalResponse, "words") {
				t.Errorf("%v: %+v", kind, r)
			}
		}
		c.refuse = nil
		if r := pay(t, s, c, payment("s1", "5.00", ""), sale.Paid); r.says() != "Success" || len(c.sales) != 1 {
			t.Errorf("asked again: %s", r.says())
		}
	})
}

func TestAbortIsAWishAndHasNoAnswer(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		got := make(chan response)
		go func() { got <- ask(t, s, payment("s1", "5.00", "")) }()
		synctest.Wait()
		code, text := raw(s, message("Abort", "a1", `{"AbortReason":"MerchantAbort","MessageReference":{"MessageCategory":"Payment","SaleID":"Till7","ServiceID":"s1"}}`))
		if code != 200 || text != "" {
			t.Errorf("answered %d %q", code, text)
		}
		if r := <-got; r.says() != "Failure Aborted" {
			t.Errorf("the payment: %s", r.says())
		}
		if code, text := raw(s, message("Abort", "a2", `{"MessageReference":{"ServiceID":"s9"}}`)); code != 200 || text != "" {
			t.Errorf("of nothing: %d %q", code, text)
		}
	})
}

func TestReversalIsAVoidOrARefund(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		paid := pay(t, s, c, payment("s1", "5.00", ""), sale.Paid)
		reverse := func(service, more string) response {
			return ask(t, s, message("Reversal", service, fmt.Sprintf(`{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":%q,"TimeStamp":"2026-11-28T01:00:00Z"}},"ReversalReason":"MerchantCancel"%s}`, paid.POIData.POITransactionID.TransactionID, more)))
		}
		for _, x := range []struct{ service, more, want, reversed string }{
			{"r1", `,"ReversedAmount":1.50`, "refund 1.50 by register", "1.50"},
			{"r2", ``, "void 0.00 by register", "5.00"},
		} {
			for range 2 {
				if r := reverse(x.service, x.more); r.says() != "Success" || r.ReversedAmount.String() != x.reversed || c.asked[len(c.asked)-1] != x.want {
					t.Errorf("%s: %+v, asked %q", x.service, r, c.asked)
				}
			}
		}
		c.closed = true
		if r := reverse("r3", ""); r.says() != "Success" || c.asked[len(c.asked)-1] != "refund 0.00 by register" || len(c.asked) != 4 {
			t.Errorf("after the batch was closed: %+v, asked %q", r, c.asked)
		}
		if r := ask(t, s, message("Reversal", "r4", `{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":"01NONE.1"}}}`)); r.says() != "Failure NotFound" {
			t.Errorf("of nothing: %s", r.says())
		}
		refund := pay(t, s, c, payment("s2", "2.00", `,"PaymentData":{"PaymentType":"Refund"}`), sale.Paid)
		if refund.says() != "Success" || c.sales[1].Kind != sale.CardReturn {
			t.Errorf("a refund without a sale: %s, %+v", refund.says(), c.sales[1])
		}
	})
}

func TestTheRestIsNotAllowed(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, category := range []string{"Display", "Input", "Print", "Admin", "CardAcquisition", "Login"} {
			if r := ask(t, s, message(category, "x1", "{}")); r.says() != "Failure NotAllowed" {
				t.Errorf("%s: %s", category, r.says())
			}
		}
		if r := ask(t, s, message("Diagnosis", "d1", "{}")); r.says() != "Success" || r.POIStatus.GlobalStatus != "OK" || r.POIStatus.PrinterStatus != "OutOfOrder" {
			t.Errorf("diagnosis: %+v", r)
		}
		for amount, want := range map[string]string{"0": "MessageFormat", "-1": "MessageFormat", "1e3": "MessageFormat", "1.005": "MessageFormat", `"x"`: "", "9999999999999": "MessageFormat"} {
			code, text := raw(s, payment("s1", amount, ""))
			if want == "" && code != 400 || want != "" && !strings.Contains(text, want) {
				t.Errorf("amount %s: %d %.200s", amount, code, text)
			}
		}
		if len(c.sales) != 0 {
			t.Errorf("%d sales", len(c.sales))
		}
	})
}

// posd is killed at any point of a payment; the register asks what became of it, or again.
func TestARestartAtAnyPointStartsNothingTwice(t *testing.T) {
	for name, lose := range map[string]func(x *exchange, c *counter){
		"after the answer":         func(*exchange, *counter) {},
		"before the sale is noted": func(x *exchange, _ *counter) { x.Sale = "" },
		"before it is begun":       func(x *exchange, c *counter) { x.Sale, c.sales = "", nil; clear(c.keys) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter()
				s, stop := box(t, c, "")
				pay(t, s, c, payment("s1", "5.00", ""), sale.Paid)
				stop()
				var x exchange
				if err := json.Unmarshal([]byte(c.notes[notePrefix+"0"]), &x); err != nil {
					t.Fatal(err)
				}
				lose(&x, c)
				begun := len(c.sales)
				text, _ := json.Marshal(x)
				c.notes[notePrefix+"0"] = string(text)
				s, stop = box(t, c, "")
				defer func() { stop() }()
				r := ask(t, s, message("TransactionStatus", "q1", `{"MessageReference":{"ServiceID":"s1"}}`))
				if want := map[int]string{0: "Failure NotFound", 1: "Success"}[begun]; r.says() != want {
					t.Errorf("what became of it: %s", r.says())
				}
				if r := pay(t, s, c, payment("s1", "5.00", ""), sale.Paid); r.says() != "Success" || len(c.sales) != 1 {
					t.Errorf("asked again: %s, %d sales", r.says(), len(c.sales))
				}
			})
		})
	}
}

func TestSealedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, "not a real passphrase")
		defer stop()
		if code, text := raw(s, payment("s1", "5.00", "")); code != 400 || !strings.Contains(text, "not sealed") {
			t.Errorf("in clear: %d %s", code, text)
		}
		sealed := func(plain string, change func(blob []byte, tr *trailer)) string {
			blob, tr := s.seal.close([]byte(plain))
			change(blob, &tr)
			var e struct {
				SaleToPOIRequest struct{ MessageHeader json.RawMessage }
			}
			if err := json.Unmarshal([]byte(plain), &e); err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(map[string]any{"SaleToPOIRequest": map[string]any{"MessageHeader": e.SaleToPOIRequest.MessageHeader, "NexoBlob": blob, "SecurityTrailer": tr}})
			return string(text)
		}
		diagnosis := message("Diagnosis", "d1", "{}")
		code, text := raw(s, sealed(diagnosis, func([]byte, *trailer) {}))
		var out struct {
			SaleToPOIResponse struct {
				NexoBlob        []byte
				SecurityTrailer trailer
			}
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil || code != 200 {
			t.Fatalf("%d %s: %v", code, text, err)
		}
		plain, err := s.seal.open(out.SaleToPOIResponse.NexoBlob, out.SaleToPOIResponse.SecurityTrailer)
		if err != nil || !bytes.Contains(plain, []byte(`"GlobalStatus":"OK"`)) {
			t.Errorf("%s, %v", plain, err)
		}
		for name, change := range map[string]func(blob []byte, tr *trailer){
			"a byte of the text": func(b []byte, _ *trailer) { b[20] ^= 1 }, "the last byte": func(b []byte, _ *trailer) { b[len(b)-1] ^= 1 },
			"the nonce": func(_ []byte, tr *trailer) { tr.Nonce[0] ^= 1 }, "no nonce": func(_ []byte, tr *trailer) { tr.Nonce = nil },
			"the HMAC": func(_ []byte, tr *trailer) { tr.Hmac[5] ^= 1 }, "no HMAC": func(_ []byte, tr *trailer) { tr.Hmac = nil },
			"another key": func(_ []byte, tr *trailer) { tr.KeyVersion = 9 },
		} {
			if code, text := raw(s, sealed(diagnosis, change)); code != 400 || !strings.Contains(text, "cannot be opened") {
				t.Errorf("%s: %d %s", name, code, text)
			}
		}
		other := strings.Replace(sealed(diagnosis, func([]byte, *trailer) {}), `"ServiceID":"d1"`, `"ServiceID":"d2"`, 1)
		if code, text := raw(s, other); code != 400 || !strings.Contains(text, "another header") {
			t.Errorf("another header beside it: %d %s", code, text)
		}
	})
}

func TestWhoMayNotAsk(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, x := range []struct {
			method, path, kind, origin, remote string
			code                               int
		}{
			{"POST", "/nexo/", "application/json", "", "192.168.9.9:1", 403},
			{"POST", "/nexo/", "application/json", "https://evil.example", "127.0.0.1:1", 403},
			{"POST", "/nexo/", "text/plain", "", "127.0.0.1:1", 405},
			{"GET", "/nexo/", "", "", "127.0.0.1:1", 405},
			{"POST", "/other", "application/json", "", "127.0.0.1:1", 404},
		} {
			r := httptest.NewRequest(x.method, x.path, strings.NewReader(payment("s1", "5.00", "")))
			r.RemoteAddr = x.remote
			r.Header.Set("Content-Type", x.kind)
			if x.origin != "" {
				r.Header.Set("Origin", x.origin)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != x.code || len(c.sales) != 0 {
				t.Errorf("%+v: %d, %d sales", x, w.Code, len(c.sales))
			}
		}
		for name, body := range map[string]string{
			"huge": `{"SaleToPOIRequest":"` + strings.Repeat("x", maxRequest) + `"}`, "binary": "\x00\xff\x02", "nothing": "", "deep": strings.Repeat("[", 60000),
			"null": "null", "another type": strings.Replace(payment("s1", "5.00", ""), `"Request"`, `"Notification"`, 1), "no ServiceID": payment("", "5.00", ""),
			"a long ServiceID": payment(strings.Repeat("9", 65), "5.00", ""), "a sealed one": `{"SaleToPOIRequest":{"MessageHeader":{},"NexoBlob":"AAAA","SecurityTrailer":{}}}`,
		} {
			if code, text := raw(s, body); code != 400 && code != 413 || len(c.sales) != 0 {
				t.Errorf("%s: %d %.100s", name, code, text)
			}
		}
	})
}

// A register that asks slowly, or never ends, costs its own place and time.
func TestARegisterThatGoesAwayStopsNothing(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequest("POST", "/nexo/", strings.NewReader(payment("s1", "5.00", ""))).WithContext(ctx)
		r.RemoteAddr = "127.0.0.1:4000"
		r.Header.Set("Content-Type", "application/json")
		gone := make(chan struct{})
		go func() { s.ServeHTTP(httptest.NewRecorder(), r); close(gone) }()
		synctest.Wait()
		cancel()
		<-gone
		c.end(c.sales[0].ID, sale.Paid)
		time.Sleep(time.Hour)
		if r := ask(t, s, payment("s1", "5.00", "")); r.says() != "Success" || len(c.sales) != 1 {
			t.Errorf("asked again: %s, %d sales", r.says(), len(c.sales))
		}
	})
}

func FuzzRequest(f *testing.F) {
	clear := &Server{}
	key, err := newSeal("not a real passphrase", "posd", 1)
	if err != nil {
		f.Fatal(err)
	}
	sealed := &Server{seal: key}
	f.Add([]byte(payment("s1", "5.00", "")))
	f.Add([]byte(message("Abort", "a1", `{"MessageReference":{"ServiceID":"s1"}}`)))
	f.Add([]byte(`{"SaleToPOIRequest":{"MessageHeader":{},"NexoBlob":"AAAAAAAAAAAAAAAAAAAAAA==","SecurityTrailer":{"AdyenCryptoVersion":1,"KeyIdentifier":"posd","KeyVersion":1,"Nonce":"AAAAAAAAAAAAAAAAAAAAAA==","Hmac":""}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if q, err := clear.read(body); err == nil {
			if !named(q.MessageHeader.ServiceID) || q.SecurityTrailer != nil {
				t.Errorf("read %+v", q)
			}
			if q.Payment != nil {
				if a, err := cents(q.Payment.PaymentTransaction.AmountsReq.RequestedAmount); err == nil && a <= 0 {
					t.Errorf("an amount of %d", a)
				}
			}
		}
		if _, err := sealed.read(body); err == nil {
			t.Error("opened what nobody sealed")
		}
	})
}
