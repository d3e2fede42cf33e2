package nexo

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
)

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

// Money that a request names beside the amount is refused in words, never left out.
func TestMoneyBesideTheAmountIsRefused(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, member := range []string{"TipAmount", "CashBackAmount", "PaidAmount", "MinimumAmountToDeliver"} {
			body := func(service, sum string) string {
				return strings.Replace(payment(service, "19.99", ""), `"RequestedAmount"`, fmt.Sprintf(`%q:%s,"RequestedAmount"`, member, sum), 1)
			}
			r := ask(t, s, body(member, "0.01"))
			if words, _ := url.ParseQuery(r.Response.AdditionalResponse); r.says() != "Failure NotAllowed" || !strings.Contains(words.Get("message"), "not taken") || len(c.sales) != 0 {
				t.Errorf("%s: %+v, %d sales", member, r, len(c.sales))
			}
			if r := pay(t, s, c, body(member, "0.00"), sale.Declined); r.says() != "Failure Refusal" {
				t.Errorf("%s of nothing: %s", member, r.says())
			}
			c.sales = nil
		}
	})
}
