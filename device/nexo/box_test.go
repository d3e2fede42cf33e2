package nexo

import (
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

	"posd/device"
	"posd/device/sale"
)

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
