package fronttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"posd/device"
	"posd/device/nexo"
)

// program pays at a terminal of the nexo kind. When it hears nothing it sends the
// request again or asks what became of it, and if that is unknown it pays anew.
type program struct {
	*counter
	service int
}

func newProgram(c *counter) client { return &program{counter: c} }

func runNexo(ctx context.Context, t testing.TB, l *life) {
	s, err := nexo.New(nexo.Defaults(), nexo.Options{Till: l.till, Notes: l.till, Earlier: l.noted, Log: quiet,
		Devices: func() []device.DeviceStatus { return nil },
		NewKey:  func() string { return fmt.Sprintf("nexo/%016x", l.keys.Uint64()) }})
	if err != nil {
		t.Error(err)
		return
	}
	_ = s.Run(ctx, l.listen())
}

func (p *program) next() {}

// told is the part of a response that counts.
type told struct {
	Response                struct{ Result, ErrorCondition string }
	RepeatedMessageResponse struct {
		RepeatedResponseMessageBody struct{ PaymentResponse *told }
	}
}

// ask sends one request; nil if no answer came.
func (p *program) ask(category, service string, body any) *told {
	conn := p.dial()
	if conn == nil {
		return nil
	}
	defer conn.Close()
	text, _ := json.Marshal(map[string]any{"SaleToPOIRequest": map[string]any{
		"MessageHeader": map[string]string{"ProtocolVersion": "3.0", "MessageClass": "Service", "MessageCategory": category, "MessageType": "Request",
			"SaleID": "Till7", "ServiceID": service, "POIID": "P400Plus-1"},
		category + "Request": body}})
	req := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/nexo/", bytes.NewReader(text))
	req.Header.Set("Content-Type", "application/json")
	sent, heard := p.cuts()
	var out struct{ SaleToPOIResponse map[string]json.RawMessage }
	if json.Unmarshal(p.exchange(conn, req, sent, heard), &out) != nil {
		return nil
	}
	t := &told{}
	if json.Unmarshal(out.SaleToPOIResponse[category+"Response"], t) != nil {
		return nil
	}
	return t
}

func (p *program) serve(n int) belief {
	request := map[string]any{
		"SaleData":           map[string]any{"SaleTransactionID": map[string]string{"TransactionID": "1", "TimeStamp": time.Now().UTC().Format(time.RFC3339)}},
		"PaymentTransaction": map[string]any{"AmountsReq": map[string]any{"Currency": "CAD", "RequestedAmount": json.Number("3.50")}}}
	p.service++
	service := fmt.Sprint("s", p.service)
	for try := range 1 + p.r.IntN(5) {
		p.endanger()
		if try > 0 {
			p.revive()
		}
		var got *told
		if try == 0 || p.r.IntN(2) == 0 {
			got = p.ask("Payment", service, request)
		} else {
			got = p.ask("TransactionStatus", fmt.Sprint("q", n, try), map[string]any{"MessageReference": map[string]string{"MessageCategory": "Payment", "SaleID": "Till7", "ServiceID": service}})
			switch {
			case got == nil:
			case got.Response.Result == "Success":
				got = got.RepeatedMessageResponse.RepeatedResponseMessageBody.PaymentResponse
			case got.Response.ErrorCondition == "NotFound": // so it pays anew
				p.service++
				service = fmt.Sprint("s", p.service)
			}
		}
		if got == nil {
			p.say("no answer")
			p.hesitate(60)
			continue
		}
		p.say("heard %s %s", got.Response.Result, got.Response.ErrorCondition)
		switch {
		case got.Response.Result == "Success":
			return believesPaid
		case got.Response.ErrorCondition == "Refusal", got.Response.ErrorCondition == "Cancel", got.Response.ErrorCondition == "Aborted":
			return believesNotPaid
		}
		p.hesitate(60)
	}
	return unsure
}
